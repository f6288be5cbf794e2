//! Compiles statements: what rules fit.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statements.html>

use super::super::scope::Scope;
use super::input::Part;
use super::union::has_one;
use super::{Draft, PATTERN_SETS, by_arn, field, label};
use crate::gateway::config::waf::{
    self, ByteMatchStatement, ComparisonOperator, FieldToMatch, OversizeHandling,
    RegexPatternSetReferenceStatement, SensitivityLevel, SizeConstraintStatement,
};
use crate::gateway::waf::field::Field;
use crate::gateway::waf::input::{Measure, Test};
use crate::gateway::waf::statement::Statement;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Longest text that is sought, in bytes: AWS's limit.
const MOST_TEXT: usize = 200;
/// Most expressions of a set: AWS's limit.
const MOST_REGEXES: usize = 10;
/// Largest size that is compared: AWS's limit.
const MOST_SIZE: u64 = 21_474_836_480;
/// Statements that stand in each other, at most: a web ACL must not exhaust the stack of who runs it.
const MOST_DEPTH: usize = 20;

/// Statements that stand in a rule alone.
const ALONE: [&str; 3] = ["RateBasedStatement", "RuleGroupReferenceStatement", "ManagedRuleGroupStatement"];

/// Whether exactly one member of a statement is there.
pub(super) fn is_one(written: &waf::Statement, scope: &mut Scope<'_>) -> bool {
    let members = [
        ("ByteMatchStatement", written.byte_match_statement.is_some()),
        ("SqliMatchStatement", written.sqli_match_statement.is_some()),
        ("XssMatchStatement", written.xss_match_statement.is_some()),
        ("SizeConstraintStatement", written.size_constraint_statement.is_some()),
        ("GeoMatchStatement", written.geo_match_statement.is_some()),
        ("IPSetReferenceStatement", written.ip_set_reference_statement.is_some()),
        ("RegexMatchStatement", written.regex_match_statement.is_some()),
        ("RegexPatternSetReferenceStatement", written.regex_pattern_set_reference_statement.is_some()),
        ("LabelMatchStatement", written.label_match_statement.is_some()),
        ("AsnMatchStatement", written.asn_match_statement.is_some()),
        ("AndStatement", written.and_statement.is_some()),
        ("OrStatement", written.or_statement.is_some()),
        ("NotStatement", written.not_statement.is_some()),
        (ALONE[0], written.rate_based_statement.is_some()),
        (ALONE[1], written.rule_group_reference_statement.is_some()),
        (ALONE[2], written.managed_rule_group_statement.is_some()),
    ];
    has_one(&members, scope)
}

impl Draft<'_, '_> {
    /// A statement that does not stand in another one.
    pub(super) fn nested(&mut self, written: &waf::Statement, scope: &mut Scope<'_>) -> Option<Statement> {
        self.statement(written, 1, scope)
    }

    fn statement(
        &mut self,
        written: &waf::Statement,
        depth: usize,
        scope: &mut Scope<'_>,
    ) -> Option<Statement> {
        if depth > MOST_DEPTH {
            scope.error("", format!("more than {MOST_DEPTH} statements stand in each other"));
            return None;
        }
        if !is_one(written, scope) {
            return None;
        }
        let alone = [
            written.rate_based_statement.is_some(),
            written.rule_group_reference_statement.is_some(),
            written.managed_rule_group_statement.is_some(),
        ];
        if let Some((name, _)) = ALONE.iter().zip(alone).find(|(_, there)| *there) {
            scope
                .error(name, "it stands in no other statement")
                .help("make it a rule of its own; `ScopeDownStatement` says which requests it looks at");
            return None;
        }
        if let Some(and) = &written.and_statement {
            return Some(Statement::And(self.several(&and.statements, "AndStatement", depth, scope)?));
        }
        if let Some(or) = &written.or_statement {
            return Some(Statement::Or(self.several(&or.statements, "OrStatement", depth, scope)?));
        }
        if let Some(not) = &written.not_statement {
            let scope = &mut scope.below("NotStatement.Statement");
            return Some(Statement::Not(Box::new(self.statement(&not.statement, depth + 1, scope)?)));
        }
        self.plain(written, scope)
    }

