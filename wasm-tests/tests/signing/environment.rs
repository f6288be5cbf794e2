//! Functions at AWS's own host, signed for by the credentials of Envoy's environment.

use crate::aws::{ACCOUNT, Aws, Keys, assert_signed, botocore, job};
use sekisho_cases::Answer;
use serde_json::{Value, json};
use wasm_tests::{Gateway, eventually, raw};

const KEYS: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT00001"), ("AWS_SECRET_ACCESS_KEY", "s3cr3t/+=")];
const INTERNAL_HTTP: &str = r#"{"message":"Internal Server Error"}"#;
const INTERNAL_REST: &str = r#"{"message":"Internal server error"}"#;

fn keys(token: Option<&str>) -> Keys {
    Keys { id: KEYS[0].1.to_owned(), secret: KEYS[1].1.to_owned(), token: token.map(str::to_owned) }
}

fn arn(region: &str, account: &str, name: &str) -> String {
    format!("arn:aws:lambda:{region}:{account}:function:{name}")
}

/// `/own` with a qualifier, `/other` of another account, `/far` in another region; `/guarded` behind an authorizer.
fn document(protocol: &str) -> Value {
    let functions = [
        ("own", arn("us-east-1", ACCOUNT, "own:$LATEST")),
        ("other", arn("us-east-1", "999999999999", "other")),
        ("far", arn("eu-west-1", ACCOUNT, "far:live")),
    ];
    let integrations: Vec<Value> = functions
        .iter()
        .map(|(name, arn)| {
            let format = if protocol == "HTTP" { json!("2.0") } else { Value::Null };
            let mut written = json!({
                "integrationId": name, "integrationType": "AWS_PROXY", "integrationMethod": "POST", "integrationUri": arn,
            });
            if !format.is_null() {
                written["payloadFormatVersion"] = format;
            }
            written
        })
        .collect();
    let mut routes: Vec<Value> = functions
        .iter()
        .map(|(name, _)| json!({ "routeKey": format!("ANY /{name}"), "target": format!("integrations/{name}") }))
        .collect();
    routes.push(json!({
        "routeKey": "ANY /guarded", "target": "integrations/own", "authorizationType": "CUSTOM", "authorizerId": "login",
    }));
    let mut authorizer = json!({
        "authorizerId": "login", "authorizerType": "REQUEST", "identitySource": ["$request.header.x-token"],
        "authorizerResultTtlInSeconds": 0, "authorizerUri": arn("us-east-1", ACCOUNT, "login"),
    });
    if protocol == "HTTP" {
        authorizer["authorizerPayloadFormatVersion"] = json!("2.0");
        authorizer["enableSimpleResponses"] = json!(true);
    }
    let stage = if protocol == "HTTP" { "$default" } else { "prod" };
    json!({ "apis": [{
        "apiId": "a", "protocolType": protocol, "stages": [{ "stageName": stage }],
        "routes": routes, "integrations": integrations, "authorizers": [authorizer],
    }] })
}

