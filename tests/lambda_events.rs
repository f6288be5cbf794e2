//! What functions are told, whole: `tests/golden/events/API-WHO.json` for each kind of event and each way in which a caller
//! proves itself. `SEKISHO_BLESS=1` writes what is told now; read the difference before it is committed.
//!
//! AWS's own types read the same files in `wasm-tests/tests/lambda_apps.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code)] // A part of it is enough.
mod imitation;

use sekisho::gateway::authorizers::signature::Algorithm;
use sekisho::gateway::authorizers::software::Software;
use sekisho::gateway::config::load;
use sekisho::gateway::connection::PlainText;
use sekisho::gateway::exchange::Exchange;
use sekisho::gateway::flow::Flow;
use sekisho::gateway::head::Head;
use sekisho::gateway::shared::Memory;
use sekisho::gateway::surroundings::{Secret, Surroundings, Verification};
use sekisho::gateway::{Env, Millis, Nanos, compile};
use sekisho_cases::sigv4::{self, Sign};
use sekisho_cases::{Request, tokens};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

/// When all requests come: a day in November 2023.
const NOW: u64 = 1_700_000_000_000;
const POOL: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Shop";
const KEY: &str = "key-of-a-partner-in-the-golden-events";
const PEM: &str = include_str!("../src/gateway/client_cert/tests/client.pem");

/// Kinds of events: name, API type, payload format, stage.
const KINDS: [(&str, &str, Option<&str>, &str); 3] = [
    ("http-2.0", "HTTP", Some("2.0"), "$default"),
    ("http-1.0", "HTTP", Some("1.0"), "dev"),
    ("rest", "REST", None, "prod"),
];

/// Ways in which a caller proves itself, and the API types that have them.
const CALLERS: [(&str, &[&str]); 11] = [
    ("bare", &["HTTP", "REST"]),
    ("none", &["HTTP", "REST"]),
    ("jwt", &["HTTP", "REST"]),
    ("jwt-scopes", &["HTTP", "REST"]),
    ("lambda-simple", &["HTTP"]),
    ("lambda-policy", &["HTTP", "REST"]),
    ("iam", &["HTTP", "REST"]),
    ("client-cert", &["HTTP", "REST"]),
    ("api-key", &["REST"]),
    ("cognito", &["REST"]),
    ("custom-domain", &["HTTP", "REST"]),
];

#[derive(Debug)]
struct Keys;

impl Surroundings for Keys {
    fn secret(&self, variable: &str) -> Option<Secret> {
        (variable == sigv4::SECRET_VARIABLE).then(|| Secret(sigv4::SECRET.into()))
    }

    fn verifies(&self, _: Algorithm) -> Verification {
        Verification::Possible
    }
}

/// What a route has so that its callers prove themselves in this way.
fn authorization(caller: &str) -> Value {
    match caller {
        "jwt" => json!({ "authorizationType": "JWT", "authorizerId": "jwt" }),
        "jwt-scopes" => {
            json!({ "authorizationType": "JWT", "authorizerId": "jwt", "authorizationScopes": ["read", "write"] })
        }
        "lambda-simple" | "lambda-policy" => {
            json!({ "authorizationType": "CUSTOM", "authorizerId": "login" })
        }
        "iam" => json!({ "authorizationType": "AWS_IAM" }),
        "cognito" => json!({ "authorizationType": "COGNITO_USER_POOLS", "authorizerId": "pool" }),
        "api-key" => json!({ "apiKeyRequired": true }),
        "bare" | "none" | "client-cert" | "custom-domain" => json!({}),
        other => panic!("{other}"),
    }
}

fn authorizer(protocol: &str, caller: &str) -> Option<Value> {
    let header = json!(["$request.header.Authorization"]);
    let keys = json!({ "keys": [tokens::jwk()] });
    match caller {
        "jwt" | "jwt-scopes" => Some(json!({
            "authorizerId": "jwt", "authorizerType": "JWT", "identitySource": header,
            "jwtConfiguration": { "issuer": tokens::ISSUER, "audience": ["shop"], "jwks": keys },
        })),
        "cognito" => Some(json!({
            "authorizerId": "pool", "authorizerType": "COGNITO_USER_POOLS", "identitySource": header,
            "providerARNs": ["arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Shop"],
            "jwtConfiguration": { "jwks": keys },
        })),
        "lambda-simple" | "lambda-policy" => {
            let mut authorizer = json!({
                "authorizerId": "login", "authorizerType": "REQUEST", "identitySource": header,
                "authorizerUri": "arn:aws:lambda:us-east-1:123456789012:function:login",
            });
            if protocol == "HTTP" {
                authorizer["authorizerPayloadFormatVersion"] = json!("2.0");
                authorizer["enableSimpleResponses"] = json!(caller == "lambda-simple");
            }
            Some(authorizer)
        }
        _ => None,
    }
}

