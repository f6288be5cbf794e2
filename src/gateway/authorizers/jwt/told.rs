//! What is told of a token to somebody who watches (`sekisho explain`): each check by itself, where the gateway stops at
//! the first that fails. Nothing here decides anything, and no signature is shown.

use super::keys::{Found, KeySource};
use super::refusal::Refusal;
use super::token::{Claims, Token, json};
use super::{Issuer, JwtAuthorizer, audience, expiry, not_before};
use crate::gateway::authorizers::signature::Algorithm;
use crate::gateway::flow::CalloutReply;
use crate::gateway::notes::{Note, Outcome};
use crate::gateway::rejection::Rejection;
use crate::gateway::request::Request;
use crate::gateway::worker::Signer;
use crate::gateway::{Env, Millis};
use time::OffsetDateTime;

/// What a token says, and which of it would be accepted. Nobody has verified its signature yet.
pub(super) fn token(text: &str, authorizer: &JwtAuthorizer, request: &Request, env: &Env<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    let parts: Vec<&str> = text.split('.').collect();
    let [header, payload, _] = parts.as_slice() else {
        let parts = format!("{} between full stops, and a signed token has 3", many(parts.len(), "part"));
        return vec![Note::failed("form", parts)];
    };
    match json(header) {
        Ok(header) => notes.extend(self::header(&header, &authorizer.algorithms)),
        Err(_) => notes.push(Note::failed("header", "it is not the base64url form of a JSON object")),
    }
    match json(payload) {
        Ok(claims) => notes.extend(self::claims(&claims, authorizer, request, env)),
        Err(_) => notes.push(Note::failed(
            "claims",
            "they are not the base64url form of a JSON object whose names stand once",
        )),
    }
    let told = |note: &Note| {
        note.outcome == Outcome::Failed && matches!(note.check, "header" | "algorithm" | "claims")
    };
    if let Err(refusal @ Refusal::Malformed) = Token::parse(text, &authorizer.algorithms)
        && !notes.iter().any(told)
    {
        let detail = format!("{}: it is too long, or its signature is not base64url", refusal.description());
        notes.push(Note::failed("form", detail));
    }
    notes
}

fn header(header: &Claims, accepted: &[Algorithm]) -> Vec<Note> {
    let named = header.text("alg").unwrap_or("nothing");
    let holds = accepted.iter().any(|algorithm| algorithm.name() == named);
    let accepted = list(accepted.iter().map(|algorithm| algorithm.name()));
    let kid = match header.text("kid") {
        Some(kid) => Note::passed("kid", format!("`{kid}`")),
        None => Note::failed("kid", "the header names no key"),
    };
    let mut notes = vec![
        Note::fact("header", print(header)),
        Note::judged("algorithm", holds, format!("`{named}`; accepted: {accepted}")),
        kid,
    ];
    let refused = super::token::REFUSED_MEMBERS.iter().filter(|name| header.get(name).is_some());
    let refused = refused.map(|name| {
        Note::failed(
            "header",
            format!("`{name}`: a token must not bring its own key or change what is signed"),
        )
    });
    notes.extend(refused);
    notes
}

fn claims(claims: &Claims, authorizer: &JwtAuthorizer, request: &Request, env: &Env<'_>) -> Vec<Note> {
    let issuer = authorizer.issuer(claims).ok().map(|(_, issuer)| issuer);
    let accepted = list(authorizer.issuers.iter().map(|issuer| issuer.name.as_str()));
    let claimed = claimed(claims, "iss");
    let mut notes = vec![
        Note::fact("claims", print(claims)),
        Note::judged("issuer", issuer.is_some(), format!("{claimed}; accepted: {accepted}")),
    ];
    notes.extend(issuer.map(|issuer| audience_of(claims, issuer)));
    let expires = expiry(claims, env);
    notes.push(Note::judged("exp", expires.is_ok(), moment(claims, "exp", env.wall)));
    for name in ["nbf", "iat"] {
        if claims.get(name).is_some() {
            let holds = not_before(claims, name, env).is_ok();
            notes.push(Note::judged(name, holds, moment(claims, name, env.wall)));
        }
    }
    if let Some((_, route)) = &request.route
        && !route.scopes.is_empty()
    {
        let carried = super::claims::Bearer::new(claims);
        let needed = list(route.scopes.iter().map(String::as_str));
        let has = list(carried.scopes.iter().map(String::as_str));
        let detail = format!("carried: {has}; one of these is needed: {needed}");
        notes.push(Note::judged("scopes", carried.has_one_of(&route.scopes), detail));
    }
    notes
}

