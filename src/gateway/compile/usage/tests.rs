use crate::gateway::compile::compile;
use crate::gateway::surroundings::Elsewhere;
use crate::gateway::testing::{self, config, http, problems, proxy, rest, set};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fmt::Write;
use std::rc::Rc;

fn hashed(value: &str) -> String {
    Sha256::digest(value).iter().fold("sha256:".to_owned(), |mut hash, byte| {
        let _ = write!(hash, "{byte:02x}");
        hash
    })
}

fn key(id: &str) -> Value {
    json!({ "id": id, "value": hashed(id), "enabled": true })
}

fn member(plan: &str, key: &str) -> Value {
    json!({ "usagePlanId": plan, "keyId": key, "keyType": "API_KEY" })
}

/// A REST API with stages `prod` and `test`, and a key in a plan that opens `prod`.
fn good() -> Value {
    let mut document = rest(&["GET /users/{id}", "ANY /any", "GET /"], proxy("http://b", json!({})));
    document["apis"][0]["stages"] = json!([{ "stageName": "prod" }, { "stageName": "test" }]);
    document["apiKeys"] = json!([key("k1"), key("k2")]);
    document["usagePlans"] = json!([
        { "id": "gold", "apiStages": [{ "apiId": "shop", "stage": "prod" }] },
        { "id": "tin", "apiStages": [{ "apiId": "shop", "stage": "test" }] },
    ]);
    document["usagePlanKeys"] = json!([member("gold", "k1"), member("tin", "k1")]);
    document
}

fn spoiled(change: impl FnOnce(&mut Value)) -> String {
    testing::spoiled(good(), change)
}

fn push(list: &str, value: Value) -> impl FnOnce(&mut Value) {
    move |document: &mut Value| document[list].as_array_mut().unwrap().push(value)
}

#[test]
fn a_key_exists_once_by_its_id_and_by_its_value() {
    assert_eq!(
        spoiled(push("apiKeys", json!({ "id": "k1", "value": hashed("x"), "enabled": true }))),
        "error: apiKeys[2].id: the API key `k1` exists twice"
    );
    assert_eq!(
        spoiled(push("apiKeys", json!({ "id": "k3", "value": hashed("k1"), "enabled": true }))),
        "error: apiKeys[2].value: `apiKeys[0]` has the same value"
    );
    let upper = hashed("k1").to_uppercase().replace("SHA256", "sha256");
    assert_eq!(
        spoiled(push("apiKeys", json!({ "id": "k3", "value": upper, "enabled": false }))),
        "error: apiKeys[2].value: `apiKeys[0]` has the same value"
    );
}

#[test]
fn a_value_is_a_hash_and_is_never_repeated() {
    let problem = "the value is not `sha256:` and 64 hexadecimal digits\n  help: `sekisho hash-key` makes it of the key; `sekisho render` does so by itself";
    for value in ["a-plain-and-secret-key", "sha256:", hashed("x").split_at(70).0, "sha512:00"] {
        assert_eq!(
            spoiled(set("/apiKeys/1/value", json!(value))),
            format!("error: apiKeys[1].value: {problem}")
        );
    }
    assert_eq!(
        spoiled(set("/apiKeys/1", json!({ "id": "k2", "enabled": true }))),
        "error: apiKeys[1].value: the key has no value\n  help: `openssl rand -hex 20` makes a good one, `sekisho hash-key` what stands here"
    );
}

#[test]
fn a_key_of_which_nothing_is_said_is_warned_of() {
    assert_eq!(
        spoiled(set("/apiKeys/1", json!({ "id": "k2", "value": hashed("k2") }))),
        "warning: apiKeys[1].enabled: the key is not enabled, as AWS has it where nothing is said\n  help: add `\"enabled\": true`"
    );
    assert_eq!(spoiled(set("/apiKeys/1/enabled", json!(false))), "");
}

#[test]
fn plans_exist_once_and_name_stages_that_exist() {
    assert_eq!(
        spoiled(push("usagePlans", json!({ "id": "gold" }))),
        "error: usagePlans[2].id: the usage plan `gold` exists twice"
    );
    assert_eq!(
        spoiled(set("/usagePlans/0/apiStages/0/apiId", json!("shpo"))),
        "error: usagePlans[0].apiStages[0].apiId: no API is named `shpo`\n  help: an API with a similar name exists: `shop`"
    );
    assert_eq!(
        spoiled(set("/usagePlans/0/apiStages/0/stage", json!("prdo"))),
        "error: usagePlans[0].apiStages[0].stage: no stage of `shop` is named `prdo`\n  help: a stage with a similar name exists: `prod`"
    );
    let twice = json!([{ "apiId": "shop", "stage": "prod" }, { "apiId": "shop", "stage": "prod" }]);
    assert_eq!(
        spoiled(set("/usagePlans/0/apiStages", twice)),
        "error: usagePlans[0].apiStages[1]: the plan opens this stage twice"
    );
}

