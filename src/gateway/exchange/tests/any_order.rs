//! Whatever the host calls, in whatever order and with whatever heads: the exchange answers, and nothing is let through
//! that was not admitted.

use super::{echo, reading_bodies};
use crate::gateway::exchange::{Exchange, Origin};
use crate::gateway::fleet::tests::{KEY, daily, metered, says, service};
use crate::gateway::flow::{CalloutReply, ChunkFlow, Flow, ResponseFlow};
use crate::gateway::head::{Head, MalformedHead};
use crate::gateway::testing::{env, gateway, rest};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use proptest::{collection, option, prop_assert};
use serde_json::{Value, json};
use std::rc::Rc;

type Pairs = Vec<(&'static str, Vec<u8>)>;

#[derive(Debug, Clone)]
enum Call {
    RequestHeaders(Option<(Pairs, bool)>),
    RequestBody(Vec<u8>, bool),
    RequestChunk(usize),
    Callout(bool),
    ResponseHeaders(Option<(Vec<u8>, bool)>, Option<&'static str>),
    ResponseBody(Vec<u8>, bool),
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => select(vec![
            "/x", "/prod/x", "/prod/m", "/x?a=b", "GET", "HEAD", "POST", "shop.test", "/../x", "200", "304", "503",
            "{\"a\":1}", "{\"a\":\"\\n\"}", "trailers", "*", "",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        1 => collection::vec(any::<u8>(), 0..20),
    ]
}

fn call() -> impl Strategy<Value = Call> {
    let name = select(vec![
        ":method",
        ":path",
        ":authority",
        ":scheme",
        "x-http-method-override",
        "te",
        "content-length",
        "content-type",
        "x-forwarded-for",
        "x-amzn-trace-id",
        "x-amzn-requestid",
        "accept",
        "x-envoy-a",
    ]);
    let good = Just(vec![
        (":method", b"GET".to_vec()),
        (":path", b"/x".to_vec()),
        (":authority", b"shop.test".to_vec()),
        ("x-api-key", KEY.as_bytes().to_vec()),
    ]);
    let pairs = prop_oneof![2 => good, 1 => collection::vec((name, bytes()), 0..8)];
    let details = select(vec!["overload", "no_healthy_upstream", "stream_idle_timeout", "rbac", ""]);
    prop_oneof![
        3 => option::weighted(0.9, (pairs, any::<bool>())).prop_map(Call::RequestHeaders),
        2 => (bytes(), any::<bool>()).prop_map(|(body, ended)| Call::RequestBody(body, ended)),
        2 => prop_oneof![0..100usize, Just(usize::MAX)].prop_map(Call::RequestChunk),
        1 => any::<bool>().prop_map(Call::Callout),
        3 => (option::weighted(0.9, (bytes(), any::<bool>())), option::of(details))
            .prop_map(|(head, details)| Call::ResponseHeaders(head, details)),
        2 => (bytes(), any::<bool>()).prop_map(|(body, ended)| Call::ResponseBody(body, ended)),
    ]
}

/// What matters of an answer to a call.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Outcome {
    Forward,
    Answer(u16),
    Body,
    Call,
    Continue,
}

fn of(flow: Flow) -> Outcome {
    match flow {
        Flow::Forward(_) => Outcome::Forward,
        Flow::Answer(answer) => Outcome::Answer(answer.status),
        Flow::Body(_) => Outcome::Body,
        Flow::Call(_) => Outcome::Call,
    }
}

fn of_response(flow: ResponseFlow) -> Outcome {
    match flow {
        ResponseFlow::Continue(_) => Outcome::Continue,
        ResponseFlow::Body(_) => Outcome::Body,
        ResponseFlow::Replace(answer) => Outcome::Answer(answer.status),
    }
}

fn make(exchange: &mut Exchange, call: &Call) -> Outcome {
    match call {
        Call::RequestHeaders(head) => {
            let head = head.as_ref().map(|(pairs, ended)| Head::from_pairs(pairs, *ended));
            of(exchange.on_request_headers(head.ok_or(MalformedHead), &env()))
        }
        Call::RequestBody(body, ended) => of(exchange.on_request_body(body, *ended, &env())),
        Call::RequestChunk(bytes) => match exchange.on_request_chunk(*bytes) {
            ChunkFlow::Continue => Outcome::Continue,
            ChunkFlow::Answer(answer) => Outcome::Answer(answer.status),
        },
        Call::Callout(answered) => {
            let reply = if *answered { says(1) } else { CalloutReply::Failed };
            of(exchange.on_callout(&reply, &env()))
        }
        Call::ResponseHeaders(head, details) => {
            let head = head.as_ref().map(|(status, ended)| Head::from_pairs(&[(":status", status)], *ended));
            let origin = details.map_or(Origin::Upstream, |details| Origin::Envoy(details.as_bytes()));
            of_response(exchange.on_response_headers(head.ok_or(MalformedHead), origin, &env()))
        }
        Call::ResponseBody(body, ended) => of_response(exchange.on_response_body(body, *ended, &env())),
    }
}

/// The same, for keys whose quota a service counts.
fn counted(mut document: Value) -> Value {
    metered(&mut document, "$default", daily(), service());
    document
}

/// From this one on, gateways let nothing pass that is not counted.
const COUNTED: usize = 3;

#[test]
fn every_call_in_every_state_is_answered() {
    let mock = json!({ "integrationType": "MOCK", "requestTemplates": { "application/json": "{statusCode:200}" },
        "integrationResponses": [{ "statusCode": 200 }] });
    let gateways = [
        gateway(&echo()),
        gateway(&reading_bodies()),
        gateway(&rest(&["ANY /x", "ANY /m"], mock)),
        gateway(&counted(echo())),
        gateway(&counted(reading_bodies())),
    ];
    let mut runner = TestRunner::new(Config { cases: 4000, failure_persistence: None, ..Config::default() });
    let cases = (select(vec![0, 1, 2, COUNTED, 4]), collection::vec(call(), 1..10));
    let result = runner.run(&cases, |(which, calls)| {
        let mut exchange = Exchange::new(Rc::clone(&gateways[which]));
        let mut waiting_for_body = false;
        let mut waiting_for_answer = false;
        for call in &calls {
            let outcome = make(&mut exchange, call);
            match (call, outcome) {
                (Call::RequestHeaders(None), outcome) if !matches!(outcome, Outcome::Answer(_)) => {
                    prop_assert!(false, "{outcome:?} of no head");
                }
                (_, Outcome::Answer(status)) => prop_assert!((200..600).contains(&status), "{status}"),
                (Call::RequestBody(..), Outcome::Forward) => {
                    prop_assert!(waiting_for_body, "a body that nobody waits for lets nothing through");
                }
                (Call::Callout(true), Outcome::Forward | Outcome::Body) => {
                    prop_assert!(waiting_for_answer, "an answer that nobody waits for lets nothing through");
                }
                (Call::RequestBody(..) | Call::Callout(_), outcome) => {
                    prop_assert!(false, "it is refused or goes on, and not {outcome:?}");
                }
                (Call::RequestHeaders(_), Outcome::Forward | Outcome::Body) => {
                    prop_assert!(which < COUNTED, "nothing goes on that is not counted");
                }
                (Call::RequestHeaders(_), Outcome::Call) => prop_assert!(which >= COUNTED),
                _ => {}
            }
            waiting_for_body = match call {
                Call::RequestHeaders(_) => outcome == Outcome::Body,
                // Only an answer ends the wait.
                Call::RequestChunk(_) | Call::ResponseBody(..) => waiting_for_body,
                Call::ResponseHeaders(..) => waiting_for_body && !matches!(outcome, Outcome::Answer(_)),
                Call::Callout(_) => outcome == Outcome::Body,
                Call::RequestBody(..) => false,
            };
            waiting_for_answer = match call {
                Call::RequestHeaders(_) => outcome == Outcome::Call,
                Call::RequestChunk(_) | Call::ResponseBody(..) => waiting_for_answer,
                Call::ResponseHeaders(..) => waiting_for_answer && !matches!(outcome, Outcome::Answer(_)),
                Call::RequestBody(..) | Call::Callout(_) => false,
            };
        }
        Ok(())
    });
    result.unwrap();
}
