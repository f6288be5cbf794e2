//! Compiles API keys and usage plans.

use super::routes::RouteTable;
use super::scope::Scope;
use super::{fleet, named, throttle};
use crate::gateway::api_keys::{ApiKeys, Builder, parse_hash};
use crate::gateway::config::{self, Config, QuotaScope};
use crate::gateway::fleet::{FleetQuota, Service};
use crate::gateway::quota::{Quota, Window};
use crate::gateway::usage_plans::{MethodThrottles, Openings, UsagePlan, UsagePlans};
use hashbrown::hash_map::Entry;
use hashbrown::{HashMap, HashSet};
use std::rc::Rc;

/// Compiles them; what cannot be goes to the diagnostics.
pub(super) fn compile(config: &Config, fleet: Option<&Rc<Service>>, scope: &mut Scope<'_>) -> UsagePlans {
    let mut places = HashMap::new();
    let mut plans = Vec::with_capacity(config.usage_plans.len());
    for (i, written) in config.usage_plans.iter().enumerate() {
        let below = &mut scope.below(&format!("usagePlans[{i}]"));
        if places.insert(written.id.as_str(), i).is_some() {
            below.error("id", format!("the usage plan `{}` exists twice", written.id));
        }
        check_stages(written, config, below);
        plans.push(plan(written, config, fleet, below));
    }
    UsagePlans::new(keys(config, &places, scope), plans)
}

/// The plans that open a stage, and how fast a key may call each of its routes by them.
pub(super) fn openings(
    config: &Config,
    api: &str,
    stage: &str,
    table: &RouteTable,
    scope: &mut Scope<'_>,
) -> Openings {
    let mut openings: Vec<(usize, MethodThrottles)> = Vec::new();
    for (i, plan) in config.usage_plans.iter().enumerate() {
        let opens = |written: &config::ApiStage| written.api_id == api && written.stage == stage;
        for (j, written) in plan.api_stages.iter().enumerate().filter(|(_, written)| opens(written)) {
            let below = &mut scope.below(&format!("usagePlans[{i}].apiStages[{j}]"));
            let methods = methods(plan, written, table, below);
            if openings.last().is_some_and(|(last, _)| *last == i) {
                below.error("", "the plan opens this stage twice");
            } else {
                openings.push((i, methods));
            }
        }
    }
    Openings::new(openings)
}

/// The limits for keys and methods, by route: its own, else that of `/*/*`. Each route has buckets of its own.
fn methods(
    plan: &config::UsagePlan,
    written: &config::ApiStage,
    table: &RouteTable,
    scope: &mut Scope<'_>,
) -> MethodThrottles {
    let mut throttles = MethodThrottles::new();
    if written.throttle.is_empty() {
        return throttles;
    }
    let mut known = HashSet::new();
    for (place, route) in table.iter().enumerate() {
        let name = method_name(&route.key);
        let found = [name.as_str(), "/*/*"].iter().find_map(|name| written.throttle.get_key_value(*name));
        if let Some((name, throttle)) = found {
            known.insert(name.as_str());
            let at = format!("throttle[{name:?}]");
            let names = ["method", &plan.id, &written.api_id, &written.stage, &route.key];
            throttles.push((place, throttle::of_plan(throttle, &names, &at, scope)));
        }
    }
    let unknown = |name: &str| name != "/*/*" && !known.contains(name);
    for (name, throttle) in written.throttle.iter().filter(|(name, _)| unknown(name)) {
        let at = format!("throttle[{name:?}]");
        throttle::of_plan(throttle, &[], &at, scope);
        let names: Vec<_> = table.iter().map(|route| method_name(&route.key)).collect();
        scope
            .error(
                &at,
                format!(
                    "`{name}` is no route of the stage as a usage plan names it: `/users/{{id}}/GET`, `/*/*`"
                ),
            )
            .suggest("a method", name, names.iter().map(String::as_str));
    }
    throttles
}

/// A route as usage plans name it: `/users/{id}/GET`, and `//GET` at the root; `$default` keeps its name.
fn method_name(route_key: &str) -> String {
    match route_key.split_once(' ') {
        Some((method, path)) => format!("{path}/{method}"),
        None => route_key.to_owned(),
    }
}

