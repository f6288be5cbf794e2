//! A running Envoy.

use crate::backend::Backend;
use crate::bootstrap::{Hosts, STAT_PREFIX, Source, bootstrap, probe_bootstrap};
use crate::{eventually, raw, toolchain};
use sekisho_cases::sigv4;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How a gateway is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Worker threads.
    pub concurrency: u32,
    /// Envoy's version; any that is there when absent.
    pub envoy_version: Option<String>,
    /// Who writes the bootstrap.
    pub bootstrap: Source,
    /// Places of hosts other than the backend; every other `….test` is the backend.
    pub hosts: BTreeMap<String, SocketAddr>,
    /// Certificate authorities that backends are checked against, in the place of the machine's.
    pub ca_file: Option<PathBuf>,
    /// `--connection-buffer-kib` of a rendered gateway, in the place of its default.
    pub connection_buffer_kib: Option<u32>,
    /// Where a rendered gateway listens.
    pub listen: SocketAddr,
    /// Time for a client to send its headers, in the place of the bootstrap's.
    pub request_headers_timeout: Option<Duration>,
    /// Time for a client to send all of a request, in the place of the bootstrap's.
    pub request_timeout: Option<Duration>,
    /// Headers that Envoy lets through to the filter, in the place of the bootstrap's, and 1 MiB of them.
    pub max_headers_count: Option<u32>,
    /// Variables of Envoy's environment, beside those of the test.
    pub environment: BTreeMap<String, String>,
    /// TLS of the listener: a `DownstreamTlsContext`.
    pub tls: Option<Value>,
    /// `forward_client_cert_details`, in the place of the bootstrap's.
    pub forward_client_cert: Option<&'static str>,
    /// How much the filter may log.
    pub wasm_log: &'static str,
    /// Connections and requests of each cluster that Envoy lets be under way, in the place of the bootstrap's.
    pub circuit_breakers: Option<u32>,
    /// `--http3` of a rendered gateway: the port that is announced.
    pub http3: Option<u16>,
    /// No TLS at a rendered gateway, for a document whose certificates are not here.
    pub plain_only: bool,
    /// The default filter, for a document that needs the one with `software-signatures` too.
    pub default_module: bool,
    /// `--geoip-db` of a rendered gateway.
    pub geoip_db: Option<PathBuf>,
    /// `--geoip-asn-db` of a rendered gateway.
    pub geoip_asn_db: Option<PathBuf>,
    /// `--waf-log` of a rendered gateway.
    pub waf_log: Option<PathBuf>,
    /// The listener that clients connect to, of a bootstrap that is there already.
    pub listener: &'static str,
    /// `--execution-log` of a rendered gateway.
    pub execution_log: Option<PathBuf>,
    /// The collector of `--tracing otlp:CLUSTER` of a rendered gateway, to which its document logs too. Every request is sampled.
    pub tracing: Option<SocketAddr>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            concurrency: 1,
            envoy_version: None,
            bootstrap: Source::default(),
            hosts: BTreeMap::new(),
            ca_file: None,
            connection_buffer_kib: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            request_headers_timeout: None,
            request_timeout: None,
            max_headers_count: None,
            environment: BTreeMap::new(),
            tls: None,
            forward_client_cert: None,
            wasm_log: "info",
            circuit_breakers: None,
            http3: None,
            plain_only: false,
            default_module: false,
            geoip_db: None,
            geoip_asn_db: None,
            waf_log: None,
            listener: PLAIN,
            execution_log: None,
            tracing: None,
        }
    }
}

/// How the probe is run.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Worker threads.
    pub concurrency: u32,
    /// Its document; one with `refuse` in it is refused.
    pub document: String,
    /// How long a stream may say nothing.
    pub stream_idle_timeout: Duration,
    /// How long a backend may take.
    pub route_timeout: Duration,
    /// The route's `request_body_buffer_limit`.
    pub body_buffer_bytes: Option<u32>,
    /// The plugin's `allow_on_headers_stop_iteration`.
    pub stop_iteration: bool,
}

impl Default for Probe {
    fn default() -> Self {
        Self {
            concurrency: 1,
            document: "probe".to_owned(),
            stream_idle_timeout: Duration::from_secs(60),
            route_timeout: Duration::from_secs(30),
            body_buffer_bytes: None,
            stop_iteration: true,
        }
    }
}

