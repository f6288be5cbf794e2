use super::counts::Times;
use super::{COUNTED, MEASURED, MOST_STATISTICS, Metric};
use crate::gateway::exchange::{Exchange, Origin};
use crate::gateway::flow::{CalloutReply, Flow, ResponseFlow};
use crate::gateway::head::Head;
use crate::gateway::outcome::{Ending, Observation};
use crate::gateway::testing::{ended, env, gateway, head, problems, proxy};
use crate::gateway::worker::Worker;
use crate::gateway::{Env, Gateway, Nanos};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};

/// A request of ten bytes that was answered by twenty.
#[derive(Debug)]
struct Over(u16);

impl Ending for Over {
    fn response_bytes(&self) -> u64 {
        20
    }

    fn request_bytes(&self) -> u64 {
        10
    }

    fn tls_version(&self) -> Vec<u8> {
        Vec::new()
    }

    fn broke_off(&self) -> bool {
        false
    }

    fn status(&self) -> u16 {
        self.0
    }
}

fn api(protocol: &str, stages: Value) -> Value {
    json!({ "apis": [{
        "apiId": "shop", "name": "The Shop", "protocolType": protocol,
        "routes": [
            { "routeKey": "GET /users/{id}", "target": "integrations/up" },
            { "routeKey": "ANY /posts", "target": "integrations/up" },
        ],
        "integrations": [proxy("http://b", json!({ "integrationId": "up" }))],
        "stages": stages,
    }] })
}

