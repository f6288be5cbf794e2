//! What of a request a statement looks at, as written.

use super::Present;
use sekisho_derive::Document;

/// What of a request is looked at: exactly one member.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct FieldToMatch {
    /// One header.
    pub single_header: Option<Named>,
    /// One argument of the query string.
    pub single_query_argument: Option<Named>,
    /// Every argument of the query string, each on its own.
    pub all_query_arguments: Option<Present>,
    /// The path, without the query string, as sent.
    pub uri_path: Option<Present>,
    /// The query string as sent, without `?`.
    pub query_string: Option<Present>,
    /// The body.
    pub body: Option<Body>,
    /// The method.
    pub method: Option<Present>,
    /// The body, parsed as JSON.
    pub json_body: Option<JsonBody>,
    /// Headers.
    pub headers: Option<Headers>,
    /// Cookies.
    pub cookies: Option<Cookies>,
    /// The names of the headers in order, with `:` between them.
    pub header_order: Option<HeaderOrder>,
    /// Refused: of Amazon's load balancers and CloudFront.
    #[serde(rename = "JA3Fingerprint")]
    pub ja3_fingerprint: Option<Fallback>,
    /// Refused: of Amazon's load balancers and CloudFront.
    #[serde(rename = "JA4Fingerprint")]
    pub ja4_fingerprint: Option<Fallback>,
    /// Refused: of Amazon's load balancers and CloudFront.
    pub uri_fragment: Option<Fallback>,
}

/// Something by its name.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Named {
    /// The name, in any case.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
    pub name: String,
}

/// What a part means that is not there.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Fallback {
    /// Whether it fits.
    pub fallback_behavior: Option<super::FallbackBehavior>,
}

/// The body.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Body {
    /// Of one that is longer than is inspected; `CONTINUE` when absent.
    pub oversize_handling: Option<OversizeHandling>,
}

/// The body, parsed as JSON.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct JsonBody {
    /// Which parts.
    pub match_pattern: JsonMatchPattern,
    /// Keys, values or both.
    pub match_scope: MatchScope,
    /// Of one that is not JSON; when absent, what stands before the first error is looked at.
    pub invalid_fallback_behavior: Option<BodyParsingFallbackBehavior>,
    /// Of one that is longer than is inspected; `CONTINUE` when absent.
    pub oversize_handling: Option<OversizeHandling>,
}

/// Which parts of a JSON body: exactly one member.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct JsonMatchPattern {
    /// All.
    pub all: Option<Present>,
    /// JSON pointers (RFC 6901).
    pub included_paths: Option<Vec<String>>,
}

/// Headers.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Headers {
    /// Which.
    pub match_pattern: HeaderMatchPattern,
    /// Names, values or both.
    pub match_scope: MatchScope,
    /// Of more than is inspected.
    pub oversize_handling: OversizeHandling,
}

/// Which headers: exactly one member.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct HeaderMatchPattern {
    /// All.
    pub all: Option<Present>,
    /// These.
    pub included_headers: Option<Vec<String>>,
    /// All but these.
    pub excluded_headers: Option<Vec<String>>,
}

/// Cookies.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Cookies {
    /// Which.
    pub match_pattern: CookieMatchPattern,
    /// Names, values or both.
    pub match_scope: MatchScope,
    /// Of more than is inspected.
    pub oversize_handling: OversizeHandling,
}

/// Which cookies: exactly one member.
#[derive(Debug, Clone, Default, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct CookieMatchPattern {
    /// All.
    pub all: Option<Present>,
    /// These.
    pub included_cookies: Option<Vec<String>>,
    /// All but these.
    pub excluded_cookies: Option<Vec<String>>,
}

/// The order of the headers.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct HeaderOrder {
    /// Of more than is inspected.
    pub oversize_handling: OversizeHandling,
}

/// What is looked at of a list of names and values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MatchScope {
    /// Names and values.
    All,
    /// Names.
    Key,
    /// Values.
    Value,
}

/// What more than is inspected means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OversizeHandling {
    /// What is inspected decides.
    Continue,
    /// It fits.
    Match,
    /// It does not fit.
    NoMatch,
}

/// What a body means that is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BodyParsingFallbackBehavior {
    /// It fits.
    Match,
    /// It does not fit.
    NoMatch,
    /// It is looked at as text.
    EvaluateAsString,
}

/// One step of what is done to a part before it is looked at.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct TextTransformation {
    /// Its place: the lowest comes first.
    pub priority: u32,
    /// What is done.
    #[serde(rename = "Type")]
    pub transformation_type: TextTransformationType,
}

/// What is done to a part before it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TextTransformationType {
    /// Nothing.
    None,
    /// Runs of white space become one space.
    CompressWhiteSpace,
    /// HTML entities are decoded.
    HtmlEntityDecode,
    /// ASCII letters become small.
    Lowercase,
    /// What shells take out of a command is taken out.
    CmdLine,
    /// Percent-decoding.
    UrlDecode,
    /// Base64, strictly.
    Base64Decode,
    /// Pairs of hexadecimal digits.
    HexDecode,
    /// The MD5 digest.
    #[serde(rename = "MD5")]
    Md5,
    /// C comments become one space each.
    ReplaceComments,
    /// Escape sequences of C.
    EscapeSeqDecode,
    /// `0x414243` becomes `ABC`.
    SqlHexDecode,
    /// Escapes of CSS.
    CssDecode,
    /// Escapes of JavaScript.
    JsDecode,
    /// The path without `.`, `..` and doubled slashes.
    NormalizePath,
    /// The same, of a path with backslashes.
    NormalizePathWin,
    /// Without NUL.
    RemoveNulls,
    /// NUL becomes a space.
    ReplaceNulls,
    /// Base64, whatever else stands between.
    Base64DecodeExt,
    /// Percent-decoding, `%uHHHH` too.
    UrlDecodeUni,
    /// UTF-8 becomes `%uHHHH`.
    #[serde(rename = "UTF8_TO_UNICODE")]
    Utf8ToUnicode,
    /// The SHA-256 digest.
    #[serde(rename = "SHA256")]
    Sha256,
    /// Without white space.
    RemoveWhitespace,
    /// Without white space at both ends.
    Trim,
    /// Without white space at the beginning.
    TrimLeft,
    /// Without white space at the end.
    TrimRight,
    /// ASCII letters become capitals.
    Uppercase,
    /// What Windows' shell takes out of a command is taken out.
    CmdLineWin,
    /// What Unix shells take out of a command is taken out.
    CmdLineUnix,
    /// The signs of comments are taken out.
    RemoveCommentsChar,
    /// Escapes of JavaScript, of all kinds.
    JsDecodeExt,
}

/// One step of what is done to the query string before its arguments are told apart.
#[derive(Debug, Clone, PartialEq, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct PreParseTextTransformation {
    /// Its place: the lowest comes first.
    pub priority: u32,
    /// What is done.
    #[serde(rename = "Type")]
    pub transformation_type: PreParseTextTransformationType,
}

/// What is done to the query string before its arguments are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Document)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PreParseTextTransformationType {
    /// Nothing.
    None,
    /// Percent-decoding.
    UrlDecode,
    /// Percent-decoding, `%uHHHH` too.
    UrlDecodeUni,
    /// Arguments of one name become one, with `,` between the values.
    CombineDuplicateQueryArgsByComma,
    /// `;` becomes `&`.
    ReplaceSemicolonsWithAmpersands,
}
