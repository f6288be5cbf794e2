//! How tokens may be signed, and whether that can be verified.

use crate::gateway::authorizers::signature::Algorithm;
use crate::gateway::compile::scope::Scope;
use crate::gateway::config::{JwtConfiguration, ProtocolType};
use crate::gateway::surroundings::{Secret, Verification};

/// Bytes of an HS256 secret, at least (RFC 7518, 3.2).
const LEAST_SECRET_BYTES: usize = 32;

/// Builds the filter that verifies everything; `validate` prints it.
pub(super) const SOFTWARE_FILTER: &str = "the filter that does: `cargo wasm --features software-signatures`";

const ALONE: &str =
    "make two authorizers: what verifies by a secret takes no public keys, so that none is ever used as one";

/// The algorithms of an authorizer, and the secret of HS256.
pub(super) fn algorithms(
    configuration: &JwtConfiguration,
    protocol: ProtocolType,
    scope: &mut Scope<'_>,
) -> (Vec<Algorithm>, Option<Secret>) {
    let of_aws: &[Algorithm] = match protocol {
        ProtocolType::Http | ProtocolType::Websocket => &Algorithm::OF_HTTP_APIS,
        ProtocolType::Rest => &Algorithm::OF_REST_APIS,
    };
    let chosen =
        named("defaultAlgorithms", &configuration.default_algorithms, &Algorithm::OF_REST_APIS, scope);
    let more = named("algorithms", &configuration.algorithms, &Algorithm::ALL, scope);
    if configuration.secret_env.is_some() || more.contains(&Algorithm::Hs256) {
        return (vec![Algorithm::Hs256], secret(configuration, &more, scope));
    }
    let base = if configuration.default_algorithms.is_empty() { of_aws.to_vec() } else { chosen };
    let mut all: Vec<Algorithm> = Vec::new();
    for algorithm in base.into_iter().chain(more) {
        if !all.contains(&algorithm) {
            all.push(algorithm);
        }
    }
    for algorithm in &all {
        verifiable(*algorithm, configuration, scope);
    }
    (all, None)
}

fn named(at: &str, names: &[String], allowed: &[Algorithm], scope: &mut Scope<'_>) -> Vec<Algorithm> {
    let mut found = Vec::new();
    for (i, name) in names.iter().enumerate() {
        match Algorithm::parse(name).filter(|algorithm| allowed.contains(algorithm)) {
            Some(algorithm) => found.push(algorithm),
            None => {
                let problem = match Algorithm::parse(name) {
                    Some(_) => format!("AWS does not accept `{name}` here: it is named in `algorithms`"),
                    None => format!("nothing here verifies `{name}`"),
                };
                let names: Vec<_> = allowed.iter().map(|algorithm| algorithm.name()).collect();
                scope
                    .error(&format!("jwtConfiguration.{at}[{i}]"), problem)
                    .help(format!("the algorithms are {}", names.join(", ")));
            }
        }
    }
    found
}

fn secret(configuration: &JwtConfiguration, named: &[Algorithm], scope: &mut Scope<'_>) -> Option<Secret> {
    let others = named.iter().any(|algorithm| *algorithm != Algorithm::Hs256);
    for (present, at) in [
        (others, "algorithms"),
        (!configuration.default_algorithms.is_empty(), "defaultAlgorithms"),
        (configuration.jwks.is_some(), "jwks"),
        (configuration.jwks_uri.is_some(), "jwksUri"),
    ] {
        if present {
            let problem = "an authorizer with a shared secret verifies `HS256` and nothing else";
            scope.error(&format!("jwtConfiguration.{at}"), problem).help(ALONE);
        }
    }
    let Some(variable) = &configuration.secret_env else {
        scope
            .error("jwtConfiguration.algorithms", "`HS256` is verified by a secret, and none is named")
            .help("`\"secretEnv\": \"NAME\"` names the environment variable that holds it");
        return None;
    };
    if !named.contains(&Algorithm::Hs256) {
        scope
            .error(
                "jwtConfiguration.secretEnv",
                "the secret verifies nothing: `algorithms` does not name `HS256`",
            )
            .help("add `\"algorithms\": [\"HS256\"]`");
    }
    let at = "jwtConfiguration.secretEnv";
    let secret = scope.secret(at, variable)?;
    let bytes = secret.0.len();
    if bytes < LEAST_SECRET_BYTES {
        scope
            .error(
                at,
                format!("the secret in `{variable}` has {bytes} bytes, and HS256 needs {LEAST_SECRET_BYTES}"),
            )
            .help("make one: `openssl rand -base64 48`");
        return None;
    }
    Some(secret)
}

/// Says where nothing verifies an algorithm, so that no request finds out.
fn verifiable(algorithm: Algorithm, configuration: &JwtConfiguration, scope: &mut Scope<'_>) {
    let place = |names: &[String], at: &str| {
        names.iter().position(|name| name == algorithm.name()).map(|i| format!("jwtConfiguration.{at}[{i}]"))
    };
    let at = place(&configuration.algorithms, "algorithms")
        .or_else(|| place(&configuration.default_algorithms, "defaultAlgorithms"))
        .unwrap_or_else(|| "jwtConfiguration".to_owned());
    let name = algorithm.name();
    match scope.surroundings.verifies(algorithm) {
        Verification::Possible => {}
        Verification::Software => {
            scope.want_software_signatures();
            scope
                .warning(&at, format!("Envoy does not verify `{name}`, and neither does the filter as it is"))
                .help(SOFTWARE_FILTER);
        }
        Verification::Impossible => {
            scope
                .error(&at, format!("neither this host nor this filter verifies `{name}`"))
                .help(SOFTWARE_FILTER);
        }
    }
}
