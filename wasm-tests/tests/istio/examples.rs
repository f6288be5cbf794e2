//! The manifests in `envoy/` are what is rendered, and those who take them know every member. `SEKISHO_BLESS=1` writes them anew.

use sekisho_cases::{needs, npm};
use serde::Deserialize as _;
use serde_json::Value;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const MODULE: &str =
    "oci://registry.example/sekisho@sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";

/// Each file, and what is rendered for it.
const RENDERED: [(&str, &[&str]); 4] = [
    ("istio/gateway.yaml", &["--istio", "examples/users-posts/gateway.json"]),
    ("istio/gateway-wasmplugin.yaml", &["--istio", "--wasm-plugin", "examples/users-posts/gateway.json"]),
    (
        "istio/sidecar.yaml",
        &["--istio=sidecar", "--selector", "app=users", "--port", "8080", "envoy/istio/sidecar.json"],
    ),
    ("gateway-api/policy.yaml", &["--envoy-gateway", "eg", "envoy/gateway-api/gateway.json"]),
];
/// What is written by hand.
const WRITTEN: [&str; 2] = ["kubernetes/configmap.yaml", "kubernetes/sekisho.yaml"];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The documents of a YAML text.
pub fn documents(text: &str) -> Vec<Value> {
    let all = serde_yaml_ng::Deserializer::from_str(text).map(|it| Value::deserialize(it).unwrap());
    all.filter(|it| !it.is_null()).collect()
}

#[test]
fn examples_are_what_is_rendered() {
    for (file, args) in RENDERED {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho-as-built"));
        let output = command
            .current_dir(repository())
            .args(["render", "--offline"])
            .args(args)
            .args(["--module", MODULE])
            .output()
            .unwrap();
        assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
        is_fresh(file, &String::from_utf8(output.stdout).unwrap());
    }
}

/// The bootstrap of the plain manifests, as `kubectl create configmap` packs it.
#[test]
fn the_config_map_is_what_is_rendered() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho-as-built"));
    command.current_dir(repository()).args(["render", "examples/users-posts/gateway.json"]);
    command.args(["--listen", "0.0.0.0:8080", "--metrics-listen", "0.0.0.0:9902"]);
    let output = command.args(["--wasm", "/etc/sekisho/plugin.wasm"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let bootstrap = String::from_utf8(output.stdout).unwrap();
    let indented: String = bootstrap.lines().map(|line| format!("    {line}\n")).collect();
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: sekisho\ndata:\n  envoy.yaml: |\n{indented}"
    );
    assert_eq!(documents(&text)[0]["data"]["envoy.yaml"], bootstrap);
    is_fresh("kubernetes/configmap.yaml", &text);
}

fn is_fresh(file: &str, text: &str) {
    let path = repository().join("envoy").join(file);
    if std::env::var_os("SEKISHO_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == text,
        "envoy/{file} is stale; SEKISHO_BLESS=1 rewrites it"
    );
}

/// What the schemas say of manifests: whether they take them, and what they say.
fn checked(manifests: &[Value]) -> (bool, String) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let folder = sekisho_cli::toolchain::target_folder().unwrap().join("schemas");
    npm::install(&here, &folder);
    std::fs::copy(here.join("check.mjs"), folder.join("check.mjs")).unwrap();
    let mut node = Command::new("node");
    node.arg("check.mjs").current_dir(&folder).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = node.spawn().unwrap();
    running.stdin.take().unwrap().write_all(Value::from(manifests.to_vec()).to_string().as_bytes()).unwrap();
    let done = running.wait_with_output().unwrap();
    (done.status.success(), String::from_utf8(done.stdout).unwrap())
}

#[test]
fn those_who_take_the_manifests_know_every_member() {
    needs!("npm", "npm");
    let files = RENDERED.iter().map(|(file, _)| *file).chain(WRITTEN);
    let read = |file| documents(&std::fs::read_to_string(repository().join("envoy").join(file)).unwrap());
    let manifests: Vec<Value> = files.flat_map(read).collect();
    assert_eq!(manifests.len(), 11);
    let (well, said) = checked(&manifests);
    assert!(well, "{said}");

    // The check can fail, by what is wrong and by what nobody knows.
    let filter = manifests.iter().find(|it| it["kind"] == "EnvoyFilter").unwrap();
    let plugin = manifests.iter().find(|it| it["kind"] == "WasmPlugin").unwrap();
    let changed = |manifest: &Value, pointer: &str, value: Value| {
        let mut manifest = manifest.clone();
        *manifest.pointer_mut(pointer).unwrap() = value;
        manifest
    };
    let mut unknown = plugin.clone();
    unknown["spec"]["vmId"] = "sekisho".into();
    for (manifest, problem) in [
        (
            changed(filter, "/spec/configPatches/0/patch/operation", "INSERT".into()),
            "/spec/configPatches/0/patch/operation",
        ),
        (changed(plugin, "/spec/failStrategy", "FAIL_CLOSED".into()), "/spec/failStrategy"),
        (unknown, "/spec/vmId: the schema has no such member"),
    ] {
        let (well, said) = checked(&[manifest]);
        assert!(!well && said.contains(problem), "{said}");
    }
}

/// The commands of the guides that are the product's, as a reader types them.
#[test]
fn the_guides_commands_run() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let bin = place("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_sekisho-as-built"), bin.join("sekisho")).unwrap();
    let copy = |from: &str, to: &str| std::fs::copy(repository().join(from), place(to)).unwrap();
    copy("examples/users-posts/gateway.json", "gateway.json");
    copy("envoy/gateway-api/gateway.json", "gateway-api.json");
    std::fs::write(place("sekisho.wasm"), b"\0asm\x01\0\0\0").unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut ran = 0;
    for page in ["istio.md", "oci-image.md"] {
        let text = std::fs::read_to_string(repository().join("docs").join(page)).unwrap();
        for block in text.split("```sh\n").skip(1) {
            let (block, _) = block.split_once("\n```").unwrap();
            let mut shell = Command::new("sh");
            let done =
                shell.args(["-ec", block]).current_dir(folder.path()).env("PATH", &path).output().unwrap();
            assert!(done.status.success(), "{page}: {block}\n{}", String::from_utf8_lossy(&done.stderr));
            ran += block.lines().count();
        }
    }
    assert_eq!(ran, 5);
    for (file, manifests) in [("istio.yaml", 2), ("policy.yaml", 1), ("envoy.yaml", 1)] {
        assert_eq!(documents(&std::fs::read_to_string(place(file)).unwrap()).len(), manifests, "{file}");
    }
    assert!(place("image/index.json").is_file());
}
