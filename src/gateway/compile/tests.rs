use super::compile;
use crate::gateway::clusters::Cluster;
use crate::gateway::config::load;
use crate::gateway::routes::RequestPath;
use crate::gateway::surroundings::Elsewhere;
use crate::gateway::testing::{self, config, http, problems, proxy, rest, set};
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::{Duration, Instant};

fn echo() -> Value {
    http(&["GET /users/{id}"], proxy("http://b", json!({})))
}

fn spoiled(change: impl FnOnce(&mut Value)) -> String {
    testing::spoiled(echo(), change)
}

fn clusters(document: &Value) -> Vec<Cluster> {
    compile(&config(document), &Elsewhere).unwrap().clusters
}

#[test]
fn apis_are_checked() {
    assert_eq!(
        spoiled(set("/apis", json!([]))),
        "error: apis: there is no API\n  help: `sekisho schema --markdown` shows what an API needs"
    );
    for id in ["", "a.b", "a b", "é"] {
        let expected = format!("error: apis[0].apiId: `{id}` cannot be the first label of a host");
        assert_eq!(spoiled(set("/apis/0/apiId", json!(id))), expected);
    }
    let twice = |document: &mut Value| {
        let mut second = document["apis"][0].clone();
        second["apiId"] = json!("SHOP");
        document["apis"].as_array_mut().unwrap().push(second);
    };
    assert_eq!(spoiled(twice), "error: apis[1].apiId: the API `SHOP` exists twice");
    let unknown = |document: &mut Value| document["defaultApiId"] = json!("shpo");
    assert_eq!(
        spoiled(unknown),
        "error: defaultApiId: no API is named `shpo`\n  help: an API with a similar name exists: `shop`"
    );
}

#[test]
fn limits_are_checked() {
    let limits = |limits: Value| spoiled(|document| document["limits"] = limits);
    assert_eq!(
        limits(json!({ "payloadBytes": 0 })),
        "error: limits.payloadBytes: 0 would refuse every request that has a body"
    );
    for bytes in [0, 1023, 65_537] {
        assert_eq!(
            limits(json!({ "headerBytes": bytes })),
            format!(
                "error: limits.headerBytes: {bytes} is not from 1024 to 65536\n  help: Envoy itself refuses heads over 64 KiB"
            )
        );
    }
    for bytes in [0, 1023, 65_537] {
        assert_eq!(
            limits(json!({ "urlBytes": bytes })),
            format!("error: limits.urlBytes: {bytes} is not from 1024 to 65536")
        );
    }
    assert_eq!(limits(json!({ "headerBytes": 1024, "urlBytes": 1024, "payloadBytes": 1 })), "");
}

#[test]
fn stages_are_checked() {
    assert_eq!(
        spoiled(set("/apis/0/stages", json!([]))),
        "error: apis[0].stages: the API has no stage, so it answers nobody\n  help: add `{\"stageName\": \"$default\"}`"
    );
    for name in ["", "a b", "a/b", "$other"] {
        assert_eq!(
            spoiled(set("/apis/0/stages/0/stageName", json!(name))),
            format!(
                "error: apis[0].stages[0].stageName: `{name}` is not the name of a stage\n  help: 1 to 128 letters, digits, `-` and `_`, or `$default`"
            )
        );
    }
    let mut document = rest(&["GET /x"], proxy("http://b", json!({})));
    document["apis"][0]["stages"][0]["stageName"] = json!("$default");
    assert_eq!(
        problems(&document),
        "error: apis[0].stages[0].stageName: `$default` is not the name of a stage\n  help: 1 to 128 letters, digits, `-` and `_`; only HTTP APIs have a `$default` stage"
    );
    let twice = json!([{ "stageName": "a" }, { "stageName": "a" }]);
    assert_eq!(
        spoiled(set("/apis/0/stages", twice)),
        "error: apis[0].stages[1].stageName: the stage `a` exists twice"
    );
    let unknown = |document: &mut Value| {
        document["apis"][0]["deployments"] = json!([{ "deploymentId": "d1" }]);
        document["apis"][0]["stages"][0]["deploymentId"] = json!("d2");
    };
    assert_eq!(
        spoiled(unknown),
        "error: apis[0].stages[0].deploymentId: no deployment is named `d2`\n  help: a deployment with a similar name exists: `d1`"
    );
    let twice = json!([{ "deploymentId": "d" }, { "deploymentId": "d" }]);
    assert_eq!(
        spoiled(set("/apis/0/deployments", twice)),
        "error: apis[0].deployments[1].deploymentId: the deployment `d` exists twice"
    );
    let variables =
        |name: &str, value: &str| spoiled(set("/apis/0/stages/0/stageVariables", json!({ name: value })));
    assert_eq!(
        variables("a-b", "x"),
        "error: apis[0].stages[0].stageVariables[\"a-b\"]: a name is 1 to 64 letters, digits and `_`"
    );
    for value in ["a b", "\r\n", "{x}", "é"] {
        assert_eq!(
            variables("a", value),
            "error: apis[0].stages[0].stageVariables[\"a\"]: a value is at most 2048 letters, digits and `-._~:/?#&=,`"
        );
    }
}

