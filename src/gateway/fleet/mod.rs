//! Quotas that hold over a fleet of Envoys: a rate-limit service counts them, asked by Envoy's own protocol.
//! <https://www.envoyproxy.io/docs/envoy/latest/configuration/other_features/rate_limit>
//!
//! The question names the plan, the key by its id, and the calendar window that the moment is in: the calendar is AWS's, and
//! not the service's. Each request is a question of its own. What is no answer to the letter is none, and the document says
//! what that means. Throttles do not reach here: no such service has token buckets.

pub mod message;

use super::api_keys::ApiKey;
use super::config::{FailureMode, QuotaPeriod};
use super::counts::Counter;
use super::flow::{Callout, CalloutReply, Flight};
use super::notes::Note;
use super::quota::Window;
use super::rejection::Rejection;
use super::throttle::digest;
use super::{Env, Millis, Nanos};
use message::Code;
use sha2::{Digest, Sha256};
use std::rc::Rc;

/// Questions that a worker has on their way: with a service that takes 5 ms, 51,200 requests a second. One more is not asked.
pub const MOST_QUESTIONS: usize = 256;

/// How long a key is refused without a question, after the service has said that its quota is used up: one second. Nothing
/// comes back before the window ends, unless somebody resets it or sets another limit.
pub const REMEMBERED: Nanos = Nanos(1_000_000_000);

/// The domain of the descriptors where the document names none.
pub const DOMAIN: &str = "sekisho";

/// `:path` of the question.
const METHOD: &[u8] = b"/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit";

/// The service that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its cluster.
    pub cluster: String,
    /// `:authority`.
    pub authority: String,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// The domain of the descriptors.
    pub domain: String,
    /// How long to wait.
    pub timeout_millis: u32,
    /// What an unanswered question means.
    pub failure_mode: FailureMode,
}

/// A quota that the service counts: each key has a count of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetQuota {
    service: Rc<Service>,
    plan: String,
    window: Window,
    /// Whether it only counts what it would refuse.
    shadow: bool,
    /// Tells its plan and its service from every other one.
    digest: [u8; 32],
    /// Tells its service from every other one.
    group: [u8; 32],
}

/// A key's quota in one window, in a worker's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UsedUp {
    quota: u128,
    first_day: u64,
}

// === impl FleetQuota ===

impl FleetQuota {
    /// The quota of a plan.
    #[must_use]
    pub fn new(service: &Rc<Service>, plan: &str, window: Window, shadow: bool) -> Self {
        let digest = Sha256::digest(format!("{service:?}|{plan:?}|{window:?}")).into();
        let group = Sha256::digest(&service.cluster).into();
        Self { service: Rc::clone(service), plan: plan.to_owned(), window, shadow, digest, group }
    }

    /// How it divides time.
    #[must_use]
    pub fn window(&self) -> Window {
        self.window
    }

    /// Refuses a key whose quota was used up a moment ago, so that clients who are over it do not fill the service's time.
    ///
    /// # Errors
    /// If it was.
    pub fn check(&self, key: &ApiKey, env: &Env<'_>) -> Result<(), Rejection> {
        if self.shadow || !env.worker.borrow_mut().used_up(&self.used_up(key, env.wall), env.monotonic) {
            return Ok(());
        }
        env.note(|| Note::failed("quota", "the service has said a moment ago that it is used up"));
        env.worker.borrow_mut().counts.add(Counter::QuotaExceeded);
        Err(Rejection::QuotaExceeded)
    }

