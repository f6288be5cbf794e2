use super::{Condition, MatchDetail};
use crate::gateway::compile::compile;
use crate::gateway::config::waf::SensitivityLevel::{High, Low};
use crate::gateway::head::Head;
use crate::gateway::surroundings::Elsewhere;
use crate::gateway::testing::{config, env, proxy, rest};
use crate::gateway::waf::client::Client;
use crate::gateway::waf::record::Record;
use crate::gateway::waf::view::{Body, View};
use crate::gateway::waf::{Decision, WebAcl};
use serde_json::{Value, json};
use std::rc::Rc;

const ARN: &str = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/acl/1";

/// A web ACL with one rule that counts, logged but for these fields, or not logged.
fn web_acl(statement: Value, redacted: Option<Value>) -> Rc<WebAcl> {
    let seen = json!({ "CloudWatchMetricsEnabled": false, "MetricName": "m" });
    let mut document = rest(&["GET /x"], proxy("http://b", json!({})));
    document["apis"][0]["stages"][0]["webAclArn"] = json!(ARN);
    let rule = json!({ "Name": "r", "Priority": 0, "Statement": statement, "Action": { "Count": {} }, "VisibilityConfig": seen });
    document["webAcls"] = json!([{
        "Name": "acl", "ARN": ARN, "DefaultAction": { "Allow": {} }, "VisibilityConfig": seen, "Rules": [rule],
    }]);
    if let Some(fields) = redacted {
        document["loggingConfigurations"] = json!([{ "ResourceArn": ARN, "RedactedFields": fields }]);
    }
    let compiled = compile(&config(&document), &Elsewhere).unwrap_or_else(|problems| panic!("{problems}"));
    Rc::clone(&compiled.web_acls[ARN])
}

fn on(kind: &str, field: Value, more: Value) -> Value {
    let steps = json!([{ "Priority": 0, "Type": "URL_DECODE" }]);
    let mut statement = json!({ "FieldToMatch": field, "TextTransformations": steps });
    statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ kind: statement })
}

fn sql(field: Value) -> Value {
    on("SqliMatchStatement", field, json!({ "SensitivityLevel": "HIGH" }))
}

fn xss(field: Value) -> Value {
    on("XssMatchStatement", field, json!({}))
}

/// What the rule found, if it fitted.
fn found(acl: &WebAcl, path: &str, headers: &[(&str, &str)], body: &str) -> Option<Vec<MatchDetail>> {
    let pairs: Vec<_> = [(":method", "POST"), (":path", path)].iter().chain(headers).copied().collect();
    let head = Head::from_pairs(&pairs, false);
    let body = Body::Seen { bytes: body.as_bytes(), more: false };
    let view = View { head: &head, body, meaning: None, client: Client::new("192.0.2.1", &head) };
    let Decision::Done(outcome) = acl.begin(&view, &env()) else { panic!("the body is there") };
    let Record { counted, .. } = outcome.record;
    counted.into_iter().next().map(|counted| counted.details)
}

