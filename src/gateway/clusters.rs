//! Envoy clusters that a document needs, derived from its URIs. The filter names them; the renderer writes them.

use super::config::{HealthCheck, InjectedCredential, ProtocolVersion};
use super::integrations::backend_uri::BackendUri;

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
    /// As whom Envoy signs each request to an AWS service.
    pub signing: Option<Signing>,
}

/// How Envoy signs what goes to an AWS service: Signature Version 4 by its `aws_request_signing`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// The service's name in signatures: `lambda`, `sqs`, `states`.
    pub service: String,
    /// The region that is called.
    pub region: String,
    /// The role whose credentials sign; those of Envoy's own environment when absent.
    pub role: Option<Role>,
}

/// A role that Envoy assumes before it signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its ARN: `arn:aws:iam::123456789012:role/invoke`.
    pub arn: String,
    /// The URL of the STS that is asked for it, where `endpoints` names one; AWS's own in the region when absent.
    pub sts: Option<String>,
}

/// Somewhere that the gateway asks: a cluster, and what is asked there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The cluster's name.
    pub cluster: String,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// `:authority`.
    pub authority: String,
    /// `:path`.
    pub path: String,
}

/// The cluster's name for an address without further settings: `https://idp.example:443`.
#[must_use]
pub fn plain_name(tls: bool, host: &str, port: u16) -> String {
    let scheme = if tls { "https" } else { "http" };
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    format!("{scheme}://{host}:{port}")
}

/// The endpoint of a URL.
///
/// # Errors
/// What is wrong with the URL.
pub fn endpoint(url: &str) -> Result<Endpoint, String> {
    let uri = BackendUri::parse(url)?;
    if let Some(name) = uri.variables().next() {
        return Err(format!("it has a variable, `{name}`"));
    }
    let query = uri.query(None).map(|query| format!("?{query}")).unwrap_or_default();
    let path = format!("{}{query}", uri.path(None));
    Ok(Endpoint {
        cluster: plain_name(uri.tls, &uri.host, uri.port),
        tls: uri.tls,
        authority: uri.authority,
        path,
    })
}

// === impl Endpoint ===

impl Endpoint {
    /// Where it is, as one text.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}{}", self.cluster, self.path)
    }
}
