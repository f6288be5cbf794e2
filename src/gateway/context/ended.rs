//! Variables of access logs alone: what is known of a request when it is over.

use crate::gateway::api_keys::presented;
use crate::gateway::config::{AuthorizationType, ProtocolType};
use crate::gateway::integrations::Integration;
use crate::gateway::outcome::{Integrated, Over};
use crate::gateway::rejection::Rejection;
use crate::gateway::request::Request;
use crate::gateway::waf::record::Verdict;
use std::borrow::Cow;

/// One variable, without `$context.`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// `identity.apiKey`: masked but for its last six characters, as AWS writes it.
    ApiKey,
    /// `authenticate.error`: why a signature was refused
    AuthenticateError,
    /// `authenticate.latency`
    AuthenticateLatency,
    /// `authenticate.status`
    AuthenticateStatus,
    /// `authorize.error`: why a policy refused
    AuthorizeError,
    /// `authorize.latency`
    AuthorizeLatency,
    /// `authorize.status`
    AuthorizeStatus,
    /// `authorizer.integrationLatency`
    AuthorizerIntegrationLatency,
    /// `authorizer.integrationStatus`: what a function's service, or an HTTP authorizer, answered
    AuthorizerIntegrationStatus,
    /// `authorizer.latency`
    AuthorizerLatency,
    /// `authorizer.requestId`
    AuthorizerRequestId,
    /// `authorizer.status`
    AuthorizerStatus,
    /// `dataProcessed`: bytes of bodies, in and out
    DataProcessed,
    /// `endpointType`
    EndpointType,
    /// `awsEndpointRequestId`, `integration.requestId`
    EndpointRequestId,
    /// `integration.error`, `integrationErrorMessage`
    IntegrationError,
    /// `integrationLatency`, `integration.latency`
    IntegrationLatency,
    /// `integrationStatus`, `integration.integrationStatus`
    IntegrationStatus,
    /// `integration.status`: of a function, what it returned
    FunctionStatus,
    /// `responseLatency`
    ResponseLatency,
    /// `responseLength`: bytes of the body
    ResponseLength,
    /// `status`
    Status,
    /// `tlsVersion`
    TlsVersion,
    /// `waf.latency`
    WafLatency,
    /// `waf.status`
    WafStatus,
    /// `wafResponseCode`
    WafResponseCode,
    /// `webaclArn`
    WebAclArn,
}

/// What a variable says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// A number.
    Number(u64),
}

const NAMES: [(&str, Ended); 31] = [
    ("authenticate.error", Ended::AuthenticateError),
    ("authenticate.latency", Ended::AuthenticateLatency),
    ("authenticate.status", Ended::AuthenticateStatus),
    ("authorize.error", Ended::AuthorizeError),
    ("authorize.latency", Ended::AuthorizeLatency),
    ("authorize.status", Ended::AuthorizeStatus),
    ("authorizer.integrationLatency", Ended::AuthorizerIntegrationLatency),
    ("authorizer.integrationStatus", Ended::AuthorizerIntegrationStatus),
    ("authorizer.latency", Ended::AuthorizerLatency),
    ("authorizer.requestId", Ended::AuthorizerRequestId),
    ("authorizer.status", Ended::AuthorizerStatus),
    ("awsEndpointRequestId", Ended::EndpointRequestId),
    ("dataProcessed", Ended::DataProcessed),
    ("endpointType", Ended::EndpointType),
    ("identity.apiKey", Ended::ApiKey),
    ("integration.error", Ended::IntegrationError),
    ("integration.integrationStatus", Ended::IntegrationStatus),
    ("integration.latency", Ended::IntegrationLatency),
    ("integration.requestId", Ended::EndpointRequestId),
    ("integration.status", Ended::FunctionStatus),
    ("integrationErrorMessage", Ended::IntegrationError),
    ("integrationLatency", Ended::IntegrationLatency),
    ("integrationStatus", Ended::IntegrationStatus),
    ("responseLatency", Ended::ResponseLatency),
    ("responseLength", Ended::ResponseLength),
    ("status", Ended::Status),
    ("tlsVersion", Ended::TlsVersion),
    ("waf.latency", Ended::WafLatency),
    ("waf.status", Ended::WafStatus),
    ("wafResponseCode", Ended::WafResponseCode),
    ("webaclArn", Ended::WebAclArn),
];

