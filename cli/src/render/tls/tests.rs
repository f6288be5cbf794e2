use super::super::dynamic::{Delivery, Layout};
use super::super::{Plan, Settings, document, listener};
use super::Source;
use serde_json::{Value, json};
use std::path::Path;

fn with(certificates: &Value, domains: &Value) -> Result<Plan, String> {
    let document = json!({
        "apis": [{ "apiId": "a", "protocolType": "HTTP", "stages": [{ "stageName": "$default" }] }],
        "certificates": certificates, "domainNames": domains,
    });
    document::plan(document.to_string().as_bytes(), &|_| None)
        .map(|(plan, _)| plan)
        .map_err(|problems| problems.to_string())
}

fn domain(name: &str, arn: &str) -> Value {
    json!({ "domainName": name, "domainNameConfigurations": [{ "certificateArn": arn }] })
}

fn mutual(name: &str, arn: &str) -> Value {
    let mut domain = domain(name, arn);
    domain["mutualTlsAuthentication"] = json!({ "truststoreUri": "file:/none/ca.pem" });
    domain
}

fn files() -> Value {
    json!({ "c": { "certificateFile": "/none/c.pem", "privateKeyFile": "/none/c-key.pem" }, "s": { "sdsSecret": "mesh" } })
}

fn settings() -> Settings {
    let any = ([127, 0, 0, 1], 0).into();
    Settings { secrets: Some("/secrets".into()), ..Settings::new(any, any, "sekisho.wasm".into()) }
}

#[test]
fn domains_that_share_all_share_a_chain() {
    let old = json!({
        "domainName": "old.test",
        "domainNameConfigurations": [{ "certificateArn": "c", "securityPolicy": "TLS_1_0" }],
    });
    let domains = json!([
        domain("A.test.", "c"),
        domain("*.b.test", "c"),
        domain("s.test", "s"),
        mutual("m.test", "c"),
        old,
        { "domainName": "plain.test" },
    ]);
    let plan = with(&files(), &domains).unwrap();
    let names: Vec<_> = plan.tls.chains.iter().map(|chain| chain.names.join(" ")).collect();
    assert_eq!(names, ["a.test *.b.test", "s.test", "m.test", "old.test"]);
    assert_eq!(plan.tls.chains[1].certificate, Source::Sds("mesh".to_owned()));
    assert!(plan.client_cert);
    assert_eq!(plan.tls.foreign_secrets().collect::<Vec<_>>(), ["mesh"]);
}

#[test]
fn what_envoy_would_misunderstand_is_an_error() {
    for name in ["a b.test", "a.*.test", "*", "*.", ".test", "a..test", "a.test:443", "a.test..", "(.*)"] {
        let problems = with(&json!({}), &json!([{ "domainName": name }])).unwrap_err();
        assert!(problems.contains("error: domainNames[0].domainName"), "{name}: {problems}");
    }
    for half in [
        json!({}),
        json!({ "certificateFile": "/c" }),
        json!({ "privateKeyFile": "/k", "sdsSecret": "s" }),
        json!({ "certificateFile": "/c", "privateKeyFile": "/k", "sdsSecret": "" }),
    ] {
        let problems = with(&json!({ "c": half }), &json!([domain("a.test", "c")])).unwrap_err();
        assert!(problems.contains("the certificate has not one place"), "{half}: {problems}");
    }
    let mut s3 = mutual("a.test", "c");
    s3["mutualTlsAuthentication"]["truststoreUri"] = json!("s3://bucket/ca.pem");
    assert!(with(&files(), &json!([s3])).unwrap_err().contains("truststoreUri"));
    let mut second = mutual("a.test", "c");
    second["domainNameConfigurations"] = json!([{}, { "certificateArn": "c" }]);
    let problems = with(&files(), &json!([second])).unwrap_err();
    assert!(problems.contains("the domain has no certificate of its own"), "{problems}");
}

#[test]
fn listeners_are_those_that_are_needed() {
    let names = |plan: &Plan, settings: &Settings| -> Vec<String> {
        listener::listeners(plan, settings, Delivery::Static)
            .iter()
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let http3 = Settings { http3: Some(0), ..settings() };
    let plain = with(&json!({}), &json!([{ "domainName": "a.test" }])).unwrap();
    assert_eq!(names(&plain, &http3), ["sekisho"]);
    let secure = with(&files(), &json!([domain("a.test", "c")])).unwrap();
    assert_eq!(names(&secure, &settings()), ["sekisho", "sekisho_tls"]);
    assert_eq!(names(&secure, &http3), ["sekisho", "sekisho_tls", "sekisho_http3"]);
}

#[test]
fn plain_text_and_tls_have_the_same_settings() {
    let plan = with(&files(), &json!([domain("a.test", "c")])).unwrap();
    let listeners = listener::listeners(&plan, &settings(), Delivery::Static);
    let manager = |i: usize| &listeners[i]["filter_chains"][0]["filters"];
    assert_eq!(manager(0), manager(1));
}

#[test]
fn http3_is_announced_by_the_port_where_clients_reach_it() {
    let plan = with(&files(), &json!([domain("a.test", "c")])).unwrap();
    let announced = |port: u16, http3: Option<u16>| {
        let tls_listen = ([127, 0, 0, 1], port).into();
        let settings = Settings { tls_listen, http3, ..settings() };
        let text = json!(listener::listeners(&plan, &settings, Delivery::Static)).to_string();
        let value = text.split_once(r#""value":"h3=\":"#).map(|(_, rest)| rest);
        value.and_then(|rest| rest.split_once('\\')).map(|(port, _)| port.to_owned())
    };
    assert_eq!(announced(8443, None), None);
    assert_eq!(announced(8443, Some(0)).as_deref(), Some("8443"));
    assert_eq!(announced(8443, Some(443)).as_deref(), Some("443"));
    assert_eq!(announced(0, Some(0)), None);
}

#[test]
fn secrets_of_others_come_from_their_folder() {
    let plan = with(&files(), &json!([domain("a.test", "s")])).unwrap();
    let layout = Layout::new(Path::new("/dynamic")).unwrap();
    for delivery in [Delivery::Static, Delivery::Files(&layout)] {
        let listeners = json!(listener::listeners(&plan, &settings(), delivery)).to_string();
        assert!(listeners.contains("/secrets/mesh.yaml"), "{listeners}");
    }
    assert!(super::secret::secrets(&plan).is_empty());
}
