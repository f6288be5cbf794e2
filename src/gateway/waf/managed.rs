//! Managed rule groups of our own: vendor `Sekisho`. None of them is Amazon's; where one has the purpose of one of Amazon's, rules
//! that look for the same have the same names, and so have the ends of their labels, so that overrides which were written for
//! those keep working. An override of a rule that ours does not have is told as a warning, and changes nothing.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html>
//!
//! They are data, in AWS's form: `managed/NAME.json` holds a group and the regex pattern sets that its rules refer to, as a
//! document would. It is made of `managed/NAME.yaml`, where each pattern stands with what it is for, and with examples of what
//! it finds and of what it lets pass.

use crate::gateway::config::waf::{
    OrStatement, RegexMatchStatement, RegexPatternSet, RegexPatternSetReferenceStatement, RuleGroup,
    Statement,
};
use crate::gateway::config::{Config, Printed, object};

/// Groups by their names, as JSON. What a group's `Name` says is what its labels begin with: `core-rule-set`.
const GROUPS: [(&str, &str); 11] = [
    ("Core", include_str!("managed/core.json")),
    ("KnownBadInputs", include_str!("managed/known_bad_inputs.json")),
    ("SqlDatabase", include_str!("managed/sql_database.json")),
    ("Injection", include_str!("managed/injection.json")),
    ("Linux", include_str!("managed/linux.json")),
    ("Unix", include_str!("managed/unix.json")),
    ("Windows", include_str!("managed/windows.json")),
    ("Php", include_str!("managed/php.json")),
    ("WordPress", include_str!("managed/wordpress.json")),
    ("AdminProtection", include_str!("managed/admin_protection.json")),
    ("IpReputation", include_str!("managed/ip_reputation.json")),
];

/// The names of all groups.
pub fn names() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().map(|(name, _)| *name)
}

/// A group, and the sets that it refers to, as JSON.
#[must_use]
pub fn group(name: &str) -> Option<&'static str> {
    GROUPS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// A group whose rules refer to no sets of regular expressions: each expression stands in a statement of its own.
#[inline(never)]
#[must_use]
pub fn load(name: &str) -> Option<RuleGroup> {
    let Config { rule_groups, regex_pattern_sets, .. } = object(group(name)?.as_bytes())?;
    let Printed(mut group) = rule_groups.into_iter().next()?;
    for rule in &mut group.rules {
        let any = match rule.statement.or_statement.take() {
            Some(or) => or.statements,
            None => vec![std::mem::take(&mut rule.statement)],
        };
        let mut statements = Vec::with_capacity(any.len());
        for statement in any {
            match &statement.regex_pattern_set_reference_statement {
                Some(reference) => statements.extend(expressions(reference, &regex_pattern_sets)?),
                None => statements.push(statement),
            }
        }
        rule.statement = match statements.len() {
            1 => statements.pop()?,
            _ => Statement { or_statement: Some(OrStatement { statements }), ..Statement::default() },
        };
    }
    Some(group)
}

/// The statements that a reference to a set stands for.
fn expressions(
    reference: &RegexPatternSetReferenceStatement,
    sets: &[Printed<RegexPatternSet>],
) -> Option<Vec<Statement>> {
    let set = sets.iter().find(|set| set.arn == reference.arn)?;
    let expressions = set.regular_expression_list.iter().map(|regex| RegexMatchStatement {
        regex_string: regex.regex_string.clone(),
        field_to_match: reference.field_to_match.clone(),
        text_transformations: reference.text_transformations.clone(),
        pre_parse_text_transformations: reference.pre_parse_text_transformations.clone(),
    });
    let statement = |it| Statement { regex_match_statement: Some(it), ..Statement::default() };
    Some(expressions.map(statement).collect())
}

#[cfg(test)]
mod tests;
