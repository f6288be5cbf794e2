//! What the core's tests share: gateways made of JSON, requests, and heads with their edits.

use super::authorizers::software::Software;
use super::compile::{Gateway, compile};
use super::config::{Config, typed};
use super::connection::PlainText;
use super::exchange::{Exchange, Origin};
use super::flow::{Answer, Edit, Edits, Flow, ResponseFlow};
use super::head::Head;
use super::outcome::{Ending, Observation};
use super::request::Request;
use super::shared::Memory;
use super::surroundings::Elsewhere;
use super::{Env, Millis, Nanos};
use serde_json::{Value, json};
use std::rc::Rc;

/// Names and values.
pub type Pairs = Vec<(String, String)>;

/// A world in which nothing is remembered from one call to the next; tests of memory bring their own worker.
pub fn env() -> Env<'static> {
    Env {
        wall: Millis(1_587_481_701_067),
        monotonic: Nanos(0),
        dice: [0xab; 32],
        source_address: b"192.0.2.1:4711",
        client_cert_digest: b"",
        connection: &PlainText,
        worker: Box::leak(Box::default()),
        shared: Box::leak(Box::<Memory>::default()),
        signatures: &Software,
        watcher: None,
    }
}

/// The end of a request, in this world.
pub fn ended(exchange: &mut Exchange, ending: &dyn Ending, env: &Env<'_>) -> Observation {
    exchange.on_log(ending, env.monotonic, env.worker)
}

/// A document as compiling meets it: what reading one finds is not the concern here.
pub fn config(document: &Value) -> Config {
    typed(document.to_string().as_bytes()).unwrap_or_else(|problems| panic!("{problems}"))
}

pub fn gateway(document: &Value) -> Rc<Gateway> {
    let config = config(document);
    Rc::new(compile(&config, &Elsewhere).unwrap_or_else(|problems| panic!("{problems}")).gateway)
}

/// What compiling a document finds, as it is printed.
pub fn problems(document: &Value) -> String {
    let config = config(document);
    match compile(&config, &Elsewhere) {
        Ok(compiled) => compiled.warnings.to_string(),
        Err(problems) => problems.to_string(),
    }
}

/// What is found once `change` has spoiled a good document.
pub fn spoiled(mut good: Value, change: impl FnOnce(&mut Value)) -> String {
    assert_eq!(problems(&good), "");
    change(&mut good);
    problems(&good)
}

/// Puts a value into a document: a member, or an element that is there.
pub fn set(pointer: &str, value: Value) -> impl FnOnce(&mut Value) {
    move |document: &mut Value| {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match document.pointer_mut(parent).unwrap() {
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
            parent => parent[name] = value,
        }
    }
}

/// An HTTP API `shop` with one integration behind each of the route keys.
pub fn http(routes: &[&str], integration: Value) -> Value {
    api("HTTP", "$default", routes, integration)
}

/// A REST API `shop` with a stage `prod` and one integration behind each of the route keys.
pub fn rest(routes: &[&str], integration: Value) -> Value {
    api("REST", "prod", routes, integration)
}

fn api(protocol: &str, stage: &str, routes: &[&str], mut integration: Value) -> Value {
    integration["integrationId"] = json!("i");
    let routes: Vec<_> =
        routes.iter().map(|key| json!({ "routeKey": key, "target": "integrations/i" })).collect();
    json!({ "apis": [{
        "apiId": "shop", "protocolType": protocol,
        "routes": routes,
        "integrations": [integration],
        "stages": [{ "stageName": stage, "stageVariables": { "color": "blue" } }],
    }] })
}

/// An `HTTP_PROXY` integration with more members.
pub fn proxy(uri: &str, more: Value) -> Value {
    let mut integration = json!({ "integrationType": "HTTP_PROXY", "integrationUri": uri });
    for (name, value) in more.as_object().unwrap() {
        integration[name] = value.clone();
    }
    integration
}

pub fn head(method: &str, path: &str, headers: &[(&str, &str)], end_of_stream: bool) -> Head {
    let mut pairs =
        vec![(":method", method), (":path", path), (":authority", "shop.test"), (":scheme", "http")];
    pairs.extend(headers);
    Head::from_pairs(&pairs, end_of_stream)
}

/// What becomes of a request without a body.
pub fn ask(gateway: &Rc<Gateway>, method: &str, path: &str, headers: &[(&str, &str)]) -> (Exchange, Flow) {
    let mut exchange = Exchange::new(Rc::clone(gateway));
    let flow = exchange.on_request_headers(Ok(head(method, path, headers, true)), &env());
    (exchange, flow)
}

/// The head that the backend reads of a request without a body.
pub fn backend_head(document: &Value, method: &str, path: &str, headers: &[(&str, &str)]) -> Pairs {
    match ask(&gateway(document), method, path, headers).1 {
        Flow::Forward(edits) => apply(&head(method, path, headers, true), edits),
        flow => panic!("{method} {path}: {flow:?}"),
    }
}

/// The `:path` that the backend reads.
pub fn backend_path(document: &Value, method: &str, path: &str) -> String {
    first(&backend_head(document, method, path, &[]), ":path").unwrap()
}

/// Status and body of an answer to a request without a body.
pub fn answer(document: &Value, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    match ask(&gateway(document), method, path, headers).1 {
        Flow::Answer(answer) => answer,
        flow => panic!("{method} {path}: {flow:?}"),
    }
}

/// The head that the client reads, after `GET /x`, of a backend's response without a body.
pub fn client_head(document: &Value, path: &str, response: &[(&str, &str)]) -> Pairs {
    let (mut exchange, _) = ask(&gateway(document), "GET", path, &[]);
    let head = Head::from_pairs(response, true);
    match exchange.on_response_headers(Ok(head.clone()), Origin::Upstream, &env()) {
        ResponseFlow::Continue(edits) => apply(&head, edits),
        flow => panic!("{flow:?}"),
    }
}

/// A request that has been matched, for what reads one.
pub fn with_request<T>(document: &Value, head: Head, read: impl FnOnce(&Request) -> T) -> T {
    let mut exchange = Exchange::new(gateway(document));
    let _ = exchange.on_request_headers(Ok(head), &env());
    read(exchange.request().unwrap())
}

pub fn apply(head: &Head, edits: Edits) -> Pairs {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut pairs: Pairs = head.iter().map(|(name, value)| (text(name), text(value))).collect();
    for edit in edits.0 {
        match edit {
            Edit::Remove(name) => pairs.retain(|(known, _)| known.as_bytes() != name.as_ref()),
            Edit::Set(name, value) => {
                pairs.retain(|(known, _)| known.as_bytes() != name.as_ref());
                pairs.push((text(&name), text(&value)));
            }
            Edit::Add(name, value) => pairs.push((text(&name), text(&value))),
        }
    }
    pairs
}

/// The only value of a name; several are shown together, so that no comparison holds by chance.
pub fn first(pairs: &Pairs, name: &str) -> Option<String> {
    let values: Vec<_> = pairs.iter().filter(|(known, _)| known == name).map(|(_, v)| v.as_str()).collect();
    (!values.is_empty()).then(|| values.join(" | "))
}

pub fn answer_header(answer: &Answer, name: &str) -> Option<String> {
    let pairs = answer.headers.iter();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    first(&pairs.map(|(name, value)| (text(name), text(value))).collect(), name)
}

pub fn body(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}
