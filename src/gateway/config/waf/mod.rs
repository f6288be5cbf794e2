//! AWS WAF's objects as written: what `aws wafv2 get-web-acl` and its like print, in AWS's `PascalCase`.
//! <https://docs.aws.amazon.com/waf/latest/APIReference/API_Types_AWS_WAFV2.html>
//!
//! Each list takes an object bare (`{"Name": …}`) or as the command prints it (`{"WebACL": {"Name": …}, "LockToken": …}`).

mod action;
mod field;
mod logging;
mod sets;
mod statement;

pub use action::{
    AllowAction, BlockAction, CountAction, CustomHttpHeader, CustomRequestHandling, CustomResponse,
    CustomResponseBody, DefaultAction, OverrideAction, ResponseContentType, RuleAction, RuleActionOverride,
};
pub use field::{
    Body, BodyParsingFallbackBehavior, CookieMatchPattern, Cookies, FieldToMatch, HeaderMatchPattern,
    HeaderOrder, Headers, JsonBody, JsonMatchPattern, MatchScope, Named, OversizeHandling,
    PreParseTextTransformation, PreParseTextTransformationType, TextTransformation, TextTransformationType,
};
pub use logging::{
    ActionCondition, ActionValue, Condition, Filter, FilterBehavior, FilterRequirement, LabelNameCondition,
    LoggingConfiguration, LoggingFilter,
};
pub use sets::{IpAddressVersion, IpSet, Regex, RegexPatternSet, RuleGroup};
pub use statement::{
    AndStatement, AsnMatchStatement, ByteMatchStatement, ComparisonOperator, FallbackBehavior,
    ForwardedIpConfig, ForwardedIpPosition, GeoMatchStatement, IpSetForwardedIpConfig,
    IpSetReferenceStatement, LabelMatchScope, LabelMatchStatement, ManagedRuleGroupStatement, NotStatement,
    OrStatement, PositionalConstraint, RateBasedStatement, RateBasedStatementAggregateKeyType,
    RateBasedStatementCustomKey, RateLimitLabelNamespace, RateLimitNamed, RateLimitText, RegexMatchStatement,
    RegexPatternSetReferenceStatement, RuleGroupReferenceStatement, SensitivityLevel,
    SizeConstraintStatement, SqliMatchStatement, Statement, XssMatchStatement,
};

use super::{Ignored, NotYet};
use sekisho_derive::Document;
use std::collections::BTreeMap;

/// A web ACL: rules that a request passes before anything else looks at it.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct WebAcl {
    /// Its name.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 128)))]
    pub name: String,
    /// Descriptive or read-only: ignored.
    pub id: Option<Ignored>,
    /// What stages name in `webAclArn`.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// What happens to a request that no rule decided.
    pub default_action: DefaultAction,
    /// The rules.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// What is counted.
    pub visibility_config: VisibilityConfig,
    /// Bodies that blocked requests are answered with, by the keys that rules name.
    #[serde(default)]
    pub custom_response_bodies: BTreeMap<String, CustomResponseBody>,
    /// How much of bodies is inspected.
    pub association_config: Option<AssociationConfig>,
    /// What labels begin with: `awswaf:ACCOUNT:webacl:NAME:`. Absent, it follows from the ARN's account, else from `accountId`, and
    /// the name.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024)))]
    pub label_namespace: Option<String>,
    /// Capacity units, which AWS computes; so do we.
    pub capacity: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub description: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub managed_by_firewall_manager: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub retrofitted_by_firewall_manager: Option<Ignored>,
    /// Of tokens, which only CAPTCHA and Challenge use: ignored.
    pub token_domains: Option<Ignored>,
    /// Of CAPTCHA, which no rule may use: ignored.
    pub captcha_config: Option<Ignored>,
    /// Of Challenge, which no rule may use: ignored.
    pub challenge_config: Option<Ignored>,
    /// Of Amazon's load balancers: ignored.
    #[serde(rename = "OnSourceDDoSProtectionConfig")]
    pub on_source_ddos_protection_config: Option<Ignored>,
    /// Not supported yet.
    pub data_protection_config: Option<NotYet>,
    /// Groups of Firewall Manager that come before the rules.
    #[serde(default)]
    pub pre_process_firewall_manager_rule_groups: Vec<FirewallManagerRuleGroup>,
    /// Groups of Firewall Manager that come behind the rules.
    #[serde(default)]
    pub post_process_firewall_manager_rule_groups: Vec<FirewallManagerRuleGroup>,
    /// Not supported yet.
    pub application_config: Option<NotYet>,
    /// Not supported yet.
    pub monetization_config: Option<NotYet>,
}

