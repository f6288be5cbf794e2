//! Which changes of domains, and of what leads from them to APIs, let more in.

use super::super::change::Access;
use super::{Around, list, loosened_if, text};
use serde_json::Value;

/// A domain that is new or gone, asks for other certificates of clients, takes older TLS, or asks for its ways otherwise.
pub(super) fn domain(before: Option<&Value>, after: Option<&Value>, around: Around<'_>) -> Option<Access> {
    match (before, after) {
        (Some(before), Some(after)) => changed(before, after),
        (None, Some(new)) => lacks_certificates(new, around).then_some(Access::Loosened),
        // Its requests are the next one's who answers its host, if there is one.
        (Some(old), None) => Some(loosened_if(
            truststore(old).is_some() || is_answered(text(old, "domainName"), around.documents[1]),
        )),
        (None, None) => None,
    }
}

/// A mapping or a rule that is new, gone or another one: paths that were one API's may be another one's.
///
/// The first domains of a document take no path from others, so they open nothing where they lead to an API that anybody finds
/// under its default endpoint.
pub(super) fn way(before: Option<&Value>, after: Option<&Value>, around: Around<'_>) -> Option<Access> {
    match (before, after) {
        (None, Some(new)) => {
            let [old, document] = around.documents;
            let found = targets(new).all(|id| is_found_by_default(id, document));
            (!list(old, "domainNames").is_empty() || !found).then_some(Access::Loosened)
        }
        // Where the whole domain is gone, the next one who answers its host has the path.
        (Some(old), None) => {
            let name = text(old, "domainName");
            let [_, document] = around.documents;
            let stays =
                list(document, "domainNames").iter().any(|it| host(text(it, "domainName")) == host(name));
            Some(loosened_if(stays || is_answered(name, document)))
        }
        (Some(_), Some(_)) | (None, None) => Some(Access::Loosened),
    }
}

/// The API that answers a host which names none.
pub(in super::super) fn default_api(document: &Value) -> Option<&str> {
    let named = document.get("defaultApiId").and_then(Value::as_str);
    named.or_else(|| match list(document, "apis") {
        [only] => Some(text(only, "apiId")),
        _ => None,
    })
}

fn changed(before: &Value, after: &Value) -> Option<Access> {
    let asks = (truststore(before), truststore(after));
    if asks.0.is_some() && asks.0 != asks.1 || mode(before) != mode(after) {
        return Some(Access::Loosened);
    }
    match (takes_old_tls(before), takes_old_tls(after)) {
        (false, true) => Some(Access::Loosened),
        (true, false) => Some(Access::Tightened),
        (true, true) | (false, false) => (asks.0 != asks.1).then_some(Access::Tightened),
    }
}

/// Whether a new domain asks for less than those that lead to its APIs already, or than the one that had its host.
fn lacks_certificates(new: &Value, around: Around<'_>) -> bool {
    let name = host(text(new, "domainName"));
    // One that trusts the same authorities is no other door.
    let others = around.documents.into_iter().flat_map(|document| {
        let domains = list(document, "domainNames").iter().map(move |domain| (document, domain));
        domains.filter(|(_, domain)| truststore(domain).is_some_and(|it| Some(it) != truststore(new)))
    });
    let mut others = others.filter(|(_, domain)| host(text(domain, "domainName")) != name);
    let [_, document] = around.documents;
    let leads_to = led(document, &name);
    let hidden = |id: &&str| around.documents.iter().any(|document| is_hidden(id, document));
    if truststore(new).is_none() && leads_to.clone().any(|id| hidden(&id)) {
        return true;
    }
    others.any(|(document, domain)| {
        let guarding = host(text(domain, "domainName"));
        is_under(&name, &guarding)
            || led(document, &guarding).any(|id| leads_to.clone().any(|it| it.eq_ignore_ascii_case(id)))
    })
}

/// The APIs that a domain's mappings and rules lead to.
fn led<'v>(document: &'v Value, name: &str) -> impl Iterator<Item = &'v str> + Clone {
    let name = name.to_owned();
    let ways = ["apiMappings", "routingRules"].into_iter().flat_map(|name| list(document, name));
    ways.filter(move |way| host(text(way, "domainName")) == name).flat_map(targets)
}

/// The APIs that a mapping or a rule leads to.
fn targets(way: &Value) -> impl Iterator<Item = &str> + Clone {
    let actions = list(way, "actions").iter().filter_map(|action| action.get("invokeApi"));
    let invoked = actions.map(|api| text(api, "apiId"));
    way.get("apiId").and_then(Value::as_str).into_iter().chain(invoked)
}

fn is_hidden(id: &str, document: &Value) -> bool {
    let api = list(document, "apis").iter().find(|api| text(api, "apiId").eq_ignore_ascii_case(id));
    api.is_some_and(|api| api.get("disableExecuteApiEndpoint") == Some(&Value::Bool(true)))
}

fn is_found_by_default(id: &str, document: &Value) -> bool {
    list(document, "apis").iter().any(|api| text(api, "apiId").eq_ignore_ascii_case(id))
        && !is_hidden(id, document)
}

/// Whether somebody answers a host that is no domain of its own.
fn is_answered(name: &str, document: &Value) -> bool {
    let domains = list(document, "domainNames");
    default_api(document).is_some()
        || domains.iter().any(|domain| is_under(&host(name), &host(text(domain, "domainName"))))
}

/// Whether a host, or every host of a wildcard, is one of a wildcard's.
fn is_under(name: &str, wildcard: &str) -> bool {
    let parent = name.split_once('.').map(|(_, parent)| parent);
    name != wildcard && wildcard.strip_prefix("*.").is_some_and(|wild| parent == Some(wild))
}

fn host(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

fn truststore(domain: &Value) -> Option<&Value> {
    domain.get("mutualTlsAuthentication").filter(|it| !it.is_null())
}

fn mode(domain: &Value) -> &str {
    domain.get("routingMode").and_then(Value::as_str).unwrap_or("API_MAPPING_ONLY")
}

fn takes_old_tls(domain: &Value) -> bool {
    let configurations = list(domain, "domainNameConfigurations");
    configurations.iter().any(|it| text(it, "securityPolicy") == "TLS_1_0")
}