/// A running Envoy. Dropped, it is stopped; if the test failed, its log is printed.
#[derive(Debug)]
pub struct Gateway {
    process: Running,
    folder: TempDir,
    address: SocketAddr,
    admin: SocketAddr,
    workers: u32,
}

impl Gateway {
    /// Starts Envoy with a document, and waits until it listens.
    ///
    /// # Panics
    /// If it does not: the message has the reason and Envoy's log.
    pub async fn start(document: &Value, backend: &Backend, options: Options) -> Self {
        Self::try_start(document, backend, options).await.unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// Starts Envoy with a document, and waits until it listens.
    ///
    /// # Errors
    /// Why it does not, with Envoy's log.
    pub async fn try_start(document: &Value, backend: &Backend, options: Options) -> Result<Self, String> {
        let hosts = Hosts { backend: backend.address(), others: options.hosts.clone() };
        let bootstrap = bootstrap(document, &hosts, &options)?;
        Self::launch(&bootstrap, &options).await
    }

    /// Starts Envoy with the probe's module in the filter's place, and waits until it listens. Callouts go to cluster
    /// `callout`; clusters `dead` and `empty` have a host that refuses connections, and none.
    ///
    /// # Panics
    /// If it does not: the message has the reason and Envoy's log.
    pub async fn start_probe(backend: &Backend, callout: &Backend, probe: &Probe) -> Self {
        Self::try_start_probe(backend, callout, probe).await.unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// The same.
    ///
    /// # Errors
    /// Why it does not listen, with Envoy's log.
    pub async fn try_start_probe(
        backend: &Backend,
        callout: &Backend,
        probe: &Probe,
    ) -> Result<Self, String> {
        let options = Options { concurrency: probe.concurrency, ..Options::default() };
        Self::launch(&probe_bootstrap(backend.address(), callout.address(), probe), &options).await
    }

    async fn launch(bootstrap: &Value, options: &Options) -> Result<Self, String> {
        let folder = temporary_folder();
        let file = folder.path().join("envoy.json");
        fs::write(&file, format!("{bootstrap:#}")).expect("the temporary folder can be written to");
        Self::run(&file, folder, options).await
    }

    /// Starts Envoy with a bootstrap that is there; the folder stays as long as it runs.
    ///
    /// # Errors
    /// Why it does not listen, with Envoy's log.
    pub async fn run(bootstrap: &Path, folder: TempDir, options: &Options) -> Result<Self, String> {
        let envoy = toolchain::envoy(options.envoy_version.as_deref());
        let log =
            File::create(folder.path().join("envoy.log")).expect("the temporary folder can be written to");
        let printed =
            File::create(folder.path().join("envoy.out")).expect("the temporary folder can be written to");
        let told = folder.path().join("admin");
        let child = Command::new(&envoy)
            .arg("--config-path")
            .arg(bootstrap)
            .arg("--admin-address-path")
            .arg(&told)
            .args(["--concurrency", &options.concurrency.to_string()])
            .args(["--disable-hot-restart", "--log-level", "warning"])
            // Files of logs are read while it runs.
            .args(["--file-flush-interval-msec", "50"])
            .args(["--component-log-level", &format!("wasm:{}", options.wasm_log)])
            .envs(&options.environment)
            .env(sigv4::SECRET_VARIABLE, sigv4::SECRET)
            .env(sigv4::TOKEN_VARIABLE, sigv4::TOKEN)
            .env("SEKISHO_TEST_SHORT_SECRET", "too short")
            .stdin(Stdio::null())
            .stdout(printed)
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", envoy.display()));
        let mut process = Running(child);
        let ready = eventually("Envoy listens", async || {
            if let Some(status) = process.0.try_wait().expect("a child can be waited for") {
                return Some(Err(format!("Envoy ended with {status}")));
            }
            let admin: SocketAddr = fs::read_to_string(&told).ok()?.trim().parse().ok()?;
            let ready = raw::get(admin, "/ready").await.ok()?;
            if ready.body.trim_ascii() != b"LIVE" {
                return None;
            }
            let address = listener(admin, options.listener).await?;
            Some(Ok((admin, address)))
        })
        .await;
        let (admin, address) = match ready {
            Ok(addresses) => addresses,
            Err(problem) => {
                let log = fs::read_to_string(folder.path().join("envoy.log")).unwrap_or_default();
                return Err(format!("{problem}\n{}", tail(&log)));
            }
        };
        Ok(Self { process, folder, address, admin, workers: options.concurrency })
    }

    /// Where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where clients of custom domains connect: the listener of a name, as soon as it is there.
    pub async fn listener(&self, name: &str) -> SocketAddr {
        eventually("Envoy listens", async || listener(self.admin, name).await).await
    }

    /// How many worker threads it has.
    #[must_use]
    pub fn workers(&self) -> u32 {
        self.workers
    }

    /// Where the admin interface is.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        self.admin
    }

    /// Envoy's process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.0.id()
    }

