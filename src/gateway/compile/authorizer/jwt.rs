//! Compiles JWT authorizers.

mod algorithms;
mod issuers;

use crate::gateway::authorizers::identity::IdentitySource;
use crate::gateway::authorizers::jwt::JwtAuthorizer;
use crate::gateway::authorizers::jwt::jwks::KeySet;
use crate::gateway::authorizers::jwt::keys::KeySource;
use crate::gateway::clusters::{Endpoint, endpoint};
use crate::gateway::compile::cluster::Clusters;
use crate::gateway::compile::scope::Scope;
use crate::gateway::config::{self, JwtConfiguration, ProtocolType};
use algorithms::algorithms;
use issuers::issuers;
use sha2::{Digest, Sha256};
use std::rc::Rc;

/// Compiles a JWT authorizer.
pub(super) fn jwt(
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
    let (algorithms, secret) = algorithms(configuration, protocol, scope);
    let issuers = issuers(configuration, protocol, clusters, scope);
    // Names of fields and all: two authorizers that differ in anything have different digests.
    let mut digest = Sha256::new_with_prefix(format!("{written:?}|{protocol:?}|"));
    digest.update(secret.as_ref().map_or(&[][..], |secret| &secret.0));
    let digest = digest.finalize().into();
    (!issuers.is_empty()).then_some(JwtAuthorizer { source, issuers, algorithms, secret, digest })
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

fn keys(
    configuration: &JwtConfiguration,
    issuer: &str,
    at: &str,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Option<KeySource> {
    if configuration.secret_env.is_some() {
        // Nobody is asked for keys that nobody may use.
        return Some(KeySource::Inline(Rc::default()));
    }
    if let Some(jwks) = &configuration.jwks {
        issuers::refuse_secrets(jwks, scope);
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
