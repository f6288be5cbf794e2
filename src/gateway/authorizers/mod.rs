//! Who may call a route.
//!
//! JWT authorizers are all there are yet: every other kind is an error of the document. A question to somebody else is a
//! pair: [`begin`] asks, [`finish`] goes on with the answer in hand.

pub mod der;
pub mod identity;
pub mod jwt;
pub mod signature;
#[cfg(feature = "software-signatures")]
pub mod software;

use super::Env;
use super::config::AuthorizationType;
use super::flow::{Callout, CalloutReply};
use super::rejection::Rejection;
use super::request::Request;
use jwt::claims::Principal;
use jwt::{JwtAuthorizer, Pending};
use std::rc::Rc;

/// A compiled authorizer.
#[derive(Debug)]
pub enum Authorizer {
    /// JSON web tokens.
    Jwt(JwtAuthorizer),
}

/// A request that passed its route's authorization. Only this module makes one.
#[derive(Debug)]
pub struct Authorized {
    principal: Option<Rc<Principal>>,
}

// === impl Authorized ===

impl Authorized {
    /// Who it comes from, where somebody was asked.
    #[must_use]
    pub fn principal(&self) -> Option<Rc<Principal>> {
        self.principal.clone()
    }
}

/// What can be said of a request now.
#[derive(Debug)]
pub enum Decision {
    /// It may go on.
    Authorized(Authorized),
    /// Somebody must be asked first.
    Ask(Callout, Pending),
}

/// Decides what can be decided now.
///
/// # Errors
/// If the route's authorization refuses the request, or cannot be carried out.
pub fn begin(request: &Request, env: &Env<'_>) -> Result<Decision, Rejection> {
    let (_, route) = request.route.as_ref().ok_or(Rejection::Internal)?;
    match (route.authorization, route.authorizer.as_deref()) {
        (AuthorizationType::None, None) => Ok(authorized(None)),
        (AuthorizationType::Jwt, Some(Authorizer::Jwt(jwt))) => decide(jwt.begin(request, env)?, request),
        // Compiling refuses these; a request that meets one all the same is refused too.
        (
            AuthorizationType::None
            | AuthorizationType::Jwt
            | AuthorizationType::Custom
            | AuthorizationType::AwsIam
            | AuthorizationType::CognitoUserPools,
            _,
        ) => Err(Rejection::Internal),
    }
}

/// Goes on with the answer to the question of [`begin`].
///
/// # Errors
/// If the answer refuses the request, or there was none.
pub fn finish(
    pending: Pending,
    reply: CalloutReply,
    request: &Request,
    env: &Env<'_>,
) -> Result<Decision, Rejection> {
    let (_, route) = request.route.as_ref().ok_or(Rejection::Internal)?;
    match route.authorizer.as_deref() {
        Some(Authorizer::Jwt(jwt)) => decide(jwt.finish(pending, reply, request, env)?, request),
        None => Err(Rejection::Internal),
    }
}

/// A verified token must carry one of the route's scopes.
fn decide(verdict: jwt::Verdict, request: &Request) -> Result<Decision, Rejection> {
    let (_, route) = request.route.as_ref().ok_or(Rejection::Internal)?;
    match verdict {
        jwt::Verdict::Ask(callout, pending) => Ok(Decision::Ask(callout, pending)),
        jwt::Verdict::Known(principal) if principal.has_one_of(&route.scopes) => {
            Ok(authorized(Some(principal)))
        }
        jwt::Verdict::Known(_) => Err(Rejection::InsufficientScope),
    }
}

fn authorized(principal: Option<Rc<Principal>>) -> Decision {
    Decision::Authorized(Authorized { principal })
}
