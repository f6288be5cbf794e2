//! Compiles rules: their order, names, labels and actions.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rules.html>

use super::super::scope::Scope;
use super::union::has_one;
use super::{Draft, action, check_name, label, metric, statement};
use crate::gateway::config::Config;
use crate::gateway::config::waf::{self, CustomResponseBody};
use crate::gateway::waf::action::Action;
use crate::gateway::waf::rule::{Body, Matcher, Own, Rule};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Whose rules they are.
pub(super) struct Owner<'c> {
    /// Its ARN, or what tells it from others.
    pub(super) id: String,
    /// What their labels begin with.
    pub(super) labels: String,
    /// What their answers' bodies are named by.
    pub(super) bodies: &'c BTreeMap<String, CustomResponseBody>,
    /// Whether it is a group, which holds no other ones.
    pub(super) is_group: bool,
}

impl<'c> Owner<'c> {
    /// A web ACL.
    pub(super) fn web_acl(config: &Config, written: &'c waf::WebAcl, scope: &mut Scope<'_>) -> Self {
        let (arn, name, namespace) = (&written.arn, &written.name, &written.label_namespace);
        let labels = label::namespace(config, namespace.as_deref(), arn, &["webacl", name], scope);
        Self { id: arn.clone(), labels, bodies: &written.custom_response_bodies, is_group: false }
    }

    /// A group.
    pub(super) fn group(config: &Config, written: &'c waf::RuleGroup, scope: &mut Scope<'_>) -> Self {
        let (arn, name, namespace) = (&written.arn, &written.name, &written.label_namespace);
        let labels = label::namespace(config, namespace.as_deref(), arn, &["rulegroup", name], scope);
        Self { id: arn.clone(), labels, bodies: &written.custom_response_bodies, is_group: true }
    }
}

/// Names and priorities stand once.
#[inline(never)]
pub(super) fn check_unique(rules: &[(&str, u32)], list: &str, scope: &mut Scope<'_>) {
    for (i, (name, priority)) in rules.iter().enumerate() {
        let before = || rules.iter().take(i);
        if before().any(|known| known.0 == *name) {
            scope.error(&format!("{list}[{i}].Name"), format!("the rule `{name}` exists twice"));
        }
        if let Some((known, _)) = before().find(|known| known.1 == *priority) {
            let problem = format!("`{known}` has the priority {priority} too");
            scope.error(&format!("{list}[{i}].Priority"), problem).help("the order of the two is not known");
        }
    }
}

/// The places of rules, the lowest priority first.
#[inline(never)]
pub(super) fn in_order(rules: &[(&str, u32)]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..rules.len()).collect();
    places.sort_by_key(|place| rules.get(*place).map(|rule| rule.1));
    places
}

impl Draft<'_, '_> {
    /// Rules, by priority.
    pub(super) fn rules(
        &mut self,
        written: &[waf::Rule],
        owner: &Owner<'_>,
        scope: &mut Scope<'_>,
    ) -> Vec<Rule> {
        let keys: Vec<_> = written.iter().map(|rule| (rule.name.as_str(), rule.priority)).collect();
        check_unique(&keys, "Rules", scope);
        let mut rules = Vec::with_capacity(written.len());
        for place in in_order(&keys) {
            if let Some(rule) = written.get(place) {
                rules.extend(self.rule(rule, owner, &mut scope.below(&format!("Rules[{place}]"))));
            }
        }
        rules
    }

    fn rule(&mut self, written: &waf::Rule, owner: &Owner<'_>, scope: &mut Scope<'_>) -> Option<Rule> {
        check_name(&written.name, "Name", scope);
        let metric = metric(&written.visibility_config, scope);
        let labels = label::given(&written.rule_labels, &owner.labels, scope);
        self.labels.given.extend(labels.iter().map(Rc::clone));
        let body = self.body(written, owner, labels, scope)?;
        Some(Rule { name: Rc::from(written.name.as_str()), metric, body })
    }

