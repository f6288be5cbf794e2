//! Why nothing was rendered, and what to do about it.

use super::cluster;
use std::path::PathBuf;

/// Why nothing was rendered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A whole Envoy cannot be rendered for integrations that leave the choice of the backend to existing routes.
    #[error(
        "{}: `connectionType` is `ENVOY_ROUTE`: the backend is chosen by routes that only your own Envoy has",
        at.join(", ")
    )]
    EnvoyRoute {
        /// The integrations.
        at: Vec<String>,
    },
    /// A backend that is Envoy's own admin interface.
    #[error(
        "the backend `{cluster}` is Envoy's admin interface: clients could read its configuration and stop it"
    )]
    Admin {
        /// The cluster.
        cluster: String,
    },
    /// Metrics would be gathered from an interface whose port nobody knows.
    #[error("--metrics-listen: the admin interface has whatever port is free")]
    AdminPort,
    /// A secret is named that no file was given for.
    #[error("the SDS secret `{name}` has no source")]
    Secret {
        /// The secret.
        name: String,
    },
    /// No limit of a rate-limit service is asked for.
    #[error("there is nothing to count for a fleet: no usage plan has a quota of the scope `FLEET`")]
    NoFleetQuota,
    /// Each engine reads a file of its own.
    #[error("the document does not say which engine counts")]
    Engine,
    /// Somebody else changes the folder at this moment.
    #[error("{}: another command is at work in this folder: {who}", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
        /// Who holds it, by its own word.
        who: String,
    },
    /// A mesh cannot give what is asked.
    #[error("{what}")]
    Mesh {
        /// What, and why not.
        what: String,
        /// What else to do.
        help: String,
    },
    /// Traces would go to a cluster that nobody makes.
    #[error("--tracing: the document makes no cluster `{name}` that speaks HTTP/2")]
    Collector {
        /// Its name.
        name: String,
    },
    /// Lines of an access log would go to a cluster that nobody makes.
    #[error("the document makes no cluster `{name}`, which an access log goes to")]
    LogCollector {
        /// Its name.
        name: String,
    },
    /// The settings cannot be written.
    #[error("the settings cannot be written: {source}")]
    Settings {
        /// Why.
        source: serde_json::Error,
    },
}

// === impl Error ===

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::EnvoyRoute { .. } => Some(
                "use `sekisho render --filter`, and put the filter into that Envoy's configuration"
                    .to_owned(),
            ),
            Self::Secret { name } => Some(format!(
                "name the folder that holds `{}` with `--secrets DIR`, or use `file` instead of `sdsSecret`",
                cluster::file_name(name)
            )),
            Self::Admin { .. } => Some("change the integration's URI, or `--admin`".to_owned()),
            Self::AdminPort => Some("name its port with `--admin`".to_owned()),
            Self::Mesh { help, .. } => Some(help.clone()),
            Self::Engine => Some(
                "add `\"engine\": \"limitador\"` or `\"engine\": \"ratelimit\"` to `rateLimitService`"
                    .to_owned(),
            ),
            Self::NoFleetQuota => Some("`\"scope\": \"FLEET\"` in its `quota`".to_owned()),
            Self::Collector { .. } => {
                Some("name the collector by its address: `--tracing http://HOST:PORT`; or let an access log go to it, `\"destination\": \"otlp:http://HOST:PORT\"`, which makes such a cluster".to_owned())
            }
            Self::LogCollector { .. } => Some(
                "name the collector by its address: `\"destination\": \"otlp:http://HOST:PORT\"`".to_owned(),
            ),
            Self::Write { .. } | Self::Busy { .. } | Self::Settings { .. } => None,
        }
    }
}

impl From<Error> for crate::Error {
    fn from(error: Error) -> Self {
        let failed = Self::failed(error.to_string());
        match error.help() {
            Some(help) => failed.help(help),
            None => failed,
        }
    }
}
