//! Documents that are refused, on both ways in: through the command, and past it.

use crate::documents::{Kind, document};
use crate::load::{Load, backend};
use crate::report::assert_none_lost;
use crate::{COMMAND, alone, four_workers};
use serde_json::Value;
use std::path::Path;
use wasm_tests::{Dynamic, eventually};

const DISCOVERY: &str = "extension_config_discovery.http_filter.sekisho";
const REJECTED: &str = "wasmcustom.sekisho_config_rejected_total";

/// Refused updates by Envoy's count, and refused documents by the filter's.
async fn refused(world: &Dynamic) -> (u64, u64) {
    let mut envoy = 0;
    for name in ["config_fail", "update_rejected"] {
        envoy += world.gateway().admin_stat(&format!("{DISCOVERY}.{name}")).await;
    }
    (envoy, world.gateway().admin_stat(REJECTED).await)
}

fn audit(world: &Dynamic) -> Vec<Value> {
    let text = std::fs::read_to_string(world.files().join("audit.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// As an editor or a script does it that knows nothing of the command.
fn put(file: &Path, text: &str) {
    let beside = file.with_extension("new");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(&beside, file).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_document_changes_nothing_and_is_told_in_the_log_and_in_a_metric() {
    let _alone = alone().await;
    let backend = backend().await;
    let good = document(backend, None, 0, 0);
    let world = Dynamic::start(COMMAND, &good, &four_workers()).await;
    let load = Load::start(world.gateway(), 500).await;
    load.watch(Kind::Route);
    let filter = world.files().join("ecds/filter.yaml");
    let before = std::fs::read_to_string(&filter).unwrap();
    let running = audit(&world)[1]["after"].clone();
    assert_eq!(refused(&world).await, (0, 0), "the counter is there before anything is refused");

    // Through the command: Envoy does not hear of it.
    let mut bad = good.clone();
    bad["apis"][0]["routes"][0]["target"] = "integrations/missing".into();
    let said = world.apply(&bad).await;
    assert_eq!(said.code, Some(1), "{}", said.text);
    assert!(said.text.contains("apis[0].routes[0].target"), "{}", said.text);
    assert_eq!((std::fs::read_to_string(&filter).unwrap(), refused(&world).await), (before.clone(), (0, 0)));
    let line = audit(&world).pop().unwrap();
    assert_eq!((&line["outcome"], &line["before"], &line["after"]), (&"refused".into(), &running, &running));
    assert!(line["reason"].as_str().unwrap().contains("apis[0].routes[0].target"), "{line}");

    // Past the command: a name that would begin a line of its own, and many problems.
    let forged = "missing\\\\n[critical] all is well\\\\u001b[31m".to_owned() + &"x".repeat(3_000);
    let text = before.replace("integrations/stable", &format!("integrations/{forged}"));
    assert_ne!(text, before);
    let text =
        text.replacen("version_info: ", "version_info: edited-", 1).replacen("edited-\"", "\"edited-", 1);
    assert!(text.contains("edited-"), "{}", &text[..200]);
    put(&filter, &text);
    eventually("Envoy refuses it", async || (refused(&world).await.0 > 0).then_some(())).await;
    load.more(500).await;
    let log = world.gateway().whole_log();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("sekisho: error: ")).collect();
    println!("{:?} refused; in Envoy's log: {}", refused(&world).await, &told[0][..200]);
    assert!(told[0].contains("apis[0].routes[0].target"), "{}", told[0]);
    assert!(told.iter().all(|line| line.len() < 1_200), "a line is long: {}", told[0].len());
    assert!(!log.lines().any(|line| line.starts_with("[critical] all is well")), "{log}");
    assert!(!log.contains('\u{1b}'), "the log has a terminal's commands in it");
    let (envoy, own) = refused(&world).await;
    assert!(envoy >= 1 && own >= 1, "Envoy counts {envoy}, the filter {own}");

    // A good document through the command: what ran before is Envoy's word, not the file's. The counts stay.
    let said = world.apply(&document(backend, Some(Kind::Route), 0, 0)).await;
    assert_eq!(said.code, Some(0), "{}", said.text);
    let line = audit(&world).pop().unwrap();
    assert_eq!((&line["outcome"], &line["before"]), (&"applied".into(), &running), "{line}");
    assert_eq!(line["after"], line["digest"]);
    load.more(500).await;
    assert_eq!(refused(&world).await, (envoy, own));
    let (_, asked) = load.finish().await;
    assert_none_lost(&asked);
    println!("{} requests meanwhile, none lost", asked.len());
    world.gateway().assert_no_panic().await;
}
