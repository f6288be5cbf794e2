#![allow(clippy::unwrap_used)]

use super::super::change::Access::{self, Loosened, Tightened};
use super::super::members::keyed;
use super::{Around, of_member, of_thing, variables};
use serde_json::{Value, json};

/// What is said of a member that becomes another one, and of the way back.
fn both_ways(name: &str, before: &Value, after: &Value) -> [Option<Access>; 2] {
    let (before, after) = (json!({ name: before }), json!({ name: after }));
    let of = |before, after| of_member(name, before, after, of_gateway([before, after]));
    [of(&before, &after), of(&after, &before)]
}

fn of_gateway(documents: [&Value; 2]) -> Around<'_> {
    Around { documents, api: None }
}

/// What is said of elements of a list that differ from one document to another.
fn of_things(list: &str, documents: [&Value; 2]) -> Vec<Option<Access>> {
    let [before, after] =
        documents.map(|document| keyed(list, document.get(list).unwrap_or(&Value::Null)).unwrap());
    let find = |things: &[(String, &Value)], wanted: &str| {
        things.iter().find(|(name, _)| name == wanted).map(|(_, value)| (*value).clone())
    };
    let mut names: Vec<_> = before.iter().chain(&after).map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let pairs = names.into_iter().map(|name| (find(&before, name), find(&after, name)));
    pairs
        .filter(|(from, to)| from != to)
        .map(|(from, to)| of_thing(list, from.as_ref(), to.as_ref(), of_gateway(documents)))
        .collect()
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
        ("apiKeySource", Value::Null, json!("AUTHORIZER"), [Some(Loosened), Some(Loosened)]),
        ("region", Value::Null, json!("eu-west-1"), [Some(Loosened), Some(Loosened)]),
        ("defaultApiId", json!("a"), json!("b"), [Some(Loosened), Some(Loosened)]),
        ("defaultApiId", Value::Null, json!("b"), [Some(Loosened), Some(Tightened)]),
        ("apiMappings", json!([{}]), json!([]), [Some(Loosened), Some(Loosened)]),
        ("credentials", json!([{}]), json!([]), [Some(Loosened), Some(Loosened)]),
        ("accountThrottle", json!({ "rateLimit": 1 }), json!({ "rateLimit": 2 }), [None, None]),
    ] {
        assert_eq!(both_ways(name, &before, &after), expected, "{name}: {before} → {after}");
    }
}

#[test]
fn a_policy_may_allow_who_signs() {
    let api = |policy: Value| json!({ "policy": policy, "deployments": [{ "routes": [{ "authorizationType": "AWS_IAM" }] }] });
    let (before, after) = (api(Value::Null), api(json!({ "a": 1 })));
    assert_eq!(of_member("policy", &before, &after, of_gateway([&before, &after])), Some(Loosened));
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
        (
            "credentials",
            json!({ "userArn": "a" }),
            json!({ "userArn": "b" }),
            [Some(Loosened), Some(Loosened)],
        ),
        ("credentials", json!({ "accountId": "1" }), json!({}), [Some(Loosened), Some(Loosened)]),
        (
            "domainNames",
            json!({}),
            json!({ "routingMode": "ROUTING_RULE_ONLY" }),
            [Some(Loosened), Some(Loosened)],
        ),
        ("domainNames", json!({}), json!({ "tags": { "TLS_1_0": "TLS_1_0" } }), [None, None]),
        ("apiMappings", json!({ "stage": "a" }), json!({ "stage": "b" }), [Some(Loosened), Some(Loosened)]),
        (
            "routingRules",
            json!({ "conditions": [] }),
            json!({ "conditions": [1] }),
            [Some(Loosened), Some(Loosened)],
        ),
        ("apiKeys", json!({}), json!({ "enabled": true }), [Some(Loosened), Some(Tightened)]),
        ("webAcls", json!({ "a": 1 }), json!({ "a": 2 }), [Some(Loosened), Some(Loosened)]),
        ("usagePlans", json!({ "a": 1 }), json!({ "a": 2 }), [None, None]),
    ] {
        let nothing = json!({});
        let of = |before, after| of_thing(list, Some(before), Some(after), of_gateway([&nothing, &nothing]));
        let both = [of(&before, &after), of(&after, &before)];
        assert_eq!(both, expected, "{list}: {before} → {after}");
    }
    let caller = json!({ "accessKeyId": "a" });
    let nothing = json!({});
    let around = of_gateway([&nothing, &nothing]);
    assert_eq!(of_thing("credentials", None, Some(&caller), around), Some(Loosened));
    assert_eq!(of_thing("credentials", Some(&caller), None, around), Some(Tightened));
    assert_eq!(of_thing("webAcls", None, Some(&caller), around), None);
}

