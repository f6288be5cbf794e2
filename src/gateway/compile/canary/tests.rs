use crate::gateway::testing::{http, problems, proxy};
use serde_json::{Value, json};

/// A stage on one deployment, its canary on another one.
fn document(settings: Value) -> Value {
    let mut document = http(&["GET /x"], proxy("http://backend.test", json!({})));
    let api = &mut document["apis"][0];
    api["deployments"] = json!([
        { "deploymentId": "d1", "routes": api["routes"], "integrations": api["integrations"] },
        { "deploymentId": "d2", "routes": api["routes"], "integrations": api["integrations"] },
    ]);
    api["stages"] = json!([{ "stageName": "$default", "deploymentId": "d1", "canarySettings": settings }]);
    document
}

fn found(settings: Value) -> String {
    problems(&document(settings))
}

#[test]
fn what_chooses_no_side_is_an_error_with_its_path() {
    for (settings, expected) in [
        (json!({ "percentTraffic": 101 }), "percentTraffic: 101 is not from 0 to 100"),
        (
            json!({ "stageVariableOverrides": { "a-b": "c" } }),
            "stageVariableOverrides[\"a-b\"]: a name is 1 to 64",
        ),
        (
            json!({ "stageVariableOverrides": { "a": "b c" } }),
            "stageVariableOverrides[\"a\"]: a value is at most",
        ),
        (json!({ "deploymentId": "d3" }), "deploymentId: no deployment is named `d3`"),
        (json!({ "match": [{}] }), "match[0]: a match is a header or a cookie"),
        (
            json!({ "match": [{ "header": { "name": "a", "exact": "b" }, "cookie": { "name": "a", "exact": "b" } }] }),
            "match[0]: a match",
        ),
        (
            json!({ "match": [{ "header": { "name": "a b", "exact": "b" } }] }),
            "match[0].header.name: `a b` is not the name",
        ),
        (
            json!({ "match": [{ "header": { "name": "a" } }] }),
            "match[0].header: a value is matched by exactly one",
        ),
        (
            json!({ "match": [{ "cookie": { "name": "a", "exact": "b", "prefix": "c" } }] }),
            "match[0].cookie: a value",
        ),
        (
            json!({ "match": [{ "header": { "name": "a", "regex": "(" } }] }),
            "match[0].header.regex: `(` is no expression",
        ),
        (json!({ "stickyKey": "x-user" }), "stickyKey: `x-user` cannot keep a user on one side"),
        (json!({ "stickyKey": "$request.querystring.a" }), "stickyKey: `$request.querystring.a` cannot"),
        (json!({ "stickyKey": "$request.header.a b" }), "stickyKey: `a b` is not the name"),
        (
            json!({ "stickyKey": "$context.authorizer.claims.sub", "deploymentId": "d2" }),
            "stickyKey: a claim is known once",
        ),
    ] {
        let found = found(settings.clone());
        assert!(found.contains("error: apis[0].stages[0].canarySettings."), "{settings}: {found}");
        assert!(found.contains(expected), "{settings}: {found}");
    }
    for fine in [
        json!({}),
        json!({ "percentTraffic": 12.5, "deploymentId": "d2", "useStageCache": false }),
        json!({ "stickyKey": "$context.authorizer.claims.sub" }),
        json!({ "stickyKey": "$context.identity.sourceIp", "deploymentId": "d2" }),
        json!({ "stickyKey": "$request.cookie.user", "match": [{ "header": { "name": "a", "exact": "b" } }] }),
    ] {
        assert_eq!(found(fine.clone()), "", "{fine}");
    }
}

#[test]
fn settings_of_routes_are_of_either_side() {
    let mut document = document(json!({ "deploymentId": "d2" }));
    let limits = json!({ "throttlingRateLimit": 1, "throttlingBurstLimit": 1 });
    document["apis"][0]["stages"][0]["routeSettings"] = json!({ "GET /new": limits });
    assert!(problems(&document).contains("no route of the stage has the key `GET /new`"));
    document["apis"][0]["deployments"][1]["routes"][0]["routeKey"] = json!("GET /new");
    assert_eq!(problems(&document), "");
}

/// What is found where clients choose between these routes and those.
fn between(stable: Value, canary: Value, settings: Value) -> String {
    let mut document = document(settings);
    let authorizer = |audience: &str| {
        json!([{ "authorizerId": "login", "authorizerType": "JWT", "identitySource": ["$request.header.Authorization"],
            "jwtConfiguration": { "issuer": "https://idp.test", "audience": [audience] } }])
    };
    let audience = if settings_weaken(&canary) { "other" } else { "shop" };
    let api = &mut document["apis"][0];
    api["deployments"][0]["routes"] = stable;
    api["deployments"][1]["routes"] = canary;
    api["deployments"][0]["authorizers"] = authorizer("shop");
    api["deployments"][1]["authorizers"] = authorizer(audience);
    problems(&document)
}

/// Whether the canary's authorizer is to be another one under the same id.
fn settings_weaken(routes: &Value) -> bool {
    routes[0]["operationName"] == "other authorizer"
}

