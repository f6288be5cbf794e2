//! What proves who somebody is, or lets somebody in, stands in no line: wherever else the request says it again.

use super::super::event;
use super::super::masks::{self, PathSecrets};
use super::{document, told};
use crate::gateway::flow::{Callout, CalloutReply};
use crate::gateway::head::Head;
use crate::gateway::testing::proxy;
use serde_json::{Value, json};

/// A function, or a backend, behind a path with a secret in it.
fn resetting(integration: Value) -> Value {
    let mut document = document("INFO", true);
    document["endpoints"] = json!({ "lambda": "http://lambda.test" });
    document["apis"][0]["routes"][0]["routeKey"] = json!("GET /reset/{token}/{id}");
    document["apis"][0]["integrations"][0] = integration;
    document["apis"][0]["integrations"][0]["integrationId"] = json!("i");
    document
}

fn function() -> Value {
    json!({ "integrationType": "AWS_PROXY", "integrationUri": "arn:aws:lambda:us-east-1:123456789012:function:f" })
}

fn returned(_: &Callout) -> CalloutReply {
    let body = json!({ "statusCode": 302, "body": "moved", "headers": { "location": "/in?access_token=s3cret#id_token=s3cret" } });
    CalloutReply::Answered {
        status: 200,
        head: Head::from_pairs(&[(":status", "200"), ("x-amzn-requestid", "r")], false),
        body: body.to_string().into_bytes(),
    }
}

const PATH: &str = "/prod/reset/s3%20cret/7?color=red&api_key=s3cret&next=https%3A%2F%2Fx%3Fa%3D1%26access_token%3Ds3cret&sid=s3cret&pwd=s3cret&pass=s3cret&code=s3cret&country_code=ch&x=https%253A%252F%252Fx%253Ftoken%253Ds3cret";
const HEADERS: &[(&str, &[u8])] = &[
    ("authorization", b"Bearer s3cret"),
    ("cookie", b"a=s3cret"),
    ("x-api-key", b"s3cret"),
    ("referer", b"https://ann:s3cret@shop.test/reset/s3%20cret/7?color=red&code=s3cret"),
    ("x-original-url", b"/reset/s3%20cret/7?b=1;token=s3cret"),
    ("link", b"<https://shop.test/?access_token=s3cret>; rel=next"),
    ("x-a", b"b, c=d?"),
];

fn assert_no_secret(told: &[String]) {
    for spelling in ["s3cret", "s3%20cret", "s3 cret"] {
        assert!(!told.concat().contains(spelling), "{spelling}: {told:#?}");
    }
}

fn line<'t>(told: &'t [String], begins: &str) -> &'t str {
    let mut found = told.iter().filter_map(|line| line.strip_prefix(begins));
    let line = found.next().unwrap_or_else(|| panic!("{begins}: {told:#?}"));
    assert_eq!(found.next(), None, "{told:#?}");
    line
}

#[test]
fn a_functions_event_is_told_without_secrets() {
    let told = told(&resetting(function()), PATH, HEADERS, &returned);
    assert_no_secret(&told);
    let event = line(&told, "Endpoint request body after transformations: ");
    for expected in [
        "{\"resource\":\"/reset/{token}/{id}\",\"path\":\"/reset/****/7\",\"httpMethod\":\"GET\",\"headers\":{",
        "\"Authorization\":\"****\"",
        "\"Cookie\":\"****\"",
        "\"X-A\":\"b, c=d?\"",
        "\"X-Api-Key\":\"****\"",
    ] {
        assert!(event.contains(expected), "{expected}: {event}");
    }
    let answer = line(&told, "Method response headers: ");
    assert!(answer.contains("location=/in?access_token=****#id_token=****"), "{answer}");
}

