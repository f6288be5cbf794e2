use super::super::change::Access::{self, Loosened, Tightened};
use super::{of_member, of_thing};
use serde_json::{Value, json};

/// What is said of a member that becomes another one, and of the way back.
fn both_ways(name: &str, before: &Value, after: &Value) -> [Option<Access>; 2] {
    let (before, after) = (json!({ name: before }), json!({ name: after }));
    [of_member(name, &before, &after), of_member(name, &after, &before)]
}

#[test]
fn members_that_let_more_in() {
    let cors = |origins: &[&str]| json!({ "allowOrigins": origins });
    let credentials = json!({ "allowOrigins": ["https://a.example"], "allowCredentials": true });
    for (name, before, after, expected) in [
        ("trustedHops", json!(0), json!(2), [Some(Loosened), None]),
        ("disableExecuteApiEndpoint", json!(true), json!(false), [Some(Loosened), Some(Tightened)]),
        ("corsConfiguration", cors(&["https://a.example"]), cors(&["*"]), [Some(Loosened), None]),
        ("corsConfiguration", cors(&["https://*"]), cors(&["*"]), [Some(Loosened), None]),
        ("corsConfiguration", cors(&["https://a.example"]), cors(&["https://b.example"]), [None, None]),
        ("corsConfiguration", cors(&["https://a.example"]), credentials, [Some(Loosened), None]),
        ("corsConfiguration", Value::Null, cors(&["*"]), [Some(Loosened), Some(Tightened)]),
        ("policy", json!({ "a": 1 }), Value::Null, [Some(Loosened), Some(Tightened)]),
        ("policy", json!({ "a": 1 }), json!({ "a": 2 }), [Some(Loosened), Some(Loosened)]),
        ("webAclArn", json!("a"), Value::Null, [Some(Loosened), Some(Tightened)]),
        (
            "rateLimitService",
            json!({ "failureMode": "deny" }),
            json!({ "failureMode": "allow" }),
            [Some(Loosened), None],
        ),
        ("accountThrottle", json!({ "rateLimit": 1 }), json!({ "rateLimit": 2 }), [None, None]),
    ] {
        assert_eq!(both_ways(name, &before, &after), expected, "{name}: {before} → {after}");
    }
}

#[test]
fn a_policy_may_allow_who_signs() {
    let api = |policy: Value| json!({ "policy": policy, "deployments": [{ "routes": [{ "authorizationType": "AWS_IAM" }] }] });
    assert_eq!(of_member("policy", &api(Value::Null), &api(json!({ "a": 1 }))), Some(Loosened));
}

#[test]
fn things_that_let_more_in() {
    let domain = |mutual: Value, tls: &str| json!({ "mutualTlsAuthentication": mutual, "domainNameConfigurations": [{ "securityPolicy": tls }] });
    let store = |uri: &str| json!({ "truststoreUri": uri });
    for (list, before, after, expected) in [
        (
            "domainNames",
            domain(store("a"), "TLS_1_2"),
            domain(Value::Null, "TLS_1_2"),
            [Some(Loosened), Some(Tightened)],
        ),
        (
            "domainNames",
            domain(store("a"), "TLS_1_2"),
            domain(store("b"), "TLS_1_2"),
            [Some(Loosened), Some(Loosened)],
        ),
        (
            "domainNames",
            domain(Value::Null, "TLS_1_2"),
            domain(Value::Null, "TLS_1_0"),
            [Some(Loosened), Some(Tightened)],
        ),
        ("credentials", json!({ "policy": 1 }), json!({ "policy": 2 }), [Some(Loosened), Some(Loosened)]),
        ("credentials", json!({ "userArn": "a" }), json!({ "userArn": "b" }), [None, None]),
        ("apiKeys", json!({}), json!({ "enabled": true }), [Some(Loosened), Some(Tightened)]),
        ("webAcls", json!({ "a": 1 }), json!({ "a": 2 }), [Some(Loosened), Some(Loosened)]),
        ("usagePlans", json!({ "a": 1 }), json!({ "a": 2 }), [None, None]),
    ] {
        let both = [of_thing(list, Some(&before), Some(&after)), of_thing(list, Some(&after), Some(&before))];
        assert_eq!(both, expected, "{list}: {before} → {after}");
    }
    let caller = json!({ "accessKeyId": "a" });
    assert_eq!(of_thing("credentials", None, Some(&caller)), Some(Loosened));
    assert_eq!(of_thing("credentials", Some(&caller), None), Some(Tightened));
    assert_eq!(of_thing("webAcls", None, Some(&caller)), None);
}
