//! Compiles what leads from a custom domain to an API: API mappings and routing rules.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-routing-rules.html>

use super::{Draft, key};
use crate::gateway::compile::api::Api;
use crate::gateway::compile::named;
use crate::gateway::compile::scope::Scope;
use crate::gateway::config::{self, Config, ProtocolType};
use crate::gateway::domains::custom::{HeaderCondition, Way};
use crate::gateway::mapping::is_reserved;
use std::collections::HashMap;
use std::rc::Rc;

/// Bytes of the longest key of an API mapping.
const KEY_BYTES: usize = 300;
/// Bytes of the longest base path of a routing rule, and of the longest value that a header is compared with.
const RULE_BYTES: usize = 128;
/// Bytes of the longest name of a header, and of the longest value that may stand anywhere in one.
const HEADER_BYTES: usize = 40;
/// Headers that AWS reserves in routing rules beside those that it reserves in mappings.
const RESERVED: [&str; 2] = ["x-apigw-api-id", "x-restapi"];

/// What ways are compiled from.
pub(super) struct Ways<'a> {
    pub(super) config: &'a Config,
    pub(super) apis: &'a HashMap<String, Rc<Api>>,
}

// === impl Ways ===

impl Ways<'_> {
    /// Adds an API mapping to its domain.
    pub(super) fn mapping(
        &self,
        written: &config::ApiMapping,
        drafts: &mut [Draft<'_>],
        scope: &mut Scope<'_>,
    ) -> Option<()> {
        let draft = draft(&written.domain_name, drafts, scope);
        let target = self.target((&written.api_id, &written.stage), "", scope);
        let base_path = written.api_mapping_key.as_deref().unwrap_or_default();
        if base_path == "(none)" {
            scope
                .error("apiMappingKey", "`(none)` is how AWS prints that there is no key")
                .help("leave `apiMappingKey` out");
        } else if !base_path.is_empty() {
            check_path(base_path, KEY_BYTES, "apiMappingKey", scope);
        }
        let mappings = &mut draft?.mappings;
        if mappings.iter().any(|way| way.base_path == base_path) {
            let problem = match base_path {
                "" => "the domain has another mapping without a key".to_owned(),
                key => format!("the domain has another mapping with the key `{key}`"),
            };
            scope.error("apiMappingKey", problem);
        }
        let (api, stage) = target?;
        let place = mappings.partition_point(|way| way.base_path.len() >= base_path.len());
        let base_path = base_path.to_owned();
        let way = Way { rule: None, headers: Vec::new(), base_path, strips: true, api, stage };
        mappings.insert(place, Rc::new(way));
        Some(())
    }

    /// Adds a routing rule to its domain.
    pub(super) fn rule(
        &self,
        written: &config::RoutingRule,
        drafts: &mut [Draft<'_>],
        scope: &mut Scope<'_>,
    ) -> Option<()> {
        let draft = draft(&written.domain_name, drafts, scope);
        let priority = written.priority;
        if !(1..=1_000_000).contains(&priority) {
            scope.error("priority", format!("{priority} is not from 1 to 1000000"));
        }
        let (headers, base_path) = conditions(&written.conditions, scope);
        let action = action(written, scope);
        let target = action.and_then(|action| self.target((&action.api_id, &action.stage), ACTION, scope));
        if let Some((api, _)) = target.as_ref().filter(|(api, _)| api.protocol != ProtocolType::Rest) {
            let problem = format!("`{}` is no REST API, and routing rules lead to those alone", api.id);
            scope.error(ACTION, problem).help("an API mapping leads to an HTTP API");
        }
        let draft = draft?;
        let place = draft.priorities.partition_point(|other| *other < priority);
        if draft.priorities.get(place) == Some(&priority) {
            scope.error("priority", format!("another rule of the domain has the priority {priority}"));
        }
        let strips = action?.strip_base_path.unwrap_or(false);
        let rule = Some(written.routing_rule_id.clone().unwrap_or_else(|| priority.to_string()));
        let (api, stage) = target?;
        draft.priorities.insert(place, priority);
        draft.rules.insert(place, Rc::new(Way { rule, headers, base_path, strips, api, stage }));
        Some(())
    }

    fn target(
        &self,
        (id, stage): (&str, &str),
        at: &str,
        scope: &mut Scope<'_>,
    ) -> Option<(Rc<Api>, Rc<super::super::api::Stage>)> {
        named::api_of_stage(self.config, (id, stage), at, scope)?;
        // A stage that could not be compiled has said why.
        let api = self.apis.get(&id.to_ascii_lowercase())?;
        Some((Rc::clone(api), Rc::clone(api.stage(stage)?)))
    }
}

const ACTION: &str = "actions[0].invokeApi";

/// The domain of this name.
fn draft<'d, 'c>(
    name: &str,
    drafts: &'d mut [Draft<'c>],
    scope: &mut Scope<'_>,
) -> Option<&'d mut Draft<'c>> {
    let host = key(name);
    let place = drafts.iter().position(|draft| draft.host == host);
    if place.is_none() {
        let names = drafts.iter().map(|draft| draft.written.domain_name.as_str());
        let problem = format!("no custom domain is named `{name}`");
        scope.error("domainName", problem).suggest("a domain", name, names);
    }
    drafts.get_mut(place?)
}

