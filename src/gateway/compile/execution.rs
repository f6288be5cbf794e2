//! Compiles what of each method is logged on its way.

use super::routes::RouteTable;
use super::scope::Scope;
use crate::gateway::config::{self, LoggingLevel, ProtocolType, RouteSettings};
use crate::gateway::execution_log::Level;

/// The level of each route of a stage, by its place: its own settings say it, else the stage's. None where nothing is logged.
pub(super) fn levels(stage: &config::Stage, table: &RouteTable) -> Vec<Option<Level>> {
    let default = stage.default_route_settings.as_ref();
    let routes = table.iter().map(|route| {
        let own = stage.route_settings.get(&route.key);
        let first = |settings: Option<&RouteSettings>| settings.and_then(|settings| settings.logging_level);
        let data =
            |settings: Option<&RouteSettings>| settings.and_then(|settings| settings.data_trace_enabled);
        let data = data(own).or(data(default)).unwrap_or(false);
        match first(own).or(first(default)) {
            None | Some(LoggingLevel::Off) => None,
            Some(LoggingLevel::Error) => Some(Level { info: false, data }),
            Some(LoggingLevel::Info) => Some(Level { info: true, data }),
        }
    });
    routes.collect()
}

/// AWS refuses execution logs of HTTP APIs.
pub(super) fn check(stage: &config::Stage, protocol: ProtocolType, scope: &mut Scope<'_>) {
    match protocol {
        ProtocolType::Rest | ProtocolType::Websocket => return,
        ProtocolType::Http => {}
    }
    let default = stage.default_route_settings.iter().map(|it| ("defaultRouteSettings".to_owned(), it));
    let own = stage.route_settings.iter().map(|(key, it)| (format!("routeSettings[{key:?}]"), it));
    for (at, settings) in default.chain(own) {
        let is_on = !matches!(settings.logging_level, None | Some(LoggingLevel::Off));
        let traces = settings.data_trace_enabled == Some(true);
        for (member, _) in
            [("loggingLevel", is_on), ("dataTraceEnabled", traces)].into_iter().filter(|it| it.1)
        {
            scope
                .error(&format!("{at}.{member}"), "HTTP APIs have no execution logs")
                .help("they are a REST API's; `accessLogSettings` logs each request of an HTTP API");
        }
    }
}
