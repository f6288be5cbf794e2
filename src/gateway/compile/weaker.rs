//! Whether a deployment asks less of clients than another one.

mod meeting;

use super::routes::{Route, RouteTable};
use crate::gateway::config::{AuthorizationType, ProtocolType};
use crate::gateway::routes::RequestPath;
use meeting::Meeting;
use std::collections::HashMap;

/// Requests of which less is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weaker {
    /// The key of the route whose requests they are, on one of the sides.
    pub route: String,
    /// The key of the route that answers them where less is asked.
    pub answered_by: String,
    /// What is asked there, behind the route's name: `asks for no authorization`.
    pub what: String,
}

/// What is said where tables differ in too much to compare them: who cannot tell does not let it pass.
pub(super) const TOO_MANY: &str = "may ask for less: too many routes differ to compare them all";

/// How much is done before [`TOO_MANY`] is said: 1 for a pair of routes that is looked at, [`ASKED`] for a request that is
/// sent past both tables. Tables of 10,000 routes under the same keys stay far below it.
const MOST: u32 = 12_000_000;
const ASKED: u32 = 100;
/// Classes of routes that ask for the same. Routes beyond them are looked at one by one, each for [`ONE_BY_ONE`].
const MOST_CLASSES: usize = 64;
const ONE_BY_ONE: u32 = 10;

/// What `other` asks less of than `base` does: for each pair of routes of which one answers a request in `base` and the other
/// one the same request in `other`. Requests that nobody answers on one of the sides do not count.
///
/// It is exact. Of the routes that match a request, a table takes the first, in an order that is the same for all requests
/// and tables. So a route that answers a request answers each request that it matches and that no further route matches.
/// Of the requests that two routes share, a few match the fewest routes (`Meeting`): if those two answer any, they answer
/// one of these.
///
/// Two routes whose keys are both in both tables cannot answer one request, each on its side: each would go before the other.
/// So one of a pair is gone or new, unless they have the same key.
///
/// `same` tells whether an authorizer, by its id, is the same in both.
#[must_use]
pub fn weaker(
    base: &RouteTable,
    other: &RouteTable,
    protocol: ProtocolType,
    same: &dyn Fn(&str) -> bool,
) -> Vec<Weaker> {
    let (befores, afters) = (listed(base, other), listed(other, base));
    let classes = classes(&befores);
    let mut search =
        Search { tables: (base, other), befores: &befores, protocol, same, left: MOST, found: Vec::new() };
    for after in &afters {
        if search.of(after, &classes).is_none() {
            // It has said so.
            break;
        }
    }
    search.found
}

/// A route of a table.
struct Listed<'t> {
    at: usize,
    route: &'t Route,
    /// Where the other table has the same key.
    twin: Option<usize>,
}

fn listed<'t>(table: &'t RouteTable, other: &RouteTable) -> Vec<Listed<'t>> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (at, route) in other.iter().enumerate() {
        places.insert(&route.key, at);
    }
    let mut list = Vec::new();
    for (at, route) in table.iter().enumerate() {
        list.push(Listed { at, route, twin: places.get(route.key.as_str()).copied() });
    }
    list
}

/// Routes that ask for the same, by their places.
#[derive(Default)]
struct Class<'t> {
    /// One of them; absent where each may ask for something else.
    example: Option<&'t Route>,
    all: Vec<usize>,
    /// Those whose keys the other table does not have.
    gone: Vec<usize>,
}

/// The routes that ask for anything.
fn classes<'t>(routes: &[Listed<'t>]) -> Vec<Class<'t>> {
    let mut classes = vec![Class::default()];
    for Listed { at, route, twin } in routes {
        if route.authorization == AuthorizationType::None && !route.api_key_required {
            continue;
        }
        let mut place = classes.iter().position(|class| class.example.is_some_and(|it| alike(it, route)));
        if place.is_none() && classes.len() <= MOST_CLASSES {
            place = Some(classes.len());
            classes.push(Class { example: Some(route), ..Class::default() });
        }
        let Some(class) = classes.get_mut(place.unwrap_or(0)) else { continue };
        class.all.push(*at);
        if twin.is_none() {
            class.gone.push(*at);
        }
    }
    classes
}

fn alike(one: &Route, two: &Route) -> bool {
    one.authorization == two.authorization
        && one.authorizer_id == two.authorizer_id
        && one.scopes == two.scopes
        && one.api_key_required == two.api_key_required
}

