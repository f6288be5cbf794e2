//! What a function returned, as an answer.
//!
//! A function is not trusted with the connection: a value that would end its header's line, a name that is none and a status
//! that is none are no answer.

use crate::gateway::integrations::headers::{is_header_name, is_header_value, is_internal, is_of_one_hop};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// Most headers of an answer: with more than 1,024, the gateway's own among them, Envoy's Wasm host sends none at all.
const MOST_HEADERS: usize = 1_000;
/// Most bytes of their names and values: as many as Envoy takes in the head of a backend's response.
const LARGEST_HEADERS: usize = 60 * 1024;

/// An answer that a function made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// Body.
    pub body: Vec<u8>,
}

/// What the function returned is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// Names and values, in the order of the function.
type Headers = Vec<(String, String)>;

/// Reads what a function of payload format 2.0 returned: an answer if it has a `statusCode`, else the body of one.
///
/// # Errors
/// If it has a `statusCode`, and is no answer.
pub fn v2(output: &[u8]) -> Result<Made, Malformed> {
    let answer = match serde_json::from_slice(output) {
        Ok(Value::Object(answer)) if answer.contains_key("statusCode") => answer,
        Ok(Value::String(text)) => return Ok(inferred(text.into_bytes())),
        Ok(Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_)) | Err(_) => {
            return Ok(inferred(output.to_vec()));
        }
    };
    let mut headers = headers(answer.get("headers"))?;
    if let Some(cookies) = answer.get("cookies").filter(|cookies| !cookies.is_null()) {
        headers.retain(|(name, _)| name != "set-cookie");
        for cookie in cookies.as_array().ok_or(Malformed)? {
            headers.push(("set-cookie".to_owned(), cookie.as_str().ok_or(Malformed)?.to_owned()));
        }
    }
    let body = body(&answer, true)?;
    made(integer_status(&answer)?, headers, "text/plain; charset=utf-8", body)
}

/// Reads what a function of payload format 1.0 returned.
///
/// # Errors
/// If it is no answer.
pub fn http_v1(output: &[u8]) -> Result<Made, Malformed> {
    let answer: Map<String, Value> = serde_json::from_slice(output).map_err(|_| Malformed)?;
    let mut headers = headers(answer.get("headers"))?;
    headers.extend(multi_headers(answer.get("multiValueHeaders"))?);
    let body = body(&answer, true)?;
    made(integer_status(&answer)?, headers, "text/plain; charset=utf-8", body)
}

/// Reads what a function behind a REST API returned. `takes_binary`: whether a body in base64 is decoded for this client.
///
/// # Errors
/// If it is no answer.
pub fn rest(output: &[u8], takes_binary: bool) -> Result<Made, Malformed> {
    const KNOWN: [&str; 5] = ["body", "statusCode", "headers", "multiValueHeaders", "isBase64Encoded"];
    let answer: Map<String, Value> = serde_json::from_slice(output).map_err(|_| Malformed)?;
    if answer.keys().any(|name| !KNOWN.contains(&name.as_str())) {
        return Err(Malformed);
    }
    // The values of a name stand together: those of `multiValueHeaders` first, and what stands in both once.
    let mut merged = multi_headers(answer.get("multiValueHeaders"))?;
    for header in headers(answer.get("headers"))? {
        if !merged.contains(&header) {
            merged.push(header);
        }
    }
    let status = match answer.get("statusCode") {
        None | Some(Value::Null) => 200,
        Some(Value::String(digits)) => status(digits.trim().parse().map_err(|_| Malformed)?)?,
        Some(_) => integer_status(&answer)?,
    };
    let body = body(&answer, takes_binary)?;
    made(status, merged, "application/json", body)
}

/// A whole output as the body.
fn inferred(body: Vec<u8>) -> Made {
    Made { status: 200, headers: vec![(b"content-type".to_vec(), b"application/json".to_vec())], body }
}

fn integer_status(answer: &Map<String, Value>) -> Result<u16, Malformed> {
    status(answer.get("statusCode").and_then(Value::as_u64).ok_or(Malformed)?)
}

/// A status that can end an exchange.
fn status(code: u64) -> Result<u16, Malformed> {
    u16::try_from(code).ok().filter(|code| (200..=599).contains(code)).ok_or(Malformed)
}

/// `headers`: texts, or what prints as one.
fn headers(written: Option<&Value>) -> Result<Headers, Malformed> {
    let Some(map) = map(written)? else { return Ok(Headers::new()) };
    let written = map.iter().filter(|(_, value)| !value.is_null());
    bounded(
        written.take(MOST_HEADERS + 1).map(|(name, value)| header(name, value)).collect::<Result<_, _>>()?,
    )
}

/// `multiValueHeaders`: lists of them.
fn multi_headers(written: Option<&Value>) -> Result<Headers, Malformed> {
    let Some(map) = map(written)? else { return Ok(Headers::new()) };
    let mut headers = Headers::new();
    for (name, values) in map {
        for value in values.as_array().ok_or(Malformed)? {
            headers.push(header(name, value)?);
        }
    }
    bounded(headers)
}

