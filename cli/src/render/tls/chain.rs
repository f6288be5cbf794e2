//! Filter chains: which certificate a client is shown, and what is asked of it.

use super::super::dynamic::{self, Delivery};
use super::super::{Plan, Settings};
use super::{Chain, secret};
use sekisho::gateway::config::SecurityPolicy;
use serde_json::{Value, json};

/// Authorities between a client's certificate and the root, and the root: with the client's own, AWS's chain of four.
const AUTHORITIES: u32 = 3;

const CONTEXT: &str = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext";

/// AEAD with forward secrecy. TLS 1.3 has its own.
const CIPHERS: [&str; 4] = [
    "[ECDHE-ECDSA-AES128-GCM-SHA256|ECDHE-ECDSA-CHACHA20-POLY1305]",
    "[ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
];
/// What clients of TLS 1.0 and 1.1 have beside them.
const OLD_CIPHERS: [&str; 8] = [
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-RSA-AES256-SHA",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-SHA",
    "AES256-SHA",
];

/// What carries the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// TLS over TCP.
    Tcp,
    /// QUIC, which has TLS 1.3 inside.
    Quic,
}

/// The chains of a listener, with the same filters in each.
#[must_use]
pub fn chains(
    plan: &Plan,
    settings: &Settings,
    delivery: Delivery<'_>,
    transport: Transport,
    filters: &Value,
) -> Vec<Value> {
    let chain = |chain: &Chain| {
        let context = context(chain, settings, delivery, transport);
        json!({
            "name": name(chain),
            // Envoy prefers a whole name to a wildcard, and a long one to a short one.
            "filter_chain_match": { "server_names": chain.names },
            "transport_socket": socket(transport, &context),
            // What a client must have said by then.
            "transport_socket_connect_timeout": "10s",
            "filters": filters,
        })
    };
    plan.tls.chains.iter().map(chain).collect()
}

/// Names a chain by its first domain, which no other chain has.
fn name(chain: &Chain) -> &str {
    chain.names.first().map_or("tls", String::as_str)
}

fn socket(transport: Transport, context: &Value) -> Value {
    match transport {
        Transport::Tcp => json!({
            "name": "envoy.transport_sockets.tls",
            "typed_config": dynamic::typed(CONTEXT, context),
        }),
        Transport::Quic => json!({
            "name": "envoy.transport_sockets.quic",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport",
                "downstream_tls_context": context,
                // A request that somebody repeats is not executed twice.
                "enable_early_data": false,
            },
        }),
    }
}

fn context(chain: &Chain, settings: &Settings, delivery: Delivery<'_>, transport: Transport) -> Value {
    let mut common = json!({
        "tls_certificate_sds_secret_configs": [secret::certificate(&chain.certificate, settings, delivery)],
    });
    if let (Transport::Tcp, Some(common)) = (transport, common.as_object_mut()) {
        common.insert("alpn_protocols".into(), json!(["h2", "http/1.1"]));
        common.insert("tls_params".into(), parameters(chain.policy));
    }
    if let (Some(file), Some(common)) = (&chain.truststore, common.as_object_mut()) {
        common.insert("validation_context_sds_secret_config".into(), secret::truststore(file, delivery));
    }
    json!({
        "require_client_certificate": chain.truststore.is_some(),
        "common_tls_context": common,
    })
}

fn parameters(policy: SecurityPolicy) -> Value {
    let (least, ciphers) = match policy {
        SecurityPolicy::Tls10 => ("TLSv1_0", [CIPHERS.as_slice(), &OLD_CIPHERS].concat()),
        SecurityPolicy::Tls12 => ("TLSv1_2", CIPHERS.to_vec()),
    };
    json!({
        "tls_minimum_protocol_version": least,
        "tls_maximum_protocol_version": "TLSv1_3",
        "cipher_suites": ciphers,
    })
}

/// What a client's certificate is checked against. No list of revoked ones is asked, as AWS asks none.
pub(super) fn validation(file: &str) -> Value {
    json!({ "trusted_ca": { "filename": file }, "max_verify_depth": AUTHORITIES })
}
