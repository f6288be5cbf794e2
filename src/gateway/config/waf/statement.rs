//! What a rule fits, as written.

use super::{
    FieldToMatch, Ignored, Named, NotYet, PreParseTextTransformation, Present, RuleActionOverride,
    TextTransformation,
};
use sekisho_derive::Document;

/// What a rule fits: exactly one member.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Statement {
    /// A text.
    pub byte_match_statement: Option<ByteMatchStatement>,
    /// SQL that was put into a value.
    pub sqli_match_statement: Option<SqliMatchStatement>,
    /// Scripts that were put into a value.
    pub xss_match_statement: Option<XssMatchStatement>,
    /// A size.
    pub size_constraint_statement: Option<SizeConstraintStatement>,
    /// A country.
    pub geo_match_statement: Option<GeoMatchStatement>,
    /// A group of the document.
    pub rule_group_reference_statement: Option<RuleGroupReferenceStatement>,
    /// Addresses.
    #[serde(rename = "IPSetReferenceStatement")]
    pub ip_set_reference_statement: Option<IpSetReferenceStatement>,
    /// Several regular expressions.
    pub regex_pattern_set_reference_statement: Option<RegexPatternSetReferenceStatement>,
    /// Too many requests.
    pub rate_based_statement: Option<RateBasedStatement>,
    /// All of several statements.
    pub and_statement: Option<AndStatement>,
    /// One of several statements.
    pub or_statement: Option<OrStatement>,
    /// What another statement does not fit.
    pub not_statement: Option<NotStatement>,
    /// A managed group.
    pub managed_rule_group_statement: Option<ManagedRuleGroupStatement>,
    /// A label that an earlier rule gave.
    pub label_match_statement: Option<LabelMatchStatement>,
    /// A regular expression.
    pub regex_match_statement: Option<RegexMatchStatement>,
    /// Autonomous systems.
    pub asn_match_statement: Option<AsnMatchStatement>,
}

/// A text.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct ByteMatchStatement {
    /// The text, in base64.
    pub search_string: String,
    /// Where.
    pub field_to_match: FieldToMatch,
    /// What is done to it before.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub text_transformations: Vec<TextTransformation>,
    /// What is done to the query string before its arguments are told apart.
    #[serde(default)]
    pub pre_parse_text_transformations: Vec<PreParseTextTransformation>,
    /// Where in the part it stands.
    pub positional_constraint: PositionalConstraint,
}

/// Where in a part a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PositionalConstraint {
    /// It is the whole part.
    Exactly,
    /// At its beginning.
    StartsWith,
    /// At its end.
    EndsWith,
    /// Anywhere.
    Contains,
    /// Anywhere, with no letter, digit or `_` beside it.
    ContainsWord,
}

/// SQL that was put into a value.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct SqliMatchStatement {
    /// Where.
    pub field_to_match: FieldToMatch,
    /// What is done to it before.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub text_transformations: Vec<TextTransformation>,
    /// What is done to the query string before its arguments are told apart.
    #[serde(default)]
    pub pre_parse_text_transformations: Vec<PreParseTextTransformation>,
    /// How suspicious; `LOW` when absent.
    pub sensitivity_level: Option<SensitivityLevel>,
}

/// How suspicious a look for SQL is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SensitivityLevel {
    /// Fewer false alarms.
    Low,
    /// More attacks found.
    High,
}

/// Scripts that were put into a value.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct XssMatchStatement {
    /// Where.
    pub field_to_match: FieldToMatch,
    /// What is done to it before.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub text_transformations: Vec<TextTransformation>,
    /// What is done to the query string before its arguments are told apart.
    #[serde(default)]
    pub pre_parse_text_transformations: Vec<PreParseTextTransformation>,
}

