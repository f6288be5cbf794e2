//! Whether a deployment asks less of clients than another one.

use super::routes::{Route, RouteTable};
use crate::gateway::config::{AuthorizationType, ProtocolType};
use crate::gateway::routes::RequestPath;

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

/// What `other` asks less of than `base` does, for each route of either. A request is sent past both tables, because a route
/// that is gone, or a new one, hands its requests to others.
///
/// `same` tells whether an authorizer, by its id, is the same in both.
#[must_use]
pub fn weaker(
    base: &RouteTable,
    other: &RouteTable,
    protocol: ProtocolType,
    same: &dyn Fn(&str) -> bool,
) -> Vec<Weaker> {
    let mut found = Vec::new();
    for route in base.iter().chain(other.iter()) {
        let Some((method, path)) = example(route, protocol) else { continue };
        let (Some((_, before)), Some((_, after))) =
            (base.select(method.as_bytes(), &path), other.select(method.as_bytes(), &path))
        else {
            // Nobody answers on one of the sides.
            continue;
        };
        if let Some(what) = less(&before, &after, same) {
            let weaker = Weaker { route: route.key.clone(), answered_by: after.key.clone(), what };
            if !found.contains(&weaker) {
                found.push(weaker);
            }
        }
    }
    found
}

/// A request that the route would get, were it alone.
fn example(route: &Route, protocol: ProtocolType) -> Option<(String, RequestPath)> {
    let (method, path) = route.key.split_once(' ').unwrap_or(("ANY", "/-sekisho-/-sekisho-"));
    let method = if method == "ANY" { "PATCH" } else { method };
    let segments =
        path.split('/').map(|segment| if segment.starts_with('{') { "-sekisho-" } else { segment });
    let path = segments.collect::<Vec<_>>().join("/");
    Some((method.to_owned(), RequestPath::parse(path.as_bytes(), protocol).ok()?))
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
