//! Every query of the dashboard and of the alerts, asked of a real Prometheus.

use crate::documents;
use crate::prometheus::{Prometheus, folder};
use sekisho_cases::needs;
use serde_json::{Value, json};
use std::fs;
use wasm_tests::{Backend, Gateway, Options, eventually, raw};

/// The document of the counts, and what else the dashboard has: a web ACL, a canary, an issuer whose keys cannot be had.
fn everything() -> Value {
    const ARN: &str = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/edge/1";
    let visible = |name: &str| json!({ "SampledRequestsEnabled": false, "CloudWatchMetricsEnabled": true, "MetricName": name });
    let mut document = documents::document();
    document["webAcls"] = json!([{
        "Name": "edge", "Id": "1", "ARN": ARN, "DefaultAction": { "Allow": {} }, "VisibilityConfig": visible("edge"),
        "Rules": [{
            "Name": "bad", "Priority": 0, "Action": { "Block": {} }, "VisibilityConfig": visible("bad"),
            "Statement": { "ByteMatchStatement": {
                "SearchString": "YmFk", "FieldToMatch": { "SingleHeader": { "Name": "x-bad" } },
                "TextTransformations": [{ "Priority": 0, "Type": "NONE" }], "PositionalConstraint": "EXACTLY",
            } },
        }],
    }]);
    let api = &mut document["apis"][0];
    api["stages"][0]["webAclArn"] = json!(ARN);
    api["stages"][1]["canarySettings"] = json!({ "percentTraffic": 50.0 });
    api["authorizers"] = json!([{
        "authorizerId": "login", "authorizerType": "JWT", "identitySource": ["$request.header.Authorization"],
        "jwtConfiguration": { "issuer": "https://idp.test", "audience": ["shop"], "jwksUri": "http://idp.test/keys" },
    }]);
    let login = json!({ "routeKey": "GET /login", "target": "integrations/up", "authorizationType": "JWT", "authorizerId": "login" });
    api["routes"].as_array_mut().unwrap().push(login);
    document
}

/// Queries of the dashboard as Grafana asks them, each under its panel's title.
fn of_dashboard() -> Vec<(String, String)> {
    let text = fs::read_to_string(folder().join("grafana/dashboards/sekisho.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] != "row");
    let queries = panels.flat_map(|panel| {
        let title = panel["title"].as_str().unwrap();
        let targets = panel["targets"].as_array().unwrap().iter();
        targets.map(move |target| {
            let query = target["expr"].as_str().unwrap();
            let query = query.replace("$__rate_interval", "1m").replace("$api", ".*").replace("$stage", ".*");
            assert!(!query.contains('$'), "{title}: a variable is unknown: {query}");
            (title.to_owned(), query)
        })
    });
    queries.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prometheus_counts_what_was_sent_and_each_query_has_data() {
    needs!("prometheus", "prometheus");
    let backend = Backend::start().await;
    backend.answers(sekisho_cases::Answer {
        status: 200,
        body: "not a key set, no key".to_owned(),
        ..Default::default()
    });
    let options = Options { concurrency: 4, ..Options::default() };
    let gateway = Gateway::start(&everything(), &backend, options).await;
    let prometheus = Prometheus::start(&gateway).await;
    // A rate is of what comes after the first scrape.
    prometheus.gives("sum(sekisho_api_count_total)", 0.0).await;
    documents::send(gateway.address()).await;
    for (headers, path, status) in
        [("x-bad: bad\r\n", "/users/7", 403), ("authorization: Bearer a.b.c\r\n", "/login", 401)]
    {
        let request = format!("GET {path} HTTP/1.1\r\nhost: shop.localhost\r\n{headers}\r\n");
        assert_eq!(raw::send(gateway.address(), request.as_bytes()).await.unwrap().status, status);
    }
    // The load is 103 requests of somebody's stages.
    for (query, expected) in [
        ("sum(sekisho_api_count_total)", 105.0),
        ("sum(sekisho_api_count_total{api_id=\"shop\", stage=\"$default\", resource=\"/users/{id}\"})", 40.0),
        ("sum by (api_id) (sekisho_api_count_total{api_id=\"shop-1\"})", 23.0),
        ("sekisho_api_count_total{stage=\"s-t\"}", 4.0),
        ("sekisho_api_count_total{stage=\"s_t\"}", 6.0),
        ("sum(sekisho_api_4xx_total)", 15.0),
        ("sum(sekisho_api_5xx_total)", 11.0),
        ("sum(sekisho_api_latency_milliseconds_count)", 105.0),
        ("sum(sekisho_api_latency_milliseconds_bucket{le=\"+Inf\"})", 105.0),
        ("sekisho_refused_requests_total{reason=\"throttled_route\"}", 7.0),
        ("sekisho_waf_blocked_requests_total{web_acl=\"edge\", rule=\"bad\"}", 1.0),
        ("sum(sekisho_canary_requests_total{stage=\"default\"})", 11.0),
        ("sum(sekisho_callouts_in_flight)", 0.0),
    ] {
        prometheus.gives(query, expected).await;
    }
    let queries = of_dashboard();
    for (title, query) in &queries {
        // Of keys that were never had there is no age.
        if title.starts_with("Age of") {
            assert_eq!(prometheus.query(query).await, Ok(Vec::new()));
            continue;
        }
        eventually(&format!("{title}: {query}"), async || {
            let found = prometheus.query(query).await.unwrap_or_else(|problem| panic!("{query}: {problem}"));
            (!found.is_empty() && found.iter().all(|(_, number)| number.is_finite())).then_some(())
        })
        .await;
    }
    println!("{} queries of the dashboard", queries.len());
    assert!(queries.len() >= 50, "{}", queries.len());
    // The issuer's keys are none.
    for query in [
        "sekisho_jwks_failures_in_a_row{source=\"http://idp.test:80/keys\"} > 0",
        "sekisho_jwks_keys{source=\"http://idp.test:80/keys\"} == 0",
        "sekisho_callout_failures_keys_total > 0",
    ] {
        eventually(query, async || (prometheus.query(query).await.unwrap().len() == 1).then_some(())).await;
    }
    // What goes wrong here is what is told: the names of the alerts' series are Envoy's and ours as they are.
    eventually("alerts", async || {
        let alerts = prometheus.alerts().await;
        ["SekishoServerErrors", "SekishoThrottling"]
            .iter()
            .all(|name| alerts.iter().any(|it| it == name))
            .then_some(())
    })
    .await;
    let reloads = "count({__name__=~\"envoy_wasm_.*vm_reload_(success|failure)\"}) >= 2";
    assert_eq!(prometheus.query(reloads).await.unwrap().len(), 1, "the alert of a panic has a series");
    gateway.assert_no_panic().await;
}
