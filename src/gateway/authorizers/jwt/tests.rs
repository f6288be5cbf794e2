use crate::gateway::authorizers::software::Software;
use crate::gateway::flow::{CalloutReply, Flow};
use crate::gateway::head::Head;
use crate::gateway::testing::{self, gateway, head, problems};
use crate::gateway::worker::Worker;
use crate::gateway::{Env, Exchange, Gateway, Millis};
use sekisho_cases::tokens::{ISSUER, jwk, sign, token};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;

/// An HTTP API with one JWT authorizer in front of `GET /x` and, with a scope, of `GET /scoped`.
fn document(configuration: &Value) -> Value {
    let mut document = testing::http(
        &["GET /x", "GET /scoped"],
        testing::proxy(
            "http://b.test/x",
            json!({
                "requestParameters": { "overwrite:header.x-sub": "$context.authorizer.claims.sub" }
            }),
        ),
    );
    let api = &mut document["apis"][0];
    let mut jwt = json!({ "issuer": ISSUER, "audience": ["shop", "other"] });
    for (name, value) in configuration.as_object().unwrap() {
        jwt[name] = value.clone();
    }
    api["authorizers"] = json!([{
        "authorizerId": "login", "authorizerType": "JWT",
        "identitySource": ["$request.header.Authorization"], "jwtConfiguration": jwt,
    }]);
    for route in api["routes"].as_array_mut().unwrap() {
        route["authorizationType"] = json!("JWT");
        route["authorizerId"] = json!("login");
    }
    api["routes"][1]["authorizationScopes"] = json!(["admin", "read"]);
    document
}

fn inline() -> Rc<Gateway> {
    gateway(&document(&json!({ "jwks": { "keys": [jwk()] } })))
}

fn env<'a>(worker: &'a RefCell<Worker>, wall: u64) -> Env<'a> {
    Env { wall: Millis(wall), worker, signatures: &Software, ..testing::env() }
}

const NOW: u64 = 1_700_000_000_000;

/// Status, `www-authenticate` and what the backend learns of `sub`.
fn ask(gateway: &Rc<Gateway>, path: &str, headers: &[(&str, &str)]) -> (u16, String, String) {
    let worker = RefCell::default();
    let mut exchange = Exchange::new(Rc::clone(gateway));
    outcome(exchange.on_request_headers(Ok(head("GET", path, headers, true)), &env(&worker, NOW)))
}

fn outcome(flow: Flow) -> (u16, String, String) {
    match flow {
        Flow::Answer(answer) => {
            let challenge = answer.headers.iter().find(|(name, _)| name.as_ref() == b"www-authenticate");
            let challenge =
                challenge.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).unwrap_or_default();
            (answer.status, challenge, String::new())
        }
        Flow::Forward(edits) => {
            let sent = testing::apply(&head("GET", "/", &[], true), edits);
            (200, String::new(), testing::first(&sent, "x-sub").unwrap_or_default())
        }
        Flow::Call(_) | Flow::Body(_) => panic!("neither answered nor forwarded: {flow:?}"),
    }
}

fn refused(description: &str) -> (u16, String, String) {
    let challenge = format!("Bearer scope=\"\" error=\"invalid_token\" error_description=\"{description}\"");
    (401, challenge, String::new())
}

fn with(claims: Value) -> (u16, String, String) {
    ask(&inline(), "/x", &[("authorization", &format!("Bearer {}", token(&json!({}), &claims)))])
}

#[test]
fn a_good_token_passes_with_and_without_its_prefix() {
    let gateway = inline();
    let token = token(&json!({}), &json!({}));
    for value in [token.clone(), format!("Bearer {token}"), format!("bEaReR {token}")] {
        assert_eq!(ask(&gateway, "/x", &[("authorization", &value)]), (200, String::new(), "ann".to_owned()));
    }
}

