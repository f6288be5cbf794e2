//! The messages of `envoy.service.ratelimit.v3`, framed as gRPC frames them.
//! <https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/ratelimit/v3/rls.proto>
//!
//! Three fields are written and one is read, so no protobuf library is in the filter's module.

use crate::gateway::protobuf::field;

/// `RateLimitRequest.domain`, `.descriptors`.
const DOMAIN: u8 = 1;
const DESCRIPTORS: u8 = 2;
/// `RateLimitDescriptor.entries`.
const ENTRIES: u8 = 1;
/// `RateLimitDescriptor.Entry.key`, `.value`.
const KEY: u8 = 1;
const VALUE: u8 = 2;
/// `RateLimitResponse.overall_code`.
const OVERALL_CODE: u64 = 1;

/// The flag of a message that is not compressed, and its length.
const FRAME_HEAD: usize = 5;

/// Bytes of an answer that is read at all: Envoy's own have a status for each descriptor and some headers.
const LARGEST: usize = 64 * 1024;

/// What the service says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The request is counted.
    Ok,
    /// A limit is used up.
    OverLimit,
}

/// The framed question: one request, one descriptor with these entries, one hit.
#[must_use]
pub fn question(domain: &str, entries: &[(&str, &str)]) -> Vec<u8> {
    let mut descriptor = Vec::with_capacity(128);
    for (key, value) in entries {
        let mut entry = Vec::with_capacity(64);
        field(&mut entry, KEY, key.as_bytes());
        field(&mut entry, VALUE, value.as_bytes());
        field(&mut descriptor, ENTRIES, &entry);
    }
    let mut message = Vec::with_capacity(descriptor.len() + domain.len() + 16);
    field(&mut message, DOMAIN, domain.as_bytes());
    field(&mut message, DESCRIPTORS, &descriptor);
    let mut frame = Vec::with_capacity(FRAME_HEAD + message.len());
    frame.push(0);
    // A length over 32 bits cannot be in a document.
    frame.extend(u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
    frame.extend(message);
    frame
}

/// What an answer's body says; none unless it is exactly one whole message that is not compressed, and decides.
#[must_use]
pub fn answer(body: &[u8]) -> Option<Code> {
    let (head, message) = body.split_first_chunk::<FRAME_HEAD>()?;
    let [0, length @ ..] = *head else { return None };
    if body.len() > LARGEST || u32::from_be_bytes(length) as usize != message.len() {
        return None;
    }
    match overall_code(message)? {
        1 => Some(Code::Ok),
        2 => Some(Code::OverLimit),
        // `UNKNOWN`, and what a later version of the protocol may say.
        _ => None,
    }
}

/// The last `overall_code` of a message, as protobuf has it; 0 where there is none. None if these are not whole fields.
fn overall_code(mut message: &[u8]) -> Option<u64> {
    let mut code = 0;
    while !message.is_empty() {
        let tag = varint(&mut message)?;
        let skipped = match (tag >> 3, tag & 7) {
            (OVERALL_CODE, 0) => {
                code = varint(&mut message)?;
                0
            }
            (0 | OVERALL_CODE, _) => return None,
            (_, 0) => {
                varint(&mut message)?;
                0
            }
            (_, 1) => 8,
            (_, 2) => usize::try_from(varint(&mut message)?).ok()?,
            (_, 5) => 4,
            (_, _) => return None,
        };
        message = message.get(skipped..)?;
    }
    Some(code)
}

fn varint(from: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Code, LARGEST, answer, question};
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert};
    use proptest::test_runner::{Config, TestRunner};
    use sha2::{Digest, Sha256};

    /// A message that is not compressed.
    fn framed(message: &[u8]) -> Vec<u8> {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        [&[0], &length[..], message].concat()
    }

    fn entries<'a>(plan: &'a str, key: &'a str, period: &'a str, window: &'a str) -> [(&'a str, &'a str); 4] {
        [("usage_plan", plan), ("api_key", key), ("period", period), ("window", window)]
    }

    /// What Google's protobuf (Python, 7.35) writes of `overall_code: 1` or `2`, a status with its limit, what is left and the time
    /// until the reset, a header to add, `raw_body`, and fields of 64 and 32 bits that nobody knows.
    const MORE: &[u8] = b"\x12\x0f\x08\x01\x12\x04\x082\x10\x04\x18)\"\x03\x08\x90\x1c\x1a\x08\n\x03x-a\x12\x01b*\x02\x00\xff\xa1\x01\x07\x00\x00\x00\x00\x00\x00\x00\xad\x01\t\x00\x00\x00";

    #[test]
    fn questions_are_what_protobuf_writes() {
        assert_eq!(
            question("sekisho", &entries("gold", "k1", "DAY", "2026-11-22")),
            framed(b"\n\x07sekisho\x12H\n\x12\n\nusage_plan\x12\x04gold\n\r\n\x07api_key\x12\x02k1\n\r\n\x06period\x12\x03DAY\n\x14\n\x06window\x12\n2026-11-22")
        );
        let long = question("sekisho", &entries(&"p".repeat(200), "ü", "MONTH", "2026-11-01"));
        assert_eq!(long[..5], [0, 0, 0, 1, 28], "284 bytes");
        let digest: String = Sha256::digest(&long[5..]).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, "050f3fcbbb50a5b7823cd09f18ad12a6a7f7a612e0efc0c538f1706190fdfb2a");
    }

    #[test]
    fn answers_are_read_as_protobuf_writes_them() {
        for (code, expected) in [(1, Some(Code::Ok)), (2, Some(Code::OverLimit)), (0, None), (3, None)] {
            assert_eq!(answer(&framed(&[8, code])), expected);
            assert_eq!(answer(&framed(&[&[8, code], MORE].concat())), expected);
            assert_eq!(answer(&framed(&[MORE, &[8, code]].concat())), expected, "fields in any order");
            assert_eq!(answer(&framed(&[8, 1, 8, code])), expected, "the last one counts");
        }
        assert_eq!(answer(&framed(b"")), None, "protobuf does not write `UNKNOWN`");
        assert_eq!(answer(&framed(MORE)), None);
    }

    #[test]
    fn no_bytes_are_too_odd() {
        let runs = Config { cases: 20_000, failure_persistence: None, ..Config::default() };
        let result = TestRunner::new(runs).run(&vec(any::<u8>(), 0..40), |bytes| {
            let _ = answer(&bytes);
            let decided = answer(&framed(&bytes));
            prop_assert!(decided.is_none() || bytes.len() >= 2);
            // What is behind a whole message, in a field that nobody knows, changes nothing.
            let more = [&bytes[..], &[0x7a, 1, 0]].concat();
            prop_assert!(decided.is_none() || answer(&framed(&more)) == decided);
            Ok(())
        });
        result.unwrap();
    }

    #[test]
    fn every_other_body_is_no_answer() {
        let good = framed(&[8, 1]);
        assert_eq!(answer(&good), Some(Code::Ok));
        for end in 0..good.len() {
            assert_eq!(answer(&good[..end]), None, "cut off behind {end}");
        }
        assert_eq!(answer(&[good.clone(), vec![0]].concat()), None, "longer than it says");
        assert_eq!(answer(&[good.clone(), good.clone()].concat()), None, "two messages");
        assert_eq!(answer(&[1, 0, 0, 0, 2, 8, 1]), None, "compressed");
        assert_eq!(answer(&[0, 0xff, 0xff, 0xff, 0xff, 8, 1]), None, "a length that is not there");
        let huge = [&[8, 1, 0x12, 0xff, 0xff, 0x7f][..], &vec![0; 0x1f_ffff]].concat();
        assert!(huge.len() > LARGEST);
        assert_eq!(answer(&framed(&huge)), None, "huge");
        for wrong in [
            &[8][..],
            &[8, 0x81],
            &[8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
            &[10, 1, 1],
            &[8, 1, 0],
            &[8, 1, 0, 1],
            &[8, 1, 0x12, 5, 1],
            &[8, 1, 0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
            &[8, 1, 0x19, 1, 2, 3],
            &[8, 1, 0x1d, 1, 2],
            &[8, 1, 0x13, 0x14],
            &[8, 1, 0x16],
        ] {
            assert_eq!(answer(&framed(wrong)), None, "{wrong:?}");
        }
        assert_eq!(answer(b"upstream request timeout"), None);
        assert_eq!(answer(br#"{"overallCode": "OK"}"#), None);
    }
}
