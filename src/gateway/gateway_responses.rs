//! Gateway responses: how a REST API words what it answers itself.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html>. A type is
//! answered by its own customisation, else by that of `DEFAULT_4XX` or `DEFAULT_5XX`, else as built in.

use super::compile::Scope;
use super::config;
use super::diagnostics::similar;
use super::flow::{Answer, Bytes};
use super::integrations::bodiless::is_bodiless;
use super::request::{Problem, Request};
use super::rest_value::RestValue;
use super::template::Template;
use std::borrow::Cow;
use std::collections::HashMap;

/// AWS's gateway response types, as `responseType` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum ResponseType {
    AccessDenied,
    ApiConfigurationError,
    AuthorizerConfigurationError,
    AuthorizerFailure,
    BadRequestParameters,
    BadRequestBody,
    Default4xx,
    Default5xx,
    ExpiredToken,
    IntegrationFailure,
    IntegrationTimeout,
    InvalidApiKey,
    InvalidSignature,
    MissingAuthenticationToken,
    QuotaExceeded,
    RequestTooLarge,
    ResourceNotFound,
    Throttled,
    Unauthorized,
    UnsupportedMediaType,
    WafFiltered,
}

/// Name, built-in status, built-in message and `x-amzn-ErrorType` of each type.
const TYPES: [(ResponseType, &str, u16, Option<&str>, &str); 21] = {
    use ResponseType as T;
    const INTERNAL: &str = "Internal server error";
    const INTERNAL_TYPE: &str = "InternalServerErrorException";
    [
        (
            T::AccessDenied,
            "ACCESS_DENIED",
            403,
            Some("User is not authorized to access this resource"),
            "AccessDeniedException",
        ),
        (T::ApiConfigurationError, "API_CONFIGURATION_ERROR", 500, Some(INTERNAL), INTERNAL_TYPE),
        (
            T::AuthorizerConfigurationError,
            "AUTHORIZER_CONFIGURATION_ERROR",
            500,
            None,
            "AuthorizerConfigurationException",
        ),
        (T::AuthorizerFailure, "AUTHORIZER_FAILURE", 500, None, "AuthorizerFailureException"),
        (
            T::BadRequestParameters,
            "BAD_REQUEST_PARAMETERS",
            400,
            Some("Missing required request parameters"),
            "BadRequestException",
        ),
        (T::BadRequestBody, "BAD_REQUEST_BODY", 400, Some("Invalid request body"), "BadRequestException"),
        (T::Default4xx, "DEFAULT_4XX", 400, None, "BadRequestException"),
        (T::Default5xx, "DEFAULT_5XX", 500, None, INTERNAL_TYPE),
        (
            T::ExpiredToken,
            "EXPIRED_TOKEN",
            403,
            Some("The security token included in the request is expired"),
            "ExpiredTokenException",
        ),
        // 500 as built in, 504 once customised: AWS's own inconsistency.
        (T::IntegrationFailure, "INTEGRATION_FAILURE", 500, Some(INTERNAL), INTERNAL_TYPE),
        (
            T::IntegrationTimeout,
            "INTEGRATION_TIMEOUT",
            504,
            Some("Endpoint request timed out"),
            INTERNAL_TYPE,
        ),
        (T::InvalidApiKey, "INVALID_API_KEY", 403, Some("Forbidden"), "ForbiddenException"),
        (T::InvalidSignature, "INVALID_SIGNATURE", 403, Some("Forbidden"), "InvalidSignatureException"),
        (
            T::MissingAuthenticationToken,
            "MISSING_AUTHENTICATION_TOKEN",
            403,
            Some("Missing Authentication Token"),
            "MissingAuthenticationTokenException",
        ),
        (T::QuotaExceeded, "QUOTA_EXCEEDED", 429, Some("Limit Exceeded"), "LimitExceededException"),
        (
            T::RequestTooLarge,
            "REQUEST_TOO_LARGE",
            413,
            Some("HTTP content length exceeded 10485760 bytes."),
            "RequestTooLargeException",
        ),
        (
            T::ResourceNotFound,
            "RESOURCE_NOT_FOUND",
            404,
            Some("Resource not found"),
            "ResourceNotFoundException",
        ),
        (T::Throttled, "THROTTLED", 429, Some("Too Many Requests"), "TooManyRequestsException"),
        (T::Unauthorized, "UNAUTHORIZED", 401, Some("Unauthorized"), "UnauthorizedException"),
        (
            T::UnsupportedMediaType,
            "UNSUPPORTED_MEDIA_TYPE",
            415,
            Some("Unsupported Media Type"),
            "BadRequestException",
        ),
        (T::WafFiltered, "WAF_FILTERED", 403, Some("Forbidden"), "ForbiddenException"),
    ]
};

/// The gateway responses of one API.
#[derive(Debug, Default)]
pub struct GatewayResponses {
    custom: HashMap<ResponseType, Custom>,
}

#[derive(Debug)]
struct Custom {
    status: Option<u16>,
    headers: Vec<(Bytes, RestValue)>,
    /// Media type and template; the first one is `application/json` where the document has one.
    templates: Vec<(Bytes, Template)>,
}

// === impl ResponseType ===

