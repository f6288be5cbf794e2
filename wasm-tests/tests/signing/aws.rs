//! A server in AWS's place, and botocore's opinion of what arrives there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use sekisho_cases::Answer;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use wasm_tests::{Backend, Options, Python, Recorded};

pub const ACCOUNT: &str = "123456789012";

/// Lambda's endpoints of two regions, with a certificate in their names. Dropped, it is stopped.
pub struct Aws {
    pub backend: Backend,
    tls: SocketAddr,
    folder: TempDir,
    task: JoinHandle<()>,
}

impl Aws {
    pub const HOSTS: [&str; 2] = ["lambda.us-east-1.amazonaws.com", "lambda.eu-west-1.amazonaws.com"];

    pub async fn start() -> Self {
        let backend = Backend::start().await;
        backend.answers(Answer {
            status: 200,
            headers: Vec::new(),
            body: r#"{"statusCode":200}"#.to_owned(),
        });
        let (acceptor, ca) = certified(&Self::HOSTS);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), ca).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let tls = listener.local_addr().unwrap();
        let task = tokio::spawn(terminate(listener, acceptor, backend.address()));
        Self { backend, tls, folder, task }
    }

    /// How a gateway finds it, with nothing but these in its environment that AWS's tools would read.
    pub fn options(&self, environment: &[(&str, &str)]) -> Options {
        let nothing = [
            ("AWS_ACCESS_KEY_ID", ""),
            ("AWS_SECRET_ACCESS_KEY", ""),
            ("AWS_SESSION_TOKEN", ""),
            ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", ""),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", ""),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", ""),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        let all = nothing.iter().chain(environment);
        Options {
            hosts: Self::HOSTS.map(|host| (host.to_owned(), self.tls)).into(),
            ca_file: Some(self.ca()),
            environment: all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            ..Options::default()
        }
    }

    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }
}

impl Drop for Aws {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn certified(hosts: &[&str]) -> (TlsAcceptor, String) {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let ca = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    // Its issuer's name is another, else it would be taken for an authority of its own.
    params.distinguished_name.push(DnType::CommonName, "AWS");
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), ca)
}

async fn terminate(listener: TcpListener, acceptor: TlsAcceptor, backend: SocketAddr) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let acceptor = acceptor.clone();
        connections.spawn(async move {
            // A connection that breaks is a request that does not arrive, and the test says so.
            let (Ok(mut outer), Ok(mut inner)) =
                (acceptor.accept(stream).await, TcpStream::connect(backend).await)
            else {
                return;
            };
            let _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Credentials.
#[derive(Debug, Clone)]
pub struct Keys {
    pub id: String,
    pub secret: String,
    pub token: Option<String>,
}

/// A request as a JSON object for the script.
pub fn job(seen: &Recorded, keys: &Keys, service: &str, region: &str) -> Value {
    let headers: BTreeMap<&str, String> = seen
        .seen
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value).into_owned()))
        .collect();
    json!({
        "method": seen.seen.method, "path": seen.seen.path, "headers": headers, "body": STANDARD.encode(&seen.seen.body),
        "key": keys.id, "secret": keys.secret, "token": keys.token, "service": service, "region": region,
    })
}

/// Asserts that botocore, which signs each again, comes to the `authorization` that it has.
pub async fn assert_signed(python: &Python, jobs: Vec<Value>) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/signed.py");
    let mut command = python.command("python3");
    command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
    let lines: String = jobs.iter().map(|job| format!("{job}\n")).collect();
    let output = tokio::task::spawn_blocking(move || {
        let mut process = command.spawn().unwrap();
        let mut input = process.stdin.take().unwrap();
        let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
        let output = process.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        String::from_utf8(output.stdout).unwrap()
    })
    .await
    .unwrap();
    let expected: Vec<&str> = output.lines().collect();
    assert_eq!(expected.len(), jobs.len(), "botocore signed each");
    for (job, expected) in jobs.iter().zip(expected) {
        // botocore writes a space after each comma, as Envoy does.
        assert_eq!(job["headers"]["authorization"], expected, "{} {}", job["path"], job["headers"]);
    }
}

/// The environment that botocore is in; none, and the test is skipped, where there is no PyPI.
pub fn botocore(test: &str) -> Option<Python> {
    Python::with(test, "botocore", &["botocore==1.44.5"])
}