    /// The question that counts a request of a key.
    pub fn begin(&self, key: &ApiKey, env: &Env<'_>) -> Callout {
        let Service { cluster, authority, tls, domain, timeout_millis, failure_mode } = &*self.service;
        let window = self.window.name(env.wall);
        env.note(|| {
            let unanswered = match failure_mode {
                FailureMode::Deny => "refuses the request",
                FailureMode::Allow => "lets the request pass",
            };
            let (plan, key, period) = (&self.plan, &key.id, period(self.window.period()));
            Note::fact(
                "quota",
                format!(
                    "of the usage plan `{plan}`, counted by a service in the domain `{domain}`: usage_plan {plan}, api_key {key}, period {period}, window {window}; no answer {unanswered}"
                ),
            )
        });
        env.worker.borrow_mut().counts.add(Counter::FleetAsked);
        let mut headers = Callout::head("POST", *tls, authority, METHOD);
        headers.push((b"content-type".into(), b"application/grpc".into()));
        headers.push((b"te".into(), b"trailers".into()));
        let entries = [
            ("usage_plan", self.plan.as_str()),
            ("api_key", &*key.id),
            ("period", period(self.window.period())),
            ("window", &window),
        ];
        Callout {
            cluster: cluster.clone(),
            headers,
            body: message::question(domain, &entries),
            timeout_millis: *timeout_millis,
            then_body: false,
            flight: Flight::alone(env.dice, self.group, MOST_QUESTIONS),
        }
    }

    /// Goes on with the answer in hand, to a request that was asked about at `then`.
    ///
    /// # Errors
    /// If the quota is used up, or nobody knows and the document says that this refuses.
    pub fn finish(
        &self,
        key: &ApiKey,
        then: Millis,
        reply: &CalloutReply,
        env: &Env<'_>,
    ) -> Result<(), Rejection> {
        let code = read(reply);
        let mut worker = env.worker.borrow_mut();
        let (outcome, counter, told) = match (code, self.shadow, self.service.failure_mode) {
            (Some(Code::Ok), _, _) => (Ok(()), None, "the service has counted the request"),
            (Some(Code::OverLimit), true, _) => {
                (Ok(()), Some(Counter::ShadowQuotaExceeded), "used up, says the service; it only counts")
            }
            (Some(Code::OverLimit), false, _) => {
                worker.remember_used_up(self.used_up(key, then), env.monotonic);
                (Err(Rejection::QuotaExceeded), Some(Counter::QuotaExceeded), "used up, says the service")
            }
            (None, true, _) => (Ok(()), None, "no answer that can be used; it only counts"),
            (None, false, FailureMode::Allow) => {
                (Ok(()), Some(Counter::FleetAllowed), "no answer that can be used, which lets pass")
            }
            (None, false, FailureMode::Deny) => {
                (Err(Rejection::UsageUnknown), None, "no answer that can be used, which refuses")
            }
        };
        counter.into_iter().for_each(|counter| worker.counts.add(counter));
        if code.is_none() {
            worker.counts.add(Counter::FleetUnanswered);
        }
        env.note(|| Note::judged("quota", code == Some(Code::Ok), told));
        outcome
    }

    /// A key's quota in the window of a moment.
    fn used_up(&self, key: &ApiKey, at: Millis) -> UsedUp {
        UsedUp { quota: digest(self.digest) ^ key.holder().digest, first_day: self.window.first_day(at) }
    }
}

/// The period as the service is told.
fn period(period: QuotaPeriod) -> &'static str {
    match period {
        QuotaPeriod::Day => "DAY",
        QuotaPeriod::Week => "WEEK",
        QuotaPeriod::Month => "MONTH",
    }
}

/// What the service says: only what is to the letter a gRPC answer that decides. A call that fails has its status in the
/// head, or the status of HTTP.
fn read(reply: &CalloutReply) -> Option<Code> {
    let CalloutReply::Answered { status: 200, head, body } = reply else { return None };
    let rest = head.only(b"content-type")?.strip_prefix(b"application/grpc")?;
    if !matches!(rest.first(), None | Some(b'+' | b';'))
        || !matches!(head.first(b"grpc-status"), None | Some(b"0"))
    {
        return None;
    }
    message::answer(body)
}

#[cfg(test)]
pub(super) mod tests;
