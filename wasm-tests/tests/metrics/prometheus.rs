//! A real Prometheus that scrapes a gateway.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;
use wasm_tests::{Gateway, Running, eventually, raw};

/// The program, and the Debian package that has it and `promtool`.
const PROGRAM: &str = "prometheus";

/// A running Prometheus.
pub struct Prometheus {
    _process: Running,
    _folder: TempDir,
    address: SocketAddr,
}

/// The folder of the product's own configuration.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../envoy/observability").canonicalize().unwrap()
}

impl Prometheus {
    /// Starts one with the configuration of `envoy/observability`, which scrapes this gateway, and each second.
    pub async fn start(gateway: &Gateway) -> Self {
        let written = fs::read_to_string(folder().join("prometheus.yml")).unwrap();
        let here = [
            ("127.0.0.1:9901", gateway.admin_address().to_string()),
            ("scrape_interval: 15s", "scrape_interval: 1s".to_owned()),
            ("evaluation_interval: 15s", "evaluation_interval: 1s".to_owned()),
            ("alerts.yml", folder().join("alerts.yml").display().to_string()),
        ];
        let text = here.iter().fold(written, |text, (there, here)| {
            assert!(text.contains(there), "{there}");
            text.replace(there, here)
        });
        let folder = tempfile::tempdir().unwrap();
        let (config, log) = (folder.path().join("prometheus.yml"), folder.path().join("log"));
        fs::write(&config, text).unwrap();
        let child = Command::new(PROGRAM)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .args(["--web.listen-address=127.0.0.1:0", "--storage.tsdb.retention.time=1h"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut process = Running(child);
        let address = eventually("Prometheus listens", async || {
            let said = fs::read_to_string(&log).unwrap_or_default();
            assert!(process.0.try_wait().unwrap().is_none(), "{said}");
            let line = said.lines().find(|line| line.contains("\"Listening on\""))?;
            let address: SocketAddr = line.split("address=").nth(1)?.trim().parse().ok()?;
            let ready = raw::get(address, "/-/ready").await.ok()?;
            (ready.status == 200).then_some(address)
        })
        .await;
        Self { _process: process, _folder: folder, address }
    }

    /// What it answers to a query, now.
    ///
    /// # Errors
    /// What it has against the query.
    pub async fn query(&self, query: &str) -> Result<Vec<(BTreeMap<String, String>, f64)>, String> {
        let query = utf8_percent_encode(query, NON_ALPHANUMERIC);
        let answer = raw::get(self.address, &format!("/api/v1/query?query={query}")).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        if answer["status"] != "success" {
            return Err(answer["error"].to_string());
        }
        let samples = answer["data"]["result"].as_array().unwrap().iter();
        let sample = |sample: &Value| {
            let labels = serde_json::from_value(sample["metric"].clone()).unwrap();
            (labels, sample["value"][1].as_str().unwrap().parse().unwrap())
        };
        Ok(samples.map(sample).collect())
    }

    /// The number that a query gives, once it is this one: it is scraped each second.
    pub async fn gives(&self, query: &str, expected: f64) {
        eventually(query, async || {
            let found = self.query(query).await.unwrap_or_else(|problem| panic!("{query}: {problem}"));
            match found.as_slice() {
                [(_, number)] if *number == expected => Some(()),
                _ => None,
            }
        })
        .await;
    }

    /// Alerts that fire or are about to.
    pub async fn alerts(&self) -> Vec<String> {
        let answer = raw::get(self.address, "/api/v1/alerts").await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        let alerts = answer["data"]["alerts"].as_array().unwrap().iter();
        alerts.map(|alert| alert["labels"]["alertname"].as_str().unwrap().to_owned()).collect()
    }
}

/// What `promtool` says, and whether it is content.
pub fn promtool(arguments: &[&str], stdin: &[u8]) -> (bool, String) {
    use std::io::Write;
    let mut child = Command::new("promtool")
        .args(arguments)
        .current_dir(folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}
