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

/// One of the two numbers of a bucket, which have other names in settings of routes.
#[derive(Debug, Clone, Copy)]
enum Member {
    Rate,
    Burst,
}

/// The account's bucket.
pub(super) fn account(config: &Config, scope: &mut Scope<'_>) -> Throttle {
    let written = config.account_throttle.as_ref();
    let rate = written.and_then(|written| written.rate_limit).unwrap_or(ACCOUNT_RATE);
    let burst = written.and_then(|written| written.burst_limit).unwrap_or(ACCOUNT_BURST);
    let shadow = written.and_then(|written| written.shadow).unwrap_or(false);
    throttle(
        rate,
        burst,
        shadow,
        &["account"],
        &|member| format!("accountThrottle.{}", member.of_plan()),
        scope,
    )
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
    let (prefix, scope) = (scope.path(""), &mut scope.root());
    let account = config.account_throttle.as_ref();
    let routes = table.iter().map(|route| {
        let own = stage.route_settings.get(&route.key);
        let default = stage.default_route_settings.as_ref();
        let rate = first(own, default, |settings| settings.throttling_rate_limit);
        let burst = first(own, default, |settings| settings.throttling_burst_limit);
        if rate.is_none() && burst.is_none() {
            return None;
        }
        let rate = rate.or(account.and_then(|account| account.rate_limit)).unwrap_or(ACCOUNT_RATE);
        let burst = burst.or(account.and_then(|account| account.burst_limit)).unwrap_or(ACCOUNT_BURST);
        let shadow = first(own, default, |settings| settings.throttling_shadow).unwrap_or(false);
        let names = ["route", api, &stage.stage_name, &route.key];
        let at = |member: Member| match (member.is_in(own), member.is_in(default)) {
            (true, _) => format!("{prefix}.routeSettings[{:?}].{}", route.key, member.of_route()),
            (false, true) => format!("{prefix}.defaultRouteSettings.{}", member.of_route()),
            (false, false) => format!("accountThrottle.{}", member.of_plan()),
        };
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
    throttle(rate, burst, shadow, names, &|member| format!("{at}.{}", member.of_plan()), scope)
}

fn throttle(
    rate: f64,
    burst: u32,
    shadow: bool,
    names: &[&str],
    at: &dyn Fn(Member) -> String,
    scope: &mut Scope<'_>,
) -> Throttle {
    let limit = Limit::new(rate, burst).unwrap_or_else(|problem| {
        scope.error(&at(Member::Rate), problem);
        Limit::NONE
    });
    if rate > 0.0 && burst == 0 {
        scope
            .warning(&at(Member::Burst), "a bucket that holds nothing lets nobody through, whatever its rate")
            .help("a burst of 1 lets one request through at a time");
    }
    Throttle::new(limit, shadow, names)
}

// === impl Member ===

impl Member {
    fn of_plan(self) -> &'static str {
        match self {
            Self::Rate => "rateLimit",
            Self::Burst => "burstLimit",
        }
    }

    fn of_route(self) -> &'static str {
        match self {
            Self::Rate => "throttlingRateLimit",
            Self::Burst => "throttlingBurstLimit",
        }
    }

    fn is_in(self, settings: Option<&RouteSettings>) -> bool {
        settings.is_some_and(|settings| match self {
            Self::Rate => settings.throttling_rate_limit.is_some(),
            Self::Burst => settings.throttling_burst_limit.is_some(),
        })
    }
}

#[cfg(test)]
mod tests;