/// Where it was, and the tokens.
fn told(acl: &WebAcl, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<(&'static str, String)> {
    let text = |data: Option<Vec<Vec<u8>>>| match data {
        None => "hidden".to_owned(),
        Some(data) => data.iter().map(|token| String::from_utf8_lossy(token)).collect::<Vec<_>>().join(" "),
    };
    let details = found(acl, path, headers, body).expect("the rule fits");
    details.into_iter().map(|detail| (detail.location, text(detail.data))).collect()
}

const INJECTED: &str = "/x?a=b&id=10%20AND%201=1";

#[test]
fn sql_and_scripts_are_told_by_where_they_are_and_what_gave_them_away() {
    let acl = web_acl(sql(json!({ "SingleQueryArgument": { "Name": "id" } })), Some(json!([])));
    let data = [&b"10"[..], b"AND", b"1"].map(<[u8]>::to_vec).to_vec();
    let detail = MatchDetail {
        condition: Condition::Sqli(High),
        location: "SINGLE_QUERY_ARG",
        name: Some("id".to_owned()),
        data: Some(data),
    };
    assert_eq!(found(&acl, INJECTED, &[], ""), Some(vec![detail]));
    assert_eq!(found(&acl, "/x?id=10", &[], ""), None);
    let acl = web_acl(on("SqliMatchStatement", json!({ "QueryString": {} }), json!({})), Some(json!([])));
    let details = found(&acl, "/x?10%20AND%201=1", &[], "").unwrap();
    assert_eq!((details[0].condition, details[0].name.as_deref()), (Condition::Sqli(Low), None));
    let json = json!({ "JsonBody": { "MatchPattern": { "All": {} }, "MatchScope": "VALUE" } });
    let acl = web_acl(xss(json), Some(json!([])));
    assert_eq!(
        told(&acl, "/", &[], r#"{"a":["x","<script>alert(1)"]}"#),
        [("UNKNOWN", "< script".to_owned())]
    );
}

#[test]
fn where_nothing_is_logged_nothing_is_looked_for() {
    let acl = web_acl(sql(json!({ "AllQueryArguments": {} })), None);
    assert_eq!(found(&acl, INJECTED, &[], ""), Some(vec![]));
}

#[test]
fn of_several_statements_those_are_told_that_made_the_rule_fit() {
    let (arguments, body) = (sql(json!({ "AllQueryArguments": {} })), xss(json!({ "Body": {} })));
    let size = json!({ "SizeConstraintStatement": {
        "FieldToMatch": { "Method": {} }, "ComparisonOperator": "EQ", "Size": 4,
        "TextTransformations": [{ "Priority": 0, "Type": "NONE" }],
    } });
    let all = json!({ "AndStatement": { "Statements": [arguments, size, body] } });
    let one = json!({ "OrStatement": { "Statements": [
        json!({ "AndStatement": { "Statements": [arguments, { "NotStatement": { "Statement": size } }] } }), body,
    ] } });
    let without =
        json!({ "AndStatement": { "Statements": [{ "NotStatement": { "Statement": arguments } }, size] } });
    let script = ("BODY", "< script".to_owned());
    // Statements are asked in an order of the compiler's.
    let told = |statement: &Value, path: &str, body: &str| {
        let mut told = told(&web_acl(statement.clone(), Some(json!([]))), path, &[], body);
        told.sort();
        told
    };
    let both = [("ALL_QUERY_ARGS", "10 AND 1".to_owned()), script.clone()];
    assert_eq!(told(&all, INJECTED, "<script>"), both);
    assert_eq!(told(&one, INJECTED, "<script>"), [script]);
    assert_eq!(told(&without, "/x", ""), []);
}

#[test]
fn nothing_is_told_of_what_is_never_logged() {
    let hidden = |statement: Value, redacted: Value, path: &str, headers: &[(&str, &str)]| {
        told(&web_acl(statement, Some(redacted)), path, headers, "").remove(0).1
    };
    let header = |name: &str| sql(json!({ "SingleHeader": { "Name": name } }));
    let headers = |pattern: Value| {
        sql(
            json!({ "Headers": { "MatchPattern": pattern, "MatchScope": "ALL", "OversizeHandling": "CONTINUE" } }),
        )
    };
    let cookies = json!({ "Cookies": { "MatchPattern": { "All": {} }, "MatchScope": "ALL", "OversizeHandling": "CONTINUE" } });
    let (attack, none) = ("10 AND 1=1", json!([]));
    let mine = json!([{ "SingleHeader": { "Name": "x-mine" } }]);
    for (statement, redacted, path, name) in [
        (header("authorization"), &none, "/", "authorization"),
        (header("x-api-key"), &none, "/", "x-api-key"),
        (header("x-mine"), &mine, "/", "x-mine"),
        (headers(json!({ "All": {} })), &none, "/", "authorization"),
        (headers(json!({ "All": {} })), &mine, "/", "x-mine"),
        (headers(json!({ "IncludedHeaders": ["x-mine", "x-other"] })), &mine, "/", "x-mine"),
        (headers(json!({ "ExcludedHeaders": ["x-other"] })), &none, "/", "proxy-authorization"),
        (sql(cookies), &none, "/", "cookie"),
        (sql(json!({ "AllQueryArguments": {} })), &json!([{ "QueryString": {} }]), INJECTED, "x"),
        (sql(json!({ "QueryString": {} })), &json!([{ "QueryString": {} }]), "/?10%20AND%201=1", "x"),
        (sql(json!({ "AllQueryArguments": {} })), &none, "/?X-Amz-Signature=10%20AND%201=1", "x"),
        (sql(json!({ "UriPath": {} })), &json!([{ "UriPath": {} }]), "/x'%20or%20'1'='1", "x"),
    ] {
        let value = if name == "cookie" { "s=10 AND 1=1" } else { attack };
        assert_eq!(
            hidden(statement.clone(), redacted.clone(), path, &[(name, value)]),
            "hidden",
            "{statement}"
        );
    }
    // What another header has is told, and not what the secret one has.
    let both = [("authorization", "7 AND 7=7"), ("x-mine", attack)];
    assert_eq!(hidden(headers(json!({ "All": {} })), none.clone(), "/", &both), "10 AND 1");
    assert_eq!(hidden(headers(json!({ "ExcludedHeaders": ["x"] })), none, "/", &both), "10 AND 1");
}
