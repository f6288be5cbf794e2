//! Compiles Lambda authorizers, and HTTP authorizers of the same contract.

use crate::gateway::authorizers::lambda::source::Source;
use crate::gateway::authorizers::lambda::{Kind, LambdaAuthorizer, Place};
use crate::gateway::clusters::endpoint;
use crate::gateway::compile::aws::ExecutionRole;
use crate::gateway::compile::cluster::Clusters;
use crate::gateway::compile::function::function;
use crate::gateway::compile::integration::expand;
use crate::gateway::compile::pattern::pattern;
use crate::gateway::compile::scope::Scope;
use crate::gateway::compile::sides::{Side, sides};
use crate::gateway::config::{self, AuthorizerType, PayloadFormatVersion, ProtocolType};
use crate::gateway::request_value::RequestValue;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ptr;

/// Seconds that an answer may be remembered: AWS's limit.
const LONGEST_TTL: u32 = 3600;
/// Seconds that REST APIs remember one where nothing is said.
const REST_TTL: u32 = 300;

/// Compiles a Lambda or HTTP authorizer; what cannot be goes to the diagnostics.
pub(super) fn lambda(
    written: &config::Authorizer,
    api: &config::Api,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Option<LambdaAuthorizer> {
    // Events tell it, and conditions of policies look at it.
    scope.want_source_address();
    check_foreign(written, scope);
    let kind = kind(written, api.protocol_type, scope);
    let sources = written.identity_source.iter().enumerate();
    let sources: Vec<_> = sources.filter_map(|(i, text)| source(text, i, scope)).collect();
    let ttl = ttl(written, api.protocol_type, scope);
    check_sources(written, &sources, ttl, scope);
    let places = places(written, api, clusters, scope);
    let names = written.identity_source.iter().filter_map(|text| text.strip_prefix("$request.header."));
    let spellings = names.map(str::to_owned).collect();
    // Names of fields and all: two authorizers that differ in anything, or that ask somebody else, have different digests.
    let all_sides = api.stages.iter().flat_map(sides);
    let variables: Vec<_> = all_sides.map(|side| (side.name, side.variables)).collect();
    let digest =
        Sha256::digest(format!("{written:?}|{:?}|{places:?}|{variables:?}", api.protocol_type)).into();
    Some(LambdaAuthorizer { kind: kind?, sources, spellings, places, ttl, digest })
}

/// Members of other kinds of authorizers.
fn check_foreign(written: &config::Authorizer, scope: &mut Scope<'_>) {
    if written.jwt_configuration.is_some() {
        scope
            .error("jwtConfiguration", "a function is asked: no token is verified here")
            .help("`\"authorizerType\": \"JWT\"` verifies tokens");
    }
    if !written.provider_arns.is_empty() {
        scope.error("providerARNs", "a function is asked, not a user pool");
    }
}

fn kind(written: &config::Authorizer, protocol: ProtocolType, scope: &mut Scope<'_>) -> Option<Kind> {
    let version = written.authorizer_payload_format_version;
    let simple = written.enable_simple_responses == Some(true);
    if simple && (protocol == ProtocolType::Rest || version != Some(PayloadFormatVersion::V2)) {
        scope
            .error("enableSimpleResponses", "only payload format 2.0 of HTTP APIs has simple answers")
            .help("the function answers `principalId` and `policyDocument`");
    }
    if protocol == ProtocolType::Rest && version.is_some() {
        let problem = "REST APIs have one payload format for each type of authorizer";
        scope.error("authorizerPayloadFormatVersion", problem).help("remove it");
    }
    let expression = written.identity_validation_expression.as_deref();
    match (protocol, written.authorizer_type) {
        (ProtocolType::Rest, AuthorizerType::Token) => {
            let pattern = match expression {
                Some(expression) => Some(pattern(expression, "identityValidationExpression", scope)?),
                None => None,
            };
            return Some(Kind::Token { pattern });
        }
        (_, AuthorizerType::Token) => {
            scope
                .error("authorizerType", "`TOKEN` authorizers are those of REST APIs")
                .help("`\"authorizerType\": \"REQUEST\"`");
            return None;
        }
        (_, AuthorizerType::Request | AuthorizerType::Jwt | AuthorizerType::CognitoUserPools) => {}
    }
    if expression.is_some() {
        let problem = "only a `TOKEN` authorizer has one token that could match";
        scope.error("identityValidationExpression", problem);
    }
    match (protocol, version) {
        (ProtocolType::Rest, _) => Some(Kind::Rest),
        (_, Some(PayloadFormatVersion::V1)) => Some(Kind::HttpV1),
        (_, Some(PayloadFormatVersion::V2)) => Some(Kind::HttpV2 { simple }),
        (_, None) => {
            scope
                .error(
                    "authorizerPayloadFormatVersion",
                    "it is required for a `REQUEST` authorizer of an HTTP API",
                )
                .help("`\"2.0\"` or `\"1.0\"`");
            None
        }
    }
}

fn source(text: &str, i: usize, scope: &mut Scope<'_>) -> Option<Source> {
    let at = format!("identitySource[{i}]");
    if let Some(name) = text.strip_prefix("$context.") {
        let variable = scope.context_variable(&at, name)?;
        if !variable.is_known_on_arrival() {
            let problem =
                format!("`{text}` has no value before a request is authorized: nobody would be let in");
            scope.error(&at, problem);
            return None;
        }
        return Some(Source::Context(variable));
    }
    if let Some(name) = text.strip_prefix("$stageVariables.").filter(|name| !name.is_empty()) {
        return Some(Source::StageVariable(name.to_owned()));
    }
    let value = text.strip_prefix("$request.").and_then(RequestValue::parse);
    match value {
        Some(value @ (RequestValue::Header(_) | RequestValue::QueryString(_))) => {
            return Some(Source::Request(value));
        }
        Some(RequestValue::Path(_) | RequestValue::DecodedPath(_)) | None => {}
    }
    scope.error(&at, format!("`{text}` is not an identity source")).help(
        "`$request.header.NAME`, `$request.querystring.NAME`, `$context.NAME` or `$stageVariables.NAME`",
    );
    None
}

fn ttl(written: &config::Authorizer, protocol: ProtocolType, scope: &mut Scope<'_>) -> u32 {
    let default = if protocol == ProtocolType::Rest { REST_TTL } else { 0 };
    let ttl = written.authorizer_result_ttl_in_seconds.unwrap_or(default);
    if ttl > LONGEST_TTL {
        let problem = format!("{ttl} is not from 0 to {LONGEST_TTL}");
        scope.error("authorizerResultTtlInSeconds", problem);
    }
    ttl
}

/// A token is one header; whatever is remembered is remembered under something.
fn check_sources(written: &config::Authorizer, sources: &[Source], ttl: u32, scope: &mut Scope<'_>) {
    if sources.len() != written.identity_source.len() {
        return;
    }
    if written.authorizer_type == AuthorizerType::Token {
        if !matches!(sources, [Source::Request(RequestValue::Header(_))]) {
            scope
                .error("identitySource", "the token of a `TOKEN` authorizer stands in exactly one header")
                .help("`[\"$request.header.Authorization\"]`");
        }
    } else if ttl > 0 && sources.is_empty() {
        scope
            .error("identitySource", format!("answers are remembered for {ttl} seconds, but nothing says for whom"))
            .help("name what identifies the caller: `[\"$request.header.Authorization\"]`, or add `\"authorizerResultTtlInSeconds\": 0`");
    }
}

/// Who is asked, in each stage that serves the list in which the authorizer stands.
fn places(
    written: &config::Authorizer,
    api: &config::Api,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> BTreeMap<String, Place> {
    let mut places = BTreeMap::new();
    let Some(uri) = &written.authorizer_uri else {
        scope
            .error("authorizerUri", "the authorizer does not say whom to ask")
            .help("a function's ARN, or the URL of a service: `\"http://127.0.0.1:9000/auth\"`");
        return places;
    };
    if !uri.contains("${stageVariables.") {
        if let Some(place) = place(uri, written, clusters, scope) {
            places.extend(api.stages.iter().flat_map(sides).map(|side| (side.name, place.clone())));
        }
        return places;
    }
    for side in api.stages.iter().flat_map(sides).filter(|side| serves(side, written, api)) {
        let uri = expand(uri, &side.variables);
        if let Some(place) = place(&uri, written, clusters, scope) {
            places.insert(side.name, place);
        }
    }
    places
}

/// Whether a side of a stage serves the list in which this very authorizer stands.
fn serves(side: &Side<'_>, written: &config::Authorizer, api: &config::Api) -> bool {
    let list = match side.deployment_id {
        None => Some(&api.authorizers),
        Some(id) => api
            .deployments
            .iter()
            .find(|deployment| deployment.deployment_id == id)
            .map(|deployment| &deployment.authorizers),
    };
    list.is_some_and(|list| list.iter().any(|authorizer| ptr::eq(authorizer, written)))
}

fn place(
    uri: &str,
    written: &config::Authorizer,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Option<Place> {
    let role =
        ExecutionRole { arn: written.authorizer_credentials_arn.as_deref(), at: "authorizerCredentialsArn" };
    if uri.starts_with("arn:") {
        return function(uri, "authorizerUri", role, clusters, scope).map(Place::Function);
    }
    if role.arn.is_some() {
        scope.error(role.at, "a service is asked, not a function: nothing is signed").help("remove it");
    }
    match endpoint(uri) {
        Ok(found) => {
            if !found.tls {
                let problem = format!(
                    "`{uri}` is not `https`: whoever stands between sees the tokens, and can let anybody in"
                );
                scope.warning("authorizerUri", problem);
            }
            clusters.derive_plain(uri);
            Some(Place::Service(found))
        }
        Err(problem) => {
            scope
                .error("authorizerUri", format!("`{uri}` cannot be asked: {problem}"))
                .help("a function's ARN, or the URL of a service");
            None
        }
    }
}
