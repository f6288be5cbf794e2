//! What Amazon's quotas would refuse: warnings, and only on request, because Sekisho serves it all. The numbers are those of
//! [`crate::limits`].

use crate::limits::quotas::{self, Quota};
use crate::limits::{Allowed, requests};
use sekisho::gateway::config::{
    Api, Authorizer, CanarySettings, Config, ConnectionType, Integration, Limits, ProtocolType, Route,
    RouteSettings, Stage, Throttle, UsagePlan,
};
use sekisho::gateway::diagnostics::{Diagnostics, element, member};
use std::collections::{BTreeMap, BTreeSet};

/// Adds a warning for each quota that the document exceeds.
pub(super) fn check(config: &Config, warnings: &mut Diagnostics) {
    if let Some(limits) = &config.limits {
        check_limits(limits, config, warnings);
    }
    of_account("apis", config.apis.len(), &quotas::APIS, warnings);
    for (i, api) in config.apis.iter().enumerate() {
        check_api(&element("apis", i), api, warnings);
    }
    check_links(config, warnings);
    check_domains(config, warnings);
    of_account("apiKeys", config.api_keys.len(), &quotas::API_KEYS, warnings);
    of_account("usagePlans", config.usage_plans.len(), &quotas::USAGE_PLANS, warnings);
    for (key, plans) in tally(config.usage_plan_keys.iter().map(|key| key.key_id.as_str())) {
        let what = format!("the key `{key}` is in {plans} usage plans");
        exceeds("usagePlanKeys", &what, plans, quotas::PLANS_OF_A_KEY.aws.of_account(), warnings);
    }
    for (i, plan) in config.usage_plans.iter().enumerate() {
        check_plan(&element("usagePlans", i), plan, warnings);
    }
    if let Some(account) = &config.account_throttle {
        check_throttle("accountThrottle", account, warnings);
    }
}

/// Limits that the document sets wider than they are on AWS, for the types of its APIs.
fn check_limits(limits: &Limits, config: &Config, warnings: &mut Diagnostics) {
    let set = [
        ("payloadBytes", limits.payload_bytes, &requests::PAYLOAD),
        ("headerBytes", limits.header_bytes.map(u64::from), &requests::HEAD),
        ("urlBytes", limits.url_bytes.map(u64::from), &requests::URL),
    ];
    for (name, set, limit) in set {
        let types = config.apis.iter().map(|api| limit.aws.of(api.protocol_type));
        let least = types
            .filter(|allowed| allowed.most().is_some())
            .min_by_key(|allowed| allowed.most().map(|(most, _)| most));
        let (Some(set), Some(allowed)) = (set, least) else { continue };
        exceeds(&member("limits", name), &format!("`{name}` is {set}"), set, allowed, warnings);
    }
}

fn check_links(config: &Config, warnings: &mut Diagnostics) {
    for protocol in [ProtocolType::Http, ProtocolType::Rest, ProtocolType::Websocket] {
        let apis = config.apis.iter().filter(|api| api.protocol_type == protocol);
        let live = apis.clone().flat_map(|api| &api.integrations);
        let deployed = apis.flat_map(|api| &api.deployments).flat_map(|deployment| &deployment.integrations);
        let links: BTreeSet<&str> = live
            .chain(deployed)
            .filter(|integration| integration.connection_type == Some(ConnectionType::VpcLink))
            .filter_map(|integration| integration.connection_id.as_deref())
            .collect();
        let what = format!("{} APIs use {} VPC links", name(protocol), links.len());
        exceeds("apis", &what, links.len(), quotas::VPC_LINKS.aws.of(protocol), warnings);
    }
}

