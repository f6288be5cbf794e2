//! Ways past a web ACL, through a real Envoy as it is rendered: what is blocked, what is refused, and what gets through.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod compressed;
mod page;
mod trailers;
mod world;

use wasm_tests::{Backend, Gateway, Options, raw};
use world::{Becomes, Evasion};

/// Sends it: what becomes of it.
async fn attempt(evasion: &Evasion, gateway: &Gateway, backend: &Backend) -> Becomes {
    backend.forget();
    let Ok(response) = raw::send(gateway.address(), &evasion.request()).await else {
        return Becomes::Refused(0);
    };
    let seen = backend.seen();
    if let Some(rule) = response.header("x-rule") {
        assert_eq!(seen.len(), 0, "{}: it is blocked, and yet the backend saw it", evasion.name);
        return Becomes::Blocked(rule);
    }
    let [recorded] = seen.as_slice() else {
        assert_eq!(seen.len(), 0, "{}: the backend saw several requests", evasion.name);
        return Becomes::Refused(response.status);
    };
    let mut text = format!("{} {}\n", recorded.seen.method, recorded.seen.path).into_bytes();
    for (name, value) in recorded.seen.headers.iter().chain(&recorded.seen.trailers) {
        text.extend([name.as_bytes(), b": ", value, b"\n"].concat());
    }
    text.extend(&recorded.seen.body);
    Becomes::Passed(text.iter().map(|byte| char::from(*byte)).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_evasion_becomes_what_the_table_says() {
    let backend = Backend::start().await;
    let options = Options::default();
    let gateway = Gateway::start(&world::document(), &backend, options).await;
    let table = world::table();
    let mut wrong = Vec::new();
    for evasion in &table {
        let becomes = attempt(evasion, &gateway, &backend).await;
        let right = match (&evasion.becomes, &becomes) {
            (Becomes::Passed(part), Becomes::Passed(seen)) => seen.contains(part.as_str()) && !has_own(seen),
            (expected, becomes) => expected == becomes,
        };
        if !right {
            wrong.push(format!(
                "{} / {}: {:?}, but {becomes:?}",
                evasion.group, evasion.name, evasion.becomes
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), table.len(), wrong.join("\n"));
    gateway.assert_no_panic().await;
}

/// Whether the backend was told what only the gateway may tell it.
fn has_own(seen: &str) -> bool {
    ["x-sekisho-", "x-amzn-waf-", "x_amzn_waf_", "x_forwarded_for"].iter().any(|name| seen.contains(name))
}
