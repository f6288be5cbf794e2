//! Cognito user pools.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html>
//!
//! Tokens are verified as those of a JWT authorizer are; what they must claim, and how claims are shown, is the pools' own.
//! Which app clients a pool has is not known here: whatever the pool issued is its own, unless the document says more.

use super::jwt::claims::Bearer;
use super::jwt::refusal::Refusal;
use super::jwt::token::Claims;
use super::jwt::{self, Issuer, JwtAuthorizer, lifetime};
use super::principal::Principal;
use super::{Opinion, Pending};
use crate::gateway::Env;
use crate::gateway::flow::CalloutReply;
use crate::gateway::regex::Regex;
use crate::gateway::rejection::Rejection;
use crate::gateway::request::Request;
use serde_json::Value;
use time::OffsetDateTime;

/// A compiled Cognito authorizer.
#[derive(Debug)]
pub struct CognitoAuthorizer {
    /// Whose tokens are accepted: one issuer for each pool.
    pub tokens: JwtAuthorizer,
}

/// What the tokens of user pools must claim.
#[derive(Debug)]
pub struct UserPools {
    /// What `aud` must match in full. Access tokens have no `aud`: they are refused, as AWS documents.
    pub audience_expression: Option<Regex>,
}

/// The two kinds of tokens that open a route.
const ID: &str = "id";
const ACCESS: &str = "access";

// === impl CognitoAuthorizer ===

impl CognitoAuthorizer {
    /// Decides what can be decided with the keys at hand.
    ///
    /// # Errors
    /// If the token is refused.
    pub fn begin(&self, request: &Request, env: &Env<'_>) -> Result<Opinion, Rejection> {
        judge(self.tokens.begin(request, env), request)
    }

    /// Goes on with the answer in hand.
    ///
    /// # Errors
    /// If the token is refused, or no key was had.
    pub fn finish(
        &self,
        pending: jwt::Pending,
        reply: &CalloutReply,
        request: &Request,
        env: &Env<'_>,
    ) -> Result<Opinion, Rejection> {
        judge(self.tokens.finish(pending, reply, request, env), request)
    }
}

/// A route without scopes wants an ID token, one with scopes an access token. That is the route's matter, not the token's: a
/// verified token is remembered for every route.
fn judge(opinion: Result<Opinion, Rejection>, request: &Request) -> Result<Opinion, Rejection> {
    let opinion = opinion.map_err(|rejection| match rejection {
        Rejection::InvalidToken(Refusal::Expired) => Rejection::ExpiredToken,
        other => other,
    })?;
    let bearer = match &opinion {
        Opinion::Ask(_, Pending::Keys(_)) => return Ok(opinion),
        Opinion::Known(Principal::Bearer(bearer), _) => bearer,
        Opinion::Known(Principal::Allowed(_) | Principal::Caller(_), _)
        | Opinion::Ask(_, Pending::Lambda(_) | Pending::Signature(_))
        | Opinion::Body(_) => return Err(Rejection::Internal),
    };
    let (_, route) = request.route.as_ref().ok_or(Rejection::Internal)?;
    let wanted = if route.scopes.is_empty() { ID } else { ACCESS };
    if bearer.claim("token_use") != Some(wanted) {
        return Err(Rejection::InvalidToken(Refusal::TokenUse));
    }
    Ok(opinion)
}

// === impl UserPools ===

impl UserPools {
    /// Checks what a verified token claims; its time of expiry, in seconds.
    ///
    /// # Errors
    /// What it does not claim.
    pub fn check(&self, claims: &Claims, issuer: &Issuer, env: &Env<'_>) -> Result<f64, Refusal> {
        let client = match claims.text("token_use") {
            Some(ID) => claims.text("aud"),
            Some(ACCESS) => claims.text("client_id"),
            Some(_) | None => return Err(Refusal::TokenUse),
        };
        let client = client.ok_or(Refusal::Audience)?;
        if !issuer.audience.is_empty() && !issuer.audience.iter().any(|accepted| accepted == client) {
            return Err(Refusal::Audience);
        }
        let matches = |expression: &Regex| claims.text("aud").is_some_and(|aud| expression.is_match(aud));
        if !self.audience_expression.as_ref().is_none_or(matches) {
            return Err(Refusal::Audience);
        }
        lifetime(claims, env)
    }

    /// Who a token is of, its claims printed as REST APIs print those of a user pool. Cognito's scopes stand in `scope` alone.
    #[must_use]
    pub fn bearer(claims: &Claims) -> Bearer {
        let printed = claims.0.iter().map(|(name, value)| (name.clone(), print(name, value))).collect();
        let scopes = claims.text("scope").unwrap_or_default().split_ascii_whitespace();
        Bearer { claims: printed, scopes: scopes.map(str::to_owned).collect() }
    }
}

/// `exp` and `iat` are dates, lists are joined by commas, the rest is JSON.
fn print(name: &str, value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(seconds) if matches!(name, "exp" | "iat") => {
            seconds.as_i64().and_then(date).unwrap_or_else(|| seconds.to_string())
        }
        Value::Array(items) => items.iter().map(|item| print("", item)).collect::<Vec<_>>().join(","),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// As Java prints a date: `Fri Jul 29 18:52:53 UTC 2016`.
fn date(seconds: i64) -> Option<String> {
    let at = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    let (weekday, month) = (at.weekday().to_string(), at.month().to_string());
    Some(format!(
        "{} {} {:02} {:02}:{:02}:{:02} UTC {:04}",
        weekday.get(..3)?,
        month.get(..3)?,
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.year()
    ))
}

#[cfg(test)]
mod tests;
