//! Documents whose access log changes while Envoy serves: each request has one line, of one document, where that one sends it.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::task::JoinHandle;
use wasm_tests::raw::Raw;
use wasm_tests::{Backend, Dynamic, Options, Receiver, eventually, product_module};

const COMMAND: &str = env!("CARGO_BIN_EXE_sekisho-as-built");
const CLIENTS: usize = 4;
/// Requests between two changes, at least.
const SOME: u64 = 100;
/// Two formats that have no member in common.
const FORMATS: [&str; 2] = [
    "{\"id\":\"$context.requestId\",\"path\":\"$context.path\",\"first\":\"$context.status\"}",
    "{\"requestId\":\"$context.requestId\",\"second\":$context.status,\"where\":\"$context.path\"}",
];

fn document(backend: SocketAddr, format: &str, destination: &str) -> Value {
    json!({ "apis": [{
        "apiId": "shop", "protocolType": "HTTP",
        "stages": [{ "stageName": "$default", "accessLogSettings": { "format": format, "destination": destination } }],
        "routes": [{ "routeKey": "$default", "target": "integrations/i" }],
        "integrations": [{
            "integrationId": "i", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": format!("http://{backend}/"),
        }],
    }] })
}

/// Clients that ask without a pause, each request by a number of its own.
struct Clients {
    asked: Arc<AtomicU64>,
    answered: Arc<AtomicU64>,
    tasks: Vec<JoinHandle<()>>,
    ends: tokio::sync::watch::Sender<bool>,
}

