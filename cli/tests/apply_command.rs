//! `sekisho render --dynamic` and `sekisho apply` as they are typed.
// Helpers of tests are tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod render_support;

use render_support::backend::Backend;
use render_support::envoy::{self, Envoy};
use render_support::stub_wasm;
use std::path::Path;
use std::process::{Command, Output};

fn sekisho(args: &[&str], envoy: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.args(args).env_remove("ENVOY_BIN");
    match envoy {
        Some(envoy) => command.env("ENVOY_BIN", envoy),
        // Nothing to ask: the running Envoy alone decides.
        None => command.env("PATH", ""),
    };
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

fn document(at: &Path, backends: &[&Backend], name: &str) {
    let (mut routes, mut integrations) = (Vec::new(), Vec::new());
    for (i, backend) in backends.iter().enumerate() {
        routes.push(
            serde_json::json!({ "routeKey": format!("GET /{i}"), "target": format!("integrations/{i}") }),
        );
        integrations.push(serde_json::json!({
            "integrationId": i.to_string(), "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
            "payloadFormatVersion": "1.0", "integrationUri": format!("http://{}/", backend.address),
        }));
    }
    let document = serde_json::json!({
        "apis": [{
            "apiId": "shop", "name": name, "protocolType": "HTTP", "routes": routes, "integrations": integrations,
            "stages": [{ "stageName": "$default" }],
        }],
    });
    std::fs::write(at, document.to_string()).unwrap();
}

#[test]
fn a_document_is_rendered_changed_and_refused() {
    let binary = envoy::binary();
    let (users, posts) = (Backend::start("users"), Backend::start("posts"));
    let folder = tempfile::tempdir().unwrap();
    let (file, dynamic) = (folder.path().join("gateway.json"), folder.path().join("dynamic"));
    let (file_arg, dynamic_arg) = (file.to_str().unwrap(), dynamic.to_str().unwrap());
    let wasm = stub_wasm();
    document(&file, &[&users], "first");
    let any = "127.0.0.1:0";
    let render = ["render", "--dynamic", dynamic_arg, file_arg, "--listen", any, "--admin", any, "--wasm"];
    let output = sekisho(&[&render[..], &[wasm.to_str().unwrap()]].concat(), Some(&binary));
    assert!(output.status.success(), "{}", said(&output));
    let envoy = Envoy::start(&binary, &dynamic.join("bootstrap.yaml"));
    let admin = envoy.admin.to_string();
    let apply = ["apply", file_arg, "--dynamic", dynamic_arg, "--admin", &admin, "--drain", "2"];
    let get = |backend: &Backend| {
        envoy.get("/", &[("x-stub-cluster", &format!("http://{}", backend.address))]).status
    };
    assert_eq!((get(&users), get(&posts)), (200, 404));

    document(&file, &[&users, &posts], "second");
    let output = sekisho(&apply, Some(&binary));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("clusters 1 added, 0 removed"), "{}", said(&output));
    assert_eq!((get(&users), get(&posts)), (200, 200));

    // Refused by the command: a document that means nothing.
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, good.replace("integrations/1", "integrations/none")).unwrap();
    let output = sekisho(&apply, Some(&binary));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("apis[0].routes[1].target"), "{}", said(&output));
    // Refused by an Envoy that is asked first.
    document(&file, &[&users], "stub-refuses-this");
    let output = sekisho(&apply, Some(&binary));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(
        said(&output).contains("Envoy refuses the configuration; nothing was changed"),
        "{}",
        said(&output)
    );
    // Refused by the running Envoy, where there is none to ask.
    let output = sekisho(&apply, None);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("the old configuration keeps serving"), "{}", said(&output));
    assert_eq!((get(&users), get(&posts)), (200, 200));
    assert!(
        !std::fs::read_to_string(dynamic.join("ecds/filter.yaml")).unwrap().contains("stub-refuses-this")
    );

    document(&file, &[&posts], "third");
    let output = sekisho(&apply, Some(&binary));
    assert!(said(&output).contains("clusters 0 added, 1 removed"), "{}", said(&output));
    assert_eq!((get(&users), get(&posts)), (404, 200));
    let output = sekisho(&apply, Some(&binary));
    assert!(said(&output).contains("nothing to change"), "{}", said(&output));
}

#[test]
fn a_folder_that_render_did_not_write_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let dynamic = folder.path().to_str().unwrap();
    let output = sekisho(&["apply", "gateway.json", "--dynamic", dynamic], None);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("help: write the folder with `sekisho render --dynamic`"),
        "{}",
        said(&output)
    );
}
