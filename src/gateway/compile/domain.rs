//! Compiles custom domains: their names, certificates, and what leads from them to APIs.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-custom-domain-names.html>

mod way;

use super::api::Api;
use super::scope::Scope;
use crate::gateway::config::{self, Config, ProtocolType, RoutingMode};
use crate::gateway::domains::custom::{Domain, Domains, Way};
use std::collections::HashMap;
use std::rc::Rc;

/// Bytes of the longest name of a host (RFC 1035, 2.3.4).
const NAME_BYTES: usize = 253;

/// A domain of which not all ways are known yet.
#[derive(Debug)]
struct Draft<'c> {
    written: &'c config::DomainName,
    /// The key of its host in [`Domains`].
    host: String,
    /// By priority.
    rules: Vec<Rc<Way>>,
    /// The priorities of the rules.
    priorities: Vec<u32>,
    /// The longest key first.
    mappings: Vec<Rc<Way>>,
}

/// Compiles them; what cannot be goes to the diagnostics.
pub(super) fn compile(config: &Config, apis: &HashMap<String, Rc<Api>>, scope: &mut Scope<'_>) -> Domains {
    check_certificates(config, scope);
    let mut drafts: Vec<Draft<'_>> = Vec::with_capacity(config.domain_names.len());
    for (i, written) in config.domain_names.iter().enumerate() {
        let below = &mut scope.below(&format!("domainNames[{i}]"));
        let host = host(&written.domain_name, below);
        if drafts.iter().any(|draft| draft.host == host) {
            below.error("domainName", format!("the domain `{}` exists twice", written.domain_name));
        }
        check_configurations(written, config, below);
        check_mutual_tls(written, below);
        let (rules, priorities, mappings) = Default::default();
        drafts.push(Draft { written, host, rules, priorities, mappings });
    }
    let ways = way::Ways { config, apis };
    for (i, written) in config.api_mappings.iter().enumerate() {
        ways.mapping(written, &mut drafts, &mut scope.below(&format!("apiMappings[{i}]")));
    }
    for (i, written) in config.routing_rules.iter().enumerate() {
        ways.rule(written, &mut drafts, &mut scope.below(&format!("routingRules[{i}]")));
    }
    let mut domains = Domains::default();
    for (i, draft) in drafts.into_iter().enumerate() {
        let (host, domain) = draft.finish(&mut scope.below(&format!("domainNames[{i}]")));
        domains.add(host, domain);
    }
    check_endpoints(config, &domains, scope);
    domains
}