fn document((_, protocol, format, stage): (&str, &str, Option<&str>, &str), caller: &str) -> Value {
    let mut integration = json!({
        "integrationId": "pets", "integrationType": "AWS_PROXY", "integrationMethod": "POST",
        "integrationUri": "arn:aws:lambda:us-east-1:123456789012:function:pets",
    });
    if let Some(format) = format {
        integration["payloadFormatVersion"] = json!(format);
    }
    let mut route = authorization(caller);
    let key = if caller == "bare" { "GET /pets" } else { "ANY /pets/{id}" };
    (route["routeKey"], route["target"]) = (json!(key), json!("integrations/pets"));
    let mut stage = json!({ "stageName": stage });
    if caller != "bare" {
        stage["stageVariables"] = json!({ "color": "blue" });
    }
    let mut document = json!({
        "endpoints": { "lambda": "http://lambda.test" },
        "apis": [{
            "apiId": "shop", "protocolType": protocol, "stages": [stage], "routes": [route], "integrations": [integration],
            "authorizers": authorizer(protocol, caller).into_iter().collect::<Vec<_>>(),
        }],
    });
    if caller == "api-key" {
        document["apiKeys"] = json!([{ "id": "partner", "value": format!("<hash {KEY}>"), "enabled": true }]);
        document["usagePlans"] =
            json!([{ "id": "basic", "apiStages": [{ "apiId": "shop", "stage": stage_of(&document) }] }]);
        document["usagePlanKeys"] =
            json!([{ "usagePlanId": "basic", "keyId": "partner", "keyType": "API_KEY" }]);
        sekisho_cases::placeholders::hashes(&mut document);
    }
    if caller == "custom-domain" {
        document["domainNames"] = json!([{ "domainName": "shop.example.com" }]);
        document["apiMappings"] = json!([{ "domainName": "shop.example.com", "apiId": "shop",
            "stage": stage_of(&document), "apiMappingKey": "our/zoo" }]);
    }
    if caller == "iam" {
        document["credentials"] = json!([{
            "accessKeyId": "AKIATESTTESTTEST0001", "secretAccessKeyEnv": sigv4::SECRET_VARIABLE,
            "userArn": "arn:aws:iam::123456789012:user/ann",
            "policy": { "Version": "2012-10-17",
                "Statement": [{ "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*" }] },
        }]);
    }
    document
}

fn stage_of(document: &Value) -> Value {
    document["apis"][0]["stages"][0]["stageName"].clone()
}

