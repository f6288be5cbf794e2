//! What is looked at of requests. Each row of a table is a request and all that a rule gets to see, in order.

use super::{Extent, Field, JsonParts, Names, Pointers, Room};
use crate::gateway::config::waf::{MatchScope, OversizeHandling, PreParseTextTransformationType};
use crate::gateway::head::Head;
use crate::gateway::waf::client::Client;
use crate::gateway::waf::view::{Body, View};

mod cookies;
mod headers;
mod json;
mod laws;
mod pointers;
mod query;

const CONTINUE: OversizeHandling = OversizeHandling::Continue;

type Pairs<'a> = &'a [(&'a str, &'a str)];

/// All values of a field, escaped.
fn seen_at(
    field: &Field,
    head: &Head,
    body: Body<'_>,
    steps: &[PreParseTextTransformationType],
) -> (Vec<String>, Extent) {
    let view = View { head, body, meaning: None, client: Client::new("192.0.2.1", head) };
    let mut seen = Vec::new();
    let extent = field
        .each(&view, steps, &mut Room::default(), &mut |part| seen.push(part.escape_ascii().to_string()));
    (seen, extent)
}

fn seen_in_head(field: &Field, pairs: Pairs<'_>) -> Vec<String> {
    let (seen, extent) = seen_at(field, &Head::from_pairs(pairs, true), Body::NotYet, &[]);
    assert_eq!(extent, Extent::All, "{field} of {pairs:?}");
    seen
}

fn seen_in_body(field: &Field, bytes: &[u8], more: bool) -> (Vec<String>, Extent) {
    seen_at(field, &Head::default(), Body::Seen { bytes, more }, &[])
}

/// Compares each row with what is expected, and tells how many there were.
fn compare<T: std::fmt::Debug>(rows: &[(T, &[&str])], look: impl Fn(&T) -> Vec<String>) -> usize {
    for (row, expected) in rows {
        assert_eq!(look(row), *expected, "{row:?}");
    }
    rows.len()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn all_fields() -> Vec<Field> {
    let mut fields = vec![
        Field::Method,
        Field::UriPath,
        Field::QueryString,
        Field::SingleQueryArgument("a".to_owned()),
        Field::AllQueryArguments,
        Field::SingleHeader("a".to_owned()),
        Field::SingleHeader("host".to_owned()),
        Field::HeaderOrder(CONTINUE),
        Field::Body(CONTINUE),
    ];
    for scope in [MatchScope::All, MatchScope::Key, MatchScope::Value] {
        for names in [Names::All, Names::Included(names(&["a"])), Names::Excluded(names(&["a"]))] {
            fields.push(Field::Headers(names.clone(), scope, CONTINUE));
            fields.push(Field::Cookies(names, scope, CONTINUE));
        }
        for parts in [JsonParts::All, JsonParts::Pointers(Pointers::new(&names(&["/a", "/0/b~1c"])))] {
            fields.push(Field::JsonBody(parts, scope, None, CONTINUE));
        }
    }
    fields
}

#[test]
fn method_path_and_query_are_looked_at_as_sent() {
    let rows: &[((Field, &str), &[&str])] = &[
        ((Field::Method, "/"), &["GeT"]),
        ((Field::UriPath, "/"), &["/"]),
        ((Field::UriPath, "/a/b"), &["/a/b"]),
        ((Field::UriPath, "/a//b/../c"), &["/a//b/../c"]),
        ((Field::UriPath, "/%41/%2e%2e/?a=b"), &["/%41/%2e%2e/"]),
        ((Field::UriPath, "/a?"), &["/a"]),
        ((Field::UriPath, "/a%3Fb?c"), &["/a%3Fb"]),
        ((Field::UriPath, "/A;x=1"), &["/A;x=1"]),
        ((Field::UriPath, ""), &[""]),
        ((Field::QueryString, "/"), &[]),
        ((Field::QueryString, "/?"), &[]),
        ((Field::QueryString, "/?a=1&b=%3C+x"), &["a=1&b=%3C+x"]),
        ((Field::QueryString, "/?a?b"), &["a?b"]),
        ((Field::QueryString, "/?&"), &["&"]),
    ];
    let count = compare(rows, |(field, path)| seen_in_head(field, &[(":method", "GeT"), (":path", path)]));
    assert_eq!(count, 14);
}

#[test]
fn a_body_is_looked_at_as_far_as_it_is_inspected() {
    let body = |oversize| Field::Body(oversize);
    let (all, yes, no) = (Extent::All, Extent::Forced(true), Extent::Forced(false));
    let rows = [
        (CONTINUE, &b""[..], false, &[][..], all),
        (CONTINUE, b"a\0b", false, &["a\\x00b"], all),
        (CONTINUE, b"cut", true, &["cut"], all),
        (OversizeHandling::Match, b"whole", false, &["whole"], all),
        (OversizeHandling::Match, b"cut", true, &[], yes),
        (OversizeHandling::Match, b"", false, &[], all),
        (OversizeHandling::NoMatch, b"whole", false, &["whole"], all),
        (OversizeHandling::NoMatch, b"cut", true, &[], no),
        (OversizeHandling::NoMatch, b"", true, &[], no),
    ];
    for (oversize, bytes, more, expected, extent) in rows {
        let (seen, said) = seen_in_body(&body(oversize), bytes, more);
        assert_eq!((seen, said), (names(expected), extent), "{oversize:?} {bytes:?} {more}");
    }
}

#[test]
fn what_is_in_the_body_waits_for_it_and_nothing_else_does() {
    let head = Head::from_pairs(&[(":path", "/?a=1"), ("a", "1"), ("cookie", "a=1")], false);
    let mut waiting = 0;
    for field in all_fields() {
        let (seen, extent) = seen_at(&field, &head, Body::NotYet, &[]);
        let in_body = matches!(field, Field::Body(_) | Field::JsonBody(..));
        let expected = if in_body { Extent::Body } else { Extent::All };
        assert_eq!(extent, expected, "{field}");
        assert!(!in_body || seen.is_empty(), "{field}");
        waiting += usize::from(in_body);
    }
    assert_eq!(waiting, 7);
}

#[test]
fn logs_have_the_words_of_aws() {
    let words: Vec<String> = all_fields().iter().map(ToString::to_string).take(9).collect();
    assert_eq!(
        words,
        [
            "METHOD",
            "URI",
            "QUERY_STRING",
            "SINGLE_QUERY_ARG `a`",
            "ALL_QUERY_ARGS",
            "HEADER `a`",
            "HEADER `host`",
            "HEADER_ORDER",
            "BODY",
        ]
    );
}
