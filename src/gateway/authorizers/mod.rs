//! Who may call a route.
//!
//! An authorizer says who a request comes from, and what its own policy says of it; `conclude` joins that with the API's
//! resource policy and the route's scopes. A question to somebody else is a pair: [`begin`] asks, [`finish`] goes on with the
//! answer in hand; a signature over the body is judged in [`finish_body`].

pub mod cognito;
pub mod der;
pub mod iam;
pub mod identity;
pub mod jwt;
pub mod lambda;
pub mod principal;
pub mod resource_policy;
pub mod signature;
pub mod software;

use super::Env;
use super::arn;
use super::compile::Route;
use super::config::{AuthorizationType, ProtocolType};
use super::flow::{Callout, CalloutReply};
use super::notes::Note;
use super::policy::Verdict;
use super::rejection::Rejection;
use super::request::Request;
use cognito::CognitoAuthorizer;
use iam::IamAuthorizer;
use jwt::JwtAuthorizer;
use lambda::LambdaAuthorizer;
use principal::Principal;

/// Longest ARN of a request to a REST API with authorization, in bytes: AWS's limit.
const METHOD_ARN_BYTES: usize = 1600;

/// A compiled authorizer.
#[derive(Debug)]
pub enum Authorizer {
    /// JSON web tokens.
    Jwt(JwtAuthorizer),
    /// User pools.
    Cognito(CognitoAuthorizer),
    /// A function, or an HTTP service, that is asked.
    Lambda(LambdaAuthorizer),
    /// Signatures by AWS credentials.
    Iam(IamAuthorizer),
}

/// What an authorizer says.
#[derive(Debug)]
pub enum Opinion {
    /// Who it is, and what the policy of that identity says; without one, that it allows.
    Known(Principal, Verdict),
    /// A question that must be answered first.
    Ask(Callout, Pending),
    /// The request's body must be seen first.
    Body(Pending),
}

/// What an authorizer waits for.
#[derive(Debug)]
pub enum Pending {
    /// Keys of an issuer, or of a user pool.
    Keys(jwt::Pending),
    /// The answer of a function.
    Lambda(lambda::Pending),
    /// The body that a signature covers.
    Signature(iam::Pending),
}

/// A request that passed its route's authorization. Only this module makes one.
#[derive(Debug)]
pub struct Authorized {
    principal: Option<Principal>,
}

/// What can be said of a request now.
#[derive(Debug)]
pub enum Decision {
    /// It may go on.
    Authorized(Authorized),
    /// Somebody must be asked first.
    Ask(Callout, Pending),
    /// All of its body must be seen first.
    Body(Pending),
}

// === impl Authorized ===

impl Authorized {
    /// Who it comes from, where somebody was asked.
    #[must_use]
    pub fn principal(&self) -> Option<Principal> {
        self.principal.clone()
    }
}

/// Decides what can be decided now.
///
/// # Errors
/// If the route's authorization refuses the request, or cannot be carried out.
pub fn begin(request: &mut Request, env: &Env<'_>) -> Result<Decision, Rejection> {
    let (_, route) = request.route.as_ref().ok_or(Rejection::Internal)?;
    env.note(|| told(route));
    check_length(request, route.authorization)?;
    let before = resource_policy::before(request, route.authorization);
    if before.is_err() {
        env.note(|| resource_policy::told(request, Verdict::Silent, &before));
    }
    before?;
    let opinion = match (route.authorization, route.authorizer.as_deref()) {
        (AuthorizationType::None, None) => {
            let alone = resource_policy::alone(request);
            env.note(|| resource_policy::told(request, Verdict::Silent, &alone));
            alone?;
            return Ok(Decision::Authorized(Authorized { principal: None }));
        }
        (AuthorizationType::Jwt, Some(Authorizer::Jwt(jwt))) => jwt.begin(request, env)?,
        (AuthorizationType::CognitoUserPools, Some(Authorizer::Cognito(cognito))) => {
            cognito.begin(request, env)?
        }
        (AuthorizationType::Custom, Some(Authorizer::Lambda(lambda))) => lambda.begin(request, env)?,
        (AuthorizationType::AwsIam, Some(Authorizer::Iam(iam))) => iam.begin(request, env)?,
        // Compiling refuses these; a request that meets one all the same is refused too.
        (
            AuthorizationType::None
            | AuthorizationType::Jwt
            | AuthorizationType::Custom
            | AuthorizationType::AwsIam
            | AuthorizationType::CognitoUserPools,
            _,
        ) => return Err(Rejection::Internal),
    };
    conclude(opinion, request, env)
}

