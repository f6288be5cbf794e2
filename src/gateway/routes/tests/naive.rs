//! Routing as the documentation tells it, over plain lists: every route is tried. It shares nothing with the real one,
//! not even the reading of keys.

use super::ProtocolType;

/// What answers: the route's index and its captures.
pub(super) type Answer = (usize, Vec<(String, String)>);

struct Candidate {
    index: usize,
    method_specific: bool,
    /// `l` for a literal, `v` for a variable, `w` for a greedy one: sorts by specificity.
    kinds: String,
    captures: Vec<(String, String)>,
}

/// Asks a list of keys such as `GET /a/{x}` for a decoded path.
pub(super) fn select(protocol: ProtocolType, keys: &[String], method: &str, path: &str) -> Option<Answer> {
    let rest = protocol == ProtocolType::Rest;
    let mut segments: Vec<&str> = path.split('/').skip(1).collect();
    if rest {
        while segments.len() > 1 && segments.last() == Some(&"") {
            segments.pop();
        }
    }
    let mut candidates = Vec::new();
    let mut default = None;
    for (index, key) in keys.iter().enumerate() {
        if key == "$default" {
            default = Some((index, Vec::new()));
            continue;
        }
        let (key_method, template) = key.split_once(' ').unwrap();
        let any = key_method == "ANY"
            && (!rest || ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"].contains(&method));
        if key_method != method && !any {
            continue;
        }
        if let Some((kinds, captures)) = matches(template, &segments, rest) {
            candidates.push(Candidate { index, method_specific: key_method == method, kinds, captures });
        }
    }
    if !rest && candidates.iter().any(|candidate| !candidate.kinds.contains('w')) {
        candidates.retain(|candidate| !candidate.kinds.contains('w'));
    }
    candidates.sort_by(|a, b| (&a.kinds, !a.method_specific).cmp(&(&b.kinds, !b.method_specific)));
    let best = candidates.into_iter().next().map(|candidate| (candidate.index, candidate.captures));
    best.or(default)
}

fn matches(template: &str, segments: &[&str], rest: bool) -> Option<(String, Vec<(String, String)>)> {
    let parts: Vec<&str> = template.split('/').skip(1).collect();
    let mut kinds = String::new();
    let mut captures = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        let segment = segments.get(i)?;
        if let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix("+}")) {
            let value = segments[i..].join("/");
            if rest && value.is_empty() {
                return None;
            }
            kinds.push('w');
            captures.push((name.to_owned(), value));
            return Some((kinds, captures));
        }
        if let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            if segment.is_empty() {
                return None;
            }
            kinds.push('v');
            captures.push((name.to_owned(), (*segment).to_owned()));
        } else {
            if part != segment {
                return None;
            }
            kinds.push('l');
        }
    }
    (segments.len() == parts.len()).then_some((kinds, captures))
}