fn check_domains(config: &Config, warnings: &mut Diagnostics) {
    of_account("domainNames", config.domain_names.len(), &quotas::DOMAINS, warnings);
    let multi_level =
        config.api_mappings.iter().filter(|m| m.api_mapping_key.as_deref().unwrap_or_default().contains('/'));
    for (domain, mappings) in tally(multi_level.map(|mapping| mapping.domain_name.as_str())) {
        let what = format!("`{domain}` has {mappings} multi-level API mappings");
        exceeds("apiMappings", &what, mappings, quotas::MAPPINGS.aws.of_account(), warnings);
    }
    for (domain, rules) in tally(config.routing_rules.iter().map(|rule| rule.domain_name.as_str())) {
        let what = format!("`{domain}` has {rules} routing rules");
        exceeds("routingRules", &what, rules, quotas::ROUTING_RULES.aws.of_account(), warnings);
    }
}

fn check_plan(path: &str, plan: &UsagePlan, warnings: &mut Diagnostics) {
    if let Some(throttle) = &plan.throttle {
        check_throttle(&member(path, "throttle"), throttle, warnings);
    }
    for (j, stage) in plan.api_stages.iter().enumerate() {
        let path = member(&element(&member(path, "apiStages"), j), "throttle");
        of_account(&path, stage.throttle.len(), &quotas::METHOD_THROTTLES, warnings);
        for (name, throttle) in &stage.throttle {
            check_throttle(&member(&path, name), throttle, warnings);
        }
    }
}

fn check_throttle(path: &str, throttle: &Throttle, warnings: &mut Diagnostics) {
    rate(&member(path, "rateLimit"), throttle.rate_limit, warnings);
    at_once(&member(path, "burstLimit"), throttle.burst_limit, warnings);
}

/// A bucket may be faster than its account's, but nobody would notice.
fn rate(path: &str, rate: Option<f64>, warnings: &mut Diagnostics) {
    let (Some(rate), Some((most, raised))) = (rate, requests::ACCOUNT_RATE.aws.of_account().most()) else {
        return;
    };
    #[allow(clippy::cast_precision_loss, reason = "thousands")]
    if rate > most as f64 {
        let problem = format!("{rate} a second, more than the {most} that AWS allows an account in a region");
        warnings.warning(path, problem).help(raised.help());
    }
}

fn at_once(path: &str, burst: Option<u32>, warnings: &mut Diagnostics) {
    let (Some(burst), Some((most, raised))) = (burst, requests::ACCOUNT_BURST.aws.of_account().most()) else {
        return;
    };
    if u64::from(burst) > most {
        let problem = format!("{burst} at once, more than the {most} that AWS allows an account in a region");
        warnings.warning(path, problem).help(raised.help());
    }
}

fn check_api(path: &str, api: &Api, warnings: &mut Diagnostics) {
    check_lists(path, api, (&api.routes, &api.integrations, &api.authorizers), warnings);
    for (i, deployment) in api.deployments.iter().enumerate() {
        let lists = (&*deployment.routes, &*deployment.integrations, &*deployment.authorizers);
        check_lists(&element(&member(path, "deployments"), i), api, lists, warnings);
    }
    count(&member(path, "stages"), api.stages.len(), quotas::STAGES.aws.of(api.protocol_type), warnings);
    for (i, stage) in api.stages.iter().enumerate() {
        check_stage(&element(&member(path, "stages"), i), stage, api.protocol_type, warnings);
    }
}

fn check_lists(
    path: &str,
    api: &Api,
    (routes, integrations, authorizers): (&[Route], &[Integration], &[Authorizer]),
    warnings: &mut Diagnostics,
) {
    let protocol = api.protocol_type;
    check_routes(&member(path, "routes"), protocol, routes, warnings);
    let allowed = quotas::AUTHORIZERS.aws.of(protocol);
    count(&member(path, "authorizers"), authorizers.len(), allowed, warnings);
    let allowed = quotas::INTEGRATIONS.aws.of(protocol);
    count(&member(path, "integrations"), integrations.len(), allowed, warnings);
    for (i, route) in routes.iter().enumerate() {
        let path = member(&element(&member(path, "routes"), i), "authorizationScopes");
        count(&path, route.authorization_scopes.len(), quotas::SCOPES.aws.of(protocol), warnings);
    }
    for (i, authorizer) in authorizers.iter().enumerate() {
        let audiences = authorizer.jwt_configuration.as_ref().map_or(0, |jwt| jwt.audience.len());
        let path = format!("{}.jwtConfiguration.audience", element(&member(path, "authorizers"), i));
        count(&path, audiences, quotas::AUDIENCES.aws.of(protocol), warnings);
    }
}

