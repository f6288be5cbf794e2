//! What Envoy does to a request on its way to a backend, after the filter has let it go.

use super::cluster::file_name;
use super::dynamic::{Delivery, Watched};
use super::{Settings, signing};
use sekisho::gateway::clusters::Cluster;
use sekisho::gateway::config::InjectedCredential;
use serde_json::{Value, json};
use std::path::Path;

/// The upstream filters of a cluster; none where Envoy sends what the filter says.
#[must_use]
pub fn filters(it: &Cluster, settings: &Settings, delivery: Delivery<'_>) -> Vec<Value> {
    let Cluster { credential, signing, .. } = it;
    let mut filters = Vec::new();
    filters.extend(credential.iter().map(|credential| injector(credential, settings, delivery)));
    filters.extend(signing.iter().flat_map(signing::filters));
    if !filters.is_empty() {
        filters.push(codec());
    }
    filters
}

/// The name of the secret that a file holds.
#[must_use]
pub fn secret_of_file(file: &str) -> String {
    format!("file:{file}")
}

/// The last one, which sends.
#[must_use]
pub fn codec() -> Value {
    json!({
        "name": "envoy.filters.http.upstream_codec",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec",
        },
    })
}

/// Adds the backend's secret after the filter has seen the request, so that no log or document holds it.
fn injector(credential: &InjectedCredential, settings: &Settings, delivery: Delivery<'_>) -> Value {
    let secret = match (&credential.file, &credential.sds_secret, delivery) {
        (Some(file), _, Delivery::Static) => json!({ "name": secret_of_file(file) }),
        (Some(file), _, Delivery::Files(layout)) => {
            let name = secret_of_file(file);
            json!({ "name": name, "sds_config": layout.sds(&name).config_source() })
        }
        (None, name, _) => {
            let name = name.as_deref().unwrap_or_default();
            // `check` has refused the document if there is no folder.
            let folder = settings.secrets.as_deref().unwrap_or_else(|| Path::new("."));
            let file = Watched::in_folder(folder, &file_name(name));
            json!({ "name": name, "sds_config": file.config_source() })
        }
    };
    let mut generic = json!({
        "@type": "type.googleapis.com/envoy.extensions.http.injected_credentials.generic.v3.Generic",
        "credential": secret,
        "header": credential.header.as_deref().unwrap_or("authorization"),
    });
    if let (Some(prefix), Some(map)) = (&credential.prefix, generic.as_object_mut()) {
        map.insert("header_value_prefix".into(), json!(prefix));
    }
    json!({
        "name": "envoy.filters.http.credential_injector",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.credential_injector.v3.CredentialInjector",
            // The client's own value goes; without the secret there is no request.
            "overwrite": true,
            "allow_request_without_credential": false,
            "credential": { "name": "envoy.http.injected_credentials.generic", "typed_config": generic },
        },
    })
}

/// Runs a script for each request.
#[must_use]
pub fn lua(source: &str) -> Value {
    json!({
        "name": "envoy.filters.http.lua",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
            "default_source_code": { "inline_string": source },
        },
    })
}

/// Changes each request.
#[must_use]
pub fn header_mutation(mutations: &Value) -> Value {
    json!({
        "name": "envoy.filters.http.header_mutation",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
            "mutations": mutations,
        },
    })
}
