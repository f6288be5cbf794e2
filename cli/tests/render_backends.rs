//! Backends as Envoy reaches them: TLS, HTTP/2, injected credentials; and the filter inside somebody else's bootstrap.
// Helpers of tests are tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod render_support;

use render_support::backend::Backend;
use render_support::client::Response;
use render_support::envoy::{self, Envoy};
use render_support::{cluster, plan, settings};
use sekisho::gateway::clusters::Cluster;
use sekisho::gateway::config::{InjectedCredential, ProtocolVersion};
use sekisho_cli::render::dynamic::{self, Delivery, Layout};
use sekisho_cli::render::{Plan, Settings, bootstrap, fragment, yaml};
use serde::Deserialize as _;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn start(binary: &Path, folder: &TempDir, bootstrap: &Value) -> Envoy {
    let name = format!("{}.yaml", std::fs::read_dir(folder.path()).unwrap().count());
    let file = folder.path().join(name);
    std::fs::write(&file, yaml::document(bootstrap)).unwrap();
    Envoy::start(binary, &file)
}

fn rendered(plan: &Plan, settings: &Settings) -> Value {
    bootstrap::bootstrap(plan, settings, Delivery::Static)
}

/// An Envoy as a backend: it answers with the protocol it was spoken to in, and the names that TLS told it.
fn backend(binary: &Path, folder: &TempDir, certificate: Option<(&Path, &Path)>) -> Envoy {
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "backend",
        "route_config": { "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": [{
            "match": { "prefix": "/" },
            "direct_response": { "status": 200 },
            "response_headers_to_add": [
                { "header": { "key": "x-protocol", "value": "%PROTOCOL%" } },
                { "header": { "key": "x-sni", "value": "%REQUESTED_SERVER_NAME%" } },
            ],
        }] }] },
        "http_filters": [{ "name": "router", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" } }],
    });
    let mut chain = json!({ "filters": [{
        "name": "envoy.filters.network.http_connection_manager", "typed_config": manager }] });
    if let Some((certificate, key)) = certificate {
        chain["transport_socket"] = json!({ "name": "envoy.transport_sockets.tls", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "common_tls_context": {
                "alpn_protocols": ["h2", "http/1.1"],
                "tls_certificates": [{
                    "certificate_chain": { "filename": certificate }, "private_key": { "filename": key } }],
            },
        } });
    }
    let any = json!({ "socket_address": { "address": "127.0.0.1", "port_value": 0 } });
    let bootstrap = json!({
        "admin": { "address": any },
        "static_resources": { "listeners": [{
            "name": "backend",
            "address": any,
            "listener_filters": [{ "name": "tls_inspector", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector" } }],
            "filter_chains": [chain],
        }] },
    });
    start(binary, folder, &bootstrap)
}

/// A certificate that is its own authority.
fn certificate(folder: &TempDir, name: &str, names: &[&str]) -> (PathBuf, PathBuf) {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let place = |kind: &str| folder.path().join(format!("{name}.{kind}"));
    std::fs::write(place("crt"), made.cert.pem()).unwrap();
    std::fs::write(place("key"), made.signing_key.serialize_pem()).unwrap();
    (place("crt"), place("key"))
}

fn get(envoy: &Envoy, cluster: &Cluster) -> Response {
    envoy.get("/", &[("x-stub-cluster", &cluster.name)])
}

#[test]
fn tls_checks_the_name_and_speaks_http2() {
    let binary = envoy::binary();
    let folder = tempfile::tempdir().unwrap();
    let (crt, key) = certificate(&folder, "one", &["users.example", "*.wild.example", "127.0.0.1"]);
    let server = backend(&binary, &folder, Some((&crt, &key)));
    let tls = |name: &str, host: &str, server_name: Option<&str>| Cluster {
        name: name.into(),
        tls: true,
        server_name: server_name.map(Into::into),
        ..cluster(host, server.listen.port())
    };
    let right = tls("right", "localhost", Some("users.example"));
    let wild = tls("wild", "localhost", Some("a.wild.example"));
    let address = tls("address", "127.0.0.1", None);
    let wrong = tls("wrong", "localhost", Some("posts.example"));
    let common_name = tls("common-name", "localhost", Some("ignored.example"));
    let unnamed = tls("unnamed", "localhost", None);
    let plan = plan(vec![
        right.clone(),
        wild.clone(),
        address.clone(),
        wrong.clone(),
        common_name.clone(),
        unnamed.clone(),
    ]);
    let envoy = start(&binary, &folder, &rendered(&plan, &Settings { ca_file: crt.clone(), ..settings() }));
    for (cluster, sni) in [(&right, "users.example"), (&wild, "a.wild.example"), (&address, "")] {
        let response = get(&envoy, cluster);
        assert_eq!((response.status, response.header("x-protocol")), (200, Some("HTTP/2")), "{response:?}");
        assert_eq!(response.header("x-sni").unwrap_or_default(), sni);
    }
    for cluster in [&wrong, &common_name, &unnamed] {
        let response = get(&envoy, cluster);
        assert_eq!((response.status, response.body.as_str()), (503, r#"{"message":"Service Unavailable"}"#));
    }
    // The same backend, and an authority that did not sign its certificate.
    let (other, _) = certificate(&folder, "other", &["users.example"]);
    let envoy = start(&binary, &folder, &rendered(&plan, &Settings { ca_file: other, ..settings() }));
    assert_eq!(get(&envoy, &right).status, 503);
}

#[test]
fn plain_text_backends_speak_what_the_document_says() {
    let binary = envoy::binary();
    let folder = tempfile::tempdir().unwrap();
    let server = backend(&binary, &folder, None);
    let plain = |name: &str, protocol| Cluster {
        name: name.into(),
        protocol,
        ..cluster("127.0.0.1", server.listen.port())
    };
    let clusters = [
        (plain("http1", ProtocolVersion::Http1), "HTTP/1.1"),
        (plain("http2", ProtocolVersion::Http2), "HTTP/2"),
        (plain("grpc", ProtocolVersion::Grpc), "HTTP/2"),
    ];
    let plan = plan(clusters.iter().map(|(cluster, _)| cluster.clone()).collect());
    let envoy = start(&binary, &folder, &rendered(&plan, &settings()));
    for (cluster, protocol) in &clusters {
        assert_eq!(get(&envoy, cluster).header("x-protocol"), Some(*protocol));
    }
}

fn with_credential(backend: &Backend, name: &str, credential: InjectedCredential) -> Cluster {
    Cluster { name: name.into(), credential: Some(credential), ..cluster("127.0.0.1", backend.port()) }
}

fn secret(name: &str, value: &str) -> String {
    let secret = json!({ "resources": [{
        "@type": dynamic::types::SECRET, "name": name, "generic_secret": { "secret": { "inline_string": value } } }] });
    yaml::document(&secret)
}

#[test]
fn the_backend_sees_the_injected_credential() {
    let binary = envoy::binary();
    let prefix = (!envoy::is_oldest(&binary)).then(|| "Bearer ".to_owned());
    let expected = format!("{}t0ken", prefix.as_deref().unwrap_or_default());
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "t0ken").unwrap();
    std::fs::create_dir(folder.path().join("sds")).unwrap();
    std::fs::write(folder.path().join("sds/backend-key.yaml"), secret("backend-key", "k3y")).unwrap();
    let server = Backend::start("users");
    let file = Some(folder.path().join("token").to_str().unwrap().to_owned());
    let from_file = with_credential(
        &server,
        "from-file",
        InjectedCredential { prefix, file, ..InjectedCredential::default() },
    );
    let from_sds = with_credential(
        &server,
        "from-sds",
        InjectedCredential {
            header: Some("x-backend-key".into()),
            sds_secret: Some("backend-key".into()),
            ..InjectedCredential::default()
        },
    );
    let plan = plan(vec![from_file.clone(), from_sds.clone()]);
    assert!(!rendered(&plan, &settings()).to_string().contains("t0ken"), "the secret is in no configuration");
    let settings = Settings { secrets: Some(folder.path().join("sds")), ..settings() };
    let layout = Layout::new(folder.path()).unwrap();
    dynamic::write(&plan, &settings, &layout).unwrap();
    let mut envoys =
        [start(&binary, &folder, &rendered(&plan, &settings)), Envoy::start(&binary, &layout.bootstrap())];
    for envoy in &envoys {
        // The client's own value does not reach the backend.
        let headers = [("x-stub-cluster", "from-file"), ("authorization", "mine")];
        assert_eq!(envoy.get("/", &headers).json()["headers"]["authorization"], expected.as_str());
        assert_eq!(get(envoy, &from_sds).json()["headers"]["x-backend-key"], "k3y");
    }
    // Rotation, by a rename into the watched folder.
    dynamic::replace(&folder.path().join("sds/backend-key.yaml"), &secret("backend-key", "n3w")).unwrap();
    for envoy in &mut envoys {
        envoy.wait("the new key", |envoy| {
            (get(envoy, &from_sds).json()["headers"]["x-backend-key"] == "n3w").then_some(())
        });
    }
}

/// A bootstrap as somebody has it already.
const OWN: &str = r#"
admin: { address: { socket_address: { address: 127.0.0.1, port_value: 0 } } }
static_resources:
  listeners:
  - name: own
    address: { socket_address: { address: 127.0.0.1, port_value: 0 } }
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: own
          route_config:
            virtual_hosts:
            - name: own
              domains: ["*"]
              routes:
              - match: { prefix: / }
                direct_response: { status: 200, body: { inline_string: "own route" } }
          http_filters:
          - name: envoy.filters.http.router
            typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
  clusters: []
"#;

fn merge(into: &mut Value, from: &Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from.clone());
    }
}