fn check_routes(path: &str, protocol: ProtocolType, routes: &[Route], warnings: &mut Diagnostics) {
    let allowed = quotas::ROUTES.aws.of(protocol);
    match protocol {
        ProtocolType::Http | ProtocolType::Websocket => count(path, routes.len(), allowed, warnings),
        ProtocolType::Rest => {
            let found = resources(routes);
            exceeds(path, &format!("`routes` make {found} resources"), found, allowed, warnings);
        }
    }
}

/// How many resources a REST API has: the root, each path, and all that stands above one.
fn resources(routes: &[Route]) -> usize {
    let paths = routes.iter().filter_map(|route| route.route_key.split_once(' ')).map(|(_, path)| path);
    let mut resources = BTreeSet::from([""]);
    for path in paths {
        let path = path.trim_end_matches('/');
        resources.extend(path.match_indices('/').filter_map(|(at, _)| path.get(..at)));
        resources.insert(path);
    }
    resources.len()
}

fn check_stage(path: &str, stage: &Stage, protocol: ProtocolType, warnings: &mut Diagnostics) {
    if let Some(settings) = &stage.default_route_settings {
        check_settings(&member(path, "defaultRouteSettings"), settings, warnings);
    }
    for (key, settings) in &stage.route_settings {
        check_settings(&member(&member(path, "routeSettings"), key), settings, warnings);
    }
    let at = member(path, "stageVariables");
    count(&at, stage.stage_variables.len(), quotas::STAGE_VARIABLES.aws.of(protocol), warnings);
    check_variables(&at, &stage.stage_variables, protocol, warnings);
    if let Some(CanarySettings { stage_variable_overrides, .. }) = &stage.canary_settings {
        let at = format!("{path}.canarySettings.stageVariableOverrides");
        check_variables(&at, stage_variable_overrides, protocol, warnings);
    }
}

fn check_variables(
    path: &str,
    variables: &BTreeMap<String, String>,
    protocol: ProtocolType,
    warnings: &mut Diagnostics,
) {
    for (name, value) in variables {
        let length = value.chars().count();
        let what = format!("`{name}` has {length} characters");
        exceeds(&member(path, name), &what, length, quotas::STAGE_VARIABLE.aws.of(protocol), warnings);
    }
}

fn check_settings(path: &str, settings: &RouteSettings, warnings: &mut Diagnostics) {
    rate(&member(path, "throttlingRateLimit"), settings.throttling_rate_limit, warnings);
    at_once(&member(path, "throttlingBurstLimit"), settings.throttling_burst_limit, warnings);
}

fn of_account(path: &str, found: usize, quota: &Quota, warnings: &mut Diagnostics) {
    count(path, found, quota.aws.of_account(), warnings);
}

fn count(path: &str, found: usize, allowed: Allowed, warnings: &mut Diagnostics) {
    let name = path.rsplit('.').next().unwrap_or(path);
    exceeds(path, &format!("`{name}` has {found} elements"), found, allowed, warnings);
}

fn exceeds<N: TryInto<u64>>(path: &str, what: &str, found: N, allowed: Allowed, warnings: &mut Diagnostics) {
    let Some((most, raised)) = allowed.most() else { return };
    if found.try_into().unwrap_or(u64::MAX) > most {
        warnings.warning(path, format!("{what}, more than the {most} that AWS allows")).help(raised.help());
    }
}

fn name(protocol: ProtocolType) -> &'static str {
    match protocol {
        ProtocolType::Http => "HTTP",
        ProtocolType::Rest => "REST",
        ProtocolType::Websocket => "WebSocket",
    }
}

fn tally<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    names.fold(BTreeMap::new(), |mut tally, name| {
        *tally.entry(name).or_default() += 1;
        tally
    })
}

#[cfg(test)]
mod tests;
