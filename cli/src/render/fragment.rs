//! The filter for an Envoy that is configured already: the filter, and what it needs around it.

use super::dynamic::Delivery;
use super::{Plan, Rendering, Settings, access_log, bootstrap, cluster, filter, geoip, listener, route, sts};
use serde_json::{Value, json};

const HEADER: &str = "\
The Sekisho filter, for an Envoy of your own. Rendered by `sekisho render --filter`.

Documents, in this order:
1. the filter: put it into `http_filters`, before the router and before every filter that trusts an identity;
2. settings of the HTTP connection manager that the filter needs: merge them;
3. routes: put them first in the virtual host, together with `request_headers_to_remove`;
4. clusters and secrets that the document's URIs need: add them to the static resources, or to your CDS and SDS;
5. `stats_config` of the bootstrap.

Without these settings the filter still refuses what it must, but decides on what a client can forge (the address, the
path, `x-sekisho-*` headers), and Envoy answers some requests in its own words. Why each setting: envoy/README.md.";

/// The filter and what it needs, as five documents.
#[must_use]
pub fn fragment(plan: &Plan, settings: &Settings) -> Rendering {
    let mut manager = listener::needed(plan);
    let loggers = access_log::loggers(plan, settings);
    if let Some(manager) = manager.as_object_mut().filter(|_| !loggers.is_empty()) {
        // Beside whatever else is logged.
        manager.insert("access_log".into(), loggers.into());
    }
    let routes = route::route_config(plan);
    let host = routes.pointer("/virtual_hosts/0").cloned().unwrap_or_default();
    let mut members: Vec<(&str, Value)> = ["request_headers_to_remove", "request_body_buffer_limit"]
        .into_iter()
        .filter_map(|name| host.get(name).map(|value| (name, value.clone())))
        .collect();
    // The last route refuses what the filter did not route; with `ENVOY_ROUTE` your own routes follow instead.
    let routes = if plan.envoy_routes.is_empty() { route::routes(plan) } else { route::to_clusters(plan) };
    members.push(("routes", Value::from(routes)));
    let host: Value = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let mut comment = HEADER.to_owned();
    if !plan.envoy_routes.is_empty() {
        comment.push_str("\n\nYour own routes come after document 3 and choose the backend of: ");
        comment.push_str(&plan.envoy_routes.join(", "));
        comment.push('.');
    }
    if !sts::clusters(plan, settings).is_empty() {
        comment.push_str(
            "\n\nRoles are assumed at AWS here: only a discovery service can name Envoy another Security Token Service than its own, \
             and the document's `endpoints` do. docs/calling-aws.md says how.",
        );
    }
    let mutual = plan.tls.chains.iter().filter(|chain| chain.truststore.is_some());
    let mutual: Vec<String> = mutual.flat_map(|chain| chain.names.clone()).collect();
    if !mutual.is_empty() {
        comment.push_str(
            "\n\nTLS is your listener's. Domains with client certificates want a filter chain for each truststore, with these \
             `server_names` alone, `require_client_certificate` and that truststore, behind a TLS inspector; the filter believes a \
             certificate by its connection's SNI: ",
        );
        comment.push_str(&mutual.join(", "));
        comment.push('.');
    }
    let geoip = geoip::filter(settings);
    if geoip.is_some() {
        comment.push_str(
            "\n\nThe last document is Envoy's geoip filter: put it into `http_filters` before the filter of document 1. It is to be \
             believed with document 2's `use_remote_address` and `early_header_mutation_extensions` alone, without which clients \
             choose their countries.",
        );
    }
    let mut documents = vec![
        filter::http_filter(plan, settings, Delivery::Static),
        json!({ "http_connection_manager": manager }),
        json!({ "virtual_host": host }),
        json!({ "static_resources": {
                "clusters": cluster::clusters(plan, settings, Delivery::Static),
                "secrets": cluster::secrets(plan),
            } }),
        json!({ "stats_config": bootstrap::stats_config() }),
    ];
    documents.extend(geoip);
    Rendering::new(&comment, documents)
}
