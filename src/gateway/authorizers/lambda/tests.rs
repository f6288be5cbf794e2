mod answers;
mod compiling;
mod events;
mod remembering;

use crate::gateway::authorizers::software::Software;
use crate::gateway::flow::{Callout, CalloutReply, Flow};
use crate::gateway::head::Head;
use crate::gateway::testing::{self, body, first, gateway, head};
use crate::gateway::worker::Worker;
use crate::gateway::{Env, Exchange, Gateway, Millis};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

const NOW: u64 = 1_700_000_000_000;
const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:login";

/// A gateway, its memory and its clock.
struct World {
    gateway: Rc<Gateway>,
    worker: RefCell<Worker>,
    wall: Cell<u64>,
    asked: Cell<u8>,
}

/// What came of a request.
#[derive(Debug, PartialEq)]
enum End {
    /// The backend reads this head.
    Forwarded(testing::Pairs),
    /// The client reads status, body and why.
    Answered(u16, String, String),
}

impl World {
    fn new(document: &Value) -> Self {
        Self {
            gateway: gateway(document),
            worker: RefCell::default(),
            wall: Cell::new(NOW),
            asked: Cell::new(0),
        }
    }

    fn env(&self) -> Env<'_> {
        self.asked.set(self.asked.get().wrapping_add(1));
        Env {
            wall: Millis(self.wall.get()),
            dice: [self.asked.get(); 32],
            worker: &self.worker,
            signatures: &Software,
            ..testing::env()
        }
    }

    fn begin(&self, path: &str, headers: &[(&str, &str)]) -> (Exchange, Flow) {
        let mut exchange = Exchange::new(Rc::clone(&self.gateway));
        let flow = exchange.on_request_headers(Ok(head("GET", path, headers, true)), &self.env());
        (exchange, flow)
    }

    /// The question that a request asks.
    fn question(&self, path: &str, headers: &[(&str, &str)]) -> (Exchange, Callout) {
        match self.begin(path, headers) {
            (exchange, Flow::Call(callout)) => (exchange, callout),
            (_, flow) => panic!("{path}: {flow:?}"),
        }
    }

    /// The event that the function sees.
    fn event(&self, path: &str, headers: &[(&str, &str)]) -> Value {
        serde_json::from_slice(&self.question(path, headers).1.body).unwrap()
    }

    /// What becomes of a request; `reply` answers the question, if there is one.
    fn send(&self, path: &str, headers: &[(&str, &str)], reply: &CalloutReply) -> (bool, End) {
        let (mut exchange, flow) = self.begin(path, headers);
        match flow {
            Flow::Call(_) => (true, self.end(exchange.on_callout(reply, &self.env()), path, headers)),
            flow => (false, self.end(flow, path, headers)),
        }
    }

    fn status(&self, path: &str, headers: &[(&str, &str)], reply: &CalloutReply) -> (bool, u16) {
        let (asked, end) = self.send(path, headers, reply);
        match end {
            End::Forwarded(_) => (asked, 200),
            End::Answered(status, ..) => (asked, status),
        }
    }

    fn end(&self, flow: Flow, path: &str, headers: &[(&str, &str)]) -> End {
        match flow {
            Flow::Forward(edits) => End::Forwarded(testing::apply(&head("GET", path, headers, true), edits)),
            Flow::Answer(answer) => {
                End::Answered(answer.status, body(&answer).to_owned(), answer.details.into_owned())
            }
            flow => panic!("{path}: {flow:?}"),
        }
    }
}

impl End {
    /// What the backend reads of one header.
    fn header(&self, name: &str) -> Option<String> {
        match self {
            Self::Forwarded(pairs) => first(pairs, name),
            Self::Answered(..) => panic!("{self:?}"),
        }
    }
}

/// An HTTP API whose routes ask a function about the header `x-token`.
fn http(authorizer: Value) -> Value {
    with(testing::http(&["GET /x/{id}", "GET /y"], backend()), base("2.0"), authorizer)
}

/// A REST API of which the same is true.
fn rest(authorizer: Value) -> Value {
    let mut base = base("2.0");
    base.as_object_mut().unwrap().remove("authorizerPayloadFormatVersion");
    base.as_object_mut().unwrap().remove("enableSimpleResponses");
    with(testing::rest(&["GET /x/{id}", "GET /y"], backend()), base, authorizer)
}

fn base(version: &str) -> Value {
    json!({
        "authorizerId": "login", "authorizerType": "REQUEST", "identitySource": ["$request.header.X-Token"],
        "authorizerUri": FUNCTION, "authorizerPayloadFormatVersion": version, "enableSimpleResponses": true,
    })
}

fn backend() -> Value {
    testing::proxy(
        "http://b.test/",
        json!({ "requestParameters": {
            "overwrite:header.x-user": "$context.authorizer.user",
            "overwrite:header.x-latency": "$context.authorizer.integrationLatency",
        } }),
    )
}

/// A document with this authorizer; members that are `null` are taken away.
fn with(mut document: Value, mut authorizer: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        authorizer[name] = value.clone();
    }
    authorizer.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    document["endpoints"] = json!({ "lambda": "http://lambda.test:9001" });
    let api = &mut document["apis"][0];
    api["authorizers"] = json!([authorizer]);
    for route in api["routes"].as_array_mut().unwrap() {
        route["authorizationType"] = json!("CUSTOM");
        route["authorizerId"] = json!("login");
    }
    document
}

fn returned(body: &Value) -> CalloutReply {
    replied(200, &[], body.to_string().as_bytes())
}

fn raised(message: &str) -> CalloutReply {
    let body = json!({ "errorMessage": message, "errorType": "Error", "trace": [] }).to_string();
    replied(200, &[("x-amz-function-error", "Unhandled")], body.as_bytes())
}

fn replied(status: u16, headers: &[(&str, &str)], body: &[u8]) -> CalloutReply {
    CalloutReply::Answered { status, head: Head::from_pairs(headers, false), body: body.to_vec() }
}

fn yes() -> CalloutReply {
    returned(&json!({ "isAuthorized": true, "context": { "user": "ann" } }))
}

fn no() -> CalloutReply {
    returned(&json!({ "isAuthorized": false }))
}

fn allow(resource: &str) -> CalloutReply {
    policy("Allow", resource)
}

fn policy(effect: &str, resource: &str) -> CalloutReply {
    returned(&json!({ "principalId": "ann", "context": { "user": "ann" }, "policyDocument": {
        "Version": "2012-10-17",
        "Statement": [{ "Action": "execute-api:Invoke", "Effect": effect, "Resource": resource }],
    } }))
}

const TOKEN: &[(&str, &str)] = &[("x-token", "t")];
