use super::{Args, Module, Proxy, label, manifests, name};
use crate::render::{Plan, Settings, document, envoy_gateway};
use sekisho::gateway::access_log::destination::Destination;
use serde_json::{Value, json};

const DIGEST: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn plan(integration: &Value) -> Plan {
    let document = json!({ "apis": [{
        "apiId": "a", "protocolType": "HTTP", "stages": [{ "stageName": "$default" }],
        "routes": [{ "routeKey": "$default", "target": "integrations/i" }],
        "integrations": [integration],
    }] });
    document::plan(document.to_string().as_bytes(), &|_| None).unwrap().0
}

fn proxied() -> Plan {
    plan(&json!({
        "integrationId": "i", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "https://users.example/",
    }))
}

fn settings() -> Settings {
    let any = ([127, 0, 0, 1], 0).into();
    Settings::new(any, any, "/etc/sekisho/sekisho.wasm".into())
}

fn args(proxy: Proxy) -> Args {
    Args {
        istio: Some(proxy),
        envoy_gateway: None,
        module: Some(format!("oci://registry.example/sekisho@sha256:{DIGEST}").parse().unwrap()),
        labels: vec![("app".into(), "users".into())],
        port: None,
        wasm_plugin: false,
    }
}

fn rendered(plan: &Plan, args: &Args) -> Vec<Value> {
    let text = manifests(plan, &settings(), args).unwrap().json();
    serde_json::from_str(&text).unwrap()
}

fn refused(plan: &Plan, settings: &Settings, args: &Args) -> String {
    let error = manifests(plan, settings, args).unwrap_err();
    format!("{error}; {}", error.help().unwrap())
}

/// Protobuf's merging leaves alone what a patch gives as `false`, 0 or "": such a member would be a promise that nobody keeps.
#[test]
fn no_merge_holds_what_merging_ignores() {
    fn zeros(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            // What is appended is taken as it is.
            Value::Array(_) => {}
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| zeros(value, &format!("{path}.{name}"), found))
            }
            Value::Bool(false) | Value::Null => found.push(path.to_owned()),
            Value::Number(number) if number.as_f64() == Some(0.0) => found.push(path.to_owned()),
            Value::String(text) if matches!(text.as_str(), "" | "SANITIZE" | "ALLOW" | "AUTO") => {
                found.push(path.to_owned())
            }
            Value::Bool(true) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut merges = 0;
    for proxy in [Proxy::Gateway, Proxy::Sidecar] {
        for patch in rendered(&proxied(), &args(proxy))[0]["spec"]["configPatches"].as_array().unwrap() {
            if patch["patch"]["operation"] == "MERGE" {
                let mut found = Vec::new();
                zeros(&patch["patch"]["value"], "", &mut found);
                // Istio leaves these unset, and a message that is there with nothing in it is `false`.
                found.retain(|path| {
                    !matches!(
                        path.as_str(),
                        ".typed_config.generate_request_id"
                            | ".typed_config.internal_address_config.unix_sockets"
                    )
                });
                assert_eq!(found, Vec::<String>::new());
                merges += 1;
            }
        }
    }
    assert_eq!(merges, 6);
}

#[test]
fn a_port_is_matched_where_istio_names_it() {
    let one = |proxy| rendered(&proxied(), &Args { port: Some(8080), ..args(proxy) })[0].to_string();
    let (gateway, sidecar) = (one(Proxy::Gateway), one(Proxy::Sidecar));
    assert!(gateway.contains(r#""name":"http.8080""#) && gateway.contains(r#""portNumber":8080"#));
    assert!(sidecar.contains(r#""name":"inbound|8080||""#) && sidecar.contains(r#""portNumber":8080"#));
    assert!(!sidecar.contains("GATEWAY") && !gateway.contains("SIDECAR_INBOUND"));
}

#[test]
fn what_a_mesh_cannot_give_is_refused_with_a_way_out() {
    let lambda = plan(&json!({
        "integrationId": "i", "integrationType": "AWS_PROXY", "integrationMethod": "POST", "payloadFormatVersion": "2.0",
        "integrationUri": "arn:aws:lambda:us-east-1:123456789012:function:f",
    }));
    let gateway = args(Proxy::Gateway);
    let plugin = Args { wasm_plugin: true, ..gateway.clone() };
    assert!(manifests(&lambda, &settings(), &gateway).is_ok());
    let message = refused(&lambda, &settings(), &plugin);
    assert!(
        message.contains("apis[0].integrations[0].integrationType")
            && message.contains("leave `--wasm-plugin` out"),
        "{message}"
    );
    assert!(manifests(&proxied(), &settings(), &plugin).is_ok());

    let geoip = Settings { geoip_db: Some("/db.mmdb".into()), ..settings() };
    assert!(refused(&proxied(), &geoip, &gateway).contains("without the geoip filter"));
    let nobody = Args { labels: Vec::new(), ..args(Proxy::Sidecar) };
    assert!(refused(&proxied(), &settings(), &nobody).contains("--selector app=users"));
    let nowhere = Args { module: None, ..gateway };
    let relative = Settings { wasm: "sekisho.wasm".into(), ..settings() };
    assert!(refused(&proxied(), &relative, &nowhere).contains("sekisho image"));
    assert!(manifests(&proxied(), &settings(), &nowhere).is_ok());
}

/// The filter leaves lines; without a logger they would be lost in silence.
#[test]
fn whoever_logs_has_a_logger_or_is_refused() {
    let logging = Plan { access_logs: vec![Destination::Stdout], execution_log: true, ..proxied() };
    let text = rendered(&logging, &args(Proxy::Gateway))[0].to_string();
    for state in [&Destination::Stdout.state(), "sekisho_execution_log"] {
        assert!(text.contains(&format!("%FILTER_STATE(wasm.{state}:PLAIN)%")), "{state}: {text}");
    }
    let module = args(Proxy::Gateway).module.unwrap();
    for access in [true, false] {
        let access_logs = if access { logging.access_logs.clone() } else { Vec::new() };
        let plan = Plan { clusters: Vec::new(), access_logs, execution_log: !access, ..proxied() };
        let error = envoy_gateway::policy(&plan, "eg", &module).unwrap_err();
        assert!(error.help().unwrap().contains("`accessLogSettings`"), "{error}");
    }
    assert!(envoy_gateway::policy(&Plan { clusters: Vec::new(), ..proxied() }, "eg", &module).is_ok());
}

#[test]
fn modules_are_named_by_digest() {
    let module: Module = format!("oci://r.example:5000/a/b:1@sha256:{DIGEST}").parse().unwrap();
    assert_eq!((module.image(), module.digest()), (format!("r.example:5000/a/b:1@sha256:{DIGEST}"), DIGEST));
    let upper = format!("oci://r/a@sha256:{}", DIGEST.to_uppercase());
    for text in
        ["oci://r/a:1", "https://r/a.wasm", "oci://r/a@sha256:12", &upper, &format!("oci://@sha256:{DIGEST}")]
    {
        assert!(text.parse::<Module>().is_err(), "{text}");
    }
    assert_eq!(label("istio=x"), Ok(("istio".into(), "x".into())));
    for text in ["istio", "=x", "istio=", "a b=c", "a=*"] {
        assert!(label(text).is_err(), "{text}");
    }
}

#[test]
fn names_are_kubernetess() {
    let named = |id: &str| name(&Plan { gateway_id: id.into(), ..proxied() });
    assert_eq!(named("default"), "sekisho-default");
    let odd = named("My Gateway");
    assert!(odd.len() == 20 && odd != named("My gateway"), "{odd}");
}
