//! Whose tokens are accepted, and what they must claim.

use crate::gateway::authorizers::jwt::Issuer;
use crate::gateway::authorizers::jwt::additional::AdditionalClaim;
use crate::gateway::compile::cluster::Clusters;
use crate::gateway::compile::scope::Scope;
use crate::gateway::config::{self, ClaimFormat, JwtConfiguration, ProtocolType};

/// Claims that every token is checked for, by rules of their own.
const CHECKED_ALREADY: [&str; 7] = ["iss", "aud", "exp", "nbf", "iat", "scope", "scp"];

/// The issuers of an authorizer.
pub(super) fn issuers(
    configuration: &JwtConfiguration,
    protocol: ProtocolType,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Vec<Issuer> {
    let client_id = match protocol {
        ProtocolType::Http | ProtocolType::Websocket => true,
        ProtocolType::Rest => false,
    };
    let single = configuration.issuer.iter().map(|name| (String::new(), name, &configuration.audience));
    let several = configuration.issuers.iter().enumerate();
    let several = several.map(|(i, issuer)| (format!("issuers[{i}]."), &issuer.issuer, &issuer.audiences));
    let written: Vec<_> = single.chain(several).collect();
    if written.is_empty() {
        scope.error("jwtConfiguration.issuer", "a JWT authorizer says whose tokens it accepts");
    }
    let (mut issuers, mut names) = (Vec::new(), Vec::new());
    let before = written.len().saturating_sub(configuration.issuers.len());
    for (i, (at, name, audience)) in written.into_iter().enumerate() {
        let member = if at.is_empty() { "audience" } else { "audiences" };
        let at = format!("jwtConfiguration.{at}");
        if names.contains(&name) {
            scope.error(&format!("{at}issuer"), format!("the issuer `{name}` stands twice"));
        }
        names.push(name);
        if audience.is_empty() {
            let problem = "without an audience, a token that was made for anybody would be accepted";
            scope.error(&format!("{at}{member}"), problem);
        }
        if let Some(i) = audience.iter().position(String::is_empty) {
            scope.error(&format!("{at}{member}[{i}]"), "the audience is empty");
        }
        let rest = i.checked_sub(before).and_then(|i| configuration.issuers.get(i));
        let additional = match rest {
            Some(issuer) => additional(issuer, &at, scope),
            None => Vec::new(),
        };
        let asked = configuration.jwks.is_none()
            && configuration.jwks_uri.is_none()
            && configuration.secret_env.is_none();
        if rest.is_some() && !check_url(name, &format!("{at}issuer"), asked, scope) {
            continue;
        }
        if let Some(keys) = super::keys(configuration, name, &at, clusters, scope) {
            issuers.push(Issuer {
                name: name.clone(),
                audience: audience.clone(),
                client_id,
                additional,
                keys,
            });
        }
    }
    issuers
}

/// Whether an issuer of a REST API is what AWS asks for: an absolute `https` URL with a host and without user information,
/// query and fragment. `http` is accepted with a warning, which is another one where the issuer is `asked` for keys.
fn check_url(issuer: &str, at: &str, asked: bool, scope: &mut Scope<'_>) -> bool {
    let (tls, plain) = (issuer.strip_prefix("https://"), issuer.strip_prefix("http://"));
    let Some(rest) = tls.or(plain) else {
        scope
            .error(at, format!("`{issuer}` is neither `http` nor `https`"))
            .help("an issuer is an absolute URL: `https://idp.example.com`");
        return false;
    };
    if plain.is_some() && !asked {
        scope.warning(at, format!("`{issuer}` is not `https`: AWS refuses such an issuer"));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let wrong = [
        (authority.is_empty() || authority.starts_with(':'), "no host"),
        (authority.contains('@'), "user information"),
        (issuer.contains('?'), "a query"),
        (issuer.contains('#'), "a fragment"),
        (issuer.contains(|c: char| c.is_whitespace() || c.is_control()), "a blank"),
    ];
    for (_, what) in wrong.iter().filter(|(wrong, _)| *wrong) {
        scope.error(at, format!("the issuer `{}` has {what}", issuer.escape_debug()));
    }
    wrong.iter().all(|(wrong, _)| !wrong)
}

fn additional(issuer: &config::JwtIssuer, at: &str, scope: &mut Scope<'_>) -> Vec<AdditionalClaim> {
    let mut rules: Vec<AdditionalClaim> = Vec::new();
    for (i, written) in issuer.additional_claims.iter().enumerate() {
        let at = format!("{at}additionalClaims[{i}]");
        let name = written.claim_name.as_str();
        if CHECKED_ALREADY.contains(&name) {
            scope
                .error(&format!("{at}.claimName"), format!("`{name}` has rules of its own"))
                .help(format!("it cannot be one of {}", CHECKED_ALREADY.join(", ")));
        }
        if name.is_empty() {
            scope.error(&format!("{at}.claimName"), "the claim has no name");
        }
        if rules.iter().any(|rule| rule.name == name) {
            scope.error(&format!("{at}.claimName"), format!("the claim `{name}` stands twice"));
        }
        if let Some(i) = written.expected_values.iter().position(String::is_empty) {
            scope.error(&format!("{at}.expectedValues[{i}]"), "the value is empty");
        }
        match written.format {
            ClaimFormat::SingleString => rules.push(AdditionalClaim {
                name: name.to_owned(),
                required: written.required,
                expected: written.expected_values.clone(),
            }),
        }
    }
    rules
}

/// A secret in a document is read by everybody who may read the document, and may be printed.
pub(super) fn refuse_secrets(jwks: &serde_json::Value, scope: &mut Scope<'_>) {
    let keys = jwks.get("keys").and_then(serde_json::Value::as_array);
    for (i, key) in keys.into_iter().flatten().enumerate() {
        let at = format!("jwtConfiguration.jwks.keys[{i}]");
        if key.get("kty").is_some_and(|kind| kind == "oct") {
            scope.error(&at, "a shared secret does not stand in a document").help(
                "`\"algorithms\": [\"HS256\"], \"secretEnv\": \"NAME\"` reads it from an environment variable",
            );
        } else if key.get("d").is_some() {
            scope
                .error(&at, "this is a private key: whoever has it makes tokens")
                .help("take away all members but `kty`, `kid`, `use`, `alg`, `n`, `e`, `crv`, `x` and `y`");
        }
    }
}
