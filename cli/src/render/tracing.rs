//! Traces: Envoy's own tracer, which reads and writes W3C's `traceparent` and sends spans to an OpenTelemetry collector.
//!
//! Who decides what is sampled is the tracer. Envoy's other way asks the request's id, which it does not make here, and without
//! one it would trace nothing.

use super::settings::authority;
use super::{Plan, Settings};
use sekisho::gateway::clusters::Cluster;
use sekisho::gateway::config::ProtocolVersion;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::net::IpAddr;

/// What collectors know the gateway by.
const SERVICE: &str = "sekisho";
/// The cluster of a collector that the command line names by its address.
pub const CLUSTER: &str = "sekisho_traces";
/// How many of a million are a percent.
const PERCENT: f64 = 10_000.0;

/// Where spans go, and how many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tracing {
    /// Who takes them.
    pub collector: Collector,
    /// How many of a million requests are traced that come without a trace of their own.
    pub sampled_per_million: u32,
}

/// An OpenTelemetry collector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Collector {
    /// A cluster of the document that speaks HTTP/2, by gRPC: its name, or its address.
    Cluster(String),
    /// By HTTP, in plain text.
    Http {
        /// A name or an address.
        host: String,
        /// Its port.
        port: u16,
    },
}

/// Reads `otlp:CLUSTER` or `http://HOST:PORT`.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub fn collector(text: &str) -> Result<Collector, String> {
    const EXPECTED: &str = "expected `otlp:CLUSTER` or `http://HOST:PORT`";
    if let Some(cluster) = text.strip_prefix("otlp:").filter(|cluster| !cluster.is_empty()) {
        return Ok(Collector::Cluster(cluster.to_owned()));
    }
    let address = text.strip_prefix("http://").ok_or(EXPECTED)?;
    let (host, port) = address.rsplit_once(':').ok_or(EXPECTED)?;
    let is_name = |host: &str| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
    };
    let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(host) => host.parse::<std::net::Ipv6Addr>().map_err(|_| EXPECTED)?.to_string(),
        None if is_name(host) => host.to_owned(),
        None => return Err(EXPECTED.to_owned()),
    };
    let port = port.parse().ok().filter(|port| *port != 0).ok_or(EXPECTED)?;
    Ok(Collector::Http { host, port })
}

/// Reads a percentage: as a number of a million.
///
/// # Errors
/// What is wrong with it, as a sentence.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to a million")]
pub fn per_million(text: &str) -> Result<u32, String> {
    let percent: f64 = text.parse().map_err(|_| "expected a number from 0 to 100".to_owned())?;
    if !(0.0..=100.0).contains(&percent) {
        return Err("expected a number from 0 to 100".to_owned());
    }
    Ok((percent * PERCENT).round() as u32)
}

/// What the connection manager is given, if there are traces.
#[must_use]
pub fn manager(plan: &Plan, settings: &Settings) -> Option<[(&'static str, Value); 2]> {
    let tracing = settings.tracing.as_ref()?;
    let provider = json!({
        "name": "envoy.tracers.opentelemetry",
        "typed_config": provider(tracing, plan),
    });
    let ids = json!({ "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig",
        "pack_trace_reason": false,
        "use_request_id_for_trace_sampling": false,
    } });
    Some([("tracing", json!({ "provider": provider })), ("request_id_extension", ids)])
}

/// The cluster of the document that a collector's name means: by its name, or by its address alone. gRPC needs HTTP/2.
#[must_use]
pub fn made<'p>(name: &str, plan: &'p Plan) -> Option<&'p Cluster> {
    let takes_grpc = |it: &&Cluster| match it.protocol {
        ProtocolVersion::Http1 => false,
        ProtocolVersion::Http2 | ProtocolVersion::Grpc => true,
    };
    // What follows tells clusters of one address apart.
    let is_meant = |it: &&Cluster| it.name == name || it.name.split('#').next() == Some(name);
    plan.clusters.iter().filter(takes_grpc).find(is_meant)
}

fn provider(tracing: &Tracing, plan: &Plan) -> Value {
    let ratio = json!({
        "name": "envoy.tracers.opentelemetry.samplers.trace_id_ratio_based",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.tracers.opentelemetry.samplers.v3.TraceIdRatioBasedSamplerConfig",
            "sampling_percentage": { "numerator": tracing.sampled_per_million, "denominator": "MILLION" },
        },
    });
    let mut provider = json!({
        "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
        "service_name": SERVICE,
        // Who comes with a trace has decided already.
        "sampler": {
            "name": "envoy.tracers.opentelemetry.samplers.parent_based",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.tracers.opentelemetry.samplers.v3.ParentBasedSamplerConfig",
                "wrapped_sampler": ratio,
            },
        },
    });
    let (name, service) = match &tracing.collector {
        Collector::Cluster(cluster) => {
            let made = made(cluster, plan);
            let authority = made.map_or_else(|| cluster.clone(), |made| authority(&made.host, made.port));
            let name = made.map_or(cluster, |made| &made.name);
            (
                "grpc_service",
                json!({ "envoy_grpc": { "cluster_name": name, "authority": authority }, "timeout": "3s" }),
            )
        }
        Collector::Http { host, port } => {
            let uri = format!("http://{}/v1/traces", authority(host, *port));
            ("http_service", json!({ "http_uri": { "uri": uri, "cluster": CLUSTER, "timeout": "3s" } }))
        }
    };
    if let Some(provider) = provider.as_object_mut() {
        provider.insert(name.into(), service);
    }
    provider
}

/// The cluster of a collector that has an address.
#[must_use]
pub fn cluster(settings: &Settings) -> Option<Value> {
    let Collector::Http { host, port } = &settings.tracing.as_ref()?.collector else { return None };
    let mut made = json!({
        "name": CLUSTER,
        "connect_timeout": "3s",
        "load_assignment": {
            "cluster_name": CLUSTER,
            "endpoints": [{ "lb_endpoints": [{ "endpoint": {
                "address": { "socket_address": { "address": host, "port_value": port } },
            } }] }],
        },
    });
    if let Some(made) = made.as_object_mut() {
        match host.parse::<IpAddr>() {
            Ok(_) => made.insert("type".into(), json!("STATIC")),
            Err(_) => made.insert("cluster_type".into(), super::cluster::dns()),
        };
    }
    Some(made)
}

#[cfg(test)]
mod tests {
    use super::{Collector, collector, per_million};

    #[test]
    fn collectors() {
        let http = |host: &str| Ok(Collector::Http { host: host.to_owned(), port: 4318 });
        assert_eq!(collector("otlp:http://otel:4317"), Ok(Collector::Cluster("http://otel:4317".to_owned())));
        assert_eq!(collector("http://127.0.0.1:4318"), http("127.0.0.1"));
        assert_eq!(collector("http://otel.internal:4318"), http("otel.internal"));
        assert_eq!(collector("http://[::1]:4318"), http("::1"));
        for wrong in [
            "",
            "otlp:",
            "http://otel",
            "https://otel:4318",
            "http://:4318",
            "http://a b:1",
            "http://a:0",
            "http://::1:1",
        ] {
            assert!(collector(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn percentages() {
        assert_eq!(per_million("5"), Ok(50_000));
        assert_eq!(per_million("0.0001"), Ok(1));
        assert_eq!((per_million("0"), per_million("100")), (Ok(0), Ok(1_000_000)));
        for wrong in ["", "-1", "100.1", "NaN", "inf", "x"] {
            assert!(per_million(wrong).is_err(), "{wrong}");
        }
    }
}
