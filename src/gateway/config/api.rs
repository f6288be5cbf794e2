//! An API, its routes and what belongs to it as a whole.

use super::authorizer::AuthorizationType;
#[cfg(feature = "schema")]
use super::bounds;
use super::{Authorizer, Ignored, Integration, NotYet, Stage};
use sekisho_derive::Document;
use std::collections::BTreeMap;

/// An API. <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid.html>
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Api {
    /// Names the API; the first label of its default host.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub api_id: String,
    /// The API's name.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 128)))]
    pub name: Option<String>,
    /// Decides wording, statuses, routing and payload rules.
    pub protocol_type: ProtocolType,
    /// Answers only custom domains when true.
    pub disable_execute_api_endpoint: Option<bool>,
    /// CORS; HTTP APIs.
    pub cors_configuration: Option<CorsConfiguration>,
    /// The live routes: what a stage without `deploymentId` serves.
    #[serde(default)]
    pub routes: Vec<Route>,
    /// The live integrations.
    #[serde(default)]
    pub integrations: Vec<Integration>,
    /// The live authorizers.
    #[serde(default)]
    pub authorizers: Vec<Authorizer>,
    /// The stages.
    #[serde(default)]
    pub stages: Vec<Stage>,
    /// Immutable snapshots that stages point to.
    #[serde(default)]
    pub deployments: Vec<Deployment>,
    /// Where the API key is read from; REST APIs.
    pub api_key_source: Option<ApiKeySource>,
    /// Media types whose bodies are binary; REST APIs.
    #[serde(default)]
    pub binary_media_types: Vec<String>,
    /// Smallest response that is compressed, in bytes; REST APIs.
    #[cfg_attr(feature = "schema", schemars(range(max = 10_485_760)))]
    pub minimum_compression_size: Option<u64>,
    /// Resource policy, as an object or as the text that AWS prints; REST APIs.
    pub policy: Option<serde_json::Value>,
    /// Customised gateway responses; REST APIs.
    #[serde(default)]
    pub gateway_responses: Vec<GatewayResponse>,
    /// *Extension.* Limits on WebSocket connections that pass through; HTTP APIs.
    pub web_socket_settings: Option<WebSocketSettings>,
    /// *Extension.* Whether responses tell of limits and quotas, by `RateLimit-Policy`, `RateLimit` and `Retry-After`; false
    /// when absent.
    pub rate_limit_headers: Option<bool>,
    /// Descriptive or read-only: ignored.
    pub description: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub version: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub tags: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub created_date: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub api_endpoint: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub api_gateway_managed: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub import_info: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub warnings: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub ip_address_type: Option<Ignored>,
    /// AWS prints `$request.header.x-api-key`; nothing else is supported yet.
    pub api_key_selection_expression: Option<String>,
    /// AWS prints `$request.method $request.path`; nothing else is supported yet.
    pub route_selection_expression: Option<String>,
    /// Not supported yet.
    pub disable_schema_validation: Option<NotYet>,
}

/// What kind of API it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProtocolType {
    /// An HTTP API (`apigatewayv2`).
    Http,
    /// A REST API (`apigateway`), in v2 names.
    Rest,
    /// A WebSocket API: not supported yet.
    Websocket,
}

/// Where the API key is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ApiKeySource {
    /// The `x-api-key` header.
    Header,
    /// The authorizer's `usageIdentifierKey`.
    Authorizer,
}

/// CORS of an HTTP API. <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html>
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CorsConfiguration {
    /// Whether credentials are allowed.
    pub allow_credentials: Option<bool>,
    /// Allowed request headers.
    #[serde(default)]
    pub allow_headers: Vec<String>,
    /// Allowed methods.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(inner(length(min = 1, max = 64))))]
    pub allow_methods: Vec<String>,
    /// Allowed origins: `https://shop.example.com`, `https://*`, `http://*` or `*`.
    #[serde(default)]
    pub allow_origins: Vec<String>,
    /// Response headers that scripts may read.
    #[serde(default)]
    pub expose_headers: Vec<String>,
    /// Seconds a preflight may be cached; -1 to 86400.
    #[cfg_attr(feature = "schema", schemars(range(min = -1, max = 86400)))]
    pub max_age: Option<i64>,
}

/// A route: which requests, who may make them, and where they go.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Route {
    /// `$default`, or a method (or `ANY`) and a path: `GET /users/{id}`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub route_key: String,
    /// `integrations/<integrationId>`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 128)))]
    pub target: Option<String>,
    /// Who may call; `NONE` when absent.
    pub authorization_type: Option<AuthorizationType>,
    /// The authorizer.
    pub authorizer_id: Option<String>,
    /// Scopes of which a token must carry one.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(inner(length(min = 1, max = 64))))]
    pub authorization_scopes: Vec<String>,
    /// Whether an API key is required.
    pub api_key_required: Option<bool>,
    /// A name for the operation.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
    pub operation_name: Option<String>,
    /// Descriptive or read-only: ignored.
    pub route_id: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub api_gateway_managed: Option<Ignored>,
    /// Not supported yet.
    pub model_selection_expression: Option<NotYet>,
    /// Not supported yet.
    pub request_models: Option<NotYet>,
    /// Not supported yet.
    pub request_parameters: Option<NotYet>,
    /// Not supported yet.
    pub route_response_selection_expression: Option<NotYet>,
    /// Not supported yet.
    pub request_validator_id: Option<NotYet>,
}

/// An immutable snapshot of routes, integrations and authorizers.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Deployment {
    /// Names the deployment.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub deployment_id: String,
    /// Its routes.
    #[serde(default)]
    pub routes: Vec<Route>,
    /// Its integrations.
    #[serde(default)]
    pub integrations: Vec<Integration>,
    /// Its authorizers.
    #[serde(default)]
    pub authorizers: Vec<Authorizer>,
    /// Descriptive or read-only: ignored.
    pub description: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub created_date: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub deployment_status: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub deployment_status_message: Option<Ignored>,
    /// Descriptive or read-only: ignored.
    pub auto_deployed: Option<Ignored>,
}

/// A customised gateway response of a REST API. <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct GatewayResponse {
    /// AWS's response type, such as `THROTTLED` or `DEFAULT_4XX`.
    pub response_type: String,
    /// The status; the type's own when absent.
    pub status_code: Option<String>,
    /// `gatewayresponse.header.<Name>` to a value.
    #[serde(default)]
    pub response_parameters: BTreeMap<String, String>,
    /// Media type to template.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("additionalProperties" = bounds::text(0, bounds::TEMPLATE_CHARACTERS))))]
    pub response_templates: BTreeMap<String, String>,
    /// Descriptive or read-only: ignored.
    pub default_response: Option<Ignored>,
}

/// *Extension.* Limits on WebSocket connections that pass through.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct WebSocketSettings {
    /// Largest message that a client may send, in bytes as they are sent: all fragments together, compressed if they are. 0 is
    /// unlimited, and so is absence. AWS: 131,072.
    pub max_message_bytes: Option<u64>,
    /// Messages per second that a client may send through one connection, and as many at once. 0 is unlimited, and so is
    /// absence.
    pub messages_per_second: Option<u32>,
}
