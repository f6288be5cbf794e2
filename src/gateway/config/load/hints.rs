//! What the author of an unknown field meant: a name of `apigateway` (v1), a print of the AWS CLI, a slip, or a field of
//! something else.

use crate::gateway::diagnostics::similar;
use serde_json::Value;

/// Names of v1 and of the AWS CLI: the type in which they stand (any when empty), the name, and what to write instead.
const FOREIGN: &[(&str, &str, &str)] = &[
    ("", "Items", "the AWS CLI prints pages; put the elements of `Items` into `apis`, `routes`, `stages`, …"),
    (
        "",
        "items",
        "`apigateway` prints pages; put the elements of `items` into `apis`, `usagePlans`, `apiKeys`, …",
    ),
    ("", "item", "`apigateway` prints pages; put the elements of `item` into the list itself"),
    ("", "NextToken", "the AWS CLI prints pages; leave `NextToken` out"),
    ("", "restApiId", "`restApiId` is `apiId` here"),
    ("", "basePath", "`basePath` is `apiMappingKey` of `apiMappings` here"),
    ("Integration", "credentials", "`credentials` is `credentialsArn` here"),
    ("Config", "restApis", "REST APIs stand in `apis` with `\"protocolType\": \"REST\"`"),
    ("Config", "basePathMappings", "`basePathMappings` are `apiMappings` here"),
    ("Config", "routes", "`routes` stand in an API: `apis[0].routes`"),
    ("Config", "integrations", "`integrations` stand in an API: `apis[0].integrations`"),
    ("Config", "authorizers", "`authorizers` stand in an API: `apis[0].authorizers`"),
    ("Config", "stages", "`stages` stand in an API: `apis[0].stages`"),
    ("Api", "id", "`id` is `apiId` here"),
    (
        "Api",
        "resources",
        "a resource and its method are one route: `{\"routeKey\": \"GET /users\"}` in `routes`",
    ),
    ("Api", "cors", "`cors` is `corsConfiguration` here"),
    ("Api", "endpointConfiguration", "the listener decides where an API is reached; leave it out"),
    ("Route", "httpMethod", "`httpMethod` and `resourcePath` are `routeKey` here: `GET /users`"),
    ("Route", "resourcePath", "`httpMethod` and `resourcePath` are `routeKey` here: `GET /users`"),
    ("Route", "path", "the path stands in `routeKey`: `GET /users`"),
    ("Route", "method", "the method stands in `routeKey`: `GET /users`"),
    ("Route", "integration", "`target` names the integration: `integrations/<integrationId>`"),
    ("Route", "integrationId", "`target` names the integration: `integrations/<integrationId>`"),
    ("Route", "methodIntegration", "`target` names the integration: `integrations/<integrationId>`"),
    ("Integration", "uri", "`uri` is `integrationUri` here"),
    ("Integration", "type", "`type` is `integrationType` here"),
    ("Integration", "httpMethod", "`httpMethod` is `integrationMethod` here"),
    ("Integration", "cacheNamespace", "responses are not cached yet"),
    ("Integration", "cacheKeyParameters", "responses are not cached yet"),
    ("Authorizer", "id", "`id` is `authorizerId` here"),
    ("Authorizer", "type", "`type` is `authorizerType` here"),
    ("Authorizer", "authType", "`authorizerType` says what kind it is"),
    ("Authorizer", "authorizerCredentials", "`authorizerCredentials` is `authorizerCredentialsArn` here"),
    ("Stage", "variables", "`variables` is `stageVariables` here"),
    (
        "Stage",
        "methodSettings",
        "`methodSettings` is `routeSettings` here, by route key (`GET /users`); `*/*` is `defaultRouteSettings`",
    ),
    ("RouteSettings", "metricsEnabled", "`metricsEnabled` is `detailedMetricsEnabled` here"),
    ("RouteSettings", "cachingEnabled", "responses are not cached yet"),
    ("RouteSettings", "cacheTtlInSeconds", "responses are not cached yet"),
    ("RouteSettings", "cacheDataEncrypted", "responses are not cached yet"),
    ("RouteSettings", "requireAuthorizationForCacheControl", "responses are not cached yet"),
    ("RouteSettings", "unauthorizedCacheControlHeaderStrategy", "responses are not cached yet"),
    ("RouteSettings", "rateLimit", "`rateLimit` is `throttlingRateLimit` here"),
    ("RouteSettings", "burstLimit", "`burstLimit` is `throttlingBurstLimit` here"),
    ("Throttle", "throttlingRateLimit", "`throttlingRateLimit` is `rateLimit` in a usage plan"),
    ("Throttle", "throttlingBurstLimit", "`throttlingBurstLimit` is `burstLimit` in a usage plan"),
    ("Deployment", "id", "`id` is `deploymentId` here"),
    ("UsagePlanKey", "id", "`id` is `keyId` here"),
    ("UsagePlanKey", "type", "`type` is `keyType` here"),
];

/// A help line for a field that `owner`, a definition of the schema, does not have.
pub(super) fn hint(schema: &Value, owner: &str, name: &str, fields: &[&str]) -> Option<String> {
    let uncapital = uncapitalized(name);
    let foreign = |name: &str| {
        FOREIGN.iter().find(|(of, foreign, _)| *foreign == name && (of.is_empty() || *of == owner))
    };
    if let Some((_, _, help)) = foreign(name) {
        return Some((*help).to_owned());
    }
    if uncapital != name {
        if fields.contains(&uncapital.as_str()) {
            return Some(format!("`{name}` is how the AWS CLI prints it; write `{uncapital}`"));
        }
        if let Some((_, _, help)) = foreign(&uncapital) {
            return Some((*help).to_owned());
        }
    }
    let plain = |name: &str| name.replace(['_', '-'], "").to_ascii_lowercase();
    let same = fields.iter().find(|field| plain(field) == plain(name)).copied();
    if let Some(field) = same.or_else(|| similar(name, fields.iter().copied())) {
        return Some(format!("a field with a similar name exists: `{field}`"));
    }
    owners(schema, name)
}

fn uncapitalized(name: &str) -> String {
    let mut rest = name.chars();
    rest.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(rest).collect()
}

/// Which types have a field of this name, if they are few.
fn owners(schema: &Value, name: &str) -> Option<String> {
    let definitions = schema.get("$defs")?.as_object()?;
    let owners: Vec<String> = definitions
        .iter()
        .filter(|(_, definition)| {
            definition.get("properties").is_some_and(|fields| fields.get(name).is_some())
        })
        .map(|(owner, _)| format!("`{owner}`"))
        .collect();
    (1..=2).contains(&owners.len()).then(|| format!("`{name}` is a field of {}", owners.join(" and of ")))
}

#[cfg(test)]
mod tests;
