use super::{NAMES, Variable, clf};
use crate::gateway::Millis;
use crate::gateway::head::Head;
use crate::gateway::request::{Facts, Problem, Response};
use crate::gateway::testing::{http, proxy, rest, with_request};
use serde_json::{Value, json};

#[test]
fn names_are_known_once_and_unknown_ones_are_refused() {
    for (name, variable) in NAMES {
        assert_eq!(Variable::parse(name), Some(variable));
    }
    assert_eq!(Variable::parse("authorizer.claims.sub"), Some(Variable::Claim("sub".to_owned())));
    assert_eq!(Variable::parse("authorizer.principalId"), Some(Variable::Authorizer("principalId".into())));
    assert_eq!(Variable::parse("requestid"), None);
    assert_eq!(Variable::parse(""), None);
}

#[test]
fn times_are_written_in_common_log_format() {
    assert_eq!(clf(Millis(1_587_481_701_067)), "21/Apr/2020:15:08:21 +0000");
    assert_eq!(clf(Millis(u64::MAX)), "01/Jan/1970:00:00:00 +0000");
}

/// A variable's value for `GET` of a path with a query, `User-Agent: curl` and a trace id.
fn value(document: &Value, path: &str, name: &str) -> Option<String> {
    let pairs = [
        (":method", "GET"),
        (":path", path),
        (":authority", "Shop.example.com:8080"),
        ("user-agent", "curl"),
        ("x-amzn-trace-id", "Root=1-x"),
    ];
    let variable = Variable::parse(name).unwrap();
    with_request(document, Head::from_pairs(&pairs, true), |request| {
        variable.value(&request.facts()).map(std::borrow::Cow::into_owned)
    })
}

#[test]
fn variables_of_an_http_api_have_their_values() {
    let mut document = http(&["GET /users/{id}"], proxy("http://b", json!({})));
    document["apis"][0]["deployments"] = json!([{ "deploymentId": "d1",
        "routes": document["apis"][0]["routes"], "integrations": document["apis"][0]["integrations"] }]);
    document["apis"][0]["stages"][0]["deploymentId"] = json!("d1");
    for (name, expected) in [
        ("accountId", Some("123456789012")),
        ("apiId", Some("shop")),
        ("deploymentId", Some("d1")),
        ("domainName", Some("shop.example.com")),
        ("domainPrefix", Some("shop")),
        ("error.message", None),
        ("error.messageString", None),
        ("error.responseType", None),
        ("extendedRequestId", Some("q6urq6urq6urq6s=")),
        ("httpMethod", Some("GET")),
        ("identity.sourceIp", Some("192.0.2.1")),
        ("identity.userAgent", Some("curl")),
        ("integrationStatus", None),
        ("path", Some("/users/a%20b")),
        ("protocol", Some("HTTP/1.1")),
        ("requestId", Some("q6urq6urq6urq6s=")),
        ("requestTime", Some("21/Apr/2020:15:08:21 +0000")),
        ("requestTimeEpoch", Some("1587481701067")),
        ("resourcePath", Some("/users/{id}")),
        ("routeKey", Some("GET /users/{id}")),
        ("stage", Some("$default")),
        ("status", None),
        ("xrayTraceId", Some("Root=1-x")),
        ("authorizer.claims.sub", None),
    ] {
        assert_eq!(value(&document, "/users/a%20b?q=1", name).as_deref(), expected, "{name}");
    }
}

#[test]
fn a_rest_api_names_its_requests_by_uuid_and_its_path_with_the_stage() {
    let document = rest(&["GET /x"], proxy("http://b", json!({})));
    let of = |name| value(&document, "/prod/x", name);
    assert_eq!(of("requestId").as_deref(), Some("abababab-abab-4bab-abab-abababababab"));
    assert_eq!(of("path").as_deref(), Some("/prod/x"));
    assert_eq!(of("resourcePath").as_deref(), Some("/x"));
    assert_eq!(of("deploymentId"), None);
}

#[test]
fn a_request_that_matched_nothing_has_no_route() {
    let document = http(&["GET /x"], proxy("http://b", json!({})));
    assert_eq!(value(&document, "/y", "routeKey"), None);
    assert_eq!(value(&document, "/y", "stage").as_deref(), Some("$default"));
}

