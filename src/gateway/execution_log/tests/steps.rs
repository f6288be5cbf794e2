//! The lines of a request that is refused on its way: those of the steps that it came to, and no others.

use super::{ID, document, told};
use crate::gateway::flow::{Callout, CalloutReply};
use crate::gateway::head::Head;
use crate::gateway::testing::proxy;
use serde_json::{Value, json};

/// A function says who may ask for it.
fn asked_for() -> Value {
    let mut document = document("INFO", false);
    document["endpoints"] = json!({ "lambda": "http://lambda.test" });
    document["apis"][0]["authorizers"] = json!([{
        "authorizerId": "login", "authorizerType": "REQUEST", "authorizerResultTtlInSeconds": 0,
        "identitySource": ["$request.header.x-who"],
        "authorizerUri": "arn:aws:lambda:us-east-1:123456789012:function:login",
    }]);
    document["apis"][0]["routes"][0]["authorizationType"] = json!("CUSTOM");
    document["apis"][0]["routes"][0]["authorizerId"] = json!("login");
    document
}

fn says(effect: &str) -> impl Fn(&Callout) -> CalloutReply {
    let body = json!({ "principalId": "ann", "policyDocument": { "Version": "2012-10-17", "Statement": [{
        "Action": "execute-api:Invoke", "Effect": effect, "Resource": "*",
    }] } });
    move |_| CalloutReply::Answered {
        status: 200,
        head: Head::from_pairs(&[(":status", "200")], false),
        body: body.to_string().into_bytes(),
    }
}

fn strings(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| line.replace("ID", ID)).collect()
}

const WHO: &[(&str, &[u8])] = &[("x-who", b"ann"), ("x-a", b"b")];
const ASKED: [&str; 4] = [
    "HTTP Method: GET, Resource Path: /pets/{id}",
    "Method request path: {id=1}",
    "Method request query string: {q=2}",
    "Method request headers: {x-who=ann, x-a=b}",
];
const STARTED: [&str; 3] = [
    "Extended Request Id: q6urq6urq6urq6s=",
    "Starting authorizer: login for request: ID",
    "Incoming identity: ****",
];
const AUTHORIZED: [&str; 2] =
    ["Using valid authorizer policy for principal: ****", "Successfully completed authorizer execution"];

#[test]
fn an_authorizer_that_refuses_has_started_and_no_more() {
    for effect in ["Deny", "Perhaps"] {
        let told = told(&asked_for(), "/prod/pets/1?q=2", WHO, &says(effect));
        let steps = [&STARTED[..], &ASKED].concat();
        assert_eq!(told[..steps.len()], strings(&steps), "{told:#?}");
        assert!(told[steps.len()].starts_with("Execution failed: "), "{told:#?}");
        assert!(told[steps.len() + 1].starts_with("Gateway response type: "), "{told:#?}");
        assert_eq!(told.len(), steps.len() + 5, "{told:#?}");
    }
}

#[test]
fn a_key_that_opens_nothing_is_looked_for_behind_the_authorizer() {
    let mut document = asked_for();
    document["apis"][0]["routes"][0]["apiKeyRequired"] = json!(true);
    document["usagePlans"] = json!([{ "id": "p", "apiStages": [{ "apiId": "shop", "stage": "prod" }] }]);
    let told = told(&document, "/prod/pets/1?q=2", WHO, &says("Allow"));
    let verifying = ["Verifying Usage Plan for request: ID. API Key: **** API Stage: shop/prod"];
    let steps = [&STARTED[..], &AUTHORIZED, &verifying, &ASKED].concat();
    assert_eq!(told[..steps.len()], strings(&steps), "{told:#?}");
    assert!(told[steps.len()].starts_with("Execution failed: "), "{told:#?}");
    assert!(told[steps.len() + 1].starts_with("Gateway response type: INVALID_API_KEY"), "{told:#?}");
}

#[test]
fn what_a_request_was_is_told_once() {
    let told = told(&asked_for(), "/prod/pets/1?q=2", WHO, &says("Allow"));
    let steps = [&STARTED[..], &AUTHORIZED].concat();
    assert_eq!(told[..steps.len()], strings(&steps), "{told:#?}");
    let started = told.iter().position(|line| line.starts_with("Starting execution for request: ")).unwrap();
    assert_eq!(told[started + 1..started + 5], strings(&ASKED), "{told:#?}");
    assert_eq!(told.iter().filter(|line| line.starts_with("HTTP Method: ")).count(), 1, "{told:#?}");
    assert!(told[started - 1].starts_with("Usage Plan check succeeded"), "{told:#?}");
}

/// An integration that fails has begun.
#[test]
fn a_backend_reads_what_the_line_says_that_it_reads() {
    let mut document = document("INFO", false);
    document["apis"][0]["integrations"][0] =
        proxy("http://b:8080/x", json!({ "integrationId": "i", "timeoutInMillis": 5_000 }));
    let headers: &[(&str, &[u8])] =
        &[("x-a", b"b"), ("x-envoy-internal", b"true"), ("x-sekisho-cluster", b"c"), ("te", b"trailers")];
    let told = told(&document, "/prod/pets/1", headers, &says("Allow"));
    let line = |begins: &str| told.iter().find_map(|line| line.strip_prefix(begins)).unwrap();
    assert_eq!(line("Method request headers: "), "{x-a=b, te=trailers}");
    let sent = line("Endpoint request headers: ");
    assert!(sent.starts_with("{x-a=b, "), "{sent}");
    assert!(sent.contains("x-amzn-apigateway-api-id=shop"), "{sent}");
    for kept in ["x-envoy", "x-sekisho", "te=", ":path"] {
        assert!(!sent.contains(kept), "{kept}: {sent}");
    }
}
