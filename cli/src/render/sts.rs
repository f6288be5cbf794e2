//! Security Token Services that are not AWS's own.
//!
//! Envoy makes the cluster that it asks for roles itself, for AWS's own service, and offers no other. A cluster of the same name
//! in the bootstrap is no help: Envoy then waits for its own for ever. One that a discovery service names takes its place, but
//! only if it comes later than Envoy's: so it is told again and again.

use super::upstream::{codec, header_mutation, lua};
use super::{Plan, Settings, cluster};
use sekisho::gateway::clusters::Cluster;
use sekisho::gateway::config::ProtocolVersion;
use sekisho::gateway::integrations::backend_uri::BackendUri;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What Envoy calls its own, before the region.
const PREFIX: &str = "sts_token_service_internal-";
/// The discovery service's cluster.
const TELLER: &str = "sekisho_sts";

/// The clusters of Security Token Services that are not AWS's own, by the document's `endpoints`: one for a region. They take
/// the place of those that Envoy makes.
#[must_use]
pub fn clusters(plan: &Plan, settings: &Settings) -> Vec<Value> {
    let signing = plan.clusters.iter().filter_map(|it| it.signing.as_ref());
    let named = signing.filter_map(|it| Some((it.region.as_str(), it.role.as_ref()?.sts.as_deref()?)));
    let by_region: BTreeMap<&str, &str> = named.collect();
    by_region.into_iter().filter_map(|(region, url)| sts(region, url, settings)).collect()
}

/// Whether a cluster is one of [`clusters`].
#[must_use]
pub fn is_sts(cluster: &Value) -> bool {
    let name = cluster.get("name").and_then(Value::as_str);
    name.is_some_and(|name| name.starts_with(PREFIX))
}

fn sts(region: &str, url: &str, settings: &Settings) -> Option<Value> {
    let uri = BackendUri::parse(url).ok()?;
    let plain = Cluster {
        name: format!("{PREFIX}{region}"),
        tls: uri.tls,
        host: uri.host,
        port: uri.port,
        protocol: ProtocolVersion::Http1,
        server_name: None,
        health_check: None,
        credential: None,
        signing: None,
    };
    // Envoy reads JSON only. AWS looks at `accept`, emulators at this.
    let json = header_mutation(&json!({
        "query_parameter_mutations": [{ "append": {
            "record": { "key": "ContentType", "value": "JSON" },
            "action": "OVERWRITE_IF_EXISTS_OR_ADD",
        } }],
    }));
    Some(cluster::cluster(&plain, settings, vec![json, codec()]))
}

/// A discovery service in Envoy itself, for a bootstrap that has no other: a cluster that answers before it connects to anybody.
#[must_use]
pub fn teller(told: &[Value]) -> Value {
    let types = super::dynamic::types::CLUSTER;
    let resources: Vec<Value> = told.iter().map(|it| super::dynamic::typed(types, it)).collect();
    let version = super::dynamic::version(told);
    let text = json!({ "version_info": version, "type_url": types, "resources": resources }).to_string();
    let script = format!(
        "function envoy_on_request(handle)\n  \
           handle:respond({{[\":status\"] = \"200\", [\"content-type\"] = \"application/json\"}}, {})\n\
         end\n",
        literal(&text)
    );
    json!({
        "name": TELLER,
        "type": "STATIC",
        // Nobody is there, and nobody is needed.
        "load_assignment": { "cluster_name": TELLER, "endpoints": [{ "lb_endpoints": [{ "endpoint": {
            "address": { "socket_address": { "address": "127.0.0.1", "port_value": 1 } },
        } }] }] },
        "typed_extension_protocol_options": { "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": { "http_protocol_options": {} },
            "http_filters": [lua(&script), codec()],
        } },
    })
}

/// How Envoy asks [`teller`].
#[must_use]
pub fn source() -> Value {
    json!({
        "resource_api_version": "V3",
        "api_config_source": {
            "api_type": "REST",
            "transport_api_version": "V3",
            "cluster_names": [TELLER],
            "refresh_delay": "1s",
            "request_timeout": "1s",
        },
    })
}

/// A text as a literal of Lua's.
fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + text.len() / 8);
    literal.push('"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => literal.extend(['\\', char::from(byte)]),
            b' '..=b'~' => literal.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(literal, "\\{byte:03}")),
        }
    }
    literal + "\""
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn a_literal_ends_where_it_ends() {
        assert_eq!(literal("a\"b\\\n\u{e9}"), "\"a\\\"b\\\\\\010\\195\\169\"");
    }
}
