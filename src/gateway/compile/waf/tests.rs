use crate::gateway::compile::compile;
use crate::gateway::surroundings::Elsewhere;
use crate::gateway::testing::{config, problems, proxy, rest};
use crate::gateway::waf::WebAcl;
use serde_json::{Value, json};
use std::rc::Rc;

const ARN: &str = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/acl/a1b2";

/// A document whose stage names a web ACL with these rules.
fn document(rules: Value) -> Value {
    let mut document = rest(&["GET /x"], proxy("http://b", json!({})));
    document["apis"][0]["stages"][0]["webAclArn"] = json!(ARN);
    document["webAcls"] = json!([{
        "Name": "acl", "ARN": ARN,
        "DefaultAction": { "Allow": {} },
        "VisibilityConfig": visibility("acl"),
        "Rules": rules,
    }]);
    document
}

fn visibility(name: &str) -> Value {
    json!({ "SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": name })
}

fn rule(name: &str, priority: u32, statement: Value) -> Value {
    json!({
        "Name": name, "Priority": priority, "Statement": statement,
        "Action": { "Block": {} }, "VisibilityConfig": visibility(name),
    })
}

fn text(text: &str, field: Value) -> Value {
    use base64::Engine;
    json!({ "ByteMatchStatement": {
        "SearchString": base64::engine::general_purpose::STANDARD.encode(text),
        "FieldToMatch": field,
        "TextTransformations": [{ "Priority": 0, "Type": "LOWERCASE" }],
        "PositionalConstraint": "CONTAINS",
    } })
}

fn web_acl(document: &Value) -> Rc<WebAcl> {
    let compiled = compile(&config(document), &Elsewhere).unwrap_or_else(|problems| panic!("{problems}"));
    let api = compiled.gateway.api("shop").unwrap();
    Rc::clone(api.stage("prod").unwrap().web_acl.as_ref().unwrap())
}

#[test]
fn rules_are_run_by_priority_and_share_their_inputs() {
    let rules = json!([
        rule("second", 7, text("b", json!({ "UriPath": {} }))),
        rule("first", 3, text("a", json!({ "UriPath": {} }))),
        rule("third", 9, text("a", json!({ "QueryString": {} }))),
    ]);
    let document = document(rules);
    assert_eq!(problems(&document), "");
    let acl = web_acl(&document);
    let names: Vec<_> = acl.rules.iter().map(|rule| rule.name.as_ref()).collect();
    assert_eq!(names, ["first", "second", "third"]);
    assert_eq!(acl.capacity, 3 * 10 + 2 * 10);
}