    fn body(
        &mut self,
        written: &waf::Rule,
        owner: &Owner<'_>,
        labels: Vec<Rc<str>>,
        scope: &mut Scope<'_>,
    ) -> Option<Body> {
        let asked = &written.statement;
        if !statement::is_one(asked, &mut scope.below("Statement")) {
            return None;
        }
        let (reference, managed) =
            (&asked.rule_group_reference_statement, &asked.managed_rule_group_statement);
        let is_group = reference.is_some() || managed.is_some();
        if is_group && owner.is_group {
            scope.error("Statement", "a group holds no groups");
            return None;
        }
        check_action(written, is_group, scope)?;
        if is_group {
            if !labels.is_empty() {
                scope
                    .error("RuleLabels", "a rule that refers to a group gives no labels")
                    .help("the rules of the group give theirs");
            }
            let asked = (reference.as_ref(), managed.as_ref());
            self.names.push(written.name.clone());
            let group = self.group(asked, written.override_action.as_ref(), owner, scope);
            self.names.pop();
            return group.map(Body::Group);
        }
        let action = written.action.as_ref();
        let action = action.and_then(|action| action::action(action, owner, &mut scope.below("Action")));
        if let (Some(action), Some(_)) = (&action, &asked.rate_based_statement) {
            check_rate_action(action, "Action", scope);
        }
        let matcher = self.matcher(written, owner, &mut scope.below("Statement"));
        Some(Body::Own(Own { matcher: matcher?, action: action?, excluded: false, labels }))
    }

    fn matcher(&mut self, written: &waf::Rule, owner: &Owner<'_>, scope: &mut Scope<'_>) -> Option<Matcher> {
        let Some(rate) = &written.statement.rate_based_statement else {
            return self.nested(&written.statement, scope).map(Matcher::Statement);
        };
        let scope = &mut scope.below("RateBasedStatement");
        self.rate(rate, &written.name, owner, scope).map(|rate| Matcher::Rate(Box::new(rate)))
    }
}

/// What is above a rate is not let through for it.
pub(super) fn check_rate_action(action: &Action, at: &str, scope: &mut Scope<'_>) {
    match action {
        Action::Allow(_) => {
            scope
                .error(at, "a rate-based rule cannot allow what is above its limit")
                .help("use `Block` or `Count`");
        }
        Action::Block(_) | Action::Count(_) => {}
    }
}

/// A rule has an action, or what becomes of its group's.
fn check_action(written: &waf::Rule, is_group: bool, scope: &mut Scope<'_>) -> Option<()> {
    let (own, of_group) = (written.action.is_some(), written.override_action.is_some());
    let (wanted, other, help) = if is_group {
        (
            "OverrideAction",
            "Action",
            "`{\"None\": {}}` leaves the group's actions as they are, `{\"Count\": {}}` counts only",
        )
    } else {
        ("Action", "OverrideAction", "`{\"Allow\": {}}`, `{\"Block\": {}}` or `{\"Count\": {}}`")
    };
    if own && is_group || of_group && !is_group {
        let whose = if is_group { "refers to a group" } else { "refers to no group" };
        scope.error(other, format!("a rule that {whose} has `{wanted}` in its place")).help(help);
        return None;
    }
    if !own && !of_group {
        scope.error(wanted, "it is missing").help(help);
        return None;
    }
    Some(())
}

/// Whether a group's result counts only.
pub(super) fn counts_only(written: Option<&waf::OverrideAction>, scope: &mut Scope<'_>) -> bool {
    let Some(written) = written else { return false };
    let scope = &mut scope.below("OverrideAction");
    let members = [("None", written.none.is_some()), ("Count", written.count.is_some())];
    has_one(&members, scope);
    if written.count.as_ref().is_some_and(|count| count.custom_request_handling.is_some()) {
        scope
            .error("Count.CustomRequestHandling", "a group's result inserts no headers")
            .help("the rules of the group can: `RuleActionOverrides`");
    }
    written.count.is_some()
}
