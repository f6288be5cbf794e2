//! Compiles the service that counts quotas for a fleet, and refuses what its engine cannot count exactly.

use super::cluster::Clusters;
use super::scope::Scope;
use crate::gateway::config::{
    Config, FailureMode, Quota, QuotaPeriod, QuotaScope, RateLimitEngine, RateLimitService, UsagePlan,
};
use crate::gateway::fleet::{DOMAIN, Service};
use crate::gateway::integrations::backend_uri::BackendUri;
use std::rc::Rc;

/// Milliseconds to wait where nothing is said: what Envoy's own filter waits.
const TIMEOUT: u32 = 20;
/// Milliseconds that a request may wait for a count at most.
const LONGEST_TIMEOUT: u32 = 10_000;

/// Compiles the service, if the document has one; what cannot be goes to the diagnostics.
pub(super) fn service(
    config: &Config,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Option<Rc<Service>> {
    let written = config.rate_limit_service.as_ref()?;
    let scope = &mut scope.below("rateLimitService");
    if !quotas(config).any(|_| true) {
        scope
            .warning("", "the service is never asked: no quota has the scope `FLEET`")
            .help("`\"scope\": \"FLEET\"` in a usage plan's `quota`");
    }
    let timeout_millis = written.timeout_in_millis.unwrap_or(TIMEOUT);
    if !(1..=LONGEST_TIMEOUT).contains(&timeout_millis) {
        let problem = format!("{timeout_millis} is not from 1 to {LONGEST_TIMEOUT}");
        scope.error("timeoutInMillis", problem);
    }
    let (cluster, authority, tls) = place(written, clusters, scope)?;
    Some(Rc::new(Service {
        cluster,
        authority,
        tls,
        domain: written.domain.clone().unwrap_or_else(|| DOMAIN.to_owned()),
        timeout_millis,
        failure_mode: written.failure_mode.unwrap_or(FailureMode::Deny),
    }))
}

/// Its cluster, its authority, and whether it speaks TLS.
fn place(
    written: &RateLimitService,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Option<(String, String, bool)> {
    match (&written.uri, &written.cluster) {
        (Some(uri), None) => {
            let parsed = BackendUri::parse(uri);
            let parsed = parsed.and_then(|uri| match (uri.path(None).as_str(), uri.query(None)) {
                ("/", None) => Ok(uri),
                _ => Err("a gRPC service has no path of its own".to_owned()),
            });
            match parsed {
                Ok(uri) => Some((clusters.derive_grpc(&uri), uri.authority, uri.tls)),
                Err(problem) => {
                    scope
                        .error("uri", format!("`{uri}` cannot be asked: {problem}"))
                        .help("write it as `http://HOST:PORT`");
                    None
                }
            }
        }
        (None, Some(cluster)) => {
            if cluster.is_empty() || !cluster.bytes().all(|byte| byte.is_ascii_graphic()) {
                scope.error("cluster", "a cluster's name is visible ASCII characters");
            }
            // Names of clusters may hold what no authority may, as Istio's do.
            Some((cluster.clone(), "ratelimit".to_owned(), false))
        }
        (Some(_), Some(_)) => {
            scope.error("cluster", "either `uri` or `cluster` says where the service is, not both");
            None
        }
        (None, None) => {
            scope
                .error("uri", "nothing says where the service is")
                .help("add `\"uri\": \"http://HOST:PORT\"`, or name a `cluster` that exists already");
            None
        }
    }
}

/// The quotas that a service counts.
pub(super) fn quotas(config: &Config) -> impl Iterator<Item = (&UsagePlan, &Quota)> {
    let plans = config.usage_plans.iter().filter_map(|plan| Some((plan, plan.quota.as_ref()?)));
    plans.filter(|(_, quota)| quota.scope == Some(QuotaScope::Fleet))
}

/// Checks that a quota of a fleet can be counted, and exactly.
pub(super) fn check(plan: &UsagePlan, quota: &Quota, config: &Config, scope: &mut Scope<'_>) {
    let Some(service) = &config.rate_limit_service else {
        scope.error("quota.scope", "nobody counts for a fleet: the document has no `rateLimitService`").help(
            "add `\"rateLimitService\": {\"uri\": \"http://HOST:PORT\"}`; `ENVOY` counts in each Envoy",
        );
        return;
    };
    let is_day = match quota.period {
        QuotaPeriod::Day => true,
        QuotaPeriod::Week | QuotaPeriod::Month => false,
    };
    match service.engine {
        Some(RateLimitEngine::Limitador) => {}
        Some(RateLimitEngine::Ratelimit) => check_ratelimit(plan, quota, is_day, config, scope),
        None if is_day => {}
        None => {
            scope
                .error("quota.period", "not every engine counts weeks and months exactly, and `rateLimitService` does not say which it is")
                .help("add `\"engine\": \"limitador\"` there, if it is Limitador");
        }
    }
}

/// envoyproxy/ratelimit counts in windows of its own units, aligned since 1970, in 32 bits.
fn check_ratelimit(plan: &UsagePlan, quota: &Quota, is_day: bool, config: &Config, scope: &mut Scope<'_>) {
    if !is_day {
        scope
            .error("quota.period", "envoyproxy/ratelimit cannot count it: its weeks begin on Thursdays, and its months have 30 days")
            .help("a `DAY` is exact there; `\"engine\": \"limitador\"` counts weeks and months");
    }
    if quota.limit > u64::from(u32::MAX) {
        let problem = format!("{} is more than envoyproxy/ratelimit counts: {}", quota.limit, u32::MAX);
        scope.error("quota.limit", problem);
    }
    if plan.id.ends_with('*') {
        scope.error("id", "envoyproxy/ratelimit takes a name that ends in `*` for every name that begins so");
    }
    // It joins names and values by `_` to the name of a counter: `a_api_key_b`, `c` would be `a`, `b_api_key_c`.
    let joined = |plan: &UsagePlan| format!("{}_api_key_", plan.id);
    let twin = quotas(config)
        .map(|(other, _)| other)
        .find(|other| other.id != plan.id && joined(plan).starts_with(&joined(other)));
    if let Some(twin) = twin {
        let problem =
            format!("envoyproxy/ratelimit would count keys of `{}` and of `{}` together", plan.id, twin.id);
        scope.error("id", problem).help("choose an id without `_api_key`");
    }
}

#[cfg(test)]
mod tests;