#[test]
fn paths_that_may_be_another_apis() {
    let gateway = |hidden: bool, names: &[&str], keys: &[&str]| {
        let mapping =
            |key: &&str| json!({ "domainName": "a.test", "apiMappingKey": key, "apiId": "x", "stage": "s" });
        json!({
            "apis": [{ "apiId": "x", "disableExecuteApiEndpoint": hidden }, { "apiId": "y" }],
            "domainNames": names.iter().map(|name| json!({ "domainName": name })).collect::<Vec<_>>(),
            "apiMappings": keys.iter().map(mapping).collect::<Vec<_>>(),
        })
    };
    let one = gateway(false, &["a.test"], &["v1"]);
    let two = gateway(false, &["a.test"], &["v1", "v1/admin"]);
    assert_eq!(of_things("apiMappings", [&one, &two]), [Some(Loosened)]);
    assert_eq!(of_things("apiMappings", [&two, &one]), [Some(Loosened)]);
    // The first domain of a document, for an API that has a host already, and for one that has none.
    assert_eq!(of_things("apiMappings", [&gateway(false, &[], &[]), &one]), [None]);
    let hidden = gateway(true, &["a.test"], &["v1"]);
    assert_eq!(of_things("apiMappings", [&gateway(true, &[], &[]), &hidden]), [Some(Loosened)]);
    assert_eq!(of_things("domainNames", [&gateway(true, &[], &[]), &hidden]), [Some(Loosened)]);
    // Nobody answers the host of a domain that is gone; or a wildcard does, or the only API.
    let gone = gateway(false, &[], &[]);
    assert_eq!(of_things("apiMappings", [&one, &gone]), [Some(Tightened)]);
    assert_eq!(of_things("domainNames", [&one, &gone]), [Some(Tightened)]);
    let wild = gateway(false, &["*.test"], &[]);
    assert_eq!(of_things("domainNames", [&one, &wild]), [None, Some(Loosened)]);
    let only = json!({ "apis": [{ "apiId": "y" }] });
    assert_eq!(of_things("domainNames", [&one, &only]), [Some(Loosened)]);
}

#[test]
fn domains_beside_one_that_asks_for_certificates() {
    let domain = |name: &str, store: &str| match store {
        "" => json!({ "domainName": name }),
        store => json!({ "domainName": name, "mutualTlsAuthentication": { "truststoreUri": store } }),
    };
    let gateway = |domains: &[(&str, &str, &str)]| {
        let mapping =
            |(name, _, api): &(&str, &str, &str)| json!({ "domainName": name, "apiId": api, "stage": "s" });
        json!({
            "apis": [{ "apiId": "x" }, { "apiId": "y" }],
            "domainNames": domains.iter().map(|(name, store, _)| domain(name, store)).collect::<Vec<_>>(),
            "apiMappings": domains.iter().map(mapping).collect::<Vec<_>>(),
        })
    };
    let certified = ("*.m.test", "file:ca", "x");
    let before = gateway(&[certified]);
    for (new, expected) in [
        (("open.test", "", "x"), Some(Loosened)),
        (("open.test", "", "X"), Some(Loosened)),
        (("open.test", "", "y"), None),
        (("a.m.test", "", "y"), Some(Loosened)),
        (("A.M.test.", "", "y"), Some(Loosened)),
        (("a.b.m.test", "", "y"), None),
        (("a.m.test", "file:other", "y"), Some(Loosened)),
        (("a.m.test", "file:ca", "x"), None),
    ] {
        let after = gateway(&[certified, new]);
        assert_eq!(of_things("domainNames", [&before, &after]), [expected], "{new:?}");
    }
    assert_eq!(of_things("domainNames", [&before, &gateway(&[])]), [Some(Loosened)]);
}

