use crate::gateway::compile::{Compiled, compile};
use crate::gateway::config::waf::OversizeHandling;
use crate::gateway::surroundings::Elsewhere;
use crate::gateway::testing::{config, problems, proxy, rest, spoiled};
use crate::gateway::waf::WebAcl;
use crate::gateway::waf::action::Action;
use crate::gateway::waf::field::Field;
use crate::gateway::waf::input::Measure;
use crate::gateway::waf::rule::{Body, Group, Matcher, Own};
use crate::gateway::waf::statement::Statement;
use base64::Engine;
use serde_json::{Value, json};
use std::rc::Rc;

mod labels;
mod overrides;

const ARN: &str = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/acl/a1b2";
const GROUP: &str = "arn:aws:wafv2:us-east-1:123456789012:regional/rulegroup/mine/c3d4";

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

/// A rule that refers to the group.
fn reference(name: &str, priority: u32, more: Value) -> Value {
    let mut statement = json!({ "ARN": GROUP });
    statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({
        "Name": name, "Priority": priority, "Statement": { "RuleGroupReferenceStatement": statement },
        "OverrideAction": { "None": {} }, "VisibilityConfig": visibility(name),
    })
}

fn group(rules: Value) -> Value {
    json!([{ "Name": "mine", "ARN": GROUP, "Rules": rules, "VisibilityConfig": visibility("mine") }])
}

fn steps(names: &[&str]) -> Value {
    names.iter().enumerate().map(|(i, name)| json!({ "Priority": i, "Type": name })).collect()
}

fn text(text: &str, field: Value, constraint: &str, transformations: &[&str]) -> Value {
    json!({ "ByteMatchStatement": {
        "SearchString": base64::engine::general_purpose::STANDARD.encode(text),
        "FieldToMatch": field,
        "TextTransformations": steps(transformations),
        "PositionalConstraint": constraint,
    } })
}

/// A statement of this kind on a part.
fn on(kind: &str, field: Value, transformations: &[&str], more: Value) -> Value {
    let mut statement = json!({ "FieldToMatch": field, "TextTransformations": steps(transformations) });
    statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ kind: statement })
}

fn compiled(document: &Value) -> Compiled {
    compile(&config(document), &Elsewhere).unwrap_or_else(|problems| panic!("{problems}"))
}

fn web_acl(document: &Value) -> Rc<WebAcl> {
    let compiled = compiled(document);
    let api = compiled.gateway.api("shop").unwrap();
    Rc::clone(api.stage("prod").unwrap().web_acl.as_ref().unwrap())
}

fn own(acl: &WebAcl, rule: usize) -> &Own {
    match &acl.rules[rule].body {
        Body::Own(own) => own,
        Body::Group(_) => panic!("a group"),
    }
}

fn of_group(acl: &WebAcl, rule: usize) -> &Group {
    match &acl.rules[rule].body {
        Body::Group(group) => group,
        Body::Own(_) => panic!("no group"),
    }
}

/// The input and the tests of a rule that has one test.
fn test(own: &Own) -> (usize, std::ops::Range<usize>) {
    match &own.matcher {
        Matcher::Statement(Statement::Test(test)) => (test.input, test.tests.clone()),
        matcher => panic!("{matcher:?}"),
    }
}

#[test]
fn rules_are_run_by_priority() {
    let path = || json!({ "UriPath": {} });
    let mut document = document(json!([
        rule("second", 7, text("b", path(), "CONTAINS", &["NONE"])),
        rule("first", 3, text("a", path(), "CONTAINS", &["NONE"])),
        rule("third", 9, text("c", path(), "CONTAINS", &["NONE"])),
    ]));
    let manager = |name: &str| {
        json!([{
            "Name": name, "Priority": 1, "OverrideAction": { "Count": {} }, "VisibilityConfig": visibility(name),
            "FirewallManagerStatement": { "RuleGroupReferenceStatement": { "ARN": GROUP } },
        }])
    };
    document["webAcls"][0]["PreProcessFirewallManagerRuleGroups"] = manager("before");
    document["webAcls"][0]["PostProcessFirewallManagerRuleGroups"] = manager("behind");
    document["ruleGroups"] = group(json!([rule("inner", 0, text("a", path(), "CONTAINS", &["NONE"]))]));
    assert_eq!(problems(&document), "");
    let acl = web_acl(&document);
    let names: Vec<_> = acl.rules.iter().map(|rule| rule.name.as_ref()).collect();
    assert_eq!(names, ["before", "first", "second", "third", "behind"]);
    assert!(of_group(&acl, 0).count_only);
}

