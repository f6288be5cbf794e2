//! The log and the counters.

use super::{document, header, rule};
use serde_json::{Value, json};
use std::path::Path;
use wasm_tests::{Backend, Gateway, Options, eventually, raw};

/// A request's head, and what is answered.
fn requests() -> Vec<(Vec<u8>, u16)> {
    let request = |path: &str, headers: &[&[u8]]| {
        let mut text = format!("GET {path} HTTP/1.1\r\nhost: h.test\r\n").into_bytes();
        for header in headers {
            text.extend([header, &b"\r\n"[..]].concat());
        }
        text.extend(b"\r\n");
        text
    };
    vec![
        (request("/prod/clean?a=1", &[]), 200),
        (request("/prod/blocked", &[b"x-bad: 1"]), 403),
        (
            request("/prod/counted", &[b"x-watch: 1", b"authorization: Bearer secret", b"cookie: s=secret"]),
            200,
        ),
        // None of it is a line, or ends one.
        (
            request(
                "/prod/%0a\"}}{\"action\":\"ALLOW\"}?\"\\%0d%0a",
                &[
                    b"x-quote: \"}]},\"action\":\"ALLOW\",\"x\":\"\\",
                    b"x-bytes: \xe2\x80\xa8\xff\xc2\x85\x80%0a",
                    b"x-operator: %FILTER_STATE(wasm.sekisho_waf_log:PLAIN)%",
                    b"x-bad: 1",
                ],
            ),
            403,
        ),
        // No web ACL, no line.
        (request("/open/x", &[b"x-bad: 1"]), 200),
        (request("/prod/last", &[b"x-bad: 1", b"x-watch: 1"]), 403),
    ]
}

fn lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_is_a_line_and_counted_by_its_rules() {
    let rules = json!([
        rule("watch", 0, header("x-watch", "1"), "Count"),
        rule("bad", 1, header("x-bad", "1"), "Block")
    ]);
    let (folder, backend) = (tempfile::tempdir().unwrap(), Backend::start().await);
    let file = folder.path().join("waf.log");
    let options = Options { waf_log: Some(file.clone()), ..Options::default() };
    let gateway = Gateway::start(&document(rules, json!({})), &backend, options).await;
    for (request, status) in requests() {
        let response = raw::send(gateway.address(), &request).await.unwrap();
        assert_eq!(response.status, status, "{}", String::from_utf8_lossy(&request));
    }
    eventually("the last line", async || (lines(&file).len() >= 5).then_some(())).await;
    let lines = lines(&file);
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line["action"].as_str().unwrap(), line["terminatingRuleId"].as_str().unwrap()))
        .collect();
    let (allowed, blocked) = (("ALLOW", "Default_Action"), ("BLOCK", "bad"));
    assert_eq!(told, [allowed, blocked, allowed, blocked, blocked]);
    for line in &lines {
        assert_eq!(line["httpSourceId"], "123456789012:shop:prod");
        assert_eq!(
            (&line["httpRequest"]["httpVersion"], &line["httpRequest"]["clientIp"]),
            (&json!("HTTP/1.1"), &json!("127.0.0.1"))
        );
    }
    let counted = json!([{ "ruleId": "watch", "action": "COUNT", "ruleMatchDetails": [] }]);
    assert_eq!([&lines[2], &lines[4]].map(|line| &line["nonTerminatingMatchingRules"]), [&counted, &counted]);
    assert!(!lines[2].to_string().contains("secret"), "{}", lines[2]);
    let sent = &lines[3]["httpRequest"];
    assert_eq!(
        (sent["uri"].as_str(), sent["args"].as_str()),
        (Some("/prod/%0a\"}}{\"action\":\"ALLOW\"}"), Some("\"\\%0d%0a"))
    );
    let value = |name: &str| {
        sent["headers"]
            .as_array()
            .unwrap()
            .iter()
            .find(|h| h["name"] == name)
            .map(|h| h["value"].as_str().unwrap())
    };
    assert_eq!(value("x-quote"), Some("\"}]},\"action\":\"ALLOW\",\"x\":\"\\"));
    assert_eq!(value("x-bytes"), Some("\u{2028}\u{fffd}\u{85}\u{fffd}%0a"));
    assert_eq!(value("x-operator"), Some("%FILTER_STATE(wasm.sekisho_waf_log:PLAIN)%"));

    let expected = [
        ("ALL;allowed", 2),
        ("ALL;blocked", 3),
        ("ALL;counted", 2),
        ("watch;counted", 2),
        ("bad;blocked", 3),
    ];
    let counted = async || {
        let mut counted = Vec::new();
        for (name, _) in expected {
            counted.push((
                name,
                gateway.admin_stat(&format!("wasmcustom.sekisho_waf;edge;{name}_requests_total")).await,
            ));
        }
        counted
    };
    eventually("the workers tell", async || (counted().await == expected).then_some(())).await;
    gateway.assert_no_panic().await;
}
