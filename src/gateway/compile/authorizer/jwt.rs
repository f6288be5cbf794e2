//! Compiles JWT authorizers.

mod algorithms;
mod issuers;

use crate::gateway::authorizers::identity::IdentitySource;
use crate::gateway::authorizers::jwt::JwtAuthorizer;
use crate::gateway::authorizers::jwt::jwks::KeySet;
use crate::gateway::authorizers::jwt::keys::{KeySource, Keyring, discovery_url};
use crate::gateway::authorizers::jwt::rules::Rules;
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
    (!issuers.is_empty()).then_some(JwtAuthorizer {
        source,
        issuers,
        algorithms,
        rules: Rules::Audience,
        secret,
        digest,
    })
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
) -> Option<Rc<Keyring>> {
    if configuration.secret_env.is_some() {
        // Nobody is asked for keys that nobody may use.
        return Some(Rc::new(Keyring::new(KeySource::Inline(Rc::default()))));
    }
    if let Some(jwks) = &configuration.jwks {
        return inline(jwks, scope);
    }
    if let Some(uri) = &configuration.jwks_uri {
        let at = asked(uri, "jwtConfiguration.jwksUri", clusters, scope)?;
        return Some(clusters.keyring(KeySource::Uri(at)));
    }
    let document = asked(&discovery_url(issuer), &format!("{at}issuer"), clusters, scope)?;
    let mut allowed = vec![document.cluster.clone()];
    for (i, host) in configuration.jwks_hosts.iter().enumerate() {
        allowed.push(key_host(host, &format!("jwtConfiguration.jwksHosts[{i}]"), clusters, scope)?);
    }
    let clusters_of_keys = Rc::from(allowed);
    let source = KeySource::Discovery { document, issuer: issuer.to_owned(), clusters: clusters_of_keys };
    Some(clusters.keyring(source))
}

/// Keys that stand in the document.
pub(super) fn inline(jwks: &serde_json::Value, scope: &mut Scope<'_>) -> Option<Rc<Keyring>> {
    issuers::refuse_secrets(jwks, scope);
    match KeySet::parse(jwks.to_string().as_bytes()) {
        Ok(keys) => Some(Rc::new(Keyring::new(KeySource::Inline(Rc::new(keys))))),
        Err(problem) => {
            scope.error("jwtConfiguration.jwks", problem);
            None
        }
    }
}

/// A host where an issuer may say that its keys are: its cluster is derived.
fn key_host(host: &str, at: &str, clusters: &mut Clusters<'_>, scope: &mut Scope<'_>) -> Option<String> {
    let found = asked(host, at, clusters, scope)?;
    if found.path == "/" && !host.ends_with('/') {
        return Some(found.cluster);
    }
    scope
        .error(at, format!("`{host}` is more than a host"))
        .help(format!("where on it the keys are is what the issuer says: `{}`", found.cluster));
    None
}

/// Somewhere that keys are asked for: its cluster is derived.
pub(super) fn asked(
    url: &str,
    at: &str,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Option<Endpoint> {
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
