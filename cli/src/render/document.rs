//! A document on its way into Envoy: `${env:NAME}` expanded, API keys hashed, compiled.
//!
//! Envoy's `/config_dump` shows the filter's configuration word for word, so what enters it holds no secret.

use super::discovery::{self, Issuers};
use super::rate_limits::RateLimits;
use super::tls::{Tls, files};
use crate::hash_key::{PREFIX, hash, hash_plain_keys};
use crate::{Error, validate};
use sekisho::gateway::access_log::destination::Destination;
use sekisho::gateway::clusters::Cluster;
use sekisho::gateway::compile::compile;
use sekisho::gateway::config::{Api, Config, ConnectionType, LoggingLevel, ProtocolType, load};
use sekisho::gateway::diagnostics::Diagnostics;
use sekisho::gateway::surroundings::Elsewhere;
use serde_json::Value;
use std::collections::BTreeSet;

/// Largest request body that AWS takes, in bytes.
const AWS_PAYLOAD_BYTES: u64 = 10_485_760;
/// Largest head that AWS takes (REST APIs), in bytes.
const AWS_HEADER_BYTES: u32 = 20_480;
/// Longest URL that AWS takes (REST APIs), in bytes.
const AWS_URL_BYTES: u32 = 10_240;

/// What a document asks of Envoy.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The document as the filter reads it.
    pub document: String,
    /// Names the state that workers and reloads share.
    pub gateway_id: String,
    /// Proxies in front that are believed about `X-Forwarded-For`.
    pub trusted_hops: u32,
    /// Largest request body in bytes.
    pub payload_bytes: u64,
    /// Largest head in bytes.
    pub header_bytes: u32,
    /// Longest URL in bytes; REST APIs do not count it to the head.
    pub url_bytes: u32,
    /// Whether the filter reads the client's certificate.
    pub client_cert: bool,
    /// Variables of Envoy's environment that the filter reads: secrets that are in no document.
    pub environment: Vec<String>,
    /// The clusters.
    pub clusters: Vec<Cluster>,
    /// Whether backends see `x-forwarded-proto`: those of REST APIs do, HTTP APIs say it in `forwarded`.
    pub forwarded_proto: bool,
    /// Integrations that leave the choice of the backend to Envoy's own routes: `apis[0].integrations[1]`.
    pub envoy_routes: Vec<String>,
    /// Whether the filter must be the one that is built with `software-signatures`.
    pub software_signatures: bool,
    /// What a rate-limit service is to count.
    pub rate_limits: RateLimits,
    /// TLS of custom domains.
    pub tls: Tls,
    /// Where stages' access logs go.
    pub access_logs: Vec<Destination>,
    /// Whether a method has an execution log.
    pub execution_log: bool,
    /// Whether a web ACL is logged.
    pub waf_log: bool,
}

/// Reads, checks and compiles a document; `-` is stdin.
///
/// # Errors
/// All of its problems, or that it cannot be read.
pub fn read(file: &str, issuers: &Issuers<'_>) -> Result<(Plan, Diagnostics), Error> {
    let text = validate::read(file)?;
    plan_with(&text, &|name| std::env::var(name).ok(), issuers)
        .map_err(|diagnostics| Error::Refused { document: file.to_owned(), diagnostics })
}

