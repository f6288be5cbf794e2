//! Resource policies of REST APIs, and how they are joined with what an authorizer says.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html>

use super::principal::Principal;
use crate::gateway::config::AuthorizationType;
use crate::gateway::policy::Verdict;
use crate::gateway::rejection::{Denial, Rejection};
use crate::gateway::request::Request;

/// Before anybody is asked: an explicit denial ends the request.
///
/// # Errors
/// If the policy denies it.
pub fn before(_request: &Request, _authorization: AuthorizationType) -> Result<(), Rejection> {
    Ok(())
}

/// Where nobody is asked: the policy, if there is one, must allow the request.
///
/// # Errors
/// If it does not.
pub fn alone(_request: &Request) -> Result<(), Rejection> {
    Ok(())
}

/// Where somebody was asked.
///
/// # Errors
/// If the two together do not allow the request.
pub fn joined(
    _request: &Request,
    _authorization: AuthorizationType,
    _principal: &Principal,
    identity: Verdict,
) -> Result<(), Rejection> {
    match identity {
        Verdict::Allow => Ok(()),
        Verdict::Silent => Err(Rejection::AccessDenied(Denial::Implicit)),
        Verdict::Deny => Err(Rejection::AccessDenied(Denial::Explicit)),
    }
}