#[test]
fn routes_are_checked() {
    assert_eq!(
        spoiled(set("/apis/0/routes/0/target", json!(null))),
        "error: apis[0].routes[0].target: the route has no target\n  help: add `\"target\": \"integrations/ID\"`"
    );
    assert_eq!(
        spoiled(set("/apis/0/routes/0/target", json!("i"))),
        "error: apis[0].routes[0].target: `i` is not `integrations/` and an integration's id"
    );
    assert_eq!(
        spoiled(set("/apis/0/routes/0/target", json!("integrations/j"))),
        "error: apis[0].routes[0].target: no integration is named `j`\n  help: an integration with a similar name exists: `i`"
    );
    assert_eq!(
        spoiled(set("/apis/0/routes/0/routeKey", json!("FETCH /x"))),
        "error: apis[0].routes[0].routeKey: a route cannot name the method `FETCH`\n  help: the methods are ANY, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
    );
    let twice = |document: &mut Value| {
        let route = document["apis"][0]["routes"][0].clone();
        document["apis"][0]["routes"].as_array_mut().unwrap().push(route);
    };
    assert!(spoiled(twice).starts_with("error: apis[0].routes[1].routeKey: "));
}

#[test]
fn integrations_are_checked() {
    const AT: &str = "error: apis[0].integrations[0]";
    let of = |member: &str, value: Value| {
        let pointer = format!("/apis/0/integrations/0/{member}");
        spoiled(set(&pointer, value)).replacen(AT, "", 1)
    };
    assert_eq!(
        of("integrationUri", json!(null)),
        ".integrationUri: the integration has no URI\n  help: add `\"integrationUri\": \"http://HOST:PORT/PATH\"`"
    );
    assert_eq!(
        of("integrationUri", json!("ftp://b")),
        ".integrationUri: `ftp://b` is not the URI of a backend: the scheme `ftp` is neither `http` nor `https`"
    );
    assert_eq!(
        of("integrationUri", json!("http://${stageVariables.none}/x")),
        ".integrationUri: `http:///x` is not the URI of a backend: `` is not a host"
    );
    assert_eq!(
        of("integrationUri", json!("http://b/${stageVariables.color")),
        ".integrationUri: `http://b/${stageVariables.color` is not the URI of a backend: `{` is not closed in `/${stageVariables.color`"
    );
    assert_eq!(
        of("integrationUri", json!("arn:aws:elb:x")),
        ".integrationUri: nothing says where `arn:aws:elb:x` lives\n  help: add it to `endpoints`: `{\"arn:aws:elb:x\": \"http://HOST:PORT\"}`"
    );
    assert_eq!(
        of("connectionType", json!("ENVOY_ROUTE")),
        ".integrationUri: with `ENVOY_ROUTE` Envoy's own routes choose the backend\n  help: remove the URI and the cluster"
    );
    assert_eq!(
        of("integrationMethod", json!("FETCH")),
        ".integrationMethod: `FETCH` is not a method\n  help: the methods are ANY, GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"
    );
    for millis in [0, 49, 30_001] {
        assert_eq!(
            of("timeoutInMillis", json!(millis)),
            format!(".timeoutInMillis: {millis} is not from 50 to 30000")
        );
    }
    let handed_to_envoy = [
        ("retryPolicy", json!({ "maxRetries": 11 }), ".retryPolicy.maxRetries: 11 is not from 0 to 10"),
        ("cluster", json!("a\r\nb"), ".cluster: a cluster's name is visible ASCII characters"),
        ("cluster", json!(""), ".cluster: a cluster's name is visible ASCII characters"),
        (
            "healthCheck",
            json!({ "path": "/a\r\nb" }),
            ".healthCheck.path: a path begins with `/` and is visible ASCII characters",
        ),
        (
            "healthCheck",
            json!({ "intervalMillis": 0 }),
            ".healthCheck.intervalMillis: 0 would ask without a pause",
        ),
    ];
    for (member, value, problem) in handed_to_envoy {
        assert_eq!(of(member, value), problem);
    }
    for status in ["199", "600", "default", ""] {
        assert_eq!(
            of("responseParameters", json!({ status: {} })),
            format!(".responseParameters[{status:?}]: `{status}` is not a status from 200 to 599")
        );
    }
    assert_eq!(
        spoiled(set("/apis/0/integrations/0/integrationUri", json!("http://b/{di}"))),
        "error: apis[0].routes[0].target: the integration's URI names the path variable `di`, which `GET /users/{id}` does not have\n  help: a variable with a similar name exists: `id`"
    );
    let twice = |document: &mut Value| {
        let integration = document["apis"][0]["integrations"][0].clone();
        document["apis"][0]["integrations"].as_array_mut().unwrap().push(integration);
    };
    assert_eq!(
        spoiled(twice),
        "error: apis[0].integrations[1].integrationId: the integration `i` exists twice"
    );
    let mut document = rest(&["GET /x"], proxy("http://b", json!({ "timeoutInMillis": 29_001 })));
    assert_eq!(problems(&document), format!("{AT}.timeoutInMillis: 29001 is not from 50 to 29000"));
    document["apis"][0]["integrations"][0]["timeoutInMillis"] = json!(29_000);
    assert_eq!(problems(&document), "");
}