fn plan(
    written: &config::UsagePlan,
    config: &Config,
    service: Option<&Rc<Service>>,
    scope: &mut Scope<'_>,
) -> UsagePlan {
    let throttle = written.throttle.as_ref();
    let throttle = throttle.map(|written_throttle| {
        throttle::of_plan(written_throttle, &["plan", &written.id], "throttle", scope)
    });
    let id = written.id.clone();
    let mut plan = UsagePlan { id, throttle, quota: None, fleet: None };
    let Some(quota) = &written.quota else { return plan };
    let window = match Window::new(quota.period, quota.offset.unwrap_or_default()) {
        Ok(window) => window,
        Err(problem) => {
            scope.error("quota.offset", problem);
            return plan;
        }
    };
    let shadow = quota.shadow.unwrap_or(false);
    match quota.scope {
        None | Some(QuotaScope::Envoy) => {
            plan.quota = Some(Quota::new(&written.id, quota.limit, window, shadow));
        }
        Some(QuotaScope::Fleet) => {
            fleet::check(written, quota, config, scope);
            plan.fleet = service.map(|service| FleetQuota::new(service, &written.id, window, shadow));
        }
    }
    plan
}

fn check_stages(plan: &config::UsagePlan, config: &Config, scope: &mut Scope<'_>) {
    for (i, written) in plan.api_stages.iter().enumerate() {
        named::api_of_stage(config, (&written.api_id, &written.stage), &format!("apiStages[{i}]"), scope);
    }
}

/// Keys by their ids.
struct Ids<'c> {
    keys: &'c [config::ApiKey],
    /// The first of each id.
    places: HashMap<&'c str, usize>,
    /// Those whose id another one had before, in their order.
    repeats: Vec<usize>,
    /// Where the next key is looked for first.
    next: usize,
}

impl<'c> Ids<'c> {
    fn new(keys: &'c [config::ApiKey]) -> Self {
        let mut ids = Self { keys, places: HashMap::with_capacity(keys.len()), repeats: Vec::new(), next: 0 };
        for (i, key) in keys.iter().enumerate() {
            match ids.places.entry(key.id.as_str()) {
                Entry::Vacant(entry) => drop(entry.insert(i)),
                Entry::Occupied(_) => ids.repeats.push(i),
            }
        }
        ids
    }

    /// The place of a key. Whoever writes a hundred thousand keys and their plans writes both in one order.
    fn find(&mut self, id: &str) -> Option<usize> {
        let next = self.keys.get(self.next).filter(|key| key.id == id && self.repeats.is_empty());
        let place = if next.is_some() { self.next } else { *self.places.get(id)? };
        self.next = place + 1;
        Some(place)
    }
}

/// What keys have for plans, each list once: most keys have the same as many others.
struct Lists<'c> {
    all: Vec<Rc<[usize]>>,
    /// What each of them becomes by one more plan.
    more: HashMap<(usize, usize), Result<usize, Refusal>>,
    /// The last of those.
    last: Option<((usize, usize), Result<usize, Refusal>)>,
    /// The stages that plans open, by their place.
    opened: Vec<HashSet<(&'c str, &'c str)>>,
}

/// Why a key cannot have one more plan.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    Twice,
    SameStage,
}

impl<'c> Lists<'c> {
    /// The list of a key without a plan.
    const NONE: usize = 0;

    fn new(plans: &'c [config::UsagePlan]) -> Self {
        let (all, opened) = (vec![Rc::from([])], plans.iter().map(opened).collect());
        Self { all, more: HashMap::new(), last: None, opened }
    }

    /// The list that is this one and one more plan.
    fn with(&mut self, list: usize, plan: usize) -> Result<usize, Refusal> {
        let asked = (list, plan);
        if let Some((known, answer)) = self.last
            && known == asked
        {
            return answer;
        }
        let answer = match self.more.get(&asked) {
            Some(answer) => *answer,
            None => self.add(list, plan),
        };
        self.more.insert(asked, answer);
        self.last = Some((asked, answer));
        answer
    }

    fn add(&mut self, list: usize, plan: usize) -> Result<usize, Refusal> {
        let plans = self.all.get(list).map(|plans| &**plans).unwrap_or_default();
        let opens_the_same = |other: &usize| {
            let both = self.opened.get(plan).zip(self.opened.get(*other));
            both.is_some_and(|(one, other)| !one.is_disjoint(other))
        };
        if plans.contains(&plan) {
            return Err(Refusal::Twice);
        }
        if plans.iter().any(opens_the_same) {
            return Err(Refusal::SameStage);
        }
        let longer = plans.iter().copied().chain([plan]).collect();
        self.all.push(longer);
        Ok(self.all.len() - 1)
    }
}

