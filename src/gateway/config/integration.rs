//! Integrations as written.

#[cfg(feature = "schema")]
use super::bounds;
use super::{Ignored, NotYet};
use sekisho_derive::Document;
use std::collections::BTreeMap;

/// An integration: what answers a route. <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-integrations-integrationid.html>
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Integration {
    /// Names the integration for routes.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub integration_id: String,
    /// What kind it is.
    pub integration_type: IntegrationType,
    /// `AWS_PROXY` of HTTP APIs: the operation of an AWS service that answers, such as `SQS-SendMessage`.
    /// `docs/aws-services.md` lists them; those of DynamoDB, SNS and S3 are extensions.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 128)))]
    pub integration_subtype: Option<String>,
    /// The method sent; `ANY` passes the client's.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
    pub integration_method: Option<String>,
    /// URL, ARN or function name.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 2048)))]
    pub integration_uri: Option<String>,
    /// How it is reached; `INTERNET` when absent.
    pub connection_type: Option<ConnectionType>,
    /// The VPC link.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024)))]
    pub connection_id: Option<String>,
    /// Format of Lambda events.
    pub payload_format_version: Option<PayloadFormatVersion>,
    /// 50 to 30,000 on HTTP APIs (30,000 when absent), 50 to 29,000 on REST APIs (29,000).
    pub timeout_in_millis: Option<u32>,
    /// Request mapping: `append:header.x` to a value. With `integrationSubtype`: the operation's parameters by name, and `Region`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("additionalProperties" = bounds::text(0, 512))))]
    pub request_parameters: BTreeMap<String, String>,
    /// Response mapping: status to mapping. A function makes its response itself.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("additionalProperties" = bounds::texts(0, 512))))]
    pub response_parameters: BTreeMap<String, BTreeMap<String, String>>,
    /// The role that calls AWS, by its ARN: Envoy assumes it, and signs with what it is given. Without it what goes to AWS's own
    /// hosts is signed with the credentials of Envoy's environment, and what goes to other `endpoints` is not signed.
    pub credentials_arn: Option<String>,
    /// TLS towards the backend.
    pub tls_config: Option<TlsConfig>,
    /// Media type to template; MOCK.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("additionalProperties" = bounds::text(0, bounds::TEMPLATE_CHARACTERS))))]
    pub request_templates: BTreeMap<String, String>,
    /// Answers; MOCK.
    #[serde(default)]
    pub integration_responses: Vec<IntegrationResponse>,
    /// *Extension.* An Envoy cluster that exists already.
    pub cluster: Option<String>,
    /// *Extension.* Retries.
    pub retry_policy: Option<RetryPolicy>,
    /// *Extension.* Active health checks.
    pub health_check: Option<HealthCheck>,
    /// *Extension.* A backend secret that Envoy adds.
    pub credential: Option<InjectedCredential>,
    /// *Extension.* The protocol of a plain-text backend; `HTTP1` when absent. TLS backends negotiate it.
    pub protocol_version: Option<ProtocolVersion>,
    /// Descriptive or read-only: ignored.
    pub description: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub api_gateway_managed: Option<Ignored>,
    /// Not supported yet.
    pub content_handling_strategy: Option<NotYet>,
    /// Not supported yet.
    pub integration_response_selection_expression: Option<NotYet>,
    /// AWS prints `WHEN_NO_MATCH`; nothing else is supported yet.
    pub passthrough_behavior: Option<String>,
    /// Not supported yet.
    pub template_selection_expression: Option<NotYet>,
    /// Not supported yet.
    pub response_transfer_mode: Option<NotYet>,
}

/// What kind of integration it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IntegrationType {
    /// An HTTP backend; requests and responses pass.
    HttpProxy,
    /// A Lambda function or an AWS service.
    AwsProxy,
    /// An answer made by the gateway.
    Mock,
    /// REST APIs: not supported yet.
    Aws,
    /// REST APIs: not supported yet.
    Http,
}

/// How an integration is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConnectionType {
    /// By its URL.
    Internet,
    /// By the listener or service ARN in `endpoints`.
    VpcLink,
    /// *Extension.* By Envoy's own routes.
    EnvoyRoute,
}

/// Format of Lambda events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PayloadFormatVersion {
    /// Format 1.0.
    #[serde(rename = "1.0")]
    V1,
    /// Format 2.0.
    #[serde(rename = "2.0")]
    V2,
}

/// *Extension.* The protocol towards a plain-text backend, in the words of load balancers' target groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProtocolVersion {
    /// HTTP/1.1.
    #[serde(rename = "HTTP1")]
    Http1,
    /// HTTP/2 with prior knowledge.
    #[serde(rename = "HTTP2")]
    Http2,
    /// gRPC: HTTP/2 with prior knowledge.
    #[serde(rename = "GRPC")]
    Grpc,
}

/// TLS towards the backend.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TlsConfig {
    /// The name the certificate must carry, and SNI.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 512)))]
    pub server_name_to_verify: Option<String>,
    /// Not supported yet.
    pub insecure_skip_verification: Option<NotYet>,
}

/// One answer of a MOCK integration.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct IntegrationResponse {
    /// The status.
    #[cfg_attr(feature = "schema", schemars(range(min = 100, max = 599)))]
    pub status_code: u16,
    /// A regular expression that the template's status must match in full; empty is the default answer.
    pub selection_pattern: Option<String>,
    /// `method.response.header.<Name>` to a value.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("additionalProperties" = bounds::text(1, 512))))]
    pub response_parameters: BTreeMap<String, String>,
    /// Media type to template.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("additionalProperties" = bounds::text(0, bounds::TEMPLATE_CHARACTERS))))]
    pub response_templates: BTreeMap<String, String>,
    /// Not supported yet.
    pub content_handling_strategy: Option<NotYet>,
}

/// *Extension.* Retries of an integration.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RetryPolicy {
    /// Tries after the first; 2 when absent.
    pub max_retries: Option<u32>,
    /// When; `connect-failure`, `refused-stream` and `reset-before-request` when absent.
    pub retry_on: Option<Vec<RetryOn>>,
}

/// *Extension.* When a try is repeated: Envoy's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RetryOn {
    /// The connection could not be made.
    ConnectFailure,
    /// The backend refused the stream before it worked on it.
    RefusedStream,
    /// The connection broke before the request was sent.
    ResetBeforeRequest,
    /// The backend broke off: idempotent methods only.
    Reset,
    /// 502, 503 or 504: idempotent methods only.
    GatewayError,
    /// Any 5xx: idempotent methods only.
    #[serde(rename = "5xx")]
    ServerError,
}

/// *Extension.* Active health checks by Envoy.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct HealthCheck {
    /// Path asked; `/` when absent.
    pub path: Option<String>,
    /// Milliseconds between checks; 5,000 when absent.
    pub interval_millis: Option<u32>,
}

/// *Extension.* A backend secret that Envoy's credential_injector adds; the document never holds it.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct InjectedCredential {
    /// Header that carries it; `authorization` when absent.
    pub header: Option<String>,
    /// Text before it, such as `Bearer `.
    pub prefix: Option<String>,
    /// File that holds the secret.
    pub file: Option<String>,
    /// Name of an SDS secret instead.
    pub sds_secret: Option<String>,
}