/// What is compared, how much may still be done, and what was found.
struct Search<'s> {
    tables: (&'s RouteTable, &'s RouteTable),
    befores: &'s [Listed<'s>],
    protocol: ProtocolType,
    same: &'s dyn Fn(&str) -> bool,
    left: u32,
    found: Vec<Weaker>,
}

// === impl Search ===

impl Search<'_> {
    /// Compares a route with those whose requests it may have now. Nothing if that takes too long.
    fn of(&mut self, after: &Listed<'_>, classes: &[Class<'_>]) -> Option<()> {
        let mut said = Vec::new();
        self.with(after.twin.as_slice(), after, None, &mut said)?;
        for class in classes {
            let list = if after.twin.is_some() { &class.gone } else { &class.all };
            let known = class.example.map(|example| less(example, after.route, self.same));
            match &known {
                Some(None) => {}
                Some(Some(what)) => self.with(list, after, Some(what), &mut said)?,
                None => self.with(list, after, None, &mut said)?,
            }
        }
        Some(())
    }

    /// Compares it with some of them; `known` is what it asks less of than any of them. `said` is what was said of it.
    fn with(
        &mut self,
        list: &[usize],
        after: &Listed<'_>,
        known: Option<&str>,
        said: &mut Vec<String>,
    ) -> Option<()> {
        for before in list.iter().filter_map(|at| self.befores.get(*at)) {
            let own = match known {
                Some(_) => None,
                None => less(before.route, after.route, self.same),
            };
            let asks = known.or(own.as_deref());
            let cost = if known.is_some() { 1 } else { ONE_BY_ONE };
            let met = match (self.spend(cost), asks) {
                (Some(()), Some(_)) => self.meet(before, after),
                (Some(()), None) => Some(false),
                (None, _) => None,
            };
            let what = match met {
                Some(true) => asks.unwrap_or_default(),
                Some(false) => continue,
                None => TOO_MANY,
            };
            if before.twin.is_none() {
                self.report(before, after, what);
            }
            let is_known = said.iter().any(|it| it == what);
            if !is_known && (after.twin.is_none() || after.twin == Some(before.at)) {
                self.report(after, after, what);
                said.push(what.to_owned());
            }
            met?;
        }
        Some(())
    }

    fn report(&mut self, of: &Listed<'_>, by: &Listed<'_>, what: &str) {
        let (route, answered_by) = (of.route.key.clone(), by.route.key.clone());
        self.found.push(Weaker { route, answered_by, what: what.to_owned() });
    }

    fn spend(&mut self, cost: u32) -> Option<()> {
        self.left = self.left.checked_sub(cost)?;
        Some(())
    }

    /// Whether a request exists that the one route answers before, and the other one after. Nothing if it takes too long.
    fn meet(&mut self, before: &Listed<'_>, after: &Listed<'_>) -> Option<bool> {
        let Some(meeting) = Meeting::of(before.route, after.route, self.protocol) else { return Some(false) };
        let (base, other) = self.tables;
        for rest in meeting.rests {
            let path = meeting.path(rest);
            let Ok(path) = RequestPath::parse(path.as_bytes(), self.protocol) else { continue };
            for method in meeting.methods {
                self.spend(ASKED)?;
                let answers = |table: &RouteTable| Some(table.select(method.as_bytes(), &path)?.0);
                if answers(base) == Some(before.at) && answers(other) == Some(after.at) {
                    return Some(true);
                }
            }
        }
        Some(false)
    }
}

/// What the second route asks less of than the first.
fn less(before: &Route, after: &Route, same: &dyn Fn(&str) -> bool) -> Option<String> {
    if before.authorization != AuthorizationType::None {
        if after.authorization == AuthorizationType::None {
            return Some("asks for no authorization".to_owned());
        }
        let is_same = before.authorization == after.authorization
            && before.authorizer_id == after.authorizer_id
            && before.authorizer_id.as_deref().is_none_or(same);
        if !is_same {
            return Some("is authorized in another way".to_owned());
        }
        // One of them is enough.
        let more = after.scopes.iter().find(|scope| !before.scopes.contains(scope));
        match more {
            _ if before.scopes.is_empty() => {}
            _ if after.scopes.is_empty() => return Some("asks for no scope".to_owned()),
            Some(scope) => return Some(format!("is content with the scope `{scope}`")),
            None => {}
        }
    }
    (before.api_key_required && !after.api_key_required).then(|| "asks for no API key".to_owned())
}

#[cfg(test)]
mod tests;
