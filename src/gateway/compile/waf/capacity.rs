//! Capacity units (WCU): what AWS reckons that rules cost.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statements-match.html>
//!
//! A transformation costs once for each part that it is done to, however many statements ask for it, as AWS documents of rules
//! that it can run together.

use super::Sources;
use crate::gateway::config::waf::{
    FieldToMatch, ForwardedIpPosition, ManagedRuleGroupStatement, PositionalConstraint,
    PreParseTextTransformation, PreParseTextTransformationType as PreParse, RateBasedStatement, Rule,
    RuleGroup, RuleGroupReferenceStatement, SensitivityLevel, Statement, TextTransformation,
    TextTransformationType as Transformation, WebAcl,
};

/// Of a transformation, and of all arguments of a query string.
const TRANSFORMATION: u32 = 10;
/// Of each key of a rate-based rule's own.
const KEY: u32 = 30;

/// What is being counted.
struct Count<'c> {
    sources: &'c Sources<'c>,
    units: u32,
    /// Transformations that are counted already.
    done: Vec<(&'c FieldToMatch, Transformation)>,
    /// The same, before arguments are told apart.
    parsed: Vec<PreParse>,
}

/// Of a web ACL.
pub(super) fn of_web_acl(written: &WebAcl, sources: &Sources<'_>) -> u32 {
    let mut count = Count::new(sources);
    let managers = [
        &written.pre_process_firewall_manager_rule_groups,
        &written.post_process_firewall_manager_rule_groups,
    ];
    for group in managers.into_iter().flatten() {
        let asked = &group.firewall_manager_statement;
        count.groups(
            asked.rule_group_reference_statement.as_ref(),
            asked.managed_rule_group_statement.as_ref(),
        );
    }
    written.rules.iter().for_each(|rule| count.statement(&rule.statement));
    count.units
}

/// Of rules.
pub(super) fn of_rules(rules: &[Rule], sources: &Sources<'_>) -> u32 {
    let mut count = Count::new(sources);
    rules.iter().for_each(|rule| count.statement(&rule.statement));
    count.units
}

impl<'c> Count<'c> {
    fn new(sources: &'c Sources<'c>) -> Self {
        Self { sources, units: 0, done: Vec::new(), parsed: Vec::new() }
    }

    fn add(&mut self, units: u32) {
        self.units = self.units.saturating_add(units);
    }

    fn statement(&mut self, written: &'c Statement) {
        if let Some(it) = &written.byte_match_statement {
            let base = match it.positional_constraint {
                PositionalConstraint::Exactly
                | PositionalConstraint::StartsWith
                | PositionalConstraint::EndsWith => 2,
                PositionalConstraint::Contains | PositionalConstraint::ContainsWord => 10,
            };
            let pre_parse = &it.pre_parse_text_transformations;
            self.part(base, &it.field_to_match, &it.text_transformations, pre_parse);
        }
        if let Some(it) = &written.size_constraint_statement {
            let pre_parse = &it.pre_parse_text_transformations;
            self.part(1, &it.field_to_match, &it.text_transformations, pre_parse);
        }
        if let Some(it) = &written.regex_match_statement {
            let pre_parse = &it.pre_parse_text_transformations;
            self.part(3, &it.field_to_match, &it.text_transformations, pre_parse);
        }
        if let Some(it) = &written.regex_pattern_set_reference_statement {
            let pre_parse = &it.pre_parse_text_transformations;
            self.part(25, &it.field_to_match, &it.text_transformations, pre_parse);
        }
        if let Some(it) = &written.sqli_match_statement {
            let base = match it.sensitivity_level {
                None | Some(SensitivityLevel::Low) => 20,
                Some(SensitivityLevel::High) => 30,
            };
            let pre_parse = &it.pre_parse_text_transformations;
            self.part(base, &it.field_to_match, &it.text_transformations, pre_parse);
        }
        if let Some(it) = &written.xss_match_statement {
            let pre_parse = &it.pre_parse_text_transformations;
            self.part(40, &it.field_to_match, &it.text_transformations, pre_parse);
        }
        self.without_part(written);
    }

    fn without_part(&mut self, written: &'c Statement) {
        if let Some(it) = &written.ip_set_reference_statement {
            let forwarded = it.ip_set_forwarded_ip_config.as_ref();
            let any = forwarded.is_some_and(|config| config.position == ForwardedIpPosition::Any);
            self.add(if any { 5 } else { 1 });
        }
        let ones = [
            written.geo_match_statement.is_some(),
            written.asn_match_statement.is_some(),
            written.label_match_statement.is_some(),
        ];
        self.add(ones.iter().filter(|there| **there).count() as u32);
        let and = written.and_statement.as_ref().map(|it| it.statements.as_slice());
        let or = written.or_statement.as_ref().map(|it| it.statements.as_slice());
        for statement in and.into_iter().chain(or).flatten() {
            self.statement(statement);
        }
        if let Some(it) = &written.not_statement {
            self.statement(&it.statement);
        }
        if let Some(it) = &written.rate_based_statement {
            self.rate(it);
        }
        self.groups(
            written.rule_group_reference_statement.as_ref(),
            written.managed_rule_group_statement.as_ref(),
        );
    }

    fn rate(&mut self, written: &'c RateBasedStatement) {
        self.add(2 + KEY * written.custom_keys.len() as u32);
        if let Some(statement) = &written.scope_down_statement {
            self.statement(statement);
        }
    }

    /// Groups cost what they declare, however little of that they need.
    fn groups(
        &mut self,
        reference: Option<&'c RuleGroupReferenceStatement>,
        managed: Option<&'c ManagedRuleGroupStatement>,
    ) {
        let mut groups = self.sources.config.rule_groups.iter();
        if let Some(group) = reference.and_then(|it| groups.find(|group| group.arn == it.arn)) {
            self.group(group);
        }
        if let Some(group) = managed.and_then(|it| self.sources.managed(it)) {
            self.group(&group);
        }
        if let Some(statement) = managed.and_then(|it| it.scope_down_statement.as_ref()) {
            self.statement(statement);
        }
    }

    fn group(&mut self, group: &RuleGroup) {
        let declared = group.capacity.map(|units| u32::try_from(units).unwrap_or(u32::MAX));
        self.add(declared.unwrap_or_else(|| of_rules(&group.rules, self.sources)));
    }

    /// A statement on a part of the request.
    fn part(
        &mut self,
        base: u32,
        field: &'c FieldToMatch,
        transformations: &'c [TextTransformation],
        pre_parse: &'c [PreParseTextTransformation],
    ) {
        self.add(if field.json_body.is_some() { base * 2 } else { base });
        if field.all_query_arguments.is_some() {
            self.add(TRANSFORMATION);
        }
        for step in transformations {
            let key = (field, step.transformation_type);
            if key.1 != Transformation::None && !self.done.contains(&key) {
                self.done.push(key);
                self.add(TRANSFORMATION);
            }
        }
        for step in pre_parse {
            let key = step.transformation_type;
            if key != PreParse::None && !self.parsed.contains(&key) {
                self.parsed.push(key);
                self.add(TRANSFORMATION);
            }
        }
    }
}
