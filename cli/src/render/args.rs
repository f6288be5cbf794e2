//! The command line of `sekisho render`.

use super::settings::{SYSTEM_CA_FILE, Settings, TLS_LISTEN, address};
use super::{istio, tracing};
use crate::audit;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Writes the Envoy configuration of a document.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The gateway document; `-` is stdin.
    pub file: String,
    /// Where clients connect.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080", value_parser = address)]
    pub listen: SocketAddr,
    /// Where clients of custom domains with certificates connect.
    #[arg(long, value_name = "HOST:PORT", default_value = TLS_LISTEN, value_parser = address)]
    pub tls_listen: SocketAddr,
    /// Also HTTP/3, on the same port of UDP. Clients are told of it by its number, or by PORT where they reach it at another.
    #[arg(long, value_name = "PORT", num_args = 0..=1, require_equals = true, default_missing_value = "0")]
    pub http3: Option<u16>,
    /// Envoy's admin interface; it must not be reachable by clients.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9901", value_parser = address)]
    pub admin: SocketAddr,
    /// Where metrics are gathered: `GET /stats/prometheus`, and nothing else of the admin interface. Nowhere when absent.
    #[arg(long, value_name = "HOST:PORT", value_parser = address, conflicts_with_all = ["filter", "rate_limits", "istio", "envoy_gateway"])]
    pub metrics_listen: Option<SocketAddr>,
    /// The filter, a path that Envoy can read.
    #[arg(long, value_name = "PATH", default_value = "sekisho.wasm")]
    pub wasm: PathBuf,
    /// File to write; JSON if its name ends in `.json`. Standard output when absent or `-`.
    #[arg(long, value_name = "FILE", conflicts_with = "dynamic")]
    pub out: Option<PathBuf>,
    /// Only the HTTP filter, and the settings that it needs around it, for an Envoy that you configure yourself.
    #[arg(long, conflicts_with = "dynamic")]
    pub filter: bool,
    /// Only the limits of the rate-limit service that counts quotas of the scope `FLEET`, as its engine reads them: Limitador
    /// or envoyproxy/ratelimit, whichever the document's `rateLimitService.engine` names.
    #[arg(long, conflicts_with_all = ["filter", "dynamic"])]
    pub rate_limits: bool,
    /// A folder of files that a running Envoy watches; `sekisho apply` changes them.
    #[arg(long, value_name = "DIR")]
    pub dynamic: Option<PathBuf>,
    /// Certificate authorities that backends' certificates are checked against.
    #[arg(long, value_name = "FILE", default_value = SYSTEM_CA_FILE)]
    pub ca_file: PathBuf,
    /// Folder of SDS files (`NAME.yaml`) for the document's `sdsSecret` names.
    #[arg(long, value_name = "DIR")]
    pub secrets: Option<PathBuf>,
    /// Envoy refuses work before its heap is larger than this.
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    pub max_heap_mib: u64,
    /// Client connections at a time.
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    pub max_connections: u64,
    /// What one client connection may make Envoy hold. Envoy 1.36 needs the largest body that the filter must have whole
    /// here; later ones take it from the routes.
    #[arg(long, value_name = "KIB", default_value_t = 64)]
    pub connection_buffer_kib: u32,
    /// Asks no issuer of JWT authorizers where its keys are. An issuer with its keys on another host then needs `jwksHosts`
    /// in the document.
    #[arg(long)]
    pub offline: bool,
    /// Prints each request as a JSON line on Envoy's standard output.
    #[arg(long)]
    pub access_log: bool,
    /// MaxMind database of countries, or of cities, for what web ACLs ask of clients' countries; a path that Envoy can read. Its
    /// filter is of Envoy 1.37 and later.
    #[arg(long, value_name = "FILE")]
    pub geoip_db: Option<PathBuf>,
    /// MaxMind database of autonomous systems, likewise.
    #[arg(long, value_name = "FILE")]
    pub geoip_asn_db: Option<PathBuf>,
    /// File of the logs of web ACLs with a logging configuration. Envoy's standard output when absent.
    #[arg(long, value_name = "FILE")]
    pub waf_log: Option<PathBuf>,
    /// Manifests for a mesh.
    #[command(flatten, next_help_heading = "Meshes")]
    pub mesh: istio::Args,
    /// File of the execution logs of REST APIs with a `loggingLevel`. Envoy's standard output when absent.
    #[arg(long, value_name = "FILE")]
    pub execution_log: Option<PathBuf>,
    /// Who takes traces by OpenTelemetry: `otlp:CLUSTER`, a cluster of the document, by gRPC; or `http://HOST:PORT`, by HTTP in
    /// plain text. Without it W3C's `traceparent` passes as it came.
    #[arg(long, value_name = "COLLECTOR", value_parser = tracing::collector, conflicts_with_all = ["filter", "rate_limits", "istio", "envoy_gateway"])]
    pub tracing: Option<tracing::Collector>,
    /// How many requests are traced of those without a trace of their own, in percent.
    #[arg(long, value_name = "PERCENT", default_value = "5", value_parser = tracing::per_million, requires = "tracing")]
    pub tracing_sampling: u32,
    /// Who is told of the files that are written.
    #[command(flatten)]
    pub audit: audit::Args,
}

const EXAMPLES: &str = "\
Examples:
  sekisho render gateway.json --out envoy.yaml
  sekisho render gateway.json --dynamic /etc/sekisho
  sekisho render gateway.json --tls-listen 0.0.0.0:8443 --http3=443
  sekisho render --filter gateway.json
  sekisho render --istio gateway.json --module oci://registry.example/sekisho@sha256:… --out istio.yaml
  sekisho render --rate-limits gateway.json --out limits.yaml";

// === impl Args ===

impl Args {
    /// What it says of Envoy.
    pub(super) fn settings(&self) -> Settings {
        Settings {
            listen: self.listen,
            tls_listen: self.tls_listen,
            http3: self.http3,
            admin: self.admin,
            metrics_listen: self.metrics_listen,
            wasm: self.wasm.clone(),
            ca_file: self.ca_file.clone(),
            secrets: self.secrets.clone(),
            max_heap_mib: self.max_heap_mib,
            max_connections: self.max_connections,
            connection_buffer_kib: self.connection_buffer_kib,
            access_log: self.access_log,
            geoip_db: self.geoip_db.clone(),
            geoip_asn_db: self.geoip_asn_db.clone(),
            waf_log: self.waf_log.clone(),
            execution_log: self.execution_log.clone(),
            tracing: self
                .tracing
                .clone()
                .map(|collector| tracing::Tracing { collector, sampled_per_million: self.tracing_sampling }),
        }
    }
}