impl Clients {
    /// `stay` keeps connections.
    fn start(gateway: SocketAddr, stay: bool) -> Self {
        let (asked, answered) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let ends = tokio::sync::watch::Sender::new(false);
        let tasks = (0..CLIENTS).map(|_| {
            let (asked, answered, ends) = (Arc::clone(&asked), Arc::clone(&answered), ends.subscribe());
            tokio::spawn(async move {
                let mut kept = None;
                while !*ends.borrow() {
                    let number = asked.fetch_add(1, Ordering::SeqCst);
                    let close = if stay { "" } else { "connection: close\r\n" };
                    let request = format!("GET /{number} HTTP/1.1\r\nhost: a.test\r\n{close}\r\n");
                    let mut raw = match kept.take() {
                        Some(raw) => raw,
                        None => Raw::connect(gateway).await.unwrap(),
                    };
                    let response = raw.exchange(request.as_bytes()).await.unwrap();
                    assert_eq!(response.status, 200);
                    let closes = response
                        .headers
                        .iter()
                        .any(|(name, value)| name == "connection" && value == b"close");
                    kept = Some(raw).filter(|_| stay && !closes);
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            })
        });
        Self { tasks: tasks.collect(), asked, answered, ends }
    }

    /// How many requests have been begun.
    fn begun(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    /// Waits until some more have been answered.
    async fn more(&self) {
        let until = self.answered.load(Ordering::SeqCst) + SOME;
        eventually("requests are answered", async || {
            (self.answered.load(Ordering::SeqCst) >= until).then_some(())
        })
        .await;
    }

    /// Ends them; gives the number of all requests.
    async fn finish(self) -> u64 {
        self.ends.send_replace(true);
        for task in self.tasks {
            task.await.unwrap();
        }
        self.asked.load(Ordering::SeqCst)
    }
}

/// The lines of a file by the numbers of their requests, and which format each has.
fn numbered(text: &str) -> BTreeMap<u64, usize> {
    let mut lines = BTreeMap::new();
    for line in text.lines() {
        let told: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let (path, format) = match &told["path"] {
            Value::String(path) => (path.as_str(), 0),
            _ => (told["where"].as_str().unwrap(), 1),
        };
        // All of one format, and nothing of the other.
        let expected = if format == 0 { ["id", "path", "first"] } else { ["requestId", "second", "where"] };
        assert_eq!(
            told.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>(),
            expected,
            "{line}"
        );
        assert_eq!(told[["first", "second"][format]].to_string().trim_matches('"'), "200", "{line}");
        let number = path.trim_start_matches('/').parse().unwrap();
        assert_eq!(lines.insert(number, format), None, "twice: {line}");
    }
    lines
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

/// The numbers of the requests that were begun before a change, and of the first one that was begun when it was done.
async fn change(world: &Dynamic, clients: &Clients, document: &Value) -> (u64, u64) {
    clients.more().await;
    let before = clients.begun();
    let said = world.apply_unasked(document, product_module()).await;
    assert_eq!(said.code, Some(0), "{}", said.text);
    let after = clients.begun();
    clients.more().await;
    (before, after)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_format_changes_between_two_requests() {
    let (folder, backend) = (tempfile::tempdir().unwrap(), Backend::start().await);
    let file = folder.path().join("access.log");
    let destination = format!("file:{}", file.display());
    let documents = FORMATS.map(|format| document(backend.address(), format, &destination));
    let options = Options { concurrency: 4, ..Options::default() };
    let world = Dynamic::start(COMMAND, &documents[0], &options).await;
    let clients = Clients::start(world.gateway().address(), true);
    let mut changes = Vec::new();
    for round in 0..4 {
        changes.push(change(&world, &clients, &documents[(round + 1) % 2]).await);
    }
    let all = clients.finish().await;
    eventually("all lines", async || (read(&file).lines().count() as u64 >= all).then_some(())).await;
    let lines = numbered(&read(&file));
    assert_eq!(lines.keys().copied().collect::<Vec<_>>(), (0..all).collect::<Vec<_>>(), "each once");
    let mut from = 0;
    for (round, (before, after)) in changes.into_iter().enumerate() {
        // Those that were on their way may have either.
        let quiet = from..before.saturating_sub(CLIENTS as u64);
        assert!(!quiet.is_empty());
        for number in quiet {
            assert_eq!(lines[&number], round % 2, "{number}");
        }
        from = after;
    }
    for number in from..all {
        assert_eq!(lines[&number], 0, "{number}");
    }
    world.gateway().assert_no_panic().await;
}

/// Loggers are there before the filter that leaves lines for them, and go after it.
#[tokio::test(flavor = "multi_thread")]
async fn a_destination_changes_and_no_line_is_lost() {
    let (folder, backend) = (tempfile::tempdir().unwrap(), Backend::start().await);
    let collector = Receiver::start().await;
    let files = ["one", "two"].map(|name| folder.path().join(name));
    let to = |destination: &str| document(backend.address(), FORMATS[0], destination);
    let to_file = |i: usize| to(&format!("file:{}", files[i].display()));
    let silent = {
        let mut document = to("stdout");
        document["apis"][0]["stages"][0].as_object_mut().unwrap().remove("accessLogSettings");
        document
    };
    let options = Options { concurrency: 4, ..Options::default() };
    let world = Dynamic::start(COMMAND, &silent, &options).await;
    let clients = Clients::start(world.gateway().address(), false);
    let (_, logged) = change(&world, &clients, &to_file(0)).await;
    let (second_from, second) = change(&world, &clients, &to_file(1)).await;
    let (third_from, third) =
        change(&world, &clients, &to(&format!("otlp:http://{}", collector.address))).await;
    let (ends, ended) = change(&world, &clients, &silent).await;
    let all = clients.finish().await;
    assert!(ended < all);
    let told =
        || [read(&files[0]), read(&files[1]), collector.otlp_lines().join("\n")].map(|text| numbered(&text));
    let all_logged = logged..ends.saturating_sub(CLIENTS as u64);
    let lines = eventually("all lines", async || {
        let told = told();
        let is_told = |number: &u64| told.iter().any(|lines| lines.contains_key(number));
        all_logged.clone().all(|number| is_told(&number)).then_some(told)
    })
    .await;
    let places = |number: u64| (0..3).filter(|i| lines[*i].contains_key(&number)).collect::<Vec<_>>();
    for number in 0..all {
        let places = places(number);
        assert!(places.len() <= 1, "{number} is told {places:?}");
        if number >= ended {
            assert_eq!(places, [0; 0], "{number}");
        }
    }
    let clients = CLIENTS as u64;
    for (place, range) in
        [(0, logged..second_from - clients), (1, second..third_from - clients), (2, third..ends - clients)]
    {
        assert!(!range.is_empty());
        for number in range {
            assert_eq!(places(number), [place], "{number}");
        }
    }
    world.gateway().assert_no_panic().await;
}
