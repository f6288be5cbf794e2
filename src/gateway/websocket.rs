//! WebSocket connections that pass through an HTTP API: their messages are counted, and limited where the document says so.
//! <https://www.rfc-editor.org/rfc/rfc6455>
//!
//! AWS's HTTP APIs have no upgrades; names and numbers are those of its WebSocket APIs
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html>). Nothing is unmasked or
//! inflated: a size is what is sent. Without limits every byte passes as it came, whether it is a frame or not.
//!
//! A client that breaks a limit is told by a Close of the gateway's. Envoy lets a part of one direction be changed, and only while
//! it passes. So the Close goes to the backend in the place of the frame, and to the client in the place of whatever the backend
//! sends next, its answer to the Close, or with the end of its connection.

mod frames;

pub use frames::{Frame, Frames, Kind};

use super::Nanos;
use super::compile::Scope;
use super::config::{ProtocolType, WebSocketSettings};
use super::counts::Counter;
use super::flow::{Bytes, Splice};
use super::throttle::bucket::{Bucket, Limit};

/// How long a backend may take to answer a Close, before the connection is broken off.
const CLOSING: Nanos = Nanos(5_000_000_000);
/// Longest payload of a ping, a pong or a Close.
const LONGEST_CONTROL: u64 = 125;

/// What a client may send. Nothing is limited by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a message.
    message_bytes: Option<u64>,
    /// Messages a second, and as many at once.
    messages: Option<Limit>,
}

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client.
    ToBackend,
    /// From the backend.
    ToClient,
}

/// One connection.
#[derive(Debug)]
pub struct Tunnel {
    limits: Limits,
    bucket: Option<Bucket>,
    to_backend: Frames,
    to_client: Frames,
    /// Bytes of the client's message so far, while it is in fragments.
    message: Option<u64>,
    life: Life,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Open,
    /// The client broke a limit. It has not been told yet.
    Closing(Breach),
    /// It has been told.
    Closed,
}

/// What a client did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Breach {
    /// It does not keep to the protocol, so that nobody could tell where a message ends.
    Protocol,
    TooFast,
    TooBig,
}

// === impl Limits ===

impl Limits {
    /// Compiles an API's settings; what cannot be goes to the diagnostics.
    pub fn compile(written: &WebSocketSettings, protocol: ProtocolType, scope: &mut Scope<'_>) -> Self {
        match protocol {
            ProtocolType::Http | ProtocolType::Websocket => {}
            ProtocolType::Rest => {
                scope.error("", "REST APIs have no WebSocket connections").help("an HTTP API passes them on");
            }
        }
        let messages = written.messages_per_second.filter(|messages| *messages > 0).and_then(|messages| {
            let limit = Limit::new(f64::from(messages), messages);
            limit.map_err(|problem| scope.error("messagesPerSecond", problem).help("0 is no limit")).ok()
        });
        Self { message_bytes: written.max_message_bytes.filter(|bytes| *bytes > 0), messages }
    }

    fn are_off(self) -> bool {
        self == Self::default()
    }
}

// === impl Breach ===

impl Breach {
    /// The Close that goes to the client: 1002, 1008, 1009.
    fn to_client(self) -> &'static [u8] {
        match self {
            Self::Protocol => &[0x88, 2, 0x03, 0xea],
            Self::TooFast => &[0x88, 2, 0x03, 0xf0],
            Self::TooBig => &[0x88, 2, 0x03, 0xf1],
        }
    }

    /// The same as a client's: masked, by a key that changes nothing, because nobody chose what is masked.
    fn to_backend(self) -> &'static [u8] {
        match self {
            Self::Protocol => &[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xea],
            Self::TooFast => &[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xf0],
            Self::TooBig => &[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xf1],
        }
    }

    fn counter(self) -> Counter {
        match self {
            Self::Protocol => Counter::ClosedMalformed,
            Self::TooFast => Counter::ClosedTooFast,
            Self::TooBig => Counter::ClosedTooBig,
        }
    }
}

// === impl Tunnel ===

