//! Sets of addresses.

use super::view::View;
use crate::gateway::config::waf::{FallbackBehavior, ForwardedIpPosition, IpAddressVersion};
use std::net::IpAddr;
use std::rc::Rc;

/// A set of networks.
#[derive(Debug, Default)]
pub struct IpSet {}

/// A statement about addresses.
#[derive(Debug)]
pub struct Addresses {
    /// The set.
    pub set: Rc<IpSet>,
    /// The header that has the address in the place of the client's.
    pub forwarded: Option<Forwarded>,
}

/// A header that has an address in the place of the client's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forwarded {
    /// Its name, in lower case.
    pub header: String,
    /// What an element means that is no address.
    pub fallback: FallbackBehavior,
    /// Which of its elements.
    pub position: ForwardedIpPosition,
}

impl IpSet {
    /// The set of these networks.
    ///
    /// # Errors
    /// Which of them are none, in words.
    pub fn new(version: IpAddressVersion, addresses: &[String]) -> Result<Self, Vec<(usize, String)>> {
        let _ = (version, addresses);
        Ok(Self {})
    }

    /// Whether an address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let _ = address;
        false
    }
}

impl Addresses {
    /// Whether it fits.
    #[must_use]
    pub fn fits(&self, view: &View<'_>) -> bool {
        view.client.address.is_some_and(|address| self.set.contains(address))
    }
}
