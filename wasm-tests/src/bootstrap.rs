//! Envoy's bootstrap: rendered by `sekisho render`, or written by hand.
//!
//! By hand it is the least that the filter needs: what is missing here is not needed to decide, only to be safe at the
//! edge (`sekisho render` writes all of it).

use crate::gateway::{Options, PLAIN, Probe};
use crate::toolchain;
use sekisho::gateway::clusters::Cluster;
use sekisho::gateway::config::ProtocolVersion;
use sekisho_cli::render::document::plan;
use sekisho_cli::render::dynamic::Delivery;
use sekisho_cli::render::tracing::{Collector, Tracing};
use sekisho_cli::render::{Plan, Settings};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// What the connection manager's statistics are called, in every bootstrap here.
pub(crate) const STAT_PREFIX: &str = "sekisho";

/// Who writes the bootstrap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Source {
    /// `sekisho render`.
    #[default]
    Rendered,
    /// This file.
    ByHand,
    /// Nobody loads the filter: every request goes to the backend, for comparison.
    WithoutFilter,
}

/// Hosts of the documents, and where they are here.
pub(crate) struct Hosts {
    pub(crate) backend: SocketAddr,
    pub(crate) others: BTreeMap<String, SocketAddr>,
}

/// The bootstrap of a document, or what is wrong with the document.
pub(crate) fn bootstrap(document: &Value, hosts: &Hosts, options: &Options) -> Result<Value, String> {
    let text = document.to_string();
    let (mut plan, _) = plan(text.as_bytes(), &|_| None).map_err(|diagnostics| diagnostics.to_string())?;
    if options.plain_only {
        plan.tls.chains.clear();
    }
    let mut bootstrap = match options.bootstrap {
        Source::Rendered => rendered(&plan, options),
        Source::ByHand => by_hand(&plan),
        Source::WithoutFilter => without_filter(),
    };
    resolve(&mut bootstrap, hosts);
    adjust(&mut bootstrap, options);
    Ok(bootstrap)
}

/// The filter that the document needs.
fn module(plan: &Plan, options: &Options) -> &'static Path {
    if plan.software_signatures && !options.default_module {
        toolchain::software_module()
    } else {
        toolchain::module()
    }
}

fn rendered(plan: &Plan, options: &Options) -> Value {
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut settings = Settings::new(options.listen, anywhere, module(plan, options).to_owned());
    settings.tls_listen = anywhere;
    settings.http3 = options.http3;
    settings.connection_buffer_kib = options.connection_buffer_kib.unwrap_or(settings.connection_buffer_kib);
    settings.ca_file = options.ca_file.clone().unwrap_or(settings.ca_file);
    settings.geoip_db.clone_from(&options.geoip_db);
    settings.geoip_asn_db.clone_from(&options.geoip_asn_db);
    settings.waf_log.clone_from(&options.waf_log);
    settings.execution_log.clone_from(&options.execution_log);
    settings.tracing = options.tracing.map(|collector| Tracing {
        collector: Collector::Cluster(format!("http://{collector}")),
        sampled_per_million: 1_000_000,
    });
    sekisho_cli::render::bootstrap::bootstrap(plan, &settings, Delivery::Static)
}

fn by_hand(plan: &Plan) -> Value {
    let filter = json!({
        "name": "sekisho",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": "sekisho",
                "failure_policy": "FAIL_RELOAD",
                "allow_on_headers_stop_iteration": true,
                "configuration": { "@type": "type.googleapis.com/google.protobuf.StringValue", "value": plan.document },
                "vm_config": {
                    "vm_id": "sekisho/default",
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": { "local": { "filename": toolchain::module() } },
                },
            },
        },
    });
    let route = json!({ "cluster_header": "x-sekisho-cluster", "timeout": "30s" });
    assemble(&[filter], &route, plan.clusters.iter().map(cluster).collect())
}

/// The probe's, by hand. Trailers pass, over HTTP/1.1 too, and HTTP/2's windows are as narrow as the rendered ones.
pub(crate) fn probe_bootstrap(backend: SocketAddr, callout: SocketAddr, probe: &Probe) -> Value {
    let filter = json!({
        "name": "sekisho",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": "sekisho",
                "failure_policy": "FAIL_RELOAD",
                "allow_on_headers_stop_iteration": probe.stop_iteration,
                "configuration": { "@type": "type.googleapis.com/google.protobuf.StringValue", "value": probe.document },
                "vm_config": {
                    "vm_id": "sekisho/probe",
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": { "local": { "filename": toolchain::probe() } },
                },
            },
        },
    });
    let route = json!({ "cluster_header": "x-sekisho-cluster", "timeout": seconds(probe.route_timeout) });
    let place = |name: &str, place: SocketAddr| {
        json!({
            "name": name,
            "type": "STATIC",
            "connect_timeout": "1s",
            "load_assignment": endpoint(name, &place.ip().to_string(), place.port()),
            "typed_extension_protocol_options": {
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                    "explicit_http_config": { "http_protocol_options": { "enable_trailers": true } },
                },
            },
        })
    };
    let empty = json!({ "name": "empty", "type": "STATIC", "load_assignment": { "cluster_name": "empty" } });
    let dead = place("dead", SocketAddr::from(([127, 0, 0, 1], 1)));
    let clusters = vec![place("backend", backend), place("callout", callout), dead, empty];
    let mut bootstrap = assemble(&[filter], &route, clusters);
    let manager =
        &mut bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"];
    manager["stream_idle_timeout"] = seconds(probe.stream_idle_timeout).into();
    manager["http_protocol_options"] = json!({ "enable_trailers": true });
    manager["http2_protocol_options"] =
        json!({ "initial_stream_window_size": 65_536, "initial_connection_window_size": 1_048_576 });
    manager["upgrade_configs"] = json!([{ "upgrade_type": "websocket" }]);
    if let Some(bytes) = probe.body_buffer_bytes {
        manager["route_config"]["virtual_hosts"][0]["routes"][0]["request_body_buffer_limit"] = bytes.into();
    }
    bootstrap
}

