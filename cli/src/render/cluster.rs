//! Clusters: one for each backend, and what Envoy does for it.

use super::dynamic::Delivery;
use super::settings::authority;
use super::{Plan, Settings, metrics, signing, tracing, upstream};
use crate::hash_key::hash;
use sekisho::gateway::clusters::Cluster;
use sekisho::gateway::config::{HealthCheck, ProtocolVersion};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Enough for AWS's account throttle (10,000 a second) at a second each; Envoy's own 1,024 lost callouts under load.
const MOST: u32 = 10_000;
/// What one backend connection may make Envoy hold.
const CONNECTION_BUFFER_BYTES: u32 = 65_536;

/// All clusters.
#[must_use]
pub fn clusters(plan: &Plan, settings: &Settings, delivery: Delivery<'_>) -> Vec<Value> {
    let own = |it| cluster(it, settings, upstream::filters(it, settings, delivery));
    let mut clusters: Vec<Value> = plan.clusters.iter().map(own).collect();
    if plan.clusters.iter().any(|it| it.signing.is_some()) {
        clusters.push(signing::nowhere());
    }
    clusters.extend(tracing::cluster(settings));
    clusters.extend(metrics::cluster(settings));
    clusters
}

/// Secrets that the document names by file, each once.
#[must_use]
pub fn secrets(plan: &Plan) -> Vec<Value> {
    let credentials = plan.clusters.iter().filter_map(|it| it.credential.as_ref());
    let files: BTreeMap<String, &str> = credentials
        .filter_map(|it| it.file.as_deref())
        .map(|file| (upstream::secret_of_file(file), file))
        .collect();
    files
        .into_iter()
        .map(|(name, file)| json!({ "name": name, "generic_secret": { "secret": { "filename": file } } }))
        .collect()
}

/// Names of secrets that somebody else keeps.
pub fn foreign_secrets(plan: &Plan) -> impl Iterator<Item = &str> {
    plan.clusters.iter().filter_map(|it| it.credential.as_ref()).filter_map(|it| it.sds_secret.as_deref())
}

/// A secret's name as the name of its SDS file: the same where it can be, else with a digest that keeps two apart.
#[must_use]
pub fn file_name(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !name.is_empty() && name.chars().all(is_plain) {
        return format!("{name}.yaml");
    }
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let digest: String = hash(name).trim_start_matches("sha256:").chars().take(8).collect();
    format!("{plain}-{digest}.yaml")
}

/// One cluster, with upstream filters; none where Envoy sends what the filter says.
#[must_use]
pub fn cluster(it: &Cluster, settings: &Settings, filters: Vec<Value>) -> Value {
    let address = it.host.parse::<IpAddr>();
    let mut cluster = Map::new();
    cluster.insert("name".into(), json!(it.name));
    if address.is_ok() {
        cluster.insert("type".into(), json!("STATIC"));
    } else {
        cluster.insert("cluster_type".into(), dns());
    }
    cluster.insert("connect_timeout".into(), json!("3s"));
    cluster.insert("per_connection_buffer_limit_bytes".into(), json!(CONNECTION_BUFFER_BYTES));
    cluster.insert("load_assignment".into(), load_assignment(it));
    cluster.insert("circuit_breakers".into(), circuit_breakers());
    cluster.insert("outlier_detection".into(), outlier_detection());
    cluster.insert("common_lb_config".into(), json!({ "healthy_panic_threshold": { "value": 50.0 } }));
    cluster.insert(
        "upstream_connection_options".into(),
        json!({ "tcp_keepalive": { "keepalive_time": 30, "keepalive_interval": 10, "keepalive_probes": 3 } }),
    );
    if let Some(check) = &it.health_check {
        cluster.insert("health_checks".into(), json!([health_check(it, check)]));
    }
    if it.tls {
        cluster.insert("transport_socket".into(), tls(it, settings));
    }
    cluster.insert(
        "typed_extension_protocol_options".into(),
        json!({ "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": protocol(it, filters) }),
    );
    Value::Object(cluster)
}

/// Every address of a name is a host, as in `STRICT_DNS`.
pub(super) fn dns() -> Value {
    json!({
        "name": "envoy.clusters.dns",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.clusters.dns.v3.DnsCluster",
            // A name with both kinds of address is reached by IPv4: a host without IPv6 is the rule in containers.
            "dns_lookup_family": "V4_PREFERRED",
            "dns_refresh_rate": "5s",
            "respect_dns_ttl": true,
        },
    })
}

fn load_assignment(it: &Cluster) -> Value {
    json!({
        "cluster_name": it.name,
        "endpoints": [{ "lb_endpoints": [{ "endpoint": {
            "address": { "socket_address": { "address": it.host, "port_value": it.port } },
        } }] }],
    })
}

