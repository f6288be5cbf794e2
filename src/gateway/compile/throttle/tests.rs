use crate::gateway::testing::{gateway, http, problems, proxy};
use serde_json::{Value, json};

/// An HTTP API of two routes, with these settings of its stage.
fn settings(stage: Value) -> Value {
    let mut document = http(&["GET /a", "GET /b"], proxy("http://b", json!({})));
    for (name, value) in stage.as_object().unwrap() {
        document["apis"][0]["stages"][0][name] = value.clone();
    }
    document
}

/// Rate and burst of each route's bucket.
fn limits(document: &Value) -> [Option<(f64, f64)>; 2] {
    let gateway = gateway(document);
    let stage = gateway.api("shop").unwrap().stage("$default").unwrap();
    let of =
        |place| stage.throttle(place).map(|throttle| (throttle.limit().rate(), throttle.limit().burst()));
    [of(0), of(1)]
}

#[test]
fn a_member_is_the_routes_then_the_stages_then_the_accounts() {
    let own = json!({ "GET /a": { "throttlingRateLimit": 2.5 } });
    let default = json!({ "throttlingBurstLimit": 7 });
    assert_eq!(limits(&settings(json!({}))), [None, None]);
    assert_eq!(limits(&settings(json!({ "routeSettings": own }))), [Some((2.5, 5_000.0)), None]);
    let both = settings(json!({ "routeSettings": own, "defaultRouteSettings": default }));
    assert_eq!(limits(&both), [Some((2.5, 7.0)), Some((10_000.0, 7.0))]);
    let mut lower = both;
    lower["accountThrottle"] = json!({ "rateLimit": 100 });
    assert_eq!(limits(&lower), [Some((2.5, 7.0)), Some((100.0, 7.0))]);
    lower["accountThrottle"] = json!({ "burstLimit": 50 });
    lower["apis"][0]["stages"][0]["defaultRouteSettings"] = json!({ "throttlingRateLimit": 1 });
    assert_eq!(limits(&lower), [Some((2.5, 50.0)), Some((1.0, 50.0))]);
}

#[test]
fn the_account_has_awss_limit_unless_the_document_says_otherwise() {
    let account = |written: Value| {
        let mut document = settings(json!({}));
        document["accountThrottle"] = written;
        let limit = gateway(&document).account.limit();
        (limit.rate(), limit.burst())
    };
    assert_eq!(account(Value::Null), (10_000.0, 5_000.0));
    assert_eq!(account(json!({ "rateLimit": 20_000 })), (20_000.0, 5_000.0));
    assert_eq!(account(json!({ "burstLimit": 10 })), (10_000.0, 10.0));
}

#[test]
fn what_is_no_rate_is_told_where_it_is_written() {
    let wrong = "a rate is a number from 0 to 1,000,000 a second";
    for rate in [-1.0, -0.001, 1e9, 1_000_000.1] {
        let own = settings(json!({ "routeSettings": { "GET /a": { "throttlingRateLimit": rate } } }));
        assert_eq!(
            problems(&own),
            format!("error: apis[0].stages[0].routeSettings[\"GET /a\"].throttlingRateLimit: {wrong}")
        );
        // Once, though it is each route's.
        let default = settings(json!({ "defaultRouteSettings": { "throttlingRateLimit": rate } }));
        assert_eq!(
            problems(&default),
            format!("error: apis[0].stages[0].defaultRouteSettings.throttlingRateLimit: {wrong}")
        );
        // Once, though it is a route's, too.
        let mut account = settings(json!({ "defaultRouteSettings": { "throttlingBurstLimit": 1 } }));
        account["accountThrottle"] = json!({ "rateLimit": rate });
        assert_eq!(problems(&account), format!("error: accountThrottle.rateLimit: {wrong}"));
    }
    for rate in [0.0, 0.001, 1_000_000.0] {
        let own = settings(json!({ "routeSettings": { "GET /a": { "throttlingRateLimit": rate } } }));
        assert_eq!(problems(&own), "", "{rate}");
    }
}

#[test]
fn a_bucket_that_holds_nothing_is_warned_of_where_it_is_written() {
    let warning = "a bucket that holds nothing lets nobody through, whatever its rate\n  help: a burst of 1 lets one request through at a time";
    let own = json!({ "GET /a": { "throttlingRateLimit": 5, "throttlingBurstLimit": 0 } });
    assert_eq!(
        problems(&settings(json!({ "routeSettings": own }))),
        format!("warning: apis[0].stages[0].routeSettings[\"GET /a\"].throttlingBurstLimit: {warning}")
    );
    let default = json!({ "throttlingRateLimit": 5, "throttlingBurstLimit": 0 });
    assert_eq!(
        problems(&settings(json!({ "defaultRouteSettings": default }))),
        format!("warning: apis[0].stages[0].defaultRouteSettings.throttlingBurstLimit: {warning}")
    );
    let mut account = settings(json!({ "routeSettings": { "GET /a": { "throttlingRateLimit": 5 } } }));
    account["accountThrottle"] = json!({ "burstLimit": 0 });
    assert_eq!(problems(&account), format!("warning: accountThrottle.burstLimit: {warning}"));
    let closed = json!({ "GET /a": { "throttlingRateLimit": 0, "throttlingBurstLimit": 0 } });
    assert_eq!(problems(&settings(json!({ "routeSettings": closed }))), "", "closed on purpose");
}

#[test]
fn settings_of_a_route_that_does_not_exist_are_an_error() {
    assert_eq!(
        problems(&settings(json!({ "routeSettings": { "GET /c": {} } }))),
        "error: apis[0].stages[0].routeSettings[\"GET /c\"]: no route of the stage has the key `GET /c`\n  help: a route with a similar name exists: `GET /a`"
    );
}
