//! An API and its stages as run.

use super::authorizer;
use super::canary;
use super::cluster::Clusters;
use super::integration;
use super::routes::RouteTable;
use super::scope::Scope;
use super::sides::{Side, sides};
use super::{execution, throttle, usage, waf};
use crate::gateway::access_log::{self, AccessLog};
use crate::gateway::authorizers::Authorizer;
use crate::gateway::canary::Canary;
use crate::gateway::canary::counts::Side as CanarySide;
use crate::gateway::config::{self, ApiKeySource, Config, ProtocolType};
use crate::gateway::cors::Cors;
use crate::gateway::execution_log::Level;
use crate::gateway::gateway_responses::GatewayResponses;
use crate::gateway::integrations::Integration;
use crate::gateway::metrics::{self, Places};
use crate::gateway::policy::Policy;
use crate::gateway::throttle::Throttle;
use crate::gateway::usage_plans::Openings;
use crate::gateway::waf::WebAcl;
use crate::gateway::waf::rule::Rule;
use crate::gateway::websocket;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

/// An API as run.
#[derive(Debug)]
pub struct Api {
    /// Its id.
    pub id: String,
    /// Its type.
    pub protocol: ProtocolType,
    /// Whether it answers only custom domains.
    pub disable_execute_api_endpoint: bool,
    /// Who may call it at all; absent where nothing says so.
    pub policy: Option<Policy>,
    /// Where API keys are read from.
    pub api_key_source: ApiKeySource,
    /// How it words what it answers itself.
    pub responses: GatewayResponses,
    /// Whether its responses tell of limits and quotas.
    pub rate_limit_headers: bool,
    /// What browsers are told; absent where nothing is said.
    pub cors: Option<Cors>,
    /// What clients may send through WebSocket connections.
    pub web_sockets: websocket::Limits,
    /// By name. They are few, and to hash a name takes longer than to find it among them.
    stages: Vec<Rc<Stage>>,
}

/// A stage as run.
#[derive(Debug)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// The name of this side of it: of the stage as it is, or of its canary.
    pub side: String,
    /// Its canary, on the side that has one.
    pub canary: Option<Canary>,
    /// Which side of it this is; absent where there is no canary.
    pub canary_side: Option<CanarySide>,
    /// The deployment it serves; `None` serves the live lists.
    pub deployment_id: Option<String>,
    /// Its variables.
    pub variables: BTreeMap<String, String>,
    /// Its routes.
    pub table: Rc<RouteTable>,
    /// The integrations that routes name by index.
    pub integrations: Vec<Integration>,
    /// The web ACL that its requests pass first.
    pub web_acl: Option<Rc<WebAcl>>,
    /// Where its requests are counted.
    pub places: Places,
    /// Its access log.
    pub access_log: Option<Rc<AccessLog>>,
    /// The usage plans that open it.
    pub openings: Openings,
    /// How fast each route may be called, by its place.
    throttles: Vec<Option<Throttle>>,
    /// What of each route is logged, by its place.
    levels: Vec<Option<Level>>,
}

/// The lists that a stage serves.
struct Lists<'c> {
    at: String,
    integrations: &'c [config::Integration],
    binary_media_types: &'c [String],
    table: Rc<RouteTable>,
}

/// All that APIs are compiled from.
pub(super) struct Sources<'a, 'c> {
    /// The document.
    pub(super) config: &'c Config,
    /// Who knows callers by their signatures.
    pub(super) iam: Option<&'a Rc<Authorizer>>,
    /// Web ACLs by their ARNs.
    pub(super) web_acls: &'a HashMap<String, Rc<WebAcl>>,
    /// Statistics that there may still be.
    pub(super) statistics: &'a metrics::Left,
}

/// All that stages are compiled from.
struct All<'a, 'c> {
    written: &'c config::Api,
    sources: &'a Sources<'a, 'c>,
    live: &'a Lists<'c>,
    deployments: &'a HashMap<&'c str, Lists<'c>>,
}

/// How fast the routes of a stage may be called.
struct Limits {
    openings: Openings,
    throttles: Vec<Option<Throttle>>,
    places: Places,
}

// === impl Api ===

