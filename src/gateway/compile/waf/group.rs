//! Compiles references to groups: the document's, managed ones, and those of Firewall Manager.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-groups.html>

use super::super::scope::Scope;
use super::rule::{Owner, check_rate_action, check_unique, counts_only, in_order};
use super::union::has_one;
use super::{Draft, GROUPS, Sources, action, by_arn, capacity, check_name, metric};
use crate::gateway::config::Config;
use crate::gateway::config::waf::{
    self, FirewallManagerRuleGroup, FirewallManagerStatement, ManagedRuleGroupStatement, Named,
    OverrideAction, RuleActionOverride, RuleGroup, RuleGroupReferenceStatement,
};
use crate::gateway::waf::action::Action;
use crate::gateway::waf::managed;
use crate::gateway::waf::rule::{Body, Group, Matcher, Rule};
use std::rc::Rc;

/// Whose managed groups are here.
const VENDOR: &str = "Sekisho";
/// Most overrides of a reference: AWS's limit.
const MOST_OVERRIDES: usize = 100;

/// What Amazon's groups begin with, and what they may end in.
const AMAZON: (&str, &str) = ("AWSManagedRules", "RuleSet");
/// Amazon's groups by what stands between, and ours that have their purposes.
const EQUALS: [(&str, &str); 10] = [
    ("Common", "Core"),
    ("KnownBadInputs", "KnownBadInputs"),
    ("SQLi", "SqlDatabase"),
    ("Linux", "Linux"),
    ("Unix", "Unix"),
    ("Windows", "Windows"),
    ("PHP", "Php"),
    ("WordPress", "WordPress"),
    ("AdminProtection", "AdminProtection"),
    ("AmazonIpReputationList", "IpReputation"),
];

/// What stands in for groups of other vendors is here.
pub(super) fn check_substitutions(config: &Config, scope: &mut Scope<'_>) {
    for (theirs, ours) in &config.managed_rule_group_substitutions {
        let at = format!("managedRuleGroupSubstitutions[{theirs:?}]");
        if theirs.split_once('/').is_none_or(|(vendor, name)| vendor.is_empty() || name.is_empty()) {
            scope
                .error(&at, format!("`{theirs}` is not a vendor and a group"))
                .help("as `AWS/AWSManagedRulesCommonRuleSet`");
        }
        match ours.split_once('/') {
            Some((VENDOR, name)) if managed::group(name).is_some() => {}
            Some((VENDOR, name)) => not_ours(name, &at, scope),
            Some(_) | None => {
                scope.error(&at, format!("`{ours}` is no group of `{VENDOR}`")).help(ours_in_words());
            }
        }
    }
}

/// The name of our group that a statement names, or that stands in for it.
fn our_name<'c>(config: &'c Config, written: &'c ManagedRuleGroupStatement) -> Option<&'c str> {
    if written.vendor_name == VENDOR {
        return Some(&written.name);
    }
    let theirs = format!("{}/{}", written.vendor_name, written.name);
    config.managed_rule_group_substitutions.get(&theirs)?.strip_prefix(VENDOR)?.strip_prefix('/')
}

impl Sources<'_> {
    /// The managed group that a statement names, or what stands in for it. Each is read once.
    pub(super) fn managed(&self, written: &ManagedRuleGroupStatement) -> Option<Rc<RuleGroup>> {
        let name = our_name(self.config, written)?;
        let mut read = self.managed.borrow_mut();
        if let Some((_, group)) = read.iter().find(|(known, _)| known == name) {
            return Some(Rc::clone(group));
        }
        let group = Rc::new(managed::load(name)?);
        read.push((name.to_owned(), Rc::clone(&group)));
        Some(group)
    }
}

/// What a rule refers to.
type Asked<'c> = (Option<&'c RuleGroupReferenceStatement>, Option<&'c ManagedRuleGroupStatement>);

impl Draft<'_, '_> {
    /// The group that a rule refers to.
    pub(super) fn group(
        &mut self,
        asked: Asked<'_>,
        override_action: Option<&OverrideAction>,
        owner: &Owner<'_>,
        scope: &mut Scope<'_>,
    ) -> Option<Group> {
        let count_only = counts_only(override_action, scope);
        let scope = &mut scope.below("Statement");
        let group = match asked {
            (Some(written), _) => {
                self.reference(written, owner, &mut scope.below("RuleGroupReferenceStatement"))?
            }
            (None, Some(written)) => {
                self.managed(written, owner, &mut scope.below("ManagedRuleGroupStatement"))?
            }
            (None, None) => return None,
        };
        Some(Group { count_only, ..group })
    }