/// A rule: a statement, and what happens to requests that it fits.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Rule {
    /// Its name, once in its web ACL or group.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 128)))]
    pub name: String,
    /// Its place: the lowest comes first.
    pub priority: u32,
    /// What it fits.
    pub statement: Statement,
    /// What happens then; of a rule with a statement of its own.
    pub action: Option<RuleAction>,
    /// What becomes of a group's result; of a rule that refers to a group.
    pub override_action: Option<OverrideAction>,
    /// Labels that requests get which it fits.
    #[serde(default)]
    pub rule_labels: Vec<Label>,
    /// What is counted.
    pub visibility_config: VisibilityConfig,
    /// Of CAPTCHA, which no rule may use: ignored.
    pub captcha_config: Option<Ignored>,
    /// Of Challenge, which no rule may use: ignored.
    pub challenge_config: Option<Ignored>,
}

/// A group that Firewall Manager put into a web ACL.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct FirewallManagerRuleGroup {
    /// Its name.
    pub name: String,
    /// Its place among the groups.
    pub priority: u32,
    /// The group.
    pub firewall_manager_statement: FirewallManagerStatement,
    /// What becomes of its result.
    pub override_action: OverrideAction,
    /// What is counted.
    pub visibility_config: VisibilityConfig,
}

/// Which group it is.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct FirewallManagerStatement {
    /// A managed group.
    pub managed_rule_group_statement: Option<ManagedRuleGroupStatement>,
    /// A group of the document.
    pub rule_group_reference_statement: Option<RuleGroupReferenceStatement>,
}

/// A label, without what it begins with.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Label {
    /// `name`, or namespaces and a name: `bad:bot`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024)))]
    pub name: String,
}

/// What is counted of a rule or a web ACL.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct VisibilityConfig {
    /// Samples are kept on AWS: ignored.
    pub sampled_requests_enabled: Option<Ignored>,
    /// Whether requests are counted under the metric's name.
    pub cloud_watch_metrics_enabled: bool,
    /// The metric's name.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub metric_name: String,
}

/// How much of bodies is inspected, by what a web ACL is associated with.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct AssociationConfig {
    /// By kind of resource: only `API_GATEWAY` counts here.
    #[serde(default)]
    pub request_body: BTreeMap<String, RequestBodyAssociatedResourceTypeConfig>,
    /// Of Challenge, which no rule may use: ignored.
    pub challenge_javascript_sdk_injection: Option<Ignored>,
}

/// How much of bodies is inspected.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct RequestBodyAssociatedResourceTypeConfig {
    /// The limit.
    pub default_size_inspection_limit: SizeInspectionLimit,
}

/// How much of a body is inspected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SizeInspectionLimit {
    /// 16 KiB.
    #[serde(rename = "KB_16")]
    Kb16,
    /// 32 KiB.
    #[serde(rename = "KB_32")]
    Kb32,
    /// 48 KiB.
    #[serde(rename = "KB_48")]
    Kb48,
    /// 64 KiB.
    #[serde(rename = "KB_64")]
    Kb64,
}

/// An object without members, whose presence says it all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Present {}
