use super::Coding::{Deflate, Gzip};
use super::{Coding, Inflated, Unreadable, coding, inflate};
use crate::gateway::config::CompressedBodies::{self, Inflate, InspectAsSent, Refuse};
use crate::gateway::head::Head;
use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};
use proptest::prelude::*;

const LIMIT: usize = 16_384;

/// A member of gzip: with these flags, and what they announce.
fn member(flags: u8, optional: &[u8], text: &[u8]) -> Vec<u8> {
    let head = [0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255];
    [&head[..], optional, &compress_to_vec(text, 6), &[0; 8]].concat()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    member(0, b"", text)
}

fn all(bytes: &[u8]) -> Result<Inflated, Unreadable> {
    Ok(Inflated { bytes: bytes.to_vec(), more: false })
}

fn begun(bytes: &[u8]) -> Result<Inflated, Unreadable> {
    Ok(Inflated { bytes: bytes.to_vec(), more: true })
}

/// How a body with these headers has to be inflated.
fn read(setting: CompressedBodies, headers: &[(&str, &str)]) -> Result<Option<Coding>, Unreadable> {
    coding(setting, &Head::from_pairs(headers, false))
}

#[test]
fn codings_are_told_by_all_that_backends_read() {
    let encoding = |value: &str| read(Inflate, &[("content-encoding", value)]);
    for value in ["gzip", "GZip", " x-gzip ", "gzip,", "identity, gzip", ", gzip , identity"] {
        assert_eq!(encoding(value), Ok(Some(Gzip)), "{value}");
    }
    for value in ["", "identity", "Identity, ,"] {
        assert_eq!(encoding(value), Ok(None), "{value}");
    }
    assert_eq!(encoding("Deflate"), Ok(Some(Deflate)));
    for value in [
        "br",
        "zstd",
        "compress",
        "gzip, gzip",
        "deflate, gzip",
        "gzip;q=1",
        "aws-chunked",
        "x-deflate",
        "\"gzip\"",
    ] {
        assert_eq!(encoding(value), Err(Unreadable), "{value}");
    }
    let two = [("content-encoding", "gzip"), ("content-encoding", "gzip")];
    assert_eq!(read(Inflate, &two), Err(Unreadable));
    for name in ["content_encoding", "content-encoding"] {
        let pairs = [("content-encoding", "identity"), (name, "gzip")];
        assert_eq!(read(Inflate, &pairs), Ok(Some(Gzip)), "{name}");
    }
    assert_eq!(read(Inflate, &[("x-content-encoding", "gzip"), ("content.encoding", "gzip")]), Ok(None));
    assert_eq!(read(Refuse, &[("content-encoding", "gzip")]), Err(Unreadable));
    assert_eq!(read(Refuse, &[("content-encoding", "identity")]), Ok(None));
    assert_eq!(read(InspectAsSent, &[("content-encoding", "gzip, br")]), Ok(None));
}

#[test]
fn what_is_whole_is_inflated() {
    for text in [&b""[..], b"union select", &[b'a'; LIMIT]] {
        assert_eq!(inflate(Gzip, &gzip(text), true, LIMIT), all(text));
        assert_eq!(inflate(Deflate, &compress_to_vec_zlib(text, 6), true, LIMIT), all(text));
        let stored = [&gzip(b"")[..10], &compress_to_vec(text, 0), &[0; 8]].concat();
        assert_eq!(inflate(Gzip, &stored, true, LIMIT), all(text), "stored");
    }
    // An empty body needs no coding.
    assert_eq!(inflate(Gzip, b"", true, LIMIT), all(b""));
}

#[test]
fn the_optional_parts_of_a_header_are_passed_over() {
    for (flags, optional) in [
        (1, &b""[..]),
        (4, b"\x03\x00abc"),
        (8, b"name\0"),
        (16, b"comment\0"),
        (2, b"hc"),
        (31, b"\x01\x00an\0c\0hc"),
    ] {
        assert_eq!(inflate(Gzip, &member(flags, optional, b"text"), true, LIMIT), all(b"text"), "{flags}");
    }
}

#[test]
fn one_member_alone_may_have_something_in_it() {
    let one = [gzip(b"union select"), gzip(b""), gzip(b"")].concat();
    assert_eq!(inflate(Gzip, &one, true, LIMIT), all(b"union select"));
    // Of a member that is not there yet the beginning may be.
    assert_eq!(inflate(Gzip, &one[..one.len() - 15], false, LIMIT), begun(b"union select"));
    for two in [[gzip(b"union "), gzip(b"select")], [gzip(b""), gzip(b"select")]] {
        assert_eq!(inflate(Gzip, &two.concat(), true, LIMIT), Err(Unreadable));
    }
}

