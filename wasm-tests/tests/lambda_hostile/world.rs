//! A gateway with one function behind three kinds of API.

use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use wasm_tests::client::{Body, Wire};
use wasm_tests::raw::{Raw, Response};
use wasm_tests::{Backend, Function, Gateway, Options};

/// The kinds of API that tell a function of requests, each in its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    HttpV2,
    HttpV1,
    Rest,
}

pub(crate) const KINDS: [Kind; 3] = [Kind::HttpV2, Kind::HttpV1, Kind::Rest];

/// What a client is told of a function's failure and of Lambda's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The function failed, or what it returned is no answer.
    Function,
    /// It may not be invoked, or is not there.
    Denied,
    /// Lambda has no room for it, cannot be reached or failed itself.
    Unavailable,
    /// It did not return in time.
    Slow,
    /// The event is too large.
    TooLarge,
}

pub(crate) struct World {
    pub(crate) function: Function,
    pub(crate) backend: Backend,
    pub(crate) gateway: Gateway,
    /// What Envoy had to say before anybody asked anything.
    log: String,
}

// === impl Kind ===

impl Kind {
    pub(crate) fn host(self) -> &'static str {
        match self {
            Self::HttpV2 => "v2.localhost",
            Self::HttpV1 => "v1.localhost",
            Self::Rest => "rest.localhost",
        }
    }

    /// A path that its function gets, as the client writes it.
    pub(crate) fn path(self, path: &str) -> String {
        match self {
            Self::HttpV2 | Self::HttpV1 => path.to_owned(),
            Self::Rest => format!("/prod{path}"),
        }
    }

    pub(crate) fn get(self, path: &str) -> Vec<u8> {
        format!("GET {} HTTP/1.1\r\nhost: {}\r\naccept: text/html\r\n\r\n", self.path(path), self.host())
            .into_bytes()
    }

    pub(crate) fn post(self, media_type: &str, body: &[u8]) -> Vec<u8> {
        let (path, host, length) = (self.path("/x"), self.host(), body.len());
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\n\r\n"
        );
        [head.as_bytes(), body].concat()
    }

    /// Status and body of AWS, to the byte.
    pub(crate) fn failure(self, failure: Failure) -> (u16, &'static str) {
        match (self, failure) {
            (Self::HttpV2 | Self::HttpV1, Failure::Function | Failure::Denied) => {
                (500, r#"{"message":"Internal Server Error"}"#)
            }
            (Self::HttpV2 | Self::HttpV1, Failure::Unavailable) => {
                (503, r#"{"message":"Service Unavailable"}"#)
            }
            (Self::Rest, Failure::Function) => (502, r#"{"message": "Internal server error"}"#),
            (Self::Rest, Failure::Denied | Failure::Unavailable) => {
                (500, r#"{"message":"Internal server error"}"#)
            }
            (_, Failure::Slow) => (504, r#"{"message":"Endpoint request timed out"}"#),
            (Self::HttpV2 | Self::HttpV1, Failure::TooLarge) => {
                (413, r#"{"message":"Request Entity Too Large"}"#)
            }
            (Self::Rest, Failure::TooLarge) => (413, r#"{"message":"Request Too Long"}"#),
        }
    }

    /// Its API, as it stands in the document.
    fn written(self) -> Value {
        let mut api = self.api();
        api.as_object_mut().unwrap().retain(|_, member| !member.is_null());
        api
    }

    fn api(self) -> Value {
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:told";
        let integration = |name: &str, millis: u32| {
            let mut integration = json!({
                "integrationId": name, "integrationType": "AWS_PROXY", "integrationMethod": "POST",
                "integrationUri": arn, "timeoutInMillis": millis,
            });
            match self {
                Self::HttpV2 => integration["payloadFormatVersion"] = "2.0".into(),
                Self::HttpV1 => integration["payloadFormatVersion"] = "1.0".into(),
                Self::Rest => {}
            }
            integration
        };
        let name = self.host().strip_suffix(".localhost").unwrap();
        json!({
            "apiId": name,
            "protocolType": if self == Self::Rest { "REST" } else { "HTTP" },
            "stages": [{ "stageName": if self == Self::Rest { "prod" } else { "$default" } }],
            "binaryMediaTypes": if self == Self::Rest { json!(["image/png"]) } else { Value::Null },
            "routes": [
                { "routeKey": "ANY /{proxy+}", "target": "integrations/patient" },
                { "routeKey": "ANY /soon", "target": "integrations/hasty" },
            ],
            "integrations": [integration("patient", 29_000), integration("hasty", 300)],
        })
    }
}

/// The three APIs; all ask one function.
pub(crate) fn document() -> Value {
    let apis: Vec<Value> = KINDS.iter().map(|kind| kind.written()).collect();
    json!({
        "endpoints": { "lambda": "http://lambda.test" },
        "apis": apis,
        // What is measured here is not AWS's limit of an account.
        "accountThrottle": { "rateLimit": 100_000, "burstLimit": 100_000 },
    })
}

/// The same, where every other host is this one, and another function is asked whether a request may go on.
pub(crate) fn guarded(kind: Kind) -> Value {
    let mut document = document();
    let api = &mut document["apis"][kind as usize];
    let mut authorizer = json!({
        "authorizerId": "login", "authorizerType": "REQUEST", "authorizerResultTtlInSeconds": 0,
        "identitySource": ["$request.header.x-token"],
        "authorizerUri": "arn:aws:lambda:us-east-1:123456789012:function:login",
    });
    if kind != Kind::Rest {
        authorizer["authorizerPayloadFormatVersion"] = "2.0".into();
        authorizer["enableSimpleResponses"] = true.into();
    }
    api["authorizers"] = json!([authorizer]);
    for route in api["routes"].as_array_mut().unwrap() {
        route["authorizationType"] = "CUSTOM".into();
        route["authorizerId"] = "login".into();
    }
    document["defaultApiId"] = document["apis"][kind as usize]["apiId"].clone();
    document
}

// === impl World ===

impl World {
    pub(crate) async fn start(concurrency: u32) -> Self {
        Self::with(&document(), Options { concurrency, ..Options::default() }).await
    }

    pub(crate) async fn with(document: &Value, mut options: Options) -> Self {
        let (function, backend) = (Function::start().await, Backend::start().await);
        options.hosts.insert("lambda.test".to_owned(), function.address());
        let gateway = Gateway::start(document, &backend, options).await;
        let log = gateway.whole_log();
        Self { function, backend, gateway, log }
    }

    /// Asks on a connection of its own.
    pub(crate) async fn send(&self, request: &[u8]) -> Response {
        wasm_tests::raw::send(self.gateway.address(), request).await.unwrap()
    }

    /// Nothing is in flight, between client and gateway and between gateway and function.
    pub(crate) async fn settled(&self) {
        wasm_tests::eventually("nothing is in flight", async || {
            let active = self.gateway.admin("/stats?filter=(downstream_rq_active|upstream_rq_active)$").await;
            // The question itself is one of the admin's own.
            active.lines().all(|line| line.starts_with("http.admin.") || line.ends_with(": 0")).then_some(())
        })
        .await;
    }

    /// No VM died, and nothing that a function said is in Envoy's log.
    pub(crate) async fn unharmed(&self) {
        self.gateway.assert_no_panic().await;
        // Envoy's own words, every so often, of an answer of 33 MiB.
        let own = "the buffer size limit for async client response body has been exceeded, draining data";
        let log = self.gateway.whole_log();
        let lines: Vec<&str> = log.lines().filter(|line| !line.ends_with(own)).collect();
        assert_eq!(lines, self.log.lines().collect::<Vec<_>>(), "Envoy's log has grown");
    }
}

/// A client that keeps its connection.
pub(crate) enum Client {
    Http1(Raw),
    Http2(SendRequest<Body>),
}

impl Client {
    pub(crate) async fn connect(wire: Wire, world: &World) -> Self {
        match wire {
            Wire::Http1 => Self::Http1(Raw::connect(world.gateway.address()).await.unwrap()),
            Wire::Http2 => Self::Http2(http2(world).await),
        }
    }

    /// Asks with GET.
    pub(crate) async fn get(&mut self, kind: Kind, path: &str) -> Result<Response, String> {
        use http_body_util::{BodyExt, Empty};
        match self {
            Self::Http1(raw) => raw.exchange(&kind.get(path)).await.map_err(|error| error.to_string()),
            Self::Http2(sender) => {
                let uri = format!("http://{}{}", kind.host(), kind.path(path));
                let request =
                    hyper::Request::get(uri).header("accept", "text/html").body(Empty::new().boxed());
                let response =
                    sender.send_request(request.unwrap()).await.map_err(|error| error.to_string())?;
                let (head, body) = response.into_parts();
                let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes().to_vec();
                let headers = head.headers.iter();
                let headers = headers
                    .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
                    .collect();
                Ok(Response { status: head.status.as_u16(), headers, body, ..Response::default() })
            }
        }
    }
}

/// A client that takes more headers than Envoy sends.
async fn http2(world: &World) -> SendRequest<Body> {
    let stream = TcpStream::connect(world.gateway.address()).await.unwrap();
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .max_header_list_size(16 << 20)
        .initial_stream_window_size(16 << 20)
        .initial_connection_window_size(16 << 20);
    let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// Headers beside those that the gateway itself writes.
pub(crate) fn own_headers(response: &Response) -> Vec<(String, String)> {
    const GATEWAYS: [&str; 9] = [
        "content-length",
        "content-type",
        "date",
        "server",
        "apigw-requestid",
        "x-amzn-requestid",
        "x-amz-apigw-id",
        "x-amzn-errortype",
        "x-amzn-trace-id",
    ];
    let all = response.headers.iter().filter(|(name, _)| !GATEWAYS.contains(&name.as_str()));
    let mut own: Vec<_> =
        all.map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned())).collect();
    own.sort();
    own
}
