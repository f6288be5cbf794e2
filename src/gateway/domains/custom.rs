//! Custom domains: which API and stage answer a path of one.
//!
//! A domain has ways: its routing rules in the order of their priorities, then its API mappings, the longest key first. The
//! first that fits answers; what it strips is not part of the path that routes, policies and backends see, and the stage is not
//! in the path at all. A domain that nothing fits answers itself: its host is never another API's.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-routing-mode.html>
//!
//! Ways are compared with the path as its API reads it, once it is decoded and checked: no spelling of a path leads past the
//! way that it belongs to. Where slashes that a REST API collapses would lead another way, the path is refused.

use super::Rejection;
use crate::gateway::Env;
use crate::gateway::compile::{Api, Stage};
use crate::gateway::config::ProtocolType;
use crate::gateway::flow::Bytes;
use crate::gateway::head::Head;
use crate::gateway::notes::Note;
use crate::gateway::request::Request;
use crate::gateway::routes::{RequestPath, below};
use std::fmt;
use std::rc::Rc;

/// The custom domains of a document, sorted by host; a wildcard stands under what follows its `*`, with the dot.
#[derive(Debug, Default)]
pub struct Domains(Vec<(String, Rc<Domain>)>);

/// A custom domain.
#[derive(Debug)]
pub struct Domain {
    /// Its name in lower case, perhaps with `*.` before it.
    pub name: String,
    /// Whether a client must prove itself by a certificate.
    pub mutual_tls: bool,
    /// Whose rules hold before a way is chosen: how the path is read, and how a refusal is worded.
    pub protocol: ProtocolType,
    /// Its ways, in the order in which they are tried.
    pub ways: Vec<Rc<Way>>,
}

/// A routing rule or an API mapping.
#[derive(Debug)]
pub struct Way {
    /// `$context.customDomain.routingRuleIdMatched`, of a routing rule.
    pub rule: Option<String>,
    /// All must fit.
    pub headers: Vec<HeaderCondition>,
    /// Where the path must begin, in whole segments; empty is anywhere.
    pub base_path: String,
    /// Whether the API sees only what follows.
    pub strips: bool,
    /// Who answers.
    pub api: Rc<Api>,
    /// Which stage of it.
    pub stage: Rc<Stage>,
}

/// What a header must say, in one of its lines.
#[derive(Debug)]
pub struct HeaderCondition {
    /// Its name in lower case.
    pub name: Bytes,
    /// What stands between the stars.
    pub value: Vec<u8>,
    /// Whether anything may precede it.
    pub open_start: bool,
    /// Whether anything may follow.
    pub open_end: bool,
}

/// How a request came to its API.
#[derive(Debug)]
pub struct Mapped {
    /// The way.
    pub way: Rc<Way>,
    /// The whole path, with what the way strips.
    pub whole: RequestPath,
}

/// Finds the API, the stage and the path of a request to a custom domain.
///
/// # Errors
/// If the client must prove itself and did not, the path cannot be read, or no way fits it.
pub fn enter(domain: &Rc<Domain>, request: &mut Request, env: &Env<'_>) -> Result<(), Rejection> {
    request.domain = Some(Rc::clone(domain));
    if domain.mutual_tls {
        let proved = is_proved(domain, &request.gateway.domains, env);
        env.note(|| Note::judged("mutual TLS", proved, format!("a certificate, and SNI of `{domain}`")));
        if !proved {
            return Err(Rejection::MutualTls);
        }
    }
    let mut whole = request.read_path()?;
    let Some((way, mut path)) = domain.way(&whole, &request.head) else {
        env.note(|| Note::failed("custom domain", format!("nothing of `{domain}` fits this path")));
        return Err(Rejection::UnknownMapping);
    };
    if whole.collapsed().is_some_and(|collapsed| !domain.leads(&collapsed, &request.head, way)) {
        return Err(Rejection::BadPath);
    }
    env.note(|| Note::fact("custom domain", format!("`{domain}`, by {way}")));
    request.api = Some(Rc::clone(&way.api));
    request.stage = Some(Rc::clone(&way.stage));
    if request.protocol() != domain.protocol {
        // What routes and policies will see must be what led here: read in two ways, the path may belong to two APIs.
        whole = request.read_path()?;
        let (again, other) = domain.way(&whole, &request.head).ok_or(Rejection::BadPath)?;
        if !Rc::ptr_eq(way, again) {
            return Err(Rejection::BadPath);
        }
        path = other;
    }
    request.path = Some(path);
    request.mapped = Some(Mapped { way: Rc::clone(way), whole });
    Ok(())
}