/// A world whose monotonic clock stands at so many milliseconds.
fn at(millis: u64, worker: &'static RefCell<Worker>) -> Env<'static> {
    Env { monotonic: Nanos(millis * 1_000_000), worker, ..env() }
}

/// A request that its backend answers 30 ms after it came, and that is over after 50.
fn answered(
    gateway: &std::rc::Rc<Gateway>,
    path: &str,
    status: &str,
    worker: &'static RefCell<Worker>,
) -> Observation {
    let mut exchange = Exchange::new(gateway.clone());
    let flow = exchange.on_request_headers(Ok(head("GET", path, &[], true)), &at(100, worker));
    let (status, origin) = match &flow {
        Flow::Forward(_) => (status.to_owned(), Origin::Upstream),
        Flow::Answer(answer) => (answer.status.to_string(), Origin::Upstream),
        flow => panic!("{flow:?}"),
    };
    let response = Head::from_pairs(&[(":status", status.as_str())], true);
    let flow = exchange.on_response_headers(Ok(response), origin, &at(130, worker));
    assert!(matches!(flow, ResponseFlow::Continue(_)), "{flow:?}");
    ended(&mut exchange, &Over(0), &at(150, worker))
}

/// What was counted since this was last asked, by the names of statistics.
fn counted(gateway: &Gateway, worker: &RefCell<Worker>) -> BTreeMap<String, u64> {
    let mut told = BTreeMap::new();
    for (key, counted) in worker.borrow_mut().apis.drain() {
        let place = gateway.places().find(|place| place.key == key).unwrap();
        for (metric, number) in COUNTED.into_iter().zip(counted.numbers()) {
            if number > 0 {
                told.insert(place.statistic(metric).unwrap(), number);
            }
        }
    }
    told
}

fn told(expected: &[(&str, u64)]) -> BTreeMap<String, u64> {
    expected.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

fn worker() -> &'static RefCell<Worker> {
    Box::leak(Box::default())
}

#[test]
fn a_request_is_counted_once_where_it_belongs() {
    let detailed = json!({ "detailedMetricsEnabled": true });
    let document = api(
        "HTTP",
        json!([
            { "stageName": "$default" },
            { "stageName": "prod", "routeSettings": { "GET /users/{id}": detailed } },
        ]),
    );
    let (gateway, worker) = (gateway(&document), worker());
    for (path, status) in [
        ("/users/7", "200"),
        ("/nowhere", ""),
        ("/prod/users/7", "404"),
        ("/prod/users/8", "500"),
        ("/prod/posts", "201"),
    ] {
        answered(&gateway, path, status, worker);
    }
    let expected = [
        ("sekisho_api;shop;$default;The Shop;count_total", 2),
        ("sekisho_api;shop;$default;The Shop;4xx_total", 1),
        ("sekisho_api;shop;$default;The Shop;unasked_total", 1),
        ("sekisho_api;shop;$default;The Shop;data_processed_bytes_total", 60),
        ("sekisho_api;shop;prod;The Shop;GET;/users/{id};count_total", 2),
        ("sekisho_api;shop;prod;The Shop;GET;/users/{id};4xx_total", 1),
        ("sekisho_api;shop;prod;The Shop;GET;/users/{id};5xx_total", 1),
        ("sekisho_api;shop;prod;The Shop;GET;/users/{id};data_processed_bytes_total", 60),
        ("sekisho_api;shop;prod;The Shop;count_total", 1),
        ("sekisho_api;shop;prod;The Shop;data_processed_bytes_total", 30),
    ];
    assert_eq!(counted(&gateway, worker), told(&expected));
    assert_eq!(counted(&gateway, worker), told(&[]), "and told once");
}

#[test]
fn a_rest_api_counts_what_its_customised_responses_say_and_no_bytes() {
    let mut document = api("REST", json!([{ "stageName": "prod" }]));
    document["apis"][0]["gatewayResponses"] =
        json!([{ "responseType": "MISSING_AUTHENTICATION_TOKEN", "statusCode": "503" }]);
    document["apis"][0]["name"] = json!("é");
    let (gateway, worker) = (gateway(&document), worker());
    let observation = answered(&gateway, "/prod/nowhere", "", worker);
    // Nobody's stage.
    assert_eq!(answered(&gateway, "/other/users/7", "", worker).times, None);
    let name = |metric| format!("sekisho_api;shop;prod;shop;{metric}_total");
    let expected = [(&*name("count"), 1), (&*name("5xx"), 1), (&*name("unasked"), 1)];
    assert_eq!(counted(&gateway, worker), told(&expected));
    let place = gateway.places().next().unwrap();
    // No integration was asked.
    assert_eq!(
        observation.times,
        Some(Times { place: place.key, latency: Some(50), integration_latency: None })
    );
    let refused: Vec<_> = worker.borrow_mut().refused.drain().collect();
    assert_eq!(
        refused,
        [
            ("sekisho_refused;unknown_route;requests_total".into(), 1),
            ("sekisho_refused;unknown_stage;requests_total".into(), 1)
        ]
    );
}

/// A rule may answer in its own words: it refuses all the same.
#[test]
fn a_rule_that_answers_itself_is_a_refusal() {
    let mut document = api("REST", json!([{ "stageName": "prod" }]));
    let visible =
        json!({ "CloudWatchMetricsEnabled": true, "SampledRequestsEnabled": false, "MetricName": "m" });
    let arn = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/edge/1";
    document["webAcls"] = json!([{
        "Name": "edge", "Id": "edge", "ARN": arn, "VisibilityConfig": visible, "Rules": [],
        "DefaultAction": { "Block": { "CustomResponse": { "ResponseCode": 302 } } },
    }]);
    document["apis"][0]["stages"][0]["webAclArn"] = json!(arn);
    let (gateway, worker) = (gateway(&document), worker());
    let _ = answered(&gateway, "/prod/users/7", "", worker);
    let expected = [
        ("sekisho_api;shop;prod;The Shop;count_total", 1),
        ("sekisho_api;shop;prod;The Shop;unasked_total", 1),
    ];
    assert_eq!(counted(&gateway, worker), told(&expected));
    let refused: Vec<_> = worker.borrow_mut().refused.drain().collect();
    assert_eq!(refused, [("sekisho_refused;waf_blocked;requests_total".into(), 1)]);
}

#[test]
fn times_are_from_the_arrival_and_from_the_handing_over() {
    let (gateway, worker) = (gateway(&api("HTTP", json!([{ "stageName": "$default" }]))), worker());
    let times = answered(&gateway, "/posts", "502", worker).times.unwrap();
    assert_eq!((times.latency, times.integration_latency), (Some(50), Some(30)));
}

#[test]
fn a_client_that_leaves_is_a_request_without_an_answer() {
    let (gateway, worker) = (gateway(&api("HTTP", json!([{ "stageName": "$default" }]))), worker());
    let mut exchange = Exchange::new(gateway.clone());
    let flow = exchange.on_request_headers(Ok(head("GET", "/posts", &[], true)), &at(0, worker));
    assert!(matches!(flow, Flow::Forward(_)));
    let times = ended(&mut exchange, &Over(0), &at(9, worker)).times.unwrap();
    assert_eq!((times.latency, times.integration_latency), (Some(9), None));
    let expected = [
        ("sekisho_api;shop;$default;The Shop;count_total", 1),
        ("sekisho_api;shop;$default;The Shop;data_processed_bytes_total", 30),
    ];
    assert_eq!(counted(&gateway, worker), told(&expected));
}

#[test]
fn connections_are_counted_when_they_are_made_or_refused() {
    let (gateway, worker) = (gateway(&api("HTTP", json!([{ "stageName": "$default" }]))), worker());
    let upgrade = [("connection", "Upgrade"), ("upgrade", "websocket")];
    let ask = |path: &str, status: &str, origin: Origin<'_>| {
        let mut exchange = Exchange::new(gateway.clone());
        let flow = exchange.on_request_headers(Ok(head("GET", path, &upgrade, false)), &at(0, worker));
        let status = match &flow {
            Flow::Answer(answer) => answer.status.to_string(),
            _ => status.to_owned(),
        };
        let response = Head::from_pairs(&[(":status", status.as_str())], true);
        let _ = exchange.on_response_headers(Ok(response), origin, &at(1, worker));
        exchange
    };
    let name = |metric| format!("sekisho_api;shop;$default;The Shop;{metric}_total");
    let mut connected = ask("/posts", "101", Origin::Upstream);
    assert_eq!(counted(&gateway, worker), told(&[(&name("count"), 1), (&name("connect_count"), 1)]));
    let times = ended(&mut connected, &Over(0), &at(60_000, worker)).times.unwrap();
    assert_eq!((times.latency, times.integration_latency), (None, Some(1)));
    assert_eq!(counted(&gateway, worker), told(&[(&name("data_processed_bytes"), 30)]));
    // What comes before an integration is asked, and only that, asked none.
    for (path, status, origin, metric) in [
        ("/nowhere", "", Origin::Upstream, "client_error"),
        ("/posts", "403", Origin::Upstream, "integration_error"),
        ("/posts", "503", Origin::Envoy(b"no_healthy_upstream"), "execution_error"),
    ] {
        ended(&mut ask(path, status, origin), &Over(0), &at(1, worker));
        let counted = counted(&gateway, worker);
        assert_eq!(counted.get(&name(metric)), Some(&1), "{path} {status}");
        assert_eq!(counted.contains_key(&name("unasked")), path == "/nowhere", "{path} {status}");
    }
}