    fn several(
        &mut self,
        written: &[waf::Statement],
        name: &str,
        depth: usize,
        scope: &mut Scope<'_>,
    ) -> Option<Vec<Statement>> {
        let scope = &mut scope.below(name);
        if written.len() < 2 {
            scope
                .error("Statements", format!("{} is less than two", written.len()))
                .help("one statement stands in the place of this one");
        }
        let mut all = Vec::with_capacity(written.len());
        for (i, statement) in written.iter().enumerate() {
            all.push(self.statement(statement, depth + 1, &mut scope.below(&format!("Statements[{i}]"))));
        }
        all.into_iter().collect()
    }

    /// A statement that holds no other ones.
    fn plain(&mut self, written: &waf::Statement, scope: &mut Scope<'_>) -> Option<Statement> {
        if let Some(it) = &written.ip_set_reference_statement {
            return self.addresses(it, &mut scope.below("IPSetReferenceStatement"));
        }
        if let Some(it) = &written.geo_match_statement {
            return Some(self.countries(it, &mut scope.below("GeoMatchStatement")));
        }
        if let Some(it) = &written.asn_match_statement {
            return Some(self.asns(it, &mut scope.below("AsnMatchStatement")));
        }
        if let Some(it) = &written.label_match_statement {
            let scope = &mut scope.below("LabelMatchStatement");
            let sought = label::sought(it, scope);
            self.labels.sought.push((scope.path("Key"), sought.clone()));
            return Some(Statement::Label(sought));
        }
        self.test(written, scope).map(Statement::Test)
    }

    /// A test of a part of the request.
    fn test(&mut self, written: &waf::Statement, scope: &mut Scope<'_>) -> Option<Test> {
        if let Some(it) = &written.byte_match_statement {
            return self.text(it, &mut scope.below("ByteMatchStatement"));
        }
        if let Some(it) = &written.size_constraint_statement {
            return self.size(it, &mut scope.below("SizeConstraintStatement"));
        }
        if let Some(it) = &written.regex_pattern_set_reference_statement {
            return self.pattern_set(it, &mut scope.below("RegexPatternSetReferenceStatement"));
        }
        if let Some(it) = &written.regex_match_statement {
            let scope = &mut scope.below("RegexMatchStatement");
            let pre_parse = &it.pre_parse_text_transformations;
            let part = field::part(&it.field_to_match, &it.text_transformations, pre_parse, scope)?;
            return Some(self.inputs.regexes(part, &[&it.regex_string], &mut |_, words| {
                scope.error("RegexString", words);
            }));
        }
        if let Some(it) = &written.sqli_match_statement {
            let scope = &mut scope.below("SqliMatchStatement");
            let pre_parse = &it.pre_parse_text_transformations;
            let part = field::part(&it.field_to_match, &it.text_transformations, pre_parse, scope)?;
            let level = it.sensitivity_level.unwrap_or(SensitivityLevel::Low);
            return Some(self.inputs.measure(part, Measure::Sqli(level)));
        }
        let it = written.xss_match_statement.as_ref()?;
        let scope = &mut scope.below("XssMatchStatement");
        let pre_parse = &it.pre_parse_text_transformations;
        let part = field::part(&it.field_to_match, &it.text_transformations, pre_parse, scope)?;
        Some(self.inputs.measure(part, Measure::Xss))
    }

    fn text(&mut self, written: &ByteMatchStatement, scope: &mut Scope<'_>) -> Option<Test> {
        let text = STANDARD.decode(&written.search_string);
        if text.is_err() {
            let encoded = STANDARD.encode(&written.search_string);
            scope
                .error("SearchString", format!("`{}` is not base64", written.search_string))
                .help(format!("AWS prints texts in base64; `{encoded}` is what seeks this one"));
        }
        if text.as_ref().is_ok_and(|text| !(1..=MOST_TEXT).contains(&text.len())) {
            let length = text.as_ref().map_or(0, Vec::len);
            scope.error("SearchString", format!("{length} bytes are not from 1 to {MOST_TEXT}"));
        }
        let pre_parse = &written.pre_parse_text_transformations;
        let part = field::part(&written.field_to_match, &written.text_transformations, pre_parse, scope)?;
        Some(self.inputs.text(part, text.ok()?, written.positional_constraint))
    }