fn post(path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: h.test\r\nx-token: t\r\ncontent-type: text/plain\r\nauthorization: of-the-client\r\n\
         x-amz-security-token: of-the-client\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_at_aws_is_signed_as_botocore_signs_it() {
    let Some(python) = botocore("signing (botocore)") else { return };
    let mut ran = 0;
    for token in [None, Some("session/token+with=signs")] {
        let aws = Aws::start().await;
        let session = token.map(|token| ("AWS_SESSION_TOKEN", token));
        let environment: Vec<_> = KEYS.into_iter().chain(session).collect();
        let gateway = Gateway::start(&document("HTTP"), &aws.backend, aws.options(&environment)).await;
        let mut jobs = Vec::new();
        for (path, size, target, region) in [
            ("/own", 0, "/2015-03-31/functions/own/invocations?Qualifier=%24LATEST", "us-east-1"),
            (
                "/own?a=b&c=%20d",
                1024,
                "/2015-03-31/functions/own/invocations?Qualifier=%24LATEST",
                "us-east-1",
            ),
            ("/own", 6_200_000, "/2015-03-31/functions/own/invocations?Qualifier=%24LATEST", "us-east-1"),
            (
                "/other",
                1024,
                "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A999999999999%3Afunction%3Aother/invocations",
                "us-east-1",
            ),
            (
                "/far",
                1024,
                "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Afar%3Alive/invocations",
                "eu-west-1",
            ),
        ] {
            aws.backend.forget();
            let response = raw::send(gateway.address(), &post(path, &vec![b'a'; size])).await.unwrap();
            if size > 65_536 && gateway.ignores_body_buffer_limits().await {
                assert_eq!(response.status, 413, "Envoy 1.36 holds what a connection may");
                ran += 1;
                continue;
            }
            assert_eq!(response.status, 200, "{path}, {size}: {}\n{}", response.text(), gateway.log());
            let seen = aws.backend.only();
            assert_eq!(seen.seen.path, target);
            assert_eq!(seen.header("host"), [format!("lambda.{region}.amazonaws.com")]);
            assert_eq!(seen.header("x-amz-security-token"), token.into_iter().collect::<Vec<_>>());
            assert!(seen.bytes > size as u64, "the event holds the body");
            let names: Vec<&str> = seen.seen.headers.iter().map(|(name, _)| name.as_str()).collect();
            let foreign =
                names.iter().filter(|name| name.starts_with("x-envoy-") || **name == "x-forwarded-for");
            assert_eq!(foreign.count(), 0, "{names:?}");
            let signed = seen.header("authorization").concat();
            for name in
                ["content-type", "host", "x-amz-content-sha256", "x-amz-date", "x-amz-invocation-type"]
            {
                assert!(signed.contains(name), "{signed}");
            }
            assert!(!signed.contains("trace"), "{signed}");
            jobs.push(job(&seen, &keys(token), "lambda", region));
            ran += 1;
        }
        assert_signed(&python, jobs).await;
        gateway.assert_no_panic().await;
    }
    println!("{ran} invocations");
    assert_eq!(ran, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorizer_at_aws_is_asked_in_a_signed_request() {
    let Some(python) = botocore("signing (botocore, authorizer)") else { return };
    let aws = Aws::start().await;
    aws.backend.answers(Answer {
        status: 200,
        headers: Vec::new(),
        body: r#"{"isAuthorized":true}"#.to_owned(),
    });
    let gateway = Gateway::start(&document("HTTP"), &aws.backend, aws.options(&KEYS)).await;
    let response = raw::send(gateway.address(), &post("/guarded", b"{}")).await.unwrap();
    assert_eq!(response.status, 200, "{}", response.text());
    let seen = aws.backend.seen();
    assert_eq!(seen.len(), 2, "the authorizer, then the function");
    assert_eq!(seen[0].seen.path, "/2015-03-31/functions/login/invocations");
    assert_signed(&python, seen.iter().map(|seen| job(seen, &keys(None), "lambda", "us-east-1")).collect())
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_nothing_leaves_and_the_answer_is_500() {
    for (protocol, prefix, words) in [("HTTP", "", INTERNAL_HTTP), ("REST", "/prod", INTERNAL_REST)] {
        let aws = Aws::start().await;
        let gateway = Gateway::start(&document(protocol), &aws.backend, aws.options(&[])).await;
        let is_small = gateway.ignores_body_buffer_limits().await;
        let large = vec![b'a'; if is_small { 60_000 } else { 6_200_000 }];
        for (path, body) in [("/own", &b""[..]), ("/far", b"{}"), ("/guarded", b"{}"), ("/own", &large)] {
            let response =
                raw::send(gateway.address(), &post(&format!("{prefix}{path}"), body)).await.unwrap();
            let said = (response.status, response.text());
            let guarded = path == "/guarded" && protocol == "REST";
            assert_eq!((said.0, guarded || said.1 == words), (500, true), "{path}: {}", said.1);
            assert_eq!(response.header("x-sekisho-unsigned"), None, "the client is not told why");
        }
        assert!(aws.backend.seen().is_empty(), "{:?}", aws.backend.seen());
        eventually("it is counted", async || {
            (gateway.admin_stat("wasmcustom.sekisho_unsigned_total").await == 4).then_some(())
        })
        .await;
        gateway.assert_no_panic().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_aws_gets_no_event() {
    let aws = Aws::start().await;
    let stranger = Aws::start().await;
    let mut options = aws.options(&KEYS);
    options.ca_file = Some(stranger.ca());
    let gateway = Gateway::start(&document("HTTP"), &aws.backend, options).await;
    let response = raw::send(gateway.address(), &post("/own", b"{}")).await.unwrap();
    assert_eq!(response.status, 503, "{}", response.text());
    assert!(aws.backend.seen().is_empty(), "its certificate is not by an authority that is trusted");
}
