//! Compiles rate-based statements.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html>

use super::super::scope::Scope;
use super::Draft;
use super::field::{Kind, check_part_name, transformations};
use super::label::check_namespace;
use super::rule::Owner;
use super::union::has_one;
use crate::gateway::config::waf::{
    RateBasedStatement, RateBasedStatementAggregateKeyType as KeyType, RateBasedStatementCustomKey,
    RateLimitNamed, RateLimitText,
};
use crate::gateway::waf::rate::{AggregateKey, Component, Rate, Spec};
use crate::gateway::waf::transform::Transformation;
use std::ops::RangeInclusive;

/// Requests within a window: AWS's bounds.
const LIMITS: RangeInclusive<u64> = 10..=2_000_000_000;
/// Seconds of a window: AWS's.
const WINDOWS: [u64; 4] = [60, 120, 300, 600];
/// Seconds of a window where nothing says so: AWS's.
const WINDOW: u64 = 300;
/// Most keys of a rule's own: AWS's limit.
const MOST_KEYS: usize = 5;

impl Draft<'_, '_> {
    /// Requests above a rate; counts belong to the rule of this name.
    pub(super) fn rate(
        &mut self,
        written: &RateBasedStatement,
        rule: &str,
        owner: &Owner<'_>,
        scope: &mut Scope<'_>,
    ) -> Option<Rate> {
        if !LIMITS.contains(&written.limit) {
            let (least, most) = (LIMITS.start(), LIMITS.end());
            scope.error("Limit", format!("{} is not from {least} to {most}", written.limit));
        }
        let window = written.evaluation_window_sec.unwrap_or(WINDOW);
        if !WINDOWS.contains(&window) {
            scope.error("EvaluationWindowSec", format!("{window} is none of 60, 120, 300 and 600"));
        }
        check_keys(written, scope);
        let custom = written.custom_keys.iter().enumerate();
        let custom = custom.map(|(i, key)| component(key, &mut scope.below(&format!("CustomKeys[{i}]"))));
        let custom: Vec<_> = custom.collect();
        let scope_down = match &written.scope_down_statement {
            Some(statement) => Some(self.nested(statement, &mut scope.below("ScopeDownStatement"))?),
            None => None,
        };
        let key = match written.aggregate_key_type {
            KeyType::Ip => AggregateKey::Ip,
            KeyType::ForwardedIp => AggregateKey::ForwardedIp,
            KeyType::Constant => AggregateKey::Constant,
            KeyType::CustomKeys => AggregateKey::Custom(custom.into_iter().collect::<Option<_>>()?),
        };
        let mut names = self.names.clone();
        names.extend([owner.id.clone(), rule.to_owned()]);
        Some(Rate::new(Spec { names, limit: written.limit, window, key, scope_down }))
    }
}

/// What origins are told apart by is said once.
fn check_keys(written: &RateBasedStatement, scope: &mut Scope<'_>) {
    let key_type = written.aggregate_key_type;
    let forwarded = written.forwarded_ip_config.is_some();
    let of_header = match key_type {
        KeyType::Ip | KeyType::Constant => false,
        KeyType::ForwardedIp => true,
        KeyType::CustomKeys => written.custom_keys.iter().any(|key| key.forwarded_ip.is_some()),
    };
    if of_header != forwarded {
        let (problem, help) = if of_header {
            ("the rule counts by a header's address, and nothing names the header", "add `ForwardedIPConfig`")
        } else {
            ("the rule counts by no header's address", "take it away, or count by `FORWARDED_IP`")
        };
        scope.error("ForwardedIPConfig", problem).help(help);
    } else if forwarded {
        scope
            .warning("ForwardedIPConfig", "origins are told apart by the address that Envoy trusts, not by the header's")
            .help("a client can write any address into a header; `trustedHops` says how many proxies in front are believed");
    }
    let custom = written.custom_keys.len();
    if (key_type == KeyType::CustomKeys) != (custom > 0) {
        let (problem, help) = if custom > 0 {
            (
                "the rule does not count by them",
                "write `\"AggregateKeyType\": \"CUSTOM_KEYS\"`, or take them away",
            )
        } else {
            ("there is none, and the rule counts by them", "add one, as `{\"HTTPMethod\": {}}`")
        };
        scope.error("CustomKeys", problem).help(help);
    }
    if custom > MOST_KEYS {
        scope.error("CustomKeys", format!("{custom} are more than {MOST_KEYS}"));
    }
    if key_type == KeyType::Constant && written.scope_down_statement.is_none() {
        scope
            .error("ScopeDownStatement", "a rule that counts all requests together needs one")
            .help("it says which requests are counted, and limited");
    }
}

/// What origins are told apart by.
fn component(written: &RateBasedStatementCustomKey, scope: &mut Scope<'_>) -> Option<Component> {
    let members = [
        ("Header", written.header.is_some()),
        ("Cookie", written.cookie.is_some()),
        ("QueryArgument", written.query_argument.is_some()),
        ("QueryString", written.query_string.is_some()),
        ("UriPath", written.uri_path.is_some()),
        ("HTTPMethod", written.http_method.is_some()),
        ("ForwardedIP", written.forwarded_ip.is_some()),
        ("IP", written.ip.is_some()),
        ("LabelNamespace", written.label_namespace.is_some()),
        ("ASN", written.asn.is_some()),
    ];
    if !has_one(&members, scope) {
        return None;
    }
    if let Some(it) = &written.header {
        let (name, steps) = named(it, Kind::Header, &mut scope.below("Header"));
        return Some(Component::Header(name.to_ascii_lowercase(), steps));
    }
    if let Some(it) = &written.cookie {
        let (name, steps) = named(it, Kind::Cookie, &mut scope.below("Cookie"));
        return Some(Component::Cookie(name.to_owned(), steps));
    }
    if let Some(it) = &written.query_argument {
        let (name, steps) = named(it, Kind::Argument, &mut scope.below("QueryArgument"));
        return Some(Component::QueryArgument(name.to_ascii_lowercase(), steps));
    }
    if let Some(RateLimitText { text_transformations }) = &written.query_string {
        let steps = transformations(text_transformations, &mut scope.below("QueryString"));
        return Some(Component::QueryString(steps));
    }
    if let Some(RateLimitText { text_transformations }) = &written.uri_path {
        return Some(Component::UriPath(transformations(text_transformations, &mut scope.below("UriPath"))));
    }
    if let Some(it) = &written.label_namespace {
        check_namespace(&it.namespace, "LabelNamespace.Namespace", scope);
        return Some(Component::LabelNamespace(it.namespace.clone()));
    }
    if written.asn.is_some() {
        return Some(Component::Asn);
    }
    if written.http_method.is_some() {
        return Some(Component::Method);
    }
    Some(if written.ip.is_some() { Component::Ip } else { Component::ForwardedIp })
}

fn named<'c>(
    written: &'c RateLimitNamed,
    kind: Kind,
    scope: &mut Scope<'_>,
) -> (&'c str, Vec<Transformation>) {
    check_part_name(&written.name, kind, "Name", scope);
    (&written.name, transformations(&written.text_transformations, scope))
}