/// Checks and compiles a document, with `environment` in the place of the process's; no issuer is asked.
///
/// # Errors
/// All of its problems.
pub fn plan(
    text: &[u8],
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<(Plan, Diagnostics), Diagnostics> {
    plan_with(text, environment, &Issuers::default())
}

/// Checks and compiles a document, and lets its issuers say where their keys are.
///
/// # Errors
/// All of its problems.
pub fn plan_with(
    text: &[u8],
    environment: &dyn Fn(&str) -> Option<String>,
    issuers: &Issuers<'_>,
) -> Result<(Plan, Diagnostics), Diagnostics> {
    let Ok(mut value) = serde_json::from_slice::<Value>(text) else {
        // `load` says where it is not JSON.
        let problems = load(text).err().unwrap_or_default();
        return Err(problems);
    };
    expand_all(&mut value, environment)?;
    let mut config = load(value.to_string().as_bytes())?;
    hash_plain_keys(&mut config)?;
    hash_keys(&mut value);
    let mut compiled = compile(&config, &Elsewhere)?;
    // Only of a good document anybody is asked.
    let found = discovery::complete(&mut value, &config, issuers);
    if found.hosts > 0 {
        config = load(value.to_string().as_bytes())?;
        compiled = compile(&config, &Elsewhere)?;
    }
    compiled.warnings.0.extend(found.warnings.0);
    let tls = Tls::of(&config);
    files::check(&config, &mut compiled.warnings);
    if compiled.warnings.has_errors() {
        return Err(compiled.warnings);
    }
    let limits = config.limits.clone().unwrap_or_default();
    let plan = Plan {
        document: super::yaml::ascii(&value),
        gateway_id: config.gateway_id.clone().unwrap_or_else(|| "default".to_owned()),
        trusted_hops: config.trusted_hops.unwrap_or(0),
        payload_bytes: limits.payload_bytes.unwrap_or(AWS_PAYLOAD_BYTES),
        header_bytes: limits.header_bytes.unwrap_or(AWS_HEADER_BYTES),
        url_bytes: limits.url_bytes.unwrap_or(AWS_URL_BYTES),
        client_cert: compiled.gateway.wants().client_cert,
        environment: secret_variables(&config),
        clusters: compiled.clusters,
        forwarded_proto: config.apis.iter().any(|api| api.protocol_type == ProtocolType::Rest),
        envoy_routes: envoy_routes(&config),
        software_signatures: compiled.gateway.wants().software_signatures,
        rate_limits: RateLimits::of(&config),
        tls,
        execution_log: has_execution_log(&config),
        access_logs: compiled.access_logs,
        waf_log: !config.logging_configurations.is_empty(),
    };
    Ok((plan, compiled.warnings))
}

fn expand_all(document: &mut Value, environment: &dyn Fn(&str) -> Option<String>) -> Result<(), Diagnostics> {
    let mut diagnostics = Diagnostics::default();
    expand(document, "", "", environment, &mut diagnostics);
    if diagnostics.has_errors() { Err(diagnostics) } else { Ok(()) }
}

/// Expands `${env:NAME}` in URIs and names. Elsewhere it is an error, because a secret would end in `/config_dump`.
fn expand(
    value: &mut Value,
    path: &str,
    key: &str,
    environment: &dyn Fn(&str) -> Option<String>,
    diagnostics: &mut Diagnostics,
) {
    match value {
        Value::String(text) if text.contains("${env:") => {
            if !is_expanded(path, key) {
                diagnostics
                    .error(path, "`${env:…}` is not expanded here")
                    .help("it is expanded in URIs and names only: secrets stay out of Envoy's configuration");
                return;
            }
            match expanded(text, environment) {
                Ok(expanded) => *text = expanded,
                Err(problem) => {
                    diagnostics.error(path, problem);
                }
            }
        }
        Value::Array(items) => {
            for (i, item) in items.iter_mut().enumerate() {
                expand(item, &format!("{path}[{i}]"), key, environment, diagnostics);
            }
        }
        Value::Object(map) => {
            for (key, item) in map.iter_mut() {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                expand(item, &path, key, environment, diagnostics);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// URIs and names; never values of keys, credentials or mappings.
fn is_expanded(path: &str, key: &str) -> bool {
    const NAMES: [&str; 12] = [
        "region",
        "accountId",
        "gatewayId",
        "name",
        "domainName",
        "issuer",
        "issuers",
        "audience",
        "cluster",
        "serverNameToVerify",
        "certificateFile",
        "privateKeyFile",
    ];
    // Keys of mappings and templates are the author's words: `overwrite:header.tokenUri` is no URI.
    let is_field = key.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let parent = path.strip_suffix(key).unwrap_or_default();
    (is_field && key.ends_with("Uri"))
        || NAMES.contains(&key)
        || path.starts_with("endpoints.")
        || matches!(path, "rateLimitService.uri" | "rateLimitService.domain")
        || parent.ends_with(".stageVariables.")
        || parent.ends_with(".stageVariableOverrides.")
}

fn expanded(text: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${env:") {
        let Some((name, tail)) = after.split_once('}') else {
            return Err("`${env:` has no closing `}`".to_owned());
        };
        let Some(value) = environment(name) else {
            return Err(format!("the environment variable `{name}` is not set"));
        };
        out.push_str(before);
        out.push_str(&value);
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

/// Puts hashes in the place of plain API keys: in the document as the filter reads it.
fn hash_keys(document: &mut Value) {
    let keys = document.get_mut("apiKeys").and_then(Value::as_array_mut).into_iter().flatten();
    for key in keys {
        if let Some(Value::String(value)) = key.get_mut("value")
            && !value.starts_with(PREFIX)
        {
            *value = hash(value);
        }
    }
}

fn secret_variables(config: &Config) -> Vec<String> {
    let mut names: BTreeSet<String> =
        config.credentials.iter().map(|credential| credential.secret_access_key_env.clone()).collect();
    names.extend(config.credentials.iter().filter_map(|credential| credential.session_token_env.clone()));
    for api in &config.apis {
        let deployed = api.deployments.iter().flat_map(|deployment| &deployment.authorizers);
        let jwt = api.authorizers.iter().chain(deployed).filter_map(|a| a.jwt_configuration.as_ref());
        names.extend(jwt.filter_map(|jwt| jwt.secret_env.clone()));
    }
    names.into_iter().collect()
}

fn has_execution_log(config: &Config) -> bool {
    let stages = config.apis.iter().flat_map(|api| &api.stages);
    let mut settings =
        stages.flat_map(|stage| stage.default_route_settings.iter().chain(stage.route_settings.values()));
    settings.any(|settings| !matches!(settings.logging_level, None | Some(LoggingLevel::Off)))
}

fn envoy_routes(config: &Config) -> Vec<String> {
    let by_api = |(a, api): (usize, &Api)| {
        let deployed = api.deployments.iter().enumerate().flat_map(move |(d, deployment)| {
            let at = format!("apis[{a}].deployments[{d}]");
            deployment
                .integrations
                .iter()
                .enumerate()
                .map(move |(i, it)| (format!("{at}.integrations[{i}]"), it))
        });
        let live = api.integrations.iter().enumerate();
        live.map(move |(i, it)| (format!("apis[{a}].integrations[{i}]"), it))
            .chain(deployed)
            .filter(|(_, it)| it.connection_type == Some(ConnectionType::EnvoyRoute))
            .map(|(path, _)| path)
            .collect::<Vec<_>>()
    };
    config.apis.iter().enumerate().flat_map(by_api).collect()
}

#[cfg(test)]
mod tests {
    use super::{expand_all, hash, hash_keys, plan, secret_variables};
    use sekisho::gateway::config::load;
    use serde_json::{Value, json};

    fn environment(name: &str) -> Option<String> {
        (name == "HOST").then(|| "users.internal".to_owned())
    }

    fn expanded(mut document: Value) -> Result<Value, String> {
        expand_all(&mut document, &environment).map(|()| document).map_err(|problems| problems.to_string())
    }

    #[test]
    fn names_and_uris_are_expanded() {
        let text = br#"{ "apis": [ { "apiId": "a", "protocolType": "HTTP",
            "integrations": [ { "integrationId": "i", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
                "payloadFormatVersion": "1.0", "integrationUri": "http://${env:HOST}:8080/" } ],
            "routes": [ { "routeKey": "$default", "target": "integrations/i" } ],
            "stages": [ { "stageName": "$default" } ] } ] }"#;
        let (plan, _) = plan(text, &environment).unwrap();
        assert!(plan.document.contains("http://users.internal:8080/"));
        assert_eq!(
            plan.clusters.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(),
            ["http://users.internal:8080"]
        );
        let endpoints = expanded(json!({ "endpoints": { "lambda": "http://${env:HOST}/${env:HOST}" } }));
        assert_eq!(endpoints.unwrap()["endpoints"]["lambda"], "http://users.internal/users.internal");
    }

    #[test]
    fn a_secret_is_never_expanded() {
        let problems = expanded(json!({ "apiKeys": [{ "value": "${env:HOST}" }] })).unwrap_err();
        assert!(problems.contains("apiKeys[0].value: `${env:…}` is not expanded here"), "{problems}");
        for name in ["overwrite:header.tokenUri", "overwrite:header.x.stageVariables.y"] {
            let mapped = json!({ "requestParameters": { name: "${env:HOST}" } });
            assert!(expanded(mapped).unwrap_err().contains("is not expanded here"), "{name}");
        }
    }

    #[test]
    fn a_variable_that_is_not_set_is_an_error() {
        let problems = expanded(json!({ "region": "${env:NONE}" })).unwrap_err();
        assert!(problems.contains("region: the environment variable `NONE` is not set"), "{problems}");
        let problems = expanded(json!({ "region": "${env:HOST" })).unwrap_err();
        assert!(problems.contains("region: `${env:` has no closing `}`"), "{problems}");
    }

    #[test]
    fn plain_keys_are_hashed_and_hashes_stay() {
        let mut document = json!({ "apiKeys": [{ "value": "secret" }, { "value": hash("secret") }, {}] });
        hash_keys(&mut document);
        let hashed = json!({ "value": hash("secret") });
        assert_eq!(document["apiKeys"], json!([hashed, hashed, {}]));
    }

    #[test]
    fn every_variable_that_a_document_names_is_told_once() {
        let jwt = |name: &str| json!({ "authorizerId": name, "authorizerType": "JWT", "jwtConfiguration": { "secretEnv": name } });
        let document = json!({
            "credentials": [{ "accessKeyId": "A", "secretAccessKeyEnv": "B" }, { "accessKeyId": "C", "secretAccessKeyEnv": "B" }],
            "apis": [{
                "apiId": "a", "protocolType": "HTTP", "authorizers": [jwt("LIVE"), jwt("B")],
                "deployments": [{ "deploymentId": "d", "authorizers": [jwt("DEPLOYED")] }],
            }],
        });
        let config = load(document.to_string().as_bytes()).unwrap();
        assert_eq!(secret_variables(&config), ["B", "DEPLOYED", "LIVE"]);
    }

    #[test]
    fn what_is_not_json_says_where() {
        let problems = plan(b"{ nope", &environment).unwrap_err().to_string();
        assert!(problems.contains("line 1"), "{problems}");
    }
}