#[test]
fn what_is_not_supported_yet_says_so_with_its_path() {
    const PROBLEM: &str =
        "is not supported yet\n  help: docs/compatibility.md lists what is, and what is not";
    for (pointer, value, path) in [
        ("/apis/0/integrations/0/integrationType", json!("AWS"), "apis[0].integrations[0].integrationType"),
        ("/apis/0/minimumCompressionSize", json!(1), "apis[0].minimumCompressionSize"),
    ] {
        let found = spoiled(set(pointer, value));
        assert!(found.starts_with(&format!("error: {path}: {PROBLEM}")), "{path}: {found}");
    }
    let off = |document: &mut Value| {
        document["apis"][0]["routes"][0]["apiKeyRequired"] = json!(false);
        document["apis"][0]["routes"][0]["authorizationType"] = json!("NONE");
        document["apis"][0]["stages"][0]["defaultRouteSettings"] = json!({ "loggingLevel": "OFF" });
    };
    assert_eq!(spoiled(off), "");
}

#[test]
fn all_problems_are_told_at_once_and_each_once() {
    let all = |document: &mut Value| {
        document["apis"][0]["stages"] = json!([{ "stageName": "a" }, { "stageName": "b" }]);
        document["apis"][0]["integrations"][0]["timeoutInMillis"] = json!(1);
        document["apis"][0]["integrations"][0]["integrationMethod"] = json!("FETCH");
        document["apis"][0]["routes"][0]["target"] = json!("integrations/none");
    };
    let found = spoiled(all);
    assert_eq!(found.lines().filter(|line| line.starts_with("error: ")).count(), 3, "{found}");
}

#[test]
fn a_cluster_is_shared_where_its_settings_are_the_same() {
    let two = |first: Value, second: Value| {
        let mut document = echo();
        let of = |id: &str, more: Value| {
            let mut integration = proxy("http://b:8080/x", more);
            integration["integrationId"] = json!(id);
            integration
        };
        document["apis"][0]["integrations"] = json!([of("i", first), of("j", second)]);
        clusters(&document).into_iter().map(|cluster| cluster.name).collect::<Vec<_>>()
    };
    assert_eq!(two(json!({}), json!({ "integrationMethod": "PUT" })), ["http://b:8080"]);
    let names = two(json!({}), json!({ "protocolVersion": "HTTP2" }));
    assert_eq!((names.len(), names[0].as_str()), (2, "http://b:8080"));
    assert!(names[1].starts_with("http://b:8080#"), "{names:?}");
    assert_eq!(two(json!({ "protocolVersion": "HTTP2" }), json!({ "protocolVersion": "GRPC" })).len(), 1);
    assert_eq!(two(json!({ "healthCheck": {} }), json!({ "healthCheck": { "path": "/x" } })).len(), 2);
    assert!(two(json!({ "cluster": "mine" }), json!({ "cluster": "mine" })).is_empty());
}

