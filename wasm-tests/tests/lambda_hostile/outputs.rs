//! What a function may return, and what a client reads of it.

use crate::world::{Client, Failure, KINDS, Kind, World, own_headers};
use serde_json::{Value, json};
use wasm_tests::Reply;
use wasm_tests::client::Wire;

/// What the client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Told {
    /// That the function failed.
    Fails,
    /// What the function returned, whole, as JSON.
    Whole,
    /// What the function says: status, headers of its own, body.
    Says(u16, Vec<(String, String)>, Vec<u8>),
}

use Told::{Fails, Whole};

struct Case {
    name: String,
    output: Vec<u8>,
    /// By API: HTTP 2.0, HTTP 1.0, REST.
    told: [Told; 3],
}

fn says(status: u16, body: &str) -> Told {
    Told::Says(status, Vec::new(), body.as_bytes().to_vec())
}

/// A status of 200 and these headers.
fn headed(headers: &[(&str, &str)]) -> Told {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Told::Says(200, headers, Vec::new())
}

fn bytes(name: &str, output: impl Into<Vec<u8>>, told: [Told; 3]) -> Case {
    Case { name: name.to_owned(), output: output.into(), told }
}

/// The value is printed as the case's name.
fn value(output: &Value, told: [Told; 3]) -> Case {
    let output = output.to_string();
    bytes(&output.clone(), output, told)
}

/// No kind of API takes it.
fn bad(output: &Value) -> Case {
    value(output, [Fails, Fails, Fails])
}

/// Each kind of API reads the same.
fn good(output: &Value, told: Told) -> Case {
    value(output, [told.clone(), told.clone(), told])
}

