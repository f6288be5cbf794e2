//! Looks at the certificates of custom domains before Envoy does: whether they are for their keys, their domains and today.
//!
//! A file that is not on this machine is a warning, because it is Envoy that reads it, and Envoy may be elsewhere.

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{Error as TlsError, InconsistentKeys};
use sekisho::gateway::config::{Certificate, Config};
use sekisho::gateway::diagnostics::{Diagnostics, element, member};
use std::time::{SystemTime, UNIX_EPOCH};
use x509_parser::parse_x509_certificate;

/// AWS's largest truststore.
const MOST_BYTES: usize = 1 << 20;
/// AWS's most certificates in one.
const MOST_AUTHORITIES: usize = 1000;

/// Reports what is wrong with the certificates, keys and truststores that a document names.
pub fn check(config: &Config, diagnostics: &mut Diagnostics) {
    for (arn, certificate) in &config.certificates {
        let path = member("certificates", arn);
        let Certificate { certificate_file, private_key_file, .. } = certificate;
        let (Some(chain), Some(key)) = (certificate_file, private_key_file) else { continue };
        let chain = read(chain, &member(&path, "certificateFile"), diagnostics);
        let key = read(key, &member(&path, "privateKeyFile"), diagnostics);
        if let Some(chain) = chain {
            pair(&chain, key.as_deref(), &path, diagnostics);
            names(&chain, arn, config, diagnostics);
        }
    }
    for (i, domain) in config.domain_names.iter().enumerate() {
        let uri = domain.mutual_tls_authentication.as_ref().map(|mutual| &mutual.truststore_uri);
        let Some(file) = uri.and_then(|uri| uri.strip_prefix("file:")) else { continue };
        let path = element("domainNames", i);
        let path = member(&member(&path, "mutualTlsAuthentication"), "truststoreUri");
        if let Some(text) = read(file, &path, diagnostics) {
            truststore(file, &text, &path, diagnostics);
        }
    }
}

fn read(file: &str, path: &str, diagnostics: &mut Diagnostics) -> Option<Vec<u8>> {
    // `validate` expands nothing.
    if file.contains("${env:") {
        return None;
    }
    std::fs::read(file)
        .map_err(|error| {
            diagnostics
                .warning(path, format!("cannot read `{file}`: {error}"))
                .help("it is Envoy that reads it, where Envoy runs: what is in it has not been checked");
        })
        .ok()
}

/// The certificates of a PEM text.
fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    match all {
        Ok(all) if all.is_empty() => Err("it holds no PEM certificate".to_owned()),
        Ok(all) => Ok(all),
        Err(error) => Err(format!("it is no PEM text: {error}")),
    }
}

/// A chain and its key.
fn pair(chain: &[u8], key: Option<&[u8]>, path: &str, diagnostics: &mut Diagnostics) {
    let at = member(path, "certificateFile");
    let chain = match certificates(chain) {
        Ok(chain) => chain,
        Err(problem) => {
            diagnostics.error(at, problem);
            return;
        }
    };
    if let Some(first) = chain.first() {
        validity(first, &at, diagnostics);
    }
    let Some(key) = key else { return };
    let at = member(path, "privateKeyFile");
    let key = match PrivateKeyDer::from_pem_slice(key) {
        Ok(key) => key,
        Err(_) => {
            // The parser's words may hold a part of the file.
            diagnostics
                .error(at, "it holds no PEM private key")
                .help("a key without a password, `-----BEGIN PRIVATE KEY-----` and its like");
            return;
        }
    };
    let paired = CertifiedKey::from_der(chain, key, &ring::default_provider());
    // Kinds of keys that are not known here are Envoy's to judge.
    if let Err(TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch)) = paired {
        diagnostics
            .error(at, "the certificate is not for this key")
            .help("the first certificate of the chain must be the domain's own");
    }
}

fn validity(certificate: &CertificateDer<'_>, at: &str, diagnostics: &mut Diagnostics) {
    let Ok((_, certificate)) = parse_x509_certificate(certificate) else {
        diagnostics.error(at, "its first certificate cannot be read");
        return;
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let validity = certificate.validity();
    if validity.not_after.timestamp() < now {
        diagnostics
            .warning(at, format!("the certificate has expired: {}", validity.not_after))
            .help("clients refuse it");
    } else if validity.not_before.timestamp() > now {
        diagnostics
            .warning(at, format!("the certificate is not valid yet: from {} on", validity.not_before))
            .help("clients refuse it until then");
    }
}

/// Domains that a certificate does not cover.
fn names(chain: &[u8], arn: &str, config: &Config, diagnostics: &mut Diagnostics) {
    let Some(first) = certificates(chain).ok().and_then(|chain| chain.into_iter().next()) else { return };
    let Ok(certificate) = ParsedCertificate::try_from(&first) else { return };
    for (i, domain) in config.domain_names.iter().enumerate() {
        let configuration = domain.domain_name_configurations.first();
        if configuration.and_then(|it| it.certificate_arn.as_deref()) != Some(arn) {
            continue;
        }
        // Any host beneath a wildcard: a certificate that covers this one covers them all.
        let host = domain.domain_name.strip_prefix('*').map(|parent| format!("sekisho-any-host{parent}"));
        let Ok(host) = ServerName::try_from(host.unwrap_or_else(|| domain.domain_name.clone())) else {
            continue;
        };
        if rustls::client::verify_server_name(&certificate, &host).is_err() {
            let path = member(&element("domainNames", i), "domainName");
            diagnostics
                .warning(path, format!("the certificate does not cover `{}`", domain.domain_name))
                .help("clients refuse it: its subject alternative names must have the domain");
        }
    }
}

fn truststore(file: &str, text: &[u8], path: &str, diagnostics: &mut Diagnostics) {
    let authorities = match certificates(text) {
        Ok(authorities) => authorities,
        Err(problem) => {
            diagnostics.error(path, format!("`{file}`: {problem}"));
            return;
        }
    };
    if let Some(i) = authorities.iter().position(|it| parse_x509_certificate(it).is_err()) {
        diagnostics.error(path, format!("`{file}`: certificate {} cannot be read", i + 1));
    }
    if text.len() > MOST_BYTES || authorities.len() > MOST_AUTHORITIES {
        let (bytes, count) = (text.len(), authorities.len());
        diagnostics.warning(
            path,
            format!(
                "`{file}` has {count} certificates and {bytes} bytes; AWS takes at most {MOST_AUTHORITIES} and {MOST_BYTES}"
            ),
        );
    }
}

#[cfg(test)]
mod tests;
