//! Stages and canaries as written.

#[cfg(feature = "schema")]
use super::bounds;
use super::{Ignored, NotYet};
use sekisho_derive::Document;
use std::collections::BTreeMap;

/// A stage. <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename.html>
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Stage {
    /// `$default`, or the first segment of the path.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 128)))]
    pub stage_name: String,
    /// The deployment served; the live lists when absent.
    pub deployment_id: Option<String>,
    /// Stage variables.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("propertyNames" = bounds::stage_variable_name(), "additionalProperties" = bounds::stage_variable_value())))]
    pub stage_variables: BTreeMap<String, String>,
    /// Settings of every route.
    pub default_route_settings: Option<RouteSettings>,
    /// Settings by route key.
    #[serde(default)]
    pub route_settings: BTreeMap<String, RouteSettings>,
    /// The web ACL.
    pub web_acl_arn: Option<String>,
    /// The access log.
    pub access_log_settings: Option<AccessLogSettings>,
    /// The canary.
    pub canary_settings: Option<CanarySettings>,
    /// Descriptive or read-only: ignored.
    pub description: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub tags: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub created_date: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub last_updated_date: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub api_gateway_managed: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub auto_deploy: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub last_deployment_status_message: Option<Ignored>,
    /// Not supported yet.
    pub client_certificate_id: Option<NotYet>,
    /// Not supported yet.
    pub tracing_enabled: Option<NotYet>,
    /// Not supported yet.
    pub cache_cluster_enabled: Option<NotYet>,
    /// Not supported yet.
    pub cache_cluster_size: Option<NotYet>,
}

/// Settings of a route.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RouteSettings {
    /// Requests per second.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub throttling_rate_limit: Option<f64>,
    /// Size of the bucket.
    pub throttling_burst_limit: Option<u32>,
    /// *Extension.* Whether the route's bucket only counts what it would refuse; false when absent.
    pub throttling_shadow: Option<bool>,
    /// Whether the route has metrics of its own.
    pub detailed_metrics_enabled: Option<bool>,
    /// Execution log level.
    pub logging_level: Option<LoggingLevel>,
    /// Whether bodies are logged.
    pub data_trace_enabled: Option<bool>,
}

/// Execution log level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LoggingLevel {
    /// No lines.
    Off,
    /// Errors.
    Error,
    /// Everything.
    Info,
}

/// The access log of a stage.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AccessLogSettings {
    /// Text with `$context` variables, `$context.requestId` or `$context.extendedRequestId` among them: one line.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 3072)))]
    pub format: Option<String>,
    /// *Extension.* `stdout`, `file:/PATH`, `otlp:CLUSTER` or `als:CLUSTER`; `stdout` when absent. In the place of a cluster that
    /// exists already, `http://HOST:PORT` makes one.
    pub destination: Option<String>,
    /// A log group or a stream of Firehose's: accepted as AWS prints it, and nothing is sent there.
    pub destination_arn: Option<String>,
}

/// A canary of a stage.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CanarySettings {
    /// Share of requests, 0.0 to 100.0.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 100)))]
    pub percent_traffic: Option<f64>,
    /// The deployment on the canary side; the stage's when absent.
    pub deployment_id: Option<String>,
    /// Stage variables that differ.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("propertyNames" = bounds::stage_variable_name(), "additionalProperties" = bounds::stage_variable_value())))]
    pub stage_variable_overrides: BTreeMap<String, String>,
    /// Accepted; there is no stage cache yet.
    pub use_stage_cache: Option<bool>,
    /// *Extension.* Requests that always go to the canary side: by headers first, then by cookies.
    #[serde(default)]
    #[serde(rename = "match")]
    pub matches: Vec<CanaryMatch>,
    /// *Extension.* What keeps a user on one side: `$request.header.NAME`, `$request.cookie.NAME`,
    /// `$context.identity.sourceIp`, or between sides of one deployment `$context.authorizer.claims.NAME`.
    pub sticky_key: Option<String>,
    /// *Extension.* Lets a side that clients choose have weaker authorization.
    pub allow_weaker_auth: Option<bool>,
}

/// *Extension.* One condition: a header or a cookie.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CanaryMatch {
    /// A header.
    pub header: Option<NamedMatch>,
    /// A cookie.
    pub cookie: Option<NamedMatch>,
}

/// *Extension.* A named value: exact, prefix or regular expression.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NamedMatch {
    /// Name of the header or cookie.
    pub name: String,
    /// The whole value.
    pub exact: Option<String>,
    /// How the value starts.
    pub prefix: Option<String>,
    /// A regular expression for the whole value.
    pub regex: Option<String>,
}
