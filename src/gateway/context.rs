//! `$context` variables. <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html> and
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html>

pub mod ended;

use super::Millis;
use super::api_keys::presented;
use super::client_cert::{MEMBERS, Member};
use super::head::text;
use super::request::Facts;
use std::borrow::Cow;
use time::OffsetDateTime;

/// One variable, without `$context.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variable {
    /// `accountId`
    AccountId,
    /// `apiId`
    ApiId,
    /// `customDomain.basePathMatched`: absent where nothing had to match
    BasePathMatched,
    /// `customDomain.routingRuleIdMatched`
    RoutingRuleIdMatched,
    /// `deploymentId`
    DeploymentId,
    /// `domainName`
    DomainName,
    /// `domainPrefix`
    DomainPrefix,
    /// `error.message`
    ErrorMessage,
    /// `error.messageString`
    ErrorMessageString,
    /// `error.responseType`
    ErrorResponseType,
    /// `extendedRequestId`
    ExtendedRequestId,
    /// `httpMethod`
    HttpMethod,
    /// `identity.accessKey`; also `identity.caller` and `identity.user`: IAM's own ids of users are not known here
    AccessKey,
    /// `identity.accountId`
    CallerAccount,
    /// `identity.apiKey`: a secret, which only mappings may read
    ApiKey,
    /// `identity.apiKeyId`
    ApiKeyId,
    /// `identity.userArn`
    CallerArn,
    /// `identity.sourceIp`
    SourceIp,
    /// `identity.userAgent`
    UserAgent,
    /// `identity.clientCert.NAME`
    ClientCert(Member),
    /// `integrationStatus`, `integration.status`, `integration.integrationStatus`
    IntegrationStatus,
    /// `isCanaryRequest`: absent where the stage has no canary
    IsCanaryRequest,
    /// `path`
    Path,
    /// `protocol`
    Protocol,
    /// `requestId`
    RequestId,
    /// `requestTime`
    RequestTime,
    /// `requestTimeEpoch`
    RequestTimeEpoch,
    /// `resourcePath`
    ResourcePath,
    /// `routeKey`
    RouteKey,
    /// `stage`
    Stage,
    /// `status`
    Status,
    /// `xrayTraceId`
    TraceId,
    /// `authorizer.claims.NAME`
    Claim(String),
    /// `authorizer.error`
    AuthorizerError,
    /// `authorizer.NAME`: of a Lambda authorizer's answer
    Authorizer(String),
    /// A variable of AWS's that has no value here: of a capability that the request did not use.
    Absent,
}

const NAMES: [(&str, Variable); 35] = [
    ("accountId", Variable::AccountId),
    ("apiId", Variable::ApiId),
    ("customDomain.basePathMatched", Variable::BasePathMatched),
    ("customDomain.routingRuleIdMatched", Variable::RoutingRuleIdMatched),
    ("deploymentId", Variable::DeploymentId),
    ("domainName", Variable::DomainName),
    ("domainPrefix", Variable::DomainPrefix),
    ("error.message", Variable::ErrorMessage),
    ("error.messageString", Variable::ErrorMessageString),
    ("error.responseType", Variable::ErrorResponseType),
    ("extendedRequestId", Variable::ExtendedRequestId),
    ("httpMethod", Variable::HttpMethod),
    ("identity.accessKey", Variable::AccessKey),
    ("identity.accountId", Variable::CallerAccount),
    ("identity.apiKey", Variable::ApiKey),
    ("identity.apiKeyId", Variable::ApiKeyId),
    ("identity.caller", Variable::AccessKey),
    ("identity.sourceIp", Variable::SourceIp),
    ("identity.user", Variable::AccessKey),
    ("identity.userAgent", Variable::UserAgent),
    ("identity.userArn", Variable::CallerArn),
    ("integration.integrationStatus", Variable::IntegrationStatus),
    ("integration.status", Variable::IntegrationStatus),
    ("integrationStatus", Variable::IntegrationStatus),
    ("isCanaryRequest", Variable::IsCanaryRequest),
    ("path", Variable::Path),
    ("protocol", Variable::Protocol),
    ("requestId", Variable::RequestId),
    ("requestTime", Variable::RequestTime),
    ("requestTimeEpoch", Variable::RequestTimeEpoch),
    ("resourcePath", Variable::ResourcePath),
    ("routeKey", Variable::RouteKey),
    ("stage", Variable::Stage),
    ("status", Variable::Status),
    ("xrayTraceId", Variable::TraceId),
];

