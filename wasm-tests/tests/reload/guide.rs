//! `docs/reloading.md` says what is so: members of a line, outcomes, statistics.

use crate::documents::{Kind, document};
use crate::load::backend;
use crate::{COMMAND, alone, four_workers};
use sekisho_cli::audit::Outcome;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::path::Path;
use wasm_tests::Dynamic;

fn names(line: &Map<String, Value>) -> BTreeSet<&str> {
    line.keys().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guide_knows_every_member_every_outcome_and_every_statistic() {
    let _alone = alone().await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reloading.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let (_, rest) = guide.split_once("```json\n").unwrap();
    let shown: Map<String, Value> = serde_json::from_str(rest.split_once("\n```").unwrap().0).unwrap();

    let backend = backend().await;
    let world = Dynamic::start(COMMAND, &document(backend, None, 0, 0), &four_workers()).await;
    let said = world.apply(&document(backend, Some(Kind::Route), 0, 0)).await;
    assert_eq!(said.code, Some(0), "{}", said.text);
    assert!(
        said.text.contains("applied: document new, routes and listener unchanged, clusters"),
        "{}",
        said.text
    );
    let audit = std::fs::read_to_string(world.files().join("audit.jsonl")).unwrap();
    let line: Map<String, Value> = serde_json::from_str(audit.lines().last().unwrap()).unwrap();
    assert_eq!(names(&line), names(&shown));
    for name in names(&line).into_iter().chain(["reason"]) {
        assert!(guide.contains(&format!("`{name}`")), "{name}");
    }
    for outcome in Outcome::ALL {
        assert!(guide.contains(&format!("\n| `{}` | ", outcome.word())), "{outcome:?}");
    }

    let digest = line["after"].as_str().unwrap();
    assert!(world.gateway().whole_log().contains(&format!("serving {}", &digest[..23])), "{digest}");
    let stats = world.gateway().admin("/stats").await;
    let version = stats.lines().find(|it| it.contains("http_filter.sekisho.version_text")).unwrap();
    assert!(version.contains(digest), "{version}");
    let prometheus = world.gateway().admin("/stats/prometheus").await;
    let (_, table) = guide.split_once("| statistic | Prometheus |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut counted = 0;
    for row in rows {
        let names: Vec<&str> = row.split('`').collect();
        assert!(stats.contains(&format!("\n{}: 0", names[1])), "{}", names[1]);
        assert!(prometheus.contains(&format!("\n{}{{", names[3])), "{}", names[3]);
        counted += 1;
    }
    assert_eq!(counted, 3, "every statistic of the guide");
}