/// Goes on with the answer to the question of [`begin`].
///
/// # Errors
/// If the answer refuses the request, or there was none.
pub fn finish(
    pending: Pending,
    reply: &CalloutReply,
    request: &mut Request,
    env: &Env<'_>,
) -> Result<Decision, Rejection> {
    let opinion = match (authorizer(request)?, pending) {
        (Authorizer::Jwt(jwt), Pending::Keys(pending)) => jwt.finish(pending, reply, request, env)?,
        (Authorizer::Cognito(cognito), Pending::Keys(pending)) => {
            cognito.finish(pending, reply, request, env)?
        }
        (Authorizer::Lambda(lambda), Pending::Lambda(pending)) => {
            lambda.finish(pending, reply, request, env)?
        }
        (
            Authorizer::Jwt(_) | Authorizer::Cognito(_) | Authorizer::Lambda(_) | Authorizer::Iam(_),
            Pending::Keys(_) | Pending::Lambda(_) | Pending::Signature(_),
        ) => return Err(Rejection::Internal),
    };
    conclude(opinion, request, env)
}

/// Goes on with the body that [`Decision::Body`] asked for.
///
/// # Errors
/// If the request is refused.
pub fn finish_body(
    pending: Pending,
    body: &[u8],
    request: &mut Request,
    env: &Env<'_>,
) -> Result<Decision, Rejection> {
    let opinion = match (authorizer(request)?, pending) {
        (Authorizer::Iam(iam), Pending::Signature(pending)) => {
            iam.finish_body(pending, body, request, env)?
        }
        (
            Authorizer::Jwt(_) | Authorizer::Cognito(_) | Authorizer::Lambda(_) | Authorizer::Iam(_),
            Pending::Keys(_) | Pending::Lambda(_) | Pending::Signature(_),
        ) => return Err(Rejection::Internal),
    };
    conclude(opinion, request, env)
}

/// Who is asked, for somebody who watches.
fn told(route: &Route) -> Note {
    let kind = match route.authorization {
        AuthorizationType::None => "NONE: anybody may call, where no resource policy says otherwise",
        AuthorizationType::Jwt => "JWT",
        AuthorizationType::Custom => "CUSTOM",
        AuthorizationType::AwsIam => "AWS_IAM",
        AuthorizationType::CognitoUserPools => "COGNITO_USER_POOLS",
    };
    let by = route.authorizer_id.iter().map(|id| format!(", by the authorizer `{id}`"));
    Note::fact("authorization", by.fold(kind.to_owned(), |kind, by| kind + &by))
}

/// A REST API with authorization takes no ARN that is longer than what its policies are compared with.
fn check_length(request: &Request, authorization: AuthorizationType) -> Result<(), Rejection> {
    match (request.protocol(), authorization) {
        (ProtocolType::Http | ProtocolType::Websocket, _) | (_, AuthorizationType::None) => Ok(()),
        (
            ProtocolType::Rest,
            AuthorizationType::Jwt
            | AuthorizationType::Custom
            | AuthorizationType::AwsIam
            | AuthorizationType::CognitoUserPools,
        ) => {
            let length = arn::length_of_request(request);
            if length > METHOD_ARN_BYTES { Err(Rejection::UriTooLong) } else { Ok(()) }
        }
    }
}

fn authorizer(request: &Request) -> Result<&Authorizer, Rejection> {
    let (_, route) = request.route.as_ref().ok_or(Rejection::Internal)?;
    route.authorizer.as_deref().ok_or(Rejection::Internal)
}

/// Joins what an authorizer says with what the API's resource policy says, and with the scopes that the route asks for. Who
/// asks is known from here on, and a refusal may name him.
fn conclude(opinion: Opinion, request: &mut Request, env: &Env<'_>) -> Result<Decision, Rejection> {
    let (principal, verdict) = match opinion {
        Opinion::Ask(callout, pending) => return Ok(Decision::Ask(callout, pending)),
        Opinion::Body(pending) => return Ok(Decision::Body(pending)),
        Opinion::Known(principal, verdict) => (principal, verdict),
    };
    request.principal = Some(principal.clone());
    let (_, route) = request.route.as_ref().ok_or(Rejection::Internal)?;
    let joined = resource_policy::joined(request, route.authorization, &principal, verdict);
    env.note(|| resource_policy::told(request, verdict, &joined));
    joined?;
    if let Principal::Bearer(bearer) = &principal
        && !bearer.has_one_of(&route.scopes)
    {
        return Err(Rejection::InsufficientScope);
    }
    Ok(Decision::Authorized(Authorized { principal: Some(principal) }))
}
