//! What a document says of an API, for people who want to try it.

use crate::top::page::label;
use sekisho::gateway::config::{Api, AuthorizationType, Config, ProtocolType, Route, Stage, Throttle};
use serde_json::{Value, json};

/// What a route's parameters stand for in the lines that are shown.
const PARAMETER: &str = "1";

/// What the page shows of a document that a gateway serves at an address such as `http://127.0.0.1:8080`: its APIs, their stages
/// and routes, what each route needs, and a line for a shell that asks it. `body` knows a JSON body for a route's key.
#[must_use]
pub fn describe(config: &Config, gateway: &str, body: &dyn Fn(&str) -> Option<String>) -> Value {
    let default = config.default_api_id.as_deref().or(match config.apis.as_slice() {
        [one] => Some(one.api_id.as_str()),
        _ => None,
    });
    let api = |api: &Api| {
        let host = (default != Some(api.api_id.as_str())).then(|| format!("{}.localhost", api.api_id));
        let stages = api.stages.iter().map(|stage| {
            let routes = api.routes.iter().map(|route| {
                let asked = Asked { gateway, host: host.as_deref(), stage: &stage.stage_name };
                json!({
                    "key": route.route_key,
                    // As its figures are named.
                    "figures": label(&route.route_key),
                    "needs": needs(config, api, stage, route),
                    "curl": asked.curl(route, body(&route.route_key).as_deref()),
                })
            });
            json!({
                "name": stage.stage_name, "figures": label(&stage.stage_name),
                "webAcl": stage.web_acl_arn, "routes": routes.collect::<Vec<_>>(),
            })
        });
        let protocol = match api.protocol_type {
            ProtocolType::Http => "HTTP API",
            ProtocolType::Rest => "REST API",
            ProtocolType::Websocket => "WebSocket API",
        };
        json!({
            "id": api.api_id, "figures": label(&api.api_id), "name": api.name, "protocol": protocol,
            "stages": stages.collect::<Vec<_>>(),
        })
    };
    json!({ "gateway": gateway, "apis": config.apis.iter().map(api).collect::<Vec<_>>() })
}

/// What a request must have, and how many there may be; in words.
fn needs(config: &Config, api: &Api, stage: &Stage, route: &Route) -> Vec<String> {
    let mut needs = Vec::new();
    let by = route.authorizer_id.as_deref().map_or_else(String::new, |id| format!(" ({id})"));
    match route.authorization_type {
        None | Some(AuthorizationType::None) => {}
        Some(AuthorizationType::Jwt) => needs.push(format!("a token{by}")),
        Some(AuthorizationType::Custom) => needs.push(format!("the authorizer's word{by}")),
        Some(AuthorizationType::AwsIam) => needs.push("a signature of AWS credentials".to_owned()),
        Some(AuthorizationType::CognitoUserPools) => needs.push(format!("a token of a user pool{by}")),
    }
    if !route.authorization_scopes.is_empty() {
        needs.push(format!("one of the scopes {}", route.authorization_scopes.join(", ")));
    }
    if route.api_key_required == Some(true) {
        needs.push("an API key".to_owned());
        needs.extend(plans(config, api, stage));
    }
    let own = stage.route_settings.get(&route.route_key);
    let settings = [own, stage.default_route_settings.as_ref()];
    let of = |limit: fn(&sekisho::gateway::config::RouteSettings) -> Option<String>| {
        settings.into_iter().flatten().find_map(limit)
    };
    needs.extend(of(|it| it.throttling_rate_limit.map(|rate| format!("at most {rate} requests a second"))));
    needs.extend(of(|it| it.throttling_burst_limit.map(|burst| format!("at most {burst} at once"))));
    if needs.is_empty() {
        needs.push("nothing".to_owned());
    }
    needs
}

/// What usage plans of the stage allow each key.
fn plans(config: &Config, api: &Api, stage: &Stage) -> Vec<String> {
    let is_of = |plan: &&sekisho::gateway::config::UsagePlan| {
        plan.api_stages.iter().any(|of| of.api_id == api.api_id && of.stage == stage.stage_name)
    };
    let plan = |plan: &sekisho::gateway::config::UsagePlan| {
        let rate = |it: &Throttle| it.rate_limit.map(|rate| format!(" {rate} requests a second"));
        let rate = plan.throttle.as_ref().and_then(rate).unwrap_or_default();
        let quota = plan.quota.as_ref().map_or_else(String::new, |quota| format!(" {} in all", quota.limit));
        format!("plan {}:{rate}{quota}", plan.id)
    };
    config.usage_plans.iter().filter(is_of).map(plan).collect()
}

/// Where a stage is asked.
struct Asked<'a> {
    gateway: &'a str,
    host: Option<&'a str>,
    stage: &'a str,
}

// === impl Asked ===

impl Asked<'_> {
    /// The line a person would type.
    fn curl(&self, route: &Route, body: Option<&str>) -> String {
        let (method, path) = route.route_key.split_once(' ').unwrap_or(("ANY", "/"));
        let stage = if self.stage == "$default" { String::new() } else { format!("/{}", self.stage) };
        let mut line = "curl -i".to_owned();
        let mut header = |header: &str| line.push_str(&format!(" -H {}", quoted(header)));
        if let Some(host) = self.host {
            header(&format!("host: {host}"));
        }
        if !matches!(route.authorization_type, None | Some(AuthorizationType::None)) {
            header("authorization: Bearer …");
        }
        if route.api_key_required == Some(true) {
            header("x-api-key: …");
        }
        if body.is_some() {
            header("content-type: application/json");
        }
        if let Some(body) = body {
            line.push_str(&format!(" -d {}", quoted(body)));
        }
        if !matches!(method, "GET" | "ANY") {
            line.push_str(&format!(" -X {}", quoted(method)));
        }
        // `-g`: brackets and braces are themselves.
        format!("{line} -g {}", quoted(&format!("{}{stage}{}", self.gateway, filled(path))))
    }
}

/// A path with values for its parameters.
fn filled(path: &str) -> String {
    let segment = |segment: &str| {
        if segment.starts_with('{') && segment.ends_with('}') {
            PARAMETER.to_owned()
        } else {
            segment.to_owned()
        }
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// A word for a shell, whatever is in it.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b':' | b'.' | b'-' | b'_');
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
