//! One variable of a format.

use crate::gateway::compile::Scope;
use crate::gateway::context::ended::{Ended, Told};
use crate::gateway::context::{PROTOCOL, Variable};
use crate::gateway::outcome::Over;
use crate::gateway::request::Facts;

/// What stands in the place of a `$context` variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    /// A variable that mappings know too.
    Of(Variable),
    /// One that only a request that is over has.
    Ended(Ended),
    /// One of AWS's that never has a value here.
    Absent,
}

/// Variables of AWS's that never have a value here.
const ABSENT: [&str; 21] = [
    // AWS prints null for it.
    "authorizer.claims",
    // S3 answers it to direct integrations, which are none of the subtypes.
    "awsEndpointRequestId2",
    // Envoy does not tell filters.
    "cipherSuite",
    // WebSocket APIs': the documents that are served are HTTP and REST APIs.
    "connectedAt",
    "connectionId",
    "eventType",
    "messageId",
    // Requests are not validated by models.
    "error.validationErrorString",
    // Identity pools, organisations and private APIs are AWS's own.
    "identity.cognitoAuthenticationProvider",
    "identity.cognitoAuthenticationType",
    "identity.cognitoIdentityId",
    "identity.cognitoIdentityPoolId",
    "identity.principalOrgId",
    "identity.vpcId",
    "identity.vpceId",
    // Of streaming REST integrations.
    "integration.responseTransferMode",
    "integration.timeToAllHeaders",
    "integration.timeToFirstContent",
    // Documents name routes, and have no tree of resources.
    "resourceId",
    "responseOverride.status",
    // The rules run here: there is no service that could fail.
    "waf.error",
];

/// Families of variables that never have a value here: overrides are VTL's.
const ABSENT_FAMILIES: [&str; 4] = [
    "requestOverride.header.",
    "requestOverride.path.",
    "requestOverride.querystring.",
    "responseOverride.header.",
];

// === impl Field ===

impl Field {
    /// The field of this name, without `$context.`.
    pub(super) fn compile(name: &str, at: &str, scope: &mut Scope<'_>) -> Option<Self> {
        if let Some(ended) = Ended::parse(name) {
            return Some(Self::Ended(ended));
        }
        if ABSENT.contains(&name) || ABSENT_FAMILIES.iter().any(|family| name.starts_with(family)) {
            return Some(Self::Absent);
        }
        let variable = Variable::parse(name).filter(|variable| *variable != Variable::Absent);
        let Some(variable) = variable else {
            let names = Ended::names().chain(Variable::names()).chain(ABSENT);
            let problem = format!("no `$context` variable is named `{name}`");
            scope.error(at, problem).suggest("a variable", name, names);
            return None;
        };
        if variable.wants_source_address() {
            scope.want_source_address();
        }
        if variable.wants_client_cert() {
            scope.want_client_cert();
        }
        Some(Self::Of(variable))
    }

    /// Whether it tells requests apart: each format has one that does.
    pub(super) fn is_request_id(&self) -> bool {
        matches!(self, Self::Of(Variable::RequestId | Variable::ExtendedRequestId))
    }

    /// Whether a client chooses the value, or a part of it.
    pub(super) fn is_clients(&self) -> bool {
        match self {
            Self::Of(variable) => variable.is_clients(),
            Self::Ended(Ended::ApiKey | Ended::AuthenticateError) => true,
            Self::Ended(_) | Self::Absent => false,
        }
    }

    /// What it says of each request, where that is always the same.
    pub(super) fn constant(&self) -> Option<Option<Told<'static>>> {
        match self {
            Self::Absent => Some(None),
            Self::Of(Variable::Protocol) => Some(Some(Told::Text(PROTOCOL.into()))),
            Self::Of(_) | Self::Ended(_) => None,
        }
    }

    /// What it says; what says nothing is absent.
    pub(super) fn value<'a>(&self, over: &Over<'a>) -> Option<Told<'a>> {
        let told = match self {
            Self::Ended(ended) => ended.value(over)?,
            Self::Of(variable) => {
                let problem = over.request.outcome.problem.as_ref();
                Told::Text(variable.value(&Facts { problem, ..over.request.facts() })?)
            }
            Self::Absent => return None,
        };
        match &told {
            Told::Text(text) if text.is_empty() => None,
            Told::Text(_) | Told::Number(_) => Some(told),
        }
    }
}