/// Whether the client has a certificate that Envoy verified for this domain. Filter chains are chosen by SNI, and a client
/// chooses SNI and `Host`: a certificate that it presented for another name was judged by another truststore, or by none. SNI
/// is compared as it is, because the chain was.
fn is_proved(domain: &Rc<Domain>, domains: &Domains, env: &Env<'_>) -> bool {
    let name = env.connection.server_name();
    let named = str::from_utf8(&name).ok().and_then(|name| domains.of_host(name));
    named.is_some_and(|named| Rc::ptr_eq(named, domain)) && env.connection.has_client_cert()
}

// === impl Domains ===

impl Domains {
    /// Adds a domain under its host, which no other one has.
    pub fn add(&mut self, host: String, domain: Domain) {
        if let Err(place) = self.place(&host) {
            self.0.insert(place, (host, Rc::new(domain)));
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Domain> {
        self.0.iter().map(|(_, domain)| domain.as_ref())
    }

    /// The domain of a host in lower case: its own, else the wildcard for its first label.
    #[must_use]
    pub fn of_host(&self, host: &str) -> Option<&Rc<Domain>> {
        if self.0.is_empty() {
            return None;
        }
        // A host that begins with a dot would be a wildcard's key.
        let first_dot = host.find('.').filter(|at| *at > 0);
        let exact = if host.starts_with('.') { None } else { self.under(host) };
        exact.or_else(|| self.under(host.get(first_dot?..)?))
    }

    fn under(&self, host: &str) -> Option<&Rc<Domain>> {
        self.0.get(self.place(host).ok()?).map(|(_, domain)| domain)
    }

    /// Where a host stands, or would stand.
    #[inline(never)]
    fn place(&self, host: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.as_str().cmp(host))
    }
}

// === impl Domain ===

impl Domain {
    /// The first way that fits, and the path behind it.
    #[inline(never)]
    fn way(&self, path: &RequestPath, head: &Head) -> Option<(&Rc<Way>, RequestPath)> {
        let way = self.first(path.decoded(), head)?;
        let rest = if way.strips { path.strip_prefix(&way.base_path)? } else { path.clone() };
        Some((way, rest))
    }

    /// Whether a decoded path leads this way.
    fn leads(&self, decoded: &str, head: &Head, way: &Rc<Way>) -> bool {
        self.first(decoded, head).is_some_and(|first| Rc::ptr_eq(first, way))
    }

    /// The first way that a decoded path fits.
    fn first(&self, decoded: &str, head: &Head) -> Option<&Rc<Way>> {
        self.ways.iter().find(|way| way.fits(decoded, head))
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

// === impl Way ===

impl Way {
    fn fits(&self, decoded: &str, head: &Head) -> bool {
        below(decoded, &self.base_path).is_some() && self.headers.iter().all(|header| header.fits(head))
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.rule, self.base_path.as_str()) {
            (Some(id), _) => write!(f, "the routing rule `{id}`"),
            (None, "") => f.write_str("the API mapping without a key"),
            (None, key) => write!(f, "the API mapping `{key}`"),
        }
    }
}

// === impl HeaderCondition ===

impl HeaderCondition {
    fn fits(&self, head: &Head) -> bool {
        head.all(&self.name).any(|line| self.fits_line(line))
    }

    fn fits_line(&self, line: &[u8]) -> bool {
        match (self.open_start, self.open_end) {
            (false, false) => line == self.value,
            (false, true) => line.starts_with(&self.value),
            (true, false) => line.ends_with(&self.value),
            (true, true) => {
                self.value.is_empty() || line.windows(self.value.len()).any(|part| part == self.value)
            }
        }
    }
}

#[cfg(test)]
mod tests;
