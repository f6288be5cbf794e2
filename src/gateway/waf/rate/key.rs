//! Origins: whose requests are counted together.

use super::seed::Seed;
use crate::gateway::config::waf::{MatchScope, OversizeHandling};
use crate::gateway::waf::field::{Field, Names, Room};
use crate::gateway::waf::labels::{LabelMatch, Labels};
use crate::gateway::waf::log::{Logging, REDACTED};
use crate::gateway::waf::transform::{Transformation, Transformed};
use crate::gateway::waf::view::View;
use siphasher::sip::SipHasher13;
use std::hash::Hasher;
use std::net::IpAddr;

/// Characters of a value that logs show, as AWS does.
const SHOWN: usize = 32;

/// Whose requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AggregateKey {
    /// Those of one address: the one that Envoy trusts.
    Ip,
    /// The same address, whatever header the document names: a client can write any.
    ForwardedIp,
    /// Those in which all of these are the same.
    Custom(Vec<Component>),
    /// All.
    Constant,
}

/// What origins are told apart by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Component {
    /// A header; its name is in lower case.
    Header(String, Vec<Transformation>),
    /// A cookie.
    Cookie(String, Vec<Transformation>),
    /// An argument of the query string.
    QueryArgument(String, Vec<Transformation>),
    /// The query string.
    QueryString(Vec<Transformation>),
    /// The path.
    UriPath(Vec<Transformation>),
    /// The method.
    Method,
    /// The client's address, as Envoy trusts it.
    ForwardedIp,
    /// The client's address, as Envoy trusts it.
    Ip,
    /// The labels in a namespace, which ends in `:`.
    LabelNamespace(String),
    /// The client's autonomous system.
    Asn,
}

/// An aggregate key, ready to be read from requests.
#[derive(Debug)]
pub(super) enum Key {
    Address(&'static str),
    Custom(Vec<Part>),
    Constant,
}

/// A component, ready.
#[derive(Debug)]
pub(super) struct Part {
    /// AWS's words for it: what it is, and its name.
    word: &'static str,
    name: Option<String>,
    reads: Reads,
}

#[derive(Debug)]
enum Reads {
    Field(Field, Vec<Transformation>),
    Address,
    Labels(LabelMatch),
    Asn,
}

/// The room in which components are read, kept between requests.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    room: Room,
    transformed: Transformed,
}

/// What a request is counted by, in the words of AWS's log. Values are as the client wrote them, at most 32 characters, without
/// control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// `key`.
    pub key: &'static str,
    /// `name`.
    pub name: Option<String>,
    /// `value`.
    pub value: String,
}

// === impl AggregateKey ===

impl AggregateKey {
    /// Tells it from every other in names of shared data.
    pub(super) fn definition(&self) -> String {
        // The text of a value of ours: one name for each thing in it, and strings quoted.
        format!("{self:?}")
    }
}

// === impl Key ===

impl Key {
    pub(super) fn new(key: AggregateKey) -> Self {
        match key {
            AggregateKey::Ip => Self::Address("IP"),
            AggregateKey::ForwardedIp => Self::Address("FORWARDED_IP"),
            AggregateKey::Constant => Self::Constant,
            AggregateKey::Custom(components) => Self::Custom(components.into_iter().map(Part::new).collect()),
        }
    }

    /// Whether there is one origin only.
    pub(super) fn is_constant(&self) -> bool {
        matches!(self, Self::Constant)
    }

    /// `limitKey`.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Address(word) => word,
            Self::Custom(_) => "CUSTOMKEYS",
            Self::Constant => "CONSTANT",
        }
    }

    /// The origin of a request; none where a component is missing.
    pub(super) fn origin(
        &self,
        view: &View<'_>,
        labels: &Labels,
        seed: Seed,
        scratch: &mut Scratch,
    ) -> Option<u64> {
        let mut hasher = seed.hasher();
        match self {
            Self::Constant => {}
            Self::Address(_) => address(view, &mut hasher)?,
            Self::Custom(parts) => {
                for part in parts {
                    part.hash(view, labels, &mut hasher, scratch)?;
                }
            }
        }
        Some(hasher.finish())
    }

    /// The values of a request, without those that are not logged.
    pub(super) fn values(
        &self,
        view: &View<'_>,
        labels: &Labels,
        logging: &Logging,
        scratch: &mut Scratch,
    ) -> Vec<Value> {
        match self {
            Self::Address(_) | Self::Constant => Vec::new(),
            Self::Custom(parts) => {
                parts.iter().map(|part| part.value(view, labels, logging, scratch)).collect()
            }
        }
    }
}

