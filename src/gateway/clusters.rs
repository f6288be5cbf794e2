//! Envoy clusters that a document needs, derived from its URIs. The filter names them; the renderer writes them.

use super::config::{HealthCheck, InjectedCredential, ProtocolVersion};

/// One Envoy cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Its name: `http://users.internal:8080`, and `#…` where settings other than the address tell two apart.
    pub name: String,
    /// Whether the backend speaks TLS.
    pub tls: bool,
    /// Host name or IP address; IPv6 without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protocol towards a plain-text backend; TLS backends negotiate it (ALPN).
    pub protocol: ProtocolVersion,
    /// The name that the certificate must carry, and SNI; `host` when absent.
    pub server_name: Option<String>,
    /// Active health checks.
    pub health_check: Option<HealthCheck>,
    /// A secret that Envoy adds to each request.
    pub credential: Option<InjectedCredential>,
}
