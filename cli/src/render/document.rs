//! A document on its way into Envoy: `${env:NAME}` expanded, API keys hashed, compiled.
//!
//! Envoy's `/config_dump` shows the filter's configuration word for word, so what enters it holds no secret.

use super::Error;
use sekisho::gateway::clusters::Cluster;
use sekisho::gateway::compile::compile;
use sekisho::gateway::config::{Api, Config, ConnectionType, load};
use sekisho::gateway::diagnostics::Diagnostics;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// Largest request body that AWS takes, in bytes.
const AWS_PAYLOAD_BYTES: u64 = 10_485_760;
/// Largest head that AWS takes (REST APIs), in bytes.
const AWS_HEADER_BYTES: u32 = 20_480;

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
    /// Variables of Envoy's environment that the filter reads: secrets that are in no document.
    pub environment: Vec<String>,
    /// The clusters.
    pub clusters: Vec<Cluster>,
    /// Integrations that leave the choice of the backend to Envoy's own routes: `apis[0].integrations[1]`.
    pub envoy_routes: Vec<String>,
}

/// Reads, checks and compiles a document.
///
/// # Errors
/// All of its problems, or that it cannot be read.
pub fn read(path: &Path) -> Result<(Plan, Diagnostics), Error> {
    let text = std::fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    plan(&text, &|name| std::env::var(name).ok())
        .map_err(|diagnostics| Error::Document { path: path.to_owned(), diagnostics })
}

/// Checks and compiles a document, with `environment` in the place of the process's.
///
/// # Errors
/// All of its problems.
pub fn plan(
    text: &[u8],
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<(Plan, Diagnostics), Diagnostics> {
    let Ok(mut value) = serde_json::from_slice::<Value>(text) else {
        // Not JSON: `load` says where.
        return load(text).map(|_| Default::default()).and_then(|()| {
            let mut diagnostics = Diagnostics::default();
            diagnostics.error("", "the document is not JSON");
            Err(diagnostics)
        });
    };
    let mut diagnostics = Diagnostics::default();
    expand(&mut value, "", "", environment, &mut diagnostics);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    hash_keys(&mut value);
    let document = super::yaml::ascii(&value);
    let config = load(document.as_bytes())?;
    let compiled = compile(&config)?;
    let limits = config.limits.clone().unwrap_or_default();
    let plan = Plan {
        gateway_id: config.gateway_id.clone().unwrap_or_else(|| "default".to_owned()),
        trusted_hops: config.trusted_hops.unwrap_or(0),
        payload_bytes: limits.payload_bytes.unwrap_or(AWS_PAYLOAD_BYTES),
        header_bytes: limits.header_bytes.unwrap_or(AWS_HEADER_BYTES),
        environment: secret_variables(&config),
        clusters: compiled.clusters,
        envoy_routes: envoy_routes(&config),
        document,
    };
    Ok((plan, compiled.warnings))
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
    key.ends_with("Uri")
        || NAMES.contains(&key)
        || path.starts_with("endpoints.")
        || path.contains(".stageVariables.")
        || path.contains(".stageVariableOverrides.")
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

/// Puts `sha256:…` in the place of each plain API key.
fn hash_keys(document: &mut Value) {
    let keys = document.get_mut("apiKeys").and_then(Value::as_array_mut).into_iter().flatten();
    for key in keys {
        if let Some(Value::String(value)) = key.get_mut("value")
            && !value.starts_with("sha256:")
        {
            *value = hash_key(value);
        }
    }
}

/// An API key as configuration holds it.
#[must_use]
pub fn hash_key(key: &str) -> String {
    Sha256::digest(key.as_bytes()).iter().fold("sha256:".to_owned(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn secret_variables(config: &Config) -> Vec<String> {
    let mut names: BTreeSet<String> =
        config.credentials.iter().map(|credential| credential.secret_access_key_env.clone()).collect();
    for api in &config.apis {
        let deployed = api.deployments.iter().flat_map(|deployment| &deployment.authorizers);
        let jwt = api.authorizers.iter().chain(deployed).filter_map(|a| a.jwt_configuration.as_ref());
        names.extend(jwt.filter_map(|jwt| jwt.secret_env.clone()));
    }
    names.into_iter().collect()
}

fn envoy_routes(config: &Config) -> Vec<String> {
    let by_api = |(a, api): (usize, &Api)| {
        let deployed = api.deployments.iter().enumerate().flat_map(move |(d, deployment)| {
            let at = format!("apis[{a}].deployments[{d}]");
            deployment.integrations.iter().enumerate().map(move |(i, it)| (format!("{at}.integrations[{i}]"), it))
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
    use super::{hash_key, plan};

    fn environment(name: &str) -> Option<String> {
        (name == "HOST").then(|| "users.internal".to_owned())
    }

    fn document(rest: &str) -> String {
        format!(
            r#"{{ "apis": [ {{ "apiId": "a", "protocolType": "HTTP", "integrations": [
                {{ "integrationId": "i", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
                   "integrationUri": "http://${{env:HOST}}:8080/" }} ],
                "routes": [ {{ "routeKey": "$default", "target": "integrations/i" }} ],
                "stages": [ {{ "stageName": "$default" }} ] }} ] {rest} }}"#
        )
    }

    #[test]
    fn keys_are_hashed_and_names_are_expanded() {
        let text = document(r#", "apiKeys": [ { "id": "k", "value": "secret", "enabled": true } ]"#);
        let (plan, _) = plan(text.as_bytes(), &environment).unwrap();
        assert!(plan.document.contains(&hash_key("secret")), "{}", plan.document);
        assert!(!plan.document.contains("\"secret\""));
        assert!(plan.document.contains("http://users.internal:8080/"));
        assert_eq!(
            hash_key("secret"),
            "sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
        );
    }

    #[test]
    fn hashed_keys_stay() {
        let value = hash_key("secret");
        let text = document(&format!(r#", "apiKeys": [ {{ "id": "k", "value": "{value}" }} ]"#));
        let (plan, _) = plan(text.as_bytes(), &environment).unwrap();
        assert!(plan.document.contains(&value));
    }

    #[test]
    fn a_secret_is_never_expanded() {
        let text = document(r#", "apiKeys": [ { "id": "k", "value": "${env:HOST}" } ]"#);
        let problems = plan(text.as_bytes(), &environment).unwrap_err().to_string();
        assert!(problems.contains("apiKeys[0].value: `${env:…}` is not expanded here"), "{problems}");
    }

    #[test]
    fn a_variable_that_is_not_set_is_an_error() {
        let text = document("");
        let problems = plan(text.as_bytes(), &|_| None).unwrap_err().to_string();
        assert_eq!(
            problems,
            "error: apis[0].integrations[0].integrationUri: the environment variable `HOST` is not set"
        );
    }

    #[test]
    fn what_is_not_json_says_where() {
        let problems = plan(b"{ nope", &environment).unwrap_err().to_string();
        assert!(problems.contains("line 1"), "{problems}");
    }
}
