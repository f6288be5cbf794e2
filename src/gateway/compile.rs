//! Configuration as written → gateway as run: names resolved, indexes built, every problem collected.

mod api;
mod authorizer;
mod aws;
mod aws_service;
mod canary;
mod cluster;
mod domain;
mod execution;
mod fleet;
mod function;
mod integration;
mod lambda_proxy;
mod named;
mod pattern;
mod policy;
mod routes;
mod scope;
mod sides;
mod throttle;
mod unsupported;
mod usage;
mod waf;
mod weaker;

pub use api::{Api, Stage};
pub use cluster::Clusters;
pub use routes::{Route, RouteTable};
pub use scope::Scope;
pub use waf::MOST_CAPACITY;
pub use weaker::{Weaker, weaker};

use super::Wants;
use super::access_log::destination::Destination;
use super::authorizers::Authorizer;
use super::authorizers::jwt::keys::Keyring;
use super::clusters::Cluster;
use super::config::{Config, ProtocolType};
use super::diagnostics::Diagnostics;
use super::domains::custom::Domains;
use super::metrics;
use super::surroundings::Surroundings;
use super::throttle::Throttle;
use super::usage_plans::UsagePlans;
use super::waf::WebAcl;
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::rc::Rc;

/// Largest request body, in bytes: AWS's limit.
pub const PAYLOAD_BYTES: u64 = 10_485_760;
/// Largest limit that a document may set: 1 GiB, which Envoy can still count in its buffers' settings.
const MOST_PAYLOAD_BYTES: u64 = 1 << 30;
/// Largest request line and headers of an HTTP API, in bytes: AWS's limit.
pub const HTTP_HEADER_BYTES: usize = 10_240;
/// Largest names and values of the headers of a REST API, in bytes: AWS's limit.
pub const REST_HEADER_BYTES: usize = 20_480;
/// Longest URL of a REST API, in bytes: AWS's limit for regional APIs.
pub const REST_URL_BYTES: usize = 10_240;
/// Longest URL that opens a WebSocket API, in bytes: AWS's limit.
pub const WEBSOCKET_URL_BYTES: usize = 4096;

/// What a document may set of a head, and of the URL in it.
const HEAD_BYTES: RangeInclusive<u32> = 1024..=65_536;

/// A gateway as run: immutable, indexes for names. A request holds the one it began with to its end.
#[derive(Debug)]
pub struct Gateway {
    /// The owner's account.
    pub account_id: String,
    /// The region that ARNs name.
    pub region: String,
    /// Largest request body, in bytes.
    pub payload_bytes: u64,
    header_bytes: Option<usize>,
    url_bytes: Option<usize>,
    apis: HashMap<String, Rc<Api>>,
    default_api: Option<Rc<Api>>,
    /// The custom domains.
    pub domains: Domains,
    wants: Wants,
    /// API keys and usage plans.
    pub usage: UsagePlans,
    /// How fast all may call together.
    pub account: Throttle,
    /// The issuers that are asked for keys, each once.
    pub(super) keyrings: Vec<Rc<Keyring>>,
}

/// What compiling a document gives.
#[derive(Debug)]
pub struct Compiled {
    /// The gateway.
    pub gateway: Gateway,
    /// The clusters that the document's URIs need; those named by `cluster` exist already and are not among them.
    pub clusters: Vec<Cluster>,
    /// Whether an integration leaves the choice of a backend to Envoy's own routes.
    pub uses_envoy_routes: bool,
    /// Where lines of access logs go, each destination once.
    pub access_logs: Vec<Destination>,
    /// Web ACLs by their ARNs, those that no stage names too.
    pub web_acls: HashMap<String, Rc<WebAcl>>,
    /// What the author should know.
    pub warnings: Diagnostics,
}

/// Compiles a document.
///
/// # Errors
/// Every problem of its meaning, warnings among them.
pub fn compile(config: &Config, surroundings: &dyn Surroundings) -> Result<Compiled, Diagnostics> {
    let mut diagnostics = Diagnostics::default();
    let mut wants = Wants::default();
    unsupported::check(config, &mut diagnostics);
    check_limits(config, &mut diagnostics);
    let mut clusters = Clusters::new(config);
    let mut apis = HashMap::new();
    let mut first = None;
    let mut scope = Scope::new(String::new(), &mut diagnostics, &mut wants, surroundings);
    let iam = authorizer::iam(config, &mut scope).map(|iam| Rc::new(Authorizer::Iam(iam)));
    let fleet = fleet::service(config, &mut clusters, &mut scope);
    let usage = usage::compile(config, fleet.as_ref(), &mut scope);
    let account = throttle::account(config, &mut scope);
    let web_acls = waf::compile(config, &mut scope);
    let statistics = metrics::Left::of(config, &mut scope);
    let sources = api::Sources { config, iam: iam.as_ref(), web_acls: &web_acls, statistics: &statistics };
    for (i, written) in config.apis.iter().enumerate() {
        let mut scope = Scope::new(format!("apis[{i}]"), &mut diagnostics, &mut wants, surroundings);
        let policy = policy::policy(written, config, &mut scope);
        let api = Rc::new(Api::compile(written, &sources, policy, &mut clusters, &mut scope));
        first.get_or_insert_with(|| Rc::clone(&api));
        if apis.insert(written.api_id.to_ascii_lowercase(), api).is_some() {
            scope.error("apiId", format!("the API `{}` exists twice", written.api_id));
        }
    }
    if config.apis.is_empty() {
        diagnostics
            .error("apis", "there is no API")
            .help("`sekisho schema --markdown` shows what an API needs");
    }
    let default_api = default_api(config, &apis, first, &mut diagnostics);
    let mut scope = Scope::new(String::new(), &mut diagnostics, &mut wants, surroundings);
    let domains = domain::compile(config, &apis, &mut scope);
    // Events tell the certificate, whatever the document reads.
    wants.client_cert |= domains.iter().any(|domain| domain.mutual_tls);
    diagnostics.forget_repeats();
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let gateway = Gateway {
        account_id: account_id(config).to_owned(),
        region: region(config).to_owned(),
        payload_bytes: config
            .limits
            .as_ref()
            .and_then(|limits| limits.payload_bytes)
            .unwrap_or(PAYLOAD_BYTES),
        header_bytes: config
            .limits
            .as_ref()
            .and_then(|limits| limits.header_bytes)
            .map(|bytes| bytes as usize),
        url_bytes: config.limits.as_ref().and_then(|limits| limits.url_bytes).map(|bytes| bytes as usize),
        apis,
        default_api,
        domains,
        wants,
        usage,
        account,
        keyrings: clusters.keyrings(),
    };
    let uses_envoy_routes = clusters.uses_envoy_routes;
    Ok(Compiled {
        gateway,
        access_logs: clusters.logs(),
        clusters: clusters.into_list(),
        uses_envoy_routes,
        web_acls,
        warnings: diagnostics,
    })
}

