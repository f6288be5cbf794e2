//! What happens to a request, as written.

use super::{NotYet, Present};
use sekisho_derive::Document;

/// What happens to a request that a rule fits: exactly one member.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct RuleAction {
    /// It is answered here.
    pub block: Option<BlockAction>,
    /// It goes on, and no further rule looks at it.
    pub allow: Option<AllowAction>,
    /// It is counted, and the next rule looks at it.
    pub count: Option<CountAction>,
    /// Refused: there are no puzzles here.
    pub captcha: Option<Present>,
    /// Refused: there are no puzzles here.
    pub challenge: Option<Present>,
    /// Not supported yet.
    pub monetize: Option<NotYet>,
}

/// What happens to a request that no rule decided: exactly one member.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct DefaultAction {
    /// It is answered here.
    pub block: Option<BlockAction>,
    /// It goes on.
    pub allow: Option<AllowAction>,
}

/// What becomes of a group's result: exactly one member.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct OverrideAction {
    /// It counts only.
    pub count: Option<CountAction>,
    /// It stands.
    pub none: Option<Present>,
}

/// A request is answered here.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct BlockAction {
    /// With this, in the place of 403.
    pub custom_response: Option<CustomResponse>,
}

/// A request goes on.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct AllowAction {
    /// With these headers more.
    pub custom_request_handling: Option<CustomRequestHandling>,
}

/// A request is counted.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct CountAction {
    /// With these headers more.
    pub custom_request_handling: Option<CustomRequestHandling>,
}

/// Headers that a backend gets as `x-amzn-waf-NAME`.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct CustomRequestHandling {
    /// The headers.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub insert_headers: Vec<CustomHttpHeader>,
}

/// What a blocked request is answered with.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct CustomResponse {
    /// The status.
    #[cfg_attr(feature = "schema", schemars(range(min = 200, max = 599)))]
    pub response_code: u16,
    /// A key of `CustomResponseBodies`; no body when absent.
    pub custom_response_body_key: Option<String>,
    /// Headers.
    #[serde(default)]
    pub response_headers: Vec<CustomHttpHeader>,
}

/// A header.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct CustomHttpHeader {
    /// Its name.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
    pub name: String,
    /// Its value.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 255)))]
    pub value: String,
}

/// The body of an answer to a blocked request.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct CustomResponseBody {
    /// What it is.
    pub content_type: ResponseContentType,
    /// The text.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 10240)))]
    pub content: String,
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResponseContentType {
    /// `text/plain`.
    TextPlain,
    /// `text/html`.
    TextHtml,
    /// `application/json`.
    ApplicationJson,
}

/// Another action of a rule of a group.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct RuleActionOverride {
    /// The rule.
    pub name: String,
    /// Its action.
    pub action_to_use: RuleAction,
}
