//! Security Token Services that are not AWS's own.
//!
//! Envoy makes the cluster that it asks for roles itself, for AWS's own service, and offers no other. A cluster of the same name
//! in the bootstrap is no help: Envoy then waits for its own for ever. One that a discovery service names takes its place, but
//! only if it comes later than Envoy's: so it is told again and again.

use super::upstream::{codec, header_mutation};
use super::{Plan, Settings, cluster};
use sekisho::gateway::clusters::Cluster;
use sekisho::gateway::config::ProtocolVersion;
use sekisho::gateway::integrations::backend_uri::BackendUri;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What Envoy calls its own, before the region.
const PREFIX: &str = "sts_token_service_internal-";
/// The discovery service's cluster.
pub const TELLER: &str = "sekisho_sts";

/// The clusters of Security Token Services that are not AWS's own, by the document's `endpoints`: one for a region. They take
/// the place of those that Envoy makes.
#[must_use]
pub fn clusters(plan: &Plan, settings: &Settings) -> Vec<Value> {
    let signing = plan.clusters.iter().filter_map(|it| it.signing.as_ref());
    let named = signing.filter_map(|it| Some((it.region.as_str(), it.role.as_ref()?.sts.as_deref()?)));
    let by_region: BTreeMap<&str, &str> = named.collect();
    by_region.into_iter().filter_map(|(region, url)| sts(region, url, settings)).collect()
}

/// Whether a cluster is one of [`clusters`].
#[must_use]
pub fn is_sts(cluster: &Value) -> bool {
    let name = cluster.get("name").and_then(Value::as_str);
    name.is_some_and(|name| name.starts_with(PREFIX))
}

fn sts(region: &str, url: &str, settings: &Settings) -> Option<Value> {
    let uri = BackendUri::parse(url).ok()?;
    let plain = Cluster {
        name: format!("{PREFIX}{region}"),
        tls: uri.tls,
        host: uri.host,
        port: uri.port,
        protocol: ProtocolVersion::Http1,
        server_name: None,
        health_check: None,
        credential: None,
        signing: None,
    };
    // Envoy reads JSON only. AWS looks at `accept`, emulators at this.
    let json = header_mutation(&json!({
        "query_parameter_mutations": [{ "append": {
            "record": { "key": "ContentType", "value": "JSON" },
            "action": "OVERWRITE_IF_EXISTS_OR_ADD",
        } }],
    }));
    Some(cluster::cluster(&plain, settings, vec![json, codec()]))
}