#[test]
fn statements_on_the_same_part_share_an_input() {
    let path = || json!({ "UriPath": {} });
    let sql = |level| on("SqliMatchStatement", path(), &["LOWERCASE"], json!({ "SensitivityLevel": level }));
    let argument = |name: &str| json!({ "SingleQueryArgument": { "Name": name } });
    let mut document = document(json!([
        rule("sql", 0, sql("LOW")),
        rule("a", 1, text("a", path(), "CONTAINS", &["LOWERCASE"])),
        // Nothing does nothing, wherever it stands.
        rule("b", 2, text("b", path(), "CONTAINS", &["NONE", "LOWERCASE", "NONE"])),
        rule("a-again", 3, text("a", path(), "CONTAINS", &["LOWERCASE"])),
        rule("a-elsewhere", 4, text("a", path(), "EXACTLY", &["LOWERCASE"])),
        rule("sql-again", 5, sql("LOW")),
        rule("sql-high", 6, sql("HIGH")),
        rule("untransformed", 7, text("a", path(), "CONTAINS", &["NONE"])),
        rule("argument", 8, text("a", argument("Q"), "CONTAINS", &["NONE"])),
        rule("argument-again", 9, text("b", argument("q"), "CONTAINS", &["NONE"])),
        reference("mine", 10, json!({})),
        reference("mine-again", 11, json!({})),
    ]));
    document["ruleGroups"] = group(json!([rule("inner", 0, text("b", path(), "CONTAINS", &["LOWERCASE"]))]));
    assert_eq!(problems(&document), "");
    let acl = web_acl(&document);
    assert_eq!(acl.inputs.iter().len(), 3, "{:?}", acl.inputs);
    let at = |rule: usize| test(own(&acl, rule));
    assert_eq!([at(1), at(2), at(3), at(4)], [(0, 0..1), (0, 1..2), (0, 0..1), (0, 2..3)]);
    // Behind three texts.
    assert_eq!([at(0), at(5), at(6)], [(0, 3..4), (0, 3..4), (0, 4..5)]);
    assert_eq!([at(7), at(8), at(9)], [(1, 0..1), (2, 0..1), (2, 1..2)]);
    for rule in [10, 11] {
        let Body::Own(inner) = &of_group(&acl, rule).rules[0].body else { panic!("a group in a group") };
        assert_eq!(test(inner), (0, 1..2));
    }
    let input = acl.inputs.iter().next().unwrap();
    assert_eq!(input.field, Field::UriPath);
    assert_eq!(input.patterns.len(), 3);
    assert_eq!(input.measures.len(), 2);
    assert!(input.measures.iter().all(|measure| matches!(measure, Measure::Sqli(_))));
}

/// libinjection costs more than all patterns together: it is asked behind them. Patterns of one part are one test.
#[test]
fn what_costs_much_is_asked_last() {
    let query = || json!({ "QueryString": {} });
    let sql = || on("SqliMatchStatement", query(), &["LOWERCASE"], json!({}));
    let script = || on("XssMatchStatement", query(), &["LOWERCASE"], json!({}));
    let text = |it: &str| text(it, query(), "CONTAINS", &["LOWERCASE"]);
    let country = || json!({ "GeoMatchStatement": { "CountryCodes": ["DE"] } });
    let all = |kind: &str, statements: Value| json!({ kind: { "Statements": statements } });
    let document = document(json!([
        rule("and", 0, all("AndStatement", json!([sql(), text("a"), text("b")]))),
        rule("or", 1, all("OrStatement", json!([sql(), text("a"), text("b"), script(), text("d")]))),
        rule("label", 2, all("AndStatement", json!([sql(), country()]))),
    ]));
    let acl = web_acl(&document);
    let tests = |rule: usize| match &own(&acl, rule).matcher {
        Matcher::Statement(Statement::And(several) | Statement::Or(several)) => {
            let tests = several.iter().map(|it| match it {
                Statement::Test(test) => Some(test.tests.clone()),
                _ => None,
            });
            tests.collect::<Vec<_>>()
        }
        matcher => panic!("{matcher:?}"),
    };
    // Three texts, SQL, and a script.
    assert_eq!(tests(0), [Some(0..1), Some(1..2), Some(3..4)]);
    assert_eq!(tests(1), [Some(0..2), Some(4..5), Some(2..3), Some(3..4)]);
    // Whether a rule has looked at the country is seen by rules behind it.
    assert_eq!(tests(2), [Some(3..4), None]);
}

