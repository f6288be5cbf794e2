//! Compiles authorizers, and which of them a route asks.

use super::cluster::Clusters;
use super::scope::Scope;
use crate::gateway::authorizers::Authorizer;
use crate::gateway::authorizers::identity::IdentitySource;
use crate::gateway::authorizers::jwt::jwks::KeySet;
use crate::gateway::authorizers::jwt::keys::KeySource;
use crate::gateway::authorizers::jwt::{Issuer, JwtAuthorizer};
use crate::gateway::authorizers::signature::Algorithm;
use crate::gateway::clusters::{Endpoint, endpoint};
use crate::gateway::config::{self, AuthorizationType, AuthorizerType, JwtConfiguration, ProtocolType};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::rc::Rc;

/// The authorizers of one deployment, by id; `None` is one with problems.
pub(super) type Authorizers = HashMap<String, Option<Rc<Authorizer>>>;

/// Compiles the authorizers of a list; what cannot be goes to the diagnostics.
pub(super) fn compile(
    list: &[config::Authorizer],
    api: &config::Api,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Authorizers {
    let mut authorizers = Authorizers::new();
    for (i, written) in list.iter().enumerate() {
        let at = format!("authorizers[{i}]");
        let compiled = match written.authorizer_type {
            AuthorizerType::Jwt => {
                let found = jwt(written, api.protocol_type, clusters, &mut scope.below(&at));
                found.map(|authorizer| Rc::new(Authorizer::Jwt(authorizer)))
            }
            // Refused as not supported yet.
            AuthorizerType::Request | AuthorizerType::Token | AuthorizerType::CognitoUserPools => None,
        };
        if authorizers.insert(written.authorizer_id.clone(), compiled).is_some() {
            let problem = format!("the authorizer `{}` exists twice", written.authorizer_id);
            scope.error(&format!("{at}.authorizerId"), problem);
        }
    }
    authorizers
}

/// The authorizer that a route asks; `Ok(None)` asks none.
pub(super) fn of_route(
    route: &config::Route,
    authorizers: &Authorizers,
    at: &str,
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
    let Some(id) = &route.authorizer_id else {
        scope
            .error(&format!("{at}.authorizerId"), "the route names no authorizer")
            .help("add `\"authorizerId\": \"ID\"`");
        return None;
    };
    match authorizers.get(id) {
        Some(authorizer) => authorizer.clone(),
        None => {
            let names = authorizers.keys().map(String::as_str);
            scope.error(&format!("{at}.authorizerId"), format!("no authorizer is named `{id}`")).suggest(
                "an authorizer",
                id,
                names,
            );
            None
        }
    }
}

fn jwt(
    written: &config::Authorizer,
    protocol: ProtocolType,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Option<JwtAuthorizer> {
    let Some(configuration) = &written.jwt_configuration else {
        scope
            .error("jwtConfiguration", "a JWT authorizer says whose tokens it accepts")
            .help("add `{\"issuer\": \"https://…\", \"audience\": [\"…\"]}`");
        return None;
    };
    if written.authorizer_uri.is_some() || written.enable_simple_responses.is_some() {
        scope.error("authorizerUri", "a JWT authorizer calls no function");
    }
    let source = source(written, scope)?;
    let algorithms = algorithms(configuration, protocol, scope);
    let issuers = issuers(configuration, clusters, scope);
    // Names of fields and all: two authorizers that differ in anything have different digests.
    let digest = Sha256::digest(format!("{written:?}|{protocol:?}")).into();
    (!issuers.is_empty()).then_some(JwtAuthorizer { source, issuers, algorithms, digest })
}

fn source(written: &config::Authorizer, scope: &mut Scope<'_>) -> Option<IdentitySource> {
    let [text] = written.identity_source.as_slice() else {
        scope
            .error("identitySource", "a JWT authorizer has exactly one identity source")
            .help("`[\"$request.header.Authorization\"]`");
        return None;
    };
    let source = IdentitySource::of_token(text);
    if source.is_none() {
        scope
            .error("identitySource[0]", format!("`{text}` is not where a token can stand"))
            .help("`$request.header.NAME` or `$request.querystring.NAME`");
    }
    source
}

fn algorithms(
    configuration: &JwtConfiguration,
    protocol: ProtocolType,
    scope: &mut Scope<'_>,
) -> Vec<Algorithm> {
    let of_aws = match protocol {
        ProtocolType::Http | ProtocolType::Websocket => &Algorithm::ALL[..3],
        ProtocolType::Rest => &Algorithm::ALL,
    };
    let mut parse = |at: &str, names: &[String]| {
        let mut found = Vec::new();
        for (i, name) in names.iter().enumerate() {
            match Algorithm::parse(name) {
                Some(algorithm) => found.push(algorithm),
                None => {
                    scope
                        .error(
                            &format!("jwtConfiguration.{at}[{i}]"),
                            format!("nothing here verifies `{name}`"),
                        )
                        .help(format!(
                            "the algorithms are {}",
                            Algorithm::ALL.map(Algorithm::name).join(", ")
                        ));
                }
            }
        }
        found
    };
    let chosen = parse("defaultAlgorithms", &configuration.default_algorithms);
    let more = parse("algorithms", &configuration.algorithms);
    let base = if chosen.is_empty() { of_aws.to_vec() } else { chosen };
    base.into_iter().chain(more).collect()
}

fn issuers(
    configuration: &JwtConfiguration,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Vec<Issuer> {
    let single = configuration.issuer.iter().map(|name| (String::new(), name, &configuration.audience));
    let several = configuration.issuers.iter().enumerate();
    let several = several.map(|(i, issuer)| (format!("issuers[{i}]."), &issuer.issuer, &issuer.audiences));
    let written: Vec<_> = single.chain(several).collect();
    if written.is_empty() {
        scope.error("jwtConfiguration.issuer", "a JWT authorizer says whose tokens it accepts");
    }
    let mut issuers = Vec::new();
    for (at, name, audience) in written {
        let at = format!("jwtConfiguration.{at}");
        if audience.is_empty() {
            let problem = "without an audience, a token that was made for anybody would be accepted";
            scope.error(&format!("{at}audience"), problem);
        }
        if let Some(keys) = keys(configuration, name, &at, clusters, scope) {
            issuers.push(Issuer { name: name.clone(), audience: audience.clone(), keys });
        }
    }
    issuers
}

fn keys(
    configuration: &JwtConfiguration,
    issuer: &str,
    at: &str,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Option<KeySource> {
    if let Some(jwks) = &configuration.jwks {
        let keys = KeySet::parse(jwks.to_string().as_bytes());
        return match keys {
            Ok(keys) => Some(KeySource::Inline(Rc::new(keys))),
            Err(problem) => {
                scope.error("jwtConfiguration.jwks", problem);
                None
            }
        };
    }
    if let Some(uri) = &configuration.jwks_uri {
        return asked(uri, "jwtConfiguration.jwksUri", clusters, scope).map(KeySource::Uri);
    }
    let document = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let document = asked(&document, &format!("{at}issuer"), clusters, scope)?;
    let known = Rc::from([document.cluster.clone()]);
    Some(KeySource::Discovery { document, issuer: issuer.to_owned(), clusters: known })
}

/// Somewhere that keys are asked for: its cluster is derived.
fn asked(url: &str, at: &str, clusters: &mut Clusters<'_>, scope: &mut Scope<'_>) -> Option<Endpoint> {
    match endpoint(url) {
        Ok(found) => {
            if !found.tls {
                scope
                    .warning(at, format!("`{url}` is not `https`: whoever stands between can hand out keys"));
            }
            clusters.derive_plain(url);
            Some(found)
        }
        Err(problem) => {
            scope.error(at, format!("`{url}` cannot be asked for keys: {problem}"));
            None
        }
    }
}