/// Ids and names that differ in what other systems take for the same are different statistics.
#[test]
fn places_are_told_apart() {
    let mut document = api("HTTP", json!([{ "stageName": "$default" }, { "stageName": "default" }]));
    for (id, name) in [("a-b", "x"), ("a_b", "x"), ("ab", "a.b"), ("AB", "a;b")] {
        if id == "AB" {
            continue;
        }
        let mut api = document["apis"][0].clone();
        (api["apiId"], api["name"]) = (json!(id), json!(name));
        api["stages"] = json!([{ "stageName": "s-t" }, { "stageName": "s_t" }]);
        document["apis"].as_array_mut().unwrap().push(api);
    }
    document["defaultApiId"] = json!("shop");
    let gateway = gateway(&document);
    let names: Vec<_> = gateway.places().map(|place| place.statistic(Metric::Count).unwrap()).collect();
    let (keys, different): (HashSet<_>, HashSet<_>) =
        (gateway.places().map(|place| place.key).collect(), names.iter().collect());
    assert_eq!((names.len(), keys.len(), different.len()), (8, 8, 8), "{names:?}");
}

#[test]
fn there_are_no_more_statistics_than_are_stated() {
    let routes: Vec<_> =
        (0..2000).map(|i| json!({ "routeKey": format!("GET /r{i}"), "target": "integrations/up" })).collect();
    let mut document = api(
        "HTTP",
        json!([{ "stageName": "$default", "defaultRouteSettings": { "detailedMetricsEnabled": true } }]),
    );
    document["apis"][0]["routes"] = json!(routes);
    let gateway = gateway(&document);
    let statistics: usize = gateway.places().map(super::Place::statistics).sum();
    assert!((MOST_STATISTICS - 6..=MOST_STATISTICS).contains(&statistics), "{statistics}");
    let names: HashSet<_> = gateway
        .places()
        .flat_map(|place| COUNTED.iter().chain(&MEASURED).filter_map(|metric| place.statistic(*metric)))
        .collect();
    assert_eq!(names.len(), statistics);
    let expected = "warning: apis[0].stages[0]: 574 of 2000 routes with `detailedMetricsEnabled` have no metrics of their own: \
                    the document would have more than 10000 statistics\n  help: their requests are counted at the stage; \
                    set `detailedMetricsEnabled` for the routes that matter, by `routeSettings`";
    assert_eq!(problems(&document).trim(), expected);
    // What has none is counted at the stage.
    let worker = worker();
    answered(&gateway, "/r1999", "200", worker);
    assert_eq!(counted(&gateway, worker).get("sekisho_api;shop;$default;The Shop;count_total"), Some(&1));
}

