//! Who sent a request, as far as Envoy knows.

use crate::gateway::head::Head;
use std::net::IpAddr;

/// Header in which Envoy's geoip filter, or a proxy before it, tells the client's country (ISO 3166-1 alpha-2). A client's own is
/// removed at the edge.
pub const COUNTRY: &[u8] = b"x-sekisho-geo-country";
/// The same, of the country's region (ISO 3166-2, without the country).
pub const REGION: &[u8] = b"x-sekisho-geo-region";
/// The same, of the client's autonomous system: its number.
pub const ASN: &[u8] = b"x-sekisho-geo-asn";

/// Who sent a request.
#[derive(Debug, Clone, Copy)]
pub struct Client<'r> {
    /// The address that Envoy trusts; none if the host does not tell it.
    pub address: Option<IpAddr>,
    head: &'r Head,
}

// === impl Client ===

impl<'r> Client<'r> {
    /// The client of a request.
    #[must_use]
    pub fn new(source_ip: &str, head: &'r Head) -> Self {
        Self { address: source_ip.parse().ok(), head }
    }

    /// Its country; none if nobody tells it.
    #[must_use]
    pub fn country(&self) -> Option<&'r [u8]> {
        self.head.only(COUNTRY).filter(|code| code.len() == 2 && code.iter().all(u8::is_ascii_alphabetic))
    }

    /// Its region.
    #[must_use]
    pub fn region(&self) -> Option<&'r [u8]> {
        let is_code =
            |code: &&[u8]| (1..=3).contains(&code.len()) && code.iter().all(u8::is_ascii_alphanumeric);
        self.head.only(REGION).filter(is_code)
    }

    /// Its autonomous system; 0 if nobody tells it, as AWS counts an address of no known system.
    #[must_use]
    pub fn asn(&self) -> u32 {
        let text = self.head.only(ASN).and_then(|text| std::str::from_utf8(text).ok());
        text.and_then(|text| text.parse().ok()).unwrap_or_default()
    }
}