impl Api {
    /// Compiles an API; what cannot be goes to the diagnostics.
    pub(super) fn compile(
        written: &config::Api,
        sources: &Sources<'_, '_>,
        policy: Option<Policy>,
        clusters: &mut Clusters<'_>,
        scope: &mut Scope<'_>,
    ) -> Self {
        let protocol = written.protocol_type;
        if written.api_id.is_empty()
            || !written.api_id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        {
            scope.error("apiId", format!("`{}` cannot be the first label of a host", written.api_id));
        }
        if protocol == ProtocolType::Http && !written.gateway_responses.is_empty() {
            scope
                .error("gatewayResponses", "HTTP APIs have no gateway responses")
                .help("they are a REST API's");
        }
        let responses = GatewayResponses::compile(&written.gateway_responses, scope);
        let (live, deployments) = lists(written, sources.iam, clusters, scope);
        let mut stages: Vec<Rc<Stage>> = Vec::new();
        let all = All { written, sources, live: &live, deployments: &deployments };
        for (i, stage) in written.stages.iter().enumerate() {
            let at = format!("stages[{i}]");
            check_stage(stage, protocol, &at, scope);
            let Some(compiled) = all.stage(stage, &at, clusters, scope) else { continue };
            match place(&stages, &compiled.name) {
                Err(place) => stages.insert(place, Rc::new(compiled)),
                Ok(_) => {
                    let problem = format!("the stage `{}` exists twice", stage.stage_name);
                    scope.error(&format!("{at}.stageName"), problem);
                }
            }
        }
        if written.stages.is_empty() {
            scope.error("stages", "the API has no stage, so it answers nobody").help(match protocol {
                ProtocolType::Http | ProtocolType::Websocket => "add `{\"stageName\": \"$default\"}`",
                ProtocolType::Rest => "add `{\"stageName\": \"prod\"}`",
            });
        }
        Self {
            id: written.api_id.clone(),
            protocol,
            disable_execute_api_endpoint: written.disable_execute_api_endpoint.unwrap_or(false),
            policy,
            api_key_source: written.api_key_source.unwrap_or(ApiKeySource::Header),
            responses,
            rate_limit_headers: written.rate_limit_headers.unwrap_or(false),
            cors: cors(written, scope),
            web_sockets: written.web_socket_settings.as_ref().map_or_else(Default::default, |settings| {
                websocket::Limits::compile(settings, protocol, &mut scope.below("webSocketSettings"))
            }),
            stages,
        }
    }

    /// The stage of this name.
    #[must_use]
    pub fn stage(&self, name: &str) -> Option<&Rc<Stage>> {
        self.stages.get(place(&self.stages, name).ok()?)
    }

    /// Its stages, each with its canary behind it.
    pub(super) fn sides(&self) -> impl Iterator<Item = &Rc<Stage>> {
        self.stages
            .iter()
            .flat_map(|stage| std::iter::once(stage).chain(stage.canary.as_ref().map(|canary| &canary.side)))
    }

    /// Whether a rule of its stages' web ACLs counts requests, or of its canaries'.
    pub(super) fn counts_rates(&self) -> bool {
        let acls = self.sides().filter_map(|side| side.web_acl.as_ref());
        acls.flat_map(|acl| &acl.rules).any(Rule::counts_rates)
    }

    /// Adds the counters of the sides of its stages, and of their web ACLs. Several stages may have one: it is counted once.
    pub(super) fn add_counters(&self, counters: &mut Vec<Rc<str>>) {
        for stage in &self.stages {
            let canary = stage.canary.as_ref().and_then(|canary| canary.side.canary_side.as_ref());
            for side in stage.canary_side.iter().chain(canary) {
                counters.extend_from_slice(&side.counters);
            }
            for counter in stage.web_acl.iter().flat_map(|acl| acl.counters()) {
                if !counters.contains(&counter) {
                    counters.push(counter);
                }
            }
        }
    }
}

/// Where a stage of this name stands, or would stand.
fn place(stages: &[Rc<Stage>], name: &str) -> Result<usize, usize> {
    stages.binary_search_by(|stage| stage.name.as_str().cmp(name))
}

/// The live lists and the deployments, their routes compiled once however many stages serve them.
fn lists<'c>(
    written: &'c config::Api,
    iam: Option<&Rc<Authorizer>>,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> (Lists<'c>, HashMap<&'c str, Lists<'c>>) {
    let mut compile = |at: &str, routes, integrations: &'c [_], authorizers, scope: &mut Scope<'_>| {
        let authorizers = authorizer::compile(authorizers, written, iam, clusters, scope);
        let table = RouteTable::compile(written, routes, integrations, &authorizers, scope);
        let binary_media_types = &written.binary_media_types;
        Lists { at: at.to_owned(), integrations, binary_media_types, table: Rc::new(table) }
    };
    let live = compile("", &written.routes, &written.integrations, &written.authorizers, scope);
    let mut deployments = HashMap::new();
    for (i, deployment) in written.deployments.iter().enumerate() {
        let at = format!("deployments[{i}]");
        let below = &mut scope.below(&at);
        let lists =
            compile(&at, &deployment.routes, &deployment.integrations, &deployment.authorizers, below);
        if deployments.insert(deployment.deployment_id.as_str(), lists).is_some() {
            let problem = format!("the deployment `{}` exists twice", deployment.deployment_id);
            scope.error(&format!("{at}.deploymentId"), problem);
        }
    }
    (live, deployments)
}

