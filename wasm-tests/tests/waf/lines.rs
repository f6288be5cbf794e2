//! Many requests on several workers: a line for each, whatever they send, and exact counters.

use super::{document, rule};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use wasm_tests::raw::Raw;
use wasm_tests::{Backend, Gateway, Options, eventually};

const WORKERS: u32 = 4;
const ROUNDS: usize = 40;
const SECRET: &str = "hunter2-0123456789";

/// What is sent in each round: a request's first line and headers, its body, and what becomes of it: the status, and the rules
/// that decide and that count. Without the first there is no line.
type Kind = (String, Vec<u8>, u16, Option<&'static str>, &'static [&'static str]);

fn kind(
    (head, body): (String, Vec<u8>),
    status: u16,
    rule: Option<&'static str>,
    counted: &'static [&'static str],
) -> Kind {
    (head, body, status, rule, counted)
}

fn kinds() -> Vec<Kind> {
    let get =
        |path: &str, headers: &str| (format!("GET {path} HTTP/1.1\r\nhost: h.test\r\n{headers}"), Vec::new());
    let default = Some("Default_Action");
    let post = |body: &[u8]| {
        let head = format!("POST /prod/x HTTP/1.1\r\nhost: h.test\r\ncontent-length: {}\r\n", body.len());
        (head, body.to_vec())
    };
    let proofs = format!("authorization: Bearer {SECRET}\r\ncookie: s={SECRET}\r\nx-api-key: {SECRET}\r\n");
    vec![
        kind(get("/prod/clean?a=1", &proofs), 200, default, &[]),
        kind(get("/prod/watched", "x-watch: \"}]}\\\\u000a\r\n"), 200, default, &["watch"]),
        kind(
            get(
                "/prod/x?id=1%27%20OR%20%271%27=%271&x=%0a{\"action\":\"ALLOW\",\"formatVersion\":1}%0d%0a",
                "",
            ),
            403,
            Some("sql"),
            &[],
        ),
        kind(
            get(
                "/prod/x",
                &format!("authorization: {SECRET}<script>{SECRET}</script>\r\ncookie: {SECRET}\r\n"),
            ),
            403,
            Some("script"),
            &[],
        ),
        kind(
            get("/prod/x", "x-html: <iframe\"}],\"action\":\"ALLOW\" onload=a>%1b[2J\r\n"),
            403,
            Some("script"),
            &[],
        ),
        kind(
            post(b"1 union select '\n\x1b[2J\xff\"}\r\n{\"action\":\"ALLOW\"}' from users"),
            200,
            default,
            &["body"],
        ),
        kind(get("/prod/x?a=\"\\", "x-bad: 1\r\nx-long: \"}\\\r\n"), 403, Some("bad"), &[]),
        kind(get("/prod/long", &format!("x-long: {}\r\n", "\"".repeat(8500))), 200, default, &[]),
        kind(get("/open/x", "x-bad: 1\r\n"), 200, None, &[]),
        kind(get("/prod/x", &format!("x-bad: {}\r\n", "\"".repeat(50_000))), 431, None, &[]),
    ]
}

fn rules() -> Value {
    let steps = json!([{ "Priority": 0, "Type": "URL_DECODE" }]);
    let on = |kind: &str, field: Value, level: Value| {
        let mut statement = json!({ "FieldToMatch": field, "TextTransformations": steps });
        if !level.is_null() {
            statement["SensitivityLevel"] = level;
        }
        json!({ kind: statement })
    };
    let all = json!({ "Headers": { "MatchPattern": { "All": {} }, "MatchScope": "VALUE", "OversizeHandling": "CONTINUE" } });
    let there = |name: &str| {
        json!({ "SizeConstraintStatement": {
            "FieldToMatch": { "SingleHeader": { "Name": name } }, "TextTransformations": steps,
            "ComparisonOperator": "GT", "Size": 0,
        } })
    };
    let key = json!({ "Name": "x-client", "TextTransformations": steps });
    let flood = json!({ "RateBasedStatement": {
        "Limit": 10, "EvaluationWindowSec": 120, "AggregateKeyType": "CUSTOM_KEYS", "CustomKeys": [{ "Header": key }],
    } });
    json!([
        rule("watch", 0, there("x-watch"), "Count"),
        rule("flood", 1, flood, "Block"),
        rule("sql", 2, on("SqliMatchStatement", json!({ "AllQueryArguments": {} }), "LOW".into()), "Block"),
        rule("script", 3, on("XssMatchStatement", all, Value::Null), "Block"),
        rule("bad", 4, there("x-bad"), "Block"),
        rule("body", 5, on("SqliMatchStatement", json!({ "Body": {} }), "HIGH".into()), "Count"),
    ])
}

/// The lines of a file; each is a record.
fn lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    // The last one may be half written.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    assert!(whole.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)), "visible ASCII");
    whole.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

/// Sends every kind so often, on connections to every worker; gives what was answered to those of one client.
async fn send_all(gateway: &Gateway) -> Vec<u16> {
    let connections = gateway.everywhere(12, async || Raw::connect(gateway.address()).await.unwrap()).await;
    let among = connections.len();
    let tasks: Vec<_> = connections
        .into_iter()
        .enumerate()
        .map(|(first, mut connection)| {
            let address = gateway.address();
            tokio::spawn(async move {
                let mut flooded = Vec::new();
                for round in (first..ROUNDS).step_by(among) {
                    for (place, (head, body, status, ..)) in kinds().iter().enumerate() {
                        let request = [format!("{head}x-n: {round}-{place}\r\n\r\n").as_bytes(), body].concat();
                        let response = connection.exchange(&request).await.unwrap();
                        assert_eq!(response.status, *status, "{head}");
                        if response.header("connection").as_deref() == Some("close") {
                            connection = Raw::connect(address).await.unwrap();
                        }
                    }
                    let flood = format!(
                        "GET /prod/x HTTP/1.1\r\nhost: h.test\r\nx-client: flooder\"\r\nx-n: {round}-flood\r\n\r\n"
                    );
                    flooded.push(connection.exchange(flood.as_bytes()).await.unwrap().status);
                }
                flooded
            })
        })
        .collect();
    let mut flooded = Vec::new();
    for task in tasks {
        flooded.extend(task.await.unwrap());
    }
    flooded
}

/// The number that a request was sent with.
fn number(line: &Value) -> String {
    let headers = line["httpRequest"]["headers"].as_array().unwrap();
    let number = headers.iter().find(|header| header["name"] == "x-n");
    // Behind a very long header the others are left out.
    number.map_or_else(String::new, |header| header["value"].as_str().unwrap().to_owned())
}

fn ids(rules: &Value) -> Vec<&str> {
    rules.as_array().unwrap().iter().map(|rule| rule["ruleId"].as_str().unwrap()).collect()
}

/// What lines say of each kind.
fn check(lines: &[Value], refused: usize) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for line in lines {
        let (number, kinds) = (number(line), kinds());
        let (_, kind) = number.split_once('-').expect("each line has its number");
        *seen.entry(number.clone()).or_default() += 1;
        if kind == "flood" {
            continue;
        }
        let (_, _, status, rule, counted) = &kinds[kind.parse::<usize>().unwrap()];
        assert_eq!(line["terminatingRuleId"].as_str(), *rule, "{line}");
        assert_eq!(line["action"], if *status == 403 { "BLOCK" } else { "ALLOW" });
        assert_eq!(ids(&line["nonTerminatingMatchingRules"]), *counted);
    }
    assert!(seen.values().all(|count| *count == 1), "{seen:?}");
    let of = |kind: usize| lines.iter().find(|line| number(line) == format!("7-{kind}")).unwrap();
    let found = |condition: Value| json!([condition]);
    assert_eq!(
        of(2)["terminatingRuleMatchDetails"],
        found(
            json!({ "conditionType": "SQL_INJECTION", "sensitivityLevel": "LOW", "location": "ALL_QUERY_ARGS",
            "matchedData": of(2)["terminatingRuleMatchDetails"][0]["matchedData"] })
        )
    );
    let data = of(2)["terminatingRuleMatchDetails"][0]["matchedData"].as_array().unwrap();
    assert!(data.len() >= 3 && data[0] == "1" && data.contains(&json!("OR")), "{data:?}");
    assert_eq!(
        of(3)["terminatingRuleMatchDetails"],
        found(json!({ "conditionType": "XSS", "location": "HEADERS", "matchedData": ["REDACTED"] }))
    );
    assert_eq!(of(4)["terminatingRuleMatchDetails"][0]["location"], "HEADERS");
    assert_ne!(of(4)["terminatingRuleMatchDetails"][0]["matchedData"], json!(["REDACTED"]));
    let body = &of(5)["nonTerminatingMatchingRules"][0]["ruleMatchDetails"][0];
    assert_eq!((&body["location"], &body["sensitivityLevel"]), (&json!("BODY"), &json!("HIGH")));
    assert_eq!(
        (&of(7)["oversizeFields"], &of(0)["oversizeFields"]),
        (&json!(["REQUEST_HEADERS"]), &json!([]))
    );
    let limited: Vec<_> = lines.iter().filter(|line| line["terminatingRuleId"] == "flood").collect();
    assert_eq!(limited.len(), refused);
    let expected = json!([{
        "rateBasedRuleId": "flood", "rateBasedRuleName": "flood", "limitKey": "CUSTOMKEYS", "maxRateAllowed": 10,
        "evaluationWindowSec": "120",
        "customValues": [{ "key": "HEADER", "name": "x-client", "value": "flooder\"" }],
    }]);
    assert!(limited.iter().all(|line| line["rateBasedRuleList"] == expected), "{:?}", limited.first());
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_and_counters_of_four_workers_are_exact_whatever_clients_send() {
    let (folder, backend) = (tempfile::tempdir().unwrap(), Backend::start().await);
    let file = folder.path().join("waf.log");
    let options = Options { waf_log: Some(file.clone()), concurrency: WORKERS, ..Options::default() };
    let gateway = Gateway::start(&document(rules(), json!({})), &backend, options).await;
    let flooded = send_all(&gateway).await;
    let refused = flooded.iter().filter(|status| **status == 403).count();
    assert!(refused > 0 && flooded.len() == ROUNDS, "{flooded:?}");
    let judged = kinds().iter().filter(|(_, _, _, rule, _)| rule.is_some()).count();
    let total = (judged + 1) * ROUNDS;
    eventually("all lines", async || (lines(&file).len() >= total).then_some(())).await;
    let lines = lines(&file);
    assert_eq!(lines.len(), total);
    check(&lines, refused);
    assert!(!std::fs::read_to_string(&file).unwrap().contains(SECRET), "no secret is logged");

    let (rounds, refused) = (ROUNDS as u64, refused as u64);
    let expected = [
        ("ALL.allowed", 5 * rounds - refused),
        ("ALL.blocked", 4 * rounds + refused),
        ("ALL.counted", 2 * rounds),
        ("watch.counted", rounds),
        ("flood.blocked", refused),
        ("sql.blocked", rounds),
        ("script.blocked", 2 * rounds),
        ("bad.blocked", rounds),
        ("body.counted", rounds),
    ];
    let mut told = Vec::new();
    for (name, count) in expected {
        let name = format!("wasmcustom.sekisho_waf;edge;{}_requests_total", name.replace('.', ";"));
        eventually(&name, async || (gateway.admin_stat(&name).await >= count).then_some(())).await;
        told.push((name.clone(), gateway.admin_stat(&name).await, count));
    }
    assert!(told.iter().all(|(_, told, count)| told == count), "{told:?}");
    gateway.assert_no_panic().await;
}
