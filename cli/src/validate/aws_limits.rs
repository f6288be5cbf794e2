//! What Amazon's count quotas would refuse. Sekisho has none of them: they are warnings, and only on request.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>

use sekisho::gateway::config::{
    Api, Authorizer, Config, Integration, ProtocolType, Route, RouteSettings, Stage, Throttle, UsagePlan,
};
use sekisho::gateway::diagnostics::{Diagnostics, element, member};
use std::collections::BTreeMap;

/// Whether Amazon raises a quota on request.
#[derive(Clone, Copy)]
enum Quota {
    Soft,
    Hard,
    /// The documentation does not say.
    Unsaid,
}

/// Requests a second of an account in a region.
const ACCOUNT_RATE: f64 = 10_000.0;
/// Requests at once of an account in a region.
const ACCOUNT_BURST: u32 = 5_000;

/// Adds a warning for each quota that the document exceeds.
pub(super) fn check(config: &Config, warnings: &mut Diagnostics) {
    count("apis", config.apis.len(), 600, Quota::Hard, warnings);
    for (i, api) in config.apis.iter().enumerate() {
        check_api(&element("apis", i), api, warnings);
    }
    count("domainNames", config.domain_names.len(), 120, Quota::Soft, warnings);
    let multi_level =
        config.api_mappings.iter().filter(|m| m.api_mapping_key.as_deref().unwrap_or_default().contains('/'));
    for (domain, mappings) in tally(multi_level.map(|mapping| mapping.domain_name.as_str())) {
        let what = format!("`{domain}` has {mappings} multi-level API mappings");
        exceeds("apiMappings", &what, mappings, 200, Quota::Hard, warnings);
    }
    for (domain, rules) in tally(config.routing_rules.iter().map(|rule| rule.domain_name.as_str())) {
        let what = format!("`{domain}` has {rules} routing rules");
        exceeds("routingRules", &what, rules, 50, Quota::Soft, warnings);
    }
    count("apiKeys", config.api_keys.len(), 10_000, Quota::Hard, warnings);
    count("usagePlans", config.usage_plans.len(), 300, Quota::Soft, warnings);
    for (key, plans) in tally(config.usage_plan_keys.iter().map(|key| key.key_id.as_str())) {
        let what = format!("the key `{key}` is in {plans} usage plans");
        exceeds("usagePlanKeys", &what, plans, 10, Quota::Soft, warnings);
    }
    for (i, plan) in config.usage_plans.iter().enumerate() {
        check_plan(&element("usagePlans", i), plan, warnings);
    }
    if let Some(account) = &config.account_throttle {
        check_throttle("accountThrottle", account, warnings);
    }
}

fn check_plan(path: &str, plan: &UsagePlan, warnings: &mut Diagnostics) {
    if let Some(throttle) = &plan.throttle {
        check_throttle(&member(path, "throttle"), throttle, warnings);
    }
    for (j, stage) in plan.api_stages.iter().enumerate() {
        let path = member(&element(&member(path, "apiStages"), j), "throttle");
        count(&path, stage.throttle.len(), 20, Quota::Soft, warnings);
        for (name, throttle) in &stage.throttle {
            check_throttle(&member(&path, name), throttle, warnings);
        }
    }
}

fn check_throttle(path: &str, throttle: &Throttle, warnings: &mut Diagnostics) {
    rate(&member(path, "rateLimit"), throttle.rate_limit, warnings);
    let burst = throttle.burst_limit.unwrap_or_default();
    at_once(&member(path, "burstLimit"), burst, warnings);
}

/// A bucket may be faster than its account's, but nobody would notice.
fn rate(path: &str, rate: Option<f64>, warnings: &mut Diagnostics) {
    if let Some(rate) = rate.filter(|rate| *rate > ACCOUNT_RATE) {
        warnings
            .warning(
                path,
                format!(
                    "{rate} a second, more than the {ACCOUNT_RATE} that AWS allows an account in a region"
                ),
            )
            .help("AWS raises this quota on request");
    }
}

