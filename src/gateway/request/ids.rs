//! The ids of a request.

use crate::gateway::config::ProtocolType;
use crate::gateway::flow::Bytes;
use crate::gateway::head::Head;
use crate::gateway::{Env, Millis};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The ids that AWS gives a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestIds {
    /// `$context.requestId` of a REST API: a UUID.
    pub uuid: String,
    /// `$context.extendedRequestId`, and `$context.requestId` of an HTTP API: `JKJaXmPLvHcESHA=`.
    pub extended: String,
    /// `X-Amzn-Trace-Id`: the client's, or a new root.
    pub trace: Vec<u8>,
}

// === impl RequestIds ===

impl RequestIds {
    pub(super) fn new(head: &Head, env: &Env<'_>) -> Self {
        let [ref id @ .., _, _, _, _, _] = env.dice;
        let (uuid, extended) = id.split_at_checked(16).unwrap_or((id, id));
        let extended = STANDARD.encode(extended);
        let trace = match head.only(b"x-amzn-trace-id") {
            Some(sent) if sent.len() <= 512 && sent.iter().all(|byte| (0x20..0x7f).contains(byte)) => {
                sent.to_vec()
            }
            _ => new_trace(env.wall, uuid.get(..12).unwrap_or_default()).into_bytes(),
        };
        Self { uuid: sent_uuid(head).unwrap_or_else(|| uuid_v4(uuid)), extended, trace }
    }

    /// The response headers that carry the ids.
    pub fn headers(&self, protocol: ProtocolType) -> impl Iterator<Item = (Bytes, Bytes)> {
        let header = |name: &'static [u8], id: &str| Some((name.into(), id.as_bytes().to_vec().into()));
        let headers = match protocol {
            ProtocolType::Http | ProtocolType::Websocket => {
                [header(b"apigw-requestid", &self.extended), None]
            }
            ProtocolType::Rest => {
                [header(b"x-amzn-requestid", &self.uuid), header(b"x-amz-apigw-id", &self.extended)]
            }
        };
        headers.into_iter().flatten()
    }

    /// `$context.requestId`.
    #[must_use]
    pub fn request_id(&self, protocol: ProtocolType) -> &str {
        match protocol {
            ProtocolType::Http | ProtocolType::Websocket => &self.extended,
            ProtocolType::Rest => &self.uuid,
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

fn uuid_v4(random: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (i, byte) in random.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let byte = match i {
            6 => byte & 0x0f | 0x40,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        push_hex(byte, &mut text);
    }
    text
}

/// A trace that begins here: `Root=1-67891233-abcdef012345678912345678`.
fn new_trace(now: Millis, random: &[u8]) -> String {
    let mut text = String::with_capacity(40);
    text.push_str("Root=1-");
    let seconds = u32::try_from(now.0 / 1000).unwrap_or(u32::MAX);
    seconds.to_be_bytes().into_iter().for_each(|byte| push_hex(byte, &mut text));
    text.push('-');
    random.iter().for_each(|byte| push_hex(*byte, &mut text));
    text
}

/// `write!` takes a hundred instructions for it.
fn push_hex(byte: u8, text: &mut String) {
    let digit = |half: u8| char::from(if half < 10 { b'0' + half } else { b'a' - 10 + half });
    text.push(digit(byte >> 4));
    text.push(digit(byte & 0x0f));
}
