//! Compiles the resource policy of an API.

use super::scope::Scope;
use crate::gateway::config::{self, Config, ProtocolType};
use crate::gateway::policy::{Kind, Policy};
use crate::gateway::{arn, compile};

/// Compiles an API's `policy`; what cannot be goes to the diagnostics.
pub(super) fn policy(written: &config::Api, config: &Config, scope: &mut Scope<'_>) -> Option<Policy> {
    let document = written.policy.as_ref()?;
    if written.protocol_type != ProtocolType::Rest {
        scope
            .error("policy", "only REST APIs have resource policies")
            .help("let an authorizer decide, or Envoy's RBAC filter before the gateway");
        return None;
    }
    match Policy::parse(document, Kind::Resource) {
        Ok(policy) => {
            if policy.wants_source_address() {
                scope.want_source_address();
            }
            let prefix = arn::of_api(compile::region(config), compile::account_id(config), &written.api_id);
            for found in policy.unreachable(&prefix) {
                let (at, resource) = (format!("policy.{}", found.path), found.resource);
                let diagnostic = if found.opens {
                    scope.error(
                        &at,
                        format!("`{resource}` names no request to this API, and would protect nothing"),
                    )
                } else {
                    scope.warning(&at, format!("`{resource}` names no request to this API"))
                };
                diagnostic.help(format!("their ARNs begin with `{prefix}`; `execute-api:/` stands for it"));
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
