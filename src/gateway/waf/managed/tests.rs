//! Each pattern finds its examples, wherever a rule looks for it, and lets pass what it must.
#![allow(clippy::string_slice, reason = "expressions of our own, cut beside ASCII")]

mod request;
mod source;

use super::{group, load, names};
use crate::gateway::compile::compile;
use crate::gateway::surroundings::Elsewhere;
use crate::gateway::testing::{config, env, problems, proxy, rest};
use crate::gateway::waf::client::Client;
use crate::gateway::waf::view::{Body, View};
use crate::gateway::waf::{Decision, WebAcl};
use request::Request;
use serde_json::{Value, json};
use source::{Rule, Source};
use std::collections::BTreeMap;
use std::rc::Rc;

const ARN: &str = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/acl/a1b2";

/// A document with a web ACL of one group, each rule of which counts.
fn document(source: &Source, reference: Value) -> Value {
    let count = |rule: &Rule| json!({ "Name": rule.name, "ActionToUse": { "Count": {} } });
    let overrides: Vec<Value> = source.rules.iter().map(count).collect();
    let visibility = json!({ "CloudWatchMetricsEnabled": false, "MetricName": "x" });
    let mut document = rest(&["GET /x"], proxy("http://b", json!({})));
    document["apis"][0]["stages"][0]["webAclArn"] = json!(ARN);
    document["ipSets"] = json!(["IPReputationList", "ReconnaissanceList", "IPDDoSList"].map(|name| json!({
        "Name": name, "ARN": format!("arn:aws:wafv2:::sekisho/ipset/{name}"),
        "IPAddressVersion": "IPV4", "Addresses": ["192.0.2.0/24"],
    })));
    let mut statement = reference;
    for asked in statement.as_object_mut().unwrap().values_mut() {
        asked["RuleActionOverrides"] = json!(overrides);
    }
    document["webAcls"] = json!([{
        "Name": "acl", "ARN": ARN, "DefaultAction": { "Allow": {} }, "VisibilityConfig": visibility,
        "Rules": [{
            "Name": "group", "Priority": 0, "OverrideAction": { "None": {} }, "VisibilityConfig": visibility,
            "Statement": statement,
        }],
    }]);
    document
}

/// The web ACL of a document.
fn web_acl(document: &Value) -> Rc<WebAcl> {
    let compiled = compile(&config(document), &Elsewhere).unwrap_or_else(|problems| panic!("{problems}"));
    let api = compiled.gateway.api("shop").unwrap();
    Rc::clone(api.stage("prod").unwrap().web_acl.as_ref().unwrap())
}

/// A web ACL of the group that is made of a source, as a group of the document.
fn of_source(source: &Source) -> Rc<WebAcl> {
    let made: Value = serde_json::from_str(&source.json()).unwrap();
    let arn = &made["ruleGroups"][0]["ARN"];
    let mut document = document(source, json!({ "RuleGroupReferenceStatement": { "ARN": arn } }));
    document["ruleGroups"] = made["ruleGroups"].clone();
    document["regexPatternSets"] = made["regexPatternSets"].clone();
    web_acl(&document)
}

/// A web ACL of the group as it is built in.
fn built_in(source: &Source) -> Rc<WebAcl> {
    let asked = json!({ "ManagedRuleGroupStatement": { "VendorName": "Sekisho", "Name": source.name } });
    web_acl(&document(source, asked))
}

/// The rules that a request fits.
fn fired(acl: &WebAcl, request: &Request) -> Vec<String> {
    let head = request.head();
    let body = Body::Seen { bytes: &request.body, more: false };
    let view = View { head: &head, body, meaning: None, client: Client::new("192.0.2.1", &head) };
    match acl.begin(&view, &env()) {
        Decision::Done(outcome) => {
            outcome.record.counted.iter().map(|counted| counted.rule.to_string()).collect()
        }
        Decision::Body(_) => panic!("the body is there"),
    }
}

/// What is wrong with the examples of a rule, and how many requests were judged.
fn check(source: &Source, rule: &Rule, acl: &WebAcl) -> (Vec<String>, usize) {
    let mut wrong = Vec::new();
    let mut judged = 0;
    let mut judge = |texts: &mut dyn Iterator<Item = &String>, shall_fire: bool| {
        for text in texts {
            for request in Request::with(text, &source.fields(rule)) {
                let fired = fired(acl, &request);
                judged += 1;
                if shall_fire != fired.contains(&rule.name) || !shall_fire && !fired.is_empty() {
                    wrong.push(format!("{}: {text:?}: {request:?}: {fired:?}", rule.name));
                }
            }
        }
    };
    let lists = || rule.patterns.iter().chain(&rule.command).flat_map(|list| &source.patterns[list]);
    judge(&mut lists().flat_map(|pattern| &pattern.fires), true);
    judge(&mut lists().flat_map(|pattern| &pattern.passes), false);
    let own = |examples: &[Value]| examples.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect();
    let (fires, passes): (Vec<String>, Vec<String>) = (own(&rule.fires), own(&rule.passes));
    judge(&mut fires.iter(), true);
    judge(&mut passes.iter(), false);
    let whole = rule.fires.iter().map(|it| (it, true)).chain(rule.passes.iter().map(|it| (it, false)));
    let sized = rule.larger.iter().flat_map(|(field, size)| Request::sized(field, *size));
    let requests = whole.filter_map(|(it, shall)| Some((Request::read(it.as_object()?), shall))).chain(sized);
    for (request, shall_fire) in requests {
        judged += 1;
        if fired(acl, &request).contains(&rule.name) != shall_fire {
            wrong.push(format!("{}: {request:?}", rule.name));
        }
    }
    (wrong, judged)
}