#[test]
fn a_request_to_a_custom_domain_knows_what_led_it_to_its_api() {
    let mut document = rest(&["GET /x", "GET /v1/x"], proxy("http://b", json!({})));
    document["domainNames"] =
        json!([{ "domainName": "shop.example.com", "routingMode": "ROUTING_RULE_THEN_API_MAPPING" }]);
    document["apiMappings"] = json!([{ "domainName": "shop.example.com", "apiId": "shop", "stage": "prod" }]);
    document["routingRules"] = json!([{ "domainName": "shop.example.com", "priority": 7,
        "conditions": [{ "matchBasePaths": { "anyOf": ["v1"] } }],
        "actions": [{ "invokeApi": { "apiId": "shop", "stage": "prod" } }] }]);
    let of = |document: &Value, path, name| value(document, path, name);
    assert_eq!(of(&document, "/x", "customDomain.basePathMatched"), None);
    assert_eq!(of(&document, "/x", "customDomain.routingRuleIdMatched"), None);
    assert_eq!(of(&document, "/v1/x", "customDomain.basePathMatched").as_deref(), Some("v1"));
    assert_eq!(of(&document, "/v1/x", "customDomain.routingRuleIdMatched").as_deref(), Some("7"));
    document["routingRules"][0]["routingRuleId"] = json!("abc123");
    assert_eq!(of(&document, "/v1/x", "customDomain.routingRuleIdMatched").as_deref(), Some("abc123"));
    for (name, expected) in
        [("path", "/v1/x"), ("resourcePath", "/v1/x"), ("domainName", "shop.example.com"), ("stage", "prod")]
    {
        assert_eq!(of(&document, "/v1/x", name).as_deref(), Some(expected), "{name}");
    }
}

#[test]
fn errors_and_responses_have_a_status() {
    let document = http(&["GET /x"], proxy("http://b", json!({})));
    let head = Head::from_pairs(&[(":method", "GET"), (":path", "/x"), (":authority", "shop.test")], true);
    with_request(&document, head.clone(), |request| {
        let problem = Problem { response_type: "AUTHORIZER_FAILURE", message: None, status: 500 };
        let failed = Facts { problem: Some(&problem), ..request.facts() };
        assert_eq!(Variable::Status.value(&failed).as_deref(), Some("500"));
        assert_eq!(Variable::ErrorMessage.value(&failed), None);
        assert_eq!(Variable::ErrorMessageString.value(&failed).as_deref(), Some("null"));
        assert_eq!(Variable::ErrorResponseType.value(&failed).as_deref(), Some("AUTHORIZER_FAILURE"));
        let response = Response { head: &head, status: 418, body: None };
        let answered = Facts { response: Some(response), ..request.facts() };
        assert_eq!(Variable::Status.value(&answered).as_deref(), Some("418"));
        assert_eq!(Variable::IntegrationStatus.value(&answered).as_deref(), Some("418"));
    });
}

#[test]
fn a_key_is_told_only_where_it_opened_the_stage_and_was_required() {
    // The SHA-256 of `abc`.
    let hash = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let mut document = rest(&["GET /keyed", "GET /open"], proxy("http://b", json!({})));
    document["apis"][0]["routes"][0]["apiKeyRequired"] = json!(true);
    document["apiKeys"] = json!([{ "id": "k1", "value": hash, "enabled": true }]);
    document["usagePlans"] = json!([{ "id": "gold", "apiStages": [{ "apiId": "shop", "stage": "prod" }] }]);
    document["usagePlanKeys"] = json!([{ "usagePlanId": "gold", "keyId": "k1" }]);
    let told = |path: &str, key: &str| {
        let pairs = [(":method", "GET"), (":path", path), (":authority", "shop.test"), ("x-api-key", key)];
        with_request(&document, Head::from_pairs(&pairs, true), |request| {
            [Variable::ApiKey, Variable::ApiKeyId]
                .map(|variable| variable.value(&request.facts()).map(std::borrow::Cow::into_owned))
        })
    };
    let both = ["abc", "k1"].map(|value| Some(value.to_owned()));
    assert_eq!(told("/prod/keyed", "abc"), both);
    assert_eq!(told("/prod/keyed", "abd"), [None, None], "what is no key is not repeated");
    assert_eq!(told("/prod/open", "abc"), [None, None]);
    for variable in [Variable::ApiKey, Variable::ApiKeyId] {
        assert!(!variable.is_known_on_arrival(), "{variable:?}");
    }
}