/// Characters of an API key that a line shows, of keys as long as AWS's shortest.
const SHOWN_OF_KEY: usize = 6;
/// Characters of AWS's shortest API key.
const SHORTEST_KEY: usize = 20;

// === impl Ended ===

impl Ended {
    /// The variable of this name, without `$context.`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, variable)| *variable)
    }

    /// All names.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// What it says, if it says something. The host is asked for what is asked for here alone.
    #[must_use]
    pub fn value<'a>(self, over: &Over<'a>) -> Option<Told<'a>> {
        let (request, ending) = (over.request, over.ending);
        let outcome = &request.outcome;
        let number = |number: u64| Some(Told::Number(number));
        let status = |status: Option<u16>| status.map(|status| Told::Number(status.into()));
        let text = |text: Option<&'a str>| text.map(|text| Told::Text(text.into()));
        match self {
            Self::ApiKey => masked_key(request).map(|key| Told::Text(key.into())),
            Self::AuthenticateStatus => status(authenticate_status(request)),
            Self::AuthenticateError => text(message(request, authenticate_status(request))),
            Self::AuthorizeStatus => status(authorize_status(request)),
            Self::AuthorizeError => text(message(request, authorize_status(request))),
            // Nobody is asked: it takes microseconds.
            Self::AuthenticateLatency => authenticate_status(request).and_then(|_| number(0)),
            Self::AuthorizeLatency => authorize_status(request).and_then(|_| number(0)),
            Self::WafLatency => request.verdict.and_then(|_| number(0)),
            Self::AuthorizerStatus => status(authorizer_status(request)),
            Self::AuthorizerLatency => match &outcome.authorizer {
                Some(asked) => asked.millis().map(Told::Number),
                None => authorizer_status(request).and_then(|_| number(0)),
            },
            Self::AuthorizerIntegrationLatency if asks_function(request) => match &outcome.authorizer {
                Some(asked) => asked.millis().map(Told::Number),
                None => authorizer_status(request).and_then(|_| number(0)),
            },
            Self::AuthorizerIntegrationStatus if asks_function(request) => {
                status(outcome.authorizer.as_ref()?.status)
            }
            Self::AuthorizerRequestId if asks_function(request) => {
                text(outcome.authorizer.as_ref()?.request_id.as_deref())
            }
            Self::AuthorizerIntegrationLatency
            | Self::AuthorizerIntegrationStatus
            | Self::AuthorizerRequestId => None,
            Self::DataProcessed => number(ending.request_bytes().saturating_add(ending.response_bytes())),
            Self::EndpointType => match request.protocol() {
                ProtocolType::Rest => text(Some("REGIONAL")),
                ProtocolType::Http | ProtocolType::Websocket => None,
            },
            Self::EndpointRequestId => text(outcome.endpoint_request_id.as_deref()),
            Self::IntegrationError => {
                let broke_off = || is_relayed(request) && ending.broke_off();
                let late = || broke_off().then_some(Rejection::IntegrationFailure);
                text(outcome.rejection.or_else(late).and_then(Rejection::integration_error))
            }
            Self::IntegrationLatency => outcome.integration?.millis().map(Told::Number),
            Self::IntegrationStatus => status(outcome.integration?.status),
            Self::FunctionStatus => match request.integration()? {
                Integration::Lambda(_) => status(outcome.integration?.function_status),
                Integration::HttpProxy(_)
                | Integration::AwsService(_)
                | Integration::Mock(_)
                | Integration::None => status(outcome.integration?.status),
            },
            Self::ResponseLatency => number(over.millis()),
            Self::ResponseLength => number(ending.response_bytes()),
            Self::Status => status(Some(outcome.status).filter(|status| *status != 0)),
            Self::TlsVersion => {
                String::from_utf8(ending.tls_version()).ok().map(|text| Told::Text(text.into()))
            }
            Self::WafStatus => match request.verdict? {
                Verdict::Allowed => number(200),
                Verdict::Blocked(answered) => status(Some(answered)),
            },
            Self::WafResponseCode => text(request.verdict.map(|verdict| match verdict {
                Verdict::Allowed => "WAF_ALLOW",
                Verdict::Blocked(_) => "WAF_BLOCK",
            })),
            Self::WebAclArn => text(Some(request.stage.as_ref()?.web_acl.as_ref()?.arn.as_str())),
        }
    }
}

