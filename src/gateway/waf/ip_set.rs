//! Sets of addresses.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-ipset-match.html>
//!
//! A set is kept as ranges that are sorted and do not touch: an address is found by halving. An IPv4 address that is written
//! as an IPv6 one (`::ffff:192.0.2.1`) is the IPv4 address everywhere.

pub use super::forwarded::Forwarded;
use super::view::View;
use crate::gateway::config::waf::IpAddressVersion;
use ipnet::IpNet;
use std::collections::BinaryHeap;
use std::net::IpAddr;
use std::rc::Rc;

/// Networks of one set, as AWS takes them.
pub const MOST_NETWORKS: usize = 10_000;

/// A set of networks, all of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IpSet {
    /// First and last address of each range.
    V4(Box<[(u32, u32)]>),
    /// The same, of IPv6.
    V6(Box<[(u128, u128)]>),
}

/// A statement about addresses.
#[derive(Debug)]
pub struct Addresses {
    /// The set.
    pub set: Rc<IpSet>,
    /// The header that has the address in the place of the client's.
    pub forwarded: Option<Forwarded>,
}

// === impl IpSet ===

impl Default for IpSet {
    fn default() -> Self {
        Self::V4(Box::default())
    }
}

impl IpSet {
    /// The set of these networks. Bits behind a network's prefix mean nothing, as on AWS.
    ///
    /// # Errors
    /// Which of them are none of this version, and why, in words.
    #[inline(never)]
    pub fn new(version: IpAddressVersion, addresses: &[String]) -> Result<Self, Vec<(usize, String)>> {
        let mut problems = Vec::new();
        let mut ranges = Vec::with_capacity(addresses.len().min(MOST_NETWORKS));
        if addresses.len() > MOST_NETWORKS {
            let count = addresses.len();
            problems.push((
                MOST_NETWORKS,
                format!("{count} networks are more than the {MOST_NETWORKS} that a set may have"),
            ));
        }
        for (i, text) in addresses.iter().enumerate().take(MOST_NETWORKS) {
            match range(version, text) {
                Ok(range) => ranges.push(range),
                Err(problem) => problems.push((i, problem)),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let ranges = joined(ranges);
        Ok(match version {
            // They were made of 32 bits.
            IpAddressVersion::V4 => {
                Self::V4(ranges.iter().map(|(first, last)| (*first as u32, *last as u32)).collect())
            }
            IpAddressVersion::V6 => Self::V6(ranges.into()),
        })
    }

    /// Whether an address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self, address.to_canonical()) {
            (Self::V4(ranges), IpAddr::V4(address)) => is_within(ranges, address.to_bits()),
            (Self::V6(ranges), IpAddr::V6(address)) => is_within(ranges, address.to_bits()),
            (Self::V4(_), IpAddr::V6(_)) | (Self::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// The only range that an address can be in is the last one that does not begin behind it.
fn is_within<T: Ord + Copy>(ranges: &[(T, T)], address: T) -> bool {
    let behind = ranges.partition_point(|(first, _)| *first <= address);
    behind.checked_sub(1).and_then(|i| ranges.get(i)).is_some_and(|(_, last)| address <= *last)
}

/// First and last address of a network.
#[inline(never)]
fn range(version: IpAddressVersion, text: &str) -> Result<(u128, u128), String> {
    let net: IpNet = match (text.parse(), text.parse::<IpAddr>()) {
        (Ok(net), _) => net,
        (Err(_), Ok(IpAddr::V4(_))) => return Err(format!("`{text}` has no prefix: write `{text}/32`")),
        (Err(_), Ok(IpAddr::V6(_))) => return Err(format!("`{text}` has no prefix: write `{text}/128`")),
        (Err(_), Err(_)) => {
            return Err(format!("`{text}` is no network such as `192.0.2.0/24` or `2001:db8::/32`"));
        }
    };
    if net.prefix_len() == 0 {
        return Err(format!("`{text}` is every address, which no set may be: write its two halves (`/1`)"));
    }
    match (version, net) {
        (IpAddressVersion::V4, IpNet::V4(net)) => {
            Ok((net.network().to_bits().into(), net.broadcast().to_bits().into()))
        }
        (IpAddressVersion::V6, IpNet::V6(net))
            if net.prefix_len() >= 96 && net.addr().to_ipv4_mapped().is_some() =>
        {
            Err(format!(
                "`{text}` is IPv4 written as IPv6, and such clients count as IPv4: put it into a set of `IPV4`"
            ))
        }
        (IpAddressVersion::V6, IpNet::V6(net)) => Ok((net.network().to_bits(), net.broadcast().to_bits())),
        (IpAddressVersion::V4, IpNet::V6(_)) => {
            Err(format!("`{text}` is IPv6, and `IPAddressVersion` is `IPV4`"))
        }
        (IpAddressVersion::V6, IpNet::V4(_)) => {
            Err(format!("`{text}` is IPv4, and `IPAddressVersion` is `IPV6`"))
        }
    }
}

/// Sorts ranges, and makes one of those that overlap or touch. A heap's sort is a tenth of the code of the usual ones.
#[inline(never)]
fn joined(ranges: Vec<(u128, u128)>) -> Vec<(u128, u128)> {
    let mut joined: Vec<(u128, u128)> = Vec::new();
    for (first, last) in BinaryHeap::from(ranges).into_sorted_vec() {
        match joined.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => joined.push((first, last)),
        }
    }
    joined.shrink_to_fit();
    joined
}

// === impl Addresses ===

impl Addresses {
    /// Whether it fits.
    #[must_use]
    pub fn fits(&self, view: &View<'_>) -> bool {
        match &self.forwarded {
            None => view.client.address.is_some_and(|address| self.set.contains(address)),
            Some(forwarded) => forwarded.fits(view, |address| self.set.contains(address)),
        }
    }
}

#[cfg(test)]
mod tests;