/// Refuses more than can be sent.
fn bounded(headers: Headers) -> Result<Headers, Malformed> {
    let size: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if headers.len() > MOST_HEADERS || size > LARGEST_HEADERS { Err(Malformed) } else { Ok(headers) }
}

fn map(written: Option<&Value>) -> Result<Option<&Map<String, Value>>, Malformed> {
    match written {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_object().map(Some).ok_or(Malformed),
    }
}

fn header(name: &str, value: &Value) -> Result<(String, String), Malformed> {
    let value = match value {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return Err(Malformed),
    };
    Ok((name.to_ascii_lowercase(), value))
}

/// `body`, decoded where it is in base64 and is to be.
fn body(answer: &Map<String, Value>, decode: bool) -> Result<Vec<u8>, Malformed> {
    let text = match answer.get("body") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::String(text)) => text,
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            return Err(Malformed);
        }
    };
    let is_base64 = match answer.get("isBase64Encoded") {
        None | Some(Value::Null) => false,
        Some(value) => value.as_bool().ok_or(Malformed)?,
    };
    if is_base64 && decode {
        STANDARD.decode(text).map_err(|_| Malformed)
    } else {
        Ok(text.clone().into_bytes())
    }
}

fn made(status: u16, headers: Headers, default_type: &str, body: Vec<u8>) -> Result<Made, Malformed> {
    let mut kept = Vec::with_capacity(headers.len() + 1);
    for (name, value) in bounded(headers)? {
        if !is_header_name(&name) || !is_header_value(&value) {
            return Err(Malformed);
        }
        let is_framing = is_of_one_hop(name.as_bytes()) || name == "content-length";
        if !is_framing && !is_internal(name.as_bytes()) {
            kept.push((name.into_bytes(), value.into_bytes()));
        }
    }
    if !kept.iter().any(|(name, _)| name == b"content-type") {
        kept.push((b"content-type".to_vec(), default_type.as_bytes().to_vec()));
    }
    Ok(Made { status, headers: kept, body })
}

#[cfg(test)]
mod tests {
    use super::{Made, Malformed, http_v1, rest, v2};
    use serde_json::{Value, json};

    type Told = (u16, Vec<(String, String)>, String);

    fn told(made: Result<Made, Malformed>) -> Option<Told> {
        let Made { status, headers, body } = made.ok()?;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let headers = headers.into_iter().map(|(name, value)| (text(name), text(value)));
        Some((status, headers.collect(), text(body)))
    }