fn action<'c>(written: &'c config::RoutingRule, scope: &mut Scope<'_>) -> Option<&'c config::InvokeApi> {
    let [action] = written.actions.as_slice() else {
        scope
            .error(
                "actions",
                format!("a routing rule has one action, and this one has {}", written.actions.len()),
            )
            .help("`[{\"invokeApi\": {\"apiId\": \"…\", \"stage\": \"…\"}}]`");
        return None;
    };
    Some(&action.invoke_api)
}

/// What the headers must say, and where the path must begin.
fn conditions(
    written: &[config::RoutingRuleCondition],
    scope: &mut Scope<'_>,
) -> (Vec<HeaderCondition>, String) {
    let mut headers = Vec::new();
    let mut path: Option<&str> = None;
    for (i, condition) in written.iter().enumerate() {
        let scope = &mut scope.below(&format!("conditions[{i}]"));
        if condition.match_headers.is_none() && condition.match_base_paths.is_none() {
            scope
                .error("", "the condition says nothing")
                .help("remove it: a rule without conditions always fits");
        }
        if let Some(found) = &condition.match_headers {
            let at = "matchHeaders.anyOf";
            if headers.len() == 2 {
                scope.error(at, "a rule has at most two conditions about headers");
            }
            if let Some(found) = only(&found.any_of, at, scope) {
                headers.extend(header(found, &mut scope.below("matchHeaders.anyOf[0]")));
            }
        }
        if let Some(found) = &condition.match_base_paths {
            let at = "matchBasePaths.anyOf";
            if path.is_some() {
                scope.error(at, "a rule has at most one condition about the path");
            }
            path = only(&found.any_of, at, scope).map(String::as_str);
            if let Some(path) = path {
                check_path(path, RULE_BYTES, "matchBasePaths.anyOf[0]", scope);
            }
        }
    }
    (headers, path.unwrap_or_default().to_owned())
}

/// AWS writes a list, and takes one element.
fn only<'c, T>(list: &'c [T], at: &str, scope: &mut Scope<'_>) -> Option<&'c T> {
    if list.len() != 1 {
        scope
            .error(at, format!("AWS takes one element, and these are {}", list.len()))
            .help("write a rule for each of several");
    }
    list.first()
}

fn header(written: &config::MatchHeaderValue, scope: &mut Scope<'_>) -> Option<HeaderCondition> {
    let lower = written.header.to_ascii_lowercase();
    if is_reserved(&lower) || RESERVED.contains(&lower.as_str()) {
        let problem = format!("the header `{}` is reserved: a routing rule may not read it", written.header);
        scope.error("header", problem);
        return None;
    }
    if lower.len() > HEADER_BYTES || lower.contains('*') {
        let problem = format!("a header's name is at most {HEADER_BYTES} characters, without `*`");
        scope.error("header", problem);
    }
    let name = match lower.as_str() {
        // Envoy hands it over under this name.
        "host" => b":authority".into(),
        _ => scope.header_name("header", &lower)?,
    };
    let glob = written.value_glob.as_str();
    let (open_start, rest) = glob.strip_prefix('*').map_or((false, glob), |rest| (true, rest));
    // A `*` alone is both its start and its end.
    let open_end = rest.ends_with('*') || (open_start && rest.is_empty());
    let value = rest.strip_suffix('*').unwrap_or(rest);
    let is_token =
        value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"?-!#$%&'+.^_`|~".contains(&byte));
    if glob.is_empty() || glob.len() > RULE_BYTES || !is_token {
        scope
            .error("valueGlob", format!("`{glob}` is not a value that headers are compared with"))
            .help("1 to 128 letters, digits and ``?-!#$%&'+.^_`|~``, with `*` at the start or the end");
    }
    if open_start && open_end && value.len() > HEADER_BYTES {
        let problem = format!("between two `*` stand at most {HEADER_BYTES} characters");
        scope.error("valueGlob", problem);
    }
    Some(HeaderCondition { name, value: value.as_bytes().to_vec(), open_start, open_end })
}

/// Checks a path that stands before an API's own, in AWS's words where there are some.
fn check_path(path: &str, most: usize, at: &str, scope: &mut Scope<'_>) {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"$-_.+!*'()/".contains(&byte);
    if path.is_empty() || path.len() > most || !path.bytes().all(allowed) {
        let problem = format!("`{path}` is not 1 to {most} letters, digits and `$-_.+!*'()/`");
        scope.error(at, problem);
    } else if path.starts_with('/') || path.contains("//") {
        scope.error(at, "API mapping key should not start with a '/' or have consecutive '/'s.");
    } else if path.ends_with('/') {
        scope.error(at, "API mapping key should not end with a '/'.");
    } else if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        scope.error(at, format!("`{path}` can never fit: a path with a segment `.` or `..` is refused"));
    }
}
