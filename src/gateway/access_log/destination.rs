//! Where lines go.

use sha2::{Digest, Sha256};

/// Where lines go: an access logger of Envoy's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Envoy's standard output.
    Stdout,
    /// A file.
    File(String),
    /// An OpenTelemetry collector: the cluster.
    Otlp(String),
    /// A gRPC access log service of Envoy's: the cluster.
    Als(String),
}

// === impl Destination ===

impl Destination {
    /// The cluster that takes the lines, if one does.
    #[must_use]
    pub fn cluster(&self) -> Option<&str> {
        match self {
            Self::Stdout | Self::File(_) => None,
            Self::Otlp(cluster) | Self::Als(cluster) => Some(cluster),
        }
    }

    /// Whether lines that come to it stand behind one another, so that each brings its end: a logger that adds one would add it for
    /// requests without a line, too.
    pub(super) fn ends_lines(&self) -> bool {
        match self {
            Self::Stdout | Self::File(_) => true,
            Self::Otlp(_) | Self::Als(_) => false,
        }
    }

    /// The filter state by which lines come to the destination's logger. It tells destinations apart by themselves, not by their
    /// places in a document: while a reload is on its way, listener and filter may be of two documents.
    #[must_use]
    pub fn state(&self) -> String {
        let (kind, name) = match self {
            Self::Stdout => ("stdout", ""),
            Self::File(path) => ("file", path.as_str()),
            Self::Otlp(cluster) => ("otlp", cluster.as_str()),
            Self::Als(cluster) => ("als", cluster.as_str()),
        };
        let digest = Sha256::digest(format!("{kind}:{name}"));
        let short: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("sekisho_access_log_{short}")
    }
}