/// What a domain's host is found by: its name in lower case without a dot at the end, and without the `*` of a wildcard.
fn key(name: &str) -> String {
    let name = name.strip_prefix('*').unwrap_or(name);
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

fn host(name: &str, scope: &mut Scope<'_>) -> String {
    let host = key(name);
    let plain = match name.strip_prefix('*') {
        Some(_) => host.strip_prefix('.').unwrap_or(""),
        None => host.as_str(),
    };
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    // What ends in a number is read as an address.
    let is_address =
        plain.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if plain.len() > NAME_BYTES || is_address || !plain.split('.').all(is_label) {
        scope
            .error("domainName", format!("`{name}` is not the name of a domain"))
            .help("as `api.example.com`, or `*.example.com` for every name with one label more");
    }
    host
}

/// A certificate is files or a secret of SDS.
fn check_certificates(config: &Config, scope: &mut Scope<'_>) {
    for (arn, written) in &config.certificates {
        let is_said = |text: &Option<String>| text.as_ref().map(|text| !text.is_empty());
        let places = [&written.certificate_file, &written.private_key_file, &written.sds_secret].map(is_said);
        if !matches!(places, [Some(true), Some(true), None] | [None, None, Some(true)]) {
            scope
                .error(&format!("certificates[{arn:?}]"), "the certificate has not one place")
                .help("`certificateFile` and `privateKeyFile`, or `sdsSecret` alone");
        }
    }
}

fn check_configurations(written: &config::DomainName, config: &Config, scope: &mut Scope<'_>) {
    if written.domain_name_configurations.len() > 1 {
        scope
            .warning("domainNameConfigurations", "only the first configuration counts")
            .help("AWS lists a second one while a domain moves from one kind of endpoint to another");
    }
    for (i, configuration) in written.domain_name_configurations.iter().enumerate() {
        let Some(arn) = &configuration.certificate_arn else { continue };
        if !config.certificates.contains_key(arn) {
            let names = config.certificates.keys().map(String::as_str);
            let problem = format!("no certificate is named `{arn}`");
            scope.error(&format!("domainNameConfigurations[{i}].certificateArn"), problem).suggest(
                "a certificate",
                arn,
                names,
            );
        }
    }
}

fn check_mutual_tls(written: &config::DomainName, scope: &mut Scope<'_>) {
    let Some(mutual) = &written.mutual_tls_authentication else { return };
    let scope = &mut scope.below("mutualTlsAuthentication");
    let uri = &mutual.truststore_uri;
    if uri.strip_prefix("file:").is_none_or(str::is_empty) {
        let help = if uri.starts_with("s3:") {
            "copy the object to where Envoy can read it, and write `file:` and its path"
        } else {
            "write `file:` and the path of a PEM file with the authorities that certify clients"
        };
        scope.error("truststoreUri", format!("`{uri}` is not `file:` and a path")).help(help);
    }
    if written.domain_name_configurations.first().is_none_or(|it| it.certificate_arn.is_none()) {
        scope
            .error("", "the domain has no certificate of its own, so nobody can prove himself to it")
            .help("add a `certificateArn` to its `domainNameConfigurations`");
    }
}

/// An API that only custom domains lead to needs one; one that clients must prove themselves to should have no other way.
fn check_endpoints(config: &Config, domains: &Domains, scope: &mut Scope<'_>) {
    for (i, api) in config.apis.iter().enumerate() {
        let mut leading =
            domains.iter().filter(|domain| domain.ways.iter().any(|way| way.api.id == api.api_id));
        match api.disable_execute_api_endpoint {
            Some(true) if leading.next().is_none() => {
                scope
                    .warning(
                        &format!("apis[{i}].disableExecuteApiEndpoint"),
                        "nobody can call the API: no custom domain leads to it",
                    )
                    .help("add it to `apiMappings`");
            }
            Some(true) => {}
            Some(false) | None if leading.any(|domain| domain.mutual_tls) => {
                scope
                    .warning(
                        &format!("apis[{i}]"),
                        "without a certificate, the API can be called under other hosts",
                    )
                    .help("add `\"disableExecuteApiEndpoint\": true`: its custom domain wants certificates");
            }
            Some(false) | None => {}
        }
    }
}

// === impl Draft ===

impl Draft<'_> {
    /// The domain, and the key of its host.
    fn finish(self, scope: &mut Scope<'_>) -> (String, Domain) {
        let Self { written, host, mut rules, mut mappings, .. } = self;
        let of = |protocol| mappings.iter().any(|way| way.api.protocol == protocol);
        if !rules.is_empty() && of(ProtocolType::Rest) && of(ProtocolType::Http) {
            scope
                .error("", "the domain maps REST and HTTP APIs, so it can have no routing rules")
                .help("give the HTTP APIs a domain of their own");
        }
        let (unused, mode, what) = match written.routing_mode {
            None | Some(RoutingMode::ApiMappingOnly) => {
                (Some(&mut rules), "API_MAPPING_ONLY", "routing rules")
            }
            Some(RoutingMode::RoutingRuleOnly) => (Some(&mut mappings), "ROUTING_RULE_ONLY", "API mappings"),
            Some(RoutingMode::RoutingRuleThenApiMapping) => (None, "", ""),
        };
        if let Some(unused) = unused.filter(|unused| !unused.is_empty()) {
            unused.clear();
            scope
                .warning("routingMode", format!("with `{mode}` nobody asks the {what} of the domain"))
                .help("`ROUTING_RULE_THEN_API_MAPPING` asks both");
        }
        let mut ways = rules;
        ways.append(&mut mappings);
        if ways.is_empty() {
            scope
                .warning("", "nothing leads from the domain to an API, so it refuses every request")
                .help("add it to `apiMappings`");
        }
        let all_http = !ways.is_empty() && ways.iter().all(|way| way.api.protocol == ProtocolType::Http);
        let name = if host.starts_with('.') { format!("*{host}") } else { host.clone() };
        let domain = Domain {
            name,
            mutual_tls: written.mutual_tls_authentication.is_some(),
            protocol: if all_http { ProtocolType::Http } else { ProtocolType::Rest },
            ways,
        };
        (host, domain)
    }
}

#[cfg(test)]
mod tests;
