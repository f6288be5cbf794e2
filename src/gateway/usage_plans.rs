//! Usage plans: which stages a key opens, how fast, and how often.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html>

use super::api_keys::{ApiKey, ApiKeys};
use super::fleet::FleetQuota;
use super::quota::Quota;
use super::throttle::Throttle;
use std::rc::Rc;

/// The keys and the usage plans of a gateway.
#[derive(Debug, Default)]
pub struct UsagePlans {
    /// The keys, which name plans by their place.
    pub keys: ApiKeys,
    plans: Vec<Rc<UsagePlan>>,
}

/// A usage plan as run.
#[derive(Debug)]
pub struct UsagePlan {
    /// Its id.
    pub id: String,
    /// How fast each key may call.
    pub throttle: Option<Throttle>,
    /// How often each key may call, as this Envoy counts.
    pub quota: Option<Quota>,
    /// How often each key may call, as a service counts for all Envoys; then `quota` is none.
    pub fleet: Option<FleetQuota>,
}

/// A key, and the plan by which it opens a stage.
#[derive(Debug, Clone)]
pub struct Member {
    /// The key.
    pub key: ApiKey,
    /// The plan.
    pub plan: Rc<UsagePlan>,
    /// The plan's place among all.
    pub place: usize,
}

/// The plans that open a stage, by their place and in its order, and how fast a key may call each route by them.
#[derive(Debug, Default)]
pub struct Openings(Vec<(usize, MethodThrottles)>);

/// How fast each key of a plan may call routes of a stage, by their place in its table and in its order.
pub type MethodThrottles = Vec<(usize, Throttle)>;

// === impl UsagePlans ===

impl UsagePlans {
    /// Takes keys and plans; keys name plans by their place.
    #[must_use]
    pub fn new(keys: ApiKeys, plans: Vec<UsagePlan>) -> Self {
        Self { keys, plans: plans.into_iter().map(Rc::new).collect() }
    }

    /// The key of this value, if a plan of its own opens the stage: there is at most one.
    #[must_use]
    pub fn member(&self, value: &[u8], openings: &Openings) -> Option<Member> {
        let key = self.keys.find(value)?;
        let place = *key.plans.iter().find(|plan| at(&openings.0, **plan).is_some())?;
        Some(Member { plan: Rc::clone(self.plans.get(place)?), key, place })
    }

    /// Every plan, in the order of the document.
    pub fn iter(&self) -> impl Iterator<Item = &UsagePlan> {
        self.plans.iter().map(Rc::as_ref)
    }
}

// === impl Openings ===

impl Openings {
    /// Takes the plans that open a stage, in the order of their places, and each once.
    #[must_use]
    pub fn new(plans: Vec<(usize, MethodThrottles)>) -> Self {
        Self(plans)
    }

    /// Whether no plan opens the stage.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How fast a key of a plan may call a route.
    #[must_use]
    pub fn method(&self, plan: usize, route: usize) -> Option<&Throttle> {
        at(at(&self.0, plan)?, route)
    }
}

/// What stands at a place.
fn at<T>(ordered: &[(usize, T)], place: usize) -> Option<&T> {
    let found = ordered.binary_search_by_key(&place, |(place, _)| *place).ok()?;
    ordered.get(found).map(|(_, value)| value)
}
