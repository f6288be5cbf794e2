//! What `sekisho render` writes, word for word. `SEKISHO_BLESS=1` rewrites it; read the difference before you commit it.
// Helpers of tests are tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod render_support;

use render_support::envoy;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/render")
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sekisho(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sekisho")).current_dir(golden()).args(args).output().unwrap()
}

fn rendered(args: &[&str]) -> String {
    let output = sekisho(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn check(file: &Path, text: &str) {
    if std::env::var_os("SEKISHO_BLESS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let expected = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        expected == text,
        "{} is not what is rendered; SEKISHO_BLESS=1 rewrites it\n{text}",
        file.display()
    );
}

const EVERYTHING: [&str; 9] = [
    "render",
    "everything.json",
    "--listen",
    "[::]:8080",
    "--admin",
    "127.0.0.1:9901",
    "--wasm",
    "/etc/sekisho/sekisho.wasm",
    "--secrets=/etc/sekisho/secrets",
];

#[test]
fn bootstraps_are_as_they_were() {
    check(&golden().join("everything.bootstrap.yaml"), &rendered(&EVERYTHING));
    let domains = ["render", "domains.json", "--http3=443", "--wasm", "/etc/sekisho/sekisho.wasm"];
    check(&golden().join("domains.bootstrap.yaml"), &rendered(&domains));
    let signing = ["render", "signing.json", "--wasm", "/etc/sekisho/sekisho.wasm"];
    check(&golden().join("signing.bootstrap.yaml"), &rendered(&signing));
}

#[test]
fn filters_are_as_they_were() {
    for name in ["users-posts", "own-routes", "signing", "domains"] {
        let text =
            rendered(&["render", "--filter", &format!("{name}.json"), "--wasm", "/etc/sekisho/sekisho.wasm"]);
        check(&golden().join(format!("{name}.filter.yaml")), &text);
    }
}

#[test]
fn limits_of_a_fleet_are_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    for engine in ["limitador", "ratelimit"] {
        let name = format!("fleet-{engine}");
        let text = rendered(&["render", "--rate-limits", &format!("{name}.json")]);
        check(&golden().join(format!("{name}.limits.yaml")), &text);
        let out = folder.path().join("limits.json");
        let written = ["render", "--rate-limits", &format!("{name}.json"), "--out", out.to_str().unwrap()];
        assert_eq!(rendered(&written), "");
        let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
        assert_eq!(json, serde_yaml_ng::from_str::<serde_json::Value>(&text).unwrap());
    }
}

#[test]
fn limits_that_nobody_counts_are_not_rendered() {
    let folder = tempfile::tempdir().unwrap();
    let document = std::fs::read_to_string(golden().join("fleet-ratelimit.json")).unwrap();
    let refused = |document: &str| {
        let file = folder.path().join("gateway.json");
        std::fs::write(&file, document).unwrap();
        let output = sekisho(&["render", "--rate-limits", file.to_str().unwrap()]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
        String::from_utf8(output.stderr).unwrap()
    };
    let message = refused(&document.replace(r#", "engine": "ratelimit""#, ""));
    assert!(message.contains("does not say which engine counts"), "{message}");
    let message = refused(&document.replace("FLEET", "ENVOY"));
    assert!(message.contains("no usage plan has a quota of the scope `FLEET`"), "{message}");
}

#[test]
fn files_of_a_dynamic_rendering_are_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let output =
        sekisho(&["render", "users-posts.json", "--dynamic", place, "--wasm", "/etc/sekisho/sekisho.wasm"]);
    assert!(output.status.success(), "{output:?}");
    let mut files = 0;
    for name in [
        "bootstrap.yaml",
        "lds/listeners.yaml",
        "rds/routes.yaml",
        "cds/clusters.yaml",
        "ecds/filter.yaml",
        "settings.json",
    ] {
        let text =
            std::fs::read_to_string(folder.path().join(name)).unwrap().replace(place, "/etc/sekisho/dynamic");
        // The listener names the folder, so its version does too.
        let text = if name.starts_with("lds") { without_version(&text) } else { text };
        check(&golden().join("users-posts.dynamic").join(name), &text);
        files += 1;
    }
    assert_eq!(files, 6);
}

fn without_version(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| if line.starts_with("version_info:") { "version_info: VERSION" } else { line });
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_example_in_envoy_is_fresh() {
    let example = repository().join("examples/users-posts/gateway.json");
    let document = if example.exists() { example } else { golden().join("users-posts.json") };
    let text = rendered(&[
        "render",
        document.to_str().unwrap(),
        "--wasm",
        "target/wasm32-wasip1/release/sekisho.wasm",
    ]);
    check(&repository().join("envoy/envoy.yaml"), &text);
}

#[test]
fn yaml_and_json_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("envoy.json");
    let mut args = EVERYTHING.to_vec();
    args.extend(["--out", file.to_str().unwrap()]);
    assert_eq!(rendered(&args), "");
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let yaml: serde_json::Value = serde_yaml_ng::from_str(&rendered(&EVERYTHING)).unwrap();
    assert_eq!(json, yaml);
}

#[test]
fn envoys_own_routes_need_the_filter_alone() {
    let output = sekisho(&["render", "own-routes.json"]);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("apis[0].integrations[0]: `connectionType` is `ENVOY_ROUTE`"), "{message}");
    assert!(message.contains("help: use `sekisho render --filter`"), "{message}");
}

#[test]
fn a_secret_without_a_source_is_named() {
    let output = sekisho(&["render", "everything.json"]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("the SDS secret `backend-key` has no source"), "{message}");
}

#[test]
fn a_document_that_is_refused_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (document, out) = (folder.path().join("bad.json"), folder.path().join("envoy.yaml"));
    std::fs::write(&document, r#"{ "apis": [ { "apiId": "a", "protocolType": "HTTP", "rutes": [] } ] }"#)
        .unwrap();
    let output = sekisho(&["render", document.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("rutes"));
    assert!(!out.exists());
}

/// Envoy reads each rendering: every field and type of it exists, in the oldest Envoy that is supported too.
#[test]
fn envoy_accepts_everything_that_is_rendered() {
    let binary = envoy::binary();
    let wasm = render_support::stub_wasm();
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(place("token"), "secret").unwrap();
    std::fs::write(
        place("backend-key.yaml"),
        "resources: [{ \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret, \
         name: backend-key, generic_secret: { secret: { inline_string: secret } } }]",
    )
    .unwrap();
    let mut accepted = 0;
    for name in ["users-posts", "everything", "fleet-limitador"] {
        let document = std::fs::read_to_string(golden().join(format!("{name}.json"))).unwrap();
        let mut document = document.replace("/etc/sekisho/backend-token", &place("token"));
        if envoy::is_oldest(&binary) {
            // Envoy 1.36 has no prefix for injected credentials.
            document = document.replace(r#""prefix": "Bearer ", "#, "");
        }
        std::fs::write(place("gateway.json"), document).unwrap();
        for extension in ["yaml", "json"] {
            let out = place(&format!("{name}.{extension}"));
            let (document, secrets) =
                (place("gateway.json"), format!("--secrets={}", folder.path().display()));
            rendered(&["render", &document, &secrets, "--wasm", wasm.to_str().unwrap(), "--out", &out]);
            let output = envoy::validate(&binary, out.as_ref());
            let log = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{name}.{extension}: {log}");
            assert!(!log.contains("eprecated"), "{name}.{extension}: {log}");
            accepted += 1;
        }
    }
    assert_eq!(accepted, 6);
}