#[test]
fn what_is_masked_in_one_line_is_masked_in_the_next() {
    let backend = proxy("http://10.0.0.7:8080/r/{token}/of-{id}", json!({}));
    let told = told(&resetting(backend), PATH, HEADERS, &returned);
    assert_no_secret(&told);
    assert_eq!(line(&told, "Method request path: "), "{token=****, id=7}");
    let query = line(&told, "Method request query string: ");
    assert_eq!(
        query,
        "{color=red, api_key=****, next=****, sid=****, pwd=****, pass=****, code=****, country_code=ch, x=****}"
    );
    let uri = line(&told, "Endpoint request URI: ");
    assert!(
        uri.starts_with("http://10.0.0.7:8080/r/****/of-7?color=red&api_key=****&next=****&sid=****"),
        "{uri}"
    );
    assert_eq!(line(&told, "Sending request to "), uri);
    let headers = line(&told, "Method request headers: ");
    for expected in [
        "authorization=****, cookie=****, x-api-key=****",
        "referer=https://****@shop.test/reset/****/7?color=red&code=****, ",
        "x-original-url=/reset/****/7?b=1;token=****, ",
        "link=<https://shop.test/?access_token=****>; rel=next, ",
        "x-a=b, c=d?",
    ] {
        assert!(headers.contains(expected), "{expected}: {headers}");
    }
    assert_eq!(
        line(&told, "Endpoint response headers: "),
        "{location=https://****@app/cb?access_token=****#id_token=****}"
    );
}

/// Members that a line of a whole event has no room for.
#[test]
fn members_are_masked_by_their_names_and_where_they_stand() {
    let secrets = PathSecrets::of_values(&["ab", "s3cret"]);
    let shown = |value: Value| event::shown(value.to_string().as_bytes(), &secrets).unwrap();
    for (told, expected) in [
        (
            json!({ "headers": { "X-Api-Key": "k", "a": "b" } }),
            json!({ "headers": { "X-Api-Key": "****", "a": "b" } }),
        ),
        (
            json!({ "multiValueHeaders": { "Cookie": ["k", "l"], "a": ["b", "/?token=k", "s3cret."] } }),
            json!({ "multiValueHeaders": { "Cookie": "****", "a": ["b", "/?token=****", "****."] } }),
        ),
        (
            json!({ "pathParameters": { "token": "ab", "a": "ab" } }),
            json!({ "pathParameters": { "token": "****", "a": "ab" } }),
        ),
        (json!({ "path": "/reset/ab/x" }), json!({ "path": "/reset/****/x" })),
        (
            json!({ "requestContext": { "path": "/prod/ab", "identity": { "apiKey": "k", "apiKeyId": "gold", "accessKey": "AKIA" } } }),
            json!({ "requestContext": { "path": "/prod/****", "identity": { "apiKey": "****", "apiKeyId": "gold", "accessKey": "AKIA" } } }),
        ),
        (
            json!({ "requestContext": { "authorizer": { "principalId": "ann", "sessionKey": { "a": 1 }, "accessKey": "k", "claims": { "sub": "ann", "jwt": "k" } } } }),
            json!({ "requestContext": { "authorizer": { "principalId": "ann", "sessionKey": "****", "accessKey": "****", "claims": { "sub": "ann", "jwt": "****" } } } }),
        ),
        (
            json!({ "body": "{\"token\":\"k\"}", "isBase64Encoded": false }),
            json!({ "body": "{\"token\":\"k\"}", "isBase64Encoded": false }),
        ),
        (
            json!({ "n": [1, -2, 2.5, null, true, {}, []], "queryStringParameters": null }),
            json!({ "n": [1, -2, 2.5, null, true, {}, []], "queryStringParameters": null }),
        ),
    ] {
        assert_eq!(serde_json::from_str::<Value>(&shown(told.clone())).unwrap(), expected, "{told}");
    }
    assert_eq!(
        event::shown(b"{\"a\":\"b\",\"headers\":{\"cookie\":\"x", &secrets).unwrap(),
        "{\"a\":\"b\",\"headers\":{\"cookie\":"
    );
    assert_eq!(event::shown(b"oops", &secrets), None);
}

/// However a text is nested, it is looked at in linear time, and what is too deep is not shown.
#[test]
fn what_is_encoded_too_often_is_not_shown() {
    let mut text = "x?token=s3cret".to_owned();
    for _ in 0..12 {
        text = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string();
        assert_eq!(masks::masked(text.as_str()), "****");
    }
    assert_eq!(masks::masked("a%20b=c%20d; q=0.9"), "a%20b=c%20d; q=0.9");
    assert_eq!(masks::masked("%".to_owned() + &"25".repeat(10_000)), "****");
}
