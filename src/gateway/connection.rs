//! What is known of the connection that a request came by.

use std::fmt;

/// A client's connection. The host is asked only where an answer decides something: each question costs.
pub trait Connection: fmt::Debug {
    /// The name that the client asked for in its TLS handshake (SNI), as it matched a filter chain; empty without TLS.
    fn server_name(&self) -> Vec<u8>;

    /// Whether the client presented a certificate.
    fn has_client_cert(&self) -> bool;
}

/// A connection without TLS.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainText;

impl Connection for PlainText {
    fn server_name(&self) -> Vec<u8> {
        Vec::new()
    }

    fn has_client_cert(&self) -> bool {
        false
    }
}
