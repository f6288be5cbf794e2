//! What the filter has told Envoy's statistics.

use crate::Error;
use crate::apply::admin::Admin;
use sekisho::gateway::usage::{PREFIX, name};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Before the names of all statistics that a filter makes.
const FILTERS: &str = "wasmcustom.";
/// What tells that the gateway is there, whatever was used: the filter makes it when it is configured.
const UNTOLD: &str = "sekisho_usage_untold_total";

/// The statistics.
#[derive(Debug, Default)]
pub(super) struct Told(BTreeMap<String, Value>);

/// Asks Envoy.
///
/// # Errors
/// If it does not answer, or runs no gateway.
pub(super) fn ask(admin: &Admin, address: SocketAddr) -> Result<Told, Error> {
    let escape = |text: &str| text.replace('.', "\\.");
    let filter = format!("^{}({}|{UNTOLD}$)", escape(FILTERS), escape(PREFIX));
    let stats = admin.stats(&filter).map_err(|error| {
        Error::from(error).help("`--admin HOST:PORT` names the admin interface of the Envoy that counts")
    })?;
    let told = Told(stats);
    if told.number(UNTOLD).is_none() {
        return Err(Error::failed(format!("the Envoy at {address} runs no gateway that tells its usage"))
            .help("`--admin HOST:PORT` names the one that does; a gateway tells it from version 0.1.0 on"));
    }
    Ok(told)
}

// === impl Told ===

impl Told {
    /// What was counted of a key: the first day of the window, in days since 1970, and the requests.
    pub(super) fn of(&self, plan: &str, key: &str) -> Option<(u64, u64)> {
        let name = name(plan, key);
        Some((self.number(&format!("{name}.window"))?, self.number(&format!("{name}.used"))?))
    }

    /// Whether keys were used of which nothing was told.
    pub(super) fn is_cut(&self) -> bool {
        self.number(UNTOLD).is_some_and(|times| times > 0)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.0.get(&format!("{FILTERS}{name}"))?.as_u64()
    }

    #[cfg(test)]
    pub(super) fn new(stats: &[(String, u64)]) -> Self {
        Self(stats.iter().map(|(name, value)| (format!("{FILTERS}{name}"), (*value).into())).collect())
    }
}
