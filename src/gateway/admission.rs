//! What an authorized request must pass before its integration: API key, usage plan, throttling, quota.
//!
//! A request that needs a key is counted under the key's plan; every request is counted under its route and the account. All
//! limits are asked before anything is taken, so a refusal by one takes nothing from the others. Only where another worker is
//! faster between asking and taking, a token that was taken already is put back, or lost; a quota is always put back.
//!
//! A quota that holds over a fleet is asked last, when nothing else refuses any more: [`begin`] asks, [`finish`] goes on with
//! the answer in hand. What is held meanwhile is put back, or lost, if the answer refuses.

use super::api_keys::{ApiKey, presented};
use super::authorizers::Authorized;
use super::config::ApiKeySource;
use super::counts::Counter;
use super::fleet::FleetQuota;
use super::flow::{Callout, CalloutReply};
use super::notes::Note;
use super::quota::Exhausted;
use super::rate_limit_headers::Standing;
use super::rejection::Rejection;
use super::request::Request;
use super::throttle::{At, Claim, Holder, Refused, Taken, Throttle};
use super::usage_plans::Member;
use super::worker::Worker;
use super::{Env, Millis};
use std::cell::RefMut;
use std::fmt;

/// A request that may go to its integration. Only this module makes one, and only of an [`Authorized`] request.
#[derive(Debug)]
pub struct Admitted(());

/// Which of the limits that a request passes.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitKind {
    /// A usage plan's, for one key.
    Plan,
    /// A usage plan's, for one key and one method.
    PlanMethod,
    /// A route's.
    Route,
    /// The account's.
    Account,
}

/// As many as there are kinds.
const MOST: usize = 4;

/// One limit as it applies to a request.
#[derive(Debug, Clone, Copy)]
struct Applied<'a> {
    kind: LimitKind,
    throttle: &'a Throttle,
    holder: Option<Holder<'a>>,
}

/// What was taken for a request.
#[derive(Debug, Default)]
struct Held {
    tokens: [Option<Taken>; MOST],
    /// When the quota counted it.
    counted: Option<Millis>,
    /// How the request stands with its limits, where it is told.
    standing: Option<Box<Standing>>,
}

/// What can be said of an authorized request now.
#[derive(Debug)]
pub enum Decision {
    /// It may go on.
    Admitted(Admitted),
    /// The service that counts for a fleet must be asked first.
    Ask(Callout, Pending),
}

/// A request that waits for the count of a fleet.
#[derive(Debug)]
pub struct Pending {
    /// What it has taken. In a box: most requests wait for nobody.
    held: Box<Held>,
    asked: Millis,
}

/// Decides what can be decided about an authorized request now.
///
/// # Errors
/// If it has no key and needs one, or a limit or a quota is used up.
pub fn begin(_: Authorized, request: &mut Request, env: &Env<'_>) -> Result<Decision, Rejection> {
    request.member = member(request, env)?;
    let limits = limits(request);
    let mut held = Held { standing: standing(request, &limits, env), ..Held::default() };
    let outcome = hold(&limits, request, &mut held, env);
    if outcome.is_err() {
        put_back(&limits, &held, request, env);
    }
    request.standing = held.standing.take();
    outcome?;
    Ok(match of_fleet(request) {
        None => Decision::Admitted(Admitted(())),
        Some((key, quota)) => {
            Decision::Ask(quota.begin(key, env), Pending { held: Box::new(held), asked: env.wall })
        }
    })
}

/// Goes on with the answer to the question of [`begin`].
///
/// # Errors
/// If the quota is used up, or nobody knows.
pub fn finish(
    pending: Pending,
    reply: &CalloutReply,
    request: &mut Request,
    env: &Env<'_>,
) -> Result<Admitted, Rejection> {
    let (key, quota) = of_fleet(request).ok_or(Rejection::Internal)?;
    let Err(rejection) = quota.finish(key, pending.asked, reply, env) else { return Ok(Admitted(())) };
    put_back(&limits(request), &pending.held, request, env);
    let mut standing = request.standing.take();
    refused_by_fleet(rejection, request, &mut standing, pending.asked);
    request.standing = standing;
    Err(rejection)
}

