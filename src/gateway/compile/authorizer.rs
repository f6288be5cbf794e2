//! Compiles authorizers, and which of them a route asks.

mod cognito;
mod iam;
mod jwt;
mod lambda;

pub(super) use iam::iam;

use super::cluster::Clusters;
use super::scope::Scope;
use crate::gateway::authorizers::Authorizer;
use crate::gateway::config::{self, AuthorizationType, AuthorizerType};
use std::collections::HashMap;
use std::fmt::Display;
use std::rc::Rc;

/// Whom the routes of one deployment may ask.
#[derive(Debug)]
pub(super) struct Authorizers {
    /// By id; `None` is one with problems.
    by_id: HashMap<String, Option<Rc<Authorizer>>>,
    /// Who judges signatures; `None` if nobody is named who could sign.
    iam: Option<Rc<Authorizer>>,
}

/// Compiles the authorizers of a list; what cannot be goes to the diagnostics.
pub(super) fn compile(
    list: &[config::Authorizer],
    api: &config::Api,
    iam: Option<&Rc<Authorizer>>,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Authorizers {
    let mut by_id = HashMap::new();
    for (i, written) in list.iter().enumerate() {
        let at = format!("authorizers[{i}]");
        let below = &mut scope.below(&at);
        let compiled = match written.authorizer_type {
            AuthorizerType::Jwt => jwt::jwt(written, api.protocol_type, clusters, below).map(Authorizer::Jwt),
            AuthorizerType::CognitoUserPools => {
                cognito::cognito(written, api, clusters, below).map(Authorizer::Cognito)
            }
            AuthorizerType::Request | AuthorizerType::Token => {
                lambda::lambda(written, api, clusters, below).map(Authorizer::Lambda)
            }
        };
        let compiled = compiled.map(Rc::new);
        if by_id.insert(written.authorizer_id.clone(), compiled).is_some() {
            let problem = format!("the authorizer `{}` exists twice", written.authorizer_id);
            scope.error(&format!("{at}.authorizerId"), problem);
        }
    }
    Authorizers { by_id, iam: iam.cloned() }
}

/// The authorizer that a route asks; `Ok(None)` asks none.
pub(super) fn of_route(
    route: &config::Route,
    authorizers: &Authorizers,
    at: &dyn Display,
    scope: &mut Scope<'_>,
) -> Option<Rc<Authorizer>> {
    let kind = route.authorization_type.unwrap_or(AuthorizationType::None);
    let scoped = matches!(kind, AuthorizationType::Jwt | AuthorizationType::CognitoUserPools);
    if !scoped && !route.authorization_scopes.is_empty() {
        let problem = "authorization scopes mean nothing without JWT or Cognito authorization";
        scope.error(&format!("{at}.authorizationScopes"), problem);
    }
    if kind == AuthorizationType::None {
        if route.authorizer_id.is_some() {
            let problem = "the authorizer is never asked: `authorizationType` is `NONE`";
            scope
                .error(&format!("{at}.authorizerId"), problem)
                .help("say who may call: `\"authorizationType\": \"JWT\"`");
        }
        return None;
    }
    if kind == AuthorizationType::AwsIam {
        if route.authorizer_id.is_some() {
            let problem = "the authorizer is never asked: `authorizationType` is `AWS_IAM`";
            scope.error(&format!("{at}.authorizerId"), problem);
        }
        if authorizers.iam.is_none() {
            let problem = "nobody could call the route: the document names no credentials";
            scope.error(&format!("{at}.authorizationType"), problem).help(
                "add `\"credentials\": [{\"accessKeyId\": …, \"secretAccessKeyEnv\": …}]` to the document",
            );
        }
        return authorizers.iam.clone();
    }
    let Some(id) = &route.authorizer_id else {
        scope
            .error(&format!("{at}.authorizerId"), "the route names no authorizer")
            .help("add `\"authorizerId\": \"ID\"`");
        return None;
    };
    match authorizers.by_id.get(id) {
        Some(Some(authorizer)) => {
            check_kind(kind, authorizer, at, scope);
            Some(Rc::clone(authorizer))
        }
        Some(None) => None,
        None => {
            let names = authorizers.by_id.keys().map(String::as_str);
            scope.error(&format!("{at}.authorizerId"), format!("no authorizer is named `{id}`")).suggest(
                "an authorizer",
                id,
                names,
            );
            None
        }
    }
}

/// A route says how its callers prove themselves, and its authorizer must be of that kind.
fn check_kind(kind: AuthorizationType, authorizer: &Authorizer, at: &dyn Display, scope: &mut Scope<'_>) {
    let wanted = match authorizer {
        Authorizer::Jwt(_) => (AuthorizationType::Jwt, "JWT"),
        Authorizer::Cognito(_) => (AuthorizationType::CognitoUserPools, "COGNITO_USER_POOLS"),
        Authorizer::Lambda(_) => (AuthorizationType::Custom, "CUSTOM"),
        Authorizer::Iam(_) => (AuthorizationType::AwsIam, "AWS_IAM"),
    };
    if kind != wanted.0 {
        scope
            .error(&format!("{at}.authorizationType"), "the authorizer is of another kind")
            .help(format!("with this authorizer it is `{}`", wanted.1));
    }
}
