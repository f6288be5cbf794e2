//! What the core decides, as values. The shell obeys them and decides nothing.

use super::Nanos;
use super::head::Head;
use std::borrow::Cow;

/// Bytes of a header name, a header value or a body: constant where configuration could make them.
pub type Bytes = Cow<'static, [u8]>;

/// What happens to a request next.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub enum Flow {
    /// Ask somebody, hold the whole request, go on in `Exchange::on_callout`. Nothing of the request leaves meanwhile.
    Call(Callout),
    /// Hold the request until its body has ended or is longer than this; go on in `Exchange::on_request_body`.
    Body(BodyWanted),
    /// Let the request go to the backend, with these changes to its head.
    Forward(Edits),
    /// Answer here.
    Answer(Answer),
}

/// What happens to a response next.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub enum ResponseFlow {
    /// Let it go to the client, with these changes to its head.
    Continue(Edits),
    /// Hold it until its body has ended or is longer than this; go on in `Exchange::on_response_body`.
    Body(BodyWanted),
    /// Put this answer in its place.
    Replace(Answer),
}

/// What happens to a body that streams through.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub enum ChunkFlow {
    /// Let it pass.
    Continue,
    /// Stop: answer here if the response has not begun, else reset.
    Answer(Answer),
}

/// What passes of a part of an upgraded connection's bytes.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splice {
    /// Bytes to put before it: kept back of earlier parts.
    pub before: Bytes,
    /// How many of its own pass, from its beginning.
    pub keep: usize,
    /// Bytes to put behind those.
    pub after: Bytes,
    /// When the connection is to be reset if it has not ended by then; absent where nothing ends it.
    pub ends: Option<Nanos>,
}

/// How much of a body is needed for the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyWanted {
    /// The decision is made when this many bytes are there, or the body has ended.
    pub bytes: usize,
}

/// A question to a service, through an Envoy cluster.
#[derive(Debug, PartialEq, Eq)]
pub struct Callout {
    /// The cluster.
    pub cluster: String,
    /// Pseudo-headers and headers.
    pub headers: Vec<(Bytes, Bytes)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long to wait.
    pub timeout_millis: u32,
    /// Whether the request's body may be wanted after the answer. It is then buffered meanwhile, and too long a one is
    /// refused; else the client is made to wait with it.
    pub then_body: bool,
    /// With whom the answer is shared, and how many may ask at once.
    pub flight: Flight,
}

/// Requests that ask the same question at the same time ask it once, and the questions of a group are bounded: junk from
/// clients buys no storm of callouts. Both hold for one worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flight {
    /// Requests that ask under one key get one answer.
    pub key: [u8; 32],
    /// Whose questions are counted together: an issuer's, an authorizer's.
    pub group: [u8; 32],
    /// How many of the group may be on their way; one more is answered by [`CalloutReply::TooMany`].
    pub most: usize,
}

/// The answer to a [`Callout`].
#[derive(Debug, PartialEq, Eq)]
pub enum CalloutReply {
    /// The service answered.
    Answered {
        /// Its status.
        status: u16,
        /// Its head: Lambda says there whether a function failed.
        head: Head,
        /// Its body.
        body: Vec<u8>,
    },
    /// Nothing usable came: no such cluster, a reset.
    Failed,
    /// The service answered more than any may: it was not read.
    TooLarge,
    /// The question was not asked: [`Flight::most`] are on their way.
    TooMany,
}

// === impl CalloutReply ===

impl CalloutReply {
    /// The status of the answer; none if there is no answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } => Some(*status),
            Self::Failed | Self::TooLarge | Self::TooMany => None,
        }
    }

    /// Whether it is an answer, and none that Envoy makes where a service is not there or too slow.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.status().is_some_and(|status| !matches!(status, 503 | 504))
    }

    /// The id that an AWS service gave the call, as far as it is one.
    #[must_use]
    pub fn request_id(&self) -> Option<Box<str>> {
        const LONGEST: usize = 128;
        let Self::Answered { head, .. } = self else { return None };
        let id = head.first(b"x-amzn-requestid").or_else(|| head.first(b"x-amz-request-id"))?;
        let is_id = id.len() <= LONGEST && id.iter().all(u8::is_ascii_graphic);
        std::str::from_utf8(id).ok().filter(|_| is_id).map(Box::from)
    }
}

