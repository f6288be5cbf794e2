use super::Issuers;
use crate::render::document::plan_with;
use serde_json::{Value, json};
use std::sync::Mutex;

fn document(configurations: &[Value]) -> Value {
    let authorizers = configurations.iter().enumerate().map(|(i, configuration)| {
        let mut jwt = json!({ "audience": ["shop"] });
        for (name, value) in configuration.as_object().unwrap() {
            jwt[name] = value.clone();
        }
        json!({
            "authorizerId": format!("a{i}"), "authorizerType": "JWT",
            "identitySource": ["$request.header.Authorization"], "jwtConfiguration": jwt,
        })
    });
    json!({ "apis": [{
        "apiId": "shop", "protocolType": "HTTP", "stages": [{ "stageName": "$default" }],
        "routes": [{ "routeKey": "$default", "target": "integrations/i" }],
        "integrations": [{
            "integrationId": "i", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
            "integrationUri": "http://users.internal:8080/admin",
        }],
        "authorizers": authorizers.collect::<Vec<_>>(),
    }] })
}

/// The clusters, the hosts in the filter's document, the warnings, and who was asked.
fn planned(configurations: &[Value], keys: &str) -> (Vec<String>, Vec<Value>, String, Vec<String>) {
    let asked = Mutex::new(Vec::new());
    let fetch = |url: &str| {
        asked.lock().unwrap().push(url.to_owned());
        let issuer = url.trim_end_matches("/.well-known/openid-configuration");
        if issuer.contains("dead") {
            return Err("connection refused".to_owned());
        }
        let issuer = issuer.replace("impostor", "somebody");
        Ok(json!({ "issuer": issuer, "jwks_uri": keys }).to_string().into_bytes())
    };
    let text = document(configurations).to_string();
    let (plan, warnings) = plan_with(
        text.as_bytes(),
        &|_| None,
        &Issuers { fetch: Some(Box::new(fetch)), ..Issuers::default() },
    )
    .unwrap();
    let rendered: Value = serde_json::from_str(&plan.document).unwrap();
    let authorizers = rendered["apis"][0]["authorizers"].as_array().unwrap();
    let hosts = authorizers.iter().map(|it| it["jwtConfiguration"]["jwksHosts"].clone()).collect();
    let clusters =
        plan.clusters.iter().map(|it| it.name.clone()).filter(|it| !it.contains("users")).collect();
    let mut asked = asked.into_inner().unwrap();
    asked.sort();
    (clusters, hosts, warnings.to_string(), asked)
}

const IDP: &str = "https://idp.example/.well-known/openid-configuration";

#[test]
fn keys_on_another_host_get_a_cluster_and_the_filter_is_told() {
    let issuer = json!({ "issuer": "https://idp.example" });
    let (clusters, hosts, warnings, asked) =
        planned(&[issuer.clone(), issuer], "https://keys.example/v3/certs");
    assert_eq!(clusters, ["https://idp.example:443", "https://keys.example:443"]);
    assert_eq!(hosts, [json!(["https://keys.example:443"]), json!(["https://keys.example:443"])]);
    assert_eq!((warnings.as_str(), asked), ("", vec![IDP.to_owned()]));
}

#[test]
fn keys_at_the_issuer_change_nothing() {
    let (clusters, hosts, warnings, _) =
        planned(&[json!({ "issuer": "https://idp.example" })], "https://idp.example/keys");
    assert_eq!((clusters, hosts), (vec!["https://idp.example:443".to_owned()], vec![Value::Null]));
    assert_eq!(warnings, "");
}

#[test]
fn who_says_where_its_keys_are_is_not_asked() {
    for configuration in [
        json!({ "issuer": "https://idp.example", "jwksHosts": ["https://mine.example"] }),
        json!({ "issuer": "https://idp.example", "jwksUri": "https://mine.example/keys" }),
    ] {
        let (clusters, _, warnings, asked) =
            planned(std::slice::from_ref(&configuration), "https://keys.example/");
        assert!(clusters.contains(&"https://mine.example:443".to_owned()), "{configuration}: {clusters:?}");
        assert!(!clusters.iter().any(|it| it.contains("keys.example")), "{configuration}: {clusters:?}");
        assert_eq!((warnings.as_str(), asked.len()), ("", 0), "{configuration}");
    }
}

#[test]
fn what_goes_wrong_is_a_warning_and_no_more() {
    for (issuer, keys, expected) in [
        ("https://dead.example", "https://keys.example/", "connection refused"),
        ("https://impostor.example", "https://keys.example/", "that of `https://somebody.example`"),
        ("https://idp.example", "http://keys.example/", "is not `https`, and the issuer is"),
        ("https://idp.example", "file:///etc/passwd", "neither `http` nor `https`"),
    ] {
        let (clusters, hosts, warnings, _) = planned(&[json!({ "issuer": issuer })], keys);
        assert_eq!((clusters.len(), &hosts), (1, &vec![Value::Null]), "{issuer}");
        let path = "apis[0].authorizers[0].jwtConfiguration.issuer: ";
        assert!(warnings.contains(path) && warnings.contains(expected), "{issuer}: {warnings}");
        assert!(warnings.contains("`jwksHosts`"), "{issuer}: {warnings}");
    }
}

#[test]
fn hosts_that_are_served_stay_while_an_issuer_is_dead_or_nobody_is_asked() {
    use crate::render::dynamic::{self, Layout};
    use crate::render::{Settings, document::plan};
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path()).unwrap();
    let written = json!({ "issuer": "https://idp.example", "jwksHosts": ["https://keys.example:443"] });
    let (served, _) = plan(document(&[written]).to_string().as_bytes(), &|_| None).unwrap();
    let any = ([127, 0, 0, 1], 0).into();
    let settings = Settings::new(any, any, "/sekisho.wasm".into());
    dynamic::write(&served, &settings, &layout).unwrap();
    let text = document(&[json!({ "issuer": "https://idp.example" })]).to_string();
    let offline = super::issuers(true, &settings.ca_file, Some(&layout));
    let dead: Box<super::Fetch<'_>> = Box::new(|_| Err("connection refused".to_owned()));
    let dead = Issuers { fetch: Some(dead), ..super::issuers(true, &settings.ca_file, Some(&layout)) };
    for (issuers, warned) in [(offline, false), (dead, true)] {
        let (plan, warnings) = plan_with(text.as_bytes(), &|_| None, &issuers).unwrap();
        assert_eq!((&plan.document, &plan.clusters), (&served.document, &served.clusters));
        assert_eq!(warnings.to_string().contains("stays: https://keys.example:443"), warned);
    }
}

/// One answer of a server on this machine.
fn serve(answer: &'static [u8]) -> String {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}/page", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(answer);
    });
    url
}

#[test]
fn pages_are_fetched_and_redirects_and_endless_ones_are_not() {
    let ca = std::path::Path::new("/nowhere");
    let page = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    assert_eq!(super::fetch(&page, ca), Ok(b"{}".to_vec()));
    let moved = serve(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
    assert!(super::fetch(&moved, ca).unwrap_err().contains("302"));
    let large = Box::leak(format!("HTTP/1.1 200 OK\r\n\r\n{}", " ".repeat(200_000)).into_boxed_str());
    assert!(super::fetch(&serve(large.as_bytes()), ca).is_err());
    assert!(super::fetch("https://127.0.0.1:1/", ca).unwrap_err().contains("/nowhere"));
}
