//! API keys and usage plans as written.

use super::Ignored;
use sekisho_derive::Document;
use std::collections::BTreeMap;

/// An API key.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ApiKey {
    /// Names the key.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub id: String,
    /// The key's name.
    #[cfg_attr(feature = "schema", schemars(length(max = 1024)))]
    pub name: Option<String>,
    /// `sha256:` and 64 hexadecimal digits; a plain value only in front of `render`.
    pub value: Option<String>,
    /// Whether it is accepted; false when absent, as AWS has it.
    pub enabled: Option<bool>,
    /// Descriptive or read-only: ignored.
    pub description: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub created_date: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub last_updated_date: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub tags: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub customer_id: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub stage_keys: Option<Ignored>,
}

/// A usage plan.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct UsagePlan {
    /// Names the plan.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub id: String,
    /// The plan's name.
    pub name: Option<String>,
    /// The stages it opens.
    #[serde(default)]
    pub api_stages: Vec<ApiStage>,
    /// A bucket for each key.
    pub throttle: Option<Throttle>,
    /// A quota for each key.
    pub quota: Option<Quota>,
    /// Descriptive or read-only: ignored.
    pub description: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub tags: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub product_code: Option<Ignored>,
}

/// A stage that a usage plan opens.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ApiStage {
    /// The API.
    pub api_id: String,
    /// Its stage.
    pub stage: String,
    /// A bucket for each key and method: `/users/GET`.
    #[serde(default)]
    pub throttle: BTreeMap<String, Throttle>,
}

/// A token bucket.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Throttle {
    /// Tokens per second.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub rate_limit: Option<f64>,
    /// Size of the bucket.
    pub burst_limit: Option<u32>,
    /// *Extension.* Whether it only counts what it would refuse; false when absent.
    pub shadow: Option<bool>,
}

/// A quota.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Quota {
    /// Requests per period.
    pub limit: u64,
    /// Days the period starts late.
    pub offset: Option<u32>,
    /// The period.
    pub period: QuotaPeriod,
    /// *Extension.* How far the count reaches; `ENVOY` when absent.
    pub scope: Option<QuotaScope>,
    /// *Extension.* Whether it only counts what it would refuse; false when absent.
    pub shadow: Option<bool>,
}

/// The period of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum QuotaPeriod {
    /// A day of UTC.
    Day,
    /// A week of UTC.
    Week,
    /// A month of UTC.
    Month,
}

/// *Extension.* How far the count of a quota reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum QuotaScope {
    /// One Envoy process.
    Envoy,
    /// All Envoys, by the rate-limit service.
    Fleet,
}

/// A key of a plan.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct UsagePlanKey {
    /// The plan.
    pub usage_plan_id: String,
    /// The key.
    pub key_id: String,
    /// `API_KEY`.
    pub key_type: Option<String>,
    /// Descriptive or read-only: ignored.
    pub name: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub value: Option<Ignored>,
}
