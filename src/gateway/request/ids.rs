//! The ids of a request.

use crate::gateway::config::ProtocolType;
use crate::gateway::flow::Bytes;
use crate::gateway::head::Head;
use crate::gateway::{Env, Millis};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::cell::OnceCell;

/// The ids that AWS gives a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestIds {
    /// Written when somebody asks: an HTTP API has no use for it.
    uuid: OnceCell<String>,
    random: [u8; 16],
    /// `$context.extendedRequestId`, and `$context.requestId` of an HTTP API: `JKJaXmPLvHcESHA=`.
    pub extended: String,
    /// `X-Amzn-Trace-Id`: the client's, or a new root.
    pub trace: Vec<u8>,
}

// === impl RequestIds ===

impl RequestIds {
    pub(super) fn new(head: &Head, env: &Env<'_>) -> Self {
        let (random, [extended @ .., _, _, _, _, _]) = halves(env.dice);
        let extended = STANDARD.encode(extended);
        let trace = match head.only(b"x-amzn-trace-id") {
            Some(sent) if sent.len() <= 512 && sent.iter().all(|byte| (0x20..0x7f).contains(byte)) => {
                sent.to_vec()
            }
            _ => new_trace(env.wall, random),
        };
        let uuid = sent_uuid(head).map_or_else(OnceCell::new, OnceCell::from);
        Self { uuid, random, extended, trace }
    }

    /// `$context.requestId` of a REST API: a UUID.
    #[must_use]
    pub fn uuid(&self) -> &str {
        self.uuid.get_or_init(|| uuid_v4(self.random))
    }

    /// The response headers that carry the ids.
    pub fn headers(&self, protocol: ProtocolType) -> impl Iterator<Item = (Bytes, Bytes)> {
        let header = |name: &'static [u8], id: &str| Some((name.into(), id.as_bytes().to_vec().into()));
        let headers = match protocol {
            ProtocolType::Http | ProtocolType::Websocket => {
                [header(b"apigw-requestid", &self.extended), None]
            }
            ProtocolType::Rest => {
                [header(b"x-amzn-requestid", self.uuid()), header(b"x-amz-apigw-id", &self.extended)]
            }
        };
        headers.into_iter().flatten()
    }

    /// `$context.requestId`.
    #[must_use]
    pub fn request_id(&self, protocol: ProtocolType) -> &str {
        match protocol {
            ProtocolType::Http | ProtocolType::Websocket => &self.extended,
            ProtocolType::Rest => self.uuid(),
        }
    }
}

/// The id that a client chose with `x-amzn-RequestId`; AWS replaces what is not a UUID by these words.
fn sent_uuid(head: &Head) -> Option<String> {
    let sent = head.all(b"x-amzn-requestid").next()?;
    let shape = |(i, byte): (usize, &u8)| match i {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    if sent.len() == 36 && sent.iter().enumerate().all(shape) {
        return String::from_utf8(sent.to_vec()).ok();
    }
    Some("UUID_REPLACED_INVALID_REQUEST_ID".to_owned())
}

/// A UUID of version 4 (RFC 9562, 5.4).
fn uuid_v4(random: [u8; 16]) -> String {
    let random = u128::from_be_bytes(random) & !(0xf << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let digits = hex(random.to_be_bytes());
    let mut text = String::with_capacity(36);
    for (i, digit) in digits.as_flattened().iter().enumerate() {
        if matches!(i, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(char::from(*digit));
    }
    text
}

/// A trace that begins here: `Root=1-67891233-abcdef012345678912345678`.
fn new_trace(now: Millis, random: [u8; 16]) -> Vec<u8> {
    let seconds = u32::try_from(now.0 / 1000).unwrap_or(u32::MAX);
    let [random @ .., _, _, _, _] = random;
    let mut text = Vec::with_capacity(40);
    text.extend_from_slice(b"Root=1-");
    text.extend_from_slice(hex(seconds.to_be_bytes()).as_flattened());
    text.push(b'-');
    text.extend_from_slice(hex(random).as_flattened());
    text
}

/// Two digits for each byte. `write!` takes a hundred instructions for them.
fn hex<const N: usize>(bytes: [u8; N]) -> [[u8; 2]; N] {
    let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' - 10 + half };
    bytes.map(|byte| [digit(byte >> 4), digit(byte & 0x0f)])
}

fn halves(dice: [u8; 32]) -> ([u8; 16], [u8; 16]) {
    let [a, b] = *dice.as_chunks().0 else { return Default::default() };
    (a, b)
}
