use super::{End, TOKEN, World, allow, http, no, policy, raised, replied, rest, returned, yes};
use crate::gateway::flow::CalloutReply;
use serde_json::{Value, json};

const UNAUTHORIZED: &str = r#"{"message":"Unauthorized"}"#;
const FORBIDDEN: &str = r#"{"message":"Forbidden"}"#;
const ERROR: &str = r#"{"message":"Internal Server Error"}"#;
const NULL: &str = r#"{"message":null}"#;
const DENIED: &str = r#"{"Message":"User is not authorized to access this resource"}"#;
const DENIED_EXPLICITLY: &str = r#"{"Message":"User is not authorized to access this resource with an explicit deny in an identity-based policy"}"#;

fn answered(status: u16, body: &str, details: &str) -> End {
    End::Answered(status, body.to_owned(), format!("sekisho_{details}"))
}

/// A policy document that allows everything.
fn everything() -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{ "Action": "*", "Effect": "Allow", "Resource": "*" }] })
}

#[test]
fn a_simple_answer_allows_or_denies() {
    let world = World::new(&http(json!({})));
    let (asked, end) = world.send("/y", TOKEN, &yes());
    assert_eq!((asked, end.header("x-user")), (true, Some("ann".to_owned())));
    let denied = answered(403, FORBIDDEN, "access_denied_explicitly");
    assert_eq!(world.send("/y", TOKEN, &no()), (true, denied));
}

#[test]
fn a_simple_answer_is_none_where_it_is_not_enabled() {
    for document in [
        http(json!({ "enableSimpleResponses": null })),
        http(json!({ "enableSimpleResponses": null, "authorizerPayloadFormatVersion": "1.0" })),
    ] {
        let refused = answered(500, ERROR, "authorizer_configuration");
        assert_eq!(World::new(&document).send("/y", TOKEN, &yes()).1, refused);
    }
    assert_eq!(
        World::new(&rest(json!({}))).send("/prod/y", TOKEN, &yes()).1,
        answered(500, NULL, "authorizer_configuration")
    );
}

#[test]
fn what_leaves_anything_open_is_no_answer() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_context = format!("{{\"isAuthorized\":true,\"context\":{{\"a\":{deep}}}}}");
    let texts = [
        "",
        "yes",
        r#"{"isAuthorized":false,"isAuthorized":true}"#,
        "null",
        "true",
        "[]",
        "{}",
        "{",
        "\u{0}",
        "{\"isAuthorized\":true",
        &deep,
        &deep_context,
    ];
    let values = [
        json!({ "isAuthorized": "true" }),
        json!({ "isAuthorized": 1 }),
        json!({ "isAuthorized": null }),
        json!({ "IsAuthorized": true }),
        json!({ "isAuthorized": true, "context": [] }),
        json!({ "isAuthorized": true, "context": "a" }),
        json!({ "isAuthorized": true, "usageIdentifierKey": 7 }),
        json!({ "isAuthorized": true, "policyDocument": everything() }),
        json!({ "principalId": "a" }),
        json!({ "policyDocument": everything() }),
        json!({ "principalId": 7, "policyDocument": everything() }),
        json!({ "principalId": "", "policyDocument": everything() }),
        json!({ "principalId": "a", "policyDocument": {} }),
        json!({ "principalId": "a", "policyDocument": "allow" }),
        json!({ "principalId": "a", "policyDocument": { "Statement": [{ "Effect": "allow", "Action": "*", "Resource": "*" }] } }),
        json!({ "isAuthorized": true, "context": { "a": "x".repeat(256 * 1024) } }),
        json!({ "principalId": "a", "policyDocument": { "Version": "2012-10-17", "Statement":
            vec![json!({ "Action": "*", "Effect": "Allow", "Resource": "*" }); 10_000] } }),
    ];
    let replies =
        texts.iter().map(|text| replied(200, &[], text.as_bytes())).chain(values.iter().map(returned));
    for reply in replies {
        let world = World::new(&http(json!({})));
        let refused = answered(500, ERROR, "authorizer_configuration");
        assert_eq!(world.send("/y", TOKEN, &reply).1, refused, "{reply:?}");
        if !matches!(&reply, CalloutReply::Answered { body, .. } if body.starts_with(b"{\"isAuthorized\"")) {
            let world = World::new(&rest(json!({})));
            let refused = answered(500, NULL, "authorizer_configuration");
            assert_eq!(world.send("/prod/y", TOKEN, &reply).1, refused, "{reply:?}");
        }
    }
}