fn limits(
    api: &config::Api,
    stage: &config::Stage,
    table: &RouteTable,
    sources: &Sources<'_, '_>,
    scope: &mut Scope<'_>,
) -> Limits {
    let places = Places::compile(api, stage, table, sources.statistics, scope);
    let (api, config) = (api.api_id.as_str(), sources.config);
    let throttles = throttle::routes(api, stage, table, config, scope);
    let openings = usage::openings(config, api, &stage.stage_name, table, &mut scope.root());
    if openings.is_empty()
        && let Some(route) = table.iter().find(|route| route.api_key_required)
    {
        scope
            .warning(
                "",
                format!(
                    "nobody can call `{}`: it requires an API key, and no usage plan opens the stage",
                    route.key
                ),
            )
            .help(format!(
                "add `{{\"apiId\": \"{api}\", \"stage\": \"{}\"}}` to the `apiStages` of a usage plan",
                stage.stage_name
            ));
    }
    Limits { openings, throttles, places }
}

fn check_stage(stage: &config::Stage, protocol: ProtocolType, at: &str, scope: &mut Scope<'_>) {
    let name = stage.stage_name.as_str();
    let plain = !name.is_empty()
        && name.len() <= 128
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let default = name == "$default" && protocol != ProtocolType::Rest;
    if !plain && !default {
        let help = match protocol {
            ProtocolType::Http | ProtocolType::Websocket => {
                "1 to 128 letters, digits, `-` and `_`, or `$default`"
            }
            ProtocolType::Rest => {
                "1 to 128 letters, digits, `-` and `_`; only HTTP APIs have a `$default` stage"
            }
        };
        scope.error(&format!("{at}.stageName"), format!("`{name}` is not the name of a stage")).help(help);
    }
    check_variables(&stage.stage_variables, &format!("{at}.stageVariables"), scope);
    if let Some(canary) = &stage.canary_settings {
        let at = format!("{at}.canarySettings.stageVariableOverrides");
        check_variables(&canary.stage_variable_overrides, &at, scope);
    }
}