/// Whether a backend's response is the client's.
fn is_relayed(request: &Request) -> bool {
    let answered = |integrated: Integrated| integrated.status.is_some();
    request.outcome.integration.is_some_and(answered)
        && matches!(request.integration(), Some(Integration::HttpProxy(_)))
}

/// The API key of a client who has one: `**************abcdef`.
fn masked_key(request: &Request) -> Option<String> {
    request.member.as_ref()?;
    let key = presented(request, request.api.as_ref()?.api_key_source)?;
    let hidden = if key.len() < SHORTEST_KEY { key.len() } else { key.len() - SHOWN_OF_KEY };
    let shown = String::from_utf8_lossy(key.get(hidden..).unwrap_or_default());
    Some("*".repeat(hidden) + &shown)
}

fn authorization(request: &Request) -> Option<AuthorizationType> {
    request.route.as_ref().map(|(_, route)| route.authorization)
}

/// Whether its authorizer is a function, or an HTTP service.
fn asks_function(request: &Request) -> bool {
    authorization(request) == Some(AuthorizationType::Custom)
}

/// What the authorizer of its route came to.
fn authorizer_status(request: &Request) -> Option<u16> {
    match authorization(request)? {
        AuthorizationType::Jwt | AuthorizationType::Custom | AuthorizationType::CognitoUserPools => {
            let refused = request.outcome.rejection.and_then(Rejection::authorizer_status);
            refused.or(request.principal.as_ref().map(|_| 200))
        }
        AuthorizationType::AwsIam | AuthorizationType::None => None,
    }
}

/// What looking at the signature of a request came to.
fn authenticate_status(request: &Request) -> Option<u16> {
    if authorization(request)? != AuthorizationType::AwsIam {
        return None;
    }
    match request.outcome.rejection {
        Some(Rejection::MissingAuthenticationToken | Rejection::InvalidSignature(_)) => Some(403),
        Some(_) | None => request.principal.as_ref().map(|_| 200),
    }
}

/// What policies came to: the API's own, and that of the caller.
fn authorize_status(request: &Request) -> Option<u16> {
    let is_iam = authorization(request)? == AuthorizationType::AwsIam;
    match request.outcome.rejection {
        Some(Rejection::ResourcePolicy(_)) => Some(403),
        Some(Rejection::AccessDenied(_)) if is_iam => Some(403),
        Some(
            Rejection::MissingAuthenticationToken | Rejection::InvalidSignature(_) | Rejection::UriTooLong,
        ) => None,
        Some(rejection) if rejection.authorizer_error().is_some() => None,
        Some(_) | None => {
            let has_policy = is_iam || request.api.as_ref()?.policy.is_some();
            (has_policy && request.outcome.status != 0).then_some(200)
        }
    }
}

/// What the client was told, where that was a refusal of this kind.
fn message(request: &Request, status: Option<u16>) -> Option<&str> {
    status.filter(|status| *status != 200)?;
    request.outcome.problem.as_ref()?.message.as_deref()
}
