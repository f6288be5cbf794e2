//! Certificates and truststores on their way to Envoy. Each is a secret of a discovery service, in a bootstrap too: Envoy reads
//! the files of such a secret again when something is renamed into their folders, and those of any other only at its start.

use super::super::cluster::file_name;
use super::super::dynamic::{Delivery, Watched, types};
use super::super::{Plan, Settings, teller};
use super::{Source, chain};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Secrets of the document's files, by name.
#[must_use]
pub fn secrets(plan: &Plan) -> Vec<(String, Value)> {
    let mut secrets = BTreeMap::new();
    for it in &plan.tls.chains {
        if let Source::Files { arn, chain, key } = &it.certificate {
            let name = certificate_name(arn);
            let value = json!({
                "name": name,
                "tls_certificate": { "certificate_chain": { "filename": chain }, "private_key": { "filename": key } },
            });
            secrets.insert(name, value);
        }
        if let Some(file) = &it.truststore {
            let name = truststore_name(file);
            let value = json!({ "name": name, "validation_context": chain::validation(file) });
            secrets.insert(name, value);
        }
    }
    secrets.into_iter().collect()
}

/// Discovery services in Envoy itself, for a bootstrap that has no other: one for each secret, because Envoy takes no answer
/// with two.
#[must_use]
pub fn tellers(plan: &Plan) -> Vec<Value> {
    let teller =
        |(name, secret): (String, Value)| teller::teller(&teller_name(&name), types::SECRET, &[secret]);
    secrets(plan).into_iter().map(teller).collect()
}

/// Where Envoy finds a certificate.
pub(super) fn certificate(source: &Source, settings: &Settings, delivery: Delivery<'_>) -> Value {
    match source {
        Source::Files { arn, .. } => of_ours(&certificate_name(arn), delivery),
        Source::Sds(name) => {
            // `check` has refused the document if there is no folder.
            let folder = settings.secrets.as_deref().unwrap_or_else(|| Path::new("."));
            let file = Watched::in_folder(folder, &file_name(name));
            json!({ "name": name, "sds_config": file.config_source() })
        }
    }
}

/// Where Envoy finds a truststore.
pub(super) fn truststore(file: &str, delivery: Delivery<'_>) -> Value {
    of_ours(&truststore_name(file), delivery)
}

fn of_ours(name: &str, delivery: Delivery<'_>) -> Value {
    let source = match delivery {
        Delivery::Static => teller::source(&teller_name(name), "60s"),
        Delivery::Files(layout) => layout.sds(name).config_source(),
    };
    json!({ "name": name, "sds_config": source })
}

fn certificate_name(arn: &str) -> String {
    format!("certificate:{arn}")
}

fn truststore_name(file: &str) -> String {
    format!("truststore:{file}")
}

fn teller_name(secret: &str) -> String {
    format!("sekisho_sds/{secret}")
}
