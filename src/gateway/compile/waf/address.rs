//! Compiles what statements say of clients: addresses, countries, autonomous systems.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-forwarded-ip-address.html>

use super::super::scope::Scope;
use super::{Draft, IP_SETS, by_arn};
use crate::gateway::config::Config;
use crate::gateway::config::waf::{
    AsnMatchStatement, ForwardedIpConfig, GeoMatchStatement, IpSetReferenceStatement,
};
use crate::gateway::waf::ip_set::{Addresses, Forwarded, IpSet};
use crate::gateway::waf::statement::Statement;
use std::rc::Rc;

/// What the ARNs of sets begin with to which managed groups of ours refer.
const OURS: &str = "arn:aws:wafv2:::sekisho/ipset/";
/// Most countries of a statement: AWS's limit.
const MOST_COUNTRIES: usize = 50;
/// Most autonomous systems of a statement: AWS's limit.
const MOST_ASNS: usize = 100;
/// Countries by their codes: ISO 3166-1 alpha-2, and Kosovo's.
const COUNTRIES: &str = "\
ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZ\
ECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZ\
LALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQA\
RERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW";

/// What is told of where a client is.
struct Origin {
    what: &'static str,
    /// What a request is where nobody tells it.
    untold: &'static str,
    /// Who can have Envoy tell it.
    option: &'static str,
    /// Where it is told.
    header: &'static str,
    /// Its bit of what was warned of.
    warned: u8,
}

const COUNTRY: Origin = Origin {
    what: "country",
    untold: "does not fit",
    option: "--geoip-db",
    header: "x-sekisho-geo-country",
    warned: 1,
};
const ASN: Origin = Origin {
    what: "autonomous system",
    untold: "counts as one of system 0",
    option: "--geoip-asn-db",
    header: "x-sekisho-geo-asn",
    warned: 2,
};

/// The sets of the document, in its order.
pub(super) fn sets(config: &Config, scope: &mut Scope<'_>) -> Vec<Rc<IpSet>> {
    let mut sets = Vec::with_capacity(config.ip_sets.len());
    for (i, written) in config.ip_sets.iter().enumerate() {
        let scope = &mut scope.below(&format!("ipSets[{i}]"));
        let set = IpSet::new(written.ip_address_version, &written.addresses);
        let set = set.unwrap_or_else(|problems| {
            for (at, problem) in problems {
                scope.error(&format!("Addresses[{at}]"), problem);
            }
            IpSet::default()
        });
        sets.push(Rc::new(set));
    }
    sets
}

impl Draft<'_, '_> {
    /// The client's address, or a header's, is in a set.
    pub(super) fn addresses(
        &self,
        written: &IpSetReferenceStatement,
        scope: &mut Scope<'_>,
    ) -> Option<Statement> {
        let arns: Vec<_> = self.sources.config.ip_sets.iter().map(|set| set.arn.as_str()).collect();
        let forwarded = written.ip_set_forwarded_ip_config.as_ref().map(|config| {
            check_forwarded(&config.header_name, &mut scope.below("IPSetForwardedIPConfig"));
            let (fallback, position) = (config.fallback_behavior, config.position);
            Forwarded { header: config.header_name.to_ascii_lowercase(), fallback, position }
        });
        if !arns.contains(&written.arn.as_str()) && written.arn.starts_with(OURS) {
            wanted(&written.arn, scope);
            return None;
        }
        let place = by_arn(&written.arn, &IP_SETS, &arns, "ARN", scope)?;
        let set = Rc::clone(self.sources.ip_sets.get(place)?);
        Some(Statement::Addresses(Addresses { set, forwarded }))
    }
}

/// A set to which a managed group of ours refers, and that the document does not bring.
#[cold]
fn wanted(arn: &str, scope: &mut Scope<'_>) {
    let name = arn.strip_prefix(OURS).unwrap_or_default();
    let problem = format!("the group asks for the addresses of `{arn}`, which a document brings itself");
    scope.error("ARN", problem).help(format!(
        "add to `ipSets`, with addresses or without: `{{\"Name\": \"{name}\", \"ARN\": \"{arn}\", \"IPAddressVersion\": \"IPV4\", \"Addresses\": []}}`"
    ));
}

/// A header that clients can write themselves.
#[inline(never)]
fn check_forwarded(header: &str, scope: &mut Scope<'_>) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !(1..=255).contains(&header.len()) || !header.bytes().all(plain) {
        let problem = format!("`{header}` is not the name of a header");
        scope.error("HeaderName", problem).help("1 to 255 letters, digits and `-`");
        return;
    }
    scope
        .warning("HeaderName", format!("a client can write any address into `{header}`"))
        .help("without this member the address is what Envoy trusts, and `trustedHops` says how many proxies that believes");
}

impl Draft<'_, '_> {
    /// The client's country is one of these.
    pub(super) fn countries(&self, written: &GeoMatchStatement, scope: &mut Scope<'_>) -> Statement {
        let codes = &written.country_codes;
        check_count(codes.len(), MOST_COUNTRIES, "CountryCodes", scope);
        let mut known = Vec::with_capacity(codes.len());
        for (i, code) in codes.iter().enumerate() {
            match <[u8; 2]>::try_from(code.as_bytes()) {
                Ok(code) if COUNTRIES.as_bytes().chunks(2).any(|country| country == code) => known.push(code),
                Ok(_) | Err(_) => {
                    scope
                        .error(
                            &format!("CountryCodes[{i}]"),
                            format!("`{code}` is not the code of a country"),
                        )
                        .help("two capitals, as ISO 3166-1 has them: `GB`, `JP`");
                }
            }
        }
        self.origin(written.forwarded_ip_config.as_ref(), &COUNTRY, scope);
        Statement::Countries(known)
    }

    /// The client's autonomous system is one of these.
    pub(super) fn asns(&self, written: &AsnMatchStatement, scope: &mut Scope<'_>) -> Statement {
        check_count(written.asn_list.len(), MOST_ASNS, "AsnList", scope);
        self.origin(written.forwarded_ip_config.as_ref(), &ASN, scope);
        Statement::Asns(written.asn_list.clone())
    }

    /// Where a client is, is told of the address that Envoy trusts, and by somebody else: which is said once.
    #[inline(never)]
    fn origin(&self, forwarded: Option<&ForwardedIpConfig>, origin: &Origin, scope: &mut Scope<'_>) {
        let Origin { what, untold, option, header, warned } = origin;
        let before = self.sources.warned.get();
        if before & warned == 0 {
            self.sources.warned.set(before | warned);
            scope.warning("", format!("a request whose {what} nobody tells {untold}")).help(format!(
                "`{option}` of `sekisho render` has Envoy tell it, or a trusted proxy may, in `{header}`"
            ));
        }
        if forwarded.is_some() {
            scope
                .warning(
                    "ForwardedIPConfig",
                    format!("the {what} is that of the address which Envoy trusts, not of a header's"),
                )
                .help("`trustedHops` says how many proxies in front are believed about it");
        }
    }
}

#[inline(never)]
fn check_count(count: usize, most: usize, at: &str, scope: &mut Scope<'_>) {
    if !(1..=most).contains(&count) {
        scope.error(at, format!("{count} are not from 1 to {most}"));
    }
}
