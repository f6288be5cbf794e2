//! A request's arrival: from its head to authorization, in order.

use crate::gateway::Env;
use crate::gateway::authorizers::{self, Decision};
use crate::gateway::canary::Canary;
use crate::gateway::client_cert::ClientCert;
use crate::gateway::config::ProtocolType;
use crate::gateway::execution_log::Trace;
use crate::gateway::flow::Answer;
use crate::gateway::rejection::Rejection;
use crate::gateway::request::Request;
use crate::gateway::{domains, limits, stages};
use std::rc::Rc;

/// From the head to the stage.
pub(super) fn arrive(request: &mut Request, env: &Env<'_>) -> Result<(), Rejection> {
    request.host = domains::host(request.head.first(b":authority").unwrap_or_default())?;
    let domain = request.gateway.domains.of_host(&request.host).map(Rc::clone);
    match &domain {
        Some(domain) => domains::custom::enter(domain, request, env)?,
        None => {
            let api = domains::api(&request.gateway, &request.host)?;
            request.api = Some(Rc::clone(&api));
            domains::check_endpoint(&api)?;
        }
    }
    // Who is refused for his head is refused at a stage all the same, which counts him and logs him.
    let head = check_head(request, env);
    let stage = if domain.is_some() { Ok(()) } else { enter_stage(request) };
    head.and(stage)
}

/// What is refused whatever the path says.
fn check_head(request: &mut Request, env: &Env<'_>) -> Result<(), Rejection> {
    limits::check(request)?;
    request.client_cert = ClientCert::of(&request.head, env)?;
    check_upgrade(request)
}

/// Finds the stage of a path that begins with its name.
fn enter_stage(request: &mut Request) -> Result<(), Rejection> {
    let path = request.read_path()?;
    let api = request.api.as_ref().ok_or(Rejection::Internal)?;
    let (stage, path) = stages::stage(api, path)?;
    request.stage = Some(stage);
    request.path = Some(path);
    Ok(())
}

/// From the stage to authorization: who is asked, and in which order.
pub(super) fn select(request: &mut Request, env: &Env<'_>) -> Result<Decision, Rejection> {
    choose_side(request, |canary, request| canary.takes(request, env) == Some(true));
    let (Some(stage), Some(path)) = (&request.stage, &request.path) else { return Err(Rejection::Internal) };
    let route = stage.table.select(request.method(), path);
    request.route = Some(route.ok_or(Rejection::UnknownRoute)?);
    request.trace = Trace::begin(request);
    authorizers::begin(request, env)
}

/// Lets a stage's canary take the request, if it is the canary's. From now on the request counts for its side.
pub(super) fn choose_side(request: &mut Request, takes: impl FnOnce(&Canary, &Request) -> bool) {
    let Some(stage) = &request.stage else { return };
    let Some(canary) = &stage.canary else { return };
    let side = Rc::clone(if takes(canary, request) { &canary.side } else { stage });
    request.uncounted_side = Some(Rc::clone(&side));
    request.stage = Some(side);
}

/// The answer to a preflight, where the API has CORS.
pub(super) fn preflight(request: &Request) -> Option<Answer> {
    let mut answer = request.cors()?.preflight(request)?;
    answer.headers.extend(request.ids.headers(request.protocol()).chain(request.vary_header([])));
    Some(answer)
}

/// Whether the head announces a body.
fn tells_body(request: &Request) -> bool {
    request.head.first(b"transfer-encoding").is_some()
        || request.head.all(b"content-length").any(|length| length.iter().any(|digit| *digit != b'0'))
}

/// Refuses an upgrade on a REST API, which does not pass `upgrade` on. Envoy reads what follows such a head as bytes of the
/// new protocol, and sends them as they are: to the backend, which sees no `upgrade`, they would be further requests, and
/// nobody would have checked them. An HTTP API passes WebSocket connections on and no other protocol: of HTTP in another version
/// the same would be true. A connection that says it has a body too is refused: rules of web ACLs are told that it has none.
fn check_upgrade(request: &Request) -> Result<(), Rejection> {
    let is_websocket = |value: &[u8]| value.eq_ignore_ascii_case(b"websocket");
    match request.protocol() {
        _ if !request.asks_upgrade() => Ok(()),
        ProtocolType::Http | ProtocolType::Websocket
            if request.head.only(b"upgrade").is_some_and(is_websocket) && !tells_body(request) =>
        {
            Ok(())
        }
        ProtocolType::Rest | ProtocolType::Http | ProtocolType::Websocket => Err(Rejection::Upgrade),
    }
}