/// What is no JSON is a body to HTTP APIs of format 2.0, and nothing to others.
fn unreadable() -> Vec<Case> {
    let deep = "[".repeat(100_000);
    let closed = format!("{deep}{}", "]".repeat(100_000));
    let texts: Vec<(&str, Vec<u8>)> = vec![
        ("no JSON", b"not JSON".to_vec()),
        ("a cut object", br#"{"statusCode":200,"body":"cu"#.to_vec()),
        ("two objects", br#"{"statusCode":200}{"statusCode":201}"#.to_vec()),
        ("a hundred thousand brackets", deep.clone().into_bytes()),
        ("as many that are closed", closed.clone().into_bytes()),
        ("as many in a member", format!(r#"{{"statusCode":200,"body":{closed}}}"#).into_bytes()),
        ("as many objects", [br#"{"a":"#.repeat(100_000), b"1".to_vec()].concat()),
        ("a number beyond all", br#"{"statusCode":1e400}"#.to_vec()),
        ("a byte order mark", b"\xef\xbb\xbf{\"statusCode\":201}".to_vec()),
        ("bytes that are no UTF-8", b"{\"statusCode\":200,\"body\":\"\xff\xfe\"}".to_vec()),
        ("half a character", br#"{"statusCode":200,"body":"\ud800"}"#.to_vec()),
        ("a zero byte", b"{\"statusCode\":200,\"body\":\"\0\"}".to_vec()),
        ("UTF-16", b"{\0}\0".to_vec()),
        ("a head and a body", b"HTTP/1.1 200 OK\r\nset-cookie: a=b\r\n\r\n".to_vec()),
    ];
    let mut cases: Vec<Case> =
        texts.into_iter().map(|(name, output)| bytes(name, output, [Whole, Fails, Fails])).collect();
    // Envoy writes no content type where there is no content.
    cases.push(bytes("nothing", b"", [says(200, ""), Fails, Fails]));
    cases
}

/// JSON that is no answer: format 2.0 sends it as it is.
fn unlike_an_answer() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        "null",
        "true",
        "7",
        "[]",
        r#"[{"statusCode":200}]"#,
        r#"[[[[1]]],1e300]"#,
        "123456789012345678901234567890",
    ]
    .into_iter()
    .map(|text| bytes(text, text, [Whole, Fails, Fails]))
    .collect();
    cases.push(bytes("a text", r#""just\ntext""#, [says(200, "just\ntext"), Fails, Fails]));
    cases.push(value(&json!({}), [Whole, Fails, says(200, "")]));
    cases.push(value(&json!({ "body": "x" }), [Whole, Fails, says(200, "x")]));
    cases.push(value(&json!({ "other": 1 }), [Whole, Fails, Fails]));
    cases
}

fn statuses() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        "0",
        "99",
        "100",
        "101",
        "103",
        "199",
        "600",
        "999",
        "-1",
        "-200",
        "1.5",
        "200.5",
        "1e9",
        "65736",
        "4294967496",
        "18446744073709551816",
        "true",
        "[200]",
        r#"{"a":1}"#,
        r#""x""#,
        r#""""#,
        r#""-200""#,
        r#""200.0""#,
        r#""2e2""#,
        r#""0""#,
        r#""101""#,
        r#""65736""#,
    ]
    .into_iter()
    .map(|status| bytes(status, format!(r#"{{"statusCode":{status}}}"#), [Fails, Fails, Fails]))
    .collect();
    cases.push(value(&json!({ "statusCode": "200" }), [Fails, Fails, says(200, "")]));
    cases.push(value(&json!({ "statusCode": null }), [Fails, Fails, says(200, "")]));
    cases.push(good(&json!({ "statusCode": 599, "body": "x" }), says(599, "x")));
    for status in [204, 304] {
        cases.push(good(&json!({ "statusCode": status, "body": "must not leave" }), says(status, "")));
    }
    let twice = br#"{"statusCode":500,"body":"first","statusCode":200,"body":"last"}"#;
    let last = says(200, "last");
    cases.push(bytes("members that stand twice", *twice, [last.clone(), last.clone(), last]));
    cases
}

fn wrong_types() -> Vec<Case> {
    let mut cases = Vec::new();
    for wrong in [json!("a: b"), json!([]), json!([["a", "b"]]), json!(1), json!(true)] {
        cases.push(bad(&json!({ "statusCode": 200, "headers": wrong })));
        let one_reads = json!({ "statusCode": 200, "multiValueHeaders": wrong });
        cases.push(value(&one_reads, [says(200, ""), Fails, Fails]));
    }
    for wrong in [json!([]), json!(["b"]), json!({}), json!({ "b": "c" })] {
        cases.push(bad(&json!({ "statusCode": 200, "headers": { "a": wrong } })));
    }
    for wrong in [json!("b"), json!(1), json!({}), json!([["b"]]), json!([null]), json!([{}])] {
        let one_reads = json!({ "statusCode": 200, "multiValueHeaders": { "a": wrong } });
        cases.push(value(&one_reads, [says(200, ""), Fails, Fails]));
    }
    for wrong in [json!({}), json!([]), json!(["x"]), json!(1), json!(false)] {
        cases.push(bad(&json!({ "statusCode": 200, "body": wrong })));
    }
    for wrong in [json!("true"), json!(1), json!([]), json!({})] {
        cases.push(bad(&json!({ "statusCode": 200, "body": "aGk=", "isBase64Encoded": wrong })));
    }
    for wrong in [
        json!("a=1"),
        json!({}),
        json!(1),
        json!([1]),
        json!([null]),
        json!([["a=1"]]),
        json!(["a=1\r\nx: y"]),
    ] {
        cases.push(value(&json!({ "statusCode": 200, "cookies": wrong }), [Fails, says(200, ""), Fails]));
    }
    for text in ["!", "aGk", "aGk=\n", "a===", "aGk=aGk=", "\u{e9}"] {
        let output = json!({ "statusCode": 200, "body": text, "isBase64Encoded": true });
        // A REST API decodes for clients that take it as binary only.
        cases.push(value(&output, [Fails, Fails, says(200, text)]));
    }
    let nothing = json!({ "statusCode": 200, "headers": null, "body": null, "isBase64Encoded": null });
    cases.push(good(&nothing, says(200, "")));
    cases
}

fn headers() -> Vec<Case> {
    let mut cases = Vec::new();
    for name in [
        "",
        " ",
        "a b",
        "a:",
        ":",
        ":status",
        ":path",
        "a\r\nset-cookie",
        "a\nb",
        "a\0",
        "a\u{7f}",
        "\u{e9}",
        "a\t",
        "(a)",
        "\u{ff1a}status",
        "a,b",
    ] {
        cases.push(bad(&json!({ "statusCode": 200, "headers": { name: "x" } })));
        let many = json!({ "statusCode": 200, "multiValueHeaders": { name: ["x"] } });
        cases.push(value(&many, [says(200, ""), Fails, Fails]));
    }
    for text in
        ["a\r\nset-cookie: b=1", "a\n", "\r", "a\0b", "\u{7f}", "\u{1}", "a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"]
    {
        cases.push(bad(&json!({ "statusCode": 200, "headers": { "x": text } })));
        let many = json!({ "statusCode": 200, "multiValueHeaders": { "x": ["good", text] } });
        cases.push(value(&many, [says(200, ""), Fails, Fails]));
        let cookies = json!({ "statusCode": 200, "cookies": [text] });
        cases.push(value(&cookies, [Fails, says(200, ""), Fails]));
    }
    // What frames the answer, and what is the gateway's and Envoy's own word, is not the function's to say.
    for name in [
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Upgrade",
        "Proxy-Connection",
        "X-Sekisho-Cluster",
        "x-sekisho-anything",
        "X-Envoy-Overloaded",
        "x-envoy-upstream-service-time",
        "x-envoy-decorator-operation",
        "x-amzn-waf-a",
    ] {
        for text in ["0", "chunked", "close", "1000000", "x-own"] {
            let output = json!({ "statusCode": 200, "headers": { name: text, "x-own": "y" } });
            cases.push(good(&output, headed(&[("x-own", "y")])));
        }
    }
    cases.push(good(
        &json!({ "statusCode": 200, "headers": { "x": "\u{e9}\u{1f600}" } }),
        headed(&[("x", "\u{e9}\u{1f600}")]),
    ));
    let twice = json!({ "statusCode": 200, "headers": { "X": "1", "x": 2, "y": true, "z": null, "e": "" } });
    cases.push(good(&twice, headed(&[("e", ""), ("x", "1"), ("x", "2"), ("y", "true")])));
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_function_returns_is_its_answer_or_a_failure_in_awss_words() {
    let world = World::start(1).await;
    let cases: Vec<Case> = [unreadable(), unlike_an_answer(), statuses(), wrong_types(), headers()]
        .into_iter()
        .flatten()
        .collect();
    let (mut ran, mut wrong) = (0, Vec::new());
    for wire in [Wire::Http1, Wire::Http2] {
        // Kept all the time: an answer that were not framed as it says would spoil the next one.
        let mut client = Client::connect(wire, &world).await;
        for case in &cases {
            world.function.says(Reply::returned(&case.output));
            for (kind, told) in KINDS.into_iter().zip(&case.told) {
                let found = asked(&mut client, kind, &case.output).await;
                ran += 1;
                if found.as_ref() != Ok(told) {
                    wrong.push(format!(
                        "{wire:?} {kind:?} {:.200}: {found:.300?}, not {told:.300?}",
                        case.name
                    ));
                    if found.is_err() {
                        client = Client::connect(wire, &world).await;
                    }
                }
            }
        }
    }
    world.unharmed().await;
    println!("{ran} answers, {} of them wrong\n{}", wrong.len(), wrong.join("\n"));
    assert!(wrong.is_empty());
    assert!(ran > 1_000, "only {ran} ran");
}

/// What a client is told of an output, if it is told as the gateway tells it.
async fn asked(client: &mut Client, kind: Kind, output: &[u8]) -> Result<Told, String> {
    let response = client.get(kind, "/x").await?;
    let failure = kind.failure(Failure::Function);
    let own = own_headers(&response);
    if (response.status, response.text().as_str()) == failure {
        let is_failures = (kind == Kind::Rest) == response.header("x-amzn-errortype").is_some();
        return if own.is_empty() && is_failures { Ok(Fails) } else { Err(format!("{response:?}")) };
    }
    if response.status == 200 && !output.is_empty() && response.body == output && own.is_empty() {
        let is_json = response.header("content-type").is_some_and(|kind| kind == "application/json");
        return if is_json { Ok(Whole) } else { Err(format!("{response:?}")) };
    }
    Ok(Told::Says(response.status, own, response.body))
}