#[test]
fn a_side_that_clients_choose_is_no_weaker() {
    let route = |key: &str, more: Value| {
        let mut route = json!({ "routeKey": key, "target": "integrations/i" });
        for (name, value) in more.as_object().unwrap() {
            route[name] = value.clone();
        }
        route
    };
    let open = |key: &str| route(key, json!({}));
    let login = |key: &str, scopes: &[&str]| {
        route(
            key,
            json!({ "authorizationType": "JWT", "authorizerId": "login", "authorizationScopes": scopes }),
        )
    };
    let chosen =
        json!({ "deploymentId": "d2", "match": [{ "header": { "name": "x-canary", "exact": "on" } }] });
    let other = route(
        "GET /x",
        json!({ "authorizationType": "JWT", "authorizerId": "login", "operationName": "other authorizer" }),
    );
    for (stable, canary, expected) in [
        (json!([login("GET /x", &[])]), json!([open("GET /x")]), "`GET /x` asks for no authorization"),
        (json!([login("GET /x", &["a"])]), json!([login("GET /x", &[])]), "`GET /x` asks for no scope"),
        (
            json!([login("GET /x", &["a"])]),
            json!([login("GET /x", &["a", "b"])]),
            "content with the scope `b`",
        ),
        (json!([login("GET /x", &[])]), json!([other]), "`GET /x` is authorized in another way"),
        (
            json!([route("GET /x", json!({ "apiKeyRequired": true }))]),
            json!([open("GET /x")]),
            "asks for no API key",
        ),
        // Another route than before gets the requests.
        (
            json!([login("$default", &[])]),
            json!([login("$default", &[]), open("GET /new")]),
            "`GET /new` asks for no",
        ),
        (
            json!([login("GET /x", &[]), open("ANY /{proxy+}")]),
            json!([open("ANY /{proxy+}")]),
            "`GET /x` asks for no",
        ),
    ] {
        let found = between(stable.clone(), canary.clone(), chosen.clone());
        assert!(found.contains("clients can choose the canary, and there"), "{canary}: {found}");
        assert!(found.contains(expected), "{expected}: {found}");
        let allowed = json!({ "deploymentId": "d2", "allowWeakerAuth": true, "match": chosen["match"] });
        let by_weight = json!({ "deploymentId": "d2", "percentTraffic": 50 });
        for settings in [allowed, by_weight] {
            assert!(!between(stable.clone(), canary.clone(), settings).contains("clients can choose"));
        }
    }
    for (stable, canary) in [
        (json!([open("GET /x")]), json!([login("GET /x", &[])])),
        (json!([login("GET /x", &["a", "b"])]), json!([login("GET /x", &["a"])])),
        (json!([login("GET /x", &[])]), json!([login("GET /x", &["a"]), open("GET /new")])),
    ] {
        let found = between(stable, canary.clone(), chosen.clone());
        assert!(!found.contains("clients can choose"), "{canary}: {found}");
    }
}

#[test]
fn no_request_is_handed_to_a_weaker_route() {
    let open = |key: &str| json!({ "routeKey": key, "target": "integrations/i" });
    let login = |key: &str| json!({ "routeKey": key, "target": "integrations/i", "authorizationType": "JWT", "authorizerId": "login" });
    let chosen =
        json!({ "deploymentId": "d2", "match": [{ "header": { "name": "x-canary", "exact": "on" } }] });
    let all = || open("GET /{proxy+}");
    for (stable, canary, expected) in [
        (
            json!([login("ANY /admin"), all()]),
            json!([login("POST /admin"), all()]),
            "`ANY /admin` asks for no",
        ),
        (json!([login("ANY /admin"), all()]), json!([all()]), "`ANY /admin` asks for no"),
        (
            json!([login("GET /c/{d}"), open("GET /{a}/b")]),
            json!([open("GET /{a}/b")]),
            "`GET /c/{d}` asks for no",
        ),
    ] {
        let found = between(stable.clone(), canary.clone(), chosen.clone());
        assert!(found.contains("clients can choose the canary, and there"), "{canary}: {found}");
        assert!(found.contains(expected), "{expected}: {found}");
        // What the stage has, its canary may have.
        assert!(!between(stable.clone(), stable, chosen.clone()).contains("clients can choose"));
    }
}

#[test]
fn clients_choose_no_other_function_to_authorize_them() {
    let found = |uri: &str, overrides: Value, allowed: bool| {
        let mut document = document(json!({
            "match": [{ "header": { "name": "x-canary", "exact": "on" } }],
            "stageVariableOverrides": overrides, "allowWeakerAuth": allowed,
        }));
        document["apis"][0]["stages"][0]["stageVariables"] = json!({ "auth": "strict", "color": "blue" });
        for deployment in document["apis"][0]["deployments"].as_array_mut().unwrap() {
            deployment["routes"][0]["authorizationType"] = json!("CUSTOM");
            deployment["routes"][0]["authorizerId"] = json!("guard");
            deployment["authorizers"] = json!([{
                "authorizerId": "guard", "authorizerType": "REQUEST", "authorizerUri": uri,
                "authorizerPayloadFormatVersion": "2.0", "identitySource": ["$request.header.Authorization"],
            }]);
        }
        problems(&document)
    };
    const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:";
    let permit_all = || json!({ "auth": "permit-all" });
    for uri in [
        format!("{FUNCTION}${{stageVariables.auth}}"),
        format!("{FUNCTION}guard-${{stageVariables.auth}}"),
        "https://auth.test/${stageVariables.auth}".to_owned(),
    ] {
        let weaker = found(&uri, permit_all(), false);
        assert!(weaker.contains("and there `GET /x` is authorized in another way"), "{uri}: {weaker}");
        assert!(weaker.contains("`\"allowWeakerAuth\": true`"), "{uri}: {weaker}");
        assert!(!found(&uri, permit_all(), true).contains("clients can choose"), "{uri}");
        // Variables that the authorizer does not name, or that are what they were.
        for overrides in [json!({ "color": "green" }), json!({ "auth": "strict" })] {
            assert!(!found(&uri, overrides, false).contains("clients can choose"), "{uri}");
        }
    }
    let named = found(&format!("{FUNCTION}guard"), permit_all(), false);
    assert!(!named.contains("clients can choose"), "{named}");
}
