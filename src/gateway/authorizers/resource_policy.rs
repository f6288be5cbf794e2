//! Resource policies of REST APIs, and how they are joined with what an authorizer says.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html>

use super::iam::Caller;
use super::principal::Principal;
use crate::gateway::arn;
use crate::gateway::config::AuthorizationType;
use crate::gateway::notes::Note;
use crate::gateway::policy::{Asked, Policy, Verdict};
use crate::gateway::rejection::{Denial, Rejection};
use crate::gateway::request::Request;

/// What callers of an API do.
pub const INVOKE: &str = "execute-api:Invoke";

/// Before a Lambda authorizer is asked: an explicit denial ends the request. The others are asked first, because a policy may
/// name their callers; who they are is not known yet.
///
/// # Errors
/// If the policy denies it.
pub fn before(request: &Request, authorization: AuthorizationType) -> Result<(), Rejection> {
    match authorization {
        AuthorizationType::Custom => match attached(request, None, Policy::evaluate) {
            Verdict::Deny => Err(Rejection::ResourcePolicy(Denial::Explicit)),
            Verdict::Allow | Verdict::Silent => Ok(()),
        },
        AuthorizationType::None
        | AuthorizationType::Jwt
        | AuthorizationType::AwsIam
        | AuthorizationType::CognitoUserPools => Ok(()),
    }
}

/// Where nobody is asked: the policy, if there is one, must allow the request.
///
/// # Errors
/// If it does not.
pub fn alone(request: &Request) -> Result<(), Rejection> {
    if policy(request).is_none() {
        return Ok(());
    }
    required(attached(request, None, Policy::evaluate))
}

/// Where somebody was asked.
///
/// # Errors
/// If the two together do not allow the request.
pub fn joined(
    request: &Request,
    authorization: AuthorizationType,
    principal: &Principal,
    identity: Verdict,
) -> Result<(), Rejection> {
    match (authorization, principal) {
        // Without a policy of the API the token alone decides.
        (AuthorizationType::Jwt | AuthorizationType::CognitoUserPools, Principal::Bearer(_)) => {
            same_account(identity, Verdict::Silent)?;
            alone(request)
        }
        (AuthorizationType::Custom, Principal::Allowed(_)) => {
            same_account(identity, attached(request, None, Policy::evaluate))
        }
        (AuthorizationType::AwsIam, Principal::Caller(caller)) => of_caller(request, caller, identity),
        (
            AuthorizationType::None
            | AuthorizationType::Jwt
            | AuthorizationType::Custom
            | AuthorizationType::AwsIam
            | AuthorizationType::CognitoUserPools,
            Principal::Bearer(_) | Principal::Allowed(_) | Principal::Caller(_),
        ) => Err(Rejection::Internal),
    }
}

/// What the policies came to, for somebody who watches.
pub fn told(request: &Request, identity: Verdict, joined: &Result<(), Rejection>) -> Note {
    let identity = match identity {
        Verdict::Allow => "the identity is allowed",
        Verdict::Silent => "no policy of an identity says anything",
        Verdict::Deny => "the identity's policy denies",
    };
    let resource = match (policy(request), joined) {
        (None, _) => "the API has no resource policy",
        (Some(_), Ok(())) => "with the API's resource policy that is enough",
        (Some(_), Err(Rejection::ResourcePolicy(Denial::Explicit))) => "the API's resource policy denies",
        (Some(_), Err(_)) => "the API's resource policy does not allow it",
    };
    Note::judged("policies", joined.is_ok(), format!("{identity}; {resource}; {}", arn::of_request(request)))
}

fn of_caller(request: &Request, caller: &Caller, identity: Verdict) -> Result<(), Rejection> {
    let arn = Some(caller.user_arn.as_str());
    if caller.account_id != request.gateway.account_id {
        return cross_account(identity, attached(request, arn, Policy::evaluate));
    }
    same_account(identity, attached(request, arn, Policy::evaluate_by_name))
}

/// AWS's table A: one of the two is enough.
fn same_account(identity: Verdict, resource: Verdict) -> Result<(), Rejection> {
    match (identity, resource) {
        (_, Verdict::Deny) => Err(Rejection::ResourcePolicy(Denial::Explicit)),
        (Verdict::Deny, Verdict::Allow | Verdict::Silent) => Err(Rejection::AccessDenied(Denial::Explicit)),
        (Verdict::Silent, Verdict::Silent) => Err(Rejection::AccessDenied(Denial::Implicit)),
        (Verdict::Allow, Verdict::Allow | Verdict::Silent) | (Verdict::Silent, Verdict::Allow) => Ok(()),
    }
}

/// AWS's table B: both must allow. An API without a policy says nothing.
fn cross_account(identity: Verdict, resource: Verdict) -> Result<(), Rejection> {
    match (identity, resource) {
        (_, Verdict::Deny) => Err(Rejection::ResourcePolicy(Denial::Explicit)),
        (Verdict::Deny, Verdict::Allow | Verdict::Silent) => Err(Rejection::AccessDenied(Denial::Explicit)),
        (Verdict::Silent, Verdict::Allow | Verdict::Silent) => Err(Rejection::AccessDenied(Denial::Implicit)),
        (Verdict::Allow, Verdict::Silent) => Err(Rejection::ResourcePolicy(Denial::Implicit)),
        (Verdict::Allow, Verdict::Allow) => Ok(()),
    }
}

/// A policy that must allow by itself.
fn required(resource: Verdict) -> Result<(), Rejection> {
    match resource {
        Verdict::Allow => Ok(()),
        Verdict::Silent => Err(Rejection::ResourcePolicy(Denial::Implicit)),
        Verdict::Deny => Err(Rejection::ResourcePolicy(Denial::Explicit)),
    }
}

/// What the API's policy says; none says nothing.
fn attached(
    request: &Request,
    caller: Option<&str>,
    evaluate: impl Fn(&Policy, &Asked<'_>) -> Verdict,
) -> Verdict {
    let Some(policy) = policy(request) else { return Verdict::Silent };
    evaluate(policy, &Asked { action: INVOKE, arn: &arn::of_request(request), caller, request })
}

fn policy(request: &Request) -> Option<&Policy> {
    request.api.as_ref()?.policy.as_ref()
}

#[cfg(test)]
mod tests;
