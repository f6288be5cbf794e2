//! What rules refer to by ARN, as written.

use super::{CustomResponseBody, Ignored, NotYet, Rule, VisibilityConfig};
use sekisho_derive::Document;
use std::collections::BTreeMap;

/// Addresses.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct IpSet {
    /// Its name.
    pub name: String,
    /// Descriptive or read-only: ignored.
    pub id: Option<Ignored>,
    /// What statements name.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// Descriptive or read-only: ignored.
    pub description: Option<Ignored>,
    /// Of which version all of them are.
    #[serde(rename = "IPAddressVersion")]
    pub ip_address_version: IpAddressVersion,
    /// Networks: `192.0.2.0/24`.
    pub addresses: Vec<String>,
}

/// A version of the Internet Protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IpAddressVersion {
    /// IPv4.
    #[serde(rename = "IPV4")]
    V4,
    /// IPv6.
    #[serde(rename = "IPV6")]
    V6,
}

/// Regular expressions.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct RegexPatternSet {
    /// Descriptive or read-only: ignored.
    pub name: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub id: Option<Ignored>,
    /// What statements name.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// Descriptive or read-only: ignored.
    pub description: Option<Ignored>,
    /// The expressions.
    pub regular_expression_list: Vec<Regex>,
}

/// A regular expression.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Regex {
    /// The expression.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 512)))]
    pub regex_string: String,
}

/// A group of rules.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct RuleGroup {
    /// Its name.
    pub name: String,
    /// Descriptive or read-only: ignored.
    pub id: Option<Ignored>,
    /// What statements name.
    #[serde(rename = "ARN")]
    pub arn: String,
    /// Capacity units that it may use.
    pub capacity: Option<u64>,
    /// Descriptive or read-only: ignored.
    pub description: Option<Ignored>,
    /// The rules.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// What is counted.
    pub visibility_config: VisibilityConfig,
    /// What labels begin with: `awswaf:ACCOUNT:rulegroup:NAME:`. Absent, it follows from the ARN's account, else from `accountId`,
    /// and the name.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024)))]
    pub label_namespace: Option<String>,
    /// Bodies that blocked requests are answered with, by the keys that rules name.
    #[serde(default)]
    pub custom_response_bodies: BTreeMap<String, CustomResponseBody>,
    /// Descriptive or read-only: ignored.
    pub available_labels: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub consumed_labels: Option<Ignored>,
    /// Not supported yet.
    pub monetization_config: Option<NotYet>,
}
