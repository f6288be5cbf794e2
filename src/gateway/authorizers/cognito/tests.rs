use crate::gateway::authorizers::software::Software;
use crate::gateway::flow::{Answer, CalloutReply, Flow};
use crate::gateway::testing::{self, body, gateway, head, problems};
use crate::gateway::worker::Worker;
use crate::gateway::{Env, Exchange, Gateway, Millis};
use sekisho_cases::tokens::{jwk, token};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;

const ARN: &str = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Shop";
const POOL: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Shop";
const NOW: u64 = 1_700_000_000_000;

/// A REST API with one Cognito authorizer in front of `GET /x` and, with scopes, of `GET /scoped`.
fn document(members: &Value) -> Value {
    let mapped = |name: &str| format!("$context.authorizer.claims.{name}");
    let mut document = testing::rest(
        &["GET /x", "GET /scoped"],
        testing::proxy(
            "http://b.test/x",
            json!({ "requestParameters": {
                "overwrite:header.x-sub": mapped("sub"), "overwrite:header.x-exp": mapped("exp"),
                "overwrite:header.x-groups": mapped("cognito:groups"),
            } }),
        ),
    );
    let api = &mut document["apis"][0];
    let mut authorizer = json!({
        "authorizerId": "pool", "authorizerType": "COGNITO_USER_POOLS",
        "identitySource": ["$request.header.Authorization"], "providerARNs": [ARN],
    });
    for (name, value) in members.as_object().unwrap() {
        authorizer[name] = value.clone();
    }
    api["authorizers"] = json!([authorizer]);
    for route in api["routes"].as_array_mut().unwrap() {
        route["authorizationType"] = json!("COGNITO_USER_POOLS");
        route["authorizerId"] = json!("pool");
    }
    api["routes"][1]["authorizationScopes"] = json!(["shop/read", "shop/write"]);
    document
}

/// With the pool's keys in the document.
fn inline(members: &Value) -> Rc<Gateway> {
    let mut document = document(members);
    document["apis"][0]["authorizers"][0]["jwtConfiguration"]["jwks"] = json!({ "keys": [jwk()] });
    gateway(&document)
}

fn id(claims: Value) -> String {
    with(json!({ "iss": POOL, "token_use": "id", "aud": "web" }), claims)
}

fn access(claims: Value) -> String {
    let base = json!({ "iss": POOL, "token_use": "access", "aud": null, "client_id": "web", "scope": "openid shop/read" });
    with(base, claims)
}

fn with(mut base: Value, claims: Value) -> String {
    for (name, value) in claims.as_object().unwrap() {
        base[name] = value.clone();
    }
    token(&json!({}), &base)
}

fn env<'a>(worker: &'a RefCell<Worker>, wall: u64) -> Env<'a> {
    Env { wall: Millis(wall), worker, signatures: &Software, ..testing::env() }
}

fn ask(gateway: &Rc<Gateway>, path: &str, token: &str) -> Flow {
    ask_at(gateway, path, token, &RefCell::default(), NOW)
}

fn ask_at(gateway: &Rc<Gateway>, path: &str, token: &str, worker: &RefCell<Worker>, wall: u64) -> Flow {
    let head = head("GET", path, &[("authorization", token)], true);
    Exchange::new(Rc::clone(gateway)).on_request_headers(Ok(head), &env(worker, wall))
}

/// What the backend reads.
fn passed(flow: Flow, name: &str) -> Option<String> {
    match flow {
        Flow::Forward(edits) => testing::first(&testing::apply(&head("GET", "/", &[], true), edits), name),
        flow => panic!("{flow:?}"),
    }
}

fn refused(flow: Flow) -> (String, Answer) {
    match flow {
        Flow::Answer(answer) if answer.status == 401 => (answer.details.clone().into_owned(), answer),
        flow => panic!("{flow:?}"),
    }
}