fn seconds(duration: Duration) -> String {
    format!("{}s", duration.as_secs_f32())
}

fn without_filter() -> Value {
    let backend = json!({ "name": "backend", "type": "STRICT_DNS", "load_assignment": endpoint("backend", "backend.test", 80) });
    assemble(&[], &json!({ "cluster": "backend", "timeout": "30s" }), vec![backend])
}

fn assemble(filters: &[Value], route: &Value, clusters: Vec<Value>) -> Value {
    let mut filters = filters.to_vec();
    filters.push(json!({
        "name": "envoy.filters.http.router",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
            "suppress_envoy_headers": true,
        },
    }));
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": STAT_PREFIX,
        "use_remote_address": true,
        "normalize_path": false,
        "merge_slashes": false,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        // Told only if a test lets it be forwarded.
        "set_current_client_cert_details": { "cert": true },
        "stream_idle_timeout": "20s",
        "http_filters": filters,
        "route_config": {
            "request_headers_to_remove": ["x-sekisho-cluster"],
            "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": [{ "match": { "prefix": "/" }, "route": route }] }],
        },
    });
    json!({
        "node": { "id": "sekisho", "cluster": "sekisho" },
        "admin": { "address": socket("127.0.0.1", 0) },
        "static_resources": {
            "listeners": [{
                "name": PLAIN,
                "address": socket("127.0.0.1", 0),
                "per_connection_buffer_limit_bytes": 1_048_576,
                "filter_chains": [{ "filters": [{ "name": "http", "typed_config": manager }] }],
            }],
            "clusters": clusters,
        },
    })
}

fn cluster(cluster: &Cluster) -> Value {
    let mut value = json!({
        "name": cluster.name,
        "type": "STRICT_DNS",
        "connect_timeout": "1s",
        "per_connection_buffer_limit_bytes": 1_048_576,
        "load_assignment": endpoint(&cluster.name, &cluster.host, cluster.port),
    });
    let http2 = match cluster.protocol {
        ProtocolVersion::Http1 => false,
        ProtocolVersion::Http2 | ProtocolVersion::Grpc => true,
    };
    if http2 {
        value["typed_extension_protocol_options"] = json!({
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": { "http2_protocol_options": {} },
            },
        });
    }
    value
}

fn endpoint(name: &str, host: &str, port: u16) -> Value {
    json!({ "cluster_name": name, "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": socket(host, port) } }] }] })
}

fn socket(host: &str, port: u16) -> Value {
    json!({ "socket_address": { "address": host, "port_value": port } })
}

/// Applies what a test changes in the settings of the connection manager.
fn adjust(value: &mut Value, options: &Options) {
    match value {
        Value::Object(members) => {
            let manager = members
                .get("@type")
                .and_then(Value::as_str)
                .is_some_and(|kind| kind.ends_with(".HttpConnectionManager"));
            if let Some(timeout) = options.request_headers_timeout.filter(|_| manager) {
                members.insert("request_headers_timeout".to_owned(), seconds(timeout).into());
            }
            if let Some(timeout) = options.request_timeout.filter(|_| manager) {
                members.insert("request_timeout".to_owned(), seconds(timeout).into());
            }
            if let Some(count) = options.max_headers_count.filter(|_| manager) {
                members.insert("max_request_headers_kb".to_owned(), 1024.into());
                members["common_http_protocol_options"]["max_headers_count"] = count.into();
            }
            if let Some(details) = options.forward_client_cert.filter(|_| manager) {
                members.insert("forward_client_cert_details".to_owned(), details.into());
            }
            if let (Some(most), Some(breakers)) =
                (options.circuit_breakers, members.get_mut("circuit_breakers"))
            {
                for threshold in breakers["thresholds"].as_array_mut().expect("breakers have thresholds") {
                    for limit in ["max_connections", "max_pending_requests", "max_requests"] {
                        threshold[limit] = most.into();
                    }
                }
            }
            if let (Some(tls), Some(chains)) = (&options.tls, members.get_mut("filter_chains")) {
                chains[0]["transport_socket"] = json!({ "name": "tls", "typed_config": tls });
                // Without it Envoy does not know SNI; where chains are chosen by SNI it adds it by itself.
                let inspector =
                    "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector";
                members.entry("listener_filters").or_insert_with(
                    || json!([{ "name": "tls_inspector", "typed_config": { "@type": inspector } }]),
                );
            }
            members.values_mut().for_each(|member| adjust(member, options));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| adjust(item, options)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Puts the places of this machine where the documents' hosts stand: a backend is asked under its own name, and is here.
fn resolve(value: &mut Value, hosts: &Hosts) {
    match value {
        Value::Object(members) => {
            let host = members.get("address").and_then(Value::as_str).map(str::to_owned);
            let is_elsewhere = |host: &String| host.ends_with(".test") || hosts.others.contains_key(host);
            if let Some(host) = host.filter(|host| is_elsewhere(host) && members.contains_key("port_value")) {
                let place = match host.as_str() {
                    // Nobody listens on a port that only root may open.
                    "dead.test" => SocketAddr::from(([127, 0, 0, 1], 1)),
                    _ => *hosts.others.get(&host).unwrap_or(&hosts.backend),
                };
                members.insert("address".to_owned(), place.ip().to_string().into());
                members.insert("port_value".to_owned(), place.port().into());
            }
            members.values_mut().for_each(|member| resolve(member, hosts));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| resolve(item, hosts)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
