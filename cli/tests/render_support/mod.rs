//! What the tests of `render` and `apply` share: Envoy, the stand-in filter, backends and requests.
#![allow(dead_code, unreachable_pub)]

pub mod backend;
pub mod client;
pub mod envoy;

use sekisho::gateway::clusters::Cluster;
use sekisho::gateway::config::ProtocolVersion;
use sekisho_cli::render::{Plan, Settings};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A plan whose document mentions the clusters, as one that was compiled does.
pub fn plan(clusters: Vec<Cluster>) -> Plan {
    let names: Vec<&str> = clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    Plan {
        document: serde_json::json!({ "integrations": names }).to_string(),
        gateway_id: "default".into(),
        trusted_hops: 0,
        payload_bytes: 10_485_760,
        header_bytes: 20_480,
        url_bytes: 10_240,
        client_cert: false,
        environment: Vec::new(),
        clusters,
        forwarded_proto: false,
        envoy_routes: Vec::new(),
        software_signatures: false,
        rate_limits: sekisho_cli::render::rate_limits::RateLimits::default(),
        tls: sekisho_cli::render::tls::Tls::default(),
        access_logs: Vec::new(),
        execution_log: false,
        waf_log: false,
    }
}

/// A plain-text cluster as the compiler names it.
pub fn cluster(host: &str, port: u16) -> Cluster {
    Cluster {
        name: format!("http://{host}:{port}"),
        tls: false,
        host: host.into(),
        port,
        protocol: ProtocolVersion::Http1,
        server_name: None,
        health_check: None,
        credential: None,
        signing: None,
    }
}

/// Settings with free ports and the stand-in filter.
pub fn settings() -> Settings {
    let any = ([127, 0, 0, 1], 0).into();
    Settings { access_log: true, ..Settings::new(any, any, stub_wasm()) }
}

/// The stand-in filter, compiled once for each test program.
pub fn stub_wasm() -> PathBuf {
    static WASM: OnceLock<PathBuf> = OnceLock::new();
    WASM.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/render_support/stub_filter.rs");
        let wasm = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("stub-{}.wasm", std::process::id()));
        let status = Command::new(std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into()))
            .args(["--edition", "2024", "-O", "-C", "panic=abort", "-C", "strip=symbols"])
            .args(["--target", "wasm32-wasip1", "--crate-type", "cdylib", "-o"])
            .args([&wasm, &source])
            .status()
            .expect("rustc runs");
        assert!(status.success(), "the stand-in filter compiles");
        wasm
    })
    .clone()
}
