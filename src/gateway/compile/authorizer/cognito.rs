//! Compiles a Cognito authorizer.

use crate::gateway::authorizers::cognito::CognitoAuthorizer;
use crate::gateway::compile::cluster::Clusters;
use crate::gateway::compile::scope::Scope;
use crate::gateway::config;

/// Compiles a Cognito authorizer; what cannot be goes to the diagnostics.
pub(super) fn cognito(
    _written: &config::Authorizer,
    _api: &config::Api,
    _clusters: &mut Clusters<'_>,
    _scope: &mut Scope<'_>,
) -> Option<CognitoAuthorizer> {
    // Refused as not supported yet.
    None
}
