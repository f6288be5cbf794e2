//! The configuration document as written: one type per AWS resource, AWS's wire names, no logic.
//!
//! Names are those of `apigatewayv2` (camelCase). Fields marked *extension* are ours. What a document means is decided
//! by [`crate::gateway::compile()`]; what it may contain is checked by [`load`]. Every type refuses unknown fields.

mod api;
mod authorizer;
#[cfg(feature = "schema")]
mod bounds;
mod document;
mod domain;
mod integration;
mod load;
mod marker;
mod printed;
#[cfg(feature = "schema")]
mod schema;
mod stage;
mod usage_plan;
pub mod waf;

pub use api::{
    Api, ApiKeySource, CorsConfiguration, Deployment, GatewayResponse, ProtocolType, Route, WebSocketSettings,
};
pub use authorizer::{
    AdditionalClaim, AuthorizationType, Authorizer, AuthorizerType, ClaimFormat, JwtConfiguration, JwtIssuer,
};
pub use domain::{
    ApiMapping, DomainName, DomainNameConfiguration, InvokeApi, MatchBasePaths, MatchHeaderValue,
    MatchHeaders, MutualTlsAuthentication, RoutingMode, RoutingRule, RoutingRuleAction, RoutingRuleCondition,
    SecurityPolicy,
};
pub use integration::{
    ConnectionType, HealthCheck, InjectedCredential, Integration, IntegrationResponse, IntegrationType,
    PayloadFormatVersion, ProtocolVersion, RetryOn, RetryPolicy, TlsConfig,
};
pub use load::load;
pub(in crate::gateway) use load::object;
#[cfg(test)]
pub(in crate::gateway) use load::typed;
pub use marker::{Ignored, NotYet};
pub use printed::Printed;
#[cfg(feature = "schema")]
pub use schema::schema;
pub use stage::{
    AccessLogSettings, CanaryMatch, CanarySettings, LoggingLevel, NamedMatch, RouteSettings, Stage,
};
pub use usage_plan::{ApiKey, ApiStage, Quota, QuotaPeriod, QuotaScope, Throttle, UsagePlan, UsagePlanKey};

use sekisho_derive::Document;
use std::collections::BTreeMap;

/// The configuration document of one gateway.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", schemars(title = "Sekisho gateway"))]
pub struct Config {
    /// Where an editor finds the JSON Schema of this document: ignored.
    #[serde(rename = "$schema")]
    pub json_schema: Option<Ignored>,
    /// AWS region used in ARNs and events; `us-east-1` when absent.
    pub region: Option<String>,
    /// AWS account of the gateway's owner, used in ARNs and events; `123456789012` when absent.
    pub account_id: Option<String>,
    /// *Extension.* The API that answers a host which names none.
    pub default_api_id: Option<String>,
    /// *Extension.* How many proxies in front are believed about `X-Forwarded-For`; 0 when absent.
    pub trusted_hops: Option<u32>,
    /// *Extension.* Names the state that workers and reloads share; `default` when absent.
    pub gateway_id: Option<String>,
    /// *Extension.* Per-request limits; AWS's when absent.
    pub limits: Option<Limits>,
    /// *Extension.* Where AWS services (`lambda`, `sqs.eu-west-1`), VPC link targets and function ARNs live.
    #[serde(default)]
    pub endpoints: BTreeMap<String, String>,
    /// *Extension.* Certificates by ARN: the place of ACM.
    #[serde(default)]
    pub certificates: BTreeMap<String, Certificate>,
    /// *Extension.* The rate-limit service that holds limits over many Envoys.
    pub rate_limit_service: Option<RateLimitService>,
    /// *Extension.* AWS_IAM callers.
    #[serde(default)]
    pub credentials: Vec<Credential>,
    /// The APIs.
    #[serde(default)]
    pub apis: Vec<Api>,
    /// Custom domain names.
    #[serde(default)]
    pub domain_names: Vec<DomainName>,
    /// Which API and stage a path of a custom domain belongs to.
    #[serde(default)]
    pub api_mappings: Vec<ApiMapping>,
    /// Domain-level routing rules.
    #[serde(default)]
    pub routing_rules: Vec<RoutingRule>,
    /// API keys.
    #[serde(default)]
    pub api_keys: Vec<ApiKey>,
    /// Usage plans.
    #[serde(default)]
    pub usage_plans: Vec<UsagePlan>,
    /// Which key belongs to which plan.
    #[serde(default)]
    pub usage_plan_keys: Vec<UsagePlanKey>,
    /// *Extension.* The account's bucket; 10,000 per second and a burst of 5,000 when absent.
    pub account_throttle: Option<Throttle>,
    /// WAFv2 web ACLs as AWS prints them.
    #[serde(default)]
    pub web_acls: Vec<Printed<waf::WebAcl>>,
    /// WAFv2 IP sets as AWS prints them.
    #[serde(default)]
    pub ip_sets: Vec<Printed<waf::IpSet>>,
    /// WAFv2 regex pattern sets as AWS prints them.
    #[serde(default)]
    pub regex_pattern_sets: Vec<Printed<waf::RegexPatternSet>>,
    /// WAFv2 rule groups as AWS prints them.
    #[serde(default)]
    pub rule_groups: Vec<Printed<waf::RuleGroup>>,
    /// WAFv2 logging configurations as AWS prints them.
    #[serde(default)]
    pub logging_configurations: Vec<Printed<waf::LoggingConfiguration>>,
    /// *Extension.* Which group of ours stands in for one of Amazon's.
    #[serde(default)]
    pub managed_rule_group_substitutions: BTreeMap<String, String>,
    /// *Extension.* What AWS WAF has no setting for.
    pub waf_settings: Option<WafSettings>,
}

