//! Compiles policies: of an API, and of the callers that the document names.

use super::scope::Scope;
use crate::gateway::config::{self, Config, ProtocolType};
use crate::gateway::policy::{Kind, Policy};
use crate::gateway::{arn, compile};
use serde_json::Value;

/// Compiles an API's `policy`; what cannot be goes to the diagnostics.
pub(super) fn policy(written: &config::Api, config: &Config, scope: &mut Scope<'_>) -> Option<Policy> {
    let document = written.policy.as_ref()?;
    if written.protocol_type != ProtocolType::Rest {
        scope
            .error("policy", "only REST APIs have resource policies")
            .help("let an authorizer decide, or Envoy's RBAC filter before the gateway");
        return None;
    }
    let policy = read(document, Kind::Resource, scope)?;
    let prefix = arn::of_api(compile::region(config), compile::account_id(config), &written.api_id);
    for found in policy.unreachable(&prefix) {
        let (at, resource) = (format!("policy.{}", found.path), found.resource);
        let diagnostic = if found.opens {
            scope.error(&at, format!("`{resource}` names no request to this API, and would protect nothing"))
        } else {
            scope.warning(&at, format!("`{resource}` names no request to this API"))
        };
        diagnostic.help(format!("their ARNs begin with `{prefix}`; `execute-api:/` stands for it"));
    }
    Some(policy)
}

/// Reads the `policy` of an API or of a caller; what is wrong with it goes to the diagnostics. One that looks at the client's
/// address has it asked for.
pub(super) fn read(document: &Value, kind: Kind, scope: &mut Scope<'_>) -> Option<Policy> {
    match Policy::parse(document, kind) {
        Ok(policy) => {
            if policy.wants_source_address() {
                scope.want_source_address();
            }
            Some(policy)
        }
        Err(problems) => {
            for found in problems {
                let at = if found.path.is_empty() {
                    "policy".to_owned()
                } else {
                    format!("policy.{}", found.path)
                };
                let diagnostic = scope.error(&at, found.problem);
                if let Some(help) = found.help {
                    diagnostic.help(help);
                }
            }
            None
        }
    }
}