#[test]
fn a_pattern_set_is_one_test_of_several_patterns() {
    let set = "arn:aws:wafv2:us-east-1:123456789012:regional/regexpatternset/bots/1";
    let header = || json!({ "SingleHeader": { "Name": "User-Agent" } });
    let mut document = document(json!([
        rule("text", 0, text("a", header(), "CONTAINS", &["NONE"])),
        rule("set", 1, on("RegexPatternSetReferenceStatement", header(), &["NONE"], json!({ "ARN": set }))),
        rule("regex", 2, on("RegexMatchStatement", header(), &["NONE"], json!({ "RegexString": "z" }))),
    ]));
    let regexes = json!([{ "RegexString": "bot" }, { "RegexString": "crawl" }, { "RegexString": "spider" }]);
    document["regexPatternSets"] = json!([{ "ARN": set, "RegularExpressionList": regexes }]);
    assert_eq!(problems(&document), "");
    let acl = web_acl(&document);
    assert_eq!([0, 1, 2].map(|rule| test(own(&acl, rule))), [(0, 0..1), (0, 1..4), (0, 4..5)]);
    assert_eq!(acl.inputs.iter().next().unwrap().field, Field::SingleHeader("user-agent".into()));
}

#[test]
fn actions_have_headers_and_answers() {
    let path = json!({ "UriPath": {} });
    let mut count = rule("count", 0, text("a", path.clone(), "CONTAINS", &["NONE"]));
    count["Action"] = json!({ "Count": { "CustomRequestHandling": {
        "InsertHeaders": [{ "Name": "Verdict", "Value": "odd" }] } } });
    let mut block = rule("block", 1, text("b", path, "CONTAINS", &["NONE"]));
    block["Action"] = json!({ "Block": { "CustomResponse": {
        "ResponseCode": 429, "CustomResponseBodyKey": "tea",
        "ResponseHeaders": [{ "Name": "X-Why", "Value": "tea" }] } } });
    let mut document = document(json!([count, block]));
    document["webAcls"][0]["CustomResponseBodies"] =
        json!({ "tea": { "ContentType": "APPLICATION_JSON", "Content": "{}" } });
    let acl = web_acl(&document);
    let Action::Count(headers) = &own(&acl, 0).action else { panic!("no count") };
    assert_eq!((headers[0].name.as_str(), headers[0].value.as_str()), ("x-amzn-waf-verdict", "odd"));
    let Action::Block(block) = &own(&acl, 1).action else { panic!("no block") };
    let custom = block.custom.as_ref().unwrap();
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(custom.headers, [header("x-why", "tea"), header("content-type", "application/json")]);
    assert_eq!((custom.status, custom.body.as_slice()), (429, b"{}".as_slice()));
}

#[test]
fn bodies_are_inspected_as_far_as_is_said() {
    let mut document =
        document(json!([rule("body", 0, text("a", json!({ "Body": {} }), "CONTAINS", &["NONE"]))]));
    let acl = web_acl(&document);
    assert_eq!(acl.body_bytes, 16_384);
    assert_eq!(acl.inputs.iter().next().unwrap().field, Field::Body(OversizeHandling::Continue));
    for (limit, bytes) in [("KB_16", 16_384), ("KB_32", 32_768), ("KB_48", 49_152), ("KB_64", 65_536)] {
        document["webAcls"][0]["AssociationConfig"] = json!({ "RequestBody": {
            "API_GATEWAY": { "DefaultSizeInspectionLimit": limit },
            "CLOUDFRONT": { "DefaultSizeInspectionLimit": "KB_16" },
        } });
        assert_eq!(web_acl(&document).body_bytes, bytes);
    }
}

