//! Requests signed with Signature Version 4 by AWS's own signer, and AWS's test suite for it.

use crate::format::Request;
/// The secret that the documents of tests name: tokens are signed with the same.
pub use crate::tokens::{SECRET, SECRET_ENV as SECRET_VARIABLE};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use serde::Deserialize;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

/// The environment variable of the session token.
pub const TOKEN_VARIABLE: &str = "SEKISHO_TEST_TOKEN";
/// What is in it.
pub const TOKEN: &str = SECRET;

/// How a request is signed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sign {
    /// The access key's id.
    pub key: String,
    /// Its secret; [`SECRET`] unless it is to be wrong.
    pub secret: String,
    /// The session token.
    pub token: Option<String>,
    /// The region.
    pub region: String,
    /// The service.
    pub service: String,
    /// Seconds by which the signature is older than the gateway's clock.
    pub age: i64,
    /// Seconds that a presigned request lives; without, the signature stands in the header.
    pub presign: Option<u64>,
    /// Whether `x-amz-content-sha256` is added.
    pub digest: bool,
    /// What is signed in the place of what is sent.
    pub over: Over,
    /// Texts that are replaced in the request once it is signed, in its target and in every header.
    pub replace: Vec<(String, String)>,
    /// Headers that are added once it is signed.
    pub add: Vec<(String, String)>,
}

/// What is signed in the place of what is sent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Over {
    method: Option<String>,
    path: Option<String>,
    host: Option<String>,
    headers: Option<Vec<(String, String)>>,
    body: Option<String>,
}

impl Default for Sign {
    fn default() -> Self {
        Self {
            key: "AKIATESTTESTTEST0001".to_owned(),
            secret: SECRET.to_owned(),
            token: None,
            region: "us-east-1".to_owned(),
            service: "execute-api".to_owned(),
            age: 0,
            presign: None,
            digest: false,
            over: Over::default(),
            replace: Vec::new(),
            add: Vec::new(),
        }
    }
}

// === impl Request ===

impl Request {
    /// The request as it is sent at this time.
    #[must_use]
    pub fn signed(&self, now: SystemTime) -> Self {
        let mut request = self.clone();
        let Some(how) = request.sign.take() else { return request };
        let age = Duration::from_secs(how.age.unsigned_abs());
        let time = if how.age < 0 { now + age } else { now - age };
        let over = &how.over;
        let written = Self {
            method: over.method.clone().unwrap_or_else(|| request.method.clone()),
            path: over.path.clone().unwrap_or_else(|| request.path.clone()),
            host: over.host.clone().unwrap_or_else(|| request.host.clone()),
            headers: over.headers.clone().unwrap_or_else(|| request.headers.clone()),
            body: over.body.clone().or_else(|| request.body.clone()),
            sign: None,
        };
        let (headers, parameters) = how.instructions(&written, time);
        request.headers.extend(headers);
        for (name, value) in parameters {
            request.path.push(if request.path.contains('?') { '&' } else { '?' });
            request.path.push_str(&format!("{name}={}", encoded(&value)));
        }
        request.headers.extend(how.add.clone());
        for (from, to) in &how.replace {
            let values = request.headers.iter_mut().map(|(_, value)| value).chain([&mut request.path]);
            let mut found = false;
            for value in values {
                found |= value.contains(from);
                *value = value.replace(from, to);
            }
            assert!(found, "`{from}` does not stand in the signed request: {request:?}");
        }
        request
    }
}

/// Names and values.
type Pairs = Vec<(String, String)>;

// === impl Sign ===

impl Sign {
    /// Headers and parameters that sign a request.
    fn instructions(&self, request: &Request, time: SystemTime) -> (Pairs, Pairs) {
        let credentials = Credentials::new(&self.key, &self.secret, self.token.clone(), None, "cases");
        let identity: Identity = credentials.into();
        let mut settings = SigningSettings::default();
        if self.digest {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        if let Some(seconds) = self.presign {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(Duration::from_secs(seconds));
        }
        let parameters =
            SigningParams::builder().identity(&identity).region(&self.region).name(&self.service);
        let parameters = parameters.time(time).settings(settings).build().expect("all parameters are there");
        let url = format!("http://{}{}", request.host, request.path);
        let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let body = SignableBody::Bytes(request.body.as_deref().unwrap_or_default().as_bytes());
        let signable =
            SignableRequest::new(&request.method, url, headers, body).expect("the request can be signed");
        let (instructions, _) =
            sign(signable, &parameters.into()).expect("the request can be signed").into_parts();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        (
            instructions.headers().map(|(name, value)| pair(name, value)).collect(),
            instructions.params().iter().map(|(name, value)| pair(name, value)).collect(),
        )
    }
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |text, byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            text + &char::from(byte).to_string()
        }
        byte => text + &format!("%{byte:02X}"),
    })
}

/// AWS's test suite for Signature Version 4: a folder of folders, part of the package of AWS's signer.
///
/// # Panics
/// If cargo cannot say where that package is.
#[must_use]
pub fn test_suite() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    // Packages of other platforms are not there.
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let asked = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline", "--locked", "--manifest-path", manifest])
        .args(["--filter-platform", &platform])
        .output()
        .expect("cargo can be run");
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&asked.stdout).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    let signer = packages.iter().find(|package| package["name"] == "aws-sigv4").expect("the signer is one");
    let manifest = PathBuf::from(signer["manifest_path"].as_str().expect("it has a manifest"));
    let folder = manifest.with_file_name("aws-signing-test-suite").join("v4");
    assert!(folder.is_dir(), "{} is not there", folder.display());
    folder
}