    fn header(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    fn bytes(value: &Value) -> Vec<u8> {
        value.to_string().into_bytes()
    }

    #[test]
    fn what_has_no_status_is_the_body_itself() {
        let json = || vec![header("content-type", "application/json")];
        for (output, body) in [
            (r#"{"body": "hi"}"#, r#"{"body": "hi"}"#),
            (r#""test""#, "test"),
            ("null", "null"),
            ("[1]", "[1]"),
            ("", ""),
            ("not JSON", "not JSON"),
        ] {
            assert_eq!(told(v2(output.as_bytes())), Some((200, json(), body.to_owned())), "{output}");
        }
    }

    #[test]
    fn an_answer_of_format_2_has_a_status_and_may_have_the_rest() {
        let text = header("content-type", "text/plain; charset=utf-8");
        assert_eq!(told(v2(br#"{"statusCode":201}"#)), Some((201, vec![text], String::new())));
        let answer = json!({
            "statusCode": 200, "headers": { "Content-Type": "a/b", "X-N": 1, "x-b": true, "Set-Cookie": "gone", "x-null": null },
            "cookies": ["a=1", "b=2"], "body": "aGk=", "isBase64Encoded": true, "other": 1,
        });
        let headers = vec![
            header("content-type", "a/b"),
            header("x-n", "1"),
            header("x-b", "true"),
            header("set-cookie", "a=1"),
            header("set-cookie", "b=2"),
        ];
        let (status, mut found, body) = told(v2(&bytes(&answer))).unwrap();
        let mut expected = headers;
        found.sort();
        expected.sort();
        assert_eq!((status, found, body.as_str()), (200, expected, "hi"));
    }

    #[test]
    fn what_cannot_be_an_answer_is_none() {
        for answer in [
            json!({ "statusCode": 0 }),
            json!({ "statusCode": "200" }),
            json!({ "statusCode": 200.5 }),
            json!({ "statusCode": null }),
            json!({ "statusCode": 101 }),
            json!({ "statusCode": 600 }),
            json!({ "statusCode": 200, "headers": [] }),
            json!({ "statusCode": 200, "headers": { "a": {} } }),
            json!({ "statusCode": 200, "headers": { "a b": "x" } }),
            json!({ "statusCode": 200, "headers": { "": "x" } }),
            json!({ "statusCode": 200, "headers": { ":status": "200" } }),
            json!({ "statusCode": 200, "headers": { "a": "x\r\nset-cookie: b" } }),
            json!({ "statusCode": 200, "headers": { "a\nb": "x" } }),
            json!({ "statusCode": 200, "body": {} }),
            json!({ "statusCode": 200, "body": 1 }),
            json!({ "statusCode": 200, "body": "!", "isBase64Encoded": true }),
            json!({ "statusCode": 200, "isBase64Encoded": "true" , "body": "aGk="}),
        ] {
            assert_eq!(v2(&bytes(&answer)), Err(Malformed), "2.0: {answer}");
            assert_eq!(http_v1(&bytes(&answer)), Err(Malformed), "1.0: {answer}");
        }
        for cookies in [json!("a=1"), json!([1]), json!(["a\r\nb"])] {
            assert_eq!(
                v2(&bytes(&json!({ "statusCode": 200, "cookies": cookies }))),
                Err(Malformed),
                "{cookies}"
            );
        }
    }

    #[test]
    fn framing_and_internal_headers_are_not_the_functions_to_write() {
        let answer = json!({ "statusCode": 200, "headers": {
            "Content-Length": "1", "Transfer-Encoding": "chunked", "Connection": "close", "x-envoy-upstream": "a",
            "X-Sekisho-Cluster": "b", "content-type": "a/b",
        } });
        for made in [v2(&bytes(&answer)), http_v1(&bytes(&answer))] {
            assert_eq!(told(made), Some((200, vec![header("content-type", "a/b")], String::new())));
        }
    }

    #[test]
    fn http_apis_tell_single_values_first_and_rest_apis_last() {
        let answer = json!({ "statusCode": 200, "headers": { "content-type": "a/b", "x": "single" },
            "multiValueHeaders": { "X": ["multi-1", "multi-2", "single"] } });
        let of_x = |made| {
            let (_, headers, _) = told(made).unwrap();
            headers.into_iter().filter(|(name, _)| name == "x").map(|(_, value)| value).collect::<Vec<_>>()
        };
        assert_eq!(of_x(http_v1(&bytes(&answer))), ["single", "multi-1", "multi-2", "single"]);
        assert_eq!(of_x(rest(&bytes(&answer), false)), ["multi-1", "multi-2", "single"]);
    }

    #[test]
    fn headers_that_envoy_cannot_send_are_no_answer() {
        let with = |count: usize, bytes: usize| {
            let name = |i| (format!("x-{i:05}"), Value::from("a".repeat(bytes)));
            (0..count).map(name).collect::<serde_json::Map<_, _>>()
        };
        let many =
            |count| (0..count).map(|i| (format!("m-{i:05}"), json!([""]))).collect::<serde_json::Map<_, _>>();
        let answer = |headers, multi| {
            bytes(&json!({ "statusCode": 200, "headers": headers, "multiValueHeaders": multi }))
        };
        for (headers, multi, fits) in [
            (with(1_000, 0), many(0), true),
            (with(1_001, 0), many(0), false),
            (with(0, 0), many(1_000), true),
            (with(0, 0), many(1_001), false),
            (with(500, 0), many(501), false),
            (with(1, 61_433), many(0), true),
            (with(1, 61_434), many(0), false),
            (with(20_000, 0), many(20_000), false),
        ] {
            let output = answer(headers, multi);
            assert_eq!(http_v1(&output).is_ok(), fits);
            assert_eq!(rest(&output, false).is_ok(), fits);
        }
        for (headers, cookies, fits) in [(999, 1, true), (1_000, 1, false), (0, 1_001, false)] {
            let cookies = vec!["a=b"; cookies];
            let answer = json!({ "statusCode": 200, "headers": with(headers, 0), "cookies": cookies });
            assert_eq!(v2(&bytes(&answer)).is_ok(), fits);
        }
    }

    #[test]
    fn rest_apis_know_five_members() {
        let made = |answer: Value| told(rest(&bytes(&answer), false));
        let json = || vec![header("content-type", "application/json")];
        assert_eq!(made(json!({})), Some((200, json(), String::new())));
        assert_eq!(
            made(json!({ "statusCode": "404", "headers": null, "body": "x" })),
            Some((404, json(), "x".to_owned()))
        );
        for answer in [
            json!({ "statusCode": 200, "cookies": [] }),
            json!("text"),
            json!(null),
            json!([]),
            json!({ "multiValueHeaders": { "a": "b" } }),
            json!({ "statusCode": "x" }),
            json!({ "statusCode": 0 }),
            json!({ "statusCode": {} }),
        ] {
            assert_eq!(made(answer.clone()), None, "{answer}");
        }
        assert_eq!(rest(b"", false), Err(Malformed));
    }

    #[test]
    fn rest_apis_decode_what_the_client_takes_as_binary() {
        let answer = json!({ "body": "aGk=", "isBase64Encoded": true });
        let body = |takes_binary| told(rest(&bytes(&answer), takes_binary)).unwrap().2;
        assert_eq!((body(true).as_str(), body(false).as_str()), ("hi", "aGk="));
    }
}
