//! Custom domains, API mappings and routing rules as written.

use super::{Ignored, NotYet};
use sekisho_derive::Document;

/// A custom domain.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DomainName {
    /// The host, or `*.` and a parent domain.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 512)))]
    pub domain_name: String,
    /// Certificate and TLS policy.
    #[serde(default)]
    pub domain_name_configurations: Vec<DomainNameConfiguration>,
    /// Client certificates.
    pub mutual_tls_authentication: Option<MutualTlsAuthentication>,
    /// What is asked first.
    pub routing_mode: Option<RoutingMode>,
    /// Descriptive or read-only: ignored.
    pub tags: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub domain_name_arn: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub api_mapping_selection_expression: Option<Ignored>,
}

/// Certificate and TLS policy of a custom domain.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DomainNameConfiguration {
    /// A key of `certificates`.
    pub certificate_arn: Option<String>,
    /// Lowest TLS version.
    pub security_policy: Option<SecurityPolicy>,
    /// Descriptive or read-only: ignored.
    pub api_gateway_domain_name: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub certificate_name: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub certificate_upload_date: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub domain_name_status: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub domain_name_status_message: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub endpoint_type: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub hosted_zone_id: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub ip_address_type: Option<Ignored>,
    /// Not supported yet.
    pub ownership_verification_certificate_arn: Option<NotYet>,
}

/// Lowest TLS version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SecurityPolicy {
    /// TLS 1.0.
    #[serde(rename = "TLS_1_0")]
    Tls10,
    /// TLS 1.2.
    #[serde(rename = "TLS_1_2")]
    Tls12,
}

/// Client certificates of a custom domain.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MutualTlsAuthentication {
    /// `file:` and a PEM path.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 2048)))]
    pub truststore_uri: String,
    /// Descriptive or read-only: ignored.
    pub truststore_warnings: Option<Ignored>,
    /// Not supported yet.
    pub truststore_version: Option<NotYet>,
}

/// What is asked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RoutingMode {
    /// API mappings.
    ApiMappingOnly,
    /// Routing rules.
    RoutingRuleOnly,
    /// Routing rules, then API mappings.
    RoutingRuleThenApiMapping,
}

/// Which API and stage a path of a custom domain belongs to.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ApiMapping {
    /// The custom domain.
    pub domain_name: String,
    /// The API.
    pub api_id: String,
    /// Its stage.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 128)))]
    pub stage: String,
    /// The path; everything when absent.
    pub api_mapping_key: Option<String>,
    /// Descriptive or read-only: ignored.
    pub api_mapping_id: Option<Ignored>,
}

/// A domain-level routing rule.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RoutingRule {
    /// The custom domain.
    pub domain_name: String,
    /// 1 to 1,000,000; lowest first.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1_000_000)))]
    pub priority: u32,
    /// All must hold.
    #[serde(default)]
    pub conditions: Vec<RoutingRuleCondition>,
    /// Exactly one.
    #[serde(default)]
    pub actions: Vec<RoutingRuleAction>,
    /// Descriptive or read-only: ignored.
    pub routing_rule_arn: Option<Ignored>,
    /// What `$context.customDomain.routingRuleIdMatched` tells; the priority when absent.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 128)))]
    pub routing_rule_id: Option<String>,
}

/// A condition of a routing rule.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RoutingRuleCondition {
    /// By base path.
    pub match_base_paths: Option<MatchBasePaths>,
    /// By header.
    pub match_headers: Option<MatchHeaders>,
}

/// Base paths of a routing rule.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MatchBasePaths {
    /// Any of these.
    #[serde(default)]
    pub any_of: Vec<String>,
}

/// Headers of a routing rule.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MatchHeaders {
    /// Any of these.
    #[serde(default)]
    pub any_of: Vec<MatchHeaderValue>,
}

/// A header condition of a routing rule.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MatchHeaderValue {
    /// The header.
    pub header: String,
    /// Its value; `*` at the start or the end.
    pub value_glob: String,
}

/// The action of a routing rule.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RoutingRuleAction {
    /// The API that answers.
    pub invoke_api: InvokeApi,
}

/// The API that a routing rule invokes.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct InvokeApi {
    /// The API.
    pub api_id: String,
    /// Its stage.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 128)))]
    pub stage: String,
    /// Whether the matched base path is removed.
    pub strip_base_path: Option<bool>,
}