/// A size.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct SizeConstraintStatement {
    /// Of what.
    pub field_to_match: FieldToMatch,
    /// The size is … than `Size`.
    pub comparison_operator: ComparisonOperator,
    /// Bytes.
    #[cfg_attr(feature = "schema", schemars(range(max = 21_474_836_480_u64)))]
    pub size: u64,
    /// What is done to it before.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub text_transformations: Vec<TextTransformation>,
    /// What is done to the query string before its arguments are told apart.
    #[serde(default)]
    pub pre_parse_text_transformations: Vec<PreParseTextTransformation>,
}

/// How two numbers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ComparisonOperator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Less or equal.
    Le,
    /// Less.
    Lt,
    /// Greater or equal.
    Ge,
    /// Greater.
    Gt,
}

/// A country.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct GeoMatchStatement {
    /// Its codes (ISO 3166-1 alpha-2).
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub country_codes: Vec<String>,
    /// The address of a header in the place of the client's.
    #[serde(rename = "ForwardedIPConfig")]
    pub forwarded_ip_config: Option<ForwardedIpConfig>,
}

/// Autonomous systems.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct AsnMatchStatement {
    /// Their numbers.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 100)))]
    pub asn_list: Vec<u32>,
    /// The address of a header in the place of the client's.
    #[serde(rename = "ForwardedIPConfig")]
    pub forwarded_ip_config: Option<ForwardedIpConfig>,
}

/// The address of a header in the place of the client's.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct ForwardedIpConfig {
    /// The header.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub header_name: String,
    /// What a header means whose first element is no address.
    pub fallback_behavior: FallbackBehavior,
}

/// What something means that is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FallbackBehavior {
    /// It fits.
    Match,
    /// It does not fit.
    NoMatch,
}

/// A group of the document.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct RuleGroupReferenceStatement {
    /// Its ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// Rules that only count.
    #[serde(default)]
    pub excluded_rules: Vec<Named>,
    /// Rules with another action.
    #[serde(default)]
    pub rule_action_overrides: Vec<RuleActionOverride>,
}

/// A managed group.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct ManagedRuleGroupStatement {
    /// Whose: `Sekisho`, or `AWS` with a substitution.
    pub vendor_name: String,
    /// Its name.
    pub name: String,
    /// Amazon's versions mean nothing here: ignored.
    pub version: Option<Ignored>,
    /// Rules that only count.
    #[serde(default)]
    pub excluded_rules: Vec<Named>,
    /// Rules with another action.
    #[serde(default)]
    pub rule_action_overrides: Vec<RuleActionOverride>,
    /// The requests that it looks at.
    pub scope_down_statement: Option<Box<Statement>>,
    /// Not supported yet.
    pub managed_rule_group_configs: Option<NotYet>,
}

/// Addresses.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct IpSetReferenceStatement {
    /// The set's ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// Addresses of a header in the place of the client's.
    #[serde(rename = "IPSetForwardedIPConfig")]
    pub ip_set_forwarded_ip_config: Option<IpSetForwardedIpConfig>,
}

/// Addresses of a header in the place of the client's.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct IpSetForwardedIpConfig {
    /// The header.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub header_name: String,
    /// What an element means that is no address.
    pub fallback_behavior: FallbackBehavior,
    /// Which of the header's elements.
    pub position: ForwardedIpPosition,
}

/// Which of a header's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ForwardedIpPosition {
    /// The first.
    First,
    /// The last.
    Last,
    /// One of the last ten.
    Any,
}

/// A regular expression.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct RegexMatchStatement {
    /// The expression.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 512)))]
    pub regex_string: String,
    /// Where.
    pub field_to_match: FieldToMatch,
    /// What is done to it before.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub text_transformations: Vec<TextTransformation>,
    /// What is done to the query string before its arguments are told apart.
    #[serde(default)]
    pub pre_parse_text_transformations: Vec<PreParseTextTransformation>,
}

/// Several regular expressions.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct RegexPatternSetReferenceStatement {
    /// The set's ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// Where.
    pub field_to_match: FieldToMatch,
    /// What is done to it before.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub text_transformations: Vec<TextTransformation>,
    /// What is done to the query string before its arguments are told apart.
    #[serde(default)]
    pub pre_parse_text_transformations: Vec<PreParseTextTransformation>,
}