fn circuit_breakers() -> Value {
    let threshold = |priority: &str| {
        json!({
            "priority": priority,
            "max_connections": MOST,
            "max_pending_requests": MOST,
            "max_requests": MOST,
            // Retries are a share of what is in flight: a backend that fails is not asked three times as often.
            "retry_budget": { "budget_percent": { "value": 20.0 }, "min_retry_concurrency": 10 },
            "track_remaining": true,
        })
    };
    json!({ "thresholds": [threshold("DEFAULT"), threshold("HIGH")] })
}

/// A host that cannot be reached, or whose proxy says so, rests for a while; what the application answers never counts,
/// and half of a cluster at most rests, so that a single host never does.
fn outlier_detection() -> Value {
    json!({
        "split_external_local_origin_errors": true,
        "consecutive_local_origin_failure": 5,
        "enforcing_consecutive_local_origin_failure": 100,
        "consecutive_gateway_failure": 5,
        "enforcing_consecutive_gateway_failure": 100,
        "enforcing_consecutive_5xx": 0,
        "enforcing_success_rate": 0,
        "enforcing_local_origin_success_rate": 0,
        "enforcing_failure_percentage": 0,
        "interval": "5s",
        "base_ejection_time": "10s",
        "max_ejection_time": "60s",
        "max_ejection_percent": 50,
        "always_eject_one_host": false,
    })
}

fn health_check(it: &Cluster, check: &HealthCheck) -> Value {
    let interval = check.interval_millis.unwrap_or(5000);
    let mut value = json!({
        "interval": millis(interval),
        // Without it a backend that has had no request yet is asked once a minute only.
        "no_traffic_interval": millis(interval),
        "timeout": millis(interval.clamp(1, 2000)),
        "unhealthy_threshold": 3,
        "healthy_threshold": 1,
    });
    let kind = match it.protocol {
        ProtocolVersion::Grpc => ("grpc_health_check", json!({ "authority": authority(&it.host, it.port) })),
        ProtocolVersion::Http1 | ProtocolVersion::Http2 => {
            let mut http = json!({
                "path": check.path.as_deref().unwrap_or("/"),
                "host": authority(&it.host, it.port),
            });
            if let (ProtocolVersion::Http2, Some(http)) = (it.protocol, http.as_object_mut()) {
                http.insert("codec_client_type".into(), json!("HTTP2"));
            }
            ("http_health_check", http)
        }
    };
    if let Some(map) = value.as_object_mut() {
        map.insert(kind.0.into(), kind.1);
    }
    value
}

fn millis(millis: u32) -> String {
    format!("{}.{:03}s", millis / 1000, millis % 1000)
}

fn tls(it: &Cluster, settings: &Settings) -> Value {
    let name = it.server_name.as_deref().unwrap_or(&it.host);
    let is_address = name.parse::<IpAddr>().is_ok();
    let mut context = json!({
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        "common_tls_context": {
            "tls_params": { "tls_minimum_protocol_version": "TLSv1_2" },
            "validation_context": {
                "trusted_ca": { "filename": settings.ca_file.to_string_lossy() },
                "match_typed_subject_alt_names": [{
                    "san_type": if is_address { "IP_ADDRESS" } else { "DNS" },
                    "matcher": { "exact": name },
                }],
            },
        },
    });
    // SNI is for names: an address there is against RFC 6066.
    if let (false, Some(map)) = (is_address, context.as_object_mut()) {
        map.insert("sni".into(), json!(name));
    }
    json!({ "name": "envoy.transport_sockets.tls", "typed_config": context })
}

fn protocol(it: &Cluster, filters: Vec<Value>) -> Value {
    let http2 = json!({
        "max_concurrent_streams": 100,
        "initial_stream_window_size": 65_536,
        "initial_connection_window_size": 1_048_576,
        "connection_keepalive": { "interval": "30s", "timeout": "5s" },
    });
    // Closed by us before the backend does: Node.js and uvicorn close after 5 s of silence, load balancers after 60.
    let (key, config, idle) = match (it.tls, it.protocol) {
        (true, _) => {
            ("auto_config", json!({ "http_protocol_options": {}, "http2_protocol_options": http2 }), "50s")
        }
        (false, ProtocolVersion::Http1) => {
            ("explicit_http_config", json!({ "http_protocol_options": {} }), "4s")
        }
        (false, ProtocolVersion::Http2 | ProtocolVersion::Grpc) => {
            ("explicit_http_config", json!({ "http2_protocol_options": http2 }), "50s")
        }
    };
    let mut options = json!({
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "common_http_protocol_options": { "idle_timeout": idle },
    });
    if let Some(map) = options.as_object_mut() {
        map.insert(key.into(), config);
        if !filters.is_empty() {
            map.insert("http_filters".into(), filters.into());
        }
    }
    options
}
