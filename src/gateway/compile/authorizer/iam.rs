//! Compiles what `AWS_IAM` routes share: the callers that the document's `credentials` name.

use crate::gateway::authorizers::iam::IamAuthorizer;
use crate::gateway::compile::scope::Scope;
use crate::gateway::config::Config;

/// Compiles the callers; what cannot be goes to the diagnostics. The scope is the document's.
pub(in crate::gateway::compile) fn iam(_config: &Config, _scope: &mut Scope<'_>) -> Option<IamAuthorizer> {
    // Refused as not supported yet.
    None
}
