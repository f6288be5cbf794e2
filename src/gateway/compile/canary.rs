//! Compiles a stage's canary: how its side is chosen, and that no client can choose a weaker one.

use super::api::Stage;
use super::integration::expand;
use super::pattern::pattern;
use super::scope::Scope;
use super::weaker::{TOO_MANY, weaker};
use crate::gateway::canary::{Canary, Match, Pattern, Place, Share, StickyKey};
use crate::gateway::config::{self, CanaryMatch, CanarySettings, NamedMatch};
use std::rc::Rc;

/// Compiles the settings; `side` is the canary's side of `stage`. What cannot be goes to the diagnostics.
pub(super) fn compile(
    api: &config::Api,
    written: &CanarySettings,
    stage: &Stage,
    side: Rc<Stage>,
    scope: &mut Scope<'_>,
) -> Option<Canary> {
    let percent = written.percent_traffic.unwrap_or(0.0);
    let share = Share::of_percent(percent);
    if share.is_none() {
        scope.error("percentTraffic", format!("{percent} is not from 0 to 100"));
    }
    // Which of them fits does not matter: each of them chooses the canary.
    let mut matches = Vec::new();
    for (i, written) in written.matches.iter().enumerate() {
        matches.extend(compile_match(written, &mut scope.below(&format!("match[{i}]"))));
    }
    let sticky = written.sticky_key.as_deref().and_then(|text| sticky_key(text, scope));
    if matches!(sticky, Some(StickyKey::Claim(_))) && stage.deployment_id != side.deployment_id {
        scope
            .error("stickyKey", "a claim is known once the deployment's authorizer has believed it: too late to choose another deployment")
            .help("let both sides serve one deployment, or name a header, a cookie or `$context.identity.sourceIp`");
    }
    let chosen_by_clients = !matches.is_empty() || matches!(sticky, Some(StickyKey::Sent(_)));
    if chosen_by_clients && written.allow_weaker_auth != Some(true) {
        let [before, after] = [stage, &side].map(|side| authorizers(api, side.deployment_id.as_deref()));
        let same = |id: &str| {
            let [before, after] = [before, after].map(|list| list.iter().find(|it| it.authorizer_id == id));
            let uri = before.and_then(|it| it.authorizer_uri.as_deref());
            // A variable of the stage may name somebody else on each side.
            before == after
                && uri.is_none_or(|uri| expand(uri, &stage.variables) == expand(uri, &side.variables))
        };
        for it in weaker(&stage.table, &side.table, api.protocol_type, &same) {
            let problem = format!("clients can choose the canary, and there `{}` {}", it.route, it.what);
            scope.error("deploymentId", problem).help(if it.what == TOO_MANY {
                "let fewer routes differ from the stage's, or write `\"allowWeakerAuth\": true` if weaker authorization is meant"
            } else {
                "let its authorization be as strong, or write `\"allowWeakerAuth\": true` if this is meant"
            });
        }
    }
    let salt = format!("sekisho canary\0{}\0{}\0", api.api_id, stage.name).into_bytes();
    Some(Canary { side, matches, sticky, share: share?, salt })
}

/// The authorizers of what a side serves.
fn authorizers<'c>(api: &'c config::Api, deployment_id: Option<&str>) -> &'c [config::Authorizer] {
    let Some(id) = deployment_id else { return &api.authorizers };
    let found = api.deployments.iter().find(|deployment| deployment.deployment_id == id);
    found.map_or(&[], |deployment| &deployment.authorizers)
}

fn compile_match(written: &CanaryMatch, scope: &mut Scope<'_>) -> Option<Match> {
    let (place, named, member) = match (&written.header, &written.cookie) {
        (Some(header), None) => (Place::Header(header.name.to_ascii_lowercase()), header, "header"),
        (None, Some(cookie)) => (Place::Cookie(cookie.name.clone()), cookie, "cookie"),
        (Some(_), Some(_)) | (None, None) => {
            scope
                .error("", "a match is a header or a cookie")
                .help("`{\"header\": {\"name\": \"x-canary\", \"exact\": \"on\"}}`");
            return None;
        }
    };
    let mut scope = scope.below(member);
    let (Place::Header(name) | Place::Cookie(name)) = &place;
    check_name(name, "name", &mut scope);
    Some(Match { place, value: value(named, &mut scope)? })
}

fn check_name(name: &str, at: &str, scope: &mut Scope<'_>) {
    // A cookie's name is a token too (RFC 6265, 4.1.1).
    let _ = scope.header_name(at, name);
}

fn value(named: &NamedMatch, scope: &mut Scope<'_>) -> Option<Pattern> {
    match (&named.exact, &named.prefix, &named.regex) {
        (Some(text), None, None) => Some(Pattern::Exact(text.clone())),
        (None, Some(text), None) => Some(Pattern::Prefix(text.clone())),
        (None, None, Some(expression)) => pattern(expression, "regex", scope).map(Pattern::Regex),
        _ => {
            scope
                .error("", "a value is matched by exactly one of `exact`, `prefix` and `regex`")
                .help("`{\"name\": \"x-canary\", \"exact\": \"on\"}`");
            None
        }
    }
}

fn sticky_key(text: &str, scope: &mut Scope<'_>) -> Option<StickyKey> {
    const AT: &str = "stickyKey";
    let key = if let Some(name) = text.strip_prefix("$request.header.") {
        check_name(name, AT, scope);
        Some(StickyKey::Sent(Place::Header(name.to_ascii_lowercase())))
    } else if let Some(name) = text.strip_prefix("$request.cookie.") {
        check_name(name, AT, scope);
        Some(StickyKey::Sent(Place::Cookie(name.to_owned())))
    } else if text == "$context.identity.sourceIp" {
        scope.want_source_address();
        Some(StickyKey::SourceIp)
    } else {
        let claim = text.strip_prefix("$context.authorizer.claims.").filter(|name| !name.is_empty());
        claim.map(|name| StickyKey::Claim(name.to_owned()))
    };
    if key.is_none() {
        scope.error(AT, format!("`{text}` cannot keep a user on one side")).help(
            "`$request.header.NAME`, `$request.cookie.NAME`, `$context.identity.sourceIp` or `$context.authorizer.claims.NAME`",
        );
    }
    key
}

#[cfg(test)]
mod tests;