#[test]
fn the_claims_are_judged_one_by_one() {
    let good = (200, String::new(), "ann".to_owned());
    let second = NOW / 1000;
    assert_eq!(with(json!({ "aud": ["x", "other"] })), good);
    assert_eq!(with(json!({ "aud": null, "client_id": "shop" })), good);
    assert_eq!(with(json!({ "nbf": second, "iat": second - 1 })), good);
    let audience = refused("the token does not have a valid audience");
    assert_eq!(with(json!({ "aud": "stranger" })), audience);
    assert_eq!(with(json!({ "aud": "stranger", "client_id": "shop" })), audience, "client_id beside aud");
    assert_eq!(with(json!({ "aud": null })), audience);
    assert_eq!(with(json!({ "aud": [] })), audience);
    assert_eq!(with(json!({ "iss": "https://idp.test/" })), refused("issuer does not match"));
    assert_eq!(with(json!({ "iss": null })), refused("issuer does not match"));
    assert_eq!(with(json!({ "exp": second })), refused("the token has expired"));
    assert_eq!(with(json!({ "exp": null })), refused("the token has expired"));
    assert_eq!(with(json!({ "nbf": second + 1 })), refused("the token is not valid yet"));
    assert_eq!(with(json!({ "iat": second + 1 })), refused("the token is not valid yet"));
    for odd in [
        json!({ "exp": "4102444800" }),
        json!({ "nbf": [] }),
        json!({ "aud": { "shop": true } }),
        json!({ "aud": [1] }),
    ] {
        // The library that verifies here reads the claims too, and refuses these before we do.
        assert_eq!(with(odd.clone()).0, 401, "{odd}");
    }
}

#[test]
fn scopes_are_the_routes() {
    let gateway = inline();
    let scoped = |claims: Value| ask(&gateway, "/scoped", &[("authorization", &token(&json!({}), &claims))]);
    assert_eq!(scoped(json!({ "scope": "write read" })).0, 200);
    assert_eq!(scoped(json!({ "scp": ["admin"] })).0, 200);
    let (status, challenge, _) = scoped(json!({ "scope": "write" }));
    assert_eq!(status, 403);
    assert!(challenge.starts_with("Bearer scope=\"admin read\" error=\"insufficient_scope\""), "{challenge}");
    assert_eq!(scoped(json!({})).0, 403);
}

#[test]
fn no_token_or_two_are_none() {
    let gateway = inline();
    let token = token(&json!({}), &json!({}));
    let none = (401, "Bearer".to_owned(), String::new());
    let joined = format!("{token}, {token}");
    for headers in [
        vec![],
        vec![("authorization", "")],
        vec![("authorization", "Bearer ")],
        vec![("authorization", token.as_str()), ("authorization", token.as_str())],
        vec![("authorization", joined.as_str())],
        vec![("x-authorization", token.as_str())],
    ] {
        assert_eq!(ask(&gateway, "/x", &headers), none, "{headers:?}");
    }
}

