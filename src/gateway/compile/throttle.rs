//! Compiles limits: of routes, of usage plans, of the account.

use super::routes::RouteTable;
use super::scope::Scope;
use crate::gateway::config::{self, Config, RouteSettings};
use crate::gateway::throttle::Throttle;
use crate::gateway::throttle::bucket::Limit;

/// AWS's limit of an account in a region, a second.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
const ACCOUNT_RATE: f64 = 10_000.0;
/// AWS's limit of an account in a region, at once.
const ACCOUNT_BURST: u32 = 5_000;

/// The account's bucket.
pub(super) fn account(config: &Config, scope: &mut Scope<'_>) -> Throttle {
    let written = config.account_throttle.as_ref();
    let rate = written.and_then(|written| written.rate_limit).unwrap_or(ACCOUNT_RATE);
    let burst = written.and_then(|written| written.burst_limit).unwrap_or(ACCOUNT_BURST);
    let shadow = written.and_then(|written| written.shadow).unwrap_or(false);
    throttle(rate, burst, shadow, &["account"], &|member| format!("accountThrottle.{member}"), scope)
}

/// The bucket of each route of a stage, by its place: a member that its own settings do not have is the stage's, and then the
/// account's. None where nobody said anything: the account's bucket is enough.
pub(super) fn routes(
    api: &str,
    stage: &config::Stage,
    table: &RouteTable,
    config: &Config,
    scope: &mut Scope<'_>,
) -> Vec<Option<Throttle>> {
    for key in stage.route_settings.keys().filter(|key| !table.iter().any(|route| route.key == **key)) {
        let names = table.iter().map(|route| route.key.as_str());
        scope
            .error(&format!("routeSettings[{key:?}]"), format!("no route of the stage has the key `{key}`"))
            .suggest("a route", key, names);
    }
    let routes = table.iter().map(|route| {
        let own = stage.route_settings.get(&route.key);
        let default = stage.default_route_settings.as_ref();
        let names = ["route", api, &stage.stage_name, &route.key];
        let from = |has: &dyn Fn(&RouteSettings) -> bool, member: &str| {
            if own.is_some_and(has) {
                format!("routeSettings[{:?}].{member}", route.key)
            } else {
                format!("defaultRouteSettings.{member}")
            }
        };
        let rate = first(own, default, |settings| settings.throttling_rate_limit);
        let burst = first(own, default, |settings| settings.throttling_burst_limit);
        if rate.is_none() && burst.is_none() {
            return None;
        }
        let account = config.account_throttle.as_ref();
        let rate = rate.or(account.and_then(|account| account.rate_limit)).unwrap_or(ACCOUNT_RATE);
        let burst = burst.or(account.and_then(|account| account.burst_limit)).unwrap_or(ACCOUNT_BURST);
        let shadow = first(own, default, |settings| settings.throttling_shadow).unwrap_or(false);
        let at = |_: &str| from(&|settings| settings.throttling_rate_limit.is_some(), "throttlingRateLimit");
        Some(throttle(rate, burst, shadow, &names, &at, scope))
    });
    routes.collect()
}

/// What the route's own settings say, else the stage's.
fn first<T>(
    own: Option<&RouteSettings>,
    default: Option<&RouteSettings>,
    member: impl Fn(&RouteSettings) -> Option<T>,
) -> Option<T> {
    own.and_then(&member).or_else(|| default.and_then(&member))
}

/// A bucket of a usage plan. It has a rate and a burst: what one of them alone would mean, AWS does not say.
pub(super) fn of_plan(
    written: &config::Throttle,
    names: &[&str],
    at: &str,
    scope: &mut Scope<'_>,
) -> Throttle {
    let shadow = written.shadow.unwrap_or(false);
    let (Some(rate), Some(burst)) = (written.rate_limit, written.burst_limit) else {
        scope.error(at, "a bucket has a rate and a burst").help("`{\"rateLimit\": 100, \"burstLimit\": 20}`");
        return Throttle::new(Limit::NONE, shadow, names);
    };
    throttle(rate, burst, shadow, names, &|member| format!("{at}.{member}"), scope)
}

fn throttle(
    rate: f64,
    burst: u32,
    shadow: bool,
    names: &[&str],
    at: &dyn Fn(&str) -> String,
    scope: &mut Scope<'_>,
) -> Throttle {
    let limit = Limit::new(rate, burst).unwrap_or_else(|problem| {
        scope.error(&at("rateLimit"), problem);
        Limit::NONE
    });
    if rate > 0.0 && burst == 0 {
        scope
            .warning(&at("burstLimit"), "a bucket that holds nothing lets nobody through, whatever its rate")
            .help("a burst of 1 lets one request through at a time");
    }
    Throttle::new(limit, shadow, names)
}
