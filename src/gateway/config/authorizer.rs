//! Authorizers as written.

use super::Ignored;
use sekisho_derive::Document;

/// An authorizer. <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers-authorizerid.html>
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Authorizer {
    /// Names the authorizer for routes.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub authorizer_id: String,
    /// The authorizer's name.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 128)))]
    pub name: Option<String>,
    /// What kind it is.
    pub authorizer_type: AuthorizerType,
    /// Where the identity is read from: `$request.header.Authorization`.
    #[serde(default)]
    pub identity_source: Vec<String>,
    /// Of a JWT authorizer. *Extension:* of a Cognito authorizer, `audience` (app clients) and `jwks` (of a single pool).
    pub jwt_configuration: Option<JwtConfiguration>,
    /// User pools of a Cognito authorizer.
    #[serde(default)]
    #[serde(rename = "providerARNs")]
    pub provider_arns: Vec<String>,
    /// The Lambda function, or a plain HTTP endpoint.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 2048)))]
    pub authorizer_uri: Option<String>,
    /// Payload format of a REQUEST authorizer.
    pub authorizer_payload_format_version: Option<super::PayloadFormatVersion>,
    /// Whether `isAuthorized` answers are understood.
    pub enable_simple_responses: Option<bool>,
    /// Seconds a result is cached; 0 to 3600.
    #[cfg_attr(feature = "schema", schemars(range(max = 3600)))]
    pub authorizer_result_ttl_in_seconds: Option<u32>,
    /// What a token must match in full; of a user pool's token, its `aud`.
    #[cfg_attr(feature = "schema", schemars(length(max = 1024)))]
    pub identity_validation_expression: Option<String>,
    /// The role that invokes the function, by its ARN, as an integration's `credentialsArn`.
    pub authorizer_credentials_arn: Option<String>,
    /// Descriptive or read-only: ignored.
    pub api_gateway_managed: Option<Ignored>,
}

/// What kind of authorizer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthorizerType {
    /// JSON web tokens.
    Jwt,
    /// A function that sees the request.
    Request,
    /// A function that sees one token; REST APIs.
    Token,
    /// Cognito user pools; REST APIs.
    CognitoUserPools,
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthorizationType {
    /// Anybody.
    None,
    /// Bearers of a valid token.
    Jwt,
    /// Whom a Lambda authorizer allows.
    Custom,
    /// Signers of AWS credentials.
    AwsIam,
    /// Members of a user pool.
    CognitoUserPools,
}

/// What tokens a JWT authorizer accepts.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct JwtConfiguration {
    /// `iss`, exactly; HTTP APIs.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 2048)))]
    pub issuer: Option<String>,
    /// Accepted `aud` or `client_id`.
    #[serde(default)]
    pub audience: Vec<String>,
    /// Issuers; REST APIs.
    #[serde(default)]
    pub issuers: Vec<JwtIssuer>,
    /// Algorithms; REST APIs.
    #[serde(default)]
    pub default_algorithms: Vec<String>,
    /// *Extension.* Where the keys are, instead of discovery.
    pub jwks_uri: Option<String>,
    /// *Extension.* Hosts, beside the issuer's own, where its discovery document may say that its keys are:
    /// `https://keys.example`. `sekisho render` asks the issuers and adds them.
    #[serde(default)]
    pub jwks_hosts: Vec<String>,
    /// *Extension.* The keys themselves.
    pub jwks: Option<serde_json::Value>,
    /// *Extension.* Algorithms beyond AWS's.
    #[serde(default)]
    pub algorithms: Vec<String>,
    /// *Extension.* The environment variable that holds an HS256 secret.
    pub secret_env: Option<String>,
}

/// One issuer of a REST JWT authorizer.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct JwtIssuer {
    /// `iss`, exactly.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 2048)))]
    pub issuer: String,
    /// Accepted `aud`.
    #[serde(default)]
    pub audiences: Vec<String>,
    /// What else its tokens claim.
    #[serde(default)]
    pub additional_claims: Vec<AdditionalClaim>,
    /// Descriptive or read-only: ignored.
    pub jwks_uri: Option<Ignored>,
}

/// A claim that an issuer's tokens are checked for.
/// <https://docs.aws.amazon.com/apigateway/latest/api/API_JwtAdditionalClaim.html>
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AdditionalClaim {
    /// The claim.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub claim_name: String,
    /// What kind of value it has.
    pub format: ClaimFormat,
    /// Whether it must be there.
    #[serde(default)]
    pub required: bool,
    /// What it may be; anything when absent.
    #[serde(default)]
    pub expected_values: Vec<String>,
}

/// What kind of value a claim has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClaimFormat {
    /// One text.
    SingleString,
}