fn at_once(path: &str, burst: u32, warnings: &mut Diagnostics) {
    if burst > ACCOUNT_BURST {
        warnings
            .warning(
                path,
                format!(
                    "{burst} at once, more than the {ACCOUNT_BURST} that AWS allows an account in a region"
                ),
            )
            .help("AWS sets it by the account's rate");
    }
}

fn check_api(path: &str, api: &Api, warnings: &mut Diagnostics) {
    check_lists(path, api, (&api.routes, &api.integrations, &api.authorizers), warnings);
    for (i, deployment) in api.deployments.iter().enumerate() {
        let lists = (&*deployment.routes, &*deployment.integrations, &*deployment.authorizers);
        check_lists(&element(&member(path, "deployments"), i), api, lists, warnings);
    }
    count(&member(path, "stages"), api.stages.len(), 10, Quota::Soft, warnings);
    for (i, stage) in api.stages.iter().enumerate() {
        check_stage(&element(&member(path, "stages"), i), stage, warnings);
    }
}

fn check_lists(
    path: &str,
    api: &Api,
    (routes, integrations, authorizers): (&[Route], &[Integration], &[Authorizer]),
    warnings: &mut Diagnostics,
) {
    count(&member(path, "routes"), routes.len(), 300, Quota::Soft, warnings);
    count(&member(path, "authorizers"), authorizers.len(), 10, Quota::Soft, warnings);
    if api.protocol_type != ProtocolType::Http {
        return;
    }
    count(&member(path, "integrations"), integrations.len(), 300, Quota::Hard, warnings);
    for (i, route) in routes.iter().enumerate() {
        let path = member(&element(&member(path, "routes"), i), "authorizationScopes");
        count(&path, route.authorization_scopes.len(), 10, Quota::Hard, warnings);
    }
    for (i, authorizer) in authorizers.iter().enumerate() {
        let audiences = authorizer.jwt_configuration.as_ref().map_or(0, |jwt| jwt.audience.len());
        let path = format!("{}.jwtConfiguration.audience", element(&member(path, "authorizers"), i));
        count(&path, audiences, 50, Quota::Hard, warnings);
    }
}

fn check_stage(path: &str, stage: &Stage, warnings: &mut Diagnostics) {
    if let Some(settings) = &stage.default_route_settings {
        check_settings(&member(path, "defaultRouteSettings"), settings, warnings);
    }
    for (key, settings) in &stage.route_settings {
        check_settings(&member(&member(path, "routeSettings"), key), settings, warnings);
    }
    let path = member(path, "stageVariables");
    count(&path, stage.stage_variables.len(), 100, Quota::Unsaid, warnings);
    for (name, value) in &stage.stage_variables {
        let length = value.chars().count();
        let what = format!("`{name}` has {length} characters");
        exceeds(&member(&path, name), &what, length, 512, Quota::Unsaid, warnings);
    }
}

fn check_settings(path: &str, settings: &RouteSettings, warnings: &mut Diagnostics) {
    rate(&member(path, "throttlingRateLimit"), settings.throttling_rate_limit, warnings);
    let burst = settings.throttling_burst_limit.unwrap_or_default();
    at_once(&member(path, "throttlingBurstLimit"), burst, warnings);
}

fn count(path: &str, found: usize, allowed: usize, quota: Quota, warnings: &mut Diagnostics) {
    let name = path.rsplit('.').next().unwrap_or(path);
    exceeds(path, &format!("`{name}` has {found} elements"), found, allowed, quota, warnings);
}

fn exceeds(path: &str, what: &str, found: usize, allowed: usize, quota: Quota, warnings: &mut Diagnostics) {
    if found <= allowed {
        return;
    }
    let warning = warnings.warning(path, format!("{what}, more than the {allowed} that AWS allows"));
    match quota {
        Quota::Soft => warning.help("AWS raises this quota on request"),
        Quota::Hard => warning.help("AWS does not raise this quota"),
        Quota::Unsaid => {}
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
