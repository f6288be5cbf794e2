//! Rate-based rules with several workers, and behind reloads.

use super::{document, header, rule};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use wasm_tests::raw::Raw;
use wasm_tests::{Backend, Dynamic, Gateway, Options, eventually};

const COMMAND: &str = env!("CARGO_BIN_EXE_sekisho-as-built");
const WORKERS: u32 = 4;
const LIMIT: usize = 100;
/// How long one at twice the limit may go on above it: AWS looks each ten seconds or so.
const LAG: Duration = Duration::from_secs(10);

/// Requests by client, as a header tells them apart: behind one address there is no other way to be many.
fn limit(limit: usize, window: u32) -> Value {
    let key = json!({ "Name": "x-client", "TextTransformations": [{ "Priority": 0, "Type": "NONE" }] });
    json!({ "RateBasedStatement": {
        "Limit": limit, "EvaluationWindowSec": window, "AggregateKeyType": "CUSTOM_KEYS",
        "CustomKeys": [{ "Header": key }],
    } })
}

async fn status(connection: &mut Raw, client: &str) -> u16 {
    let request = format!("GET /prod/x HTTP/1.1\r\nhost: h.test\r\nx-client: {client}\r\n\r\n");
    connection.exchange(request.as_bytes()).await.unwrap().status
}

/// How many of so many requests are admitted, one after the other on each connection in turn.
async fn admitted(connections: &mut [Raw], client: &str, count: usize) -> usize {
    let (mut admitted, among) = (0, connections.len());
    for number in 0..count {
        match status(&mut connections[number % among], client).await {
            200 => admitted += 1,
            403 => {}
            other => panic!("{other}"),
        }
    }
    admitted
}

#[tokio::test(flavor = "multi_thread")]
async fn one_at_twice_the_limit_is_refused_by_every_worker_and_nobody_else_is() {
    let backend = Backend::start().await;
    let document = document(json!([rule("flood", 0, limit(LIMIT, 60), "Block")]), Value::Null);
    let options = Options { concurrency: WORKERS, ..Options::default() };
    let gateway = Gateway::start(&document, &backend, options).await;
    let mut connections =
        gateway.everywhere(16, async || Raw::connect(gateway.address()).await.unwrap()).await;
    let began = Instant::now();
    let mut others = 0;
    // Others come at once with the one, each a few times: more requests in all than the limit is.
    let mut through = 0;
    for round in 0..20 {
        through += admitted(&mut connections, "heavy", 2 * LIMIT / 20).await;
        for other in 0..20 {
            for _ in 0..3 {
                let connection = (round + other) % connections.len();
                let status = status(&mut connections[connection], &format!("other-{round}-{other}")).await;
                assert_eq!(status, 200, "one who asks three times");
                others += 1;
            }
        }
    }
    assert!((LIMIT..2 * LIMIT).contains(&through), "{through}");
    // A round on which every worker refuses.
    eventually("every worker refuses", async || {
        let count = connections.len();
        (admitted(&mut connections, "heavy", count).await == 0).then_some(())
    })
    .await;
    let lag = began.elapsed();
    println!("{through} of {} through, {others} of others; all workers refuse after {lag:?}", 2 * LIMIT);
    assert!(lag < LAG, "{lag:?}");
    let count = connections.len();
    assert_eq!(admitted(&mut connections, "late", count).await, count);
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_survive_a_reload_of_the_same_and_of_another_document() {
    let of = |version: &str, limit_of: usize, action: &str| {
        let rules = json!([
            rule("other", 0, header("x-version", version), "Count"),
            rule("flood", 1, limit(limit_of, 600), action),
        ]);
        document(rules, Value::Null)
    };
    let options = Options { concurrency: 2, ..Options::default() };
    let world = Dynamic::start(COMMAND, &of("1", 10, "Block"), &options).await;
    // Whatever becomes of it behind the rules: there is no backend.
    let refused = async |connections: &mut Vec<Raw>| {
        let mut refused = true;
        for connection in connections {
            refused &= status(connection, "heavy").await == 403;
        }
        refused.then_some(())
    };
    let gateway = world.gateway();
    let mut connections =
        gateway.everywhere(4, async || Raw::connect(gateway.address()).await.unwrap()).await;
    eventually("one is above the limit", async || refused(&mut connections).await).await;
    assert_ne!(status(&mut connections[0], "fresh").await, 403);
    for (what, document) in
        [("another document", of("2", 10, "Block")), ("a larger limit", of("3", 11, "Block"))]
    {
        let said = world.apply(&document).await;
        assert_eq!(said.code, Some(0), "{}", said.text);
        let mut connections =
            gateway.everywhere(4, async || Raw::connect(gateway.address()).await.unwrap()).await;
        // One who was refused before is: another seed would have made somebody else of him, who may send ten more.
        let count = connections.len();
        let mut through = 0;
        for connection in &mut connections {
            through += usize::from(status(connection, "heavy").await != 403);
        }
        println!("{what}: {through} of {count} through");
        assert!(through < 10, "{what}: {through} of {count}");
        eventually(what, async || refused(&mut connections).await).await;
        assert_ne!(status(&mut connections[0], what).await, 403, "{what}");
    }
    gateway.assert_no_panic().await;
}
