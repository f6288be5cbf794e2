//! Envoy's admin interface: what it has taken, what it refused, what is still in flight.

use super::Error;
use crate::hash_key::{PREFIX, hash};
use crate::render::{filter, listener, route};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Time between two questions to Envoy.
pub(super) const POLL: Duration = Duration::from_millis(50);
/// For Envoy to take a connection.
const CONNECTING: Duration = Duration::from_secs(5);
/// For Envoy to answer: its main thread does, which may be reading a document of many megabytes.
const ANSWERING: Duration = Duration::from_secs(30);
/// For Envoy to read an old file again.
const TAKING_BACK: Duration = Duration::from_secs(5);

/// A running Envoy.
#[derive(Debug)]
pub struct Admin {
    address: SocketAddr,
    agent: ureq::Agent,
}

/// One kind of configuration, by the statistics that tell about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Clusters.
    Clusters,
    /// The filter.
    Filter,
    /// Routes.
    Routes,
    /// The listeners.
    Listener,
}

/// What Envoy says about one kind of configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// The version in use.
    pub version: String,
    /// Updates refused so far.
    pub refused: u64,
    /// Updates that all workers have taken so far; counted for the filter only.
    pub reloads: u64,
    /// Resources that are not ready yet.
    pub warming: u64,
}

// === impl Kind ===

impl Kind {
    /// For messages.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::Clusters => "the clusters",
            Self::Filter => "the filter's document",
            Self::Routes => "the routes",
            Self::Listener => "the listeners",
        }
    }

    fn prefix(self) -> String {
        match self {
            Self::Clusters => "cluster_manager.cds".to_owned(),
            Self::Filter => format!("extension_config_discovery.http_filter.{}", filter::NAME),
            Self::Routes => format!("http.{}.rds.{}", listener::STAT_PREFIX, route::NAME),
            Self::Listener => "listener_manager.lds".to_owned(),
        }
    }

    fn warming(self) -> Option<&'static str> {
        match self {
            Self::Clusters => Some("cluster_manager.warming_clusters"),
            Self::Listener => Some("listener_manager.total_listeners_warming"),
            Self::Filter | Self::Routes => None,
        }
    }
}

// === impl Admin ===

