//! Services that are down, slow, or say too much; parameters that are missing or no such values.

use crate::world::{Asks, Route, ask, document, route};
use sekisho_cases::Answer;
use serde_json::{Value, json};
use wasm_tests::{Backend, Gateway, Options, eventually, raw};

const QUEUE: &str = "https://sqs.us-east-1.amazonaws.com/123456789012/plain";
const UNAVAILABLE: &str = r#"{"message":"Service Unavailable"}"#;
const TIMED_OUT: &str = r#"{"message":"Endpoint request timed out"}"#;
const TOO_LARGE: &str = r#"{"message":"Request Entity Too Large"}"#;

fn routes() -> [Route; 4] {
    [
        route(
            "POST /send",
            "SQS-SendMessage",
            json!({
                "QueueUrl": QUEUE, "MessageBody": "$request.body", "DelaySeconds": "$request.header.x-delay",
            }),
        ),
        route(
            "POST /item",
            "DynamoDB-PutItem",
            json!({
                "TableName": "t", "Item": r#"{"id":{"S":"${request.header.x-id}"}}"#, "ConditionExpression": "$request.querystring.if",
            }),
        ),
        route(
            "PUT /object",
            "S3-PutObject",
            json!({ "Bucket": "shop", "Key": "k", "Body": "$request.body", "ContentType": "$request.querystring.type" }),
        ),
        route(
            "GET /flags",
            "AppConfig-GetConfiguration",
            json!({
                "Application": "app", "Environment": "$request.header.x-stage", "Configuration": "flags", "ClientId": "$context.requestId",
            }),
        ),
    ]
}

async fn gateway(change: impl FnOnce(&mut Value)) -> (Backend, Gateway) {
    let mut document = document(&routes());
    change(&mut document);
    let backend = Backend::start().await;
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    (backend, gateway)
}