/// Stages beyond the limit have one place together: nothing that happens is lost.
#[test]
fn stages_beyond_the_limit_are_counted_together() {
    let stages: Vec<_> = (0..1000).map(|i| json!({ "stageName": format!("s{i}"), "routeSettings": { "ANY /posts": { "detailedMetricsEnabled": true } } })).collect();
    let document = api("HTTP", json!(stages));
    let gateway = gateway(&document);
    let keys: HashSet<_> = gateway.places().map(|place| place.key).collect();
    let statistics: usize =
        gateway.places().filter(|place| !place.is_shared()).map(super::Place::statistics).sum::<usize>()
            + super::Place::of_others().statistics();
    assert!((MOST_STATISTICS - 11..=MOST_STATISTICS).contains(&statistics), "{statistics}");
    let expected = "warning: apis: 168 of 1000 stages have no metrics of their own: the document would have more than 10000 \
                    statistics\n  help: their requests are counted together, in metrics without labels; divide the document \
                    between gateways";
    assert!(problems(&document).starts_with(expected), "{}", problems(&document));
    let own = keys.len() - 1;
    assert_eq!(own, 832);
    let worker = worker();
    for stage in ["s0", "s831", "s832", "s999"] {
        let observation = answered(&gateway, &format!("/{stage}/posts"), "503", worker);
        assert!(observation.times.is_some(), "{stage}");
    }
    let told = counted(&gateway, worker);
    let counts: Vec<_> = told.iter().filter(|(name, _)| name.ends_with(";count_total")).collect();
    let expected = [
        ("sekisho_api;count_total", 2),
        ("sekisho_api;shop;s0;The Shop;count_total", 1),
        ("sekisho_api;shop;s831;The Shop;count_total", 1),
    ];
    assert_eq!(counts.len(), expected.len(), "{counts:?}");
    for (name, count) in expected {
        assert_eq!(told.get(name), Some(&count), "{name}");
    }
    assert_eq!(told.get("sekisho_api;5xx_total"), Some(&2));
}

/// Two sides of a canary that serve one route count it at one place.
#[test]
fn sides_share_their_places() {
    let mut document = api(
        "HTTP",
        json!([{
            "stageName": "$default", "defaultRouteSettings": { "detailedMetricsEnabled": true },
            "canarySettings": { "percentTraffic": 50.0, "stageVariableOverrides": { "x": "y" } },
        }]),
    );
    document["apis"][0]["routes"].as_array_mut().unwrap().pop();
    let gateway = gateway(&document);
    let keys: HashSet<_> = gateway.places().map(|place| place.key).collect();
    assert_eq!(keys.len(), 2, "{:?}", gateway.places().collect::<Vec<_>>());
}

/// Every reason that the code can tell is one that is counted from the beginning.
#[test]
fn all_reasons_are_known() {
    let sources = [
        include_str!("../rejection/words.rs"),
        include_str!("../authorizers/jwt/refusal.rs"),
        include_str!("../authorizers/iam/refusal.rs"),
    ];
    let written: HashSet<_> = sources
        .iter()
        .flat_map(|text| text.split('"'))
        .filter(|text| {
            text.starts_with("sekisho_") && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        })
        .collect();
    let known: HashSet<_> = super::super::rejection::Rejection::REASONS.into_iter().collect();
    assert_eq!(known, written);
    assert!(known.len() > 60, "{}", known.len());
}

/// A question that is not answered is counted by who asked it.
#[test]
fn unanswered_questions_are_counted() {
    let mut document = api("HTTP", json!([{ "stageName": "$default" }]));
    document["apis"][0]["integrations"][0] = json!({
        "integrationId": "up", "integrationType": "AWS_PROXY",
        "integrationUri": "arn:aws:lambda:us-east-1:123456789012:function:f",
        "payloadFormatVersion": "2.0",
    });
    document["endpoints"] = json!({ "lambda": "http://lambda.test" });
    let (gateway, worker) = (gateway(&document), worker());
    let mut exchange = Exchange::new(gateway.clone());
    let flow = exchange.on_request_headers(Ok(head("GET", "/posts", &[], true)), &at(0, worker));
    assert!(matches!(flow, Flow::Call(_)), "{flow:?}");
    let _ = exchange.on_callout(&CalloutReply::Failed, &at(5, worker));
    let told: Vec<_> = worker.borrow_mut().counts.drain().filter(|(_, count)| *count > 0).collect();
    assert_eq!(told, [("callout_failures.integration", 1)]);
    let times = ended(&mut exchange, &Over(500), &at(7, worker)).times.unwrap();
    assert_eq!((times.latency, times.integration_latency), (Some(7), Some(5)));
}
