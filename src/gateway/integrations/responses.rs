//! `responseParameters`: changes to what comes back, by its status.

use crate::gateway::compile::Scope;
use crate::gateway::flow::Edits;
use crate::gateway::mapping::{Mapping, Side};
use crate::gateway::request::Facts;
use std::collections::{BTreeMap, HashMap};

/// Compiled changes.
#[derive(Debug, Default)]
pub struct Responses(HashMap<u16, Mapping>);

// === impl Responses ===

impl Responses {
    /// Compiles the `responseParameters` of the integration `at`; what cannot be goes to the diagnostics.
    #[must_use]
    pub fn compile(
        written: &BTreeMap<String, BTreeMap<String, String>>,
        at: &str,
        scope: &mut Scope<'_>,
    ) -> Self {
        let mut responses = HashMap::new();
        for (status, mapping) in written {
            let at = format!("{at}.responseParameters[{status:?}]");
            match status.parse() {
                Ok(status @ 200..=599_u16) => {
                    responses.insert(status, Mapping::compile(mapping, Side::Response, &at, scope));
                }
                _ => {
                    scope.error(&at, format!("`{status}` is not a status from 200 to 599"));
                }
            }
        }
        Self(responses)
    }

    /// Whether the body of a response with this status is needed.
    #[must_use]
    pub fn need_body(&self, status: u16) -> bool {
        self.0.get(&status).is_some_and(|mapping| mapping.needs_body)
    }

    /// Adds the changes to the response of `facts`; the status that the client reads.
    pub fn edit(&self, facts: &Facts<'_>, edits: &mut Edits) -> u16 {
        let came = facts.response.map(|response| response.status).unwrap_or_default();
        let Some(mapping) = self.0.get(&came) else { return came };
        for change in &mapping.headers {
            // A value that may not stand in a header is one that cannot be resolved: this change is skipped, but not
            // the ones behind it, which may take away what the client must not see.
            let _ = change.edit(facts, edits);
        }
        let overwrite = mapping.overwrite.as_ref().and_then(|value| value.value(facts));
        match overwrite.and_then(|text| text.trim().parse().ok()) {
            Some(status @ 200..=599) => status,
            _ => came,
        }
    }
}