#[test]
fn attacks_on_the_form_of_a_token_are_refused() {
    let good = token(&json!({}), &json!({}));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = signed.split_once('.').unwrap();
    let claims = json!({ "iss": ISSUER, "aud": "shop", "exp": 4_102_444_800_u64 }).to_string();
    let attacks = [
        ("alg none", token(&json!({ "alg": "none" }), &json!({}))),
        ("alg none, no signature", format!("{signed}.")),
        ("HMAC with the public key", token(&json!({ "alg": "HS256" }), &json!({}))),
        ("ES256 with an RSA key", token(&json!({ "alg": "ES256" }), &json!({}))),
        (
            "another hash than signed",
            format!("{}.{payload}.{signature}", base64(r#"{"alg":"RS384","kid":"k1"}"#)),
        ),
        ("lower case", token(&json!({ "alg": "rs256" }), &json!({}))),
        ("no kid", token(&json!({ "kid": null }), &json!({}))),
        ("unknown kid", token(&json!({ "kid": "k2" }), &json!({}))),
        ("kid as a path", token(&json!({ "kid": "../../dev/null" }), &json!({}))),
        ("kid as a number", token(&json!({ "kid": 1 }), &json!({}))),
        ("own key", token(&json!({ "jwk": jwk() }), &json!({}))),
        ("own key set", token(&json!({ "jku": "https://evil.test" }), &json!({}))),
        ("own certificate", token(&json!({ "x5u": "https://evil.test" }), &json!({}))),
        ("own chain", token(&json!({ "x5c": ["x"] }), &json!({}))),
        ("critical extension", token(&json!({ "crit": ["exp"] }), &json!({}))),
        ("alg twice", sign(r#"{"alg":"none","alg":"RS256","kid":"k1"}"#, &claims)),
        (
            "aud twice",
            sign(
                r#"{"alg":"RS256","kid":"k1"}"#,
                r#"{"iss":"https://idp.test","aud":"x","aud":"shop","exp":4102444800}"#,
            ),
        ),
        ("another payload", format!("{header}.{}.{signature}", base64(&claims))),
        ("a bit of the signature", format!("{signed}.{}A", signature.get(1..).unwrap())),
        ("cut signature", format!("{signed}.{}", signature.get(..300).unwrap())),
        ("four parts", format!("{good}.x")),
        ("two parts", signed.to_owned()),
        ("padding", format!("{good}==")),
        ("standard base64", good.replace(['-', '_'], "+")),
        ("not JSON", sign("x", "y")),
        ("a list", sign("[]", "[]")),
        ("huge", format!("{good}{}", "A".repeat(8_000))),
        ("deep", sign(r#"{"alg":"RS256","kid":"k1"}"#, &"[".repeat(6_000))),
    ];
    let gateway = inline();
    for (name, attack) in &attacks {
        let (status, challenge, _) = ask(&gateway, "/x", &[("authorization", attack)]);
        assert_eq!(status, 401, "{name}");
        assert!(challenge.contains("invalid_token"), "{name}: {challenge}");
    }
    println!("{} attacks refused", attacks.len());
}

fn base64(text: &str) -> String {
    use ::base64::Engine;
    ::base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

#[test]
fn a_remembered_token_still_expires() {
    let gateway = inline();
    let worker = RefCell::default();
    let token = token(&json!({}), &json!({ "exp": NOW / 1000 + 10 }));
    let status = |wall| {
        let mut exchange = Exchange::new(Rc::clone(&gateway));
        let head = head("GET", "/x", &[("authorization", &token)], true);
        outcome(exchange.on_request_headers(Ok(head), &env(&worker, wall))).0
    };
    assert_eq!([NOW, NOW + 9_000, NOW + 10_000, NOW + 11_000].map(status), [200, 200, 401, 401]);
}

/// Drives a gateway whose keys must be asked for: answers the questions from a list, and says what was asked.
fn asking(
    gateway: &Rc<Gateway>,
    worker: &RefCell<Worker>,
    wall: u64,
    token: &str,
    replies: &[(u16, Value)],
) -> (u16, Vec<String>) {
    let mut exchange = Exchange::new(Rc::clone(gateway));
    let env = env(worker, wall);
    let mut flow =
        exchange.on_request_headers(Ok(head("GET", "/x", &[("authorization", token)], true)), &env);
    let mut asked = Vec::new();
    let mut replies = replies.iter();
    while let Flow::Call(callout) = &flow {
        assert_eq!(callout.timeout_millis, 1_500);
        let path = callout.headers.iter().find(|(name, _)| name.as_ref() == b":path").unwrap();
        asked.push(format!("{}{}", callout.cluster, String::from_utf8_lossy(&path.1)));
        let reply = match replies.next() {
            Some((status, body)) => CalloutReply::Answered {
                status: *status,
                head: Head::default(),
                body: body.to_string().into_bytes(),
            },
            None => CalloutReply::Failed,
        };
        flow = exchange.on_callout(&reply, &env);
    }
    (outcome(flow).0, asked)
}

const DISCOVERY: &str = "https://idp.test:443/.well-known/openid-configuration";
const KEYS: &str = "https://idp.test:443/keys";

fn discovered() -> [(u16, Value); 2] {
    let document = json!({ "issuer": ISSUER, "jwks_uri": "https://idp.test/keys", "more": {} });
    [(200, document), (200, json!({ "keys": [jwk()] }))]
}

#[test]
fn keys_are_discovered_once_and_asked_for_again_when_they_are_old() {
    let gateway = gateway(&document(&json!({})));
    let worker = RefCell::default();
    let token = token(&json!({}), &json!({}));
    let hours = |hours: u64| NOW + hours * 3_600_000;
    let both = vec![DISCOVERY.to_owned(), KEYS.to_owned()];
    assert_eq!(asking(&gateway, &worker, hours(0), &token, &discovered()), (200, both.clone()));
    assert_eq!(asking(&gateway, &worker, hours(1), &token, &[]), (200, vec![]));
    // The issuer is dead: the last good keys serve on, to their end.
    assert_eq!(
        asking(&gateway, &worker, hours(23), &self::token(&json!({}), &json!({ "sub": "bob" })), &[]).0,
        200
    );
    assert_eq!(
        asking(&gateway, &worker, hours(25), &self::token(&json!({}), &json!({ "sub": "eve" })), &[]).0,
        401
    );
}

#[test]
fn a_dead_or_lying_issuer_is_refused_and_left_alone_for_a_while() {
    let gateway = gateway(&document(&json!({})));
    let token = token(&json!({}), &json!({}));
    let elsewhere = json!({ "issuer": ISSUER, "jwks_uri": "https://evil.test/keys" });
    let impostor = json!({ "issuer": "https://evil.test", "jwks_uri": "https://idp.test/keys" });
    let large = json!({ "issuer": ISSUER, "jwks_uri": "https://idp.test/keys", "x": "x".repeat(150_000) });
    for first in [(503, json!({})), (200, json!("x")), (200, elsewhere), (200, impostor), (200, large)] {
        let worker = RefCell::default();
        assert_eq!(
            asking(&gateway, &worker, NOW, &token, std::slice::from_ref(&first)),
            (401, vec![DISCOVERY.to_owned()]),
            "{first:?}"
        );
        assert_eq!(asking(&gateway, &worker, NOW + 500, &token, &discovered()), (401, vec![]), "left alone");
        assert_eq!(asking(&gateway, &worker, NOW + 1_500, &token, &discovered()).0, 200, "asked again");
    }
}

#[test]
fn a_token_dies_with_the_key_that_verified_it() {
    let gateway = gateway(&document(&json!({ "jwksUri": "https://idp.test/keys" })));
    let worker = RefCell::default();
    let token = token(&json!({}), &json!({}));
    let other = json!({ "kty": "RSA", "kid": "k2", "n": jwk()["n"].as_str().unwrap().replacen('s', "t", 1), "e": "AQAB" });
    assert_eq!(asking(&gateway, &worker, NOW, &token, &[(200, json!({ "keys": [jwk()] }))]).0, 200);
    let rotated = [(200, json!({ "keys": [other] }))];
    let late = NOW + 3 * 3_600_000;
    assert_eq!(
        asking(&gateway, &worker, late, &self::token(&json!({ "kid": "k2" }), &json!({})), &rotated).0,
        401
    );
    assert_eq!(asking(&gateway, &worker, late + 1_000, &token, &rotated).0, 401);
}

pub(super) fn problems_of(configuration: &Value) -> String {
    problems(&document(configuration))
}

#[test]
fn authorizers_are_checked_at_load() {
    let jwt = |more: Value| problems(&document(&more));
    for (configuration, expected) in [
        (json!({ "audience": [] }), "without an audience"),
        (json!({ "audience": ["a", ""] }), "audience[1]: the audience is empty"),
        (json!({ "issuer": "ftp://idp.test" }), "neither `http` nor `https`"),
        (
            json!({ "jwks": { "keys": [{ "kty": "oct", "k": "c2VjcmV0", "kid": "k" }] } }),
            "a shared secret does not stand",
        ),
        (json!({ "jwks": { "keys": [jwk(), { "kty": "oct", "k": "" }] } }), "jwks.keys[1]: a shared secret"),
        (json!({ "jwks": { "keys": [{ "kty": "RSA", "d": "AQAB", "kid": "k" }] } }), "this is a private key"),
        (json!({ "algorithms": ["none"] }), "nothing here verifies `none`"),
        (json!({ "algorithms": ["rs256"] }), "nothing here verifies `rs256`"),
        (json!({ "defaultAlgorithms": ["PS256"] }), "it is named in `algorithms`"),
        (json!({ "algorithms": ["HS256"] }), "none is named"),
        (json!({ "secretEnv": "SECRET" }), "the secret verifies nothing"),
        (json!({ "secretEnv": "SECRET", "algorithms": ["HS256", "RS256"] }), "and nothing else"),
        (
            json!({ "secretEnv": "SECRET", "algorithms": ["HS256"], "defaultAlgorithms": ["RS256"] }),
            "and nothing else",
        ),
        (
            json!({ "secretEnv": "SECRET", "algorithms": ["HS256"], "jwks": { "keys": [jwk()] } }),
            "and nothing else",
        ),
        (
            json!({ "secretEnv": "SECRET", "algorithms": ["HS256"], "jwksUri": "https://idp.test/" }),
            "and nothing else",
        ),
        (
            json!({ "algorithms": ["PS256"] }),
            "warning: apis[0].authorizers[0].jwtConfiguration.algorithms[0]: Envoy does not verify",
        ),
        (json!({ "algorithms": ["EdDSA"] }), "cargo wasm --features software-signatures"),
        (json!({ "jwksUri": "http://idp.test/keys" }), "warning: "),
    ] {
        let problems = jwt(configuration.clone());
        assert!(problems.contains(expected), "{configuration}: {problems}");
    }
    let mut twice = document(&json!({}));
    twice["apis"][0]["routes"][0]["authorizerId"] = json!("logn");
    twice["apis"][0]["routes"][1]["authorizationType"] = json!("NONE");
    let problems = problems(&twice);
    for expected in ["no authorizer is named `logn`", "`login`", "is never asked", "scopes mean nothing"] {
        assert!(problems.contains(expected), "{expected}: {problems}");
    }
}

mod secrets;