#[test]
fn members_name_a_plan_and_a_key() {
    assert_eq!(
        spoiled(push("usagePlanKeys", member("glod", "k2"))),
        "error: usagePlanKeys[2].usagePlanId: no usage plan is named `glod`\n  help: a usage plan with a similar name exists: `gold`"
    );
    assert_eq!(
        spoiled(push("usagePlanKeys", member("gold", "k3"))),
        "error: usagePlanKeys[2].keyId: no API key is named `k3`"
    );
    assert_eq!(
        spoiled(set("/usagePlanKeys/0/keyType", json!("CLIENT_CERT"))),
        "error: usagePlanKeys[0].keyType: a usage plan has keys of type `API_KEY`"
    );
}

#[test]
fn a_key_has_one_plan_for_each_stage() {
    assert_eq!(
        spoiled(push("usagePlanKeys", member("gold", "k1"))),
        "error: usagePlanKeys[2].keyId: the key is in this plan already"
    );
    let another = |document: &mut Value| {
        let stages = json!([{ "apiId": "shop", "stage": "test" }, { "apiId": "shop", "stage": "prod" }]);
        document["usagePlans"].as_array_mut().unwrap().push(json!({ "id": "wide", "apiStages": stages }));
        document["usagePlanKeys"] = json!([member("gold", "k1"), member("wide", "k1"), member("wide", "k2")]);
    };
    assert_eq!(
        spoiled(another),
        "error: usagePlanKeys[1].keyId: the key is in another plan that opens the same stage\n  help: a key has one plan for each stage"
    );
}

#[test]
fn offsets_are_days_of_the_period() {
    let quota = |period: &str, offset: u32| {
        spoiled(set("/usagePlans/0/quota", json!({ "limit": 1, "period": period, "offset": offset })))
    };
    for (period, most) in [("DAY", 0), ("WEEK", 6), ("MONTH", 27)] {
        assert_eq!(quota(period, most), "");
        let problem = match period {
            "DAY" => "a day begins at 00:00 UTC: its offset is 0".to_owned(),
            _ => format!("the offset is from 0 to {most} days in this period"),
        };
        for offset in [most + 1, 70_000, u32::MAX] {
            assert_eq!(quota(period, offset), format!("error: usagePlans[0].quota.offset: {problem}"));
        }
    }
}

#[test]
fn a_bucket_of_a_plan_has_a_rate_and_a_burst() {
    let missing = "a bucket has a rate and a burst\n  help: `{\"rateLimit\": 100, \"burstLimit\": 20}`";
    for throttle in [json!({}), json!({ "rateLimit": 1 }), json!({ "burstLimit": 1 })] {
        assert_eq!(
            spoiled(set("/usagePlans/0/throttle", throttle.clone())),
            format!("error: usagePlans[0].throttle: {missing}")
        );
        for name in ["/users/{id}/GET", "/*/*", "/nowhere/GET"] {
            let found = spoiled(set("/usagePlans/0/apiStages/0/throttle", json!({ name: throttle })));
            let expected = format!("error: usagePlans[0].apiStages[0].throttle[\"{name}\"]: {missing}");
            assert!(found.starts_with(&expected), "{found}");
        }
    }
    let wrong = json!({ "rateLimit": -1, "burstLimit": 1 });
    let problem = "a rate is a number from 0 to 1,000,000 a second";
    assert_eq!(
        spoiled(set("/usagePlans/0/throttle", wrong.clone())),
        format!("error: usagePlans[0].throttle.rateLimit: {problem}")
    );
    // Once, though it is each route's.
    assert_eq!(
        spoiled(set("/usagePlans/0/apiStages/0/throttle", json!({ "/*/*": wrong }))),
        format!("error: usagePlans[0].apiStages[0].throttle[\"/*/*\"].rateLimit: {problem}")
    );
    assert_eq!(
        spoiled(set("/usagePlans/0/throttle", json!({ "rateLimit": 5, "burstLimit": 0 }))),
        "warning: usagePlans[0].throttle.burstLimit: a bucket that holds nothing lets nobody through, whatever its rate\n  help: a burst of 1 lets one request through at a time"
    );
}

#[test]
fn methods_are_named_as_aws_names_them() {
    let throttle = json!({ "rateLimit": 1, "burstLimit": 1 });
    let named = |name: &str| spoiled(set("/usagePlans/0/apiStages/0/throttle", json!({ name: throttle })));
    for name in ["/users/{id}/GET", "/any/ANY", "//GET", "/*/*"] {
        assert_eq!(named(name), "", "{name}");
    }
    assert_eq!(
        named("/users/{id}/GTE"),
        "error: usagePlans[0].apiStages[0].throttle[\"/users/{id}/GTE\"]: `/users/{id}/GTE` is no route of the stage as a usage plan names it: `/users/{id}/GET`, `/*/*`\n  help: a method with a similar name exists: `/users/{id}/GET`"
    );
    for name in ["GET /users/{id}", "/users/7/GET", "/users/{id}", "/any/GET", "*/*", ""] {
        assert!(named(name).starts_with("error: usagePlans[0].apiStages[0].throttle["), "{name}");
    }
}