    /// A counter or gauge; 0 if there is none of the name.
    pub async fn admin_stat(&self, name: &str) -> u64 {
        let text = self.admin(&format!("/stats?filter=^{}$", name.replace('.', "\\."))).await;
        let value =
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned);
        value.map_or(0, |value| value.trim().parse().expect("a counter is a number"))
    }

    /// Answers that came from the clusters whose names have this in them, with `_` for `:`.
    pub async fn upstream_answers(&self, cluster: &str) -> u64 {
        let stats = self.admin(&format!("/stats?filter={cluster}.*\\.upstream_rq_completed$")).await;
        // Envoy counts each answer twice: once for all, once for where the question came from.
        let all = stats.lines().filter(|line| !line.contains(".internal.") && !line.contains(".external."));
        all.filter_map(|line| line.rsplit(' ').next()?.trim().parse::<u64>().ok()).sum()
    }

    /// A counter or gauge of the connection manager, such as `downstream_rq_4xx`.
    pub async fn http_stat(&self, name: &str) -> u64 {
        self.admin_stat(&format!("http.{STAT_PREFIX}.{name}")).await
    }

    /// Whether this Envoy ignores `request_body_buffer_limit` of routes: 1.36 does.
    pub async fn ignores_body_buffer_limits(&self) -> bool {
        self.admin("/server_info").await.contains("/1.36.")
    }

    /// The text of an admin page.
    pub async fn admin(&self, path: &str) -> String {
        let response = raw::get(self.admin, path).await.expect("the admin interface answers");
        String::from_utf8_lossy(&response.body).into_owned()
    }

    /// Envoy's resident memory in bytes.
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("Envoy runs on Linux");
        let line =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux tells the memory");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("the memory is a number") * 1024
    }

    /// The last lines that Envoy wrote.
    #[must_use]
    pub fn log(&self) -> String {
        tail(&self.whole_log())
    }

    /// What Envoy wrote to its standard output.
    #[must_use]
    pub fn printed(&self) -> String {
        fs::read_to_string(self.folder.path().join("envoy.out")).unwrap_or_default()
    }

    /// All that Envoy wrote.
    #[must_use]
    pub fn whole_log(&self) -> String {
        let log = fs::read(self.folder.path().join("envoy.log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Asserts that the filter's VM never died.
    ///
    /// # Panics
    /// If it did.
    pub async fn assert_no_panic(&self) {
        let crashes = self.admin("/stats?filter=wasm.*(vm_reload|crash|vm_failed)").await;
        let crashed: Vec<_> = crashes.lines().filter(|line| !line.ends_with(": 0")).collect();
        assert!(crashed.is_empty(), "the filter's VM died: {crashed:?}\n{}", self.log());
        assert!(!self.log().contains("panicked at"), "the filter panicked\n{}", self.log());
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- Envoy's log\n{}\n---", self.log());
        }
    }
}

/// A folder that goes with what it was made for.
pub(crate) fn temporary_folder() -> TempDir {
    tempfile::Builder::new().prefix("sekisho-").tempdir().expect("a temporary folder can be made")
}

/// A process that ends when nobody has it any more.
#[derive(Debug)]
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The plain listener's name, in every bootstrap.
pub(crate) const PLAIN: &str = "sekisho";

async fn listener(admin: SocketAddr, name: &str) -> Option<SocketAddr> {
    let listeners: Value =
        serde_json::from_slice(&raw::get(admin, "/listeners?format=json").await.ok()?.body).ok()?;
    let listener = listeners["listener_statuses"].as_array()?.iter().find(|it| it["name"] == name)?;
    let socket = listener.pointer("/local_address/socket_address")?;
    let port = u16::try_from(socket.get("port_value")?.as_u64()?).ok()?;
    Some(SocketAddr::new(socket.get("address")?.as_str()?.parse().ok()?, port))
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}