#[test]
fn authorizers_that_ask_somebody_else() {
    let lambda = json!({ "authorizerUri": "arn:aws:lambda:us-east-1:1:function:${stageVariables.auth}" });
    let jwt = json!({ "jwtConfiguration": { "issuer": "https://i.test" } });
    let live = |it: &Value| json!({ "authorizers": [it] });
    let deployed = |it: &Value| json!({ "deployments": [{ "authorizers": [it] }] });
    let values = |value: &str| json!({ "auth": value, "authority": value });
    let other = json!({ "auth": "a", "authority": "b" });
    for (api, before, after, expected) in [
        (live(&lambda), values("a"), values("b"), Some(Loosened)),
        (deployed(&lambda), values("a"), values("b"), Some(Loosened)),
        (live(&lambda), values("a"), Value::Null, Some(Loosened)),
        (live(&lambda), values("a"), other, None),
        (live(&jwt), values("a"), values("b"), None),
        (
            live(&json!({ "identitySource": ["$stageVariables.auth"] })),
            values("a"),
            values("b"),
            Some(Loosened),
        ),
    ] {
        assert_eq!(variables([&json!({}), &api], &before, &after), expected, "{api}: {before} → {after}");
    }
    let pool = json!({ "providerARNs": ["arn:aws:cognito-idp:us-east-1:1:userpool/p"] });
    for (authorizer, name, expected) in [
        (&lambda, "lambda", Some(Loosened)),
        (&lambda, "lambda.eu-west-1", Some(Loosened)),
        (&lambda, "arn:aws:lambda:us-east-1:1:function:f", Some(Loosened)),
        (&pool, "cognito-idp", Some(Loosened)),
        (&lambda, "sqs", None),
        (&jwt, "lambda", None),
    ] {
        let gateway = |value: Value| json!({ "apis": [deployed(authorizer)], "endpoints": { name: value } });
        for (before, after) in [("a", json!("b")), ("a", Value::Null)] {
            let (before, after) = (gateway(json!(before)), gateway(after));
            let said = of_member("endpoints", &before, &after, of_gateway([&before, &after]));
            assert_eq!(said, expected, "{name}");
        }
    }
}

#[test]
fn keys_that_a_plan_lets_in() {
    let gateway = |keys: &[(&str, bool)], members: &[&str], stages: &[&str]| {
        json!({
            "apiKeys": keys.iter().map(|(id, on)| json!({ "id": id, "enabled": on, "value": id })).collect::<Vec<_>>(),
            "usagePlans": [{ "id": "p", "apiStages": stages.iter().map(|stage| json!({ "apiId": "a", "stage": stage })).collect::<Vec<_>>() }],
            "usagePlanKeys": members.iter().map(|id| json!({ "usagePlanId": "p", "keyId": id })).collect::<Vec<_>>(),
        })
    };
    let one = gateway(&[("k", true)], &["k"], &["s"]);
    for (after, keys, members, plans) in [
        (
            gateway(&[("k", true), ("n", true)], &["k", "n"], &["s"]),
            vec![Some(Loosened)],
            vec![Some(Loosened)],
            vec![],
        ),
        (gateway(&[("k", true), ("n", true)], &["k"], &["s"]), vec![None], vec![], vec![]),
        (gateway(&[("k", true), ("n", false)], &["k", "n"], &["s"]), vec![None], vec![None], vec![]),
        (gateway(&[("k", true)], &["k"], &["s", "t"]), vec![], vec![], vec![Some(Loosened)]),
        (gateway(&[("k", true)], &[], &["s"]), vec![], vec![Some(Tightened)], vec![]),
        (gateway(&[], &[], &[]), vec![Some(Tightened)], vec![Some(Tightened)], vec![None]),
    ] {
        assert_eq!(of_things("apiKeys", [&one, &after]), keys, "{after}");
        assert_eq!(of_things("usagePlanKeys", [&one, &after]), members, "{after}");
        assert_eq!(of_things("usagePlans", [&one, &after]), plans, "{after}");
    }
    let mut rotated = one.clone();
    *rotated.pointer_mut("/apiKeys/0/value").unwrap() = json!("another");
    assert_eq!(of_things("apiKeys", [&one, &rotated]), [Some(Loosened)]);
}