    fn reference(
        &mut self,
        written: &RuleGroupReferenceStatement,
        owner: &Owner<'_>,
        scope: &mut Scope<'_>,
    ) -> Option<Group> {
        let arns = self.sources.config.rule_groups.iter().map(|group| group.arn.as_str());
        let place = by_arn(&written.arn, &GROUPS, &arns.collect::<Vec<_>>(), "ARN", scope)?;
        let mut rules = self.group_rules(place, scope);
        let asked = (written.excluded_rules.as_slice(), written.rule_action_overrides.as_slice());
        override_rules(&mut rules, asked, Unknown::Error, owner, scope);
        let id = Rc::from(written.arn.as_str());
        Some(Group { id, managed: false, scope_down: None, rules, count_only: false })
    }

    fn managed(
        &mut self,
        written: &ManagedRuleGroupStatement,
        owner: &Owner<'_>,
        scope: &mut Scope<'_>,
    ) -> Option<Group> {
        let Some(found) = self.sources.managed(written) else {
            unknown(written, self.sources.config, scope);
            return None;
        };
        let scope_down = match &written.scope_down_statement {
            Some(statement) => Some(self.nested(statement, &mut scope.below("ScopeDownStatement"))?),
            None => None,
        };
        let theirs = Owner {
            // What stands in for a group gives the labels that rules behind that one look for.
            labels: format!("awswaf:managed:{}:{}:", written.vendor_name.to_ascii_lowercase(), found.name),
            id: format!("{}#{}", written.vendor_name, written.name),
            bodies: &found.custom_response_bodies,
            is_group: true,
        };
        let mut rules = self.inner_rules(&found.rules, &theirs, scope);
        let asked = (written.excluded_rules.as_slice(), written.rule_action_overrides.as_slice());
        // Amazon's group may have rules that what stands in for it has not: without them there is nothing to override.
        let unknown = if written.vendor_name == VENDOR { Unknown::Error } else { Unknown::Warning };
        override_rules(&mut rules, asked, unknown, owner, scope);
        let id = Rc::from(theirs.id);
        Some(Group { id, managed: true, scope_down, rules, count_only: false })
    }

    /// The rules of a group.
    fn inner_rules(&mut self, written: &[waf::Rule], owner: &Owner<'_>, scope: &mut Scope<'_>) -> Vec<Rule> {
        let sought = self.labels.sought.len();
        let rules = self.rules(written, owner, scope);
        self.labels.sought.truncate(sought);
        rules
    }

    /// The rules of a group of the document; what is wrong with them is told where it stands.
    pub(super) fn group_rules(&mut self, place: usize, scope: &mut Scope<'_>) -> Vec<Rule> {
        let config = self.sources.config;
        let Some(written) = config.rule_groups.get(place) else { return Vec::new() };
        let mut root = scope.root();
        let scope = &mut root.below(&format!("ruleGroups[{place}]"));
        check_name(&written.name, "Name", scope);
        metric(&written.visibility_config, scope);
        action::check_bodies(&written.custom_response_bodies, scope);
        let needed = capacity::of_rules(&written.rules, self.sources);
        if let Some(declared) = written.capacity.filter(|declared| *declared < u64::from(needed)) {
            scope
                .warning(
                    "Capacity",
                    format!("the rules need {needed} capacity units (WCU), more than {declared}"),
                )
                .help("AWS refuses such a group; here nothing does");
        }
        let owner = Owner::group(config, written, scope);
        self.inner_rules(&written.rules, &owner, scope)
    }

    /// Groups that Firewall Manager put before or behind the rules, by priority.
    pub(super) fn manager_groups(
        &mut self,
        written: &[FirewallManagerRuleGroup],
        side: &str,
        owner: &Owner<'_>,
        scope: &mut Scope<'_>,
    ) -> Vec<Rule> {
        let list = format!("{side}ProcessFirewallManagerRuleGroups");
        let keys: Vec<_> = written.iter().map(|group| (group.name.as_str(), group.priority)).collect();
        check_unique(&keys, &list, scope);
        let mut rules = Vec::with_capacity(written.len());
        for place in in_order(&keys) {
            if let Some(group) = written.get(place) {
                let scope = &mut scope.below(&format!("{list}[{place}]"));
                rules.extend(self.manager_group(group, owner, scope));
            }
        }
        rules
    }

    fn manager_group(
        &mut self,
        written: &FirewallManagerRuleGroup,
        owner: &Owner<'_>,
        scope: &mut Scope<'_>,
    ) -> Option<Rule> {
        check_name(&written.name, "Name", scope);
        let metric = metric(&written.visibility_config, scope);
        let count_only = counts_only(Some(&written.override_action), scope);
        self.names.push(written.name.clone());
        let group = self.manager_asks(&written.firewall_manager_statement, owner, scope);
        self.names.pop();
        let body = Body::Group(Group { count_only, ..group? });
        Some(Rule { name: Rc::from(written.name.as_str()), metric, body })
    }

