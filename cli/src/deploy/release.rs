//! What a release changes: deployments are added, never changed, and stages are pointed at them.

use super::snapshot::{self, Snapshot};
use super::text::{Step, Text};
use crate::Error;
use sekisho::gateway::config::{Api, CanarySettings, Config, Stage};
use sekisho::gateway::diagnostics::similar;

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// The API; may be absent where there is one.
    pub api: Option<String>,
    /// The stage that is pointed elsewhere.
    pub stage: Option<String>,
    /// What for.
    pub what: What,
    /// The share, in percent, of the canary that gets the deployment in the stage's place.
    pub canary: Option<f64>,
}

/// What a release is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A deployment of what the live lists are now, by this name or one of its own.
    Snapshot(Option<String>),
    /// The canary becomes the stage.
    Promote,
    /// A deployment that is there.
    To(String),
}

/// A document after a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// Its text.
    pub text: String,
    /// What was done, as sentences without an end.
    pub done: Vec<String>,
    /// What its author should know.
    pub warnings: Vec<String>,
}

/// The API and its place, and what is done to it.
struct Release<'c> {
    api: &'c Api,
    at: usize,
    text: Text,
    done: Vec<String>,
    warnings: Vec<String>,
}

/// Changes a document, which `config` is of.
///
/// # Errors
/// If the document has not what the order names, or AWS would refuse it.
pub fn release(text: &str, config: &Config, order: &Order) -> Result<Released, Error> {
    let (at, api) = find_api(config, order.api.as_deref())?;
    let mut release = Release { api, at, text: Text::new(text), done: Vec::new(), warnings: Vec::new() };
    if let Some(percent) = order.canary.filter(|percent| !(0.0..=100.0).contains(percent)) {
        return Err(Error::usage(format!("a canary's share is from 0 to 100 percent, not {percent}")));
    }
    match &order.what {
        What::Snapshot(id) => {
            let id = release.snapshot(id.as_deref())?;
            match (&order.stage, order.canary) {
                (None, None) => {}
                (None, Some(_)) => {
                    // AWS's own words go on: "… must be provided for canary deployment. Provided value is null".
                    return Err(Error::usage("a canary is a stage's").help("name it: `--stage NAME`"));
                }
                (Some(stage), percent) => {
                    let (at, stage) = find_stage(api, Some(stage))?;
                    if percent.is_none() && stage.canary_settings.is_some() {
                        return Err(takes_none(stage));
                    }
                    release.point((at, stage), &id, percent)?;
                }
            }
        }
        What::To(id) => {
            if !api.deployments.iter().any(|deployment| deployment.deployment_id == *id) {
                let names = api.deployments.iter().map(|deployment| deployment.deployment_id.as_str());
                return Err(unknown("Deployment id does not exist: there is no", id, names));
            }
            release.point(find_stage(api, order.stage.as_deref())?, id, order.canary)?;
        }
        What::Promote => release.promote(find_stage(api, order.stage.as_deref())?)?,
    }
    let Release { text, done, warnings, .. } = release;
    Ok(Released { text: text.as_str().to_owned(), done, warnings })
}

// === impl Release ===