#[test]
fn failures_are_500_and_unauthorized_is_401() {
    for (document, path, error) in [(http(json!({})), "/y", ERROR), (rest(json!({})), "/prod/y", NULL)] {
        let world = World::new(&document);
        let failure = || answered(500, error, "authorizer_failure");
        for (reply, expected) in [
            (raised("Unauthorized"), answered(401, UNAUTHORIZED, "unauthorized")),
            (raised("unauthorized"), failure()),
            (raised("Unauthorized "), failure()),
            (raised("boom"), failure()),
            (replied(200, &[("x-amz-function-error", "Handled")], b"Unauthorized"), failure()),
            (replied(200, &[("x-amz-function-error", "")], br#"{"isAuthorized":true}"#), failure()),
            (replied(202, &[], br#"{"isAuthorized":true}"#), failure()),
            (replied(401, &[], br#"{"errorMessage":"Unauthorized"}"#), failure()),
            (replied(403, &[], b"{}"), failure()),
            (replied(404, &[], b"{}"), failure()),
            (replied(429, &[], b"{}"), failure()),
            (replied(504, &[], b"upstream request timeout"), failure()),
            (CalloutReply::Failed, failure()),
            (CalloutReply::TooMany, answered(500, error, "authorizer_busy")),
        ] {
            assert_eq!(world.send(path, TOKEN, &reply), (true, expected), "{reply:?}");
        }
    }
    let said = returned(&json!({ "errorMessage": "Unauthorized" }));
    assert_eq!(World::new(&http(json!({}))).status("/y", TOKEN, &said).1, 401);
    assert_eq!(World::new(&rest(json!({}))).status("/prod/y", TOKEN, &said).1, 500);
}

#[test]
fn a_service_answers_by_status_and_body() {
    let world = World::new(&http(json!({ "authorizerUri": "https://auth.test/a" })));
    let failure = || answered(500, ERROR, "authorizer_failure");
    for (reply, expected) in [
        (
            replied(200, &[], br#"{"isAuthorized":false}"#),
            answered(403, FORBIDDEN, "access_denied_explicitly"),
        ),
        (replied(204, &[], b""), answered(500, ERROR, "authorizer_configuration")),
        (replied(401, &[], b""), answered(401, UNAUTHORIZED, "unauthorized")),
        (replied(403, &[], b""), answered(403, FORBIDDEN, "access_denied")),
        (replied(302, &[], br#"{"isAuthorized":true}"#), failure()),
        (replied(100, &[], br#"{"isAuthorized":true}"#), failure()),
        (replied(500, &[], br#"{"isAuthorized":true}"#), failure()),
        (CalloutReply::Failed, failure()),
        (CalloutReply::TooMany, answered(500, ERROR, "authorizer_busy")),
    ] {
        assert_eq!(world.send("/y", TOKEN, &reply), (true, expected), "{reply:?}");
    }
    assert_eq!(world.status("/y", TOKEN, &replied(201, &[], br#"{"isAuthorized":true}"#)), (true, 200));
}

#[test]
fn policies_allow_deny_and_stay_silent() {
    let arn = "arn:aws:execute-api:us-east-1:123456789012:shop";
    for (document, path, own, other, silent, denied) in [
        (http(json!({})), "/y", "$default/GET/y", "$default/GET/z", FORBIDDEN, FORBIDDEN),
        (rest(json!({})), "/prod/y", "prod/GET/y", "test/GET/y", DENIED, DENIED_EXPLICITLY),
    ] {
        let world = || World::new(&document);
        let (_, end) = world().send(path, TOKEN, &allow(&format!("{arn}/{own}")));
        assert_eq!(end.header("x-user"), Some("ann".to_owned()));
        assert_eq!(world().status(path, TOKEN, &allow(&format!("{arn}/*"))).1, 200);
        let refused = answered(403, silent, "access_denied");
        assert_eq!(world().send(path, TOKEN, &allow(&format!("{arn}/{other}"))).1, refused);
        let refused = answered(403, denied, "access_denied_explicitly");
        assert_eq!(world().send(path, TOKEN, &policy("Deny", "*")).1, refused);
    }
}

/// What the backend reads of `$context.authorizer.user`.
fn user(document: &Value, path: &str, context: &Value) -> End {
    let answer = if path == "/y" {
        json!({ "isAuthorized": true, "context": { "user": context } })
    } else {
        json!({ "principalId": "p", "policyDocument": everything(), "context": { "user": context } })
    };
    World::new(document).send(path, TOKEN, &returned(&answer)).1
}

#[test]
fn context_is_text_to_mappings() {
    for (value, text) in [
        (json!("a"), Some("a")),
        (json!(1), Some("1")),
        (json!(1.5), Some("1.5")),
        (json!(true), Some("true")),
        (json!(null), None),
    ] {
        for (document, path) in [(http(json!({})), "/y"), (rest(json!({})), "/prod/y")] {
            assert_eq!(user(&document, path, &value).header("x-user").as_deref(), text, "{path} {value}");
        }
    }
    for value in [json!({ "a": [1] }), json!([1, "b"])] {
        let text = value.to_string();
        assert_eq!(user(&http(json!({})), "/y", &value).header("x-user"), Some(text));
        let refused = answered(500, NULL, "authorizer_configuration");
        assert_eq!(user(&rest(json!({})), "/prod/y", &value), refused);
    }
}

#[test]
fn a_context_value_cannot_end_a_header() {
    for value in ["a\r\nx-admin: yes", "a\nb", "a\u{0}b"] {
        let End::Answered(status, ..) = user(&http(json!({})), "/y", &json!(value)) else {
            panic!("{value:?} reached the backend");
        };
        assert_eq!(status, 400);
    }
}
