//! Which route answers a method and a path.
//!
//! One list of routes (one deployment) is compiled into [`Routes`]; a request's path is a [`RequestPath`]. Follows
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html> and what was observed of
//! REST APIs. Not decided here: the stage, the answer where no route matches, and `X-HTTP-Method-Override`.

mod captures;
mod conflict;
mod encode;
mod key;
mod path;
mod table;
mod template;

pub use captures::{Capture, Captures};
pub use conflict::RouteConflict;
pub use encode::{encode_segment, encode_segments, is_dot_segment};
pub use key::{MethodKey, RouteKey, RouteKeyError};
pub use path::{BadPath, RequestPath, below};
pub use template::{Segment, Template};

use crate::gateway::config::ProtocolType;
use std::borrow::Cow;
use std::cmp::Ordering;
use table::Table;

/// One list of routes, compiled. A route's number is its index in the list.
#[derive(Debug)]
pub struct Routes {
    protocol: ProtocolType,
    keys: Vec<RouteKey>,
    tables: [Table; MethodKey::ALL.len()],
    default: Option<usize>,
}

/// The route that answers a request.
#[derive(Debug, Clone, Copy)]
pub struct Selected<'a> {
    /// The route: its index in the list.
    pub route: usize,
    /// The path parameters.
    pub captures: Captures<'a>,
}

// === impl Routes ===

impl Routes {
    /// Compiles a list of routes.
    ///
    /// # Errors
    /// Every pair of routes that AWS would not accept side by side.
    pub fn build<'k>(
        protocol: ProtocolType,
        keys: impl Into<Cow<'k, [RouteKey]>>,
    ) -> Result<Self, Vec<RouteConflict>> {
        let keys = keys.into().into_owned();
        let mut conflicts = conflict::conflicts(protocol, &keys);
        let mut routes = Self { protocol, keys: Vec::new(), tables: Default::default(), default: None };
        if conflicts.is_empty() {
            for (route, key) in keys.iter().enumerate() {
                if let Err(problem) = routes.insert(route, key) {
                    // Each pair that `matchit` refuses was found above: this must not happen.
                    conflicts.push(RouteConflict { first: route, second: route, problem, help: None });
                }
            }
        }
        if conflicts.is_empty() { Ok(Self { keys, ..routes }) } else { Err(conflicts) }
    }

    /// The route that answers `method` and `path`.
    ///
    /// Of the routes that match both, the most specific one: a route for the method itself goes before `ANY` only on the
    /// same path, and a more specific path that does not serve the method hides nothing. HTTP APIs ask for greedy
    /// variables only where nothing else matches, then for `$default`; a REST API compares all, segment by segment.
    #[must_use]
    pub fn select<'a>(&'a self, method: &[u8], path: &'a RequestPath) -> Option<Selected<'a>> {
        let route = self.route(method, path.matched())?;
        Some(Selected { route, captures: self.captures(route, path) })
    }

    /// The path parameters of a request that [`Routes::select`] gave `route`: what a request keeps while it waits is a
    /// number and its path.
    #[must_use]
    pub fn captures<'a>(&'a self, route: usize, path: &'a RequestPath) -> Captures<'a> {
        Captures::new(self.template(route), path)
    }

    /// The key of a route.
    #[must_use]
    pub fn key(&self, route: usize) -> Option<&RouteKey> {
        self.keys.get(route)
    }

    fn route(&self, method: &[u8], path: &str) -> Option<usize> {
        let own = MethodKey::of(method);
        let any = match self.protocol {
            ProtocolType::Http | ProtocolType::Websocket => Some(MethodKey::Any),
            // `ANY` of a REST API is its seven methods.
            ProtocolType::Rest => own.map(|_| MethodKey::Any),
        };
        // The method's own table first: `most_specific` keeps the earlier of two on the same path.
        let tables = || own.into_iter().chain(any).filter_map(|method| self.tables.get(method as usize));
        let full = self.most_specific(tables().filter_map(|table| table.full(path)));
        match self.protocol {
            ProtocolType::Http | ProtocolType::Websocket => full
                .or_else(|| self.most_specific(tables().flat_map(|table| table.greedy(path))))
                .or(self.default),
            // A REST API's `{proxy+}` does not answer for its parent.
            ProtocolType::Rest if path == "/" => full,
            ProtocolType::Rest => {
                self.most_specific(full.into_iter().chain(tables().flat_map(|table| table.greedy(path))))
            }
        }
    }

    fn most_specific(&self, routes: impl Iterator<Item = usize>) -> Option<usize> {
        routes.reduce(|best, other| match (self.template(best), self.template(other)) {
            (Some(a), Some(b)) if b.specificity(a) == Ordering::Less => other,
            _ => best,
        })
    }

    fn template(&self, route: usize) -> Option<&Template> {
        match self.keys.get(route)? {
            RouteKey::Default => None,
            RouteKey::Path { template, .. } => Some(template),
        }
    }

    fn insert(&mut self, route: usize, key: &RouteKey) -> Result<(), String> {
        match key {
            RouteKey::Default => self.default = Some(route),
            RouteKey::Path { method, template } => {
                let table = self.tables.get_mut(*method as usize).ok_or_else(String::new)?;
                table.insert(template, route).map_err(|error| format!("`{key}`: {error}"))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
