//! What `sekisho render --istio` writes, in a real Envoy: merged as Istio merges it into what Istio generates, and asked.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod examples;
mod merge;
mod mesh;

use merge::Proxy;
use sekisho_cases::tokens;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use wasm_tests::{Backend, Gateway, Options, product_module, raw};

const DIGEST: &str = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";

/// Runs `sekisho render` on a document.
fn render(folder: &Path, document: &Value, args: &[&str]) -> Output {
    let file = folder.join("gateway.json");
    std::fs::write(&file, document.to_string()).unwrap();
    let module = format!("oci://registry.example/sekisho@sha256:{DIGEST}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho-as-built"));
    command.arg("render").args(args).args(["--module", &module]).arg(file).output().unwrap()
}

/// Manifests by their kind.
fn manifests(folder: &Path, document: &Value, args: &[&str]) -> BTreeMap<String, Value> {
    let output = render(folder, document, args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let all = examples::documents(&String::from_utf8(output.stdout).unwrap());
    all.into_iter().map(|it| (it["kind"].as_str().unwrap().to_owned(), it)).collect()
}

/// The proxy with the manifests of a document.
async fn start(mut proxy: Proxy, listener: &'static str, document: &Value, args: &[&str]) -> Gateway {
    let folder = tempfile::tempdir().unwrap();
    let manifests = manifests(folder.path(), document, args);
    let mut extensions = proxy.apply(&manifests["EnvoyFilter"]);
    match manifests.get("WasmPlugin") {
        Some(plugin) => {
            assert_eq!((extensions.len(), &plugin["spec"]["sha256"]), (0, &json!(DIGEST)));
            extensions.push(merge::of_plugin(plugin, product_module()));
            merge::insert_plugin(&mut proxy, mesh::GATEWAY_PORT);
        }
        None => {
            let [extension] = &mut extensions[..] else { panic!("one extension: {extensions:?}") };
            merge::fetched(extension, DIGEST, product_module());
        }
    }
    let custom = manifests["ConfigMap"]["data"]["custom_bootstrap.json"].as_str().unwrap();
    let custom: Value = serde_json::from_str(custom).unwrap();
    let bootstrap = proxy.bootstrap(&extensions, &custom, folder.path());
    let file = folder.path().join("envoy.json");
    std::fs::write(&file, bootstrap.to_string()).unwrap();
    let environment = BTreeMap::from([(tokens::SECRET_ENV.to_owned(), tokens::SECRET.to_owned())]);
    let options = Options { listener, environment, ..Options::default() };
    Gateway::run(&file, folder, &options).await.unwrap_or_else(|problem| panic!("{problem}"))
}

/// `/users` is the backend's, `/mapped` wants a body, `/closed` a token by a secret of Envoy's environment, `/mesh` is Istio's to
/// route.
fn document(backend: &Backend) -> Value {
    let backend = backend.address();
    let proxy = |id: &str, members: Value| {
        let mut integration = json!({
            "integrationId": id, "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
            "integrationUri": format!("http://{backend}/{id}"), "payloadFormatVersion": "1.0",
        });
        merge::merge(&mut integration, &members);
        integration
    };
    let secret = json!({
        "authorizerId": "secret", "authorizerType": "JWT", "identitySource": ["$request.header.Authorization"],
        "jwtConfiguration": {
            "issuer": tokens::ISSUER, "audience": ["shop"], "algorithms": ["HS256"], "secretEnv": tokens::SECRET_ENV,
        },
    });
    json!({ "apis": [{
        "apiId": "shop", "protocolType": "HTTP", "stages": [{ "stageName": "$default" }],
        "authorizers": [secret],
        "routes": [
            { "routeKey": "ANY /users", "target": "integrations/users" },
            { "routeKey": "POST /mapped", "target": "integrations/mapped" },
            { "routeKey": "ANY /closed", "target": "integrations/users", "authorizationType": "JWT", "authorizerId": "secret" },
        ],
        "integrations": [
            proxy("users", json!({})),
            proxy("mapped", json!({ "requestParameters": { "overwrite:header.x-name": "$request.body.name" } })),
        ],
    }] })
}

/// The same, with a route whose backend is chosen by Istio's routes.
fn with_mesh_routes(mut document: Value) -> Value {
    let api = &mut document["apis"][0];
    api["routes"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "routeKey": "ANY /istio", "target": "integrations/istio" }));
    api["integrations"].as_array_mut().unwrap().push(json!({
        "integrationId": "istio", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "connectionType": "ENVOY_ROUTE",
        "payloadFormatVersion": "1.0",
    }));
    document
}

fn without_bodies(mut document: Value) -> Value {
    let api = &mut document["apis"][0];
    api["routes"].as_array_mut().unwrap().retain(|route| route["target"] != "integrations/mapped");
    api["integrations"].as_array_mut().unwrap().retain(|it| it["integrationId"] != "mapped");
    document
}

async fn send(gateway: &Gateway, request: &str) -> raw::Response {
    raw::send(gateway.address(), request.as_bytes()).await.unwrap()
}