#[test]
fn stage_variables_choose_the_cluster_of_each_stage() {
    let mut document =
        http(&["GET /x"], proxy("http://${stageVariables.host}:8080/${stageVariables.v}", json!({})));
    document["apis"][0]["stages"] = json!([
        { "stageName": "a", "stageVariables": { "host": "one", "v": "1" } },
        { "stageName": "b", "stageVariables": { "host": "two" } },
    ]);
    let clusters = clusters(&document);
    assert_eq!(clusters.iter().map(|c| c.host.as_str()).collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn a_private_integration_speaks_tls_when_it_is_told_whose_name_to_verify() {
    let arn = "arn:aws:servicediscovery:us-east-1:123456789012:service/srv-1";
    let integration = proxy(arn, json!({ "tlsConfig": { "serverNameToVerify": "users.test" } }));
    let mut document = http(&["GET /x"], integration);
    document["endpoints"] = json!({ arn: "http://10.0.0.7:8443" });
    let cluster = clusters(&document).remove(0);
    assert_eq!((cluster.tls, cluster.host.as_str(), cluster.port), (true, "10.0.0.7", 8443));
    assert_eq!(cluster.server_name.as_deref(), Some("users.test"));
    document["endpoints"] = json!({ arn: "http://10.0.0.7" });
    assert_eq!(clusters(&document).remove(0).port, 443);
}

#[test]
fn a_name_to_verify_without_tls_is_an_error() {
    let change = set("/apis/0/integrations/0/tlsConfig", json!({ "serverNameToVerify": "users.test" }));
    assert_eq!(
        spoiled(change),
        "error: apis[0].integrations[0].tlsConfig: there is nothing to verify: the URI is `http`\n  help: write `https` in the URI"
    );
}

#[test]
fn members_of_another_type_of_integration_are_warned_of() {
    let templates = set("/apis/0/integrations/0/requestTemplates", json!({ "application/json": "{}" }));
    assert_eq!(
        spoiled(templates),
        "warning: apis[0].integrations[0].requestTemplates: is read of a MOCK integration only"
    );
    let mock = json!({ "integrationType": "MOCK", "requestTemplates": { "application/json": "{statusCode: 200}" },
        "integrationResponses": [{ "statusCode": 200 }], "requestParameters": { "append:header.a": "b" } });
    assert_eq!(
        problems(&http(&["GET /x"], mock)),
        "warning: apis[0].integrations[0].requestParameters: is read of an integration with a backend only"
    );
}

#[test]
fn only_what_tells_the_clients_address_asks_for_it() {
    let wants =
        |document: &Value| compile(&config(document), &Elsewhere).unwrap().gateway.wants().source_address;
    assert!(wants(&echo()), "it stands in Forwarded");
    let plain = |more: Value| rest(&["GET /x"], proxy("http://b", more));
    assert!(!wants(&plain(json!({}))));
    assert!(wants(&plain(
        json!({ "requestParameters": { "append:header.a": "${context.identity.sourceIp}" } })
    )));
}

/// A document of this many routes: a third each of literals, variables and greedy variables.
fn large(routes: usize) -> String {
    let mut text = String::from(
        r#"{"apis":[{"apiId":"shop","protocolType":"HTTP","stages":[{"stageName":"$default"}],"routes":["#,
    );
    for i in 0..routes {
        let comma = if i == 0 { "" } else { "," };
        let key = match i % 3 {
            0 => format!("GET /tenants/t{i}/orders"),
            1 => format!("POST /tenants/t{i}/orders/{{order}}/items/{{item}}"),
            _ => format!("ANY /tenants/t{i}/files/{{path+}}"),
        };
        let integration = i % 300;
        let _ = write!(text, r#"{comma}{{"routeKey":"{key}","target":"integrations/i{integration}"}}"#);
    }
    text.push_str(r#"],"integrations":["#);
    for i in 0..300 {
        let comma = if i == 0 { "" } else { "," };
        let _ = write!(
            text,
            r#"{comma}{{"integrationId":"i{i}","integrationType":"HTTP_PROXY","integrationUri":"http://b{i}/x"}}"#
        );
    }
    text.push_str("]}]}");
    text
}

#[test]
fn ten_thousand_routes_load_in_a_moment() {
    let text = large(10_000);
    let once = || {
        let began = Instant::now();
        let config = load(text.as_bytes()).unwrap();
        let loaded = began.elapsed();
        let compiled = compile(&config, &Elsewhere).unwrap_or_else(|problems| panic!("{problems}"));
        (began.elapsed(), loaded, compiled.gateway)
    };
    // The best of three: the machine may build something else meanwhile.
    let (all, loaded, gateway) = [once(), once(), once()].into_iter().min_by_key(|run| run.0).unwrap();
    println!("10,000 routes, {} bytes: loaded in {loaded:?}, compiled in {:?}", text.len(), all - loaded);
    let api = gateway.api("shop").unwrap();
    let path = RequestPath::parse(b"/tenants/t9998/files/a/b", api.protocol).unwrap();
    let (_, route) = api.stage("$default").unwrap().table.select(b"PUT", &path).unwrap();
    assert_eq!(route.key, "ANY /tenants/t9998/files/{path+}");
    // A third of a second on an idle machine, unoptimised. The bound is for what grows with the square of the routes.
    assert!(all < Duration::from_secs(5), "{all:?}");
}
