//! The issuer as gateways and programs ask it: the real command.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // A test that cannot go on fails.

use jwt_simple::prelude::{ECDSAP256PublicKeyLike, ES256PublicKey, NoCustomClaims, VerificationOptions};
use serde_json::Value;
use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

struct Running {
    process: Child,
    url: String,
}

impl Running {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stack-issuer"));
        let mut process = command.args(["--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Self { process, url }
    }

    /// Status and JSON of an answer.
    fn ask(&self, method: &str, path: &str, form: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(self.url.strip_prefix("http://").unwrap()).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: issuer\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_default())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn key(set: &Value) -> ES256PublicKey {
    use base64::Engine;
    let part = |name: &str| {
        base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(set["keys"][0][name].as_str().unwrap())
            .unwrap()
    };
    let point = [vec![4], part("x"), part("y")].concat();
    ES256PublicKey::from_bytes(&point).unwrap()
}

#[test]
fn a_token_is_what_its_keys_say() {
    let issuer = Running::start();
    let (status, configuration) = issuer.ask("GET", "/.well-known/openid-configuration", "");
    assert_eq!((status, configuration["issuer"].as_str()), (200, Some(issuer.url.as_str())));
    assert_eq!(configuration["jwks_uri"], format!("{}/keys", issuer.url));
    let (_, keys) = issuer.ask("GET", "/keys", "");
    assert!(keys["keys"][0]["d"].is_null(), "the secret half stays");

    let (status, answer) = issuer.ask("POST", "/token", "grant_type=client_credentials&client_id=ann");
    assert_eq!((status, answer["scope"].as_str()), (200, Some("users.read")));
    let token = answer["access_token"].as_str().unwrap();
    let options = VerificationOptions {
        allowed_issuers: Some(HashSet::from([issuer.url.clone()])),
        allowed_audiences: Some(HashSet::from(["stack".to_owned()])),
        ..VerificationOptions::default()
    };
    let claims = key(&keys).verify_token::<NoCustomClaims>(token, Some(options.clone())).unwrap();
    assert_eq!(claims.subject.as_deref(), Some("ann"));
    assert_eq!(
        claims.expires_at.unwrap() - claims.issued_at.unwrap(),
        jwt_simple::prelude::Duration::from_mins(10)
    );

    // Another one has another key.
    let other = Running::start();
    let (_, others) = other.ask("GET", "/keys", "");
    assert_ne!(keys["keys"][0]["kid"], others["keys"][0]["kid"]);
    assert!(key(&others).verify_token::<NoCustomClaims>(token, Some(options)).is_err());
}

#[test]
fn what_it_does_not_give_is_refused() {
    let issuer = Running::start();
    for (form, error) in [
        ("grant_type=password&client_id=ann", "unsupported_grant_type"),
        ("grant_type=client_credentials", "invalid_request"),
        ("grant_type=client_credentials&client_id=a%22b", "invalid_request"),
        ("grant_type=client_credentials&client_id=ann&scope=admin", "invalid_scope"),
        ("grant_type=client_credentials&client_id=ann&scope=", "invalid_scope"),
    ] {
        let (status, answer) = issuer.ask("POST", "/token", form);
        assert_eq!((status, answer["error"].as_str()), (400, Some(error)), "{form}");
    }
    assert_eq!(issuer.ask("POST", "/token", "").0, 422);
}
