use super::{Exchange, Origin};
use crate::gateway::flow::{BodyWanted, CalloutReply, ChunkFlow, Edits, Flow, ResponseFlow};
use crate::gateway::head::{Head, MalformedHead};
use crate::gateway::json_path::BODY_BYTES;
use crate::gateway::testing::{
    answer, answer_header, apply, ask, body, env, first, gateway, head, http, proxy, rest,
};
use serde_json::{Value, json};

mod any_order;
mod injection;

fn echo() -> Value {
    http(&["ANY /x"], proxy("http://b", json!({})))
}

fn reading_bodies() -> Value {
    let more = json!({
        "requestParameters": { "append:header.a": "$request.body.a" },
        "responseParameters": { "200": { "append:header.a": "$response.body.a" } },
    });
    http(&["ANY /x"], proxy("http://b", more))
}

/// An exchange whose request has gone to the backend.
fn sent(document: &Value, path: &str) -> Exchange {
    let (exchange, flow) = ask(&gateway(document), "GET", path, &[]);
    assert!(matches!(flow, Flow::Forward(_)), "{flow:?}");
    exchange
}

fn reply(exchange: &mut Exchange, status: &str, origin: Origin<'_>) -> ResponseFlow {
    exchange.on_response_headers(Ok(Head::from_pairs(&[(":status", status)], true)), origin, &env())
}

#[test]
fn a_backends_own_failure_passes() {
    for status in ["503", "504", "413", "429"] {
        let mut exchange = sent(&echo(), "/x");
        let ResponseFlow::Continue(edits) = reply(&mut exchange, status, Origin::Upstream) else { panic!() };
        let head = apply(&Head::from_pairs(&[(":status", status)], true), edits);
        assert_eq!(first(&head, ":status").as_deref(), Some(status));
    }
}

#[test]
fn a_status_that_ends_no_exchange_never_reaches_the_client() {
    for (status, passes) in [
        ("0", false),
        ("99", false),
        ("101", false),
        ("199", false),
        ("1000", false),
        ("x", false),
        ("999", true),
    ] {
        let mut exchange = sent(&echo(), "/x");
        match reply(&mut exchange, status, Origin::Upstream) {
            ResponseFlow::Replace(answer) => assert_eq!((answer.status, passes), (503, false), "{status}"),
            flow => assert!(passes, "{status}: {flow:?}"),
        }
    }
    let upgrade = [("connection", "Upgrade"), ("upgrade", "websocket")];
    let (mut exchange, flow) = ask(&gateway(&echo()), "GET", "/x", &upgrade);
    assert!(matches!(flow, Flow::Forward(_)), "{flow:?}");
    assert!(matches!(reply(&mut exchange, "101", Origin::Upstream), ResponseFlow::Continue(_)));
}

#[test]
fn a_rest_api_refuses_upgrades_however_they_are_written() {
    let document = rest(&["GET /x"], proxy("http://b", json!({})));
    for connection in ["Upgrade", "upgrade", "keep-alive, UPGRADE", "close,upgrade"] {
        let sent = [("connection", connection), ("upgrade", "websocket")];
        assert_eq!(answer(&document, "GET", "/prod/x", &sent).status, 403, "{connection}");
    }
    // What Envoy takes for no upgrade is a header that is dropped.
    let (_, flow) = ask(&gateway(&document), "GET", "/prod/x", &[("upgrade", "websocket")]);
    assert!(matches!(flow, Flow::Forward(_)), "{flow:?}");
}

#[test]
fn envoys_replies_are_told_in_the_words_of_the_api() {
    let told = |document: &Value, path: &str, details: &str| {
        let mut exchange = sent(document, path);
        match reply(&mut exchange, "503", Origin::Envoy(details.as_bytes())) {
            ResponseFlow::Replace(answer) => (answer.status, body(&answer).to_owned()),
            flow => panic!("{flow:?}"),
        }
    };
    let message = |status: u16, text: &str| (status, format!("{{\"message\":\"{text}\"}}"));
    let rest = rest(&["GET /x"], proxy("http://b", json!({})));
    for (details, of_http, of_rest) in [
        (
            "response_timeout",
            message(504, "Endpoint request timed out"),
            message(504, "Endpoint request timed out"),
        ),
        (
            "upstream_reset_before_response_started{connection_termination}",
            message(503, "Service Unavailable"),
            message(500, "Internal server error"),
        ),
        ("no_healthy_upstream", message(503, "Service Unavailable"), message(500, "Internal server error")),
        ("cluster_not_found", message(500, "Internal Server Error"), message(500, "Internal server error")),
        ("route_not_found", message(404, "Not Found"), message(403, "Missing Authentication Token")),
        (
            "request_payload_too_large",
            message(413, "Request Entity Too Large"),
            message(413, "HTTP content length exceeded 10485760 bytes."),
        ),
        ("overload", message(503, "Service Unavailable"), message(503, "Service Unavailable")),
    ] {
        assert_eq!(told(&echo(), "/x", details), of_http, "{details}");
        assert_eq!(told(&rest, "/prod/x", details), of_rest, "{details}");
    }
}