async fn send(gateway: &Gateway, body: &[u8]) -> raw::Response {
    ask(gateway.address(), "POST /send", Asks { body, ..Asks::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_down_is_503_and_one_that_is_silent_504() {
    let (_backend, gateway) =
        gateway(|document| document["endpoints"]["sqs"] = json!("http://dead.test")).await;
    let answer = send(&gateway, b"hi").await;
    assert_eq!((answer.status, answer.text().as_str()), (503, UNAVAILABLE));
    assert!(answer.header("apigw-requestid").is_some());
    gateway.assert_no_panic().await;

    let (backend, gateway) = self::gateway(|document| {
        document["apis"][0]["integrations"][0]["timeoutInMillis"] = json!(300);
    })
    .await;
    backend.hold();
    let answer = send(&gateway, b"hi").await;
    assert_eq!((answer.status, answer.text().as_str()), (504, TIMED_OUT));
    assert_eq!(backend.seen().len(), 1, "what timed out is not tried again");
    backend.release();
    assert_eq!(send(&gateway, b"hi").await.status, 200);
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_service_says_passes_and_its_own_headers_do_not() {
    let (backend, gateway) = gateway(|_| {}).await;
    let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    for (status, body) in [(200, "{}"), (400, "<Error/>"), (403, "denied"), (500, "oops"), (503, "Slow Down")]
    {
        let headers = vec![
            own("content-type", "text/x-own"),
            own("x-amzn-requestid", "id"),
            own("x-amz-id-2", "secret"),
            own("set-cookie", "a=b"),
            own("access-control-allow-origin", "*"),
            own("server", "moto"),
            own("configuration-version", "7"),
        ];
        backend.answers(Answer { status, headers, body: body.to_owned() });
        let answer = send(&gateway, b"hi").await;
        assert_eq!((answer.status, answer.text().as_str()), (status, body));
        assert_eq!(answer.header("content-type").as_deref(), Some("text/x-own"));
        for name in ["x-amz-id-2", "set-cookie", "access-control-allow-origin", "configuration-version"] {
            assert_eq!(answer.header(name), None, "{name}");
        }
        let asks = Asks { headers: &[("x-stage", "prod")], ..Asks::default() };
        let answer = ask(gateway.address(), "GET /flags", asks).await;
        assert_eq!(answer.header("configuration-version").as_deref(), Some("7"));
        assert_eq!(answer.header("set-cookie"), None);
    }
    // Nothing of a service's answer may grow without end in the gateway.
    let size = 10 * 1024 * 1024 + 1;
    backend.answers(Answer {
        status: 200,
        headers: vec![own("x-amzn-requestid", "id")],
        body: "s".repeat(size),
    });
    let answer = send(&gateway, b"hi").await;
    assert_eq!((answer.status, answer.text().as_str()), (503, UNAVAILABLE));
    backend.answers(Answer { status: 200, headers: Vec::new(), body: "s".repeat(size - 1) });
    assert_eq!(send(&gateway, b"hi").await.body.len(), size - 1);
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_too_large_reaches_no_service() {
    let (backend, gateway) =
        gateway(|document| document["limits"] = json!({ "payloadBytes": 300_000 })).await;
    for line in ["POST /send", "PUT /object"] {
        let most = vec![b'm'; 300_000];
        let answer = ask(gateway.address(), line, Asks { body: &most, ..Asks::default() }).await;
        assert_eq!(answer.status, 200, "{line}: {}", answer.text());
        backend.forget();
        let more = vec![b'm'; 300_001];
        let answer = ask(gateway.address(), line, Asks { body: &more, ..Asks::default() }).await;
        assert_eq!((answer.status, answer.text().as_str()), (413, TOO_LARGE), "{line}");
        assert_eq!(backend.seen().len(), 0, "{line}");
    }
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_that_are_missing_or_no_such_values() {
    let (backend, gateway) = gateway(|_| {}).await;
    let form = |body: &[u8]| String::from_utf8(body.to_vec()).unwrap();
    // What is optional is left out; of what must be there the service says that it misses it.
    assert_eq!(send(&gateway, b"").await.status, 200);
    assert_eq!(form(&backend.only().seen.body), "Action=SendMessage&Version=2012-11-05");
    backend.forget();
    assert_eq!(ask(gateway.address(), "POST /item", Asks::default()).await.status, 200);
    assert_eq!(form(&backend.only().seen.body), r#"{"TableName":"t"}"#);
    backend.forget();
    for (line, headers, body) in [
        ("POST /send", &[("x-delay", "7&Action=DeleteQueue")][..], &b"hi"[..]),
        ("POST /send", &[("x-delay", "1.5")], b"hi"),
        ("POST /send", &[], b"\xff\xfe"),
        ("GET /flags", &[], b""),
        ("GET /flags", &[("x-stage", "..")], b""),
        ("PUT /object?type=a%0d%0ax-amz-acl:%20public-read", &[], b"hi"),
        ("PUT /object?type=a%00", &[], b"hi"),
    ] {
        let answer = ask(gateway.address(), line, Asks { headers, body }).await;
        assert_eq!(answer.status, 400, "{line} {headers:?}: {}", answer.text());
        assert_eq!(backend.seen().len(), 0, "{line} {headers:?}");
    }
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_takes_its_call_along() {
    let (backend, gateway) = gateway(|_| {}).await;
    backend.hold();
    let mut connection = raw::Raw::connect(gateway.address()).await.unwrap();
    connection.write(b"POST /send HTTP/1.1\r\nhost: api.test\r\ncontent-length: 2\r\n\r\nhi").await.unwrap();
    eventually("the service is asked", async || (backend.seen().len() == 1).then_some(())).await;
    drop(connection);
    eventually("the client is gone", async || {
        (gateway.http_stat("downstream_rq_active").await == 0).then_some(())
    })
    .await;
    backend.release();
    assert_eq!(send(&gateway, b"hi").await.status, 200);
    gateway.assert_no_panic().await;
}