/// What `protocol` says of every request.
pub const PROTOCOL: &str = "HTTP/1.1";

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Variables and families of variables that AWS fills for capabilities that a request may not use.
const ABSENT: [&str; 17] = [
    "authenticate.",
    "authorize.",
    "awsEndpointRequestId",
    "cipherSuite",
    "dataProcessed",
    "endpointType",
    "error.validationErrorString",
    "identity.",
    "integration.",
    "integrationErrorMessage",
    "integrationLatency",
    "requestOverride.",
    "resourceId",
    "responseLatency",
    "responseLength",
    "responseOverride.",
    "tlsVersion",
];

// === impl Variable ===

impl Variable {
    /// The variable of this name, without `$context.`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        if let Some((_, variable)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Some(variable.clone());
        }
        if let Some((_, member)) = MEMBERS.iter().find(|(known, _)| *known == name) {
            return Some(Self::ClientCert(*member));
        }
        if let Some(claim) = name.strip_prefix("authorizer.claims.") {
            return Some(Self::Claim(claim.to_owned()));
        }
        if name == "authorizer.error" {
            return Some(Self::AuthorizerError);
        }
        if let Some(key) = name.strip_prefix("authorizer.").filter(|key| !key.is_empty()) {
            return Some(Self::Authorizer(key.to_owned()));
        }
        let absent = |known: &str| if known.ends_with('.') { name.starts_with(known) } else { name == known };
        ABSENT.iter().any(|known| absent(known)).then_some(Self::Absent)
    }

    /// All names that have values.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name).chain(MEMBERS.iter().map(|(name, _)| *name))
    }

    /// Whether it needs the client's address from the host.
    #[must_use]
    pub fn wants_source_address(&self) -> bool {
        *self == Self::SourceIp
    }

    /// Whether it has a value before a request is authorized.
    #[must_use]
    pub fn is_known_on_arrival(&self) -> bool {
        !matches!(
            self,
            Self::AccessKey
                | Self::ApiKey
                | Self::ApiKeyId
                | Self::CallerAccount
                | Self::CallerArn
                | Self::ErrorMessage
                | Self::ErrorMessageString
                | Self::ErrorResponseType
                | Self::IntegrationStatus
                | Self::Status
                | Self::Claim(_)
                | Self::AuthorizerError
                | Self::Authorizer(_)
                | Self::Absent
        )
    }

    /// Whether a client chooses the value, or a part of it.
    #[must_use]
    pub fn is_clients(&self) -> bool {
        matches!(
            self,
            Self::Authorizer(_)
                | Self::Claim(_)
                | Self::ClientCert(_)
                | Self::DomainName
                | Self::DomainPrefix
                | Self::HttpMethod
                | Self::Path
                | Self::TraceId
                | Self::UserAgent
        )
    }

    /// Whether it needs the client's certificate from the host.
    #[must_use]
    pub fn wants_client_cert(&self) -> bool {
        matches!(self, Self::ClientCert(_))
    }

    /// Its value, if it has one.
    #[must_use]
    pub fn value<'a>(&self, facts: &Facts<'a>) -> Option<Cow<'a, str>> {
        let request = facts.request;
        match self {
            Self::AccountId => Some(request.gateway.account_id.as_str().into()),
            Self::ApiId => request.api.as_ref().map(|api| api.id.as_str().into()),
            Self::BasePathMatched => {
                let way = &request.mapped.as_ref()?.way;
                Some(way.base_path.as_str().into()).filter(|_| !way.base_path.is_empty())
            }
            Self::RoutingRuleIdMatched => request.mapped.as_ref()?.way.rule.as_deref().map(Cow::from),
            Self::DeploymentId => {
                request.stage.as_ref().and_then(|stage| stage.deployment_id.as_deref()).map(Cow::from)
            }
            Self::DomainName => Some(request.host.as_str().into()),
            Self::DomainPrefix => request.host.split('.').next().map(Cow::from),
            Self::ErrorMessage => facts.problem.and_then(|problem| problem.message.as_deref()).map(Cow::from),
            Self::ErrorMessageString => facts.problem.map(|problem| problem.message_string().into()),
            Self::ErrorResponseType => facts.problem.map(|problem| problem.response_type.into()),
            Self::ExtendedRequestId => Some(request.ids.extended.as_str().into()),
            Self::HttpMethod => Some(text(request.method())),
            Self::AccessKey => Some(request.principal.as_ref()?.caller()?.access_key_id.clone().into()),
            Self::ApiKey => {
                request.member.as_ref()?;
                presented(request, request.api.as_ref()?.api_key_source).map(text)
            }
            Self::ApiKeyId => Some(request.member.as_ref()?.key.id.to_string().into()),
            Self::CallerAccount => Some(request.principal.as_ref()?.caller()?.account_id.clone().into()),
            Self::CallerArn => Some(request.principal.as_ref()?.caller()?.user_arn.clone().into()),
            Self::SourceIp => Some(request.source_ip.as_str().into()),
            Self::UserAgent => Some(request.head.first(b"user-agent").map_or("".into(), text)),
            Self::ClientCert(member) => Some(request.client_cert.as_ref()?.member(*member).into()),
            Self::IntegrationStatus => facts.response.map(|response| response.status.to_string().into()),
            Self::IsCanaryRequest => {
                Some(request.stage.as_ref()?.canary_side.as_ref()?.is_canary.to_string().into())
            }
            Self::Path => request.head.first(b":path").map(|path| text(without_query(path))),
            Self::Protocol => Some(PROTOCOL.into()),
            Self::RequestId => Some(request.ids.request_id(request.protocol()).into()),
            Self::RequestTime => Some(clf(request.arrived).into()),
            Self::RequestTimeEpoch => Some(request.arrived.0.to_string().into()),
            Self::ResourcePath => request.route.as_ref().map(|(_, route)| route.resource_path().into()),
            Self::RouteKey => request.route.as_ref().map(|(_, route)| route.key.as_str().into()),
            Self::Stage => request.stage.as_ref().map(|stage| stage.name.as_str().into()),
            Self::Status => {
                let status = facts.problem.map(|problem| problem.status);
                status
                    .or_else(|| facts.response.map(|response| response.status))
                    .map(|status| status.to_string().into())
            }
            Self::TraceId => Some(text(&request.ids.trace)),
            Self::Claim(name) => request.principal.as_ref()?.claim(name).map(Cow::from),
            Self::AuthorizerError => request.authorizer_error.map(Cow::from),
            Self::Authorizer(name) => {
                request.principal.as_ref()?.context(name).map(|text| text.into_owned().into())
            }
            Self::Absent => None,
        }
    }
}

fn without_query(path: &[u8]) -> &[u8] {
    path.split(|byte| *byte == b'?').next().unwrap_or_default()
}

/// Common Log Format: `21/Apr/2020:15:08:21 +0000`.
#[must_use]
pub fn clf(at: Millis) -> String {
    let seconds = i64::try_from(at.0 / 1000).unwrap_or_default();
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let month = MONTHS.get(usize::from(u8::from(at.month())).saturating_sub(1)).copied().unwrap_or_default();
    let mut text = String::with_capacity(26);
    push_digits(u32::from(at.day()), 2, &mut text);
    text.push('/');
    text.push_str(month);
    text.push('/');
    push_digits(at.year().unsigned_abs(), 4, &mut text);
    for part in [at.hour(), at.minute(), at.second()] {
        text.push(':');
        push_digits(u32::from(part), 2, &mut text);
    }
    text.push_str(" +0000");
    text
}

/// So many digits of a number. `write!` takes a hundred instructions for each.
fn push_digits(number: u32, digits: u32, text: &mut String) {
    for place in (0..digits).rev() {
        let digit = number / 10_u32.pow(place) % 10;
        text.push(char::from_digit(digit, 10).unwrap_or('0'));
    }
}

#[cfg(test)]
mod tests;