/// All of several statements.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct AndStatement {
    /// Two or more.
    #[cfg_attr(feature = "schema", schemars(length(min = 2)))]
    pub statements: Vec<Statement>,
}

/// One of several statements.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct OrStatement {
    /// Two or more.
    #[cfg_attr(feature = "schema", schemars(length(min = 2)))]
    pub statements: Vec<Statement>,
}

/// What another statement does not fit.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct NotStatement {
    /// The other one.
    pub statement: Box<Statement>,
}

/// A label that an earlier rule gave.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct LabelMatchStatement {
    /// The whole label, or a namespace.
    pub scope: LabelMatchScope,
    /// The end of the label, or all of it; a namespace ends in `:`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024)))]
    pub key: String,
}

/// What of a label is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LabelMatchScope {
    /// The label.
    Label,
    /// A namespace that it is in.
    Namespace,
}

/// Too many requests of one origin.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct RateBasedStatement {
    /// Requests within the window.
    #[cfg_attr(feature = "schema", schemars(range(min = 10, max = 2_000_000_000)))]
    pub limit: u64,
    /// The window, in seconds: 60, 120, 300 or 600; 300 when absent.
    pub evaluation_window_sec: Option<u64>,
    /// Whose requests are counted together.
    pub aggregate_key_type: RateBasedStatementAggregateKeyType,
    /// The requests that are counted, and limited.
    pub scope_down_statement: Option<Box<Statement>>,
    /// The address of a header in the place of the client's.
    #[serde(rename = "ForwardedIPConfig")]
    pub forwarded_ip_config: Option<ForwardedIpConfig>,
    /// What origins are told apart by.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(max = 5)))]
    pub custom_keys: Vec<RateBasedStatementCustomKey>,
}

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RateBasedStatementAggregateKeyType {
    /// Those of one address.
    Ip,
    /// Those of one address of a header.
    ForwardedIp,
    /// Those with the same `CustomKeys`.
    CustomKeys,
    /// All.
    Constant,
}

/// What origins are told apart by: exactly one member.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct RateBasedStatementCustomKey {
    /// A header.
    pub header: Option<RateLimitNamed>,
    /// A cookie.
    pub cookie: Option<RateLimitNamed>,
    /// An argument of the query string.
    pub query_argument: Option<RateLimitNamed>,
    /// The query string.
    pub query_string: Option<RateLimitText>,
    /// The path.
    pub uri_path: Option<RateLimitText>,
    /// The method.
    #[serde(rename = "HTTPMethod")]
    pub http_method: Option<Present>,
    /// The first address of the header that `ForwardedIPConfig` names.
    #[serde(rename = "ForwardedIP")]
    pub forwarded_ip: Option<Present>,
    /// The client's address.
    #[serde(rename = "IP")]
    pub ip: Option<Present>,
    /// The labels in a namespace.
    pub label_namespace: Option<RateLimitLabelNamespace>,
    /// The client's autonomous system.
    #[serde(rename = "ASN")]
    pub asn: Option<Present>,
    /// Not supported yet.
    #[serde(rename = "JA3Fingerprint")]
    pub ja3_fingerprint: Option<NotYet>,
    /// Not supported yet.
    #[serde(rename = "JA4Fingerprint")]
    pub ja4_fingerprint: Option<NotYet>,
}

/// A named part, and what is done to it before.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct RateLimitNamed {
    /// Its name.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
    pub name: String,
    /// What is done to it before.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub text_transformations: Vec<TextTransformation>,
}

/// What is done to a part before.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct RateLimitText {
    /// What is done to it before.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub text_transformations: Vec<TextTransformation>,
}

/// The labels in a namespace.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct RateLimitLabelNamespace {
    /// The namespace; it ends in `:`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024)))]
    pub namespace: String,
}
