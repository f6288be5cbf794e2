//! The limits of the rate-limit service that counts quotas of a fleet, as its engine reads them.
//! `docs/fleet-quotas.md` tells which engine counts what exactly.

use super::{Error, Rendering};
use sekisho::gateway::config::{Config, QuotaPeriod, QuotaScope, RateLimitEngine};
use sekisho::gateway::fleet::DOMAIN;
use serde_json::{Value, json};

/// Seconds that a counter of Limitador's lives longer than its window: the window's name tells windows apart, and clocks of
/// Envoys may differ by so much before a counter is gone that is still asked for.
const MARGIN: u64 = 3600;
const DAY: u64 = 86_400;

/// What the service is to count.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RateLimits {
    engine: Option<RateLimitEngine>,
    domain: String,
    quotas: Vec<Quota>,
}

/// Requests of each key of a plan in a window.
#[derive(Debug, Clone, PartialEq)]
struct Quota {
    plan: String,
    limit: u64,
    period: QuotaPeriod,
}

// === impl RateLimits ===

impl RateLimits {
    /// What a document wants counted.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let plans = config.usage_plans.iter().filter_map(|plan| Some((plan, plan.quota.as_ref()?)));
        let counted = plans.filter(|(_, quota)| quota.scope == Some(QuotaScope::Fleet));
        let quota = counted.map(|(plan, quota)| Quota {
            plan: plan.id.clone(),
            limit: quota.limit,
            period: quota.period,
        });
        let service = config.rate_limit_service.as_ref();
        Self {
            engine: service.and_then(|service| service.engine),
            domain: service.and_then(|service| service.domain.clone()).unwrap_or_else(|| DOMAIN.to_owned()),
            quotas: quota.collect(),
        }
    }

    /// The engine's own file.
    ///
    /// # Errors
    /// If there is nothing to count, or nobody knows who does.
    pub fn rendering(&self) -> Result<Rendering, Error> {
        if self.quotas.is_empty() {
            return Err(Error::NoFleetQuota);
        }
        Ok(match self.engine {
            None => return Err(Error::Engine),
            Some(RateLimitEngine::Limitador) => Rendering::new(LIMITADOR, vec![self.limitador()]),
            Some(RateLimitEngine::Ratelimit) => Rendering::new(RATELIMIT, vec![self.ratelimit()]),
        })
    }

    /// Limitador's file of limits: <https://github.com/Kuadrant/limitador/blob/main/limitador-server/README.md>.
    fn limitador(&self) -> Value {
        let limit = |quota: &Quota| {
            json!({
                "namespace": self.domain,
                "name": quota.plan,
                "max_value": quota.limit,
                "seconds": longest(quota.period) + MARGIN,
                "conditions": [
                    format!("descriptors[0]['usage_plan'] == {}", cel(&quota.plan)),
                    format!("descriptors[0]['period'] == '{}'", name(quota.period)),
                ],
                "variables": ["descriptors[0]['api_key']", "descriptors[0]['window']"],
            })
        };
        self.quotas.iter().map(limit).collect()
    }

    /// envoyproxy/ratelimit's file: <https://github.com/envoyproxy/ratelimit#configuration>. The document is refused if it
    /// has other periods than days.
    fn ratelimit(&self) -> Value {
        let descriptor = |quota: &Quota| {
            let unit = match quota.period {
                QuotaPeriod::Day => "day",
                QuotaPeriod::Week => "week",
                QuotaPeriod::Month => "month",
            };
            let limit = json!({ "unit": unit, "requests_per_unit": quota.limit });
            let window = json!({ "key": "window", "rate_limit": limit });
            let period = json!({ "key": "period", "value": name(quota.period), "descriptors": [window] });
            let key = json!({ "key": "api_key", "descriptors": [period] });
            json!({ "key": "usage_plan", "value": quota.plan, "descriptors": [key] })
        };
        json!({ "domain": self.domain, "descriptors": self.quotas.iter().map(descriptor).collect::<Vec<_>>() })
    }
}

const LIMITADOR: &str = "Limits for Limitador 2. Rendered by `sekisho render --rate-limits`: change the document, not this file.\n\
                         What is exact, and what is not: docs/fleet-quotas.md.";

const RATELIMIT: &str = "Limits for envoyproxy/ratelimit. Rendered by `sekisho render --rate-limits`: change the document, not this\n\
                         file. What is exact, and what is not: docs/fleet-quotas.md.";

/// Seconds of the longest window of a period.
fn longest(period: QuotaPeriod) -> u64 {
    match period {
        QuotaPeriod::Day => DAY,
        QuotaPeriod::Week => 7 * DAY,
        QuotaPeriod::Month => 31 * DAY,
    }
}

fn name(period: QuotaPeriod) -> &'static str {
    match period {
        QuotaPeriod::Day => "DAY",
        QuotaPeriod::Week => "WEEK",
        QuotaPeriod::Month => "MONTH",
    }
}

/// A text as a literal of CEL, whose escapes are those of JSON and more.
fn cel(text: &str) -> String {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if is_plain { format!("'{text}'") } else { super::yaml::ascii(&Value::String(text.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::cel;

    #[test]
    fn a_plans_name_does_not_end_its_literal() {
        assert_eq!(cel("gold-1"), "'gold-1'");
        assert_eq!(cel("it's"), r#""it's""#);
        assert_eq!(cel("a\" || true || \"\\"), r#""a\" || true || \"\\""#);
    }
}
