//! Where the issuers of JWT authorizers have their keys: many have them on another host, and Envoy needs a cluster for it.
//!
//! Each issuer is asked for its discovery document, once and with a short patience. A host that is not its own is written into
//! the document as `jwksHosts`. The filter asks there and nowhere else, so that a discovery document can never choose among
//! the gateway's backends. An authorizer that names `jwksHosts` itself is left as it is.

use super::dynamic::Layout;
use rustls::crypto::ring;
use sekisho::gateway::authorizers::jwt::keys::discovery_url;
use sekisho::gateway::clusters::endpoint;
use sekisho::gateway::config::{Authorizer, Config};
use sekisho::gateway::diagnostics::Diagnostics;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// How long an issuer may take: the filter's limit, and time for a first connection.
const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of a discovery document: the filter's limit.
const LARGEST: u64 = 150_000;

/// Gives the page at a URL, or says why there is none.
pub type Fetch<'f> = dyn Fn(&str) -> Result<Vec<u8>, String> + Sync + 'f;

/// Who says where keys are.
#[derive(Default)]
pub struct Issuers<'f> {
    /// How the issuers are asked; absent, none is.
    pub fetch: Option<Box<Fetch<'f>>>,
    /// Hosts of the document that is served now, by issuer: they stay while an issuer does not answer.
    pub served: BTreeMap<String, Vec<String>>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// How many hosts were added to the document.
    pub hosts: usize,
    /// What its author should know.
    pub warnings: Diagnostics,
}

#[derive(Deserialize)]
struct DiscoveryDocument {
    issuer: String,
    jwks_uri: String,
}

/// An issuer of a document.
struct Named {
    /// JSON pointer of its `jwtConfiguration`.
    pointer: String,
    /// Where it stands, for people.
    path: String,
    issuer: String,
}

