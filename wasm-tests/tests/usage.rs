//! How often keys were used, as `sekisho usage` tells it of a running Envoy with four workers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use sekisho_cli::hash_key;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::{Command, Output, Stdio};
use wasm_tests::{Backend, Dynamic, Options, eventually, raw};

const COMMAND: &str = env!("CARGO_BIN_EXE_sekisho-as-built");

/// Ids that a name of a statistic could not hold as they are, or could take for each other.
const KEYS: [&str; 7] = ["plain", "a.b", "a b", "a/b", "a%2Eb", "größe", "a.b.used"];
const PLANS: [&str; 2] = ["gold", "gold.plan/100%"];

/// Each plan opens a stage for every key.
fn document(limit: u64) -> Value {
    let plan = |i: usize, id: &str| {
        json!({ "id": id, "apiStages": [{ "apiId": "shop", "stage": format!("s{i}") }],
            "quota": { "limit": limit, "period": "DAY" } })
    };
    let members = PLANS.iter().flat_map(|plan| KEYS.map(|key| json!({ "usagePlanId": plan, "keyId": key })));
    json!({
        "apis": [{
            "apiId": "shop", "protocolType": "REST",
            "stages": [{ "stageName": "s0" }, { "stageName": "s1" }],
            "routes": [{ "routeKey": "GET /x", "target": "integrations/m", "apiKeyRequired": true }],
            "integrations": [{ "integrationId": "m", "integrationType": "MOCK",
                "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
                "integrationResponses": [{ "statusCode": 200 }] }],
        }],
        "apiKeys": KEYS.map(|id| json!({ "id": id, "enabled": true, "value": hash_key::hash(&value(id)) })),
        "usagePlans": PLANS.iter().enumerate().map(|(i, id)| plan(i, id)).collect::<Vec<_>>(),
        "usagePlanKeys": members.collect::<Vec<_>>(),
    })
}

/// A header's value, so no character of another alphabet.
fn value(key: &str) -> String {
    let place = KEYS.iter().position(|known| *known == key).unwrap();
    format!("usage-test-key-{place:05}")
}

/// What each key of each plan has used.
type Used = BTreeMap<(usize, &'static str), u64>;

struct World {
    envoy: Dynamic,
    _backend: Backend,
    used: Used,
}

impl World {
    async fn start(limit: u64) -> Self {
        let options = Options { concurrency: 4, ..Options::default() };
        let envoy = Dynamic::start(COMMAND, &document(limit), &options).await;
        Self { envoy, _backend: Backend::start().await, used: Used::new() }
    }

    /// So many requests, of all keys in turn and on new connections, so that all workers count them at the same time.
    async fn load(&mut self, requests: usize) {
        let address = self.envoy.gateway().address();
        let clients = (0..8).map(|client| {
            tokio::spawn(async move {
                let mut sent = Used::new();
                for i in (client..requests).step_by(8) {
                    let (plan, key) = (i / KEYS.len() % PLANS.len(), KEYS[i % KEYS.len()]);
                    let request = format!(
                        "GET /s{plan}/x HTTP/1.1\r\nhost: h.test\r\nx-api-key: {}\r\nconnection: close\r\n\r\n",
                        value(key)
                    );
                    let response = raw::send(address, request.as_bytes()).await.unwrap();
                    match response.status {
                        200 => *sent.entry((plan, key)).or_default() += 1,
                        429 => {}
                        status => panic!("{status}: {}", response.text()),
                    }
                }
                sent
            })
        });
        for client in clients.collect::<Vec<_>>() {
            for (key, count) in client.await.unwrap() {
                *self.used.entry(key).or_default() += count;
            }
        }
    }

    /// What `sekisho usage` prints.
    async fn ask(&self, limit: u64, args: &[&str]) -> Output {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gateway.json");
        std::fs::write(&file, document(limit).to_string()).unwrap();
        let mut command = Command::new(COMMAND);
        command.arg("usage").arg(&file).args(args).stdin(Stdio::null());
        command.args(["--admin", &self.envoy.gateway().admin_address().to_string()]);
        tokio::task::spawn_blocking(move || {
            let _folder = folder;
            command.output()
        })
        .await
        .unwrap()
        .unwrap()
    }

    /// Waits until the command tells exactly what was used; a number above it would never go away.
    async fn tells_what_was_used(&self, limit: u64) {
        let expected: Vec<Value> = (0..PLANS.len()).map(|plan| self.items(plan, limit)).collect();
        eventually("the command tells what was used", async || {
            let output = self.ask(limit, &["--json"]).await;
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let told: Vec<Value> = serde_json::Deserializer::from_slice(&output.stdout)
                .into_iter()
                .collect::<Result<_, _>>()
                .unwrap();
            let items: Vec<Value> = told.iter().map(|plan| plan["items"].clone()).collect();
            (items == expected).then(|| {
                for (plan, told) in PLANS.iter().zip(told) {
                    assert_eq!(told["usagePlanId"], *plan);
                    assert_eq!(told["startDate"], told["endDate"], "a day");
                }
            })
        })
        .await;
    }

    fn items(&self, plan: usize, limit: u64) -> Value {
        let of_plan = self.used.iter().filter(|((of, _), _)| *of == plan);
        let items = of_plan.map(|((_, key), used)| ((*key).to_owned(), json!([[used, limit - used]])));
        Value::Object(items.collect())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_of_every_key_is_told_and_a_reload_forgets_none() {
    let mut world = World::start(1000).await;
    let none = world.ask(1000, &[]).await;
    assert!(none.status.success() && none.stdout.is_empty());
    assert!(String::from_utf8_lossy(&none.stderr).contains("no key was used since Envoy started"));

    world.load(700).await;
    assert_eq!(world.used.values().sum::<u64>(), 700);
    world.tells_what_was_used(1000).await;

    let said = world.envoy.apply(&document(60)).await;
    assert_eq!(said.code, Some(0), "{}", said.text);
    world.tells_what_was_used(60).await;
    // 50 were used of each key; 10 are left of each, however many workers count.
    world.load(700).await;
    assert_eq!(world.used.values().sum::<u64>(), 60 * 14);
    world.tells_what_was_used(60).await;

    let one = world.ask(60, &["--plan", "gold", "--key", "a.b"]).await;
    let table = String::from_utf8(one.stdout).unwrap();
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["PLAN", "KEY", "USED", "REMAINING", "LIMIT", "WINDOW"]);
    assert_eq!((lines.len(), &lines[1][..5]), (2, &["gold", "a.b", "60", "0", "60"][..]), "{table}");

    let prometheus = world.envoy.gateway().admin("/stats/prometheus?filter=sekisho.usage").await;
    let label = r#"sekisho_usage_used{sekisho_plan="gold%2Eplan%2F100%25",sekisho_key="a%2Eb%2Eused"} 60"#;
    assert!(prometheus.contains(label), "{prometheus}");
    assert_eq!(world.envoy.gateway().admin_stat("wasmcustom.sekisho_usage_untold_total").await, 0);
    world.envoy.gateway().assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_envoy_that_is_not_there_or_counts_nothing_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.json");
    std::fs::write(&file, document(1).to_string()).unwrap();
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = Command::new(COMMAND).arg("usage").arg(&file).args(["--admin", &free.to_string()]).output();
    let output = output.unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(&format!("Envoy's admin interface at {free} does not answer")), "{text}");
    assert!(text.contains("help: `--admin HOST:PORT` names"), "{text}");
}
