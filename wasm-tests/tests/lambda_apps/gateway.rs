//! One gateway with an API for each app and each kind of event, and a client of it.

use crate::functions::{Functions, STAGE};
use serde_json::{Value, json};
use std::net::SocketAddr;
use wasm_tests::raw::{self, Response};
use wasm_tests::{Backend, Gateway, Options};

/// What runs behind the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum App {
    /// Starlette under mangum.
    Mangum,
    /// An app on lambda_http.
    LambdaHttp,
}

/// What kind of event it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An HTTP API, payload format 2.0.
    V2,
    /// An HTTP API, payload format 1.0.
    V1,
    /// A REST API for which every body is binary.
    Rest,
}

/// An app behind an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    pub app: App,
    pub kind: Kind,
}

// === impl Pair ===

impl Pair {
    pub const ALL: [Self; 6] = [
        Self { app: App::Mangum, kind: Kind::V2 },
        Self { app: App::Mangum, kind: Kind::V1 },
        Self { app: App::Mangum, kind: Kind::Rest },
        Self { app: App::LambdaHttp, kind: Kind::V2 },
        Self { app: App::LambdaHttp, kind: Kind::V1 },
        Self { app: App::LambdaHttp, kind: Kind::Rest },
    ];

    fn function(self) -> &'static str {
        match self.app {
            App::Mangum => "mangum",
            App::LambdaHttp => "lambda-http",
        }
    }

    pub fn api_id(self) -> String {
        let kind = match self.kind {
            Kind::V2 => "v2",
            Kind::V1 => "v1",
            Kind::Rest => "rest",
        };
        format!("{}-{kind}", self.function())
    }

    /// The stage at which the app is that knows nothing of stages: REST APIs have no stage without a name.
    pub fn prefix(self) -> &'static str {
        match self.kind {
            Kind::V2 | Kind::V1 => "",
            Kind::Rest => "/prod",
        }
    }

    fn api(self) -> Value {
        let (protocol, format, stage) = match self.kind {
            Kind::V2 => ("HTTP", Some("2.0"), "$default"),
            Kind::V1 => ("HTTP", Some("1.0"), "$default"),
            Kind::Rest => ("REST", None, "prod"),
        };
        let mut integration = json!({
            "integrationId": "app", "integrationType": "AWS_PROXY", "integrationMethod": "POST",
            "integrationUri": "arn:aws:lambda:us-east-1:123456789012:function:${stageVariables.function}",
        });
        if let Some(format) = format {
            integration["payloadFormatVersion"] = json!(format);
        }
        let stages = [(stage, self.function().to_owned()), (STAGE, format!("{}-told", self.function()))];
        let stages = stages
            .map(|(name, function)| json!({ "stageName": name, "stageVariables": { "function": function } }));
        let mut api = json!({
            "apiId": self.api_id(), "protocolType": protocol, "stages": stages, "integrations": [integration],
            "routes": [
                { "routeKey": "ANY /{proxy+}", "target": "integrations/app" },
                { "routeKey": "ANY /pets/{id}", "target": "integrations/app" },
            ],
        });
        if self.kind == Kind::Rest {
            api["binaryMediaTypes"] = json!(["*/*"]);
        }
        api
    }
}

/// A REST API for which only PNG images are binary.
fn picky(pair: Pair) -> Value {
    let mut api = pair.api();
    api["apiId"] = json!(format!("{}-picky", pair.api_id()));
    api["binaryMediaTypes"] = json!(["image/png"]);
    api
}

/// The gateway and its functions.
pub struct World {
    gateway: Gateway,
    _functions: Functions,
    _backend: Backend,
}

impl World {
    pub async fn start(test: &str) -> Option<Self> {
        let functions = Functions::start(test)?;
        let backend = Backend::start().await;
        let mut apis: Vec<Value> = Pair::ALL.map(Pair::api).into();
        apis.extend(Pair::ALL.iter().filter(|pair| pair.kind == Kind::Rest).map(|pair| picky(*pair)));
        let document = json!({ "endpoints": { "lambda": "http://lambda.test" }, "apis": apis });
        let hosts = [("lambda.test".to_owned(), functions.address)].into();
        let gateway = Gateway::start(&document, &backend, Options { hosts, ..Options::default() }).await;
        Some(Self { gateway, _functions: functions, _backend: backend })
    }

    /// Sends a request to an app's API.
    pub async fn send(&self, pair: Pair, request: &Request<'_>) -> Response {
        self.send_to(&pair.api_id(), &format!("{}{}", pair.prefix(), request.path), request).await
    }

    /// Sends a request to an API, with another path.
    pub async fn send_to(&self, api_id: &str, path: &str, request: &Request<'_>) -> Response {
        let mut bytes =
            format!("{} {path} HTTP/1.1\r\nhost: {api_id}.localhost\r\n", request.method).into_bytes();
        for (name, value) in request.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        if let Some(body) = request.body {
            bytes.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"connection: close\r\n\r\n");
        bytes.extend_from_slice(request.body.unwrap_or_default());
        raw::send(self.gateway.address(), &bytes).await.unwrap()
    }

    /// What the echoing path of an app tells of a request.
    pub async fn told(&self, pair: Pair, request: &Request<'_>) -> Value {
        let response = self.send(pair, request).await;
        assert_eq!(response.status, 200, "{pair:?}: {}", response.text());
        assert_eq!(response.header("content-type").as_deref(), Some("application/json"), "{pair:?}");
        serde_json::from_slice(&response.body).unwrap()
    }

    /// Where an app's API is.
    pub fn url(&self, pair: Pair, path: &str) -> String {
        format!("http://{}.localhost{}{path}", pair.api_id(), pair.prefix())
    }

    /// Where the gateway listens.
    pub fn address(&self) -> SocketAddr {
        self.gateway.address()
    }

    pub async fn end(self) {
        self.gateway.assert_no_panic().await;
    }
}

/// What a client sends.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub body: Option<&'a [u8]>,
}

// === impl Request ===

impl<'a> Request<'a> {
    pub const fn get(path: &'a str) -> Self {
        Self { method: "GET", path, headers: &[], body: None }
    }

    pub const fn post(path: &'a str, content_type: &'a [(&'a str, &'a str)], body: &'a [u8]) -> Self {
        Self { method: "POST", path, headers: content_type, body: Some(body) }
    }
}
