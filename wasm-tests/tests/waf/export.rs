//! A web ACL with a rule of every kind, as the commands of `aws wafv2` print it: each rule answers what is meant for it, and nothing
//! else is answered.

use crate::geo::databases;
use serde_json::Value;
use std::path::Path;
use wasm_tests::{Backend, Gateway, Options, raw};

/// The test of the documents' form reads it too: `sekisho validate` has nothing to say against it.
const DOCUMENT: &str = include_str!("../../../tests/golden/diagnostics/web-acl-of-every-kind.json");

/// A request, and the rule that answers it.
struct Ask {
    rule: &'static str,
    head: String,
    body: Option<String>,
    times: usize,
}

impl Ask {
    fn of(rule: &'static str, method: &str, path: &str) -> Self {
        Self { rule, head: format!("{method} {path} HTTP/1.1\r\nhost: h.test\r\n"), body: None, times: 1 }
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.head.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    fn body(self, text: &str) -> Self {
        let with_length = self.header("content-length", &text.len().to_string());
        Self { body: Some(text.to_owned()), ..with_length }
    }

    /// Only the last of so many is answered.
    fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    async fn send(&self, gateway: &Gateway) -> raw::Response {
        let text = format!("{}\r\n{}", self.head, self.body.as_deref().unwrap_or_default());
        raw::send(gateway.address(), text.as_bytes()).await.unwrap()
    }
}

#[rustfmt::skip]
fn asks() -> Vec<Ask> {
    vec![
        Ask::of("none", "GET", "/prod/x").header("x-text", "fits none"),
        Ask::of("compress-white-space", "GET", "/prod/x").header("x-text", "fits  compress \t x"),
        Ask::of("html-entity-decode", "GET", "/prod/x").header("x-text", "fits&lt;html&#x3e;"),
        Ask::of("lowercase", "GET", "/prod/x").header("x-text", "Fits LOWER"),
        Ask::of("uppercase", "GET", "/prod/x").header("x-text", "fits Upper"),
        Ask::of("cmd-line", "GET", "/prod/x").header("x-text", "f^its;\\\"CMD\" /x"),
        Ask::of("cmd-line-unix", "GET", "/prod/x").header("x-text", "fits\\ 'UNIX'  x"),
        Ask::of("cmd-line-win", "GET", "/prod/x").header("x-text", "fits^ \"WIN\" \\\\x"),
        Ask::of("url-decode", "GET", "/prod/x").header("x-text", "fits%20url"),
        Ask::of("url-decode-uni", "GET", "/prod/x").header("x-text", "fits%u0020uni"),
        Ask::of("base64-decode", "GET", "/prod/x").header("x-text", "Zml0cyBiYXNlNjQ="),
        Ask::of("base64-decode-ext", "GET", "/prod/x").header("x-text", ".Zml0cyBsb29zZSBiYXNlNjQ="),
        Ask::of("hex-decode", "GET", "/prod/x").header("x-text", "6669747320686578"),
        Ask::of("sql-hex-decode", "GET", "/prod/x").header("x-text", "0x666974732073716c"),
        Ask::of("md5", "GET", "/prod/x").header("x-text", "fits md5"),
        Ask::of("sha256", "GET", "/prod/x").header("x-text", "fits sha256"),
        Ask::of("replace-comments", "GET", "/prod/x").header("x-text", "fits/*x*/comments"),
        Ask::of("remove-comments-char", "GET", "/prod/x").header("x-text", "fits/*marks*/"),
        Ask::of("escape-seq-decode", "GET", "/prod/x").header("x-text", "fits\\x20escape"),
        Ask::of("css-decode", "GET", "/prod/x").header("x-text", "fits\\20  css"),
        Ask::of("js-decode", "GET", "/prod/x").header("x-text", "fits\\u0020\\js"),
        Ask::of("js-decode-ext", "GET", "/prod/x").header("x-text", "fits\\u0020js\\z"),
        Ask::of("normalize-path", "GET", "/prod/x").header("x-text", "/fits/./a/../path"),
        Ask::of("normalize-path-win", "GET", "/prod/x").header("x-text", "\\fits\\a\\..\\win"),
        Ask::of("remove-nulls", "GET", "/prod/x").header("x-text", "fits%00nulls"),
        Ask::of("replace-nulls", "GET", "/prod/x").header("x-text", "fits%00space"),
        Ask::of("utf8-to-unicode", "GET", "/prod/x").header("x-text", "fits é"),
        Ask::of("remove-whitespace", "GET", "/prod/x").header("x-text", "fits white space"),
        Ask::of("trim", "GET", "/prod/x").header("x-text", "%20fits both ends%20"),
        Ask::of("trim-left", "GET", "/prod/x").header("x-text", "%20fits left"),
        Ask::of("trim-right", "GET", "/prod/x").header("x-text", "fits right%20"),
        Ask::of("starts", "GET", "/prod/STARTS/x"),
        Ask::of("ends", "GET", "/prod/a.ends?b=1"),
        Ask::of("contains", "GET", "/prod/x?a=1&needles=2"),
        Ask::of("word", "GET", "/prod/x?a=1;text=a%20word!"),
        Ask::of("method", "PATCH", "/prod/x"),
        Ask::of("all-arguments", "GET", "/prod/x?k=a&k=b"),
        Ask::of("agents", "GET", "/prod/x").header("x-agent", "SQLMap/1.8"),
        Ask::of("header-name", "GET", "/prod/x").header("X-Forbidden", "0"),
        Ask::of("other-headers", "GET", "/prod/x").header("x-other", "an excluded needle"),
        Ask::of("many-headers", "GET", "/prod/x").header("x-many", "1").header("x-long", &"y".repeat(9000)),
        Ask::of("cookie", "GET", "/prod/x").header("cookie", "a=1; session=a%20poisoned"),
        Ask::of("cookie-name", "GET", "/prod/x").header("cookie", "forbidden=1"),
        Ask::of("other-cookies", "GET", "/prod/x").header("cookie", "theme=stale"),
        Ask::of("header-order", "GET", "/prod/x").header("x-second", "1").header("x-first", "1"),
        Ask::of("body", "POST", "/prod/x").body("a FORBIDDEN text"),
        Ask::of("long-body", "POST", "/prod/upload").body(&"z".repeat(40000)),
        Ask::of("json-value", "POST", "/prod/x").body("{\"name\":\"x\",\"user\":{\"name\":\"intr\\u0075der\"}}"),
        Ask::of("json-key", "POST", "/prod/x").body("{\"a\":{\"__proto__\":1}}"),
        Ask::of("json-broken", "POST", "/prod/x").header("x-json", "1").body("{\"a\":"),
        Ask::of("sql", "GET", "/prod/x?id=1%27%20OR%20%271%27=%271"),
        Ask::of("sql-high", "GET", "/prod/x").header("x-sql", "1 union select password from users"),
        Ask::of("script", "GET", "/prod/x?q=%3Cscript%3Ealert(1)%3C/script%3E"),
        Ask::of("size-eq", "GET", "/prod/x").header("x-size-eq", "four"),
        Ask::of("size-ne", "GET", "/prod/x").header("x-size-ne", "four"),
        Ask::of("size-le", "GET", "/prod/x").header("x-size-le", "four"),
        Ask::of("size-lt", "GET", "/prod/x").header("x-size-lt", "four"),
        Ask::of("size-ge", "GET", "/prod/x").header("x-size-ge", "four"),
        Ask::of("size-gt", "GET", "/prod/x").header("x-size-gt", "four"),
        Ask::of("network", "GET", "/prod/x").header("x-network", "1"),
        Ask::of("forwarded-network", "GET", "/prod/x").header("x-client-ip", "2001:db8::7, 192.0.2.1"),
        Ask::of("no-network", "GET", "/prod/x").header("x-no-network", "1").header("x-real-ip", "192.0.2.1"),
        Ask::of("country", "GET", "/prod/x").header("x-country", "1"),
        Ask::of("system", "GET", "/prod/x").header("x-system", "1"),
        Ask::of("label", "GET", "/prod/x").header("x-plan", "gold").header("x-label", "1"),
        Ask::of("namespace", "GET", "/prod/x").header("x-plan", "golden").header("x-namespace", "1"),
        Ask::of("either", "GET", "/prod/x").header("x-either", "right"),
        Ask::of("rate-all", "GET", "/prod/rate-all").times(11),
        Ask::of("rate-address", "GET", "/prod/rate-address").times(11),
        Ask::of("rate-forwarded", "GET", "/prod/rate-forwarded").times(11),
        Ask::of("rate-keys", "GET", "/prod/rate-keys?tenant=7").header("x-key", "A").header("cookie", "session=1").times(11),
        Ask::of("rate-more-keys", "GET", "/prod/rate-more-keys?a").header("x-plan", "gold").times(11),
        Ask::of("group-blocks", "GET", "/prod/x").header("x-group", "blocks"),
        Ask::of("counted", "GET", "/prod/x").header("x-group", "counts"),
    ]
}

/// Rules that answer nobody: they allow, count, or ask a group.
const SILENT: [&str; 5] = ["allowed", "labels", "group", "group-counts", "bad-inputs"];

fn names(document: &Value) -> Vec<&str> {
    let rules = document["webAcls"][0]["WebACL"]["Rules"].as_array().unwrap();
    rules.iter().map(|rule| rule["Name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_of_an_exported_web_acl_answers_what_is_meant_for_it() {
    let (document, asks): (Value, _) = (serde_json::from_str(DOCUMENT).unwrap(), asks());
    for name in names(&document) {
        let answers = asks.iter().filter(|ask| ask.rule == name).count();
        assert_eq!(answers, usize::from(!SILENT.contains(&name)), "{name}");
    }
    let folder = tempfile::tempdir().unwrap();
    // Without databases nobody is anywhere.
    let places = databases("every_rule_of_an_exported_web_acl", folder.path());
    let is_somewhere = places.is_some();
    let [city, asn] = places.map_or([None, None], |places| places.map(Some));
    let options =
        Options { geoip_db: city, geoip_asn_db: asn, waf_log: Some(log(&folder)), ..Options::default() };
    let backend = Backend::start().await;
    let gateway = Gateway::start(&document, &backend, options).await;
    let (mut wrong, mut passed) = (Vec::new(), 0);
    for ask in &asks {
        if !is_somewhere && matches!(ask.rule, "country" | "system" | "rate-more-keys") {
            continue;
        }
        for time in 1..=ask.times {
            let response = ask.send(&gateway).await;
            let answered = (response.status, response.header("x-rule"));
            passed += usize::from(response.status == 200);
            let expected = if time < ask.times { (200, None) } else { (403, Some(ask.rule.to_owned())) };
            if answered != expected {
                wrong.push(format!("{} {time}: {answered:?}", ask.rule));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(backend.seen().len(), passed, "nobody else reached the backend");
    clean_requests_pass(&gateway, &backend).await;
    println!("{} rules answer, one request each", asks.len());
    gateway.assert_no_panic().await;
}

fn log(folder: &tempfile::TempDir) -> std::path::PathBuf {
    Path::new(folder.path()).join("waf.log")
}

async fn clean_requests_pass(gateway: &Gateway, backend: &Backend) {
    let clean = [
        Ask::of("", "GET", "/prod/x"),
        Ask::of("", "GET", "/prod/users/7?name=Ada%20Lovelace&page=2").header("user-agent", "Mozilla/5.0"),
        Ask::of("", "POST", "/prod/orders")
            .header("content-type", "application/json")
            .body(r#"{"id":1,"name":"O'Neill"}"#),
        Ask::of("", "GET", "/prod/x").header("cookie", "session=7; theme=dark").header("accept", "*/*"),
        // A group's rule fits, and its action is another one; the managed group is asked.
        Ask::of("", "GET", "/prod/x").header("x-group", "excluded"),
        Ask::of("", "GET", "/prod/managed").header("x-group", "overridden"),
    ];
    for ask in &clean {
        backend.forget();
        assert_eq!(ask.send(gateway).await.status, 200, "{}", ask.head);
        assert_eq!(backend.only().header("x-amzn-waf-clean"), ["yes"], "{}", ask.head);
    }
    backend.forget();
    assert_eq!(Ask::of("", "GET", "/prod/health").send(gateway).await.status, 200);
    let seen = backend.only();
    assert_eq!(
        (seen.header("x-amzn-waf-known"), seen.header("x-amzn-waf-clean")),
        (vec!["yes".to_owned()], vec![])
    );
}
