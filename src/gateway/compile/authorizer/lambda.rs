//! Compiles a Lambda or HTTP authorizer.

use crate::gateway::authorizers::lambda::LambdaAuthorizer;
use crate::gateway::compile::cluster::Clusters;
use crate::gateway::compile::scope::Scope;
use crate::gateway::config;

/// Compiles a Lambda or HTTP authorizer; what cannot be goes to the diagnostics.
pub(super) fn lambda(
    _written: &config::Authorizer,
    _api: &config::Api,
    _clusters: &mut Clusters<'_>,
    _scope: &mut Scope<'_>,
) -> Option<LambdaAuthorizer> {
    // Refused as not supported yet.
    None
}