/// What every rendering must keep, whoever put the filter there.
async fn serves_and_trusts_nobody(gateway: &Gateway, backend: &Backend) {
    let request = "GET /users HTTP/1.1\r\nhost: h.test\r\nx-sekisho-cluster: inbound|8080||\r\nX-Envoy-Max-Retries: 3\r\n\
                   x_sekisho_other: 1\r\nx-forwarded-client-cert: By=me\r\nx-forwarded-for: 203.0.113.7\r\n\r\n";
    let response = send(gateway, request).await;
    assert_eq!(response.status, 200, "{response:?}");
    assert!(response.headers.iter().all(|(name, _)| !name.starts_with("x-envoy")), "{response:?}");
    assert_ne!(response.header("server").as_deref(), Some("istio-envoy"));
    let seen = backend.only();
    for (name, _) in &seen.seen.headers {
        let name = name.as_str();
        let ours =
            name.starts_with("x-sekisho") || name.starts_with("x_sekisho") || name.starts_with("x-envoy");
        assert!(!ours && name != "x-forwarded-client-cert" && name != "x-forwarded-proto", "{name}");
    }
    backend.forget();

    // The filter's words, and AWS's where Envoy answers itself.
    let missing = send(gateway, "GET /nothing HTTP/1.1\r\nhost: h.test\r\n\r\n").await;
    assert_eq!((missing.status, missing.text().as_str()), (404, r#"{"message":"Not Found"}"#));
    let large = format!("GET /users HTTP/1.1\r\nhost: h.test\r\nx-large: {}\r\n\r\n", "a".repeat(50_000));
    let large = send(gateway, &large).await;
    assert_eq!(
        (large.status, large.text().as_str()),
        (431, r#"{"message":"Request Header Fields Too Large"}"#)
    );

    // A secret of the proxy's environment.
    let closed = send(gateway, "GET /closed HTTP/1.1\r\nhost: h.test\r\n\r\n").await;
    assert_eq!((closed.status, backend.seen().len()), (401, 0));
    let token = tokens::token(&json!({ "alg": "HS256" }), &json!({}));
    let open = send(
        gateway,
        &format!("GET /closed HTTP/1.1\r\nhost: h.test\r\nauthorization: Bearer {token}\r\n\r\n"),
    )
    .await;
    assert_eq!((open.status, backend.seen().len()), (200, 1), "{open:?}");
    backend.forget();
}

/// A body that the filter waits for.
async fn waits_for_bodies(gateway: &Gateway, backend: &Backend) {
    let body = json!({ "name": "ann", "rest": "x".repeat(100_000) }).to_string();
    let request =
        format!("POST /mapped HTTP/1.1\r\nhost: h.test\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let response = send(gateway, &request).await;
    assert_eq!(response.status, 200, "{response:?}");
    let seen = backend.only();
    assert_eq!((seen.header("x-name"), seen.bytes), (vec!["ann".to_owned()], body.len() as u64));
    backend.forget();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingress_gateway_serves() {
    let (backend, workload) = (Backend::start().await, Backend::start().await);
    let gateway =
        start(mesh::gateway(workload.address()), "0.0.0.0_8080", &document(&backend), &["--istio"]).await;
    serves_and_trusts_nobody(&gateway, &backend).await;
    waits_for_bodies(&gateway, &backend).await;
    // No route of Istio's is reached past the filter: it has none for this path.
    let past = send(&gateway, "GET /istio HTTP/1.1\r\nhost: h.test\r\n\r\n").await;
    assert_eq!((past.status, workload.seen().len()), (404, 0));
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn istios_own_routes_choose_the_backend_where_the_document_says_so() {
    let (backend, workload) = (Backend::start().await, Backend::start().await);
    let document = with_mesh_routes(document(&backend));
    let gateway = start(
        mesh::gateway(workload.address()),
        "0.0.0.0_8080",
        &document,
        &["--istio=gateway", "--port", "8080"],
    )
    .await;
    serves_and_trusts_nobody(&gateway, &backend).await;
    let routed = send(&gateway, "GET /istio HTTP/1.1\r\nhost: h.test\r\n\r\n").await;
    assert_eq!((routed.status, workload.seen().len(), backend.seen().len()), (200, 1, 0), "{routed:?}");
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sidecar_serves() {
    let (backend, workload) = (Backend::start().await, Backend::start().await);
    let document = with_mesh_routes(document(&backend));
    let args = ["--istio=sidecar", "--selector", "app=reviews", "--port", "8080"];
    let gateway = start(mesh::sidecar(workload.address()), "virtualInbound", &document, &args).await;
    serves_and_trusts_nobody(&gateway, &backend).await;
    waits_for_bodies(&gateway, &backend).await;
    let routed = send(&gateway, "GET /istio HTTP/1.1\r\nhost: h.test\r\n\r\n").await;
    assert_eq!((routed.status, workload.seen().len()), (200, 1), "{routed:?}");
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_serves_what_waits_for_no_body() {
    let (backend, workload) = (Backend::start().await, Backend::start().await);
    let document = document(&backend);
    let folder = tempfile::tempdir().unwrap();
    let refused = render(folder.path(), &document, &["--istio", "--wasm-plugin"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.contains("apis[0].integrations[1].requestParameters")
            && said.contains("help: leave `--wasm-plugin` out"),
        "{said}"
    );
    let document = without_bodies(document);
    let args = ["--istio", "--wasm-plugin"];
    let gateway = start(mesh::gateway(workload.address()), "0.0.0.0_8080", &document, &args).await;
    serves_and_trusts_nobody(&gateway, &backend).await;
    gateway.assert_no_panic().await;
}
