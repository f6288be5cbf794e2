//! A document that is compared: as written, as read and as run.

use super::routes::Side;
use crate::{Error, hash_key, validate};
use sekisho::gateway::Compiled;
use sekisho::gateway::compile::{RouteTable, Stage as RunStage};
use sekisho::gateway::config::{self, Api, Config};
use serde_json::{Map, Value};
use std::rc::Rc;

/// A good document.
#[derive(Debug)]
pub struct Document {
    /// As written.
    pub(super) value: Value,
    /// As read.
    pub(super) config: Config,
    /// As run.
    pub(super) compiled: Compiled,
}

/// A stage of a document.
#[derive(Debug, Clone)]
pub(super) struct StageOf<'d> {
    /// As written.
    pub(super) value: &'d Value,
    api: ApiOf<'d>,
    run: Rc<RunStage>,
}

/// An API of a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct ApiOf<'d> {
    /// As written.
    pub(super) value: &'d Value,
    /// As read.
    pub(super) read: &'d Api,
    document: &'d Document,
}

// === impl Document ===

impl Document {
    /// Reads a document; `-` is stdin.
    ///
    /// # Errors
    /// If it cannot be read, or is refused.
    pub fn read(file: &str) -> Result<Self, Error> {
        Self::of_text(file, &validate::read(file)?)
    }

    /// A document that is called `file`.
    ///
    /// # Errors
    /// If it is refused.
    pub fn of_text(file: &str, text: &[u8]) -> Result<Self, Error> {
        let refused = |diagnostics| Error::Refused { document: file.to_owned(), diagnostics };
        let mut config = config::load(text).map_err(refused)?;
        hash_key::hash_plain_keys(&mut config).map_err(refused)?;
        let compiled = validate::compile(file, &config)?;
        let value = serde_json::from_slice(text)
            .map_err(|error| Error::failed(format!("cannot read `{file}` again")).because(error))?;
        Ok(Self { value, config, compiled })
    }

    /// The document as read.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Its APIs, as they stand.
    pub(super) fn apis(&self) -> impl Iterator<Item = ApiOf<'_>> {
        let written = self.value.get("apis").and_then(Value::as_array).into_iter().flatten();
        written.zip(&self.config.apis).map(|(value, read)| ApiOf { value, read, document: self })
    }

    pub(super) fn api(&self, id: &str) -> Option<ApiOf<'_>> {
        self.apis().find(|api| api.read.api_id == id)
    }

    /// The document with one API alone, whose stages are `from` and `to`: each serves what it is to be compared with.
    ///
    /// # Errors
    /// If the document without the rest is refused, which is a fault of ours.
    pub(super) fn of_deployments(&self, id: &str, sides: [Option<&str>; 2]) -> Result<Self, Error> {
        let mut config = Config {
            apis: self.config.apis.iter().filter(|api| api.api_id == id).cloned().collect(),
            region: self.config.region.clone(),
            account_id: self.config.account_id.clone(),
            endpoints: self.config.endpoints.clone(),
            credentials: self.config.credentials.clone(),
            limits: self.config.limits.clone(),
            ..Config::default()
        };
        for api in &mut config.apis {
            api.stages =
                sides.iter().zip(["from", "to"]).filter_map(|(id, name)| stage(api, name, *id)).collect();
        }
        let compiled = validate::compile("the deployments", &config)?;
        let mut value = Map::new();
        let api = self.api(id).map(|api| api.value.clone());
        value.insert("apis".to_owned(), Value::Array(api.into_iter().collect()));
        Ok(Self { value: Value::Object(value), config, compiled })
    }
}

/// A stage that serves a deployment, with every variable that a URI could name.
fn stage(api: &Api, name: &str, deployment: Option<&str>) -> Option<config::Stage> {
    let mut stage = api.stages.first()?.clone();
    let mut stage_variables = std::collections::BTreeMap::new();
    for stage in &api.stages {
        stage_variables.extend(stage.stage_variables.clone());
        let overrides =
            stage.canary_settings.iter().flat_map(|canary| canary.stage_variable_overrides.clone());
        stage_variables.extend(overrides);
    }
    stage.stage_name = name.to_owned();
    stage.deployment_id = deployment.map(str::to_owned);
    stage.stage_variables = stage_variables;
    stage.canary_settings = None;
    stage.route_settings.clear();
    Some(stage)
}

// === impl ApiOf ===

impl<'d> ApiOf<'d> {
    /// Its stages, as they stand.
    pub(super) fn stages(self) -> impl Iterator<Item = StageOf<'d>> {
        let written = self.value.get("stages").and_then(Value::as_array).into_iter().flatten();
        written.zip(&self.read.stages).filter_map(move |(value, read)| {
            Some(StageOf { value, api: self, run: self.run(&read.stage_name)? })
        })
    }

    pub(super) fn stage(self, name: &str) -> Option<StageOf<'d>> {
        self.stages().find(|stage| stage.name() == name)
    }

    /// A stage as run, by its name.
    pub(super) fn run(self, stage: &str) -> Option<Rc<RunStage>> {
        let api = self.document.compiled.gateway.api(&self.read.api_id.to_ascii_lowercase())?;
        api.stage(stage).map(Rc::clone)
    }

    /// What a stage serves that is pointed at a deployment.
    pub(super) fn side<'t>(self, table: &'t RouteTable, deployment: Option<&str>) -> Side<'t>
    where
        'd: 't,
    {
        Side { protocol: self.read.protocol_type, table, lists: self.lists(deployment) }
    }

    fn lists(self, deployment: Option<&str>) -> &'d Value {
        let Some(wanted) = deployment else { return self.value };
        let list = self.value.get("deployments").and_then(Value::as_array).into_iter().flatten();
        let id = |it: &Value| it.get("deploymentId").and_then(Value::as_str).map(str::to_owned);
        list.into_iter().find(|it| id(it).as_deref() == Some(wanted)).unwrap_or(&Value::Null)
    }
}

// === impl StageOf ===

impl StageOf<'_> {
    pub(super) fn name(&self) -> &str {
        &self.run.name
    }

    /// What the stage itself serves.
    pub(super) fn own(&self) -> Side<'_> {
        self.api.side(&self.run.table, self.run.deployment_id.as_deref())
    }

    /// What its canary serves.
    pub(super) fn canary(&self) -> Option<Side<'_>> {
        let side = &self.run.canary.as_ref()?.side;
        Some(self.api.side(&side.table, side.deployment_id.as_deref()))
    }
}
