#![no_main]
//! A compressed body, cut where it may be: it is refused, or what is inflated of a part is the beginning of what is inflated of
//! all of it, and never more than is inspected.

use libfuzzer_sys::fuzz_target;
use sekisho::gateway::waf::inflate::{Coding, inflate};

const LIMIT: usize = 16_384;

// Which coding, where it is cut, then the body. Every second one gets a good header.
fuzz_target!(|data: &[u8]| {
    let [choice, cut, body @ ..] = data else { return };
    let (coding, header) = match choice % 4 {
        0 => (Coding::Gzip, &b"\x1f\x8b\x08\0\0\0\0\0\0\0"[..]),
        1 => (Coding::Gzip, &b""[..]),
        2 => (Coding::Deflate, &b"\x78\x9c"[..]),
        _ => (Coding::Deflate, &b""[..]),
    };
    let body = [header, body].concat();
    let part = &body[..body.len() * usize::from(*cut) / 255];
    let Ok(whole) = inflate(coding, &body, true, LIMIT) else { return };
    assert!(whole.bytes.len() <= LIMIT);
    let Ok(part) = inflate(coding, part, false, LIMIT) else { panic!("its beginning is refused") };
    assert!(part.more && whole.bytes.starts_with(&part.bytes));
});