/// Takes what the request needs of its limits and its quota. If one refuses, the others' stay in `held`.
fn hold(
    limits: &[Option<Applied<'_>>; MOST],
    request: &Request,
    held: &mut Held,
    env: &Env<'_>,
) -> Result<(), Rejection> {
    let claims = claim(limits, held, env)?;
    if let Some((key, quota)) = of_fleet(request) {
        let checked = quota.check(key, env);
        checked
            .inspect_err(|rejection| refused_by_fleet(*rejection, request, &mut held.standing, env.wall))?;
    }
    count(request, held, env)?;
    take(limits, &claims, held, env)
}

/// What responses will tell of limits, where the API says so: those that can refuse.
fn standing(request: &Request, limits: &[Option<Applied<'_>>; MOST], env: &Env<'_>) -> Option<Box<Standing>> {
    request.api.as_ref().filter(|api| api.rate_limit_headers)?;
    let mut standing = Box::<Standing>::default();
    for limit in limits.iter().flatten().filter(|limit| !limit.throttle.shadow) {
        standing.limited(limit.kind, limit.throttle.limit());
    }
    let quota = request.member.as_ref().and_then(|member| member.plan.quota.as_ref());
    if let Some(quota) = quota.filter(|quota| !quota.shadow) {
        standing.counted(quota.limit(), quota.window().seconds(env.wall));
    }
    Some(standing)
}

/// A quota that a service counts refused a request of this moment, or nobody knows.
fn refused_by_fleet(
    rejection: Rejection,
    request: &Request,
    standing: &mut Option<Box<Standing>>,
    asked: Millis,
) {
    let (Some(standing), Some((_, quota))) = (standing, of_fleet(request)) else { return };
    if rejection == Rejection::QuotaExceeded {
        let (_, left) = quota.window().seconds(asked);
        standing.used_up(left);
    } else {
        standing.forget();
    }
}

/// The key that a request is counted under, and the quota that a service counts.
fn of_fleet(request: &Request) -> Option<(&ApiKey, &FleetQuota)> {
    let member = request.member.as_ref()?;
    Some((&member.key, member.plan.fleet.as_ref()?))
}

/// The key that the request comes with, where its route requires one, and the plan by which it opens the stage.
fn member(request: &Request, env: &Env<'_>) -> Result<Option<Member>, Rejection> {
    let (Some((_, route)), Some(stage), Some(api)) = (&request.route, &request.stage, &request.api) else {
        return Err(Rejection::Internal);
    };
    if !route.api_key_required {
        return Ok(None);
    }
    let value = presented(request, api.api_key_source);
    let member = value.and_then(|value| request.gateway.usage.member(value, &stage.openings));
    env.note(|| match (&member, value) {
        (Some(member), _) => {
            Note::passed("API key", format!("`{}`, by the usage plan `{}`", member.key.id, member.plan.id))
        }
        (None, None) => Note::failed(
            "API key",
            match api.api_key_source {
                ApiKeySource::Header => "there is not exactly one header `x-api-key`",
                ApiKeySource::Authorizer => "the authorizer's answer has no `usageIdentifierKey`",
            },
        ),
        (None, Some(_)) => {
            Note::failed("API key", "it is unknown, not enabled, or in no usage plan of this stage")
        }
    });
    member.map(Some).ok_or(Rejection::InvalidApiKey)
}

/// The limits of a request, in the order in which they are asked.
fn limits(request: &Request) -> [Option<Applied<'_>>; MOST] {
    let route = request.route.as_ref().map(|(place, _)| *place);
    let stage = request.stage.as_deref();
    let of_plan = request.member.as_ref().and_then(|member| {
        let applied = |kind, throttle| Applied { kind, throttle, holder: Some(member.key.holder()) };
        let method = stage?.openings.method(member.place, route?);
        let plan = member.plan.throttle.as_ref().map(|throttle| applied(LimitKind::Plan, throttle));
        Some((plan, method.map(|throttle| applied(LimitKind::PlanMethod, throttle))))
    });
    let (plan, method) = of_plan.unwrap_or_default();
    let one = |kind, throttle| Applied { kind, throttle, holder: None };
    let of_route = stage.zip(route).and_then(|(stage, place)| stage.throttle(place));
    let of_route = of_route.map(|throttle| one(LimitKind::Route, throttle));
    [plan, method, of_route, Some(one(LimitKind::Account, &request.gateway.account))]
}

/// Asks each limit.
fn claim(
    limits: &[Option<Applied<'_>>; MOST],
    held: &mut Held,
    env: &Env<'_>,
) -> Result<[Option<Claim>; MOST], Rejection> {
    let mut claims = [None; MOST];
    let mut worker = env.worker.borrow_mut();
    for (limit, claim) in limits.iter().zip(&mut claims) {
        let Some(limit) = limit else { continue };
        let at = limit.at(env);
        let claimed = limit.throttle.claim(worker.lease(limit.throttle.lease_key(limit.holder)), at);
        env.note(|| {
            Note::judged(
                "throttle",
                claimed.is_ok(),
                format!(
                    "{limit}, {:.0} of {:.0} tokens left",
                    limit.throttle.level(at),
                    limit.throttle.capacity()
                ),
            )
        });
        match claimed {
            Ok(claimed) => *claim = Some(claimed),
            Err(refused) => limit.refuse(refused, &mut held.standing, &mut worker, env)?,
        }
    }
    Ok(claims)
}

/// Takes what was claimed.
fn take(
    limits: &[Option<Applied<'_>>; MOST],
    claims: &[Option<Claim>; MOST],
    held: &mut Held,
    env: &Env<'_>,
) -> Result<(), Rejection> {
    let mut worker = env.worker.borrow_mut();
    for ((limit, claim), token) in limits.iter().zip(claims).zip(&mut held.tokens) {
        let (Some(limit), Some(claim)) = (limit, claim) else { continue };
        let lease = worker.lease(limit.throttle.lease_key(limit.holder));
        match limit.throttle.take(*claim, lease, limit.at(env)) {
            Ok(taken) => {
                if let Some(standing) = &mut held.standing {
                    standing.left(limit.kind, limit.throttle.rest(taken, lease));
                }
                *token = Some(taken);
            }
            Err(refused) => limit.refuse(refused, &mut held.standing, &mut worker, env)?,
        }
    }
    Ok(())
}

/// Counts the request under the quota of its plan.
fn count(request: &Request, held: &mut Held, env: &Env<'_>) -> Result<(), Rejection> {
    let Some((member, quota)) =
        request.member.as_ref().and_then(|member| Some((member, member.plan.quota.as_ref()?)))
    else {
        return Ok(());
    };
    let counted = quota.take(&member.key.id, env.wall, env.shared);
    env.note(|| {
        let (used, left) = quota.usage(&member.key.id, env.wall, env.shared);
        Note::judged(
            "quota",
            counted.is_ok(),
            format!("{used} used, {left} left of the usage plan `{}`", member.plan.id),
        )
    });
    if let Some(standing) = held.standing.as_mut().filter(|_| !quota.shadow) {
        let (_, left) = quota.window().seconds(env.wall);
        standing.counted_now(counted, left);
    }
    let (counter, outcome) = match counted {
        Ok(_) => {
            held.counted = Some(env.wall);
            let mut worker = env.worker.borrow_mut();
            if !worker.usage.counted(member, quota.digest) {
                worker.counts.add(Counter::UsageUntold);
            }
            return Ok(());
        }
        Err(_) if quota.shadow => (Counter::ShadowQuotaExceeded, Ok(())),
        Err(Exhausted::UsedUp) => (Counter::QuotaExceeded, Err(Rejection::QuotaExceeded)),
        Err(Exhausted::Contended) => (Counter::LimitContended, Err(Rejection::LimitContended)),
    };
    env.worker.borrow_mut().counts.add(counter);
    outcome
}

/// Puts back what was taken for a request that is refused after all.
fn put_back(limits: &[Option<Applied<'_>>; MOST], held: &Held, request: &Request, env: &Env<'_>) {
    let mut worker = env.worker.borrow_mut();
    for (limit, token) in limits.iter().zip(held.tokens) {
        if let (Some(limit), Some(token)) = (limit, token) {
            let lease = worker.lease(limit.throttle.lease_key(limit.holder));
            limit.throttle.put_back(token, lease, limit.at(env));
        }
    }
    if let (Some(then), Some(member)) = (held.counted, &request.member)
        && let Some(quota) = &member.plan.quota
    {
        quota.put_back(&member.key.id, then, env.shared);
    }
}

// === impl Applied ===

impl<'a> Applied<'a> {
    fn at<'b>(&self, env: &Env<'b>) -> At<'b>
    where
        'a: 'b,
    {
        At { holder: self.holder, now: env.monotonic, store: env.shared }
    }

    /// What a refusal of this limit means: nothing but a count, in shadow.
    fn refuse(
        &self,
        refused: Refused,
        standing: &mut Option<Box<Standing>>,
        worker: &mut RefMut<'_, Worker>,
        env: &Env<'_>,
    ) -> Result<(), Rejection> {
        if self.throttle.shadow {
            worker.counts.add(Counter::ShadowThrottled(self.kind));
            return Ok(());
        }
        if let Some(standing) = standing {
            standing.refused(self.kind, refused, env.monotonic);
        }
        let (counter, rejection) = match refused {
            Refused::Empty(_) => (Counter::Throttled(self.kind), Rejection::Throttled(self.kind)),
            Refused::Contended => (Counter::LimitContended, Rejection::LimitContended),
        };
        worker.counts.add(counter);
        Err(rejection)
    }
}

impl fmt::Display for Applied<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = self.throttle.limit();
        write!(f, "{}: {} a second, {} at once", self.kind, limit.rate(), limit.burst())?;
        if self.throttle.shadow { write!(f, ", which only counts") } else { Ok(()) }
    }
}

// === impl LimitKind ===

impl fmt::Display for LimitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plan => "the usage plan",
            Self::PlanMethod => "the usage plan's method",
            Self::Route => "the route",
            Self::Account => "the account",
        })
    }
}

#[cfg(test)]
mod tests;