/// The owner's account.
fn account_id(config: &Config) -> &str {
    config.account_id.as_deref().unwrap_or("123456789012")
}

/// The region that ARNs name.
fn region(config: &Config) -> &str {
    config.region.as_deref().unwrap_or("us-east-1")
}

/// The API that answers a host which names none: the one that the document names, else the only one.
fn default_api(
    config: &Config,
    apis: &HashMap<String, Rc<Api>>,
    first: Option<Rc<Api>>,
    diagnostics: &mut Diagnostics,
) -> Option<Rc<Api>> {
    let Some(id) = &config.default_api_id else {
        return first.filter(|_| apis.len() == 1);
    };
    let found = apis.get(&id.to_ascii_lowercase()).map(Rc::clone);
    if found.is_none() {
        let names = config.apis.iter().map(|api| api.api_id.as_str());
        diagnostics.error("defaultApiId", format!("no API is named `{id}`")).suggest("an API", id, names);
    }
    found
}

fn check_limits(config: &Config, diagnostics: &mut Diagnostics) {
    let Some(limits) = &config.limits else { return };
    if limits.payload_bytes == Some(0) {
        diagnostics.error("limits.payloadBytes", "0 would refuse every request that has a body");
    }
    if limits.payload_bytes.is_some_and(|bytes| bytes > MOST_PAYLOAD_BYTES) {
        let problem =
            format!("{} is more than {MOST_PAYLOAD_BYTES}", limits.payload_bytes.unwrap_or_default());
        diagnostics.error("limits.payloadBytes", problem);
    }
    if let Some(bytes) = limits.header_bytes.filter(|bytes| !HEAD_BYTES.contains(bytes)) {
        diagnostics
            .error("limits.headerBytes", format!("{bytes} is not from 1024 to 65536"))
            .help("Envoy itself refuses heads over 64 KiB");
    }
    if let Some(bytes) = limits.url_bytes.filter(|bytes| !HEAD_BYTES.contains(bytes)) {
        diagnostics.error("limits.urlBytes", format!("{bytes} is not from 1024 to 65536"));
    }
}

// === impl Gateway ===

impl Gateway {
    /// What the shell must read from the host for each request.
    #[must_use]
    pub fn wants(&self) -> Wants {
        self.wants
    }

    /// The API of this id; ids are compared in lower case, as hosts are.
    #[must_use]
    pub fn api(&self, id: &str) -> Option<&Rc<Api>> {
        self.apis.get(id)
    }

    /// The names of what is counted of the sides of canaries, of web ACLs, and of refusals.
    #[must_use]
    pub fn named_counters(&self) -> Vec<Rc<str>> {
        let mut counters: Vec<_> = metrics::state::Refusals::names().collect();
        for api in self.apis.values() {
            api.add_counters(&mut counters);
        }
        counters
    }

    /// The places where requests are counted: sides of a stage may share one, which is there twice then.
    pub fn places(&self) -> impl Iterator<Item = &metrics::Place> {
        self.apis.values().flat_map(|api| api.sides()).flat_map(|stage| stage.places.iter())
    }

    /// Whether rate-based rules count requests: what they count needs a seed.
    #[must_use]
    pub fn counts_rates(&self) -> bool {
        self.apis.values().any(|api| api.counts_rates())
    }

    /// The API that answers a host which names none.
    #[must_use]
    pub fn default_api(&self) -> Option<&Rc<Api>> {
        self.default_api.as_ref()
    }

    /// Largest head, in bytes, for an API of this type.
    #[must_use]
    pub fn header_bytes(&self, protocol: ProtocolType) -> usize {
        self.header_bytes.unwrap_or(match protocol {
            ProtocolType::Http | ProtocolType::Websocket => HTTP_HEADER_BYTES,
            ProtocolType::Rest => REST_HEADER_BYTES,
        })
    }

    /// Longest URL, in bytes, for an API of this type. HTTP APIs have no limit of their own: the request line is part of the head.
    #[must_use]
    pub fn url_bytes(&self, protocol: ProtocolType) -> Option<usize> {
        match protocol {
            ProtocolType::Http => None,
            ProtocolType::Rest => Some(self.url_bytes.unwrap_or(REST_URL_BYTES)),
            ProtocolType::Websocket => Some(self.url_bytes.unwrap_or(WEBSOCKET_URL_BYTES)),
        }
    }
}

#[cfg(test)]
mod tests;
