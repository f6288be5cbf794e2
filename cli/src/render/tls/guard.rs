//! Keeps requests for a domain with client certificates on connections that were made for it.
//!
//! Without it a client would connect with the name of another domain, or without TLS, and then ask for this one: nobody would
//! have looked at its certificate. AWS answers 403 too.

use super::super::Plan;
use serde_json::{Value, json};

/// A filter before the gateway's own; none where no domain asks for client certificates.
#[must_use]
pub fn filter(plan: &Plan) -> Option<Value> {
    let tls = &plan.tls;
    let mut policies = serde_json::Map::new();
    for chain in tls.chains.iter().filter(|chain| chain.truststore.is_some()) {
        let connected =
            any(chain.names.iter().map(|name| selected(name, &tls.names, Of::Connection)).collect());
        for name in &chain.names {
            let elsewhere = json!({ "not_rule": connected });
            policies.insert(name.clone(), policy(vec![selected(name, &tls.names, Of::Request), elsewhere]));
        }
    }
    if policies.is_empty() {
        return None;
    }
    Some(json!({
        "name": "envoy.filters.http.rbac",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
            "rules": { "action": "DENY", "policies": policies },
        },
    }))
}

fn policy(permissions: Vec<Value>) -> Value {
    json!({ "permissions": [all(permissions)], "principals": [{ "any": true }] })
}

#[derive(Clone, Copy)]
enum Of {
    Connection,
    Request,
}

/// Holds if this domain, and none that says more, is the one of the connection or the request.
fn selected(name: &str, names: &[String], of: Of) -> Value {
    let closer: Vec<Value> =
        names.iter().filter(|it| is_closer(it, name)).map(|it| matches(it, of)).collect();
    if closer.is_empty() {
        return matches(name, of);
    }
    all(vec![matches(name, of), json!({ "not_rule": any(closer) })])
}

/// Whether a domain is beneath a wildcard, and so takes requests from it.
fn is_closer(name: &str, than: &str) -> bool {
    let Some(parent) = than.strip_prefix('*') else { return false };
    name != than && name.strip_prefix('*').unwrap_or(name).ends_with(parent)
}

fn matches(name: &str, of: Of) -> Value {
    let host = match name.strip_prefix('*') {
        Some(parent) => format!(".+{}", regex_lite::escape(parent)),
        None => regex_lite::escape(name),
    };
    // As the gateway reads a host: in any case, with or without a trailing dot and a port.
    match of {
        Of::Connection => {
            json!({ "requested_server_name": { "safe_regex": { "regex": format!("(?i){host}\\.?") } } })
        }
        Of::Request => json!({ "header": {
            "name": ":authority",
            "string_match": { "safe_regex": { "regex": format!("(?i){host}\\.?(:[0-9]*)?") } },
        } }),
    }
}

fn all(rules: Vec<Value>) -> Value {
    json!({ "and_rules": { "rules": rules } })
}

fn any(rules: Vec<Value>) -> Value {
    json!({ "or_rules": { "rules": rules } })
}
