//! A real Envoy on free ports, stopped when it is dropped.

use super::client;
use sekisho_cli::toolchain::{self, ENVOY_VERSION};
use sekisho_cli::ui::Ui;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The Envoy to test with, as the command finds or installs it; `$SEKISHO_ENVOY_VERSION` names another version.
pub fn binary() -> PathBuf {
    let wanted = std::env::var("SEKISHO_ENVOY_VERSION").unwrap_or_else(|_| ENVOY_VERSION.to_owned());
    toolchain::envoy(&Ui::new(), &wanted).expect("Envoy is there, or can be installed")
}

/// Whether it is Envoy 1.36, the oldest that is supported.
pub fn is_oldest(binary: &Path) -> bool {
    let output = Command::new(binary).arg("--version").output().expect("envoy runs");
    String::from_utf8_lossy(&output.stdout).contains("/1.36.")
}

/// Runs `envoy --mode validate`.
pub fn validate(binary: &Path, bootstrap: &Path) -> Output {
    Command::new(binary)
        .args(["--mode", "validate", "--log-level", "warning", "-c"])
        .arg(bootstrap)
        .output()
        .expect("envoy runs")
}

pub struct Envoy {
    child: Child,
    pub admin: SocketAddr,
    pub listen: SocketAddr,
    pub log: PathBuf,
    pub _folder: tempfile::TempDir,
}

impl Envoy {
    /// Starts Envoy and waits until it serves.
    pub fn start(binary: &Path, bootstrap: &Path) -> Self {
        Self::start_with(binary, bootstrap, &["--drain-time-s", "1"])
    }

    /// The same, with options of its command line.
    pub fn start_with(binary: &Path, bootstrap: &Path, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("envoy.log");
        let admin_path = folder.path().join("admin");
        let out = std::fs::File::create(&log).unwrap();
        let child = Command::new(binary)
            .args(["--concurrency", "2", "--use-dynamic-base-id", "--log-level", "warning"])
            .args(options)
            .args(["--file-flush-interval-msec", "50", "-c"])
            .arg(bootstrap)
            .arg("--admin-address-path")
            .arg(&admin_path)
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .stdin(Stdio::null())
            .spawn()
            .expect("envoy starts");
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut envoy = Self { child, admin: any, listen: any, log, _folder: folder };
        envoy.admin =
            envoy.wait("an admin address", |_| std::fs::read_to_string(&admin_path).ok()?.parse().ok());
        envoy.listen =
            envoy.wait("a listener", |envoy| envoy.listening("sekisho").or_else(|| envoy.first_listening()));
        envoy
            .wait("readiness", |envoy| (client::get(envoy.admin, "/ready", &[]).status == 200).then_some(()));
        envoy
    }

    /// Polls until there is something.
    pub fn wait<T>(&mut self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let deadline = Instant::now() + Duration::from_secs(40);
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("Envoy ended ({status}) before {what}:\n{}", self.log());
            }
            assert!(Instant::now() < deadline, "no {what} in time:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Where the listener of a name is.
    pub fn listening(&self, name: &str) -> Option<SocketAddr> {
        self.listener(|listener| listener["name"] == name)
    }

    /// Where the first one is: that of an Envoy which is none of ours.
    fn first_listening(&self) -> Option<SocketAddr> {
        self.listener(|_| true)
    }

    fn listener(&self, is_it: impl Fn(&Value) -> bool) -> Option<SocketAddr> {
        let listeners = self.admin_json("/listeners?format=json");
        let listener = listeners["listener_statuses"].as_array()?.iter().find(|listener| is_it(listener))?;
        let address = listener.pointer("/local_address/socket_address")?;
        let port = u16::try_from(address["port_value"].as_u64()?).ok()?;
        Some(SocketAddr::new(address["address"].as_str()?.parse().ok()?, port))
    }

    pub fn admin_json(&self, path: &str) -> Value {
        let response = client::try_get(self.admin, path, &[]);
        response.and_then(|r| serde_json::from_str(&r.body).ok()).unwrap_or(Value::Null)
    }

    /// One counter or gauge.
    pub fn stat(&self, name: &str) -> u64 {
        let stats =
            client::get(self.admin, &format!("/stats?filter=^{}$", name.replace('.', "\\.")), &[]).body;
        stats.rsplit_once(": ").and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0)
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> client::Response {
        client::get(self.listen, path, headers)
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("Envoy's log:\n{}", self.log());
        }
    }
}
