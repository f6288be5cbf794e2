//! What a worker counts, until the shell hands it to the host: a host call for each event would cost more than the event.

use super::admission::LimitKind;

/// Something that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// Requests that a limit refused.
    Throttled(LimitKind),
    /// Requests that a limit in shadow would have refused.
    ShadowThrottled(LimitKind),
    /// Requests that a quota refused.
    QuotaExceeded,
    /// Requests that a quota in shadow would have refused.
    ShadowQuotaExceeded,
    /// Requests that were refused because too many workers wrote one limit at the same time.
    LimitContended,
    /// Times that the usage of a key was not told, because too many are.
    UsageUntold,
    /// Requests about which a rate-limit service was to be asked.
    FleetAsked,
    /// Those of them that it did not answer: too late, not to the letter, or not asked because too many questions were on
    /// their way.
    FleetUnanswered,
    /// Those of them that went on all the same, because the document says so.
    FleetAllowed,
    /// Questions of authorizers that had no usable answer: too late, too many, too long, or broken off.
    AuthorizerUnanswered,
    /// The same of functions and services that are integrations.
    IntegrationUnanswered,
    /// Questions of issuers for their keys, asked ahead, that gave none.
    KeysUnanswered,
    /// Requests whose call to AWS was not sent, because there were no credentials to sign it with.
    Unsigned,
    /// WebSocket connections that were made. AWS: `ConnectCount`.
    Connect,
    /// Messages that passed WebSocket connections, in both directions. AWS: `MessageCount`.
    Message,
    /// WebSocket connections that were ended because of a message that was too big.
    ClosedTooBig,
    /// WebSocket connections that were ended because of too many messages.
    ClosedTooFast,
    /// WebSocket connections that were ended because of bytes in which no limit could be kept.
    ClosedMalformed,
}

/// All of them, and their names in statistics.
const COUNTERS: [(Counter, &str); 24] = [
    (Counter::Throttled(LimitKind::Plan), "throttled.plan"),
    (Counter::Throttled(LimitKind::PlanMethod), "throttled.plan_method"),
    (Counter::Throttled(LimitKind::Route), "throttled.route"),
    (Counter::Throttled(LimitKind::Account), "throttled.account"),
    (Counter::ShadowThrottled(LimitKind::Plan), "shadow_throttled.plan"),
    (Counter::ShadowThrottled(LimitKind::PlanMethod), "shadow_throttled.plan_method"),
    (Counter::ShadowThrottled(LimitKind::Route), "shadow_throttled.route"),
    (Counter::ShadowThrottled(LimitKind::Account), "shadow_throttled.account"),
    (Counter::QuotaExceeded, "quota_exceeded"),
    (Counter::ShadowQuotaExceeded, "shadow_quota_exceeded"),
    (Counter::LimitContended, "limit_contended"),
    (Counter::UsageUntold, "usage_untold"),
    (Counter::FleetAsked, "fleet_quota.asked"),
    (Counter::FleetUnanswered, "fleet_quota.unanswered"),
    (Counter::FleetAllowed, "fleet_quota.allowed_unanswered"),
    (Counter::AuthorizerUnanswered, "callout_failures.authorizer"),
    (Counter::IntegrationUnanswered, "callout_failures.integration"),
    (Counter::KeysUnanswered, "callout_failures.keys"),
    (Counter::Unsigned, "unsigned"),
    (Counter::Connect, "websocket.connect_count"),
    (Counter::Message, "websocket.message_count"),
    (Counter::ClosedTooBig, "websocket.closed_too_big"),
    (Counter::ClosedTooFast, "websocket.closed_too_fast"),
    (Counter::ClosedMalformed, "websocket.closed_malformed"),
];

/// How often each happened since the shell asked.
#[derive(Debug, Default)]
pub struct Counts([u64; COUNTERS.len()]);

// === impl Counts ===

impl Counts {
    /// One more.
    pub fn add(&mut self, counter: Counter) {
        let known = COUNTERS.iter().zip(&mut self.0).find(|((known, _), _)| *known == counter);
        if let Some((_, count)) = known {
            *count = count.saturating_add(1);
        }
    }

    /// The name of each counter.
    pub fn names() -> impl Iterator<Item = &'static str> {
        COUNTERS.iter().map(|(_, name)| *name)
    }

    /// The name of each counter, and how often it happened since this was last asked.
    pub fn drain(&mut self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = std::mem::take(&mut self.0);
        COUNTERS.iter().zip(counts).map(|((_, name), count)| (*name, count))
    }
}

#[cfg(test)]
mod tests {
    use super::{Counter, Counts, LimitKind};

    #[test]
    fn what_was_told_is_not_told_again() {
        let mut counts = Counts::default();
        counts.add(Counter::QuotaExceeded);
        counts.add(Counter::Throttled(LimitKind::Route));
        counts.add(Counter::Throttled(LimitKind::Route));
        let told: Vec<_> = counts.drain().filter(|(_, count)| *count > 0).collect();
        assert_eq!(told, [("throttled.route", 2), ("quota_exceeded", 1)]);
        assert_eq!(counts.drain().map(|(_, count)| count).sum::<u64>(), 0);
    }
}
