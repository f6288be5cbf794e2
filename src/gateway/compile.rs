//! Configuration as written → gateway as run: names resolved, indexes built, every problem collected.

use super::Wants;
use super::clusters::Cluster;
use super::config::Config;
use super::diagnostics::Diagnostics;

/// A gateway as run: immutable, indexes for names. A request holds the one it began with to its end.
#[derive(Debug)]
pub struct Gateway {}

/// What compiling a document gives.
#[derive(Debug)]
pub struct Compiled {
    /// The gateway.
    pub gateway: Gateway,
    /// The clusters that the document's URIs need; those named by `cluster` exist already and are not among them.
    pub clusters: Vec<Cluster>,
    /// What the author should know.
    pub warnings: Diagnostics,
}

/// Compiles a document.
///
/// # Errors
/// Every problem of its meaning, warnings among them.
pub fn compile(_config: &Config) -> Result<Compiled, Diagnostics> {
    Ok(Compiled { gateway: Gateway {}, clusters: Vec::new(), warnings: Diagnostics::default() })
}

// === impl Gateway ===

impl Gateway {
    /// What the shell must read from the host for each request.
    #[must_use]
    pub fn wants(&self) -> Wants {
        Wants::default()
    }
}