impl Release<'_> {
    fn path(&self) -> [Step<'static>; 2] {
        [Step::Member("apis"), Step::Element(self.at)]
    }

    fn stage_path(&self, stage: usize) -> [Step<'static>; 4] {
        let [apis, api] = self.path();
        [apis, api, Step::Member("stages"), Step::Element(stage)]
    }

    /// Adds a deployment of the live lists, if there is none, and gives its id.
    fn snapshot(&mut self, id: Option<&str>) -> Result<String, Error> {
        if self.api.routes.is_empty() {
            return Err(Error::failed("At least one route is required before deploying the Api."));
        }
        match snapshot::take(&self.text, &self.path(), id)? {
            Snapshot::There { id } => {
                self.done.push(format!("the live lists are the deployment `{id}` already: it is used again"));
                Ok(id)
            }
            Snapshot::New { id, json } => {
                let path = self.path();
                self.text.push(&path, "deployments", &json)?;
                self.done.push(format!("the live lists are the new deployment `{id}`"));
                Ok(id)
            }
        }
    }

    /// Points a stage, or its canary, at a deployment.
    fn point(&mut self, (at, stage): (usize, &Stage), id: &str, percent: Option<f64>) -> Result<(), Error> {
        let path = self.stage_path(at);
        let name = &stage.stage_name;
        let Some(percent) = percent else {
            self.text.set(&path, "deploymentId", Some("stageName"), &json(id))?;
            self.done.push(match stage.deployment_id.as_deref() {
                Some(before) if before == id => format!("the stage `{name}` serves `{id}` as before"),
                Some(before) => format!("the stage `{name}` serves `{id}` in the place of `{before}`"),
                None => format!("the stage `{name}` serves `{id}` in the place of the live lists"),
            });
            // All clients are to have it.
            if stage.canary_settings.is_some() {
                self.text.remove(&path, "canarySettings")?;
                self.done.push(format!("the canary of `{name}` ends"));
            }
            return Ok(());
        };
        if stage.deployment_id.is_none() {
            self.warnings.push(format!(
                "the stage `{name}` serves the live lists, not a deployment: what is edited there goes to all clients; \
                 `--snapshot --stage {name}` before the edit gives it one"
            ));
        }
        let [apis, api, stages, element] = path;
        let settings = [apis, api, stages, element, Step::Member("canarySettings")];
        if stage.canary_settings.is_some() {
            self.text.set(&settings, "percentTraffic", None, &percent.to_string())?;
            self.text.set(&settings, "deploymentId", Some("percentTraffic"), &json(id))?;
        } else {
            let settings = format!("{{ \"percentTraffic\": {percent}, \"deploymentId\": {} }}", json(id));
            self.text.set(&path, "canarySettings", None, &settings)?;
        }
        self.done.push(format!("the canary of `{name}` serves `{id}` to {percent} % of the requests"));
        Ok(())
    }

    /// AWS's promotion: the canary's deployment and variables become the stage's, its share 0; its settings stay.
    fn promote(&mut self, (at, stage): (usize, &Stage)) -> Result<(), Error> {
        let Some(canary) = &stage.canary_settings else {
            return Err(Error::failed("Promotion not available. Canary does not exist.")
                .help("`--snapshot --stage NAME --canary PERCENT` begins one"));
        };
        let path = self.stage_path(at);
        let name = &stage.stage_name;
        if let Some(id) = &canary.deployment_id {
            self.text.set(&path, "deploymentId", Some("stageName"), &json(id))?;
            self.done.push(format!("the stage `{name}` serves `{id}`, as its canary did"));
        }
        self.promote_variables(&path, stage, canary)?;
        let [apis, api, stages, element] = path;
        let settings = [apis, api, stages, element, Step::Member("canarySettings")];
        self.text.set(&settings, "percentTraffic", None, "0")?;
        self.done.push(format!("the canary of `{name}` has 0 % of the requests"));
        Ok(())
    }

    fn promote_variables(
        &mut self,
        path: &[Step<'_>; 4],
        stage: &Stage,
        canary: &CanarySettings,
    ) -> Result<(), Error> {
        let overrides = &canary.stage_variable_overrides;
        if overrides.is_empty() {
            return Ok(());
        }
        let [apis, api, stages, element] = *path;
        let variables = [apis, api, stages, element, Step::Member("stageVariables")];
        for (name, value) in overrides {
            if self.text.written(&variables)?.is_none() {
                self.text.set(
                    path,
                    "stageVariables",
                    None,
                    &format!("{{ {}: {} }}", json(name), json(value)),
                )?;
            } else {
                // The name of a variable has no character that JSON escapes.
                self.text.set(&variables, name, None, &json(value))?;
            }
        }
        let names: Vec<_> = overrides.keys().map(|name| format!("`{name}`")).collect();
        self.done.push(format!(
            "the stage `{}` has its canary's variables: {}",
            stage.stage_name,
            names.join(", ")
        ));
        Ok(())
    }
}

/// A stage with a canary takes no deployment of its own, as on AWS.
fn takes_none(stage: &Stage) -> Error {
    let name = &stage.stage_name;
    Error::failed(format!("the stage `{name}` has a canary, and takes no deployment until that ends")).help(format!(
        "`--canary PERCENT` gives the deployment to the canary, `--promote --stage {name}` or `--to ID --stage {name}` ends it"
    ))
}

fn find_api<'c>(config: &'c Config, id: Option<&str>) -> Result<(usize, &'c Api), Error> {
    let mut apis = config.apis.iter().enumerate();
    let names = || config.apis.iter().map(|api| api.api_id.as_str());
    match (id, config.apis.as_slice()) {
        (Some(id), _) => {
            apis.find(|(_, api)| api.api_id == id).ok_or_else(|| unknown("there is no API", id, names()))
        }
        (None, [only]) => Ok((0, only)),
        (None, _) => Err(Error::usage("the document has several APIs")
            .help(format!("name one of them: `--api {}`", names().collect::<Vec<_>>().join("`, `--api ")))),
    }
}

fn find_stage<'c>(api: &'c Api, name: Option<&str>) -> Result<(usize, &'c Stage), Error> {
    let mut stages = api.stages.iter().enumerate();
    let names = || api.stages.iter().map(|stage| stage.stage_name.as_str());
    match (name, api.stages.as_slice()) {
        // AWS makes a stage that is not there, but for a canary; a slip of the hand would, too.
        (Some(name), _) => stages.find(|(_, stage)| stage.stage_name == name).ok_or_else(|| {
            unknown("the stage must be there before it gets a deployment: there is no stage", name, names())
        }),
        (None, [only]) => Ok((0, only)),
        (None, _) => Err(Error::usage("the API has several stages").help(format!(
            "name one of them: `--stage {}`",
            names().collect::<Vec<_>>().join("`, `--stage ")
        ))),
    }
}

fn unknown<'a>(problem: &str, wanted: &str, names: impl Iterator<Item = &'a str>) -> Error {
    let error = Error::failed(format!("{problem} `{wanted}`"));
    match similar(wanted, names) {
        Some(near) => error.help(format!("there is one with a similar name: `{near}`")),
        None => error,
    }
}

pub(super) fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
