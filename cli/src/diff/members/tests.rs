use super::{clean, differences};
use serde_json::{Value, json};

fn lines(before: Value, after: Value) -> Vec<String> {
    differences(&before, &after, &[])
}

#[test]
fn what_no_client_notices_is_no_difference() {
    let before = json!({ "name": "a", "tags": { "x": "y" }, "routes": [], "authorizationType": "NONE", "apiKeyRequired": false });
    assert_eq!(lines(before, json!({ "description": "b", "stageVariables": {}, "policy": null })), [""; 0]);
    // A key is not enabled where nothing says so.
    assert_eq!(lines(json!({}), json!({ "enabled": true })), ["enabled: none → true"]);
    assert_eq!(lines(json!({ "enabled": false }), json!({})), [""; 0]);
}

#[test]
fn members_differ_by_their_path() {
    let before = json!({ "throttle": { "rateLimit": 5 }, "routeSettings": { "GET /x": { "throttlingRateLimit": 2.5 } }, "gone": 1 });
    let after = json!({ "throttle": { "rateLimit": 6, "burstLimit": 1 }, "routeSettings": { "GET /x": { "throttlingRateLimit": 2 } } });
    assert_eq!(
        lines(before, after),
        [
            "throttle.rateLimit: 5 → 6, raised",
            "throttle.burstLimit: none → 1",
            "routeSettings[GET /x].throttlingRateLimit: 2.5 → 2, lowered",
            "gone: 1 → none",
        ]
    );
}

#[test]
fn lists_differ_by_what_they_hold() {
    assert_eq!(lines(json!({ "l": ["a", "b"] }), json!({ "l": ["c", "a"] })), ["l: -`b`, +`c`"]);
    assert_eq!(lines(json!({ "l": ["a", "b"] }), json!({ "l": ["b", "a"] })), ["l: in another order"]);
    assert_eq!(lines(json!({ "l": [{}] }), json!({ "l": [1] })), ["l: changed; the values are not shown"]);
    let stages = |rate| json!({ "apiStages": [{ "apiId": "a", "stage": "s", "throttle": { "/x/GET": { "rateLimit": rate } } }] });
    assert_eq!(lines(stages(1), stages(2)), ["apiStages[a s].throttle[/x/GET].rateLimit: 1 → 2, raised"]);
    assert_eq!(lines(stages(1), json!({})), ["apiStages[a s]: removed"]);
}

#[test]
fn values_that_may_be_secret_are_not_shown() {
    for name in ["value", "jwks", "policy", "requestParameters", "responseTemplates", "match", "credential"] {
        for (before, after) in [
            (json!("SECRET"), json!("SECRET2")),
            (json!({ "a": "SECRET" }), json!({ "a": "SECRET2", "b": "SECRET" })),
            (json!(["SECRET"]), json!(["SECRET2"])),
            (Value::Null, json!({ "a": { "b": "SECRET" } })),
        ] {
            let lines = lines(json!({ name: before }), json!({ name: after }));
            assert!(!lines.is_empty() && !lines.join("\n").contains("SECRET"), "{lines:?}");
        }
    }
    assert_eq!(clean("http://me:SECRET@host:80/a?key=SECRET"), "http://…@host:80/a?…");
    assert_eq!(clean("http://host?u=me@home"), "http://host?…");
    assert_eq!(clean("arn:aws:lambda:us-east-1:1:function:f"), "arn:aws:lambda:us-east-1:1:function:f");
    let keys = |id: &str| json!({ "credentials": [{ "accessKeyId": id, "userArn": "a" }] });
    let lines = lines(keys("AKIAIOSFODNN7EXAMPLE"), keys("AKIAI44QH8DHBEXAMPL2"));
    assert_eq!(lines, ["credentials[…MPLE]: removed", "credentials[…MPL2]: added"]);
}

#[test]
fn ids_of_access_keys_are_told_apart_by_their_ends() {
    let keys = |ids: &[&str]| json!({ "credentials": ids.iter().map(|id| json!({ "accessKeyId": id })).collect::<Vec<_>>() });
    let one = keys(&["AKIAIOSFODNN7EXAMPLE"]);
    assert_eq!(
        lines(one.clone(), keys(&["AKIAIOSFODNN8EXAMPLE"])),
        ["credentials[…7EXAMPLE]: removed", "credentials[…8EXAMPLE]: added"]
    );
    assert_eq!(
        lines(one.clone(), keys(&["AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN8EXAMPLE"])),
        ["credentials[…8EXAMPLE]: added"]
    );
    assert_eq!(
        lines(one, keys(&["AKIAIOSFODNN7EXAMPLE", "LE", "MPLE"])),
        ["credentials[…LE]: added", "credentials[…MPLE]: added"]
    );
}