#[test]
fn a_stage_whose_keys_nobody_can_have_is_warned_of() {
    let keyed = |document: &mut Value| {
        document["apis"][0]["routes"][0]["apiKeyRequired"] = json!(true);
        document["usagePlans"].as_array_mut().unwrap().truncate(1);
        document["usagePlanKeys"] = json!([member("gold", "k1")]);
    };
    assert_eq!(
        spoiled(keyed),
        "warning: apis[0].stages[1]: nobody can call `GET /users/{id}`: it requires an API key, and no usage plan opens the stage\n  help: add `{\"apiId\": \"shop\", \"stage\": \"test\"}` to the `apiStages` of a usage plan"
    );
    assert_eq!(spoiled(set("/apis/0/routes/0/apiKeyRequired", json!(true))), "");
}

#[test]
fn only_a_lambda_authorizer_says_which_key_a_caller_has() {
    let problem = "error: apis[0].routes[0].apiKeyRequired: nobody could call the route: with `apiKeySource` `AUTHORIZER` only a Lambda authorizer says which key a caller has\n  help: ask a Lambda authorizer (`\"authorizationType\": \"CUSTOM\"`), or write `\"apiKeySource\": \"HEADER\"`";
    let route = |more: Value| {
        let mut document = http(&["GET /x"], proxy("http://b", json!({})));
        let api = &mut document["apis"][0];
        api["apiKeySource"] = json!("AUTHORIZER");
        api["authorizers"] = json!([
            { "authorizerId": "jwt", "authorizerType": "JWT", "identitySource": ["$request.header.A"],
              "jwtConfiguration": { "issuer": "https://idp.test", "audience": ["a"] } },
            { "authorizerId": "lambda", "authorizerType": "REQUEST", "authorizerPayloadFormatVersion": "2.0",
              "identitySource": ["$request.header.A"], "authorizerUri": "https://lambda.test/" },
        ]);
        for (name, value) in more.as_object().unwrap() {
            api["routes"][0][name] = value.clone();
        }
        document["usagePlans"] =
            json!([{ "id": "gold", "apiStages": [{ "apiId": "shop", "stage": "$default" }] }]);
        problems(&document)
    };
    assert_eq!(route(json!({ "apiKeyRequired": true })), problem);
    let jwt = json!({ "apiKeyRequired": true, "authorizationType": "JWT", "authorizerId": "jwt" });
    assert_eq!(route(jwt), problem);
    assert_eq!(route(json!({ "authorizationType": "JWT", "authorizerId": "jwt" })), "", "no key is required");
    let custom = json!({ "apiKeyRequired": true, "authorizationType": "CUSTOM", "authorizerId": "lambda" });
    assert_eq!(route(custom), "");
}

#[test]
fn a_hundred_thousand_keys_share_what_they_have_in_common() {
    const KEYS: usize = 100_000;
    let id = |i: usize| format!("key-number-{i}");
    let mut document = good();
    document["apiKeys"] = (0..KEYS).map(|i| key(&id(i))).collect();
    // A third in one plan, a third in the other, a third in both.
    let plans = |i: usize| -> &[&str] { [&["gold"][..], &["tin"], &["gold", "tin"]][i % 3] };
    let members = (0..KEYS).flat_map(|i| plans(i).iter().map(move |plan| member(plan, &id(i))));
    document["usagePlanKeys"] = members.collect();
    let compiled = compile(&config(&document), &Elsewhere).unwrap().gateway;
    let api = compiled.api("shop").unwrap();
    let opens = |i: usize, stage: &str| {
        let member = compiled.usage.member(id(i).as_bytes(), &api.stage(stage).unwrap().openings)?;
        Some((member.key.id.to_string(), member.plan.id.clone()))
    };
    for i in [0, 1, 2, KEYS / 2, KEYS - 3, KEYS - 2, KEYS - 1] {
        let wanted = |plan: &str| plans(i).contains(&plan).then(|| (id(i), plan.to_owned()));
        assert_eq!([opens(i, "prod"), opens(i, "test")], [wanted("gold"), wanted("tin")], "{i}");
    }
    assert_eq!(opens(KEYS, "prod"), None);
    // What a key costs does not grow with what many have in common: there are three lists of plans, not a hundred thousand.
    let lists: HashSet<_> = compiled.usage.keys.iter().map(|key| Rc::as_ptr(&key.plans)).collect();
    assert_eq!((compiled.usage.keys.iter().count(), lists.len()), (KEYS, 3));
}
