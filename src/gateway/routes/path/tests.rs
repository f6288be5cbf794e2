use super::*;
use ProtocolType::{Http, Rest};

fn parse(raw: &str, protocol: ProtocolType) -> RequestPath {
    RequestPath::parse(raw.as_bytes(), protocol).unwrap_or_else(|error| panic!("{raw}: {error}"))
}

proptest::proptest! {
    /// What is looked at once is what the whole check would let pass as it stands there.
    #[test]
    fn a_plain_path_needs_no_other_look(raw in "/[/.;a~%\\\\?0-]{0,10}") {
        if is_plain(raw.as_bytes()) {
            proptest::prop_assert_eq!(decode(&raw), Ok(None));
            for protocol in [Http, Rest] {
                proptest::prop_assert_eq!(check(&raw, protocol), Ok(()));
            }
            proptest::prop_assert!(!raw.contains("//") && !raw.contains('?'));
        }
    }
}

#[test]
fn paths_that_a_backend_may_read_otherwise_are_refused() {
    let cases: &[(&[u8], BadPath)] = &[
        (b"", BadPath::NotAbsolute),
        (b"*", BadPath::NotAbsolute),
        (b"a", BadPath::NotAbsolute),
        (b"%2Fa", BadPath::NotAbsolute),
        (b"http://x/", BadPath::NotAbsolute),
        (b"/%", BadPath::Escape),
        (b"/%4", BadPath::Escape),
        (b"/%zz", BadPath::Escape),
        (b"/%2/a", BadPath::Escape),
        (b"/%%41", BadPath::Escape),
        (b"/%+1", BadPath::Escape),
        ("/%\u{e9}1".as_bytes(), BadPath::Escape),
        (b"/\xff", BadPath::Utf8),
        (b"/%ff", BadPath::Utf8),
        // Overlong: `/`, `.`, NUL, and a surrogate.
        (b"/%c0%af", BadPath::Utf8),
        (b"/%c0%ae%c0%ae/x", BadPath::Utf8),
        (b"/%e0%80%ae", BadPath::Utf8),
        (b"/%c0%80", BadPath::Utf8),
        (b"/%ed%a0%80", BadPath::Utf8),
        // Half of a character as it is, half encoded.
        (b"/\xc3%a9", BadPath::Utf8),
        (b"/%c3\xa9", BadPath::Utf8),
        (b"/a%00b", BadPath::Nul),
        (b"/a\0", BadPath::Nul),
        (b"/a\\b", BadPath::Backslash),
        (b"/a%5cb", BadPath::Backslash),
        (b"/..%5c", BadPath::Backslash),
        (b"/.", BadPath::DotSegment),
        (b"/..", BadPath::DotSegment),
        (b"/a/./b", BadPath::DotSegment),
        (b"/a/../b", BadPath::DotSegment),
        (b"/a/%2e%2e/b", BadPath::DotSegment),
        (b"/a/.%2E", BadPath::DotSegment),
        (b"/a%2f..%2fb", BadPath::DotSegment),
        (b"/a/..;/b", BadPath::DotSegment),
        (b"/a/..;x=1/b", BadPath::DotSegment),
        (b"/a/.;x", BadPath::DotSegment),
        (b"/a/%2e%2e%3bx", BadPath::DotSegment),
        (b"/a/;x/b", BadPath::EmptySegment),
        (b"/a/%3b", BadPath::EmptySegment),
    ];
    for (raw, expected) in cases {
        for protocol in [Http, Rest] {
            assert_eq!(RequestPath::parse(raw, protocol), Err(*expected), "{}", raw.escape_ascii());
        }
    }
    assert_eq!(cases.len(), 39);
}

