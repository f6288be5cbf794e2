use super::check;
use sekisho::gateway::config;
use sekisho::gateway::diagnostics::Diagnostics;
use serde_json::{Value, json};

fn warnings(document: &Value) -> Vec<String> {
    let config = config::load(document.to_string().as_bytes()).unwrap();
    let mut warnings = Diagnostics::default();
    check(&config, &mut warnings);
    assert!(!warnings.has_errors());
    warnings.0.into_iter().map(|warning| format!("{}: {}", warning.path, warning.problem)).collect()
}

fn times(count: usize, make: impl Fn(usize) -> Value) -> Vec<Value> {
    (0..count).map(make).collect()
}

fn document(over: usize) -> Value {
    let variables: serde_json::Map<String, Value> = (0..100 + over)
        .map(|i| (format!("v{i:03}"), Value::from("x".repeat(if i == 0 { 512 + over } else { 1 }))))
        .collect();
    let throttle: serde_json::Map<String, Value> =
        (0..20 + over).map(|i| (format!("/r{i}/GET"), json!({}))).collect();
    json!({
        "apis": [{
            "apiId": "a", "protocolType": "HTTP",
            "routes": times(300 + over, |i| json!({"routeKey": format!("GET /{i}"),
                "authorizationScopes": if i == 0 { vec!["s"; 10 + over] } else { vec![] }})),
            "integrations": times(300 + over, |i| json!({"integrationId": i.to_string(), "integrationType": "MOCK"})),
            "authorizers": times(10 + over, |i| json!({"authorizerId": i.to_string(), "authorizerType": "JWT",
                "jwtConfiguration": {"audience": vec!["x"; if i == 0 { 50 + over } else { 1 }]}})),
            "stages": times(10 + over, |i| json!({"stageName": format!("s{i}"),
                "stageVariables": if i == 0 { variables.clone() } else { serde_json::Map::new() }})),
        }],
        "domainNames": times(120 + over, |i| json!({"domainName": format!("d{i}")})),
        "apiMappings": times(200 + over, |i| json!({"domainName": "d0", "apiId": "a", "stage": "s0", "apiMappingKey": format!("a/{i}")})),
        "routingRules": times(50 + over, |i| json!({"domainName": "d0", "priority": i + 1})),
        "usagePlans": times(300 + over, |i| json!({"id": i.to_string(),
            "apiStages": if i == 0 { vec![json!({"apiId": "a", "stage": "s0", "throttle": throttle})] } else { vec![] }})),
        "usagePlanKeys": times(10 + over, |i| json!({"usagePlanId": i.to_string(), "keyId": "k"})),
    })
}

#[test]
fn at_the_quota_nothing_is_said() {
    assert_eq!(warnings(&document(0)), Vec::<String>::new());
}

#[test]
fn beyond_it_both_numbers_are() {
    assert_eq!(
        warnings(&document(1)),
        [
            "apis[0].routes: `routes` has 301 elements, more than the 300 that AWS allows",
            "apis[0].authorizers: `authorizers` has 11 elements, more than the 10 that AWS allows",
            "apis[0].integrations: `integrations` has 301 elements, more than the 300 that AWS allows",
            "apis[0].routes[0].authorizationScopes: `authorizationScopes` has 11 elements, more than the 10 that AWS allows",
            "apis[0].authorizers[0].jwtConfiguration.audience: `audience` has 51 elements, more than the 50 that AWS allows",
            "apis[0].stages: `stages` has 11 elements, more than the 10 that AWS allows",
            "apis[0].stages[0].stageVariables: `stageVariables` has 101 elements, more than the 100 that AWS allows",
            "apis[0].stages[0].stageVariables.v000: `v000` has 513 characters, more than the 512 that AWS allows",
            "domainNames: `domainNames` has 121 elements, more than the 120 that AWS allows",
            "apiMappings: `d0` has 201 multi-level API mappings, more than the 200 that AWS allows",
            "routingRules: `d0` has 51 routing rules, more than the 50 that AWS allows",
            "usagePlans: `usagePlans` has 301 elements, more than the 300 that AWS allows",
            "usagePlanKeys: the key `k` is in 11 usage plans, more than the 10 that AWS allows",
            "usagePlans[0].apiStages[0].throttle: `throttle` has 21 elements, more than the 20 that AWS allows",
        ]
    );
}

#[test]
fn buckets_are_not_faster_than_an_account() {
    let document = |over: u32| {
        let throttle = json!({ "rateLimit": 10_000.0 + f64::from(over) / 2.0, "burstLimit": 5_000 + over });
        let settings = json!({
            "throttlingRateLimit": 10_000 + over, "throttlingBurstLimit": 5_000 + over,
        });
        json!({
            "apis": [{ "apiId": "a", "protocolType": "REST", "stages": [
                { "stageName": "s", "defaultRouteSettings": settings, "routeSettings": { "GET /x": settings } },
            ] }],
            "usagePlans": [{ "id": "p", "throttle": throttle,
                "apiStages": [{ "apiId": "a", "stage": "s", "throttle": { "/x/GET": throttle } }] }],
            "accountThrottle": throttle,
        })
    };
    assert_eq!(warnings(&document(0)), Vec::<String>::new());
    let (rate, burst) = (
        "more than the 10000 that AWS allows an account in a region",
        "5001 at once, more than the 5000 that AWS allows an account in a region",
    );
    let stage = "apis[0].stages[0]";
    let plan = "usagePlans[0]";
    assert_eq!(
        warnings(&document(1)),
        [
            format!("{stage}.defaultRouteSettings.throttlingRateLimit: 10001 a second, {rate}"),
            format!("{stage}.defaultRouteSettings.throttlingBurstLimit: {burst}"),
            format!("{stage}.routeSettings[\"GET /x\"].throttlingRateLimit: 10001 a second, {rate}"),
            format!("{stage}.routeSettings[\"GET /x\"].throttlingBurstLimit: {burst}"),
            format!("{plan}.throttle.rateLimit: 10000.5 a second, {rate}"),
            format!("{plan}.throttle.burstLimit: {burst}"),
            format!("{plan}.apiStages[0].throttle[\"/x/GET\"].rateLimit: 10000.5 a second, {rate}"),
            format!("{plan}.apiStages[0].throttle[\"/x/GET\"].burstLimit: {burst}"),
            format!("accountThrottle.rateLimit: 10000.5 a second, {rate}"),
            format!("accountThrottle.burstLimit: {burst}"),
        ]
    );
}