impl Admin {
    /// The Envoy whose admin interface is at an address.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_connect(Some(CONNECTING))
            .timeout_global(Some(ANSWERING))
            .proxy(None)
            .build();
        Self { address, agent: config.into() }
    }

    /// What Envoy says about one kind of configuration.
    ///
    /// # Errors
    /// Envoy does not answer.
    pub fn status(&self, kind: Kind) -> Result<Status, Error> {
        let prefix = kind.prefix();
        let pattern = regex_literal(&prefix);
        let mut filter = format!("^{pattern}\\.(version_text|update_rejected|config_fail|config_reload)$");
        if let Some(name) = kind.warming() {
            filter = format!("{filter}|^{}$", regex_literal(name));
        }
        let stats = self.stats(&filter)?;
        let number = |name: &str| stats.get(name).and_then(Value::as_u64).unwrap_or(0);
        let of = |name: &str| number(&format!("{prefix}.{name}"));
        Ok(Status {
            version: stats
                .get(&format!("{prefix}.version_text"))
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            refused: of("update_rejected").saturating_add(of("config_fail")),
            reloads: of("config_reload"),
            warming: kind.warming().map_or(0, number),
        })
    }

    /// The digest of the document that Envoy runs. None if it does not answer, or runs none, or cannot tell: somebody wrote
    /// another document under the old version, and Envoy has refused documents.
    #[must_use]
    pub fn digest(&self) -> Option<String> {
        let dump = self.json("/config_dump?resource=ecds_filters").ok()?;
        let filters = dump.get("configs")?.as_array()?;
        let name = |it: &Value| it.pointer("/ecds_filter/name").and_then(Value::as_str) == Some(filter::NAME);
        let given = filters.iter().find(|it| name(it))?;
        let version = given.get("version_info").and_then(Value::as_str).unwrap_or_default();
        let document = given.get("ecds_filter")?.pointer(filter::DOCUMENT)?.as_str()?;
        running(version, hash(document), &self.status(Kind::Filter).ok()?)
    }

    /// The same, after Envoy was given an old file back: it is given some time to read it.
    #[must_use]
    pub fn digest_again(&self, old: Option<&str>) -> Option<String> {
        let deadline = Instant::now() + TAKING_BACK;
        loop {
            let now = self.digest();
            if now.as_deref() == old || now.is_none() || Instant::now() >= deadline {
                return now;
            }
            std::thread::sleep(POLL);
        }
    }

    /// Why Envoy refused the last update, behind a line feed, where it remembers.
    #[must_use]
    pub fn refusal(&self, kind: Kind) -> String {
        let resource = match kind {
            Kind::Clusters => "dynamic_warming_clusters",
            Kind::Filter => "ecds_filters",
            Kind::Routes => "dynamic_route_configs",
            Kind::Listener => "dynamic_listeners",
        };
        let dump = self.json(&format!("/config_dump?resource={resource}")).unwrap_or(Value::Null);
        let configs = dump.get("configs").and_then(Value::as_array).into_iter().flatten();
        configs
            .filter_map(|it| it.pointer("/error_state/details").and_then(Value::as_str))
            .fold(String::new(), |all, details| all + "\n  " + details)
    }

    /// Client requests in flight.
    ///
    /// # Errors
    /// Envoy does not answer.
    pub fn client_requests(&self) -> Result<u64, Error> {
        self.of_listener("downstream_rq_active")
    }

    /// Connections of clients.
    ///
    /// # Errors
    /// Envoy does not answer.
    pub fn client_connections(&self) -> Result<u64, Error> {
        self.of_listener("downstream_cx_active")
    }

    fn of_listener(&self, gauge: &str) -> Result<u64, Error> {
        let name = format!("http.{}.{gauge}", listener::STAT_PREFIX);
        let stats = self.stats(&format!("^{}$", regex_literal(&name)))?;
        Ok(stats.get(&name).and_then(Value::as_u64).unwrap_or(0))
    }

    /// Requests in flight by cluster.
    ///
    /// # Errors
    /// Envoy does not answer.
    pub fn backend_requests(&self) -> Result<BTreeMap<String, u64>, Error> {
        let clusters = self.json("/clusters?format=json")?;
        let statuses = clusters.get("cluster_statuses").and_then(Value::as_array).into_iter().flatten();
        Ok(statuses
            .filter_map(|status| {
                let name = status.get("name")?.as_str()?.to_owned();
                let hosts = status.get("host_statuses").and_then(Value::as_array).into_iter().flatten();
                Some((name, hosts.map(active_requests).sum()))
            })
            .collect())
    }

    /// Statistics whose names match a regular expression, by name.
    ///
    /// # Errors
    /// Envoy does not answer.
    pub fn stats(&self, filter: &str) -> Result<BTreeMap<String, Value>, Error> {
        let stats = self.json(&format!("/stats?format=json&filter={}", escape(filter)))?;
        let stats = stats.get("stats").and_then(Value::as_array).into_iter().flatten();
        Ok(stats
            .filter_map(|it| Some((it.get("name")?.as_str()?.to_owned(), it.get("value")?.clone())))
            .collect())
    }

    fn json(&self, path: &str) -> Result<Value, Error> {
        let failed = |why: String| Error::Admin { admin: self.address, why };
        let mut response = self
            .agent
            .get(format!("http://{}{path}", self.address))
            .call()
            .map_err(|error| failed(error.to_string()))?;
        let body = response.body_mut().with_config().limit(1 << 30).read_to_vec();
        let body = body.map_err(|error| failed(error.to_string()))?;
        serde_json::from_slice(&body).map_err(|error| failed(format!("{path}: {error}")))
    }
}

/// What Envoy runs, by what it was given last and what it has taken. What it was given last it may have refused.
fn running(version: &str, digest: String, taken: &Status) -> Option<String> {
    let told = taken.version.find(PREFIX).and_then(|at| taken.version.get(at..));
    if taken.refused == 0 || told == Some(&digest) {
        return Some(digest);
    }
    // The version of what it was given is another one: that is not what it has taken.
    told.filter(|_| version != taken.version).map(str::to_owned)
}

fn active_requests(host: &Value) -> u64 {
    let stats = host.get("stats").and_then(Value::as_array).into_iter().flatten();
    stats
        .filter(|it| it.get("name").and_then(Value::as_str) == Some("rq_active"))
        // Envoy prints 64-bit numbers as strings, and leaves a zero out.
        .filter_map(|it| it.get("value")?.as_str()?.parse::<u64>().ok())
        .sum()
}

fn regex_literal(text: &str) -> String {
    text.replace('.', "\\.")
}

fn escape(query: &str) -> String {
    query.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::{Status, running};

    #[test]
    fn what_was_given_last_is_not_always_what_runs() {
        let taken = |refused| Status { version: "1-sha256:a".into(), refused, ..Status::default() };
        let runs = |version, digest: &str, refused| running(version, digest.to_owned(), &taken(refused));
        assert_eq!(runs("1-sha256:a", "sha256:a", 0).unwrap(), "sha256:a");
        assert_eq!(runs("1-sha256:a", "sha256:a", 7).unwrap(), "sha256:a");
        assert_eq!(runs("1-sha256:a", "sha256:b", 0).unwrap(), "sha256:b", "edited by hand, and taken");
        assert_eq!(runs("2-sha256:b", "sha256:b", 1).unwrap(), "sha256:a", "refused");
        assert_eq!(runs("1-sha256:a", "sha256:b", 1), None, "edited by hand, and taken or not");
        let old = Status { version: "1".into(), refused: 1, ..Status::default() };
        assert_eq!(running("1", "sha256:a".into(), &old), None, "written by an older command");
    }
}
