//! Where the gateway listens and what it may use: what the command line says, not the document.

use super::tracing::Tracing;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Settings of one rendering. `render --dynamic` keeps them beside the files, so that `apply` renders alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// Where clients of custom domains with certificates connect.
    #[serde(default = "tls_listen")]
    pub tls_listen: SocketAddr,
    /// Whether there is HTTP/3, on the same port of UDP; and the port where clients reach it, 0 if it is that one.
    #[serde(default)]
    pub http3: Option<u16>,
    /// Envoy's admin interface.
    pub admin: SocketAddr,
    /// Where metrics are gathered, if anywhere but at the admin interface.
    #[serde(default)]
    pub metrics_listen: Option<SocketAddr>,
    /// The filter, a path that Envoy can read.
    pub wasm: PathBuf,
    /// Certificate authorities that backends' certificates are checked against.
    pub ca_file: PathBuf,
    /// Folder of SDS files for the document's `sdsSecret` names.
    pub secrets: Option<PathBuf>,
    /// Envoy refuses work before its heap is larger than this.
    pub max_heap_mib: u64,
    /// Client connections at a time.
    pub max_connections: u64,
    /// What one client connection may make Envoy hold.
    pub connection_buffer_kib: u32,
    /// Whether each request is printed as a JSON line.
    pub access_log: bool,
    /// The database of countries, or of cities, that clients' addresses are looked up in.
    #[serde(default)]
    pub geoip_db: Option<PathBuf>,
    /// The database of autonomous systems.
    #[serde(default)]
    pub geoip_asn_db: Option<PathBuf>,
    /// The file of web ACLs' logs; Envoy's standard output if there is none.
    #[serde(default)]
    pub waf_log: Option<PathBuf>,
    /// File of the execution logs; standard output when absent.
    pub execution_log: Option<PathBuf>,
    /// Where traces go, if there are any.
    #[serde(default)]
    pub tracing: Option<Tracing>,
}

/// Where clients of custom domains connect, unless the command line says otherwise.
pub const TLS_LISTEN: &str = "127.0.0.1:8443";

fn tls_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8443))
}

/// Where the system keeps its certificate authorities.
pub const SYSTEM_CA_FILE: &str = "/etc/ssl/certs/ca-certificates.crt";

// === impl Settings ===

impl Settings {
    /// Settings with the defaults of the command line.
    #[must_use]
    pub fn new(listen: SocketAddr, admin: SocketAddr, wasm: PathBuf) -> Self {
        Self {
            listen,
            tls_listen: tls_listen(),
            http3: None,
            admin,
            metrics_listen: None,
            wasm,
            ca_file: SYSTEM_CA_FILE.into(),
            secrets: None,
            max_heap_mib: 1024,
            max_connections: 50_000,
            connection_buffer_kib: 64,
            access_log: false,
            geoip_db: None,
            geoip_asn_db: None,
            waf_log: None,
            execution_log: None,
            tracing: None,
        }
    }

    /// The same with absolute paths: Envoy resolves relative ones from where it was started.
    ///
    /// # Errors
    /// A path cannot be made absolute.
    pub fn absolute(self) -> Result<Self, super::Error> {
        let absolute =
            |path: PathBuf| std::path::absolute(&path).map_err(|source| super::Error::Write { path, source });
        Ok(Self {
            wasm: absolute(self.wasm)?,
            ca_file: absolute(self.ca_file)?,
            secrets: self.secrets.map(absolute).transpose()?,
            geoip_db: self.geoip_db.map(absolute).transpose()?,
            geoip_asn_db: self.geoip_asn_db.map(absolute).transpose()?,
            waf_log: self.waf_log.map(absolute).transpose()?,
            execution_log: self.execution_log.map(absolute).transpose()?,
            ..self
        })
    }
}

/// Reads `HOST:PORT`: an IP address, `[IPv6]`, or `localhost`. Envoy's listeners take no other names.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    match text.rsplit_once(':') {
        Some(("localhost", port)) => {
            port.parse().map(|port| SocketAddr::from(([127, 0, 0, 1], port))).map_err(|e| e.to_string())
        }
        _ => Err("expected an IP address and a port, such as `127.0.0.1:8080` or `[::]:8080`".to_owned()),
    }
}

/// An Envoy address.
#[must_use]
pub fn socket_address(address: SocketAddr) -> Value {
    json!({ "socket_address": { "address": address.ip().to_string(), "port_value": address.port() } })
}

/// Host and port as an authority, with brackets around IPv6.
#[must_use]
pub fn authority(host: &str, port: u16) -> String {
    match host.parse() {
        Ok(IpAddr::V6(ip)) => format!("[{ip}]:{port}"),
        Ok(IpAddr::V4(_)) | Err(_) => format!("{host}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{TLS_LISTEN, address, authority, tls_listen};

    #[test]
    fn addresses() {
        assert_eq!(address("127.0.0.1:0").unwrap().to_string(), "127.0.0.1:0");
        assert_eq!(address(TLS_LISTEN).unwrap(), tls_listen());
        assert_eq!(address("[::1]:80").unwrap().to_string(), "[::1]:80");
        assert_eq!(address("localhost:80").unwrap().to_string(), "127.0.0.1:80");
        assert!(address("example.com:80").unwrap_err().contains("expected an IP address"));
        assert!(address("localhost:x").is_err());
        assert_eq!(authority("::1", 80), "[::1]:80");
        assert_eq!(authority("users", 80), "users:80");
    }
}
