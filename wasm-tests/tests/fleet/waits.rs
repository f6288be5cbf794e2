//! A request that waits for the count: nothing of it reaches the backend before, and all of it after.

use crate::documents::{ACCESS_KEY, document, options, says, value};
use sekisho_cases::Request;
use sekisho_cases::sigv4::Sign;
use serde_json::json;
use std::time::SystemTime;
use wasm_tests::client::{Length, Sending, Wire};
use wasm_tests::{Backend, Gateway, Protocol, eventually};

const TRAILERS: [(&str, &str); 2] = [("x-sum", "1"), ("x-end", "reached")];

/// A request, as it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Get,
    Post,
    Chunked,
    ChunkedWithTrailers,
}

const SHAPES: [Shape; 4] = [Shape::Get, Shape::Post, Shape::Chunked, Shape::ChunkedWithTrailers];

impl Shape {
    fn method(self) -> &'static str {
        if self == Self::Get { "GET" } else { "POST" }
    }

    fn parts(self) -> Vec<String> {
        let long = format!("{{\"a\": \"read\", \"more\": \"{}", "m".repeat(50_000));
        match self {
            Self::Get => Vec::new(),
            Self::Post => vec![format!("{long}\"}}")],
            Self::Chunked | Self::ChunkedWithTrailers => vec![long, "and more\"}".to_owned()],
        }
    }

    fn length(self) -> Length {
        match self {
            Self::Get => Length::NoBody,
            Self::Post => Length::Known(self.parts().concat().len()),
            Self::Chunked | Self::ChunkedWithTrailers => Length::Unknown,
        }
    }

    fn trailers(self) -> &'static [(&'static str, &'static str)] {
        if self == Self::ChunkedWithTrailers { &TRAILERS } else { &[] }
    }
}

fn headers(path: &str, shape: Shape) -> Vec<(String, String)> {
    let mut request = Request {
        method: shape.method().to_owned(),
        path: path.to_owned(),
        host: "h.test".to_owned(),
        headers: vec![("x-api-key".to_owned(), value("k1"))],
        body: (shape != Shape::Get).then(|| shape.parts().concat()),
        sign: None,
    };
    if path.contains("signed") {
        request.sign = Some(Sign { key: ACCESS_KEY.to_owned(), ..Sign::default() });
        request = request.signed(SystemTime::now());
    }
    request.headers
}

struct World {
    backend: Backend,
    service: Backend,
    gateway: Gateway,
}

impl World {
    async fn run(&self, wire: Wire, path: &str, shape: Shape, code: u8) {
        let case = format!("{shape:?} to {path} over {wire:?}, answered {code}");
        self.backend.forget();
        self.service.forget();
        self.service.answers(says(code));
        self.service.hold();
        let address = self.gateway.address();
        let length = shape.length();
        let headers = headers(path, shape);
        let mut sending = Sending::begin_with(wire, address, shape.method(), path, &headers, length);
        let before = self.gateway.http_stat("downstream_cx_rx_bytes_total").await;
        for part in shape.parts() {
            sending.part(part.as_bytes());
        }
        sending.end(shape.trailers());
        eventually("the service is asked", async || (!self.service.seen().is_empty()).then_some(())).await;
        let bytes = shape.parts().concat().len() as u64;
        eventually("Envoy has it", async || {
            (self.gateway.http_stat("downstream_cx_rx_bytes_total").await >= before + bytes || bytes == 0)
                .then_some(())
        })
        .await;
        assert_eq!(self.backend.seen().len(), 0, "{case}: the backend saw a request that waits");
        assert!(!sending.is_answered(), "{case}: a request that waits was answered");
        self.service.release();
        let response = sending.response().await.unwrap_or_else(|error| panic!("{case}: {error}"));
        let asked = self.service.only();
        assert_eq!(
            (asked.header("te"), asked.header("content-type")),
            (vec!["trailers".to_owned()], vec!["application/grpc".to_owned()])
        );
        if code == 2 {
            assert_eq!((response.status, self.backend.seen().len()), (429, 0), "{case}");
            return;
        }
        assert_eq!(response.status, 200, "{case}: {}", response.text());
        let seen = self.backend.only();
        assert!(
            seen.seen.body == shape.parts().concat().into_bytes(),
            "{case}: {} bytes arrived, changed",
            seen.bytes
        );
        assert!(seen.ended && !seen.broken, "{case}");
        let mapped =
            if path.ends_with("plain") || shape == Shape::Get { vec![] } else { vec!["read".to_owned()] };
        assert_eq!(seen.header("x-a"), mapped, "{case}");
        // HTTP/1.1 backends are told no trailers.
        assert_eq!(seen.header("x-api-key"), [value("k1")], "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_reaches_the_backend_before_the_count_and_everything_after() {
    let (backend, service) = (Backend::start().await, Backend::start_with(Protocol::Http2).await);
    let gateway = Gateway::start(&document(5, &json!({})), &backend, options(service.address())).await;
    let world = World { backend, service, gateway };
    let mut ran = 0;
    for wire in [Wire::Http1, Wire::Http2] {
        for path in ["/prod/plain", "/prod/mapped", "/prod/signed"] {
            for shape in SHAPES {
                world.run(wire, path, shape, 1).await;
                ran += 1;
            }
        }
    }
    assert_eq!(ran, 24);
    world.gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_reaches_the_backend_of_a_request_over_its_quota() {
    let (backend, service) = (Backend::start().await, Backend::start_with(Protocol::Http2).await);
    for path in ["/prod/plain", "/prod/mapped", "/prod/signed"] {
        for (wire, shape) in [(Wire::Http1, Shape::Post), (Wire::Http2, Shape::ChunkedWithTrailers)] {
            // A new Envoy remembers no refusal.
            let backend_address = options(service.address());
            let gateway = Gateway::start(&document(5, &json!({})), &backend, backend_address).await;
            let address = gateway.address();
            service.forget();
            service.answers(says(2));
            let mut sending = Sending::begin_with(
                wire,
                address,
                shape.method(),
                path,
                &headers(path, shape),
                shape.length(),
            );
            for part in shape.parts() {
                sending.part(part.as_bytes());
            }
            sending.end(shape.trailers());
            let response = sending.response().await.unwrap();
            assert_eq!((response.status, backend.seen().len()), (429, 0), "{path} {shape:?}");
            assert_eq!(service.seen().len(), 1);
            gateway.assert_no_panic().await;
        }
    }
}
