//! The requests that two routes share.

use crate::gateway::compile::routes::Route;
use crate::gateway::config::ProtocolType;

/// Requests that two routes share: of all of them, those that match the fewest other routes.
///
/// Each variable's place has a segment that no route names. Whatever matches that is a variable too, and matches any segment:
/// so it matches all that the two share.
pub(super) struct Meeting {
    path: String,
    /// What may follow the path.
    pub(super) rests: &'static [&'static str],
    pub(super) methods: &'static [&'static str],
}

/// `|` stands in no literal of a route key.
const FRESH: &str = "|";
/// The path of `$default`: it matches all.
const ALL_PATHS: &str = "/{all+}";

// === impl Meeting ===

impl Meeting {
    /// Nothing if no request matches both.
    pub(super) fn of(one: &Route, two: &Route, protocol: ProtocolType) -> Option<Self> {
        let ((one, a), (two, b)) = (parts(one), parts(two));
        let methods = methods(one, two, protocol)?;
        let (path, open) = path(a, b)?;
        let rests = if open { rests(&path, protocol) } else { &[""] };
        Some(Self { path, rests, methods })
    }

    /// Their path with one of the rests.
    pub(super) fn path(&self, rest: &str) -> String {
        let mut path = self.path.clone();
        path.push_str(rest);
        path
    }
}

fn parts(route: &Route) -> (&str, &str) {
    route.key.split_once(' ').unwrap_or(("ANY", ALL_PATHS))
}

/// A method that both name; where neither does, the methods of `ANY`.
fn methods(one: &str, two: &str, protocol: ProtocolType) -> Option<&'static [&'static str]> {
    const NAMED: &[&str] = &["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
    let named = if one == "ANY" { two } else { one };
    if named == "ANY" {
        return Some(match protocol {
            // An unknown method matches `ANY` alone: no named one matches less.
            ProtocolType::Http | ProtocolType::Websocket => &["-"],
            ProtocolType::Rest => NAMED,
        });
    }
    if two != "ANY" && one != "ANY" && one != two {
        return None;
    }
    let at = NAMED.iter().position(|name| *name == named)?;
    NAMED.get(at..=at)
}

/// What both paths match, and whether both go on with a greedy variable.
fn path(a: &str, b: &str) -> Option<(String, bool)> {
    let mut path = String::new();
    // A path begins with `/`; the path `/` is one segment that is empty.
    let (mut a, mut b) = (a.strip_prefix('/')?.split('/'), b.strip_prefix('/')?.split('/'));
    loop {
        let (mut x, y) = match (a.next(), b.next()) {
            (None, None) => return Some((path, false)),
            (Some(x), Some(y)) => (x, y),
            (None, Some(_)) | (Some(_), None) => return None,
        };
        if is_greedy(x) || is_greedy(y) {
            // All that is left of the other one.
            let (mut segment, left) = if is_greedy(x) { (y, &mut b) } else { (x, &mut a) };
            while !is_greedy(segment) {
                push(&mut path, segment);
                let Some(next) = left.next() else { return Some((path, false)) };
                segment = next;
            }
            return Some((path, true));
        }
        if is_variable(x) {
            x = y;
        } else if x != y && !is_variable(y) {
            return None;
        }
        push(&mut path, x);
    }
}

/// What two greedy variables take: the shortest rests that nothing without a greedy variable matches, and what these do not
/// stand for.
///
/// A longer rest matches whatever `/` does: only greedy variables take an empty segment. Where nothing stands before it, `/`
/// is a path that a route may have, and one segment is what a variable takes; then two segments are shared the least if the
/// last one is empty. A REST API drops the slashes at the ends, so that the empty segment stands inside, and has no other
/// variable beside one at its root.
fn rests(path: &str, protocol: ProtocolType) -> &'static [&'static str] {
    match (protocol, path.is_empty()) {
        (ProtocolType::Http | ProtocolType::Websocket, true) => &["/", "/|", "/|/"],
        (ProtocolType::Http | ProtocolType::Websocket, false) => &["/"],
        (ProtocolType::Rest, true) => &["/|"],
        (ProtocolType::Rest, false) => &["//|"],
    }
}

fn push(path: &mut String, segment: &str) {
    path.push('/');
    path.push_str(if is_variable(segment) { FRESH } else { segment });
}

fn is_variable(segment: &str) -> bool {
    segment.starts_with('{')
}

fn is_greedy(segment: &str) -> bool {
    segment.ends_with("+}")
}