/// Changes to a head, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Edits(pub Vec<Edit>);

/// One change to a head.
#[derive(Debug, PartialEq, Eq)]
pub enum Edit {
    /// Removes every header of this name.
    Remove(Bytes),
    /// Puts one header in the place of all of this name.
    Set(Bytes, Bytes),
    /// Adds a header beside those of the same name.
    Add(Bytes, Bytes),
}

/// An answer that the gateway gives itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers; `content-length` is the shell's.
    pub headers: Vec<(Bytes, Bytes)>,
    /// Body.
    pub body: Bytes,
    /// Envoy's `RESPONSE_CODE_DETAILS`: why, for the access log; never the client's bytes.
    pub details: Cow<'static, str>,
}

// === impl Callout ===

impl Callout {
    /// The pseudo-headers of a question, with room for its headers.
    #[must_use]
    pub fn head(
        method: &'static str,
        tls: bool,
        authority: &str,
        path: impl Into<Bytes>,
    ) -> Vec<(Bytes, Bytes)> {
        let scheme: &'static str = if tls { "https" } else { "http" };
        let mut head = Vec::with_capacity(8);
        head.extend([
            (b":method".into(), method.as_bytes().into()),
            (b":scheme".into(), scheme.as_bytes().into()),
            (b":authority".into(), authority.as_bytes().to_vec().into()),
            (b":path".into(), path.into()),
        ]);
        head
    }
}

// === impl Flight ===

impl Flight {
    /// A question of one request alone, because two that look the same are not the same. `dice` are the request's own.
    #[must_use]
    pub fn alone(dice: [u8; 32], group: [u8; 32], most: usize) -> Self {
        Self { key: dice, group, most }
    }
}

// === impl Answer ===

impl Answer {
    /// Puts headers in the place of those of the same name.
    pub fn replace(&mut self, headers: impl Iterator<Item = (Bytes, Bytes)>) {
        for header in headers {
            self.headers.retain(|(known, _)| *known != header.0);
            self.headers.push(header);
        }
    }

    /// Adds headers that it does not have yet: what the document says of them stays.
    pub fn add_missing(&mut self, headers: impl Iterator<Item = (Bytes, Bytes)>) {
        for (name, value) in headers {
            if !self.headers.iter().any(|(known, _)| *known == name) {
                self.headers.push((name, value));
            }
        }
    }
}

// === impl Splice ===

impl Splice {
    /// So many of its bytes, and no others.
    pub fn keep(keep: usize) -> Self {
        Self { before: Cow::Borrowed(&[]), keep, after: Cow::Borrowed(&[]), ends: None }
    }
}

// === impl Edits ===

impl Edits {
    /// None yet, with room for those of most requests.
    #[must_use]
    pub fn with_room() -> Self {
        Self(Vec::with_capacity(12))
    }

    /// Carries the changes out on an answer's headers.
    pub fn apply(self, headers: &mut Vec<(Bytes, Bytes)>) {
        for edit in self.0 {
            match edit {
                Edit::Remove(name) => headers.retain(|(known, _)| *known != name),
                Edit::Set(name, value) => {
                    headers.retain(|(known, _)| *known != name);
                    headers.push((name, value));
                }
                Edit::Add(name, value) => headers.push((name, value)),
            }
        }
    }

    /// The status that a response is given, where it is not its own.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.iter().rev().find_map(|edit| match edit {
            Edit::Set(name, value) if name.as_ref() == b":status" => {
                std::str::from_utf8(value).ok()?.parse().ok()
            }
            Edit::Set(..) | Edit::Remove(_) | Edit::Add(..) => None,
        })
    }

    /// Adds a removal.
    pub fn remove(&mut self, name: impl Into<Bytes>) {
        self.0.push(Edit::Remove(name.into()));
    }

    /// Adds a replacement.
    pub fn set(&mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) {
        self.0.push(Edit::Set(name.into(), value.into()));
    }

    /// Adds an addition.
    pub fn add(&mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) {
        self.0.push(Edit::Add(name.into(), value.into()));
    }
}