#[test]
fn double_slashes_are_refused_on_http_apis_and_kept_inside_on_rest_apis() {
    for raw in ["//", "//a", "/a//", "/a//b", "/a/%2fb", "/a%2f%2Fb"] {
        assert_eq!(RequestPath::parse(raw.as_bytes(), Http), Err(BadPath::EmptySegment), "{raw}");
    }
    let rest = [
        ("//", "/", "/"),
        ("//stage//x", "/stage//x", "/stage//x"),
        ("/%2fstage/x", "/stage/x", "/stage/x"),
        ("/%2f%2F/st%61ge", "/stage", "/st%61ge"),
        ("/a//b/", "/a//b/", "/a//b/"),
    ];
    for (sent, decoded, raw) in rest {
        let path = parse(sent, Rest);
        assert_eq!((path.decoded(), path.raw()), (decoded, raw), "{sent}");
    }
}

#[test]
fn harmless_look_alikes_pass() {
    for raw in ["/...", "/..a", "/a..", "/.well-known/x", "/a;x=1/b;y", "/%252e%252e/%252f", "/a/", "/"] {
        for protocol in [Http, Rest] {
            assert_eq!(parse(raw, protocol).canonical(), raw);
        }
    }
}

#[test]
fn an_encoded_question_mark_ends_the_path_of_an_http_api() {
    let path = parse("/caf%C3%A9/a%3Fb/..//c", Http);
    assert_eq!((path.decoded(), path.raw()), ("/café/a", "/caf%C3%A9/a"));
    let path = parse("/a%3fb", Rest);
    assert_eq!((path.decoded(), path.raw(), path.canonical().as_str()), ("/a?b", "/a%3fb", "/a%3Fb"));
}

#[test]
fn a_stage_is_taken_off_decoded_and_raw_alike() {
    let cases = [
        (Http, "/prod/a%20b/", "prod", "/a b/", "/a%20b/"),
        (Http, "/prod", "prod", "/", "/"),
        (Http, "/prod/", "prod", "/", "/"),
        (Http, "/", "", "/", "/"),
        (Http, "/pr%6Fd%2Fx%2Fy", "prod", "/x/y", "/x%2Fy"),
        (Rest, "//stage//hardcoded", "stage", "/hardcoded", "/hardcoded"),
        (Rest, "/stage%2f//a%2Fb//c/", "stage", "/a/b//c/", "/a%2Fb//c/"),
        (Rest, "/stage//", "stage", "/", "/"),
    ];
    for (protocol, sent, stage, decoded, raw) in cases {
        let path = parse(sent, protocol);
        assert_eq!(path.first_segment(), stage, "{sent}");
        let rest = path.strip_first_segment();
        assert_eq!((rest.decoded(), rest.raw()), (decoded, raw), "{sent}");
    }
}

#[test]
fn a_mapping_key_is_taken_off_at_a_segment_boundary() {
    let cases = [
        ("/orders/7", "orders", Some("/7")),
        ("/orders", "orders", Some("/")),
        ("/orders/", "orders", Some("/")),
        ("/orders2", "orders", None),
        ("/order", "orders", None),
        ("/Orders", "orders", None),
        ("/orders/v1/7", "orders/v1", Some("/7")),
        ("/orders/v10", "orders/v1", None),
        ("/%6Frders%2F7", "orders", Some("/7")),
        ("/a/b", "", Some("/a/b")),
    ];
    for (sent, key, rest) in cases {
        for protocol in [Http, Rest] {
            let path = parse(sent, protocol).strip_prefix(key);
            assert_eq!(path.as_ref().map(RequestPath::decoded), rest, "{sent} {key}");
        }
    }
}

#[test]
fn what_a_backend_gets_is_encoded_afresh() {
    let cases = [
        ("/a b", "/a%20b"),
        ("/%61%2d%7e", "/a-~"),
        ("/%e2%98%95", "/%E2%98%95"),
        ("/☕", "/%E2%98%95"),
        ("/%25%32%66", "/%252f"),
        ("/a%23b%22<>^`{|}[]", "/a%23b%22%3C%3E%5E%60%7B%7C%7D%5B%5D"),
        ("/-._~!$&'()*+,;=:@", "/-._~!$&'()*+,;=:@"),
        ("/a%0d%0ab", "/a%0D%0Ab"),
    ];
    for (sent, canonical) in cases {
        assert_eq!(parse(sent, Http).canonical(), canonical);
        assert_eq!(parse(sent, Rest).canonical(), canonical);
    }
}
