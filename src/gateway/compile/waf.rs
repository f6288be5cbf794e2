//! Compiles web ACLs: AWS WAF's objects as written → rules as run, every problem with its path.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/web-acl.html>
//!
//! A group's rules are compiled once for each reference, into the inputs of the web ACL that refers to it; what is wrong with
//! them is told once, where the group stands in the document.

mod action;
mod address;
mod capacity;
mod field;
mod group;
mod input;
mod label;
mod logging;
mod rate;
mod rule;
mod statement;
mod union;

use super::scope::Scope;
use crate::gateway::config::Config;
use crate::gateway::config::waf::{self, SizeInspectionLimit};
use crate::gateway::waf::WebAcl;
use crate::gateway::waf::ip_set::IpSet;
use input::Drafts;
use rule::Owner;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// Bytes of a body that are inspected where nothing says so: AWS's, for API Gateway.
const BODY_BYTES: usize = 16 << 10;
/// Largest capacity of a web ACL, in units: AWS's limit.
pub const MOST_CAPACITY: u32 = 5000;
/// What a web ACL is associated with here.
const RESOURCE: &str = "API_GATEWAY";

/// All that web ACLs are compiled from.
struct Sources<'c> {
    config: &'c Config,
    /// In the order of the document.
    ip_sets: Vec<Rc<IpSet>>,
    /// Managed groups that were read, by their names.
    managed: RefCell<Vec<(String, Rc<waf::RuleGroup>)>>,
    /// What was warned of already, by its bit.
    warned: Cell<u8>,
}

/// A web ACL that is being put together.
struct Draft<'a, 'c> {
    sources: &'a Sources<'c>,
    inputs: Drafts,
    body_bytes: usize,
    /// What tells it from others, and the rules of one reference to a group from those of another.
    names: Vec<String>,
    labels: label::Known,
}

/// Compiles them, by their ARNs; what cannot be goes to the diagnostics.
pub(super) fn compile(config: &Config, scope: &mut Scope<'_>) -> HashMap<String, Rc<WebAcl>> {
    if !config.web_acls.is_empty() {
        scope.want_source_address();
    }
    let ip_sets = address::sets(config, scope);
    let sources = Sources { config, ip_sets, managed: RefCell::default(), warned: Cell::default() };
    group::check_substitutions(config, scope);
    check_arns(config, scope);
    logging::check(config, scope);
    check_unused(&sources, scope);
    let mut compiled = HashMap::with_capacity(config.web_acls.len());
    for (i, written) in config.web_acls.iter().enumerate() {
        let below = &mut scope.below(&format!("webAcls[{i}]"));
        let acl = sources.web_acl(written, below);
        if !is_named(config, &written.arn) {
            below
                .warning("", format!("no stage names the web ACL `{}`, so it guards nothing", written.name))
                .help(format!("add `\"webAclArn\": \"{}\"` to a stage", written.arn));
        }
        compiled.extend(acl.map(|acl| (written.arn.clone(), Rc::new(acl))));
    }
    compiled
}

/// The web ACL that a stage names; one that is not there goes to the diagnostics.
pub(super) fn of_stage(
    arn: Option<&str>,
    config: &Config,
    compiled: &HashMap<String, Rc<WebAcl>>,
    at: &str,
    scope: &mut Scope<'_>,
) -> Option<Rc<WebAcl>> {
    let arn = arn?;
    let arns = config.web_acls.iter().map(|acl| acl.arn.as_str());
    by_arn(arn, &WEB_ACLS, &arns.collect::<Vec<_>>(), &format!("{at}.webAclArn"), scope)?;
    compiled.get(arn).map(Rc::clone)
}

/// A list of the document whose objects are found by their ARNs.
struct List {
    /// One of its objects.
    one: &'static str,
    /// Its name.
    name: &'static str,
    /// The command that prints an object of it.
    command: &'static str,
}

const WEB_ACLS: List = List { one: "web ACL", name: "webAcls", command: "get-web-acl" };
const IP_SETS: List = List { one: "IP set", name: "ipSets", command: "get-ip-set" };
const PATTERN_SETS: List =
    List { one: "regex pattern set", name: "regexPatternSets", command: "get-regex-pattern-set" };
const GROUPS: List = List { one: "rule group", name: "ruleGroups", command: "get-rule-group" };

/// The place of the object with this ARN in its list.
#[inline(never)]
fn by_arn(arn: &str, list: &List, known: &[&str], at: &str, scope: &mut Scope<'_>) -> Option<usize> {
    let place = known.iter().position(|known| *known == arn);
    if place.is_none() {
        let List { one, name, command } = list;
        let diagnostic = scope.error(at, format!("no {one} has the ARN `{arn}`"));
        diagnostic.help(format!("add what `aws wafv2 {command}` prints to `{name}`"));
        diagnostic.suggest(
            &format!("the ARN of a {one}").replace("a IP", "an IP"),
            arn,
            known.iter().copied(),
        );
    }
    place
}

