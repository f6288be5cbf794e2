//! Compiles rate-based statements.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html>

use super::super::scope::Scope;
use super::Draft;
use super::union::has_one;
use crate::gateway::config::waf::{
    RateBasedStatement, RateBasedStatementAggregateKeyType as KeyType, RateBasedStatementCustomKey,
};
use crate::gateway::waf::rate::Rate;
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
    /// Requests above a rate.
    pub(super) fn rate(&mut self, written: &RateBasedStatement, scope: &mut Scope<'_>) -> Option<Rate> {
        if !LIMITS.contains(&written.limit) {
            let (least, most) = (LIMITS.start(), LIMITS.end());
            scope.error("Limit", format!("{} is not from {least} to {most}", written.limit));
        }
        let window = written.evaluation_window_sec.unwrap_or(WINDOW);
        if !WINDOWS.contains(&window) {
            scope.error("EvaluationWindowSec", format!("{window} is none of 60, 120, 300 and 600"));
        }
        check_keys(written, scope);
        let scope_down = match &written.scope_down_statement {
            Some(statement) => Some(self.nested(statement, &mut scope.below("ScopeDownStatement"))?),
            None => None,
        };
        Some(Rate { scope_down })
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
    for (i, key) in written.custom_keys.iter().enumerate() {
        check_key(key, &mut scope.below(&format!("CustomKeys[{i}]")));
    }
}

fn check_key(key: &RateBasedStatementCustomKey, scope: &mut Scope<'_>) {
    let members = [
        ("Header", key.header.is_some()),
        ("Cookie", key.cookie.is_some()),
        ("QueryArgument", key.query_argument.is_some()),
        ("QueryString", key.query_string.is_some()),
        ("UriPath", key.uri_path.is_some()),
        ("HTTPMethod", key.http_method.is_some()),
        ("ForwardedIP", key.forwarded_ip.is_some()),
        ("IP", key.ip.is_some()),
        ("LabelNamespace", key.label_namespace.is_some()),
        ("ASN", key.asn.is_some()),
    ];
    has_one(&members, scope);
}
