//! Compiles JWT authorizers.

use crate::gateway::authorizers::identity::IdentitySource;
use crate::gateway::authorizers::jwt::jwks::KeySet;
use crate::gateway::authorizers::jwt::keys::KeySource;
use crate::gateway::authorizers::jwt::rules::Rules;
use crate::gateway::authorizers::jwt::{Issuer, JwtAuthorizer};
use crate::gateway::authorizers::signature::Algorithm;
use crate::gateway::clusters::{Endpoint, endpoint};
use crate::gateway::compile::cluster::Clusters;
use crate::gateway::compile::scope::Scope;
use crate::gateway::config::{self, JwtConfiguration, ProtocolType};
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
    let algorithms = algorithms(configuration, protocol, scope);
    let issuers = issuers(configuration, clusters, scope);
    // Names of fields and all: two authorizers that differ in anything have different digests.
    let digest = Sha256::digest(format!("{written:?}|{protocol:?}")).into();
    (!issuers.is_empty()).then_some(JwtAuthorizer {
        source,
        issuers,
        algorithms,
        rules: Rules::Audience,
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
