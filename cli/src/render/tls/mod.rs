//! TLS of custom domains: what a document asks of Envoy.
//!
//! Domains with one certificate, one policy and one truststore share a filter chain. [`chain`] writes them, [`secret`] says how
//! their certificates reach Envoy, and [`files`] looks at the certificates before Envoy does. That a request for a domain with
//! client certificates comes by a connection that was made for it is the filter's to check.

pub mod chain;
pub mod files;
pub mod secret;

use sekisho::gateway::config::{Certificate, Config, DomainName, SecurityPolicy};
use sekisho::gateway::diagnostics::{Diagnostics, element, member};

/// TLS of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// Connections, by what they are secured with.
    pub chains: Vec<Chain>,
}

/// Domains that share a certificate, a policy and a truststore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The domains: hosts, and `*.` with a parent.
    pub names: Vec<String>,
    /// What proves them.
    pub certificate: Source,
    /// Lowest TLS version.
    pub policy: SecurityPolicy,
    /// PEM file of the authorities that clients must be certified by.
    pub truststore: Option<String>,
}

/// Where a certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// In files that Envoy reads.
    Files {
        /// The certificate's ARN.
        arn: String,
        /// PEM chain.
        chain: String,
        /// PEM private key.
        key: String,
    },
    /// With a discovery service that somebody else keeps.
    Sds(String),
}

// === impl Tls ===

impl Tls {
    /// What a document asks, and what is wrong with it.
    #[must_use]
    pub fn of(config: &Config) -> (Self, Diagnostics) {
        let mut diagnostics = Diagnostics::default();
        let mut tls = Self::default();
        for (i, domain) in config.domain_names.iter().enumerate() {
            let path = element("domainNames", i);
            let Some(name) = name(domain, &path, &mut diagnostics) else { continue };
            tls.add(name, domain, &path, config, &mut diagnostics);
        }
        (tls, diagnostics)
    }

    fn add(
        &mut self,
        name: String,
        domain: &DomainName,
        path: &str,
        config: &Config,
        diagnostics: &mut Diagnostics,
    ) {
        let truststore = truststore(domain, path, diagnostics);
        let at = element(&member(path, "domainNameConfigurations"), 0);
        let configuration = domain.domain_name_configurations.first();
        if domain.domain_name_configurations.len() > 1 {
            diagnostics
                .warning(member(path, "domainNameConfigurations"), "only the first configuration counts")
                .help("AWS lists a second one while a domain moves from one kind of endpoint to another");
        }
        let policy = configuration.and_then(|it| it.security_policy).unwrap_or(SecurityPolicy::Tls12);
        let Some(arn) = configuration.and_then(|it| it.certificate_arn.as_deref()) else {
            // Never without asking: nobody could be asked by plain text.
            if domain.mutual_tls_authentication.is_some() {
                diagnostics
                    .error(
                        path,
                        "the domain has no certificate of its own, so nobody can prove himself to it",
                    )
                    .help("add a `certificateArn` to its `domainNameConfigurations`");
            }
            return;
        };
        let Some(certificate) = source(arn, &member(&at, "certificateArn"), config, diagnostics) else {
            return;
        };
        let same = |it: &&mut Chain| {
            it.certificate == certificate && it.policy == policy && it.truststore == truststore
        };
        match self.chains.iter_mut().find(same) {
            Some(chain) => chain.names.push(name),
            None => self.chains.push(Chain { names: vec![name], certificate, policy, truststore }),
        }
    }

    /// Names of secrets that somebody else keeps.
    pub fn foreign_secrets(&self) -> impl Iterator<Item = &str> {
        self.chains.iter().filter_map(|chain| match &chain.certificate {
            Source::Sds(name) => Some(name.as_str()),
            Source::Files { .. } => None,
        })
    }
}

/// A domain's name in lower case, if Envoy can tell it from others.
fn name(domain: &DomainName, path: &str, diagnostics: &mut Diagnostics) -> Option<String> {
    let name = domain.domain_name.to_ascii_lowercase();
    let name = name.strip_suffix('.').unwrap_or(&name);
    let host = name.strip_prefix("*.").unwrap_or(name);
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if host.split('.').all(is_label) {
        return Some(name.to_owned());
    }
    diagnostics
        .error(member(path, "domainName"), format!("`{}` is no host name", domain.domain_name))
        .help("a domain name is a host such as `api.example.com`, or `*.` and a parent domain");
    None
}

fn truststore(domain: &DomainName, path: &str, diagnostics: &mut Diagnostics) -> Option<String> {
    let uri = &domain.mutual_tls_authentication.as_ref()?.truststore_uri;
    match uri.strip_prefix("file:") {
        Some(file) if !file.is_empty() => Some(file.to_owned()),
        Some(_) | None => {
            let at = member(&member(path, "mutualTlsAuthentication"), "truststoreUri");
            diagnostics
                .error(at, format!("`{uri}` is no `file:` and a path"))
                .help("copy the truststore to where Envoy can read it: `file:/etc/sekisho/truststore.pem`");
            None
        }
    }
}

fn source(arn: &str, at: &str, config: &Config, diagnostics: &mut Diagnostics) -> Option<Source> {
    let Some(certificate) = config.certificates.get(arn) else {
        diagnostics.error(at, format!("`certificates` has no `{arn}`")).suggest(
            "a certificate",
            arn,
            config.certificates.keys().map(String::as_str),
        );
        return None;
    };
    let Certificate { certificate_file, private_key_file, sds_secret } = certificate;
    match (certificate_file, private_key_file, sds_secret) {
        (Some(chain), Some(key), None) => {
            Some(Source::Files { arn: arn.to_owned(), chain: chain.clone(), key: key.clone() })
        }
        (None, None, Some(name)) => Some(Source::Sds(name.clone())),
        (Some(_), _, _) | (None, Some(_), _) | (None, None, None) => {
            diagnostics
                .error(member("certificates", arn), "it is neither two files nor an SDS secret")
                .help("either `certificateFile` and `privateKeyFile`, or `sdsSecret`");
            None
        }
    }
}

#[cfg(test)]
mod tests;