impl ResponseType {
    fn parse(name: &str) -> Option<Self> {
        TYPES.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// Its name, and the message of its own.
    #[must_use]
    pub fn told(self) -> (&'static str, Option<&'static str>) {
        let (name, _, message, _) = self.row();
        (name, message)
    }

    fn row(self) -> (&'static str, u16, Option<&'static str>, &'static str) {
        // Every variant has a row: a test asks each.
        TYPES.iter().find(|row| row.0 == self).map_or(("", 500, None, ""), |row| (row.1, row.2, row.3, row.4))
    }
}

// === impl GatewayResponses ===

impl GatewayResponses {
    /// Compiles an API's `gatewayResponses`; what cannot be goes to the diagnostics.
    #[must_use]
    pub fn compile(list: &[config::GatewayResponse], scope: &mut Scope<'_>) -> Self {
        let mut responses = Self::default();
        for (i, written) in list.iter().enumerate() {
            let at = format!("gatewayResponses[{i}]");
            let Some(response_type) = ResponseType::parse(&written.response_type) else {
                let name = &written.response_type;
                let near = similar(name, TYPES.iter().map(|row| row.1)).map_or_else(
                    || format!("the types are {}", TYPES.map(|row| row.1).join(", ")),
                    |near| format!("a type with a similar name exists: `{near}`"),
                );
                scope
                    .error(
                        &format!("{at}.responseType"),
                        format!("no gateway response type is named `{name}`"),
                    )
                    .help(near);
                continue;
            };
            let custom = Custom::compile(written, &at, scope);
            if responses.custom.insert(response_type, custom).is_some() {
                let problem = format!("`{}` is customised twice", written.response_type);
                scope.error(&format!("{at}.responseType"), problem);
            }
        }
        responses
    }

    /// The answer of a type, as customised or as built in.
    ///
    /// `message` stands in the place of the type's own.
    pub fn answer(
        &self,
        response_type: ResponseType,
        message: Option<Cow<'static, str>>,
        request: &Request,
    ) -> Answer {
        let row = response_type.row();
        self.word(response_type, row, message, request)
    }

    /// An answer for which AWS has no type of its own: by `DEFAULT_4XX` or `DEFAULT_5XX`.
    pub fn answer_default(
        &self,
        status: u16,
        error_type: &'static str,
        message: Option<Cow<'static, str>>,
        request: &Request,
    ) -> Answer {
        let response_type = if status < 500 { ResponseType::Default4xx } else { ResponseType::Default5xx };
        let (name, ..) = response_type.row();
        self.word(response_type, (name, status, None, error_type), message, request)
    }

    fn word(
        &self,
        response_type: ResponseType,
        (name, built_in_status, own_message, error_type): (
            &'static str,
            u16,
            Option<&'static str>,
            &'static str,
        ),
        message: Option<Cow<'static, str>>,
        request: &Request,
    ) -> Answer {
        let message = message.or(own_message.map(Cow::from));
        let default = if built_in_status < 500 { ResponseType::Default4xx } else { ResponseType::Default5xx };
        let own = self.custom.get(&response_type);
        let custom = own.or_else(|| self.custom.get(&default));
        let status = match custom.and_then(|custom| custom.status) {
            Some(status) => status,
            None if response_type == ResponseType::IntegrationFailure && own.is_some() => 504,
            None => built_in_status,
        };
        let problem = Problem { response_type: name, message, status };
        let facts = request.with_problem(&problem);
        let template = custom.and_then(|custom| custom.template(request.accept()));
        let (media_type, body) = match template {
            Some((media_type, template)) => (media_type.clone(), template.render(&facts).into_bytes()),
            None => (b"application/json".into(), {
                // AWS writes the key of a policy's refusals with a capital, and a space where a function failed.
                let key = match (response_type, built_in_status) {
                    (ResponseType::AccessDenied, _) => "\"Message\":",
                    (_, 502) => "\"message\": ",
                    _ => "\"message\":",
                };
                format!("{{{key}{}}}", problem.message_string()).into_bytes()
            }),
        };
        let mut headers: Vec<(Bytes, Bytes)> = vec![
            (b"content-type".into(), media_type),
            (b"x-amzn-errortype".into(), error_type.as_bytes().into()),
        ];
        for (header, value) in custom.iter().flat_map(|custom| &custom.headers) {
            if let Some(value) = value.header_value(&facts) {
                headers.retain(|(name, _)| name != header);
                headers.push((header.clone(), value.into()));
            }
        }
        let body = if is_bodiless(status) { Vec::new() } else { body };
        Answer { status, headers, body: body.into(), details: "".into() }
    }
}

// === impl Custom ===

impl Custom {
    fn compile(written: &config::GatewayResponse, at: &str, scope: &mut Scope<'_>) -> Self {
        let status = written.status_code.as_deref().and_then(|text| match text.parse() {
            Ok(status @ 200..=599) => Some(status),
            _ => {
                scope.error(&format!("{at}.statusCode"), format!("`{text}` is not a status from 200 to 599"));
                None
            }
        });
        let mut headers = Vec::new();
        for (key, value) in &written.response_parameters {
            let at = format!("{at}.responseParameters[{key:?}]");
            let Some(name) = key.strip_prefix("gatewayresponse.header.") else {
                scope.error(&at, "a key is `gatewayresponse.header.` and a header name");
                continue;
            };
            if let (Some(name), Some(value)) =
                (scope.answer_header(&at, name), RestValue::compile(value, &at, scope))
            {
                headers.push((name, value));
            }
        }
        let mut templates = Vec::new();
        for (media_type, text) in &written.response_templates {
            let at = format!("{at}.responseTemplates[{media_type:?}]");
            if let Some(template) = Template::compile(text, &at, scope) {
                let entry = (Bytes::from(media_type.clone().into_bytes()), template);
                let first = if media_type == "application/json" { 0 } else { templates.len() };
                templates.insert(first, entry);
            }
        }
        Self { status, headers, templates }
    }

    /// The template for what the client accepts, else the first.
    fn template(&self, accept: Option<&[u8]>) -> Option<&(Bytes, Template)> {
        let wanted = accept
            .and_then(|accept| self.templates.iter().find(|(media_type, _)| media_type.as_ref() == accept));
        wanted.or_else(|| self.templates.first())
    }
}

#[cfg(test)]
mod tests;