impl Tunnel {
    /// A connection of which nothing has passed.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            bucket: None,
            to_backend: Frames::default(),
            to_client: Frames::default(),
            message: None,
            life: Life::Open,
        }
    }

    /// How many bytes of the next part of a direction need not be shown.
    #[must_use]
    pub fn unread(&self, direction: Direction) -> u64 {
        match (direction, self.life) {
            (Direction::ToBackend, Life::Open) => self.to_backend.unread(),
            (Direction::ToClient, Life::Open | Life::Closing(_)) => self.to_client.unread(),
            // None of it passes.
            (Direction::ToBackend, Life::Closing(_) | Life::Closed) | (Direction::ToClient, Life::Closed) => {
                u64::MAX
            }
        }
    }

    /// A part of `unseen` bytes, as [`Self::unread`] allows, and those that are shown: what passes of it. `count` is told of each
    /// message with its last frame, and of a breach.
    pub fn part(
        &mut self,
        direction: Direction,
        (unseen, shown): (usize, &[u8]),
        now: Nanos,
        count: impl FnMut(Counter),
    ) -> Splice {
        let size = unseen.saturating_add(shown.len());
        match (direction, self.life) {
            (Direction::ToBackend, Life::Open) => self.client_part(unseen, shown, now, count),
            (Direction::ToClient, Life::Open) => {
                self.to_client.pass(unseen);
                read(&mut self.to_client, shown, count);
                Splice::keep(size)
            }
            (Direction::ToClient, Life::Closing(breach)) => self.tell(breach, unseen, shown),
            (Direction::ToBackend, Life::Closing(_) | Life::Closed) | (Direction::ToClient, Life::Closed) => {
                Splice::keep(0)
            }
        }
    }

    fn client_part(
        &mut self,
        unseen: usize,
        shown: &[u8],
        now: Nanos,
        mut count: impl FnMut(Counter),
    ) -> Splice {
        let size = unseen.saturating_add(shown.len());
        self.to_backend.pass(unseen);
        if self.limits.are_off() {
            read(&mut self.to_backend, shown, count);
            return Splice::keep(size);
        }
        // A head is kept back until it is whole: the backend gets none of a frame that is refused.
        let mut before = Bytes::Owned(self.to_backend.begun().to_vec());
        let (mut at, mut whole) = (0, false);
        while let Some((start, frame)) = self.to_backend.next(shown, &mut at) {
            if let Err(breach) = self.check(frame, now) {
                count(breach.counter());
                self.life = Life::Closing(breach);
                // It is this head that was kept back.
                if !whole {
                    before = Bytes::default();
                }
                let ends = Some(Nanos(now.0.saturating_add(CLOSING.0)));
                return Splice { before, keep: unseen + start, after: breach.to_backend().into(), ends };
            }
            whole = true;
            if is_end(frame) {
                count(Counter::Message);
            }
        }
        if !whole && !before.is_empty() {
            // More of a head that is not whole yet.
            return Splice::keep(0);
        }
        Splice { before, ..Splice::keep(size.saturating_sub(self.to_backend.begun().len())) }
    }

    /// Judges a frame of the client's, before anything of it passes.
    fn check(&mut self, frame: Frame, now: Nanos) -> Result<(), Breach> {
        if !frame.is_masked || i64::try_from(frame.length).is_err() {
            return Err(Breach::Protocol);
        }
        let before = match (frame.kind, self.message) {
            (Kind::Control, _) if frame.is_last && frame.length <= LONGEST_CONTROL => return Ok(()),
            (Kind::Message, None) => 0,
            (Kind::Continuation, Some(bytes)) => bytes,
            (Kind::Control | Kind::Unknown, _) | (Kind::Message, Some(_)) | (Kind::Continuation, None) => {
                return Err(Breach::Protocol);
            }
        };
        let bytes = before.saturating_add(frame.length);
        if self.limits.message_bytes.is_some_and(|most| bytes > most) {
            return Err(Breach::TooBig);
        }
        if let (Kind::Message, Some(limit)) = (frame.kind, self.limits.messages) {
            let bucket = self.bucket.unwrap_or(Bucket::full(limit, now));
            let (_, left) = bucket.take(limit, 1, now).map_err(|_| Breach::TooFast)?;
            self.bucket = Some(left);
        }
        self.message = (!frame.is_last).then_some(bytes);
        Ok(())
    }

    /// Tells the client why, as soon as the frame that is on its way to it is whole.
    fn tell(&mut self, breach: Breach, unseen: usize, shown: &[u8]) -> Splice {
        let frames = &mut self.to_client;
        frames.pass(unseen);
        let mut at = 0;
        // What has been sent of a head cannot be taken back.
        if !frames.begun().is_empty() {
            frames.next(shown, &mut at);
        }
        let rest = shown.len().saturating_sub(at);
        let payload = usize::try_from(frames.unread()).unwrap_or(usize::MAX).min(rest);
        frames.pass(payload);
        if frames.unread() > 0 || !frames.begun().is_empty() {
            return Splice::keep(unseen.saturating_add(shown.len()));
        }
        self.life = Life::Closed;
        Splice { after: breach.to_client().into(), ..Splice::keep(unseen + at + payload) }
    }
}

/// Reads a part for its messages' sake.
fn read(frames: &mut Frames, part: &[u8], mut count: impl FnMut(Counter)) {
    let mut at = 0;
    while let Some((_, frame)) = frames.next(part, &mut at) {
        if is_end(frame) {
            count(Counter::Message);
        }
    }
}

/// Whether a message ends with this frame.
fn is_end(frame: Frame) -> bool {
    match frame.kind {
        Kind::Message | Kind::Continuation => frame.is_last,
        Kind::Control | Kind::Unknown => false,
    }
}

#[cfg(test)]
mod tests;
