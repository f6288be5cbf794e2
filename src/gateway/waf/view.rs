//! What a web ACL sees of a request.

use super::client::Client;
use super::inflate::Inflated;
use crate::gateway::head::Head;

/// What a web ACL sees of a request: as the client sent it, nothing normalised.
#[derive(Debug, Clone, Copy)]
pub struct View<'r> {
    /// Its head.
    pub head: &'r Head,
    /// Its body, as sent.
    pub body: Body<'r>,
    /// What a body means that was sent compressed, where rules look at that too.
    pub meaning: Option<&'r Inflated>,
    /// Who sent it.
    pub client: Client<'r>,
}

/// What is known of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body<'r> {
    /// It is still to come.
    NotYet,
    /// This much of it is inspected.
    Seen {
        /// From its beginning, at most as much as the web ACL inspects.
        bytes: &'r [u8],
        /// Whether there is more of it, or may be.
        more: bool,
    },
}

// === impl View ===

impl<'r> View<'r> {
    /// The method.
    #[must_use]
    pub fn method(&self) -> &'r [u8] {
        self.head.first(b":method").unwrap_or_default()
    }

    /// The path without the query string, as sent.
    #[must_use]
    pub fn path(&self) -> &'r [u8] {
        let sent = self.head.first(b":path").unwrap_or_default();
        sent.split(|byte| *byte == b'?').next().unwrap_or_default()
    }

    /// The query string as sent, without `?`; empty if there is none.
    #[must_use]
    pub fn query(&self) -> &'r [u8] {
        let sent = self.head.first(b":path").unwrap_or_default();
        let at = sent.iter().position(|byte| *byte == b'?').map_or(sent.len(), |at| at + 1);
        sent.get(at..).unwrap_or_default()
    }
}