#[test]
fn the_filter_alone_fits_into_a_bootstrap_of_ones_own() {
    let binary = envoy::binary();
    let server = Backend::start("users");
    let mut plan = plan(vec![cluster("127.0.0.1", server.port())]);
    plan.envoy_routes = vec!["apis[0].integrations[1]".into()];
    let text = fragment::fragment(&plan, &settings()).yaml();
    let documents: Vec<Value> = serde_yaml_ng::Deserializer::from_str(&text)
        .map(|document| Value::deserialize(document).unwrap())
        .collect();
    assert_eq!(documents.len(), 5);

    let mut own: Value = serde_yaml_ng::from_str(OWN).unwrap();
    let manager =
        own.pointer_mut("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config").unwrap();
    manager["http_filters"].as_array_mut().unwrap().insert(0, documents[0].clone());
    merge(manager, &documents[1]["http_connection_manager"]);
    let host = manager.pointer_mut("/route_config/virtual_hosts/0").unwrap();
    let mut routes = documents[2]["virtual_host"]["routes"].as_array().unwrap().clone();
    routes.append(host["routes"].as_array_mut().unwrap());
    merge(host, &documents[2]["virtual_host"]);
    host["routes"] = routes.into();
    merge(&mut own["static_resources"], &documents[3]["static_resources"]);
    merge(&mut own, &documents[4]);

    let folder = tempfile::tempdir().unwrap();
    let envoy = start(&binary, &folder, &own);
    assert_eq!(get(&envoy, &plan.clusters[0]).json()["backend"], "users");
    assert_eq!(envoy.get("/", &[]).body, r#"{"message":"Not Found"}"#);
    // What the filter lets go without a cluster is the own route's.
    assert_eq!(envoy.get("/", &[("x-stub", "unrouted")]).body, "own route");
    let chosen = [("x-stub", "unrouted"), ("x-sekisho-cluster", plan.clusters[0].name.as_str())];
    assert_eq!(envoy.get("/", &chosen).body, "own route");
}
