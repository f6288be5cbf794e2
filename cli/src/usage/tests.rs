use super::{Args, Told, check_names, report, report::json, report::table, told};
use crate::apply::admin::Admin;
use sekisho::gateway::Millis;
use sekisho::gateway::config::{self, Config};
use sekisho::gateway::surroundings::Elsewhere;
use sekisho::gateway::usage::name;
use serde_json::json;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};

/// 2026-11-25, a Wednesday, at noon: day 20,782 since 1970.
const NOW: Millis = Millis(1_795_608_000_000);
const TODAY: u64 = 20_782;
const SUNDAY: u64 = TODAY - 3;

fn config() -> Config {
    let key = |i: usize, id: &str| json!({ "id": id, "enabled": true, "value": format!("sha256:{i:064x}") });
    let member = |plan: &str, id: &str| json!({ "usagePlanId": plan, "keyId": id });
    let document = json!({
        "apis": [{ "apiId": "shop", "protocolType": "REST", "stages": [{ "stageName": "prod" }, { "stageName": "test" }] }],
        "rateLimitService": { "uri": "http://ratelimit.internal:8081" },
        "apiKeys": [key(1, "k1"), key(2, "a.b/c d%"), key(3, "idle"), key(4, "weekly\u{1b}[2J")],
        "usagePlans": [
            { "id": "gold", "apiStages": [{ "apiId": "shop", "stage": "prod" }], "quota": { "limit": 1000, "period": "DAY" } },
            { "id": "week", "apiStages": [{ "apiId": "shop", "stage": "test" }], "quota": { "limit": 5, "period": "WEEK" } },
            { "id": "fleet", "quota": { "limit": 5, "period": "DAY", "scope": "FLEET" } },
            { "id": "open", "throttle": { "rateLimit": 1, "burstLimit": 1 } },
        ],
        "usagePlanKeys": [
            member("gold", "k1"), member("gold", "idle"), member("gold", "a.b/c d%"), member("week", "weekly\u{1b}[2J"),
            member("week", "k1"),
        ],
    });
    config::load(document.to_string().as_bytes()).unwrap()
}

fn told(counts: &[(&str, &str, u64, u64)]) -> Told {
    let stats = counts.iter().flat_map(|(plan, key, used, window)| {
        let name = name(plan, key);
        [(format!("{name}.used"), *used), (format!("{name}.window"), *window)]
    });
    Told::new(&stats.collect::<Vec<_>>())
}

fn plans(counts: &[(&str, &str, u64, u64)], key: Option<&str>) -> Vec<super::Plan> {
    let config = config();
    let compiled = sekisho::gateway::compile(&config, &Elsewhere).unwrap();
    let told = told(counts);
    let plans = compiled.gateway.usage.iter().filter_map(|plan| report(plan, &config, &told, key, NOW));
    plans.collect()
}

fn args(plan: Option<&str>, key: Option<&str>) -> Args {
    Args {
        file: "-".to_owned(),
        admin: (Ipv4Addr::LOCALHOST, 1).into(),
        plan: plan.map(str::to_owned),
        key: key.map(str::to_owned),
        json: false,
    }
}

#[test]
fn a_table_of_keys_that_were_used() {
    let plans = plans(
        &[
            ("gold", "k1", 40, TODAY),
            ("gold", "a.b/c d%", 1000, TODAY),
            ("gold", "nobody's", 7, TODAY),
            ("week", "weekly\u{1b}[2J", 3, SUNDAY),
        ],
        None,
    );
    let expected = "\
PLAN   KEY              USED  REMAINING  LIMIT  WINDOW
gold   a.b/c d%         1000          0   1000  2026-11-25
gold   k1                 40        960   1000  2026-11-25
week   weekly\\u{1b}[2J     3          2      5  2026-11-22 to 2026-11-28
fleet  at the rate-limit service
";
    assert_eq!(table(&plans), expected);
}

#[test]
fn a_window_that_is_over_counts_no_more_and_one_to_come_does() {
    let plans = plans(
        &[("gold", "k1", 40, TODAY - 1), ("gold", "idle", 41, TODAY + 1), ("week", "k1", 5, SUNDAY - 7)],
        None,
    );
    let numbers: Vec<_> = table(&plans)
        .lines()
        .skip(1)
        .filter(|line| !line.contains("at the rate-limit service"))
        .map(|line| line.split_whitespace().skip(1).take(3).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(numbers, ["idle 41 959", "k1 0 1000", "k1 0 5"]);
}

#[test]
fn json_is_what_get_usage_answers() {
    let text = json(&plans(&[("gold", "k1", 40, TODAY), ("week", "k1", 1, SUNDAY)], Some("k1")));
    let mut objects = serde_json::Deserializer::from_str(&text).into_iter::<serde_json::Value>();
    let mut next = || objects.next().unwrap().unwrap();
    assert_eq!(
        next(),
        json!({ "usagePlanId": "gold", "startDate": "2026-11-25", "endDate": "2026-11-25", "items": { "k1": [[40, 960]] } })
    );
    assert_eq!(
        next(),
        json!({ "usagePlanId": "week", "startDate": "2026-11-22", "endDate": "2026-11-25", "items": { "k1": [[1, 4]] } })
    );
    assert_eq!(next(), json!({ "usagePlanId": "fleet", "items": {} }));
    assert!(objects.next().is_none(), "`open` has no quota");
}

#[test]
fn nothing_used_is_no_line() {
    let plans = plans(&[], None);
    assert_eq!(table(&plans).lines().count(), 2, "the fleet's");
    assert!(plans.iter().all(super::Plan::is_unused));
}

#[test]
fn slips_of_the_hand_are_told() {
    let config = config();
    let problem = |plan, key| check_names(&args(plan, key), &config).map_err(|error| error.to_string());
    assert_eq!(problem(Some("gold"), Some("k1")), Ok(()));
    assert_eq!(problem(Some("gould"), None), Err("the document has no usage plan `gould`".to_owned()));
    assert_eq!(problem(None, Some("k7")), Err("the document has no API key `k7`".to_owned()));
    assert_eq!(problem(Some("open"), None), Err("the usage plan `open` has no quota".to_owned()));
}

/// What asking an admin interface gives that answers one request with this; and what it was asked.
fn ask(body: &str) -> (Result<Told, crate::Error>, String) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let answer =
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    let server = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let (mut request, mut byte) = (Vec::new(), [0]);
        while !request.ends_with(b"\r\n\r\n") && client.read(&mut byte).unwrap() == 1 {
            request.push(byte[0]);
        }
        client.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(request).unwrap()
    });
    let told = told::ask(&Admin::new(address), address);
    (told, server.join().unwrap())
}

#[test]
fn statistics_of_envoy_are_read_and_a_gateway_that_tells_nothing_is_found_out() {
    let (told, request) = ask(r#"{"stats": [{"name": "wasmcustom.sekisho_usage_untold_total", "value": 3},
            {"name": "wasmcustom.sekisho.usage.gold.a%2Eb.used", "value": 12},
            {"name": "wasmcustom.sekisho.usage.gold.a%2Eb.window", "value": 20782}]}"#);
    assert!(request.starts_with("GET /stats?format=json&filter=%5Ewasmcustom%5C."), "{request}");
    let told = told.unwrap();
    assert_eq!((told.of("gold", "a.b"), told.of("gold", "a")), (Some((20_782, 12)), None));
    assert!(told.is_cut());
    let (none, _) = ask(r#"{"stats": []}"#);
    assert!(none.unwrap_err().to_string().contains("runs no gateway that tells its usage"));
}