/// The issuers, asked over the network; their certificates are checked as Envoy will check them.
#[must_use]
pub fn issuers(offline: bool, ca_file: &Path, layout: Option<&Layout>) -> Issuers<'static> {
    let ca_file: PathBuf = ca_file.to_owned();
    let fetch = move |url: &str| fetch(url, &ca_file);
    let fetch = if offline { None } else { Some(Box::new(fetch) as Box<Fetch<'_>>) };
    Issuers { fetch, served: layout.map(served).unwrap_or_default() }
}

/// The hosts of keys in the document that a folder delivers; none if it delivers none.
fn served(layout: &Layout) -> BTreeMap<String, Vec<String>> {
    let mut served = BTreeMap::new();
    let text = std::fs::read_to_string(layout.ecds().path()).unwrap_or_default();
    if let Ok(filter) = serde_yaml_ng::from_str::<Value>(&text) {
        serve(&filter, &mut served);
    }
    served
}

fn serve(value: &Value, served: &mut BTreeMap<String, Vec<String>>) {
    match value {
        // The document is a text in the filter's configuration.
        Value::String(text) if text.starts_with('{') => {
            if let Ok(document) = serde_json::from_str::<Value>(text) {
                serve(&document, served);
            }
        }
        Value::Object(members) => {
            if let Some(jwt) = members.get("jwtConfiguration") {
                let list = |name: &str| jwt[name].as_array().into_iter().flatten();
                let hosts = || list("jwksHosts").filter_map(Value::as_str).map(str::to_owned);
                let issuers = list("issuers").map(|issuer| &issuer["issuer"]).chain([&jwt["issuer"]]);
                for issuer in issuers.filter_map(Value::as_str) {
                    served.entry(issuer.to_owned()).or_default().extend(hosts());
                }
            }
            members.values().for_each(|member| serve(member, served));
        }
        Value::Array(items) => items.iter().for_each(|item| serve(item, served)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Adds to a document the hosts that its issuers name.
pub fn complete(document: &mut Value, config: &Config, issuers: &Issuers<'_>) -> Found {
    let mut found = Found::default();
    let named = named(config);
    let answers = match &issuers.fetch {
        Some(fetch) => ask(&named, fetch).into_iter().map(Some).collect(),
        None => vec![None; named.len()],
    };
    for (named, answer) in named.iter().zip(answers) {
        let before = || issuers.served.get(&named.issuer).cloned().unwrap_or_default();
        let hosts = match answer.map(|page| page.and_then(|page| key_host(&page, &named.issuer))) {
            None => before(),
            Some(Ok(host)) => host.into_iter().collect(),
            Some(Err(problem)) => {
                let hosts = before();
                let kept = if hosts.is_empty() {
                    String::new()
                } else {
                    format!("; what is served now stays: {}", hosts.join(", "))
                };
                let problem = format!("`{}` does not say where its keys are: {problem}{kept}", named.issuer);
                found.warnings.warning(&named.path, problem).help(
                    "keys on another host need `jwksHosts` beside `issuer`; `--offline` asks no issuer",
                );
                hosts
            }
        };
        let Some(Value::Object(configuration)) = document.pointer_mut(&named.pointer) else { continue };
        for host in hosts {
            let all = configuration.entry("jwksHosts").or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(all) = all
                && !all.contains(&Value::from(host.as_str()))
            {
                all.push(host.into());
                found.hosts += 1;
            }
        }
    }
    found
}

/// Issuers whose keys are where their discovery documents say.
fn named(config: &Config) -> Vec<Named> {
    let mut all = Vec::new();
    for (a, api) in config.apis.iter().enumerate() {
        collect(&api.authorizers, &format!("apis[{a}]"), &format!("/apis/{a}"), &mut all);
        for (d, deployment) in api.deployments.iter().enumerate() {
            let (path, pointer) =
                (format!("apis[{a}].deployments[{d}]"), format!("/apis/{a}/deployments/{d}"));
            collect(&deployment.authorizers, &path, &pointer, &mut all);
        }
    }
    all
}

fn collect(authorizers: &[Authorizer], path: &str, pointer: &str, all: &mut Vec<Named>) {
    for (i, authorizer) in authorizers.iter().enumerate() {
        let Some(jwt) = &authorizer.jwt_configuration else { continue };
        if jwt.jwks.is_some() || jwt.jwks_uri.is_some() || !jwt.jwks_hosts.is_empty() {
            continue;
        }
        let path = format!("{path}.authorizers[{i}].jwtConfiguration");
        let pointer = format!("{pointer}/authorizers/{i}/jwtConfiguration");
        let single = jwt.issuer.iter().map(|issuer| (format!("{path}.issuer"), issuer));
        let several = jwt.issuers.iter().enumerate();
        let several = several.map(|(n, it)| (format!("{path}.issuers[{n}].issuer"), &it.issuer));
        all.extend(single.chain(several).map(|(path, issuer)| Named {
            pointer: pointer.clone(),
            path,
            issuer: issuer.clone(),
        }));
    }
}

/// Asks all of them at the same time, each URL once.
fn ask(named: &[Named], fetch: &Fetch<'_>) -> Vec<Result<Vec<u8>, String>> {
    let urls: Vec<String> = named.iter().map(|named| discovery_url(&named.issuer)).collect();
    let answers: BTreeMap<&str, _> = std::thread::scope(|scope| {
        let mut threads = BTreeMap::new();
        for url in &urls {
            threads.entry(url.as_str()).or_insert_with(|| scope.spawn(move || fetch(url)));
        }
        let joined = threads.into_iter().map(|(url, thread)| {
            (url, thread.join().unwrap_or_else(|_| Err("the question was broken off".to_owned())))
        });
        joined.collect()
    });
    let answer = |url: &String| answers.get(url.as_str()).cloned();
    urls.iter().map(|url| answer(url).unwrap_or_else(|| Err("nobody was asked".to_owned()))).collect()
}

/// The host of an issuer's keys, if it is not its own.
fn key_host(page: &[u8], issuer: &str) -> Result<Option<String>, String> {
    let document: DiscoveryDocument =
        serde_json::from_slice(page).map_err(|error| format!("its discovery document is none: {error}"))?;
    if document.issuer != issuer {
        return Err(format!("its discovery document is that of `{}`", document.issuer));
    }
    let own = endpoint(&discovery_url(issuer))?;
    let keys =
        endpoint(&document.jwks_uri).map_err(|problem| format!("`{}`: {problem}", document.jwks_uri))?;
    if own.tls && !keys.tls {
        return Err(format!("`{}` is not `https`, and the issuer is", document.jwks_uri));
    }
    Ok((keys.cluster != own.cluster).then_some(keys.cluster))
}

fn fetch(url: &str, ca_file: &Path) -> Result<Vec<u8>, String> {
    let mut config = ureq::Agent::config_builder().max_redirects(0).timeout_global(Some(PATIENCE));
    if url.starts_with("https:") {
        config = config.tls_config(tls(ca_file)?);
    }
    let agent: ureq::Agent = config.build().into();
    let mut response = agent.get(url).call().map_err(|error| error.to_string())?;
    if response.status().as_u16() != 200 {
        return Err(format!("{url} answers {}", response.status()));
    }
    response.body_mut().with_config().limit(LARGEST).read_to_vec().map_err(|error| error.to_string())
}

fn tls(ca_file: &Path) -> Result<TlsConfig, String> {
    let pem = std::fs::read(ca_file).map_err(|error| format!("{}: {error}", ca_file.display()))?;
    let certificates = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        Ok(_) | Err(_) => None,
    });
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::from(certificates))
        .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
        .build())
}

// === impl Issuers ===

impl std::fmt::Debug for Issuers<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuers").field("served", &self.served).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
