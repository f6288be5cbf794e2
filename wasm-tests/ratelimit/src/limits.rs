//! Which limits are asked: Limitador's file of limits, and its rules for what applies to a request.

use crate::messages::RateLimitDescriptor;
use limitador::counter::Counter;
use limitador::errors::LimitadorError;
use limitador::limit::{Context, Limit, Namespace};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

/// The limits of all namespaces.
pub struct Limits(Vec<Arc<Limit>>);

impl Limits {
    /// Reads a file as Limitador's server does. One thing is refused here that Limitador accepts: limits that differ in
    /// `max_value` or `name` alone, of which it would take one and be silent about the other.
    pub fn read(path: &Path) -> Result<Self, String> {
        let wrong = |problem: String| format!("{}: {problem}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let limits: Vec<Limit> = serde_yaml_ng::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let mut seen = HashSet::new();
        if let Some(twice) = limits.iter().find(|limit| !seen.insert(*limit)) {
            let conditions = twice.conditions();
            return Err(wrong(format!(
                "two limits count the same: {} s, conditions {conditions:?}",
                twice.seconds()
            )));
        }
        Ok(Self(limits.into_iter().map(Arc::new).collect()))
    }

    /// The counters that a request is counted on; none if no limit applies.
    ///
    /// # Panics
    /// As Limitador, if a condition cannot be evaluated, such as one on a descriptor that the request does not have.
    pub fn counters(
        &self,
        domain: &str,
        descriptors: &[RateLimitDescriptor],
    ) -> Result<Vec<Counter>, LimitadorError> {
        let pairs = |descriptor: &RateLimitDescriptor| -> HashMap<String, String> {
            descriptor.entries.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect()
        };
        let mut context = Context::default();
        context.list_binding("descriptors".to_owned(), descriptors.iter().map(pairs).collect());
        let namespace = Namespace::from(domain);
        let applying =
            self.0.iter().filter(|limit| *limit.namespace() == namespace && limit.applies(&context));
        applying.filter_map(|limit| Counter::new(Arc::clone(limit), &context).transpose()).collect()
    }
}