fn check_variables(variables: &BTreeMap<String, String>, at: &str, scope: &mut Scope<'_>) {
    for (variable, value) in variables {
        let at = format!("{at}[{variable:?}]");
        if variable.is_empty()
            || variable.len() > 64
            || !variable.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        {
            scope.error(&at, "a name is 1 to 64 letters, digits and `_`");
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#&=,".contains(&byte);
        if value.len() > 2048 || !value.bytes().all(allowed) {
            scope.error(&at, "a value is at most 2048 letters, digits and `-._~:/?#&=,`");
        }
    }
}

/// CORS is an HTTP API's: a REST API answers `OPTIONS` by methods of its own.
fn cors(written: &config::Api, scope: &mut Scope<'_>) -> Option<Cors> {
    let configuration = written.cors_configuration.as_ref()?;
    if written.protocol_type == ProtocolType::Rest {
        scope.error("corsConfiguration", "REST APIs have none").help(
            "answer `OPTIONS` by a MOCK integration, and add the headers to `gatewayResponses`, as on AWS",
        );
        return None;
    }
    Cors::compile(configuration, &mut scope.below("corsConfiguration"))
}

// === impl All ===

impl<'c> All<'_, 'c> {
    /// A stage, its canary with it; none if a side serves what is not there.
    fn stage(
        &self,
        stage: &config::Stage,
        at: &str,
        clusters: &mut Clusters<'_>,
        scope: &mut Scope<'_>,
    ) -> Option<Stage> {
        let mut sides = sides(stage).into_iter();
        let (own, canary) = (sides.next()?, sides.next());
        let mut compiled = self.side(&own, stage, (at, at), clusters, scope)?;
        let (arn, acls) = (stage.web_acl_arn.as_deref(), self.sources.web_acls);
        compiled.web_acl = waf::of_stage(arn, self.sources.config, acls, at, scope);
        execution::check(stage, self.written.protocol_type, &mut scope.below(at));
        let logs = stage.access_log_settings.as_ref();
        compiled.access_log = logs.and_then(|logs| {
            access_log::compile(logs, clusters, &mut scope.below(at).below("accessLogSettings"))
        });
        let tables = self.tables(&[Some(&own), canary.as_ref()]);
        check_route_settings(stage, &tables, &mut scope.below(at));
        if let (Some(side), Some(settings)) = (canary, &stage.canary_settings) {
            let at_canary = format!("{at}.canarySettings");
            let mut side = self.side(&side, stage, (at, &at_canary), clusters, scope)?;
            side.web_acl.clone_from(&compiled.web_acl);
            side.access_log.clone_from(&compiled.access_log);
            for (side, is_canary) in [(&mut compiled, false), (&mut side, true)] {
                side.canary_side = Some(CanarySide::new(&self.written.api_id, &stage.stage_name, is_canary));
            }
            let scope = &mut scope.below(&at_canary);
            compiled.canary = canary::compile(self.written, settings, &compiled, Rc::new(side), scope);
        }
        Some(compiled)
    }

    /// A side of a stage; the stage stands at the first of the places, the side at the other one.
    fn side(
        &self,
        side: &Side<'_>,
        stage: &config::Stage,
        (at_stage, at): (&str, &str),
        clusters: &mut Clusters<'_>,
        scope: &mut Scope<'_>,
    ) -> Option<Stage> {
        let Some(served) = self.served(side) else {
            let id = side.deployment_id.unwrap_or_default();
            let names = self.deployments.keys().copied();
            scope.error(&format!("{at}.deploymentId"), format!("no deployment is named `{id}`")).suggest(
                "a deployment",
                id,
                names,
            );
            return None;
        };
        let limits = limits(self.written, stage, &served.table, self.sources, &mut scope.below(at_stage));
        Some(Stage::compile(side, stage, self.written.protocol_type, served, limits, clusters, scope))
    }

    fn served(&self, side: &Side<'_>) -> Option<&Lists<'c>> {
        side.deployment_id.map_or(Some(self.live), |id| self.deployments.get(id))
    }

    fn tables(&self, sides: &[Option<&Side<'_>>]) -> Vec<&RouteTable> {
        let served = sides.iter().copied().flatten().filter_map(|side| self.served(side));
        served.map(|lists| lists.table.as_ref()).collect()
    }
}

/// Settings are of routes that a side of the stage has.
fn check_route_settings(stage: &config::Stage, tables: &[&RouteTable], scope: &mut Scope<'_>) {
    let keys = || tables.iter().flat_map(|table| table.iter()).map(|route| route.key.as_str());
    if stage.route_settings.is_empty() {
        return;
    }
    let known: HashSet<_> = keys().collect();
    for key in stage.route_settings.keys().filter(|key| !known.contains(key.as_str())) {
        let problem = format!("no route of the stage has the key `{key}`");
        scope.error(&format!("routeSettings[{key:?}]"), problem).suggest("a route", key, keys());
    }
}

// === impl Stage ===

impl Stage {
    fn compile(
        side: &Side<'_>,
        written: &config::Stage,
        protocol: ProtocolType,
        served: &Lists<'_>,
        limits: Limits,
        clusters: &mut Clusters<'_>,
        scope: &mut Scope<'_>,
    ) -> Self {
        let mut scope = scope.below(&served.at);
        let integrations = served.integrations.iter().enumerate().map(|(i, integration)| {
            let stage = integration::OfStage {
                protocol,
                variables: &side.variables,
                binary_media_types: served.binary_media_types,
            };
            integration::compile(integration, &stage, &format!("integrations[{i}]"), clusters, &mut scope)
        });
        let integrations: Vec<_> = integrations.collect();
        served.table.check_variables(&integrations, &mut scope);
        Self {
            name: written.stage_name.clone(),
            side: side.name.clone(),
            canary: None,
            canary_side: None,
            deployment_id: side.deployment_id.map(str::to_owned),
            variables: side.variables.clone().into_owned(),
            table: Rc::clone(&served.table),
            integrations,
            web_acl: None,
            places: limits.places,
            access_log: None,
            openings: limits.openings,
            throttles: limits.throttles,
            levels: execution::levels(written, &served.table),
        }
    }

    /// How fast a route may be called, by its place; none where nothing says so.
    #[must_use]
    pub fn throttle(&self, route: usize) -> Option<&Throttle> {
        self.throttles.get(route)?.as_ref()
    }

    /// What of a route's requests is logged, by its place; none where nothing is.
    #[must_use]
    pub fn execution_log(&self, route: usize) -> Option<Level> {
        self.levels.get(route).copied().flatten()
    }

    /// What stands before the path of a route: nothing for `$default`, else `/` and the stage's name.
    #[must_use]
    pub fn prefix(&self) -> String {
        if self.name == "$default" { String::new() } else { format!("/{}", self.name) }
    }
}
