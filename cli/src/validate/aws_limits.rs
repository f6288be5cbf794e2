//! What Amazon's count quotas would refuse. Sekisho has none of them: they are warnings, and only on request.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>

use sekisho::gateway::config::{Api, Authorizer, Config, Integration, ProtocolType, Route, Stage};
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
        for (j, stage) in plan.api_stages.iter().enumerate() {
            let stages = member(&element("usagePlans", i), "apiStages");
            let path = member(&element(&stages, j), "throttle");
            count(&path, stage.throttle.len(), 20, Quota::Soft, warnings);
        }
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
    let path = member(path, "stageVariables");
    count(&path, stage.stage_variables.len(), 100, Quota::Unsaid, warnings);
    for (name, value) in &stage.stage_variables {
        let length = value.chars().count();
        let what = format!("`{name}` has {length} characters");
        exceeds(&member(&path, name), &what, length, 512, Quota::Unsaid, warnings);
    }
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
