//! Routes that cannot stand in one list.

use super::key::RouteKey;
use super::table::shape;
use super::template::Segment;
use crate::gateway::config::ProtocolType;
use hashbrown::HashMap;

/// Two routes that cannot stand in one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteConflict {
    /// The earlier route: its index in the list.
    pub first: usize,
    /// The later route: its index in the list.
    pub second: usize,
    /// What is wrong with the later one: lower case, both keys in backticks.
    pub problem: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Every conflict of a list, in its order.
pub(super) fn conflicts(protocol: ProtocolType, keys: &[RouteKey]) -> Vec<RouteConflict> {
    let mut conflicts = Vec::new();
    let mut served = HashMap::with_capacity(keys.len());
    let mut variables = HashMap::new();
    for (second, key) in keys.iter().enumerate() {
        let sibling = match protocol {
            ProtocolType::Http | ProtocolType::Websocket => None,
            ProtocolType::Rest => sibling(&mut variables, second, key),
        };
        if let Some(conflict) = sibling {
            conflicts.push(conflict);
            continue;
        }
        let requests = match key {
            RouteKey::Default => None,
            RouteKey::Path { method, template } => Some((*method, shape(template.segments()))),
        };
        let (first, other) = *served.entry(requests).or_insert((second, key));
        if first != second {
            let problem = if key == other {
                format!("the route `{key}` exists already")
            } else {
                format!("`{key}` matches the same requests as `{other}`")
            };
            let help = Some("remove one of the two".to_owned());
            conflicts.push(RouteConflict { first, second, problem, help });
        }
    }
    conflicts
}

/// A resource of a REST API has at most one child that is a variable, greedy or not: AWS refuses `/a/{x}` beside
/// `/a/{y}/b` and beside `/a/{proxy+}`.
fn sibling(
    variables: &mut HashMap<String, (usize, Segment)>,
    second: usize,
    key: &RouteKey,
) -> Option<RouteConflict> {
    let RouteKey::Path { template, .. } = key else { return None };
    for (depth, segment) in template.segments().iter().enumerate() {
        if segment.name().is_none() {
            continue;
        }
        let parent = shape(template.segments().get(..depth).unwrap_or_default());
        let (first, other) = variables.entry(parent).or_insert_with(|| (second, segment.clone()));
        if other != segment {
            return Some(RouteConflict {
                first: *first,
                second,
                problem: format!(
                    "`{key}`: a sibling (`{other}`) of `{segment}` already has a variable path part, and a REST API allows one"
                ),
                help: Some("below one resource, every route has the same variable".to_owned()),
            });
        }
    }
    None
}