/// ARNs find one object.
fn check_arns(config: &Config, scope: &mut Scope<'_>) {
    check_list(&WEB_ACLS, &config.web_acls.iter().map(|it| it.arn.as_str()).collect::<Vec<_>>(), scope);
    check_list(&IP_SETS, &config.ip_sets.iter().map(|it| it.arn.as_str()).collect::<Vec<_>>(), scope);
    let sets = config.regex_pattern_sets.iter().map(|it| it.arn.as_str());
    check_list(&PATTERN_SETS, &sets.collect::<Vec<_>>(), scope);
    check_list(&GROUPS, &config.rule_groups.iter().map(|it| it.arn.as_str()).collect::<Vec<_>>(), scope);
}

#[inline(never)]
fn check_list(list: &List, arns: &[&str], scope: &mut Scope<'_>) {
    for (i, arn) in arns.iter().enumerate() {
        if arns.iter().take(i).any(|known| known == arn) {
            let problem = format!("the {} `{arn}` exists twice", list.one);
            scope.error(&format!("{}[{i}].ARN", list.name), problem);
        }
    }
}

/// Groups and sets that no web ACL refers to are compiled too, so that what is wrong with them is told.
fn check_unused(sources: &Sources<'_>, scope: &mut Scope<'_>) {
    let mut draft = Draft::new(sources, BODY_BYTES, Vec::new());
    for place in 0..sources.config.rule_groups.len() {
        draft.group_rules(place, scope);
    }
    for place in 0..sources.config.regex_pattern_sets.len() {
        draft.check_pattern_set(place, scope);
    }
}

fn is_named(config: &Config, arn: &str) -> bool {
    let mut stages = config.apis.iter().flat_map(|api| &api.stages);
    stages.any(|stage| stage.web_acl_arn.as_deref() == Some(arn))
}

/// A name of WAF's: `^[\w\-]{1,128}$`.
#[inline(never)]
fn check_name(name: &str, at: &str, scope: &mut Scope<'_>) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if !(1..=128).contains(&name.len()) || !name.bytes().all(plain) {
        scope.error(at, format!("`{name}` is not a name")).help("1 to 128 letters, digits, `-` and `_`");
    }
}

/// What is counted under.
#[inline(never)]
fn metric(written: &waf::VisibilityConfig, scope: &mut Scope<'_>) -> Option<Rc<str>> {
    let name = written.metric_name.as_str();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_#:.-/".contains(&byte);
    if !(1..=255).contains(&name.len()) || !name.bytes().all(plain) {
        scope
            .error("VisibilityConfig.MetricName", format!("`{name}` is not the name of a metric"))
            .help("1 to 255 letters, digits and `_#:.-/`");
    }
    written.cloud_watch_metrics_enabled.then(|| Rc::from(name))
}

// === impl Sources ===

impl Sources<'_> {
    fn web_acl(&self, written: &waf::WebAcl, scope: &mut Scope<'_>) -> Option<WebAcl> {
        check_name(&written.name, "Name", scope);
        let metric = metric(&written.visibility_config, scope);
        action::check_bodies(&written.custom_response_bodies, scope);
        let mut draft = Draft::new(self, body_bytes(written), vec![written.arn.clone()]);
        let owner = Owner::web_acl(self.config, written, scope);
        let default_action = draft.default_action(&written.default_action, &owner, scope);
        let mut rules =
            draft.manager_groups(&written.pre_process_firewall_manager_rule_groups, "Pre", &owner, scope);
        rules.extend(draft.rules(&written.rules, &owner, scope));
        let last = &written.post_process_firewall_manager_rule_groups;
        rules.extend(draft.manager_groups(last, "Post", &owner, scope));
        draft.labels.check(scope);
        let capacity = capacity::of_web_acl(written, self);
        if capacity > MOST_CAPACITY {
            scope
                .warning("Rules", format!("the rules need {capacity} capacity units (WCU)"))
                .help(format!("AWS refuses web ACLs of more than {MOST_CAPACITY}; here nothing does"));
        }
        let inputs = draft.inputs.finish(&mut rules, scope)?;
        let (name, arn) = (written.name.clone(), written.arn.clone());
        let body_bytes = draft.body_bytes;
        let (default_action, logging) = (default_action?, self.logging(&arn));
        let settings = self.config.waf_settings.as_ref();
        let compressed_bodies = settings.and_then(|settings| settings.compressed_bodies).unwrap_or_default();
        Some(WebAcl {
            name,
            arn,
            rules,
            default_action,
            inputs,
            body_bytes,
            compressed_bodies,
            capacity,
            metric,
            logging,
        })
    }
}

/// How much of bodies is inspected.
fn body_bytes(written: &waf::WebAcl) -> usize {
    let association = written.association_config.as_ref();
    let Some(limit) = association.and_then(|all| all.request_body.get(RESOURCE)) else { return BODY_BYTES };
    match limit.default_size_inspection_limit {
        SizeInspectionLimit::Kb16 => 16 << 10,
        SizeInspectionLimit::Kb32 => 32 << 10,
        SizeInspectionLimit::Kb48 => 48 << 10,
        SizeInspectionLimit::Kb64 => 64 << 10,
    }
}

// === impl Draft ===

impl<'a, 'c> Draft<'a, 'c> {
    fn new(sources: &'a Sources<'c>, body_bytes: usize, names: Vec<String>) -> Self {
        let (inputs, labels) = (Drafts::default(), label::Known::default());
        Self { sources, inputs, body_bytes, names, labels }
    }
}

#[cfg(test)]
mod tests;