#[test]
fn a_reply_of_another_filter_passes_with_the_ids() {
    let mut exchange = sent(&echo(), "/x");
    let flow = reply(&mut exchange, "403", Origin::Envoy(b"rbac_access_denied_matched_policy[none]"));
    let mut ids = Edits::default();
    ids.set(b"apigw-requestid", b"q6urq6urq6urq6s=");
    assert_eq!(flow, ResponseFlow::Continue(ids));
}

#[test]
fn an_answer_of_the_gateways_own_is_left_alone_when_it_comes_by() {
    let (mut exchange, flow) = ask(&gateway(&echo()), "GET", "/nothing", &[]);
    assert!(matches!(flow, Flow::Answer(_)));
    for origin in [Origin::Upstream, Origin::Envoy(b"sekisho_unknown_route"), Origin::Envoy(b"overload")] {
        assert_eq!(reply(&mut exchange, "404", origin), ResponseFlow::Continue(Edits::default()));
    }
}

#[test]
fn a_failure_while_the_body_is_awaited_becomes_awss() {
    let mut exchange = Exchange::new(gateway(&reading_bodies()));
    let flow = exchange.on_request_headers(Ok(head("POST", "/x", &[], false)), &env());
    assert_eq!(flow, Flow::Body(BodyWanted { bytes: BODY_BYTES }));
    match reply(&mut exchange, "408", Origin::Envoy(b"stream_idle_timeout")) {
        ResponseFlow::Replace(answer) => {
            assert_eq!((answer.status, answer.details.as_ref()), (408, "sekisho_request_timeout"))
        }
        flow => panic!("{flow:?}"),
    }
}

#[test]
fn a_reply_before_any_head_keeps_its_meaning() {
    for (details, status) in
        [(&b"overload"[..], 503), (b"request_header_timeout", 408), (b"request_headers_too_large", 431)]
    {
        let mut exchange = Exchange::new(gateway(&echo()));
        match reply(&mut exchange, "500", Origin::Envoy(details)) {
            ResponseFlow::Replace(answer) => assert_eq!(answer.status, status),
            flow => panic!("{flow:?}"),
        }
    }
}

#[test]
fn a_head_that_cannot_be_read_is_refused() {
    let mut exchange = Exchange::new(gateway(&echo()));
    match exchange.on_request_headers(Err(MalformedHead), &env()) {
        Flow::Answer(answer) => {
            assert_eq!((answer.status, answer.details.as_ref()), (500, "sekisho_unreadable_head"))
        }
        flow => panic!("{flow:?}"),
    }
    let mut exchange = sent(&echo(), "/x");
    match exchange.on_response_headers(Err(MalformedHead), Origin::Upstream, &env()) {
        ResponseFlow::Replace(answer) => {
            assert_eq!((answer.status, answer.details.as_ref()), (500, "sekisho_internal"))
        }
        flow => panic!("{flow:?}"),
    }
}

// === sizes

#[test]
fn a_body_may_reach_its_limit_and_not_one_byte_more() {
    let mut document = echo();
    document["limits"] = json!({ "payloadBytes": 10 });
    let mut exchange = sent(&document, "/x");
    assert_eq!(exchange.on_request_chunk(4), ChunkFlow::Continue);
    assert_eq!(exchange.on_request_chunk(6), ChunkFlow::Continue);
    assert_eq!(exchange.on_request_chunk(0), ChunkFlow::Continue);
    match exchange.on_request_chunk(1) {
        ChunkFlow::Answer(answer) => {
            assert_eq!((answer.status, body(&answer)), (413, "{\"message\":\"Request Entity Too Large\"}"))
        }
        flow => panic!("{flow:?}"),
    }
    assert_eq!(exchange.on_request_chunk(usize::MAX), ChunkFlow::Continue, "it has been answered");
    let mut exchange = sent(&echo(), "/x");
    let _ = exchange.on_request_chunk(1);
    assert!(matches!(exchange.on_request_chunk(usize::MAX), ChunkFlow::Answer(_)));
}

#[test]
fn a_body_that_was_read_counts_too() {
    let mut document = reading_bodies();
    document["limits"] = json!({ "payloadBytes": 10 });
    let after = |read: &[u8]| {
        let mut exchange = Exchange::new(gateway(&document));
        let _ = exchange.on_request_headers(Ok(head("POST", "/x", &[], false)), &env());
        let flow = exchange.on_request_body(read, false, &env());
        (exchange, flow)
    };
    let (mut exchange, flow) = after(b"0123456789");
    assert!(matches!(flow, Flow::Forward(_)));
    assert!(matches!(exchange.on_request_chunk(1), ChunkFlow::Answer(_)));
    match after(b"0123456789+").1 {
        Flow::Answer(answer) => assert_eq!(answer.status, 413),
        flow => panic!("{flow:?}"),
    }
}