/// Adds the client's address, of either version in as many bytes: its length is not written before it.
fn address(view: &View<'_>, hasher: &mut SipHasher13) -> Option<()> {
    let address = match view.client.address? {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    hasher.write(&address.octets());
    Some(())
}

// === impl Part ===

impl Part {
    fn new(component: Component) -> Self {
        let field = |word, name, field, transformations| Self {
            word,
            name,
            reads: Reads::Field(field, transformations),
        };
        match component {
            Component::Header(name, steps) => {
                field("HEADER", Some(name.clone()), Field::SingleHeader(name), steps)
            }
            Component::Cookie(name, steps) => {
                let names = Names::Included(vec![name.clone()]);
                let cookies = Field::Cookies(names, MatchScope::Value, OversizeHandling::Continue);
                field("COOKIE", Some(name), cookies, steps)
            }
            Component::QueryArgument(name, steps) => {
                field("QUERY_ARGUMENT", Some(name.clone()), Field::SingleQueryArgument(name), steps)
            }
            Component::QueryString(steps) => field("QUERY_STRING", None, Field::QueryString, steps),
            Component::UriPath(steps) => field("URI_PATH", None, Field::UriPath, steps),
            Component::Method => field("HTTP_METHOD", None, Field::Method, Vec::new()),
            Component::ForwardedIp => Self { word: "FORWARDED_IP", name: None, reads: Reads::Address },
            Component::Ip => Self { word: "IP", name: None, reads: Reads::Address },
            Component::LabelNamespace(namespace) => Self {
                word: "LABEL_NAMESPACE",
                name: Some(namespace.clone()),
                reads: Reads::Labels(LabelMatch::Namespace(namespace)),
            },
            Component::Asn => Self { word: "ASN", name: None, reads: Reads::Asn },
        }
    }

    /// Adds it to an origin; none if the request has none. Each value goes with its length, and their end is marked, so that no
    /// two lists of values are one.
    fn hash(
        &self,
        view: &View<'_>,
        labels: &Labels,
        hasher: &mut SipHasher13,
        scratch: &mut Scratch,
    ) -> Option<()> {
        match &self.reads {
            Reads::Address => return address(view, hasher),
            Reads::Asn => hasher.write_u32(view.client.asn()),
            Reads::Labels(_) | Reads::Field(..) => {
                let mut is_there = false;
                self.each(view, labels, scratch, &mut |value| {
                    is_there = true;
                    hasher.write_u64(value.len() as u64);
                    hasher.write(value);
                });
                if !is_there {
                    return None;
                }
                hasher.write_u64(u64::MAX);
            }
        }
        Some(())
    }

    /// Calls with each of its texts.
    fn each(&self, view: &View<'_>, labels: &Labels, scratch: &mut Scratch, with: &mut dyn FnMut(&[u8])) {
        match &self.reads {
            Reads::Field(field, steps) => {
                // The body is no component: what there is of these is there.
                let Scratch { room, transformed } = scratch;
                let _ = field.each(view, &[], room, &mut |value| with(transformed.apply(steps, value)));
            }
            Reads::Labels(namespace) => {
                for label in labels.iter().filter(|label| namespace.fits(label)) {
                    with(label.as_bytes());
                }
            }
            Reads::Address | Reads::Asn => {}
        }
    }

    fn value(&self, view: &View<'_>, labels: &Labels, logging: &Logging, scratch: &mut Scratch) -> Value {
        let mut value = String::new();
        match &self.reads {
            Reads::Address => {
                value = view.client.address.map_or_else(String::new, |address| address.to_string())
            }
            Reads::Asn => value = view.client.asn().to_string(),
            Reads::Field(field, _) if logging.shown(field, view).is_none() => value = REDACTED.to_owned(),
            Reads::Labels(_) | Reads::Field(..) => self.each(view, labels, scratch, &mut |text| {
                if value.is_empty() {
                    value = shown(text);
                }
            }),
        }
        Value { key: self.word, name: self.name.clone(), value }
    }
}

/// The beginning of what a client wrote, as text.
fn shown(bytes: &[u8]) -> String {
    // A character has four bytes at most.
    let start = bytes.get(..bytes.len().min(4 * SHOWN)).unwrap_or_default();
    let text = String::from_utf8_lossy(start);
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).take(SHOWN).collect()
}

#[cfg(test)]
mod tests;