/// The lists of plans of the keys, by the keys' places.
fn memberships(
    config: &Config,
    places: &HashMap<&str, usize>,
    ids: &mut Ids<'_>,
    lists: &mut Lists<'_>,
    scope: &mut Scope<'_>,
) -> Vec<usize> {
    let mut of_keys = vec![Lists::NONE; config.api_keys.len()];
    let mut last = None;
    // Paths are written for problems only: there may be a hundred thousand members.
    let at = |i: usize, member: &str| format!("usagePlanKeys[{i}].{member}");
    for (i, member) in config.usage_plan_keys.iter().enumerate() {
        if member.key_type.as_deref().is_some_and(|kind| kind != "API_KEY") {
            scope.error(&at(i, "keyType"), "a usage plan has keys of type `API_KEY`");
        }
        let id = member.usage_plan_id.as_str();
        let plan = last.filter(|(known, _)| *known == id).or_else(|| Some((id, *places.get(id)?)));
        let Some((_, plan)) = plan else {
            scope.error(&at(i, "usagePlanId"), format!("no usage plan is named `{id}`")).suggest(
                "a usage plan",
                id,
                places.keys().copied(),
            );
            continue;
        };
        last = Some((id, plan));
        let Some(list) = ids.find(&member.key_id).and_then(|key| of_keys.get_mut(key)) else {
            // No suggestion: there may be a hundred thousand of them.
            scope.error(&at(i, "keyId"), format!("no API key is named `{}`", member.key_id));
            continue;
        };
        match lists.with(*list, plan) {
            Ok(longer) => *list = longer,
            Err(Refusal::Twice) => {
                scope.error(&at(i, "keyId"), "the key is in this plan already");
            }
            Err(Refusal::SameStage) => {
                scope
                    .error(&at(i, "keyId"), "the key is in another plan that opens the same stage")
                    .help("a key has one plan for each stage");
            }
        }
    }
    of_keys
}

/// The stages that a plan opens.
fn opened(plan: &config::UsagePlan) -> HashSet<(&str, &str)> {
    plan.api_stages.iter().map(|stage| (stage.api_id.as_str(), stage.stage.as_str())).collect()
}

fn keys(config: &Config, plans: &HashMap<&str, usize>, scope: &mut Scope<'_>) -> ApiKeys {
    let mut ids = Ids::new(&config.api_keys);
    let mut lists = Lists::new(&config.usage_plans);
    let of_keys = memberships(config, plans, &mut ids, &mut lists, scope);
    let mut repeats = ids.repeats.iter().copied().peekable();
    // The places of the keys that were added: all of them, unless the document is refused.
    let mut added = Vec::with_capacity(config.api_keys.len());
    let bytes = config.api_keys.iter().map(|key| key.id.len()).sum();
    let mut keys = Builder::with_capacity(config.api_keys.len(), bytes);
    let at = |i: usize, member: &str| format!("apiKeys[{i}].{member}");
    for ((i, key), list) in config.api_keys.iter().enumerate().zip(of_keys) {
        if repeats.next_if_eq(&i).is_some() {
            scope.error(&at(i, "id"), format!("the API key `{}` exists twice", key.id));
            continue;
        }
        let Some(hash) = hash(key, &|member| at(i, member), scope) else { continue };
        let plans = lists.all.get(list).filter(|_| key.enabled == Some(true)).cloned();
        if let Err(other) = keys.add(&key.id, plans, hash) {
            let other = added.get(other).copied().unwrap_or(other);
            scope.error(&at(i, "value"), format!("`apiKeys[{other}]` has the same value"));
        }
        added.push(i);
        if key.enabled.is_none() {
            scope
                .warning(&at(i, "enabled"), "the key is not enabled, as AWS has it where nothing is said")
                .help("add `\"enabled\": true`");
        }
    }
    keys.build()
}

/// The hash of a key's value. The value is not shown: it may be a secret.
fn hash(key: &config::ApiKey, at: &dyn Fn(&str) -> String, scope: &mut Scope<'_>) -> Option<[u8; 32]> {
    let Some(value) = &key.value else {
        scope
            .error(&at("value"), "the key has no value")
            .help("`openssl rand -hex 20` makes a good one, `sekisho hash-key` what stands here");
        return None;
    };
    let hash = parse_hash(value);
    if hash.is_none() {
        scope
            .error(&at("value"), "the value is not `sha256:` and 64 hexadecimal digits")
            .help("`sekisho hash-key` makes it of the key; `sekisho render` does so by itself");
    }
    hash
}

#[cfg(test)]
mod tests;
