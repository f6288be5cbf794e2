//! One configuration of the plugin: a document, and the gateway made of it.

use super::host;
use crate::gateway::{self, Gateway, config};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::rc::Rc;

/// A configured plugin. During an update a VM may hold several.
#[derive(Debug, Default)]
pub(super) struct Root {
    /// What new requests begin with; none until a document was good.
    gateway: Option<Rc<Gateway>>,
}

// === impl Root ===

impl Root {
    pub(super) fn gateway(&self) -> Option<Rc<Gateway>> {
        self.gateway.clone()
    }

    /// Reads and compiles the document. A bad one changes nothing, and Envoy refuses the update or does not start.
    pub(super) fn configure(&mut self, size: usize) -> bool {
        host::start_logging();
        let document = match host::plugin_configuration(size) {
            Ok(document) => document,
            Err(error) => {
                log::error!("sekisho: the configuration cannot be read: {error}");
                return false;
            }
        };
        let compiled = config::load(&document).and_then(|config| gateway::compile(&config));
        match compiled {
            Ok(compiled) => {
                for warning in &compiled.warnings.0 {
                    log::warn!("sekisho: {warning}");
                }
                log::info!("sekisho: serving sha256:{}, {} bytes", digest(&document), document.len());
                self.gateway = Some(Rc::new(compiled.gateway));
                true
            }
            Err(diagnostics) => {
                for diagnostic in &diagnostics.0 {
                    log::error!("sekisho: {diagnostic}");
                }
                false
            }
        }
    }
}

/// Enough of a digest to tell two documents apart in a log.
fn digest(document: &[u8]) -> String {
    Sha256::digest(document).iter().take(8).fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