/// *Extension.* What AWS WAF has no setting for.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct WafSettings {
    /// What rules see of a body that is sent compressed; `INFLATE` when absent.
    pub compressed_bodies: Option<CompressedBodies>,
}

/// *Extension.* What becomes of a body with a `content-encoding` when a rule looks at it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CompressedBodies {
    /// Rules see what `gzip` and `deflate` mean; what cannot be inflated, and what has another coding, is refused with 415.
    #[default]
    Inflate,
    /// It is refused with 415.
    Refuse,
    /// Rules see it as it is sent, as on AWS, and do not see what its backend reads.
    InspectAsSent,
}

/// *Extension.* Per-request limits.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Limits {
    /// Largest request body in bytes; 10,485,760 when absent.
    pub payload_bytes: Option<u64>,
    /// Largest request line and headers in bytes; 10,240 on HTTP APIs and 20,480 on REST APIs when absent.
    pub header_bytes: Option<u32>,
    /// Longest URL of a request to a REST API in bytes, `https://` and host included; 10,240 when absent.
    pub url_bytes: Option<u32>,
}

/// *Extension.* Where a certificate's files are: the place of ACM.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Certificate {
    /// PEM chain, a path that Envoy can read.
    pub certificate_file: Option<String>,
    /// PEM private key, a path that Envoy can read.
    pub private_key_file: Option<String>,
    /// Name of an SDS secret instead of files.
    pub sds_secret: Option<String>,
}

/// *Extension.* The service that counts quotas of the scope `FLEET`, by Envoy's own protocol
/// (`envoy.service.ratelimit.v3.RateLimitService`).
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RateLimitService {
    /// Where it is: `http://ratelimit:8081`; HTTP/2 is spoken there. Either this or `cluster`.
    pub uri: Option<String>,
    /// An Envoy cluster that exists already, in the place of `uri`; it must speak HTTP/2.
    pub cluster: Option<String>,
    /// Domain of the descriptors; `sekisho` when absent.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub domain: Option<String>,
    /// Milliseconds to wait for an answer, from 1 to 10,000; 20 when absent.
    pub timeout_in_millis: Option<u32>,
    /// What an unanswered question means; `deny` when absent.
    pub failure_mode: Option<FailureMode>,
    /// Who counts. Required for quotas of a week or a month, which not every engine counts exactly.
    pub engine: Option<RateLimitEngine>,
}

/// *Extension.* An engine that speaks the rate-limit service's protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RateLimitEngine {
    /// Limitador.
    Limitador,
    /// envoyproxy/ratelimit, Envoy's own service.
    Ratelimit,
}

/// *Extension.* What happens when a service that was asked does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum FailureMode {
    /// The request is refused.
    Deny,
    /// The request goes on, and a metric counts it.
    Allow,
}

/// *Extension.* One AWS_IAM caller. The secret comes from the environment of Envoy's process, never from the document.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Credential {
    /// The access key's id.
    pub access_key_id: String,
    /// The environment variable that holds the secret key.
    pub secret_access_key_env: String,
    /// The environment variable that holds the session token of temporary credentials; without it none is accepted.
    pub session_token_env: Option<String>,
    /// The caller's account.
    pub account_id: Option<String>,
    /// The caller's user ARN.
    pub user_arn: Option<String>,
    /// The caller's identity policy.
    pub policy: Option<serde_json::Value>,
}