fn why(flow: Flow) -> String {
    let (details, answer) = refused(flow);
    assert_eq!(body(&answer), r#"{"message":"Unauthorized"}"#);
    assert_eq!(testing::answer_header(&answer, "www-authenticate"), None, "REST APIs send none");
    details
}

#[test]
fn a_route_without_scopes_takes_an_id_token_and_one_with_scopes_an_access_token() {
    let gateway = inline(&json!({}));
    assert_eq!(passed(ask(&gateway, "/prod/x", &id(json!({}))), "x-sub").unwrap(), "ann");
    assert_eq!(passed(ask(&gateway, "/prod/scoped", &access(json!({}))), "x-sub").unwrap(), "ann");
    assert_eq!(why(ask(&gateway, "/prod/x", &access(json!({})))), "sekisho_token_use");
    assert_eq!(why(ask(&gateway, "/prod/scoped", &id(json!({ "scope": "shop/read" })))), "sekisho_token_use");
    for odd in [json!(null), json!("refresh"), json!(["id"]), json!({ "id": 1 }), json!("ID")] {
        let token = id(json!({ "token_use": odd }));
        assert_eq!(why(ask(&gateway, "/prod/x", &token)), "sekisho_token_use", "{odd}");
    }
}

#[test]
fn a_remembered_token_is_judged_again_for_every_route() {
    let (gateway, worker) = (inline(&json!({})), RefCell::default());
    let (id, access) = (id(json!({})), access(json!({})));
    for _ in 0..2 {
        assert!(matches!(ask_at(&gateway, "/prod/x", &id, &worker, NOW), Flow::Forward(_)));
        assert!(matches!(ask_at(&gateway, "/prod/scoped", &access, &worker, NOW), Flow::Forward(_)));
        assert_eq!(why(ask_at(&gateway, "/prod/scoped", &id, &worker, NOW)), "sekisho_token_use");
        assert_eq!(why(ask_at(&gateway, "/prod/x", &access, &worker, NOW)), "sekisho_token_use");
    }
}

#[test]
fn scopes_are_those_of_scope_alone() {
    let gateway = inline(&json!({}));
    let scoped = |claims| ask(&gateway, "/prod/scoped", &access(claims));
    assert!(matches!(scoped(json!({ "scope": "shop/write" })), Flow::Forward(_)));
    for none in [
        json!({ "scope": "shop/rea" }),
        json!({ "scope": "" }),
        json!({ "scope": null }),
        json!({ "scope": ["shop/read"] }),
        json!({ "scope": "openid", "scp": "shop/read" }),
    ] {
        assert_eq!(why(scoped(none.clone())), "sekisho_insufficient_scope", "{none}");
    }
}

#[test]
fn an_expired_token_is_told_so_and_dies_in_memory_too() {
    let (gateway, worker) = (inline(&json!({})), RefCell::default());
    let token = id(json!({ "exp": NOW / 1000 + 10 }));
    assert!(matches!(ask_at(&gateway, "/prod/x", &token, &worker, NOW), Flow::Forward(_)));
    let (details, answer) = refused(ask_at(&gateway, "/prod/x", &token, &worker, NOW + 10_000));
    assert_eq!(details, "sekisho_expired_token");
    assert_eq!(body(&answer), r#"{"message":"The incoming token has expired"}"#);
    assert_eq!(testing::answer_header(&answer, "x-amzn-errortype").unwrap(), "UnauthorizedException");
}

#[test]
fn tokens_of_others_are_refused() {
    let gateway = inline(&json!({}));
    let other = id(json!({ "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other" }));
    assert_eq!(why(ask(&gateway, "/prod/x", &other)), "sekisho_token_issuer");
    for (header, details) in [
        (json!({ "alg": "RS512" }), "sekisho_token_signing_method"),
        (json!({ "alg": "none" }), "sekisho_token_signing_method"),
        (json!({ "kid": "k2" }), "sekisho_token_unknown_key"),
    ] {
        let token = token(&header, &json!({ "iss": POOL, "token_use": "id", "aud": "web" }));
        assert_eq!(why(ask(&gateway, "/prod/x", &token)), details, "{header}");
    }
    let good = id(json!({}));
    let cut = good.get(..good.len() - 4).unwrap();
    assert_eq!(why(ask(&gateway, "/prod/x", &format!("{cut}AAAA"))), "sekisho_token_signature");
}

#[test]
fn the_expression_is_matched_against_all_of_aud() {
    let gateway = inline(&json!({ "identityValidationExpression": "web|shop-[0-9]+" }));
    let of = |aud: Value| ask(&gateway, "/prod/x", &id(json!({ "aud": aud })));
    for good in ["web", "shop-12"] {
        assert!(matches!(of(json!(good)), Flow::Forward(_)), "{good}");
    }
    for bad in [json!("web2"), json!("xweb"), json!("shop-1\n"), json!("shop-"), json!("")] {
        assert_eq!(why(of(bad.clone())), "sekisho_token_audience", "{bad}");
    }
    // No access token has `aud`.
    assert_eq!(why(ask(&gateway, "/prod/scoped", &access(json!({})))), "sekisho_token_audience");
}

#[test]
fn the_extension_names_app_clients() {
    let gateway = inline(&json!({ "jwtConfiguration": { "audience": ["web", "app"] } }));
    assert!(matches!(ask(&gateway, "/prod/x", &id(json!({}))), Flow::Forward(_)));
    assert!(matches!(ask(&gateway, "/prod/scoped", &access(json!({}))), Flow::Forward(_)));
    for token in [id(json!({ "aud": "stranger" })), id(json!({ "aud": "stranger", "client_id": "web" }))] {
        assert_eq!(why(ask(&gateway, "/prod/x", &token)), "sekisho_token_audience");
    }
    let token = access(json!({ "client_id": "stranger", "aud": "web" }));
    assert_eq!(why(ask(&gateway, "/prod/scoped", &token)), "sekisho_token_audience");
    for none in [json!(null), json!(["web"]), json!(1)] {
        // The library that verifies here reads `aud` too, and refuses some of these before we do.
        assert!(matches!(ask(&gateway, "/prod/x", &id(json!({ "aud": none }))), Flow::Answer(_)), "{none}");
    }
}

#[test]
fn claims_are_printed_as_rest_apis_print_them() {
    let gateway = inline(&json!({}));
    let token = id(json!({ "exp": 1_787_996_002, "cognito:groups": ["Admins", "Readers"] }));
    assert_eq!(passed(ask(&gateway, "/prod/x", &token), "x-groups").unwrap(), "Admins,Readers");
    assert_eq!(passed(ask(&gateway, "/prod/x", &token), "x-exp").unwrap(), "Sat Aug 29 09:33:22 UTC 2026");
    let claims = serde_json::from_str(
        r#"{"iat":1469814773,"auth_time":1469814773,"email_verified":true,"identities":[{"userId":"7"}],"n":null,"exp":1469818373.5}"#,
    );
    let bearer = super::UserPools::bearer(&claims.unwrap());
    for (name, expected) in [
        ("iat", "Fri Jul 29 17:52:53 UTC 2016"),
        ("auth_time", "1469814773"),
        ("email_verified", "true"),
        ("identities", r#"{"userId":"7"}"#),
        ("n", "null"),
        ("exp", "1469818373.5"),
    ] {
        assert_eq!(bearer.claim(name), Some(expected), "{name}");
    }
}

#[test]
fn a_pool_is_asked_for_its_keys_where_the_document_says_it_lives() {
    let asked = |endpoints: Value, arn: &str| {
        let mut document = document(&json!({ "providerARNs": [arn] }));
        document["endpoints"] = endpoints;
        let mut issuer = POOL.to_owned();
        if arn.contains(":aws-cn:") {
            issuer = "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_a".to_owned();
        }
        match ask(&gateway(&document), "/prod/x", &id(json!({ "iss": issuer }))) {
            Flow::Call(callout) => {
                let header = |name: &[u8]| {
                    let found = callout.headers.iter().find(|(known, _)| known.as_ref() == name);
                    String::from_utf8_lossy(&found.unwrap().1).into_owned()
                };
                format!("{} {}", callout.cluster, header(b":path"))
            }
            flow => panic!("{flow:?}"),
        }
    };
    let keys = "/eu-west-1_Shop/.well-known/jwks.json";
    for (endpoints, place) in [
        (json!({}), format!("https://cognito-idp.eu-west-1.amazonaws.com:443 {keys}")),
        (json!({ "cognito-idp": "http://moto.test:5000/" }), format!("http://moto.test:5000 {keys}")),
        (
            json!({ "cognito-idp": "http://moto.test", "cognito-idp.eu-west-1": "http://eu.test/pools" }),
            format!("http://eu.test:80 /pools{keys}"),
        ),
        (
            json!({ ARN: "http://own.test", "cognito-idp.eu-west-1": "http://eu.test" }),
            format!("http://own.test:80 {keys}"),
        ),
        (
            json!({ "cognito-idp.us-east-1": "http://us.test" }),
            format!("https://cognito-idp.eu-west-1.amazonaws.com:443 {keys}"),
        ),
    ] {
        assert_eq!(asked(endpoints.clone(), ARN), place, "{endpoints}");
    }
    assert_eq!(
        asked(json!({}), "arn:aws-cn:cognito-idp:cn-north-1:123456789012:userpool/cn-north-1_a"),
        "https://cognito-idp.cn-north-1.amazonaws.com.cn:443 /cn-north-1_a/.well-known/jwks.json"
    );
}

#[test]
fn learned_keys_go_on_to_the_kind_of_token_and_to_expiry() {
    let gateway = gateway(&document(&json!({})));
    for (path, token, details) in [
        ("/prod/x", id(json!({})), None),
        ("/prod/x", access(json!({})), Some("sekisho_token_use")),
        ("/prod/x", id(json!({ "exp": 1 })), Some("sekisho_expired_token")),
        ("/prod/scoped", access(json!({})), None),
        ("/prod/scoped", access(json!({ "scope": "x" })), Some("sekisho_insufficient_scope")),
    ] {
        let worker = RefCell::default();
        let mut exchange = Exchange::new(Rc::clone(&gateway));
        let head = head("GET", path, &[("authorization", &token)], true);
        let flow = exchange.on_request_headers(Ok(head), &env(&worker, NOW));
        assert!(matches!(flow, Flow::Call(_)), "{flow:?}");
        let body = json!({ "keys": [jwk()] }).to_string().into_bytes();
        let flow = exchange.on_callout(
            &CalloutReply::Answered { status: 200, head: crate::gateway::head::Head::default(), body },
            &env(&worker, NOW),
        );
        match details {
            None => assert!(matches!(flow, Flow::Forward(_)), "{flow:?}"),
            Some(details) => assert_eq!(refused(flow).0, details),
        }
    }
    let mut exchange = Exchange::new(gateway);
    let worker = RefCell::default();
    let head = head("GET", "/prod/x", &[("authorization", &id(json!({})))], true);
    let _ = exchange.on_request_headers(Ok(head), &env(&worker, NOW));
    assert_eq!(why(exchange.on_callout(&CalloutReply::Failed, &env(&worker, NOW))), "sekisho_token_keys");
}

#[test]
fn what_a_cognito_authorizer_cannot_be_is_told() {
    let told = |members: Value| problems(&document(&members));
    assert_eq!(told(json!({ "authorizerResultTtlInSeconds": 3600 })), "");
    for (members, problem) in [
        (json!({ "providerARNs": [] }), "providerARNs: a Cognito authorizer says whose tokens it accepts"),
        (
            json!({ "identitySource": [] }),
            "identitySource: a Cognito authorizer has exactly one identity source, a header",
        ),
        (
            json!({ "identitySource": ["$request.querystring.token"] }),
            "identitySource[0]: `$request.querystring.token` is not a header",
        ),
        (
            json!({ "authorizerResultTtlInSeconds": 3601 }),
            "authorizerResultTtlInSeconds: 3601 is not from 0 to 3600",
        ),
        (json!({ "identityValidationExpression": "(" }), "identityValidationExpression: `(` cannot be read"),
        (
            json!({ "identityValidationExpression": "a)|(b" }),
            "identityValidationExpression: `a)|(b` cannot be read",
        ),
        (json!({ "authorizerUri": "http://x" }), "authorizerUri: this is not a Cognito authorizer's"),
        (
            json!({ "jwtConfiguration": { "jwksUri": "http://x" } }),
            "jwtConfiguration.jwksUri: this is not a Cognito authorizer's",
        ),
        (
            json!({ "jwtConfiguration": { "issuer": "http://x" } }),
            "jwtConfiguration.issuer: this is not a Cognito authorizer's",
        ),
        (
            json!({ "jwtConfiguration": { "jwks": { "keys": [jwk()] } }, "providerARNs": [ARN, format!("{ARN}2")] }),
            "jwtConfiguration.jwks: one pool's keys would sign for the other pools",
        ),
    ] {
        let told = told(members.clone());
        let expected = format!("error: apis[0].authorizers[0].{problem}");
        assert!(told.starts_with(&expected), "{members}: {told}");
    }
    for arn in [
        "eu-west-1_Shop",
        "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/",
        "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/a/b",
        "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/a?b",
        "arn:aws:cognito-idp:evil.test/:123456789012:userpool/a",
        "arn:aws:cognito-idp::123456789012:userpool/a",
        "arn:other:cognito-idp:eu-west-1:123456789012:userpool/a",
        "arn:aws:lambda:eu-west-1:123456789012:userpool/a",
    ] {
        let told = told(json!({ "providerARNs": [arn] }));
        let expected =
            format!("error: apis[0].authorizers[0].providerARNs[0]: `{arn}` is not the ARN of a user pool");
        assert!(told.starts_with(&expected), "{told}");
    }
}

#[test]
fn http_apis_are_told_to_use_jwt() {
    let mut document = document(&json!({}));
    document["apis"][0]["protocolType"] = json!("HTTP");
    let told = problems(&document);
    assert!(
        told.starts_with("error: apis[0].authorizers[0].authorizerType: only REST APIs ask user pools by a Cognito authorizer\n  help: use `\"JWT\"` with the issuer `https://cognito-idp.REGION.amazonaws.com/POOL_ID`"),
        "{told}"
    );
}