fn audience_of(claims: &Claims, issuer: &Issuer) -> Note {
    let source = if claims.get("aud").is_some() { "aud" } else { "client_id" };
    let accepted = list(issuer.audience.iter().map(String::as_str));
    let detail = format!("`{source}` is {}; accepted: {accepted}", claimed(claims, source));
    Note::judged("audience", audience(claims, issuer).is_ok(), detail)
}

/// Where the keys come from.
pub(super) fn keys(source: &KeySource, found: &Result<Found, Refusal>) -> Note {
    match (found, source) {
        (Ok(Found::Keys(_)), KeySource::Inline(_)) => Note::passed("keys", "in the document"),
        (Ok(Found::Keys(_)), _) => Note::passed("keys", format!("known already, from {}", place(source))),
        (Ok(Found::Ask(..)), _) => Note::fact("keys", format!("not known yet: {} is asked", place(source))),
        (Err(refusal), _) => Note::failed("keys", format!("{}: {}", place(source), refusal.description())),
    }
}

/// What the answer to a question for keys taught.
pub(super) fn learned(reply: &CalloutReply, found: &Result<Found, Refusal>) -> Note {
    let answer = match reply {
        CalloutReply::Answered { status, body, .. } => {
            format!("the answer is {status} with {}", many(body.len(), "byte"))
        }
        CalloutReply::Failed => "there is no answer".to_owned(),
        CalloutReply::TooLarge => "the answer is too large".to_owned(),
        CalloutReply::TooMany => "too many questions are on their way".to_owned(),
    };
    match found {
        Ok(Found::Keys(_)) => Note::passed("keys", format!("{answer}: the keys are known now")),
        Ok(Found::Ask(callout, _)) => {
            Note::passed("discovery", format!("{answer}, and says that `{}` has the keys", callout.cluster))
        }
        Err(refusal) => Note::failed("keys", format!("{answer}: {}", refusal.description())),
    }
}

/// What became of the signature.
pub(super) fn signature(token: &Token<'_>, signer: &Result<Signer, Rejection>) -> Note {
    let (kid, algorithm) = (&token.kid, token.algorithm.name());
    match signer {
        Ok(Signer::Key(_)) => Note::passed("signature", format!("valid by the key `{kid}`")),
        Ok(Signer::Secret) => Note::passed("signature", "valid by the secret"),
        Err(Rejection::InvalidToken(Refusal::UnknownKey)) => {
            Note::failed("signature", format!("the issuer has no key `{kid}` for {algorithm}"))
        }
        Err(Rejection::InvalidToken(_)) => {
            Note::failed("signature", format!("not that of the key `{kid}` over this header and payload"))
        }
        Err(_) => Note::failed("signature", format!("nothing here can verify {algorithm}; Envoy can")),
    }
}

fn place(source: &KeySource) -> String {
    match source {
        KeySource::Inline(_) => "the document".to_owned(),
        KeySource::Uri(at) | KeySource::Discovery { document: at, .. } => format!("`{}`", at.url()),
    }
}

fn claimed(claims: &Claims, name: &str) -> String {
    match claims.get(name) {
        None => "absent".to_owned(),
        Some(serde_json::Value::String(text)) => format!("`{text}`"),
        Some(value) => format!("`{value}`"),
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn print(claims: &Claims) -> String {
    let members: Vec<_> = claims
        .0
        .iter()
        .map(|(name, value)| format!("{}:{value}", serde_json::Value::from(name.as_str())))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// A time and how far it is from now: `2023-11-14T22:13:20Z, 3 minutes ago`.
fn moment(claims: &Claims, name: &str, now: Millis) -> String {
    let seconds = match claims.seconds(name) {
        Ok(Some(seconds)) => seconds,
        Ok(None) => return "absent".to_owned(),
        Err(_) => return format!("{} is not a number of seconds", claimed(claims, name)),
    };
    // Far beyond the calendar a float saturates.
    let Ok(at) = OffsetDateTime::from_unix_timestamp(seconds as i64) else { return format!("{seconds} s") };
    let (date, time) = (at.date(), at.time());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    let away = seconds - now.0 as f64 / 1000.0;
    let far = span(away.abs());
    let relation = if away > 0.0 { format!("in {far}") } else { format!("{far} ago") };
    format!("{date}T{hour:02}:{minute:02}:{second:02}Z, {relation}")
}

fn span(seconds: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(86_400.0, "day"), (3_600.0, "hour"), (60.0, "minute"), (1.0, "second")];
    let (size, unit) = UNITS.into_iter().find(|(size, _)| seconds >= *size).unwrap_or((1.0, "second"));
    many((seconds / size) as usize, unit)
}

fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
