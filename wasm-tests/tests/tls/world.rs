//! An authority with its files, a document with domains, and a client that says what it saw.

use sekisho_cli::local_ca::{Issued, LocalCa};
use serde_json::{Value, json};
use std::io::Result;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use wasm_tests::tls;

/// An authority, and a folder for what it certifies.
pub struct World {
    folder: TempDir,
    pub ca: LocalCa,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca = LocalCa::open(folder.path()).unwrap();
        Self { folder, ca }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn server(&self, names: &[&str]) -> Issued {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        self.ca.server(&names).unwrap()
    }

    /// A certificate by the same authority, in other files.
    pub fn server_aside(&self, name: &str) -> Issued {
        let folder = self.path().join("aside");
        std::fs::create_dir(&folder).unwrap();
        for file in ["ca.pem", "ca-key.pem"] {
            std::fs::copy(self.path().join(file), folder.join(file)).unwrap();
        }
        LocalCa::open(&folder).unwrap().server(&[name.to_owned()]).unwrap()
    }

    pub fn client(&self, name: &str) -> Identity {
        Identity::of(&self.ca.client(name).unwrap())
    }

    /// Whom clients trust.
    pub fn trust(&self) -> PathBuf {
        self.ca.certificate()
    }

    pub fn truststore(&self) -> String {
        format!("file:{}", self.ca.certificate().display())
    }
}

/// One who can prove who he is.
#[derive(Clone)]
pub struct Identity {
    pub chain: PathBuf,
    pub key: PathBuf,
}

impl Identity {
    pub fn of(issued: &Issued) -> Self {
        Self { chain: issued.certificate.clone(), key: issued.key.clone() }
    }
}

/// What domains are secured with.
pub fn certificate(issued: &Issued) -> Value {
    json!({ "certificateFile": issued.certificate, "privateKeyFile": issued.key })
}

pub fn domain(name: &str, certificate: &str) -> Value {
    json!({ "domainName": name, "domainNameConfigurations": [{ "certificateArn": certificate }] })
}

pub fn mutual(name: &str, certificate: &str, truststore: &str) -> Value {
    let mut domain = domain(name, certificate);
    domain["mutualTlsAuthentication"] = json!({ "truststoreUri": truststore });
    domain
}

/// One API for all of the domains: the backend sees the client's certificate.
pub fn document(certificates: &Value, domains: &[Value]) -> Value {
    let mappings: Vec<Value> = domains
        .iter()
        .map(|domain| json!({ "domainName": domain["domainName"], "apiId": "shop", "stage": "$default" }))
        .collect();
    json!({
        "apis": [{
            "apiId": "shop", "protocolType": "HTTP", "stages": [{ "stageName": "$default" }],
            "routes": [{ "routeKey": "$default", "target": "integrations/backend" }],
            "integrations": [{
                "integrationId": "backend", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
                "integrationUri": "http://backend.test",
                "requestParameters": { "overwrite:header.x-subject": "$context.identity.clientCert.subjectDN" },
            }],
        }],
        "certificates": certificates, "domainNames": domains, "apiMappings": mappings,
    })
}

/// A client.
#[derive(Clone)]
pub struct Client {
    pub trust: PathBuf,
    pub identity: Option<Identity>,
    pub alpn: &'static str,
}

/// What a client saw.
#[derive(Debug, Clone)]
pub struct Seen {
    pub certificate: CertificateDer<'static>,
    pub status: u16,
    pub alt_svc: Option<String>,
}

impl Client {
    pub fn new(world: &World) -> Self {
        Self { trust: world.trust(), identity: None, alpn: "h2" }
    }

    pub fn config(&self) -> Result<ClientConfig> {
        let identity = self
            .identity
            .as_ref()
            .map(|Identity { chain, key }| (certificates(chain), PrivateKeyDer::from_pem_file(key).unwrap()));
        tls::config(certificates(&self.trust), identity, self.alpn)
    }

    pub async fn connect(&self, address: SocketAddr, sni: &str) -> Result<TlsStream<TcpStream>> {
        tls::connect(self.config()?, address, sni).await
    }

    /// Asks for a host, on a connection that names it.
    pub async fn get(&self, address: SocketAddr, host: &str) -> Result<Seen> {
        self.get_from(address, host, host).await
    }

    /// Asks for a host, on a connection that names another one.
    pub async fn get_from(&self, address: SocketAddr, sni: &str, host: &str) -> Result<Seen> {
        let stream = self.connect(address, sni).await?;
        let certificate = stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned();
        assert_eq!(stream.get_ref().1.alpn_protocol().unwrap(), self.alpn.as_bytes());
        let response = tls::get(stream, host, "/x", &[]).await?;
        Ok(Seen { certificate, status: response.status, alt_svc: response.header("alt-svc") })
    }
}

pub fn certificates(file: &Path) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(file).unwrap().map(|it| it.unwrap()).collect()
}

/// The certificate that a file holds now.
pub fn issued(issued: &Issued) -> CertificateDer<'static> {
    certificates(&issued.certificate).remove(0)
}

/// What `openssl s_client` says of a handshake.
pub async fn openssl(address: SocketAddr, arguments: &[&str]) -> String {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &address.to_string()]).args(arguments);
    command.stdin(std::process::Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}
