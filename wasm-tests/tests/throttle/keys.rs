//! API keys by the thousand, odd ones, and where they must not be seen.

use crate::documents::keyed;
use crate::load::{Asked, Clients, alone};
use crate::{counted_of, gateway};
use std::path::Path;
use wasm_tests::{Dynamic, Options, eventually, raw};

const COMMAND: &str = env!("CARGO_BIN_EXE_sekisho-as-built");

fn keys(count: usize) -> Vec<String> {
    (0..count).map(|place| format!("PlainKeyOfNobody{place:08}")).collect()
}

fn with_key(key: &str) -> String {
    format!("GET /keyed HTTP/1.1\r\nhost: h.test\r\nx-api-key: {key}\r\n\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_ten_thousand_keys_that_are_used_at_once_has_exactly_its_quota() {
    let _alone = alone().await;
    const KEYS: usize = 10_000;
    const QUOTA: usize = 3;
    /// Of each key, one after another, on connections to several workers.
    const REQUESTS: usize = 5;
    const WORKERS: u32 = 4;
    const MIB: u64 = 1 << 20;
    let keys = keys(KEYS);
    let (_backend, gateway) = gateway(&keyed(&keys, 3, QUOTA as u64), WORKERS).await;
    let mut clients = Clients::connect(&gateway).await;
    let before = gateway.resident_bytes();
    let load =
        || clients.ask(&|number| (number < KEYS * REQUESTS).then(|| with_key(&keys[number / REQUESTS])));
    let (asked, counted) = counted_of(&gateway, load).await;
    let mut admitted = vec![0; KEYS];
    for asked in &asked {
        admitted[asked.number / REQUESTS] += usize::from(asked.admitted());
    }
    let wrong: Vec<_> = admitted.iter().enumerate().filter(|(_, count)| **count != QUOTA).take(5).collect();
    assert!(wrong.is_empty(), "keys and how often they were admitted: {wrong:?}");

    // All of them again: nobody has anything left, and nothing more is remembered.
    let once = gateway.resident_bytes();
    let again = || clients.ask(&|number| (number < KEYS).then(|| with_key(&keys[number])));
    let again: Vec<Asked> = tokio::task::block_in_place(again);
    assert!(again.iter().all(|asked| asked.status == 429), "a key that was used up was let through");
    let after = gateway.resident_bytes();
    println!(
        "{KEYS} keys, {} requests, {WORKERS} workers: {counted}; memory {} MiB, then {}, then {}",
        asked.len() + again.len(),
        before / MIB,
        once / MIB,
        after / MIB
    );
    // Two values of 16 bytes and two names for each key, and a lease in each worker.
    assert!(once < before + 48 * MIB, "{before} bytes before, {once} after");
    assert!(after < once + 16 * MIB, "{once} bytes after all keys, {after} after all keys again");
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_keys_are_refused_and_harm_nobody() {
    let _alone = alone().await;
    let keys = keys(2);
    let (_backend, gateway) = gateway(&keyed(&keys, 1_000, 1_000), 2).await;
    let send = async |headers: &str| {
        let request = format!("GET /keyed HTTP/1.1\r\nhost: h.test\r\nconnection: close\r\n{headers}\r\n");
        // Envoy may close the connection before all of a long request was sent.
        raw::send(gateway.address(), request.as_bytes())
            .await
            .ok()
            .map(|response| (response.status, response.text()))
    };
    let header = |value: &str| format!("x-api-key: {value}\r\n");
    let forbidden = Some((403, r#"{"message":"Forbidden"}"#.to_owned()));
    let good = header(&keys[0]);
    for (what, headers) in [
        ("none", String::new()),
        ("empty", header("")),
        ("spaces", header("   ")),
        ("unknown", header("PlainKeyOfNobody99999999")),
        ("a beginning", header(keys[0].get(..20).unwrap())),
        ("one letter more", header(&format!("{}x", keys[0]))),
        ("another case", header(&keys[0].to_lowercase())),
        ("the longest that is looked at", header(&"k".repeat(1024))),
        ("a longer one", header(&"k".repeat(1025))),
        ("a much longer one", header(&"k".repeat(9_000))),
        ("no UTF-8", header("PlainKey\u{ff}\u{80}")),
        ("the same twice", format!("{good}{good}")),
        ("two", format!("{good}{}", header(&keys[1]))),
        ("one and an empty one", format!("{good}{}", header(""))),
        ("a list", header(&format!("{}, {}", keys[0], keys[1]))),
        ("a hash", header(&format!("sha256:{}", "0".repeat(64)))),
    ] {
        assert_eq!(send(&headers).await, forbidden, "{what}");
    }
    // Envoy's own refusals, whatever they are.
    for (what, headers) in [
        ("NUL", header(&format!("{}\0", keys[0]))),
        ("a line break", header(&format!("{}\rx", keys[0]))),
        ("100 KB", header(&"k".repeat(100_000))),
        ("1 MB", header(&"k".repeat(1_000_000))),
    ] {
        let refused = send(&headers).await.map(|(status, _)| status);
        println!("{what}: {refused:?}");
        assert!(refused.is_none_or(|status| (400..500).contains(&status)), "{what}: {refused:?}");
    }
    assert_eq!(send(&good).await.map(|(status, _)| status), Some(200));
    gateway.assert_no_panic().await;
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut texts = Vec::new();
    for path in entries {
        if path.is_dir() {
            texts.extend(files(&path));
        } else {
            texts.push(String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned());
        }
    }
    texts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_in_no_file_no_dump_no_statistic_and_no_log() {
    let _alone = alone().await;
    let keys = keys(3);
    let document = keyed(&keys, 2, 1);
    let options = Options { wasm_log: "trace", ..Options::default() };
    let world = Dynamic::start(COMMAND, &document, &options).await;
    let gateway = world.gateway();
    let mut statuses = Vec::new();
    for key in [&keys[0], &keys[0], &keys[1], &keys[1], &format!("{}x", keys[2])] {
        statuses.push(raw::send(gateway.address(), with_key(key).as_bytes()).await.unwrap().status);
    }
    assert_eq!(statuses, [200, 429, 200, 429, 403]);

    // What the command says of a document that is wrong, in the keys themselves too.
    let mut wrong = document.clone();
    wrong["apiKeys"][1]["value"] = wrong["apiKeys"][0]["value"].clone();
    wrong["apiKeys"][2]["id"] = wrong["apiKeys"][0]["id"].clone();
    wrong["usagePlanKeys"][0]["keyId"] = "nobody".into();
    let said = world.apply(&wrong).await;
    assert_ne!(said.code, Some(0), "{}", said.text);
    assert!(said.text.contains("apiKeys"), "{}", said.text);

    // A filter that is given a plain key, past the command.
    let filter = world.files().join("ecds/filter.yaml");
    let before = std::fs::read_to_string(&filter).unwrap();
    // The first one is of the document itself, in its version.
    let (_, keys_written) = before.split_once("apiKeys").unwrap();
    let hash = keys_written.find("sha256:").and_then(|at| keys_written.get(at..at + 71)).unwrap();
    let refused = async || {
        let page = "/stats?filter=^extension_config_discovery.*(config_fail|update_rejected)$";
        let text = gateway.admin(page).await;
        text.lines().filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum::<u64>()
    };
    let rendered = files(&world.files());
    let dump = gateway.admin("/config_dump?include_eds").await;
    assert!(dump.contains(hash), "the dump has the document");
    std::fs::write(filter.with_extension("new"), before.replace(hash, &keys[0])).unwrap();
    std::fs::rename(filter.with_extension("new"), &filter).unwrap();
    eventually("Envoy refuses it", async || (refused().await > 0).then_some(())).await;
    let log = gateway.whole_log();
    assert!(log.contains("sekisho hash-key"), "{}", gateway.log());
    assert!(log.contains("[trace][wasm]"), "the log is not a whole one\n{}", gateway.log());

    let places =
        [dump, gateway.admin("/stats").await, gateway.admin("/stats/prometheus").await, log, said.text];
    for text in places.iter().chain(&rendered) {
        let told = text.lines().find(|line| line.contains("PlainKey"));
        assert_eq!(told, None, "a key is told");
    }
    println!("{} files and {} texts hold no key", rendered.len(), places.len());
    let response = raw::send(gateway.address(), with_key(&keys[2]).as_bytes()).await.unwrap();
    assert_eq!(response.status, 200, "the old document serves");
    gateway.assert_no_panic().await;
}
