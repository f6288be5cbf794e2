use super::{document, group, of_group, reference, rule, text, visibility, web_acl};
use crate::gateway::testing::problems;
use crate::gateway::waf::action::Action;
use crate::gateway::waf::rule::{Body, Own};
use serde_json::{Value, json};

#[test]
fn rules_of_groups_get_other_actions() {
    let named = |name: &str, priority| {
        rule(name, priority, text("a", json!({ "UriPath": {} }), "CONTAINS", &["NONE"]))
    };
    let overrides = json!({
        "ExcludedRules": [{ "Name": "b" }],
        "RuleActionOverrides": [{ "Name": "c", "ActionToUse": { "Count": {} } }],
    });
    let mut document = document(json!([reference("mine", 0, overrides), reference("whole", 1, json!({}))]));
    document["ruleGroups"] = group(json!([named("a", 0), named("b", 1), named("c", 2)]));
    assert_eq!(problems(&document), "");
    let acl = web_acl(&document);
    let actions = |rule: usize| {
        of_group(&acl, rule).rules.iter().map(|rule| match &rule.body {
            Body::Own(Own { action: Action::Block(_), excluded, .. }) => ("block", *excluded),
            Body::Own(Own { action: Action::Count(_), excluded, .. }) => ("count", *excluded),
            body => panic!("{body:?}"),
        })
    };
    assert_eq!(actions(0).collect::<Vec<_>>(), [("block", false), ("count", true), ("count", false)]);
    assert_eq!(actions(1).collect::<Vec<_>>(), [("block", false); 3]);
}

fn counts(name: &str) -> Value {
    json!({ "Name": name, "ActionToUse": { "Count": {} } })
}

/// A document that asks a managed group.
fn managed(vendor: &str, name: &str, overrides: &Value) -> Value {
    let mut statement = json!({ "VendorName": vendor, "Name": name });
    statement.as_object_mut().unwrap().extend(overrides.as_object().unwrap().clone());
    let mut document = document(json!([{
        "Name": "managed", "Priority": 0, "Statement": { "ManagedRuleGroupStatement": statement },
        "OverrideAction": { "None": {} }, "VisibilityConfig": visibility("managed"),
    }]));
    document["managedRuleGroupSubstitutions"] = json!({ "AWS/AWSManagedRulesUnixRuleSet": "Sekisho/Unix" });
    document
}

#[test]
fn rules_of_amazon_s_that_ours_have_not_are_told_and_change_nothing() {
    let overrides = json!({
        "ExcludedRules": [{ "Name": "UNIXShellCommandsVariables_NOWHERE" }],
        "RuleActionOverrides": [counts("UNIXShellCommandsVariables_ELSEWHERE"), counts("UNIXShellCommandsVariables_BODY")],
    });
    let told = |severity: &str, help: [&str; 2]| {
        let at = "webAcls[0].Rules[0].Statement.ManagedRuleGroupStatement";
        let line = |member: &str, name: &str, help: &str| {
            format!(
                "{severity}: {at}.{member}[0].Name: no rule of the group is named `UNIXShellCommandsVariables_{name}`{help}"
            )
        };
        [line("ExcludedRules", "NOWHERE", help[0]), line("RuleActionOverrides", "ELSEWHERE", help[1])]
            .join("\n")
    };
    let theirs = managed("AWS", "AWSManagedRulesUnixRuleSet", &overrides);
    let help = "\n  help: what stands in for the group may have other rules: nothing is overridden";
    assert_eq!(problems(&theirs), told("warning", [help; 2]));
    let acl = web_acl(&theirs);
    let body =
        of_group(&acl, 0).rules.iter().find(|rule| rule.name.as_ref() == "UNIXShellCommandsVariables_BODY");
    assert!(matches!(&body.unwrap().body, Body::Own(Own { action: Action::Count(_), .. })));
    let ours = managed("Sekisho", "Unix", &overrides);
    assert!(problems(&ours).contains(
        "error: webAcls[0].Rules[0].Statement.ManagedRuleGroupStatement.ExcludedRules[0].Name: no rule"
    ));
    assert_eq!(problems(&ours).matches("error: ").count(), 2);
}

#[test]
fn a_rule_is_overridden_once() {
    let overrides =
        json!({ "RuleActionOverrides": [counts("a"), { "Name": "a", "ActionToUse": { "Block": {} } }] });
    let mut document = document(json!([reference("mine", 0, overrides)]));
    document["ruleGroups"] =
        group(json!([rule("a", 0, text("a", json!({ "UriPath": {} }), "CONTAINS", &["NONE"]))]));
    assert_eq!(
        problems(&document),
        "error: webAcls[0].Rules[0].Statement.RuleGroupReferenceStatement.RuleActionOverrides[1].Name: \
         the override of the rule `a` exists twice\n  help: which of the two is meant is not known"
    );
}