#[test]
fn a_backend_that_answers_early_does_not_end_the_count() {
    let mut document = reading_bodies();
    document["limits"] = json!({ "payloadBytes": 10 });
    let mut exchange = sent(&document, "/x");
    let _ = exchange.on_request_chunk(6);
    let response = Head::from_pairs(&[(":status", "200")], false);
    let flow = exchange.on_response_headers(Ok(response), Origin::Upstream, &env());
    assert_eq!(flow, ResponseFlow::Body(BodyWanted { bytes: BODY_BYTES }));
    assert_eq!(exchange.on_request_chunk(4), ChunkFlow::Continue);
    let _ = exchange.on_response_body(b"{}", true, &env());
    assert!(matches!(exchange.on_request_chunk(1), ChunkFlow::Answer(_)));
}

// === hosts, stages and routes

#[test]
fn a_host_that_is_nobodys_is_refused_in_the_words_of_a_rest_api() {
    let pairs =
        [(":method", "GET"), (":path", "/x"), (":authority", "x.execute-api.us-east-1.amazonaws.com")];
    let mut exchange = Exchange::new(gateway(&echo()));
    let Flow::Answer(answer) = exchange.on_request_headers(Ok(Head::from_pairs(&pairs, true)), &env()) else {
        panic!()
    };
    assert_eq!((answer.status, body(&answer)), (403, "{\"message\":\"Forbidden\"}"));
    assert_eq!(answer_header(&answer, "x-amzn-errortype").as_deref(), Some("ForbiddenException"));
    assert!(answer_header(&answer, "x-amzn-requestid").is_some());
    assert!(answer_header(&answer, "x-amz-apigw-id").is_some());
}

#[test]
fn a_default_endpoint_that_is_off_is_refused_in_the_words_of_its_api() {
    let mut rest = rest(&["GET /x"], proxy("http://b", json!({})));
    rest["apis"][0]["disableExecuteApiEndpoint"] = json!(true);
    let refused = answer(&rest, "GET", "/prod/x", &[]);
    assert_eq!((refused.status, body(&refused)), (403, "{\"message\":\"Forbidden\"}"));
    assert_eq!(answer_header(&refused, "x-amzn-errortype").as_deref(), Some("ForbiddenException"));
    let mut http = echo();
    http["apis"][0]["disableExecuteApiEndpoint"] = json!(true);
    let refused = answer(&http, "GET", "/x", &[]);
    assert_eq!((refused.status, body(&refused)), (403, "{\"message\":\"Forbidden\"}"));
    assert_eq!(answer_header(&refused, "x-amzn-errortype"), None);
    assert!(answer_header(&refused, "apigw-requestid").is_some());
}

#[test]
fn a_trailing_slash_is_another_path_on_an_http_api_only() {
    let refused = answer(&echo(), "GET", "/x/", &[]);
    assert_eq!((refused.status, body(&refused)), (404, "{\"message\":\"Not Found\"}"));
    let rest = rest(&["GET /x"], proxy("http://b", json!({})));
    assert!(matches!(ask(&gateway(&rest), "GET", "/prod/x/", &[]).1, Flow::Forward(_)));
}

#[test]
fn a_stage_that_does_not_exist_is_404_or_403() {
    let mut http = echo();
    http["apis"][0]["stages"][0]["stageName"] = json!("prod");
    let refused = answer(&http, "GET", "/x", &[]);
    assert_eq!((refused.status, refused.details.as_ref()), (404, "sekisho_unknown_stage"));
    let rest = rest(&["GET /x"], proxy("http://b", json!({})));
    let refused = answer(&rest, "GET", "/test/x", &[]);
    assert_eq!((refused.status, body(&refused)), (403, "{\"message\":\"Forbidden\"}"));
    assert_eq!(answer_header(&refused, "x-amzn-errortype").as_deref(), Some("ForbiddenException"));
}

#[test]
fn a_mock_answers_without_waiting_for_a_body() {
    let integration = json!({ "integrationType": "MOCK", "requestTemplates": { "application/json": "{statusCode:200}" },
        "integrationResponses": [{ "statusCode": 201 }] });
    let document = rest(&["POST /x"], integration);
    let mut exchange = Exchange::new(gateway(&document));
    let Flow::Answer(answer) = exchange.on_request_headers(Ok(head("POST", "/prod/x", &[], false)), &env())
    else {
        panic!()
    };
    assert_eq!(answer.status, 201);
    assert_eq!(exchange.on_request_chunk(usize::MAX), ChunkFlow::Continue);
}

#[test]
fn an_answer_to_a_question_nobody_asked_is_refused() {
    let mut exchange = sent(&echo(), "/x");
    let reply = CalloutReply::Answered { status: 200, head: Head::default(), body: b"{}".to_vec() };
    match exchange.on_callout(&reply, &env()) {
        Flow::Answer(answer) => {
            assert_eq!((answer.status, answer.details.as_ref()), (500, "sekisho_internal"))
        }
        flow => panic!("{flow:?}"),
    }
}
