//! An app on `lambda_http`, as its author would write it for API Gateway: it tells what it was asked, and answers as it is asked to.
//!
//! `sekisho-test-lambda-app read` is the other thing that it does: it reads events, one a line, into AWS's own types, and writes what
//! those have understood.

mod events;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use lambda_http::http::header::CONTENT_TYPE;
use lambda_http::http::{HeaderMap, StatusCode};
use lambda_http::{Body, Error, Request, RequestExt, Response, run, service_fn};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if std::env::args().nth(1).as_deref() == Some("read") {
        return events::read();
    }
    run(service_fn(answer)).await
}

async fn answer(request: Request) -> Result<Response<Body>, Error> {
    let path = request.raw_http_path().to_owned();
    let asked = path.rsplit('/').next().unwrap_or_default();
    let response = Response::builder();
    let plain = "text/plain; charset=utf-8";
    Ok(match asked {
        "bytes" => {
            let all: Vec<u8> = (0..=255).collect();
            response.header("content-type", "application/octet-stream").body(all.into())?
        }
        "cookies" => response
            .header("set-cookie", "a=1; Path=/; HttpOnly")
            .header("set-cookie", "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT")
            .header("set-cookie", "c=3")
            .header("content-type", plain)
            .body("cookies".into())?,
        "headers" => response
            .header("x-many", "one")
            .header("x-many", "two")
            .header("x-one", "a, b")
            .header("content-type", plain)
            .body("headers".into())?,
        "typeless" => response.body("typeless".into())?,
        "mirror" => {
            let kind = request.headers().get(CONTENT_TYPE).cloned();
            let mut response = response.body(request.into_body())?;
            if let Some(kind) = kind {
                response.headers_mut().insert(CONTENT_TYPE, kind);
            }
            response
        }
        "large" => response.header("content-type", plain).body("0123456789abcdef".repeat(65_536).into())?,
        "redirect" => response
            .status(StatusCode::FOUND)
            .header("location", "https://elsewhere.test/?a=b%26c")
            .body(Body::Empty)?,
        "fail" => return Err("the app has failed".into()),
        "panic" => panic!("the app has panicked"),
        status if path.contains("/status/") => {
            let status: StatusCode = status.parse()?;
            let response = response.status(status);
            match status {
                StatusCode::NO_CONTENT => response.body(Body::Empty)?,
                _ => response
                    .header("content-type", plain)
                    .body(format!("status {}", status.as_u16()).into())?,
            }
        }
        _ => {
            let told = told(&request);
            response.header("content-type", "application/json").body(told.to_string().into())?
        }
    })
}

/// What was asked.
fn told(request: &Request) -> Value {
    let context = serde_json::to_value(request.request_context_ref()).unwrap_or_default();
    json!({
        "method": request.method().as_str(),
        "path": request.uri().path(),
        "rawPath": request.raw_http_path(),
        "query": lists(request.query_string_parameters_ref()),
        "pathParameters": lists(request.path_parameters_ref()),
        "stageVariables": lists(request.stage_variables_ref()),
        "headers": headers(request.headers()),
        "stage": context["stage"],
        "body": BASE64_STANDARD.encode(request.body()),
        "isText": matches!(request.body(), Body::Text(_)),
    })
}

fn lists(map: Option<&lambda_http::aws_lambda_events::query_map::QueryMap>) -> Value {
    let mut lists = BTreeMap::<&str, Vec<&str>>::new();
    for (name, value) in map.into_iter().flat_map(|map| map.iter()) {
        lists.entry(name).or_default().push(value);
    }
    json!(lists)
}

fn headers(map: &HeaderMap) -> Value {
    let mut lists = Map::new();
    for name in map.keys() {
        let values: Vec<_> =
            map.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        lists.insert(name.to_string(), json!(values));
    }
    lists.into()
}
