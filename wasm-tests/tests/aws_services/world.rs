//! A gateway in front of AWS.

use crate::aws::Aws;
use serde_json::{Value, json};
use std::net::SocketAddr;
use wasm_tests::{Backend, Gateway, Options, raw};

/// Services as `endpoints` names them; one in two regions.
const SERVICES: [&str; 9] =
    ["appconfig", "dynamodb", "events", "kinesis", "s3", "sns", "sqs", "sqs.eu-west-1", "states"];

/// A host of AWS's for a service, on this machine: AWS, and moto, know service and region by it where nobody signed (`clients/aws.py`).
fn host(service: &str) -> String {
    let region = if service.contains('.') { "" } else { ".us-east-1" };
    format!("{service}{region}.amazonaws.com.test")
}

/// A route, and the service's action behind it.
pub(crate) struct Route {
    key: String,
    subtype: &'static str,
    parameters: Value,
}

pub(crate) fn route(key: &str, subtype: &'static str, parameters: Value) -> Route {
    Route { key: key.to_owned(), subtype, parameters }
}

/// An HTTP API whose routes are answered by services.
pub(crate) fn document(routes: &[Route]) -> Value {
    let endpoints: serde_json::Map<_, _> = SERVICES
        .iter()
        .map(|service| ((*service).to_owned(), json!(format!("http://{}", host(service)))))
        .collect();
    let integrations: Vec<Value> = routes
        .iter()
        .enumerate()
        .map(|(id, route)| {
            json!({
                "integrationId": format!("i{id}"), "integrationType": "AWS_PROXY", "integrationSubtype": route.subtype,
                "payloadFormatVersion": "1.0", "requestParameters": route.parameters,
            })
        })
        .collect();
    let routes: Vec<Value> = routes
        .iter()
        .enumerate()
        .map(|(id, route)| json!({ "routeKey": route.key, "target": format!("integrations/i{id}") }))
        .collect();
    json!({
        "endpoints": endpoints,
        "apis": [{
            "apiId": "services", "protocolType": "HTTP", "routes": routes, "integrations": integrations,
            "stages": [{ "stageName": "$default", "stageVariables": { "color": "blue" } }],
        }],
    })
}

/// What a client asks.
#[derive(Default)]
pub(crate) struct Asks<'a> {
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a [u8],
}

/// A gateway in front of the emulator, and one in front of a stand-in that records what it is sent.
pub(crate) struct World {
    pub(crate) aws: &'static Aws,
    pub(crate) gateway: Gateway,
    pub(crate) backend: Backend,
}

impl World {
    /// The services are the emulator.
    pub(crate) async fn emulated(aws: &'static Aws, routes: &[Route]) -> Self {
        let address = aws.address;
        Self::start(aws, routes, |options| {
            options.hosts = SERVICES.iter().map(|service| (host(service), address)).collect();
        })
        .await
    }

    /// The services are a backend that records.
    pub(crate) async fn recorded(aws: &'static Aws, routes: &[Route]) -> Self {
        Self::start(aws, routes, |_| {}).await
    }

    async fn start(aws: &'static Aws, routes: &[Route], change: impl FnOnce(&mut Options)) -> Self {
        let backend = Backend::start().await;
        let mut options = Options::default();
        change(&mut options);
        let gateway = Gateway::start(&document(routes), &backend, options).await;
        Self { aws, gateway, backend }
    }

    /// `POST /path`, or another method.
    pub(crate) async fn ask(&self, line: &str, asks: Asks<'_>) -> raw::Response {
        ask(self.gateway.address(), line, asks).await
    }
}

pub(crate) async fn ask(address: SocketAddr, line: &str, asks: Asks<'_>) -> raw::Response {
    let mut request = format!("{line} HTTP/1.1\r\nhost: api.test\r\ncontent-length: {}\r\n", asks.body.len());
    for (name, value) in asks.headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("connection: close\r\n\r\n");
    let mut request = request.into_bytes();
    request.extend_from_slice(asks.body);
    raw::send(address, &request).await.unwrap()
}

/// The members of a form or a query string, in order of their names.
pub(crate) fn pairs(form: &str) -> Vec<(String, String)> {
    let pairs = form.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<_> = pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        })
        .collect();
    pairs.sort();
    pairs
}

/// A text of a form.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [a, b, tail @ ..]) => {
                let digits = [*a, *b];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
                rest = tail;
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// The text of the first element of a name in an answer of AWS's; nothing is decoded.
pub(crate) fn element(xml: &str, name: &str) -> String {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let found = xml.split_once(&start).and_then(|(_, rest)| rest.split_once(&end));
    found.unwrap_or_else(|| panic!("no <{name}> in {xml}")).0.to_owned()
}
