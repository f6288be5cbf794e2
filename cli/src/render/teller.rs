//! Discovery services in Envoy itself, for a bootstrap that has no other: clusters that answer before they connect to anybody.

use super::dynamic;
use super::upstream::{codec, lua};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The cluster of a discovery service that tells these resources, whatever it is asked.
#[must_use]
pub fn teller(name: &str, type_url: &str, told: &[Value]) -> Value {
    let resources: Vec<Value> = told.iter().map(|it| dynamic::typed(type_url, it)).collect();
    let version = dynamic::version(told);
    let text = json!({ "version_info": version, "type_url": type_url, "resources": resources }).to_string();
    let script = format!(
        "function envoy_on_request(handle)\n  \
           handle:respond({{[\":status\"] = \"200\", [\"content-type\"] = \"application/json\"}}, {})\n\
         end\n",
        literal(&text)
    );
    json!({
        "name": name,
        "type": "STATIC",
        // Nobody is there, and nobody is needed.
        "load_assignment": { "cluster_name": name, "endpoints": [{ "lb_endpoints": [{ "endpoint": {
            "address": { "socket_address": { "address": "127.0.0.1", "port_value": 1 } },
        } }] }] },
        "typed_extension_protocol_options": { "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": { "http_protocol_options": {} },
            "http_filters": [lua(&script), codec()],
        } },
    })
}

/// How Envoy asks a [`teller`], and how often.
#[must_use]
pub fn source(name: &str, every: &str) -> Value {
    json!({
        "resource_api_version": "V3",
        "api_config_source": {
            "api_type": "REST",
            "transport_api_version": "V3",
            "cluster_names": [name],
            "refresh_delay": every,
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
