//! The sides of a stage: the stage as it is, and its canary.

use crate::gateway::config::Stage;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One side of a stage.
#[derive(Debug, Clone)]
pub(super) struct Side<'c> {
    /// Its name: the stage's; the canary's has more, which no stage's name can have.
    pub(super) name: String,
    /// What it serves; the live lists when absent.
    pub(super) deployment_id: Option<&'c str>,
    /// Its stage variables.
    pub(super) variables: Cow<'c, BTreeMap<String, String>>,
}

/// The sides of a stage: at first the stage itself.
pub(super) fn sides(stage: &Stage) -> Vec<Side<'_>> {
    let own = Side {
        name: stage.stage_name.clone(),
        deployment_id: stage.deployment_id.as_deref(),
        variables: Cow::Borrowed(&stage.stage_variables),
    };
    let Some(settings) = &stage.canary_settings else { return vec![own] };
    let mut variables = stage.stage_variables.clone();
    variables.extend(settings.stage_variable_overrides.clone());
    let canary = Side {
        name: format!("{} canary", stage.stage_name),
        // A canary begins as a copy of its stage.
        deployment_id: settings.deployment_id.as_deref().or(own.deployment_id),
        variables: Cow::Owned(variables),
    };
    vec![own, canary]
}