#[test]
fn each_rule_finds_its_examples_and_lets_the_others_pass() {
    let mut wrong = Vec::new();
    let mut counts = BTreeMap::new();
    for (_, source) in source::all() {
        let acl = of_source(&source);
        for rule in &source.rules {
            let (of_rule, judged) = check(&source, rule, &acl);
            wrong.extend(of_rule);
            let refers =
                rule.statement.as_ref().is_some_and(|it| it.get("IPSetReferenceStatement").is_some());
            assert!(judged >= 2 || refers, "{} has no examples", rule.name);
            *counts.entry(source.name.clone()).or_insert(0) += judged;
        }
    }
    println!("{counts:?}");
    assert!(wrong.is_empty(), "{} of them are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn addresses_of_ill_repute_are_those_of_the_documents_sets() {
    let (_, source) = source::all().into_iter().find(|(_, source)| source.name == "IpReputation").unwrap();
    let fired = fired(&built_in(&source), &Request::get("/"));
    assert_eq!(fired, ["AWSManagedIPReputationList", "AWSManagedReconnaissanceList", "AWSManagedIPDDoSList"]);
}

#[test]
fn groups_are_made_of_their_sources() {
    let bless = std::env::var_os("SEKISHO_BLESS").is_some();
    for (file, source) in source::all() {
        let made = source.json();
        let file = file.with_extension("json");
        if bless {
            std::fs::write(&file, made).unwrap();
            continue;
        }
        let included = group(&source.name).unwrap_or_else(|| panic!("{} is not included", source.name));
        assert!(
            made == included,
            "{} is older than its source: SEKISHO_BLESS=1 makes it anew",
            file.display()
        );
    }
    assert_eq!(names().count(), source::all().len());
}

#[test]
fn groups_are_read_by_the_documents_types() {
    for (_, source) in source::all() {
        let group = load(&source.name).unwrap_or_else(|| panic!("{} cannot be read", source.name));
        assert_eq!(group.rules.len(), source.rules.len());
        assert_eq!(group.name, source.labels);
        built_in(&source);
    }
    assert_eq!(load("AWSManagedRulesCommonRuleSet"), None);
}

/// The ends of Amazon's namespaces, so that rules which look for their labels find those of what stands in.
/// <https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html>
#[test]
fn labels_end_as_those_of_the_groups_for_which_ours_stand_in() {
    for (ours, namespace) in [
        ("Core", "core-rule-set"),
        ("KnownBadInputs", "known-bad-inputs"),
        ("SqlDatabase", "sql-database"),
        ("Linux", "linux-os"),
        ("Unix", "posix-os"),
        ("Windows", "windows-os"),
        ("Php", "php-app"),
        ("WordPress", "wordpress-app"),
        ("AdminProtection", "admin-protection"),
        ("IpReputation", "amazon-ip-list"),
    ] {
        assert_eq!(load(ours).unwrap().name, namespace);
    }
}

#[test]
fn a_group_that_asks_for_addresses_says_which_sets_to_add() {
    let asked = json!({ "ManagedRuleGroupStatement": { "VendorName": "Sekisho", "Name": "IpReputation" } });
    let (_, source) = source::all().into_iter().find(|(_, source)| source.name == "IpReputation").unwrap();
    let mut document = document(&source, asked);
    document["ipSets"].as_array_mut().unwrap().truncate(2);
    let arn = "arn:aws:wafv2:::sekisho/ipset/IPDDoSList";
    let said = problems(&document);
    let problem = format!("the group asks for the addresses of `{arn}`, which a document brings itself");
    let line = json!({ "Name": "IPDDoSList", "ARN": arn, "IPAddressVersion": "IPV4", "Addresses": [] });
    let help = said.split_once("or without: `").and_then(|(_, rest)| rest.split_once('`'));
    assert!(said.contains(&problem), "{said}");
    assert_eq!(serde_json::from_str::<Value>(help.unwrap().0).unwrap(), line);
    document["ipSets"].as_array_mut().unwrap().push(line);
    let said = problems(&document);
    assert!(!said.contains("error"), "{said}");
}
