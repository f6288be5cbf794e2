//! Cognito user pools, with real tokens: moto is the pool, boto3 signs in.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Stdio};
use wasm_tests::{Backend, Gateway, Options, Python, raw};

/// A running emulator. Dropped, it is stopped.
struct Moto {
    process: Child,
    address: SocketAddr,
}

impl Moto {
    fn start(python: &Python) -> Self {
        let mut process = python
            .command("moto_server")
            .args(["-H", "127.0.0.1", "-p", "0"])
            .env("PYTHONUNBUFFERED", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = lines.by_ref().find_map(|line| {
            let line = line.unwrap();
            line.split("http://").nth(1)?.trim().parse().ok()
        });
        // A pipe that nobody reads would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address: address.expect("moto says where it listens") }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What boto3 made in the emulator.
fn pools(python: &Python, moto: &Moto) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cognito/pools.py");
    let url = format!("http://{}", moto.address);
    let done = python.command("python3").arg(script).arg(url).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

/// A REST API that asks the pool, and an HTTP API with a JWT authorizer of the same pool.
fn document(pool: &Value, client_expression: &str) -> Value {
    let (id, arn, client) = (pool["id"].as_str().unwrap(), &pool["arn"], &pool["client"]);
    let claim = |name: &str| format!("$context.authorizer.claims.{name}");
    let integration = |uri: &str| {
        json!([{
            "integrationId": "backend", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": uri,
            "requestParameters": {
                "overwrite:header.x-user": claim("cognito:username"), "overwrite:header.x-groups": claim("cognito:groups"),
                "overwrite:header.x-exp": claim("exp"), "overwrite:header.x-use": claim("token_use"),
            },
        }])
    };
    let route = |key: &str, kind: &str, authorizer: &str, scopes: &[&str]| {
        json!({
            "routeKey": key, "target": "integrations/backend", "authorizationType": kind, "authorizerId": authorizer,
            "authorizationScopes": scopes,
        })
    };
    let cognito = |id: &str, expression: &str| {
        json!({
            "authorizerId": id, "authorizerType": "COGNITO_USER_POOLS", "identitySource": ["$request.header.Authorization"],
            "providerARNs": [arn], "identityValidationExpression": expression,
        })
    };
    const KIND: &str = "COGNITO_USER_POOLS";
    json!({
        "endpoints": { "cognito-idp": "http://moto.test" },
        "apis": [
            {
                "apiId": "rest", "protocolType": "REST", "stages": [{ "stageName": "prod" }],
                "authorizers": [
                    { "authorizerId": "pool", "authorizerType": KIND, "identitySource": ["$request.header.Authorization"], "providerARNs": [arn] },
                    cognito("client", client_expression), cognito("stranger", "stranger-.*"),
                ],
                "routes": [
                    route("ANY /id", KIND, "pool", &[]),
                    route("ANY /scoped", KIND, "pool", &["aws.cognito.signin.user.admin"]),
                    route("ANY /other-scope", KIND, "pool", &["shop/read"]),
                    route("ANY /client", KIND, "client", &[]),
                    route("ANY /stranger", KIND, "stranger", &[]),
                ],
                "integrations": integration("http://backend.test/rest"),
            },
            {
                "apiId": "http", "protocolType": "HTTP", "stages": [{ "stageName": "$default" }],
                "authorizers": [{
                    "authorizerId": "jwt", "authorizerType": "JWT", "identitySource": ["$request.header.Authorization"],
                    "jwtConfiguration": {
                        "issuer": format!("https://cognito-idp.eu-west-1.amazonaws.com/{id}"), "audience": [client],
                        "jwksUri": format!("http://moto.test/{id}/.well-known/jwks.json"),
                    },
                }],
                "routes": [route("ANY /any", "JWT", "jwt", &[]), route("ANY /scoped", "JWT", "jwt", &["aws.cognito.signin.user.admin"])],
                "integrations": integration("http://backend.test/http"),
            },
        ],
    })
}

async fn ask(gateway: &Gateway, api: &str, path: &str, token: &str) -> raw::Response {
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: {api}.localhost\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    );
    raw::send(gateway.address(), request.as_bytes()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_a_real_sign_in_open_what_they_are_for() {
    let packages = ["moto[server,cognitoidp]==5.2.5", "boto3==1.44.5"];
    let Some(python) = Python::with("cognito (moto)", "moto-cognito", &packages) else { return };
    let moto = Moto::start(&python);
    let pools = pools(&python, &moto);
    let (shop, other) = (&pools["shop"], &pools["other"]);
    let token = |pool: &Value, name: &str| pool[name].as_str().unwrap().to_owned();
    let (id, access) = (token(shop, "idToken"), token(shop, "accessToken"));
    let (id_of_other, access_of_other) = (token(other, "idToken"), token(other, "accessToken"));
    let expired = token(&pools, "expired");
    // A bit in the middle of the signature: its last characters may hold bits that mean nothing.
    let at = id.rfind('.').unwrap() + 20;
    let tampered = format!("{}{}{}", &id[..at], if &id[at..=at] == "A" { "B" } else { "A" }, &id[at + 1..]);

    let backend = Backend::start().await;
    let options = Options { hosts: [("moto.test".to_owned(), moto.address)].into(), ..Options::default() };
    let gateway = Gateway::start(&document(shop, shop["client"].as_str().unwrap()), &backend, options).await;
    let (unauthorized, old) =
        (r#"{"message":"Unauthorized"}"#, r#"{"message":"The incoming token has expired"}"#);
    let mut ran = 0;
    for (api, path, name, token, status, body) in [
        ("rest", "/prod/id", "ID token", &id, 200, ""),
        ("rest", "/prod/id", "access token", &access, 401, unauthorized),
        ("rest", "/prod/id", "another pool's ID token", &id_of_other, 401, unauthorized),
        ("rest", "/prod/id", "tampered", &tampered, 401, unauthorized),
        ("rest", "/prod/id", "expired", &expired, 401, old),
        ("rest", "/prod/scoped", "access token", &access, 200, ""),
        ("rest", "/prod/scoped", "ID token", &id, 401, unauthorized),
        ("rest", "/prod/scoped", "another pool's access token", &access_of_other, 401, unauthorized),
        ("rest", "/prod/other-scope", "access token", &access, 401, unauthorized),
        ("rest", "/prod/client", "ID token", &id, 200, ""),
        ("rest", "/prod/client", "access token, which has no aud", &access, 401, unauthorized),
        ("rest", "/prod/stranger", "ID token", &id, 401, unauthorized),
        ("http", "/any", "ID token", &id, 200, ""),
        ("http", "/any", "access token, by its client_id", &access, 200, ""),
        ("http", "/any", "another pool's", &id_of_other, 401, unauthorized),
        ("http", "/any", "tampered", &tampered, 401, unauthorized),
        ("http", "/any", "expired", &expired, 401, unauthorized),
        ("http", "/scoped", "access token", &access, 200, ""),
        ("http", "/scoped", "ID token", &id, 403, r#"{"message":"Forbidden"}"#),
    ] {
        let case = format!("{api} {path}: {name}");
        backend.forget();
        // Twice: the second time the token is remembered.
        for _ in 0..2 {
            let response = ask(&gateway, api, path, token).await;
            assert_eq!(response.status, status, "{case}: {}", response.text());
            assert!(status == 200 || response.text() == body, "{case}: {}", response.text());
        }
        assert_eq!(backend.seen().len(), if status == 200 { 2 } else { 0 }, "{case}");
        ran += 1;
    }
    println!("{ran} tokens ran");
    assert_eq!(ran, 19);

    backend.forget();
    assert_eq!(ask(&gateway, "rest", "/prod/id", &id).await.status, 200);
    let recorded = backend.only();
    let header = |name: &str| recorded.header(name).join("|");
    let groups: Vec<&str> =
        pools["groups"].as_array().unwrap().iter().map(|group| group.as_str().unwrap()).collect();
    assert_eq!(groups.len(), 2);
    assert_eq!((header("x-user"), header("x-groups")), ("ann".to_owned(), groups.join(",")));
    assert!(header("x-exp").contains(" UTC 20"), "{}", header("x-exp"));
    backend.forget();
    assert_eq!(ask(&gateway, "http", "/any", &id).await.status, 200);
    assert_eq!(
        backend.only().header("x-groups"),
        [format!("[{}]", groups.join(" "))],
        "HTTP APIs print lists as Go does"
    );
    gateway.assert_no_panic().await;
}