#[test]
fn comparisons_of_bodies_that_are_never_so_long_are_told() {
    let said = |operator: &str, size: u64, oversize: &str| {
        let body = json!({ "Body": { "OversizeHandling": oversize } });
        let more = json!({ "ComparisonOperator": operator, "Size": size });
        problems(&document(json!([rule("size", 0, on("SizeConstraintStatement", body, &["NONE"], more))])))
    };
    for (operator, size, word) in [
        ("GT", 16_384, "never"),
        ("GT", 16_383, ""),
        ("GE", 16_385, "never"),
        ("GE", 16_384, ""),
        ("EQ", 16_385, "never"),
        ("EQ", 16_384, ""),
        ("NE", 16_385, "always"),
        ("NE", 16_384, ""),
        ("LE", 16_384, "always"),
        ("LE", 16_383, ""),
        ("LT", 16_385, "always"),
        ("LT", 16_384, ""),
    ] {
        let found = said(operator, size, "CONTINUE");
        assert_eq!(found.contains(&format!("so this {word} fits")), !word.is_empty(), "{operator} {size}");
        assert_eq!(found.is_empty(), word.is_empty(), "{operator} {size}: {found}");
        assert_eq!(said(operator, size, "MATCH"), "", "{operator} {size}");
    }
}

/// AWS's documents: base costs, what is added, and that a transformation of a part costs once.
/// <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statements-match.html>
#[test]
fn capacity_is_aws_s() {
    let units = |statements: &[Value]| {
        let rules =
            statements.iter().zip(0..).map(|(statement, i)| rule(&format!("r{i}"), i, statement.clone()));
        let mut document = document(rules.collect());
        document["ipSets"] =
            json!([{ "Name": "s", "ARN": "s", "IPAddressVersion": "IPV4", "Addresses": [] }]);
        document["regexPatternSets"] = json!([{ "ARN": "s", "RegularExpressionList": [{ "RegexString": "a" }, { "RegexString": "b" }] }]);
        web_acl(&document).capacity
    };
    let path = || json!({ "UriPath": {} });
    let all = || json!({ "AllQueryArguments": {} });
    let json_body = || json!({ "JsonBody": { "MatchPattern": { "All": {} }, "MatchScope": "ALL" } });
    let xss = |field, steps: &[&str]| on("XssMatchStatement", field, steps, json!({}));
    let regex =
        |field, steps: &[&str]| on("RegexMatchStatement", field, steps, json!({ "RegexString": "a" }));
    let size = |field, steps: &[&str]| {
        on("SizeConstraintStatement", field, steps, json!({ "ComparisonOperator": "GT", "Size": 1 }))
    };
    let sql = |level| on("SqliMatchStatement", path(), &["NONE"], json!({ "SensitivityLevel": level }));
    let set = |field| on("RegexPatternSetReferenceStatement", field, &["NONE"], json!({ "ARN": "s" }));
    let forwarded = |position: &str| {
        let config =
            json!({ "HeaderName": "x-forwarded-for", "FallbackBehavior": "MATCH", "Position": position });
        json!({ "IPSetReferenceStatement": { "ARN": "s", "IPSetForwardedIPConfig": config } })
    };
    let rate = |keys: Value, kind: &str| json!({ "RateBasedStatement": { "Limit": 10, "AggregateKeyType": kind, "CustomKeys": keys } });
    let label = json!({ "LabelMatchStatement": { "Scope": "LABEL", "Key": "a" } });
    let not = |statement: Value| json!({ "NotStatement": { "Statement": statement } });
    let and = |statements: &[Value]| json!({ "AndStatement": { "Statements": statements } });
    for (expected, statements) in [
        (2, vec![text("a", path(), "EXACTLY", &["NONE"])]),
        (2, vec![text("a", path(), "STARTS_WITH", &["NONE"])]),
        (2, vec![text("a", path(), "ENDS_WITH", &["NONE"])]),
        (10, vec![text("a", path(), "CONTAINS", &["NONE"])]),
        (10, vec![text("a", path(), "CONTAINS_WORD", &["NONE"])]),
        (12, vec![text("a", path(), "EXACTLY", &["LOWERCASE"])]),
        (22, vec![text("a", path(), "EXACTLY", &["LOWERCASE", "URL_DECODE"])]),
        (12, vec![text("a", all(), "EXACTLY", &["NONE"])]),
        (4, vec![text("a", json_body(), "EXACTLY", &["NONE"])]),
        (14, vec![text("a", json_body(), "EXACTLY", &["LOWERCASE"])]),
        (1, vec![size(path(), &["NONE"])]),
        (2, vec![size(json_body(), &["NONE"])]),
        (3, vec![regex(path(), &["NONE"])]),
        (25, vec![set(path())]),
        (50, vec![set(json_body())]),
        (20, vec![sql("LOW")]),
        (30, vec![sql("HIGH")]),
        (40, vec![xss(path(), &["NONE"])]),
        (60, vec![xss(all(), &["URL_DECODE"])]),
        (1, vec![json!({ "IPSetReferenceStatement": { "ARN": "s" } })]),
        (1, vec![forwarded("FIRST")]),
        (5, vec![forwarded("ANY")]),
        (1, vec![json!({ "GeoMatchStatement": { "CountryCodes": ["DE"] } })]),
        (1, vec![json!({ "AsnMatchStatement": { "AsnList": [1] } })]),
        (1, vec![label.clone()]),
        (2, vec![rate(json!([]), "IP")]),
        (62, vec![rate(json!([{ "IP": {} }, { "HTTPMethod": {} }]), "CUSTOM_KEYS")]),
        (3, vec![and(&[text("a", path(), "EXACTLY", &["NONE"]), not(label)])]),
        // The same transformation of the same part, in one rule and in several.
        (
            14,
            vec![and(&[
                text("a", path(), "EXACTLY", &["LOWERCASE"]),
                text("b", path(), "EXACTLY", &["LOWERCASE"]),
            ])],
        ),
        (15, vec![text("a", path(), "EXACTLY", &["LOWERCASE"]), regex(path(), &["LOWERCASE"])]),
        (
            24,
            vec![
                text("a", path(), "EXACTLY", &["LOWERCASE"]),
                text("a", json!({ "Method": {} }), "EXACTLY", &["LOWERCASE"]),
            ],
        ),
    ] {
        assert_eq!(units(&statements), expected, "{statements:?}");
    }
}

