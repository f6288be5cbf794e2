//! What is logged of a web ACL, as written.

use super::{FieldToMatch, Ignored};
use sekisho_derive::Document;

/// What is logged of a web ACL.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct LoggingConfiguration {
    /// The web ACL.
    pub resource_arn: String,
    /// Where AWS sends the log; here it goes where Envoy writes it: ignored.
    pub log_destination_configs: Option<Ignored>,
    /// Parts whose values are not logged.
    #[serde(default)]
    pub redacted_fields: Vec<FieldToMatch>,
    /// Which requests are logged; all when absent.
    pub logging_filter: Option<LoggingFilter>,
    /// Descriptive or read-only: ignored.
    pub managed_by_firewall_manager: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub log_type: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub log_scope: Option<Ignored>,
}

/// Which requests are logged.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct LoggingFilter {
    /// The first that fits decides.
    pub filters: Vec<Filter>,
    /// Where none fits.
    pub default_behavior: FilterBehavior,
}

/// Whether requests of a kind are logged.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Filter {
    /// Whether they are.
    pub behavior: FilterBehavior,
    /// Whether all conditions must hold, or one.
    pub requirement: FilterRequirement,
    /// The conditions.
    pub conditions: Vec<Condition>,
}

/// A condition: exactly one member.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Condition {
    /// On an action that was taken.
    pub action_condition: Option<ActionCondition>,
    /// On a label that was given.
    pub label_name_condition: Option<LabelNameCondition>,
}

/// A condition on an action.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct ActionCondition {
    /// The action.
    pub action: ActionValue,
}

/// A condition on a label.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct LabelNameCondition {
    /// The whole label.
    pub label_name: String,
}

/// An action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ActionValue {
    /// Allow.
    Allow,
    /// Block.
    Block,
    /// Count.
    Count,
    /// Never taken here.
    Captcha,
    /// Never taken here.
    Challenge,
    /// Never taken here.
    Monetize,
    /// Count, by an override.
    ExcludedAsCount,
}

/// Whether something is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FilterBehavior {
    /// It is.
    Keep,
    /// It is not.
    Drop,
}

/// How many conditions must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FilterRequirement {
    /// All.
    MeetsAll,
    /// One.
    MeetsAny,
}
