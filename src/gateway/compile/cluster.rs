//! Derives Envoy clusters: one for each address, protocol and setting that tells two apart.

use crate::gateway::access_log::destination::Destination;
use crate::gateway::authorizers::jwt::keys::{KeySource, Keyring};
use crate::gateway::clusters::{Cluster, Signing, plain_name};
use crate::gateway::config::{Config, Integration, ProtocolVersion};
use crate::gateway::integrations::backend_uri::BackendUri;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The clusters found so far.
#[derive(Debug)]
pub struct Clusters<'c> {
    /// CONFIG's `endpoints`.
    pub(super) endpoints: &'c BTreeMap<String, String>,
    /// The gateway's own region.
    pub(super) region: &'c str,
    /// The gateway's own account.
    pub(super) account_id: &'c str,
    /// Whether an integration leaves the choice to Envoy's own routes.
    pub(super) uses_envoy_routes: bool,
    by_name: BTreeMap<String, Cluster>,
    keyrings: Vec<Rc<Keyring>>,
    logs: Vec<Destination>,
}

// === impl Clusters ===

impl<'c> Clusters<'c> {
    pub(super) fn new(config: &'c Config) -> Self {
        Self {
            endpoints: &config.endpoints,
            region: super::region(config),
            account_id: super::account_id(config),
            uses_envoy_routes: false,
            by_name: BTreeMap::new(),
            keyrings: Vec::new(),
            logs: Vec::new(),
        }
    }

    /// The name of the cluster for a backend; it is made if it is the first to need it.
    pub(super) fn derive(&mut self, uri: &BackendUri, integration: &Integration) -> String {
        let server_name = integration.tls_config.as_ref().and_then(|tls| tls.server_name_to_verify.clone());
        let mut cluster = Cluster {
            name: String::new(),
            tls: uri.tls,
            host: uri.host.clone(),
            port: uri.port,
            protocol: integration.protocol_version.unwrap_or(ProtocolVersion::Http1),
            server_name: server_name.filter(|name| uri.tls && *name != uri.host),
            health_check: integration.health_check.clone(),
            credential: integration.credential.clone(),
            signing: None,
        };
        cluster.name = name(&cluster);
        self.keep(cluster)
    }

    /// Makes sure of a cluster for a URL that is asked by the gateway itself.
    pub(super) fn derive_plain(&mut self, url: &str) {
        if let Ok(uri) = BackendUri::parse(url) {
            self.derive_for_gateway(&uri, ProtocolVersion::Http1, None);
        }
    }

    /// The name of the cluster for an AWS service, where Envoy signs what goes there.
    pub(super) fn derive_signing(&mut self, uri: &BackendUri, signing: Signing) -> String {
        self.derive_for_gateway(uri, ProtocolVersion::Http1, Some(signing))
    }

    /// The name of the cluster for a gRPC service that is asked by the gateway itself.
    pub fn derive_grpc(&mut self, uri: &BackendUri) -> String {
        self.derive_for_gateway(uri, ProtocolVersion::Grpc, None)
    }

    fn derive_for_gateway(
        &mut self,
        uri: &BackendUri,
        protocol: ProtocolVersion,
        signing: Option<Signing>,
    ) -> String {
        let mut cluster = Cluster {
            name: String::new(),
            tls: uri.tls,
            host: uri.host.clone(),
            port: uri.port,
            protocol,
            server_name: None,
            health_check: None,
            credential: None,
            signing,
        };
        cluster.name = name(&cluster);
        self.keep(cluster)
    }

    fn keep(&mut self, cluster: Cluster) -> String {
        let name = cluster.name.clone();
        self.by_name.entry(name.clone()).or_insert(cluster);
        name
    }

    /// The keyring of a source whose keys are asked for: the same source has one.
    pub(super) fn keyring(&mut self, source: KeySource) -> Rc<Keyring> {
        let keyring = Rc::new(Keyring::new(source));
        if let Some(known) = self.keyrings.iter().find(|known| known.id() == keyring.id()) {
            return Rc::clone(known);
        }
        self.keyrings.push(Rc::clone(&keyring));
        keyring
    }

    /// The keyrings found so far.
    pub(super) fn keyrings(&self) -> Vec<Rc<Keyring>> {
        self.keyrings.clone()
    }

    /// Notes that lines of access logs go somewhere.
    pub fn log_to(&mut self, destination: Destination) {
        if !self.logs.contains(&destination) {
            self.logs.push(destination);
        }
    }

    /// Where lines of access logs go, each once.
    pub(super) fn logs(&self) -> Vec<Destination> {
        self.logs.clone()
    }

    pub(super) fn into_list(self) -> Vec<Cluster> {
        self.by_name.into_values().collect()
    }
}

/// `http://host:port`, and a digest of the settings where there are any: the same settings share a cluster, others do not.
fn name(cluster: &Cluster) -> String {
    let Cluster { name: _, tls, host, port, protocol, server_name, health_check, credential, signing } =
        cluster;
    let address = plain_name(*tls, host, *port);
    let protocol = match protocol {
        ProtocolVersion::Http1 => "",
        ProtocolVersion::Http2 | ProtocolVersion::Grpc => "h2",
    };
    let has_settings =
        server_name.is_some() || health_check.is_some() || credential.is_some() || signing.is_some();
    if protocol.is_empty() && !has_settings {
        return address;
    }
    let mut settings = format!("{protocol}|{server_name:?}|{health_check:?}|{credential:?}");
    // Names of clusters that nobody signs for stay as they were.
    if let Some(signing) = signing {
        settings.push_str(&format!("|{signing:?}"));
    }
    let digest = Sha256::digest(settings.as_bytes());
    let short: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{address}#{short}")
}
