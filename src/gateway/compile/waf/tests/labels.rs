use super::{ARN, GROUP, document, group, of_group, own, reference, rule, text, web_acl};
use crate::gateway::testing::problems;
use crate::gateway::waf::WebAcl;
use crate::gateway::waf::labels::Labels;
use crate::gateway::waf::rule::{Body, Matcher, Own};
use crate::gateway::waf::statement::Statement;
use serde_json::{Value, json};

#[test]
fn labels_are_whole() {
    let mut labelled = rule("a", 0, text("a", json!({ "UriPath": {} }), "CONTAINS", &["NONE"]));
    labelled["RuleLabels"] = json!([{ "Name": "bad:bot" }, { "Name": "b" }]);
    let mut document = document(json!([labelled.clone(), reference("mine", 1, json!({}))]));
    document["ruleGroups"] = group(json!([labelled]));
    let acl = web_acl(&document);
    let labels: Vec<_> = own(&acl, 0).labels.iter().map(AsRef::as_ref).collect();
    assert_eq!(labels, ["awswaf:123456789012:webacl:acl:bad:bot", "awswaf:123456789012:webacl:acl:b"]);
    let Body::Own(inner) = &of_group(&acl, 1).rules[0].body else { panic!("a group in a group") };
    assert_eq!(inner.labels[0].as_ref(), "awswaf:123456789012:rulegroup:mine:bad:bot");
}

/// A document of an account that names none: what an account printed is taken as it is.
fn of_another_account(sought: &str) -> Value {
    let labelled = |name: &str| {
        let mut rule = rule(name, 0, text("a", json!({ "UriPath": {} }), "CONTAINS", &["NONE"]));
        rule["RuleLabels"] = json!([{ "Name": "bad" }]);
        rule
    };
    let mut document =
        document(json!([labelled("a"), reference("mine", 1, json!({})), seeks(2, "LABEL", sought)]));
    document["ruleGroups"] = group(json!([labelled("inner")]));
    let text = document.to_string().replace(ARN, &ARN.replace("123456789012", "111122223333"));
    serde_json::from_str(&text.replace(GROUP, &GROUP.replace("123456789012", "999988887777"))).unwrap()
}

fn seeks(priority: u32, scope: &str, key: &str) -> Value {
    rule(&format!("r{priority}"), priority, json!({ "LabelMatchStatement": { "Scope": scope, "Key": key } }))
}

/// Labels of the first rule and of the group behind it, and whether the third rule finds one of them.
fn labels(acl: &WebAcl) -> (String, String, bool) {
    let Body::Own(inner) = &of_group(acl, 1).rules[0].body else { panic!("a group in a group") };
    let own_label = |own: &Own| own.labels[0].to_string();
    let Matcher::Statement(Statement::Label(sought)) = &own(acl, 2).matcher else { panic!("no label") };
    let mut given = Labels::default();
    given.add(&own(acl, 0).labels[0]);
    given.add(&inner.labels[0]);
    (own_label(own(acl, 0)), own_label(inner), given.fit(sought))
}

#[test]
fn labels_have_the_account_of_the_arn() {
    for sought in ["awswaf:111122223333:webacl:acl:bad", "awswaf:999988887777:rulegroup:mine:bad"] {
        let mut document = of_another_account(sought);
        for account in [json!(null), json!("444455556666")] {
            document["accountId"] = account;
            assert_eq!(problems(&document), "");
            let (acl, group) =
                ("awswaf:111122223333:webacl:acl:bad", "awswaf:999988887777:rulegroup:mine:bad");
            assert_eq!(labels(&web_acl(&document)), (acl.into(), group.into(), true), "{sought}");
        }
    }
}

#[test]
fn labels_begin_with_what_aws_printed() {
    let mut document = of_another_account("awswaf:777788889999:webacl:old:bad");
    document["webAcls"][0]["LabelNamespace"] = json!("awswaf:777788889999:webacl:old:");
    document["ruleGroups"][0]["LabelNamespace"] = json!("awswaf:777788889999:rulegroup:older:");
    assert_eq!(problems(&document), "");
    let (acl, group) = ("awswaf:777788889999:webacl:old:bad", "awswaf:777788889999:rulegroup:older:bad");
    assert_eq!(labels(&web_acl(&document)), (acl.into(), group.into(), true));
    document["webAcls"][0]["LabelNamespace"] = json!("awswaf:777788889999:webacl:old");
    assert_eq!(
        problems(&document),
        "error: webAcls[0].LabelNamespace: a namespace ends in `:`\n  help: write `awswaf:777788889999:webacl:old:`"
    );
}

#[test]
fn an_arn_without_an_account_has_the_document_s() {
    let mut document = of_another_account("awswaf:444455556666:webacl:acl:bad");
    document["accountId"] = json!("444455556666");
    document["webAcls"][0]["ARN"] = json!("mine");
    document["apis"][0]["stages"][0]["webAclArn"] = json!("mine");
    assert_eq!(problems(&document), "");
    assert_eq!(labels(&web_acl(&document)).0, "awswaf:444455556666:webacl:acl:bad");
}

#[test]
fn labels_that_no_rule_gives_are_told() {
    let country = rule("c", 9, json!({ "GeoMatchStatement": { "CountryCodes": ["DE"] } }));
    let told = |scope: &str, key: &str| {
        let mut document = of_another_account("awswaf:111122223333:webacl:acl:bad");
        let rules = document["webAcls"][0]["Rules"].as_array_mut().unwrap();
        rules.extend([seeks(3, scope, key), country.clone()]);
        let problems = problems(&document);
        let told = problems.lines().filter(|line| line.contains("never fits")).collect::<Vec<_>>();
        assert!(told.iter().all(|line| {
            line.starts_with("warning: webAcls[0].Rules[3].Statement.LabelMatchStatement.Key: ")
        }));
        told.len()
    };
    for (scope, key, expected) in [
        ("LABEL", "awswaf:123456789012:webacl:acl:bad", 1),
        ("LABEL", "awswaf:111122223333:webacl:acl:good", 1),
        ("LABEL", "awswaf:999988887777:rulegroup:mine:bad", 0),
        ("LABEL", "awswaf:clientip:geo:country:DE", 0),
        // The end of a label may be meant for what is still to come.
        ("LABEL", "good", 0),
        ("NAMESPACE", "awswaf:123456789012:webacl:acl:", 1),
        ("NAMESPACE", "bad:", 1),
        ("NAMESPACE", "webacl:acl:", 0),
        ("NAMESPACE", "geo:", 0),
        ("NAMESPACE", "region:", 0),
    ] {
        assert_eq!(told(scope, key), expected, "{scope} {key}");
    }
}

/// What a group looks for may come from another web ACL that refers to it.
#[test]
fn what_a_group_looks_for_is_not_told() {
    let mut document = document(json!([reference("mine", 0, json!({}))]));
    document["ruleGroups"] = group(json!([seeks(0, "LABEL", "awswaf:123456789012:webacl:other:bad")]));
    assert_eq!(problems(&document), "");
}