#[test]
fn groups_cost_what_they_declare() {
    let mut document = document(json!([reference("mine", 0, json!({})), reference("again", 1, json!({}))]));
    document["ruleGroups"] =
        group(json!([rule("inner", 0, text("b", json!({ "UriPath": {} }), "EXACTLY", &["NONE"]))]));
    assert_eq!(web_acl(&document).capacity, 4);
    document["ruleGroups"][0]["Capacity"] = json!(100);
    assert_eq!(web_acl(&document).capacity, 200);
    assert_eq!(problems(&document), "");
    let much = |document: &mut Value| document["ruleGroups"][0]["Capacity"] = json!(2501);
    assert_eq!(
        spoiled(document.clone(), much),
        "warning: webAcls[0].Rules: the rules need 5002 capacity units (WCU)\n  \
         help: AWS refuses web ACLs of more than 5000; here nothing does"
    );
    let little = |document: &mut Value| document["ruleGroups"][0]["Capacity"] = json!(1);
    assert_eq!(
        spoiled(document, little),
        "warning: ruleGroups[0].Capacity: the rules need 2 capacity units (WCU), more than 1\n  \
         help: AWS refuses such a group; here nothing does"
    );
}

#[test]
fn both_sides_of_a_canary_have_the_web_acl_of_their_stage() {
    let mut document = document(json!([]));
    document["apis"][0]["stages"][0]["canarySettings"] = json!({ "percentTraffic": 10.0 });
    let compiled = compiled(&document);
    assert!(compiled.gateway.wants().source_address);
    let stage = compiled.gateway.api("shop").unwrap().stage("prod").unwrap();
    let canary = &stage.canary.as_ref().unwrap().side;
    assert!(Rc::ptr_eq(stage.web_acl.as_ref().unwrap(), canary.web_acl.as_ref().unwrap()));
}
