//! The routes of one deployment as run.

use super::authorizer::{self, Authorizers};
use super::scope::Scope;
use crate::gateway::authorizers::Authorizer;
use crate::gateway::config::{self, ApiKeySource, AuthorizationType, ProtocolType};
use crate::gateway::integrations::Integration;
use crate::gateway::routes::{Captures, RequestPath, RouteKey, Routes};
use hashbrown::HashMap;
use std::rc::Rc;

/// The routes of one deployment.
#[derive(Debug)]
pub struct RouteTable {
    /// Absent only where the document is refused.
    routes: Option<Routes>,
    list: Vec<Rc<Route>>,
}

/// A route as run.
#[derive(Debug)]
pub struct Route {
    /// `$default`, or a method and a path.
    pub key: String,
    /// Who may call.
    pub authorization: AuthorizationType,
    /// Who is asked; absent where anybody may call.
    pub authorizer: Option<Rc<Authorizer>>,
    /// Its id.
    pub authorizer_id: Option<String>,
    /// Of which a token must carry one.
    pub scopes: Vec<String>,
    /// Whether the request must come with an API key.
    pub api_key_required: bool,
    /// Which of the stage's integrations answers.
    pub integration: usize,
    names: Box<[String]>,
    at: usize,
}

// === impl RouteTable ===

impl RouteTable {
    /// Compiles routes; what cannot be goes to the diagnostics.
    pub(super) fn compile(
        api: &config::Api,
        routes: &[config::Route],
        integrations: &[config::Integration],
        authorizers: &Authorizers,
        scope: &mut Scope<'_>,
    ) -> Self {
        let protocol = api.protocol_type;
        let mut by_id = HashMap::new();
        for (i, integration) in integrations.iter().enumerate() {
            if by_id.insert(integration.integration_id.as_str(), i).is_some() {
                let problem = format!("the integration `{}` exists twice", integration.integration_id);
                scope.error(&format!("integrations[{i}].integrationId"), problem);
            }
        }
        let mut keys = Vec::with_capacity(routes.len());
        let mut list = Vec::with_capacity(routes.len());
        for (i, route) in routes.iter().enumerate() {
            let key = parse_key(route, protocol, i, scope);
            let integration = find_target(route, &by_id, i, scope);
            let authorizer = authorizer::of_route(route, authorizers, &format_args!("routes[{i}]"), scope);
            check_key_source(route, api, i, scope);
            if let (Some(key), Some(integration)) = (key, integration) {
                list.push(Rc::new(Route::new(route, &key, integration, authorizer, i)));
                keys.push(key);
            }
        }
        let routes = Routes::build(protocol, keys).map_err(|conflicts| {
            for conflict in conflicts {
                let at = list.get(conflict.second).map_or(0, |route| route.at);
                let diagnostic = scope.error(&format!("routes[{at}].routeKey"), conflict.problem);
                if let Some(help) = conflict.help {
                    diagnostic.help(help);
                }
            }
        });
        Self { routes: routes.ok(), list }
    }

    /// The route that answers a method and a path, and its place in the table.
    #[must_use]
    pub fn select(&self, method: &[u8], path: &RequestPath) -> Option<(usize, Rc<Route>)> {
        let index = self.routes.as_ref()?.select(method, path)?.route;
        Some((index, Rc::clone(self.list.get(index)?)))
    }

    /// The path variables of a route that [`RouteTable::select`] gave.
    #[must_use]
    pub fn captures<'a>(&'a self, route: usize, path: &'a RequestPath) -> Option<Captures<'a>> {
        Some(self.routes.as_ref()?.captures(route, path))
    }

    /// Every route, in its place.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.list.iter().map(Rc::as_ref)
    }

    /// Checks that each route has the path variables that its integration's URI names.
    pub(super) fn check_variables(&self, integrations: &[Integration], scope: &mut Scope<'_>) {
        for route in &self.list {
            let Some(Integration::HttpProxy(backend)) = integrations.get(route.integration) else { continue };
            let named = backend.uri.iter().flat_map(|uri| uri.variables());
            for name in named.filter(|name| !route.names.iter().any(|known| known == name)) {
                scope
                    .error(
                        &format!("routes[{}].target", route.at),
                        format!("the integration's URI names the path variable `{name}`, which `{}` does not have", route.key),
                    )
                    .suggest("a variable", name, route.names.iter().map(String::as_str));
            }
        }
    }
}

fn parse_key(
    route: &config::Route,
    protocol: ProtocolType,
    i: usize,
    scope: &mut Scope<'_>,
) -> Option<RouteKey> {
    match RouteKey::parse(&route.route_key, protocol) {
        Ok(key) => Some(key),
        Err(error) => {
            let diagnostic = scope.error(&format!("routes[{i}].routeKey"), error.problem);
            if let Some(help) = error.help {
                diagnostic.help(help);
            }
            None
        }
    }
}

/// Where authorizers say which key a caller has, a route that requires one asks an authorizer that can.
fn check_key_source(route: &config::Route, api: &config::Api, i: usize, scope: &mut Scope<'_>) {
    let by_authorizer = api.api_key_source == Some(ApiKeySource::Authorizer);
    let required = route.api_key_required.unwrap_or(false);
    if by_authorizer && required && route.authorization_type != Some(AuthorizationType::Custom) {
        let problem = "nobody could call the route: with `apiKeySource` `AUTHORIZER` only a Lambda authorizer says which key a caller has";
        scope
            .error(&format!("routes[{i}].apiKeyRequired"), problem)
            .help("ask a Lambda authorizer (`\"authorizationType\": \"CUSTOM\"`), or write `\"apiKeySource\": \"HEADER\"`");
    }
}

fn find_target(
    route: &config::Route,
    by_id: &HashMap<&str, usize>,
    i: usize,
    scope: &mut Scope<'_>,
) -> Option<usize> {
    let at = || format!("routes[{i}].target");
    let Some(target) = &route.target else {
        scope.error(&at(), "the route has no target").help("add `\"target\": \"integrations/ID\"`");
        return None;
    };
    let Some(id) = target.strip_prefix("integrations/") else {
        scope.error(&at(), format!("`{target}` is not `integrations/` and an integration's id"));
        return None;
    };
    let found = by_id.get(id).copied();
    if found.is_none() {
        scope.error(&at(), format!("no integration is named `{id}`")).suggest(
            "an integration",
            id,
            by_id.keys().copied(),
        );
    }
    found
}

// === impl Route ===

impl Route {
    fn new(
        written: &config::Route,
        key: &RouteKey,
        integration: usize,
        authorizer: Option<Rc<Authorizer>>,
        at: usize,
    ) -> Self {
        let names = match key {
            RouteKey::Default => Box::default(),
            RouteKey::Path { template, .. } => template.names().map(str::to_owned).collect(),
        };
        Self {
            key: written.route_key.clone(),
            authorization: written.authorization_type.unwrap_or(AuthorizationType::None),
            authorizer,
            authorizer_id: written.authorizer_id.clone(),
            scopes: written.authorization_scopes.clone(),
            api_key_required: written.api_key_required.unwrap_or(false),
            integration,
            names,
            at,
        }
    }

    /// Whether it is `$default`.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.key == "$default"
    }

    /// The path of its key: `/users/{id}`.
    #[must_use]
    pub fn resource_path(&self) -> &str {
        self.key.split_once(' ').map_or(self.key.as_str(), |(_, path)| path)
    }
}