fn request(stage: &str, caller: &str) -> Request {
    let prefix = match (caller, stage) {
        ("custom-domain", _) => "/our/z%6fo".to_owned(),
        (_, "$default") => String::new(),
        (_, stage) => format!("/{stage}"),
    };
    if caller == "bare" {
        return Request {
            method: "GET".into(),
            path: format!("{prefix}/pets"),
            host: "shop.example.com".into(),
            ..Request::default()
        };
    }
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut headers = vec![
        header("user-agent", "tests"),
        header("content-type", "application/json"),
        header("cookie", "a=1; b=2"),
        header("x-many", "1, 2"),
        header("x-many", "3"),
        header("x-amzn-trace-id", "Root=1-67891233-abcdef012345678912345678"),
    ];
    let token = match caller {
        "jwt" => Some(tokens::token(
            &json!({}),
            &json!({ "groups": ["Admins", "Readers"], "scope": "read other" }),
        )),
        "jwt-scopes" => Some(tokens::token(&json!({}), &json!({ "scope": "read other" }))),
        "cognito" => Some(tokens::token(
            &json!({}),
            &json!({ "iss": POOL, "token_use": "id", "aud": "web-1", "cognito:groups": ["Admins", "Readers"], "email_verified": true }),
        )),
        "lambda-simple" | "lambda-policy" => Some("open sesame".to_owned()),
        _ => None,
    };
    headers.extend(token.map(|token| header("authorization", &token)));
    if caller == "api-key" {
        headers.push(header("x-api-key", KEY));
    }
    if caller == "client-cert" {
        let pem: String = PEM.bytes().map(|byte| format!("%{byte:02X}")).collect();
        headers.push(header("x-forwarded-client-cert", &format!("Cert=\"{pem}\"")));
    }
    let request = Request {
        method: "POST".into(),
        path: format!("{prefix}/pets/a%20b?q=1&q=2&amp=x%26y&plus=a+b&sp%20ace=%C3%A9&empty=&bare"),
        host: "shop.example.com".into(),
        headers,
        body: Some(r#"{"name":"Fido"}"#.into()),
        sign: (caller == "iam").then(Sign::default),
    };
    request.signed(SystemTime::UNIX_EPOCH + Duration::from_millis(NOW))
}

/// What the authorizer's function answers.
fn login(caller: &str) -> Value {
    let context = if caller == "lambda-simple" {
        json!({ "tier": "gold", "limit": 7, "tags": ["a", "b"], "more": { "deep": true } })
    } else {
        json!({ "tier": "gold", "limit": 7, "trial": false })
    };
    if caller == "lambda-simple" {
        return json!({ "isAuthorized": true, "context": context });
    }
    json!({ "principalId": "ann", "context": context, "policyDocument": { "Version": "2012-10-17",
        "Statement": [{ "Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*" }] } })
}

/// The event of the one request to a document.
fn event(document: &Value, caller: &str, request: &Request) -> Value {
    let config = load(&serde_json::to_vec(document).unwrap()).unwrap_or_else(|problems| panic!("{problems}"));
    let gateway = compile(&config, &Keys).unwrap_or_else(|problems| panic!("{problems}")).gateway;
    let (worker, shared) = (RefCell::default(), Memory::default());
    gateway.prepare(&shared);
    let digest = if caller == "client-cert" { digest() } else { String::new() };
    let env = Env {
        wall: Millis(NOW),
        monotonic: Nanos(0),
        dice: imitation::dice(0),
        source_address: b"192.0.2.1:4711",
        client_cert_digest: digest.as_bytes(),
        connection: &PlainText,
        worker: &worker,
        shared: &shared,
        signatures: &Software,
        watcher: None,
    };
    let body = request.body.clone().unwrap_or_default();
    let head = Head::from_pairs(&imitation::arriving(request), body.is_empty());
    let mut exchange = Exchange::new(Rc::new(gateway));
    let mut flow = exchange.on_request_headers(Ok(head), &env);
    for _ in 0..4 {
        flow = match flow {
            Flow::Body(_) => exchange.on_request_body(body.as_bytes(), true, &env),
            Flow::Call(callout) => {
                let asked = imitation::question(&callout).unwrap();
                match asked.path.as_str() {
                    "/2015-03-31/functions/pets/invocations" => {
                        return serde_json::from_slice(&asked.body).unwrap();
                    }
                    "/2015-03-31/functions/login/invocations" => {
                        exchange.on_callout(&imitation::answered(200, &[], &login(caller).to_string()), &env)
                    }
                    other => panic!("{other} is asked"),
                }
            }
            Flow::Forward(_) | Flow::Answer(_) => panic!("{caller}: the function is not asked: {flow:?}"),
        };
    }
    panic!("{caller}: the function is not asked: {flow:?}")
}

/// The digest of the certificate, as Envoy tells it.
fn digest() -> String {
    use base64::Engine;
    let text: String = PEM.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = base64::prelude::BASE64_STANDARD.decode(text).unwrap();
    Sha256::digest(&der).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn events_are_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/events");
    let bless = std::env::var_os("SEKISHO_BLESS").is_some();
    let (mut ran, mut wrong) = (0, Vec::new());
    for kind in KINDS {
        for (caller, _) in CALLERS.iter().filter(|(_, protocols)| protocols.contains(&kind.1)) {
            let told = event(&document(kind, caller), caller, &request(kind.3, caller));
            let golden = folder.join(format!("{}-{caller}.json", kind.0));
            if bless {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&golden, format!("{told:#}\n")).unwrap();
            }
            let written: Value =
                std::fs::read(&golden).map_or(Value::Null, |text| serde_json::from_slice(&text).unwrap());
            if written != told {
                wrong.push(format!(
                    "--- {}: `SEKISHO_BLESS=1 cargo test` writes this:\n{told:#}",
                    golden.display()
                ));
            }
            ran += 1;
        }
    }
    let files = std::fs::read_dir(&folder).unwrap().count();
    println!("{ran} events");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!((ran, files), (28, 28), "every event has a file, and every file an event");
}
