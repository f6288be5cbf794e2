//! TLS of custom domains: what a document asks of Envoy.
//!
//! Domains with one certificate, one policy and one truststore share a filter chain. [`chain`] writes them, [`secret`] says how
//! their certificates reach Envoy, and [`files`] looks at the certificates before Envoy does. That a request for a domain with
//! client certificates comes by a connection that was made for it is the filter's to check.

pub mod chain;
pub mod files;
pub mod secret;

use sekisho::gateway::config::{Certificate, Config, DomainName, SecurityPolicy};

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
    /// What a document asks. What is wrong with one, compiling it has said.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let mut tls = Self::default();
        for domain in &config.domain_names {
            tls.add(domain, config);
        }
        tls
    }

    /// Adds a domain, if it has a certificate.
    fn add(&mut self, domain: &DomainName, config: &Config) -> Option<()> {
        let configuration = domain.domain_name_configurations.first()?;
        let arn = configuration.certificate_arn.as_deref()?;
        let certificate = source(arn, config.certificates.get(arn)?)?;
        let policy = configuration.security_policy.unwrap_or(SecurityPolicy::Tls12);
        let truststore = match &domain.mutual_tls_authentication {
            // A domain whose truststore cannot be read is not served without one.
            Some(mutual) => Some(mutual.truststore_uri.strip_prefix("file:")?.to_owned()),
            None => None,
        };
        let name = domain.domain_name.to_ascii_lowercase();
        let name = name.strip_suffix('.').unwrap_or(&name).to_owned();
        let same = |it: &&mut Chain| {
            it.certificate == certificate && it.policy == policy && it.truststore == truststore
        };
        match self.chains.iter_mut().find(same) {
            Some(chain) => chain.names.push(name),
            None => self.chains.push(Chain { names: vec![name], certificate, policy, truststore }),
        }
        Some(())
    }

    /// Names of secrets that somebody else keeps.
    pub fn foreign_secrets(&self) -> impl Iterator<Item = &str> {
        self.chains.iter().filter_map(|chain| match &chain.certificate {
            Source::Sds(name) => Some(name.as_str()),
            Source::Files { .. } => None,
        })
    }
}

fn source(arn: &str, certificate: &Certificate) -> Option<Source> {
    let Certificate { certificate_file, private_key_file, sds_secret } = certificate;
    match (certificate_file, private_key_file, sds_secret) {
        (Some(chain), Some(key), None) => {
            Some(Source::Files { arn: arn.to_owned(), chain: chain.clone(), key: key.clone() })
        }
        (None, None, Some(name)) => Some(Source::Sds(name.clone())),
        (Some(_), _, _) | (None, Some(_), _) | (None, None, None) => None,
    }
}

#[cfg(test)]
mod tests;
