//! Compiles a Cognito authorizer.

use super::jwt::{asked, inline};
use crate::gateway::authorizers::cognito::{CognitoAuthorizer, UserPools};
use crate::gateway::authorizers::identity::IdentitySource;
use crate::gateway::authorizers::jwt::keys::KeySource;
use crate::gateway::authorizers::jwt::rules::Rules;
use crate::gateway::authorizers::jwt::{Issuer, JwtAuthorizer};
use crate::gateway::authorizers::signature::Algorithm;
use crate::gateway::compile::cluster::Clusters;
use crate::gateway::compile::scope::Scope;
use crate::gateway::config::{self, JwtConfiguration, ProtocolType};
use crate::gateway::regex::Regex;
use sha2::{Digest, Sha256};

/// Seconds for which AWS may keep a result.
const LONGEST_TTL: u32 = 3600;

/// Compiles a Cognito authorizer; what cannot be goes to the diagnostics.
pub(super) fn cognito(
    written: &config::Authorizer,
    api: &config::Api,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Option<CognitoAuthorizer> {
    match api.protocol_type {
        ProtocolType::Rest => {}
        ProtocolType::Http | ProtocolType::Websocket => {
            scope.error("authorizerType", "only REST APIs ask user pools by a Cognito authorizer").help(
                "use `\"JWT\"` with the issuer `https://cognito-idp.REGION.amazonaws.com/POOL_ID` and the app clients' ids as audience",
            );
            return None;
        }
    }
    check_members(written, scope);
    let extension = written.jwt_configuration.clone().unwrap_or_default();
    let source = source(written, scope);
    let rules = rules(written, scope);
    let issuers = issuers(written, &extension, clusters, scope);
    // Names of fields and all: two authorizers that differ in anything have different digests.
    let digest = Sha256::digest(format!("{written:?}|user pools")).into();
    Some(CognitoAuthorizer {
        tokens: JwtAuthorizer {
            source: source?,
            issuers: issuers?,
            algorithms: vec![Algorithm::Rs256],
            secret: None,
            rules: Rules::UserPools(Box::new(rules?)),
            digest,
        },
    })
}

/// Members that a Cognito authorizer does not have.
fn check_members(written: &config::Authorizer, scope: &mut Scope<'_>) {
    let JwtConfiguration {
        issuer,
        audience: _,
        issuers,
        default_algorithms,
        jwks_uri,
        jwks: _,
        algorithms,
        secret_env,
        jwks_hosts,
    } = written.jwt_configuration.clone().unwrap_or_default();
    for (present, member, help) in [
        (written.authorizer_uri.is_some(), "authorizerUri", "a Cognito authorizer calls no function"),
        (written.enable_simple_responses.is_some(), "enableSimpleResponses", "no function answers it"),
        (
            written.authorizer_payload_format_version.is_some(),
            "authorizerPayloadFormatVersion",
            "a Cognito authorizer calls no function",
        ),
        (
            written.authorizer_credentials_arn.is_some(),
            "authorizerCredentialsArn",
            "a Cognito authorizer calls no function",
        ),
        (
            issuer.is_some() || !issuers.is_empty(),
            "jwtConfiguration.issuer",
            "the issuers are the pools of `providerARNs`",
        ),
        (
            jwks_uri.is_some() || !jwks_hosts.is_empty(),
            "jwtConfiguration.jwksUri",
            "`endpoints` says where a pool lives: `{\"cognito-idp\": \"http://HOST:PORT\"}`",
        ),
        (
            !default_algorithms.is_empty() || !algorithms.is_empty(),
            "jwtConfiguration.algorithms",
            "user pools sign by RS256",
        ),
        (secret_env.is_some(), "jwtConfiguration.secretEnv", "user pools sign by RS256"),
    ] {
        if present {
            scope.error(member, "this is not a Cognito authorizer's").help(help);
        }
    }
    if let Some(seconds) = written.authorizer_result_ttl_in_seconds.filter(|seconds| *seconds > LONGEST_TTL) {
        scope.error("authorizerResultTtlInSeconds", format!("{seconds} is not from 0 to {LONGEST_TTL}"));
    }
}

fn source(written: &config::Authorizer, scope: &mut Scope<'_>) -> Option<IdentitySource> {
    let help = "`[\"$request.header.Authorization\"]`";
    let [text] = written.identity_source.as_slice() else {
        scope
            .error("identitySource", "a Cognito authorizer has exactly one identity source, a header")
            .help(help);
        return None;
    };
    let source = IdentitySource::of_token(text).filter(|_| text.starts_with("$request.header."));
    if source.is_none() {
        scope.error("identitySource[0]", format!("`{text}` is not a header")).help(help);
    }
    source
}

fn rules(written: &config::Authorizer, scope: &mut Scope<'_>) -> Option<UserPools> {
    let Some(text) = &written.identity_validation_expression else {
        return Some(UserPools { audience_expression: None });
    };
    // By itself first: `a)|(b` is one only once it stands in a group.
    match Regex::new(text).and_then(|_| Regex::new(&format!(r"\A(?:{text})\z"))) {
        Ok(expression) => Some(UserPools { audience_expression: Some(expression) }),
        Err(problem) => {
            scope.error("identityValidationExpression", format!("`{text}` cannot be read: {problem}"));
            None
        }
    }
}

fn issuers(
    written: &config::Authorizer,
    extension: &JwtConfiguration,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Option<Vec<Issuer>> {
    if written.provider_arns.is_empty() {
        scope
            .error("providerARNs", "a Cognito authorizer says whose tokens it accepts")
            .help("`[\"arn:aws:cognito-idp:REGION:ACCOUNT:userpool/POOL_ID\"]`");
        return None;
    }
    if extension.jwks.is_some() && written.provider_arns.len() > 1 {
        scope
            .error("jwtConfiguration.jwks", "one pool's keys would sign for the other pools")
            .help("write one authorizer for each pool, or no keys");
        return None;
    }
    let issuers = written.provider_arns.iter().enumerate().map(|(i, arn)| {
        let at = format!("providerARNs[{i}]");
        let Some(pool) = Pool::parse(arn) else {
            scope
                .error(&at, format!("`{arn}` is not the ARN of a user pool"))
                .help("`arn:aws:cognito-idp:REGION:ACCOUNT:userpool/POOL_ID`");
            return None;
        };
        let keys = match &extension.jwks {
            Some(jwks) => inline(jwks, scope)?,
            None => asked(&pool.keys(arn, clusters), &at, clusters, scope)
                .map(|at| clusters.keyring(KeySource::Uri(at)))?,
        };
        let (name, audience) = (pool.issuer(), extension.audience.clone());
        Some(Issuer { name, audience, client_id: false, additional: Vec::new(), keys })
    });
    // Every pool's problems are told, not only the first one's.
    issuers.collect::<Vec<_>>().into_iter().collect()
}

/// A user pool as its ARN names it.
struct Pool<'a> {
    /// What AWS's hosts end in, in this partition.
    domain: &'static str,
    region: &'a str,
    id: &'a str,
}

// === impl Pool ===

impl<'a> Pool<'a> {
    fn parse(arn: &'a str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        let mut next = || parts.next();
        let ("arn", partition, "cognito-idp") = (next()?, next()?, next()?) else { return None };
        let (region, account, id) = (next()?, next()?, next()?.strip_prefix("userpool/")?);
        let domain = match partition {
            "aws" | "aws-us-gov" => "amazonaws.com",
            "aws-cn" => "amazonaws.com.cn",
            _ => return None,
        };
        // Both become parts of a URL, and of `iss`.
        let of = |text: &str, more: &[u8]| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
        };
        let good = of(region, b"-") && of(account, b"") && of(id, b"-_");
        good.then_some(Self { domain, region, id })
    }

    /// `iss` of its tokens, wherever the pool lives.
    fn issuer(&self) -> String {
        format!("https://cognito-idp.{}.{}/{}", self.region, self.domain, self.id)
    }

    /// Where its keys are: at AWS, unless the document's `endpoints` names the pool, its region's service or the service.
    fn keys(&self, arn: &str, clusters: &Clusters<'_>) -> String {
        let regional = format!("cognito-idp.{}", self.region);
        let place = [arn, regional.as_str(), "cognito-idp"]
            .into_iter()
            .find_map(|name| clusters.endpoints.get(name))
            .map(|place| format!("{}/{}", place.trim_end_matches('/'), self.id));
        format!("{}/.well-known/jwks.json", place.unwrap_or_else(|| self.issuer()))
    }
}
