//! What other parts of the document name.

use super::scope::Scope;
use crate::gateway::config::{Api, Config};

/// The API of this id, if it has a stage of this name; what does not exist goes to the diagnostics, under `at`.
pub(super) fn api_of_stage<'c>(
    config: &'c Config,
    (id, stage): (&str, &str),
    at: &str,
    scope: &mut Scope<'_>,
) -> Option<&'c Api> {
    let Some(api) = config.apis.iter().find(|api| api.api_id == id) else {
        let names = config.apis.iter().map(|api| api.api_id.as_str());
        scope.below(at).error("apiId", format!("no API is named `{id}`")).suggest("an API", id, names);
        return None;
    };
    if !api.stages.iter().any(|written| written.stage_name == stage) {
        let names = api.stages.iter().map(|stage| stage.stage_name.as_str());
        let problem = format!("no stage of `{id}` is named `{stage}`");
        scope.below(at).error("stage", problem).suggest("a stage", stage, names);
        return None;
    }
    Some(api)
}