    fn manager_asks(
        &mut self,
        asked: &FirewallManagerStatement,
        owner: &Owner<'_>,
        scope: &mut Scope<'_>,
    ) -> Option<Group> {
        let scope = &mut scope.below("FirewallManagerStatement");
        let members = [
            ("ManagedRuleGroupStatement", asked.managed_rule_group_statement.is_some()),
            ("RuleGroupReferenceStatement", asked.rule_group_reference_statement.is_some()),
        ];
        if !has_one(&members, scope) {
            return None;
        }
        match (&asked.rule_group_reference_statement, &asked.managed_rule_group_statement) {
            (Some(it), _) => self.reference(it, owner, &mut scope.below("RuleGroupReferenceStatement")),
            (None, Some(it)) => self.managed(it, owner, &mut scope.below("ManagedRuleGroupStatement")),
            (None, None) => None,
        }
    }
}

/// A managed group that is not here.
#[cold]
fn unknown(written: &ManagedRuleGroupStatement, config: &Config, scope: &mut Scope<'_>) {
    let ManagedRuleGroupStatement { vendor_name, name, .. } = written;
    if let Some(ours) = our_name(config, written) {
        return not_ours(ours, "Name", scope);
    }
    let purpose = name.strip_prefix(AMAZON.0).unwrap_or(name);
    let purpose = purpose.strip_suffix(AMAZON.1).unwrap_or(purpose);
    let help = match EQUALS.iter().find(|(theirs, _)| *theirs == purpose) {
        Some((_, ours)) => format!(
            "have one of ours stand in for it: `\"managedRuleGroupSubstitutions\": {{\"{vendor_name}/{name}\": \"{VENDOR}/{ours}\"}}`"
        ),
        None => format!("none of ours has its purpose: take the rule away; {}", ours_in_words()),
    };
    scope.error("Name", format!("the rules of `{vendor_name}/{name}` are its vendor's secret")).help(help);
}

#[cold]
fn not_ours(name: &str, at: &str, scope: &mut Scope<'_>) {
    let diagnostic = scope.error(at, format!("no managed group of `{VENDOR}` is named `{name}`"));
    diagnostic.help(ours_in_words());
    diagnostic.suggest("a group", name, managed::names());
}

fn ours_in_words() -> String {
    let names: Vec<_> = managed::names().map(|name| format!("`{VENDOR}/{name}`")).collect();
    format!("there are {}", names.join(", "))
}

/// What an override of a rule is that the group has not.
#[derive(Clone, Copy)]
enum Unknown {
    Error,
    Warning,
}

/// Rules get other actions.
fn override_rules(
    rules: &mut [Rule],
    (excluded, overrides): (&[Named], &[RuleActionOverride]),
    unknown: Unknown,
    owner: &Owner<'_>,
    scope: &mut Scope<'_>,
) {
    let count = excluded.len() + overrides.len();
    if count > MOST_OVERRIDES {
        scope.error("RuleActionOverrides", format!("{count} overrides are more than {MOST_OVERRIDES}"));
    }
    for (i, written) in excluded.iter().enumerate() {
        let scope = &mut scope.below(&format!("ExcludedRules[{i}]"));
        if let Some(rule) = overridden(rules, &written.name, unknown, scope) {
            override_rule(rule, Some(Action::Count(Rc::default())), true, scope);
        }
    }
    for (i, written) in overrides.iter().enumerate() {
        let scope = &mut scope.below(&format!("RuleActionOverrides[{i}]"));
        if overrides.iter().take(i).any(|known| known.name == written.name) {
            scope
                .error("Name", format!("the override of the rule `{}` exists twice", written.name))
                .help("which of the two is meant is not known");
        }
        let action = action::action(&written.action_to_use, owner, &mut scope.below("ActionToUse"));
        if let Some(rule) = overridden(rules, &written.name, unknown, scope) {
            override_rule(rule, action, false, scope);
        }
    }
}

/// The rule that an override names.
#[inline(never)]
fn overridden<'r>(
    rules: &'r mut [Rule],
    name: &str,
    unknown: Unknown,
    scope: &mut Scope<'_>,
) -> Option<&'r mut Rule> {
    let place = rules.iter().position(|rule| rule.name.as_ref() == name);
    if place.is_none() {
        let problem = format!("no rule of the group is named `{name}`");
        let names = rules.iter().map(|rule| rule.name.as_ref());
        match unknown {
            Unknown::Error => scope.error("Name", problem).suggest("a rule", name, names),
            Unknown::Warning => {
                scope
                    .warning("Name", problem)
                    .help("what stands in for the group may have other rules: nothing is overridden");
            }
        }
    }
    rules.get_mut(place?)
}

#[inline(never)]
fn override_rule(rule: &mut Rule, action: Option<Action>, excluded: bool, scope: &mut Scope<'_>) {
    let Body::Own(own) = &mut rule.body else { return };
    if let (Matcher::Rate(_), Some(action)) = (&own.matcher, &action) {
        check_rate_action(action, "ActionToUse", scope);
    }
    if let Some(action) = action {
        own.action = action;
        own.excluded = excluded;
    }
}