    fn size(&mut self, written: &SizeConstraintStatement, scope: &mut Scope<'_>) -> Option<Test> {
        let (operator, size) = (written.comparison_operator, written.size);
        if size > MOST_SIZE {
            scope.error("Size", format!("{size} is more than {MOST_SIZE}"));
        }
        let pre_parse = &written.pre_parse_text_transformations;
        let part = field::part(&written.field_to_match, &written.text_transformations, pre_parse, scope)?;
        if let Some(fits) = self.foregone(&part, &written.field_to_match, operator, size) {
            let most = self.body_bytes;
            let problem = format!("of a body, {most} bytes are inspected, so this {fits} fits");
            scope.warning("Size", problem).help(
                "`\"OversizeHandling\": \"MATCH\"` fits longer bodies; `AssociationConfig` has up to 64 KiB inspected",
            );
        }
        Some(self.inputs.measure(part, Measure::Size(operator, size)))
    }

    /// Whether a comparison of a body with more than is inspected of it always ends the same: as AWS documents.
    fn foregone(
        &self,
        part: &Part,
        written: &FieldToMatch,
        operator: ComparisonOperator,
        size: u64,
    ) -> Option<&'static str> {
        let most = self.body_bytes as u64;
        if !matches!(part.field, Field::Body(OversizeHandling::Continue)) || written.body.is_none() {
            return None;
        }
        match operator {
            ComparisonOperator::Gt if size >= most => Some("never"),
            ComparisonOperator::Ge | ComparisonOperator::Eq if size > most => Some("never"),
            ComparisonOperator::Le if size >= most => Some("always"),
            ComparisonOperator::Lt | ComparisonOperator::Ne if size > most => Some("always"),
            ComparisonOperator::Gt
            | ComparisonOperator::Ge
            | ComparisonOperator::Eq
            | ComparisonOperator::Le
            | ComparisonOperator::Lt
            | ComparisonOperator::Ne => None,
        }
    }

    fn pattern_set(
        &mut self,
        written: &RegexPatternSetReferenceStatement,
        scope: &mut Scope<'_>,
    ) -> Option<Test> {
        let pre_parse = &written.pre_parse_text_transformations;
        let part = field::part(&written.field_to_match, &written.text_transformations, pre_parse, scope);
        let arns = self.sources.config.regex_pattern_sets.iter().map(|set| set.arn.as_str());
        let place = by_arn(&written.arn, &PATTERN_SETS, &arns.collect::<Vec<_>>(), "ARN", scope)?;
        self.add_pattern_set(place, part?, scope)
    }

    /// Checks a set that no statement may refer to.
    pub(super) fn check_pattern_set(&mut self, place: usize, scope: &mut Scope<'_>) {
        let (pre_parse, transformations) = Default::default();
        self.add_pattern_set(place, Part { field: Field::UriPath, pre_parse, transformations }, scope);
    }

    fn add_pattern_set(&mut self, place: usize, part: Part, scope: &mut Scope<'_>) -> Option<Test> {
        let written = self.sources.config.regex_pattern_sets.get(place)?;
        let mut root = scope.root();
        let scope = &mut root.below(&format!("regexPatternSets[{place}]"));
        let regexes: Vec<_> =
            written.regular_expression_list.iter().map(|it| it.regex_string.as_str()).collect();
        if !(1..=MOST_REGEXES).contains(&regexes.len()) {
            let problem = format!("{} are not from 1 to {MOST_REGEXES}", regexes.len());
            scope.error("RegularExpressionList", problem);
        }
        Some(self.inputs.regexes(part, &regexes, &mut |i, words| {
            scope.error(&format!("RegularExpressionList[{i}].RegexString"), words);
        }))
    }
}