#[test]
fn what_is_longer_than_is_inspected_is_inflated_so_far() {
    let body = gzip(&vec![b'a'; 10_000_000]);
    assert_eq!(inflate(Gzip, &body, true, LIMIT), begun(&[b'a'; LIMIT]));
    assert_eq!(inflate(Gzip, &body[..5_000], false, LIMIT), begun(&[b'a'; LIMIT]));
    let body = gzip(&[b'a'; LIMIT + 1]);
    assert_eq!(inflate(Gzip, &body, true, LIMIT), begun(&[b'a'; LIMIT]));
}

#[test]
fn what_cannot_be_inflated_is_unreadable() {
    let good = gzip(b"union select");
    for end in 1..good.len() {
        assert_eq!(inflate(Gzip, &good[..end], true, LIMIT), Err(Unreadable), "{end} bytes");
    }
    for (name, body) in [
        ("no gzip", b"union select".to_vec()),
        ("JSON", b"{\"a\": \"union select, and more than a header\"}".to_vec()),
        ("garbage behind", [&good[..], b"\0"].concat()),
        ("text behind", [&good[..], b"union select"].concat()),
        ("reserved flags", member(0x20, b"", b"a")),
        ("another method", [&[0x1f, 0x8b, 7], &good[3..]].concat()),
        ("zlib", compress_to_vec_zlib(b"a", 6)),
        (
            "a distance beyond the beginning of a member",
            [&good[..], &gzip(b"")[..10], b"\x03\x02\x00", &[0; 8]].concat(),
        ),
    ] {
        assert_eq!(inflate(Gzip, &body, true, LIMIT), Err(Unreadable), "{name}");
    }
    let good = compress_to_vec_zlib(b"union select", 6);
    for (name, body) in [
        ("raw", compress_to_vec(b"union select", 6)),
        ("gzip", gzip(b"union select")),
        ("truncated", good[..good.len() - 1].to_vec()),
        ("garbage behind", [&good[..], b"x"].concat()),
        ("a dictionary", [&[0x78, 0xbb], &good[2..]].concat()),
        ("a wide window", [&[0x88, 0x1c], &good[2..]].concat()),
    ] {
        assert_eq!(inflate(Deflate, &body, true, LIMIT), Err(Unreadable), "{name}");
    }
}

#[test]
fn a_body_of_blocks_is_unreadable() {
    // Blocks without a byte in them: of fixed codes in ten bits each, and stored ones in five bytes.
    let fixed =
        [&gzip(b"")[..10], &[0b0000_0010, 0b0000_1000, 0b0010_0000, 0b1000_0000, 0].repeat(3_000)].concat();
    assert_eq!(inflate(Gzip, &fixed, false, LIMIT), Err(Unreadable));
    let stored = [&gzip(b"")[..10], &[0, 0, 0, 255, 255].repeat(3_000)].concat();
    assert_eq!(inflate(Gzip, &stored, false, LIMIT), Err(Unreadable));
    let members = gzip(b"").repeat(300);
    assert_eq!(inflate(Gzip, &members, true, LIMIT), Err(Unreadable));
}

proptest! {
    #[test]
    fn any_text_comes_back(text in proptest::collection::vec(any::<u8>(), 0..5_000), level in 0_u8..10, cut in any::<prop::sample::Index>()) {
        let body = [&gzip(b"")[..10], &compress_to_vec(&text, level), &[0; 8]].concat();
        prop_assert_eq!(inflate(Gzip, &body, true, LIMIT), all(&text));
        let part = inflate(Gzip, &body[..cut.index(body.len())], false, LIMIT).unwrap();
        prop_assert!(part.more && text.starts_with(&part.bytes));
    }

    #[test]
    fn any_bytes_are_taken_and_no_more_written_than_is_inspected(
        body in proptest::collection::vec(any::<u8>(), 0..600), ended: bool, most in 0_usize..300, header: bool, deflate: bool,
    ) {
        let header = match (header, deflate) {
            (false, _) => &b""[..],
            (true, false) => b"\x1f\x8b\x08\0\0\0\0\0\0\0",
            (true, true) => b"\x78\x9c",
        };
        let coding = if deflate { Deflate } else { Gzip };
        if let Ok(inflated) = inflate(coding, &[header, &body].concat(), ended, most) {
            prop_assert!(inflated.bytes.len() <= most);
        }
    }
}
