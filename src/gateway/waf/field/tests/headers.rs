//! Headers.

use super::{
    Body, CONTINUE, Extent, Field, Head, MatchScope, Names, OversizeHandling, Pairs, compare, names, seen_at,
    seen_in_head,
};

const REQUEST: Pairs<'static> = &[
    (":method", "GET"),
    (":path", "/x"),
    (":scheme", "https"),
    (":authority", "api.test"),
    ("user-agent", "curl"),
    ("a", "1"),
    ("x-forwarded-for", "192.0.2.1"),
    ("x-forwarded-proto", "https"),
    ("x-request-id", "id"),
    ("x-envoy-internal", "true"),
    ("x-sekisho-geo-country", "DE"),
    ("x-amzn-waf-a", "1"),
];

#[test]
fn one_header_is_looked_at_each_time_and_joined() {
    let rows: &[((&str, Pairs<'_>), &[&str])] = &[
        (("a", &[]), &[]),
        (("a", &[("b", "1")]), &[]),
        (("a", &[("a", "")]), &[""]),
        (("a", &[("a", "1")]), &["1"]),
        (("a", &[("a", " 1, 2 ")]), &[" 1, 2 "]),
        (("a", &[("a", "1"), ("b", "x"), ("a", "2")]), &["1", "2", "1,2"]),
        (("a", &[("a", ""), ("a", "")]), &["", "", ","]),
        (("a", &[("a", "1"), ("a", "2"), ("a", "3")]), &["1", "2", "3", "1,2,3"]),
        (("cookie", &[("cookie", "a=1"), ("cookie", "b=2")]), &["a=1", "b=2", "a=1; b=2"]),
        (("aa", &[("a", "1")]), &[]),
        (("host", REQUEST), &["api.test"]),
        (("host", &[(":authority", "a"), ("host", "b")]), &["a", "b", "a,b"]),
        (("host", &[("host", "b")]), &["b"]),
        (("x-forwarded-for", REQUEST), &["192.0.2.1"]),
        (("x-request-id", REQUEST), &["id"]),
        // No headers, or nobody's but the gateway's.
        ((":path", REQUEST), &[]),
        ((":authority", REQUEST), &[]),
        (("x-envoy-internal", REQUEST), &[]),
        (("x-sekisho-geo-country", REQUEST), &[]),
        (("x-amzn-waf-a", REQUEST), &[]),
    ];
    let count = compare(rows, |(name, pairs)| seen_in_head(&Field::SingleHeader((*name).to_owned()), pairs));
    assert_eq!(count, 20);
    let head = Head::from_pairs(&[("a", b"\xff\0")], true);
    assert_eq!(seen_at(&Field::SingleHeader("a".to_owned()), &head, Body::NotYet, &[]).0, ["\\xff\\x00"]);
}

#[test]
fn names_and_scopes_choose_headers() {
    let envoys = |before: &[&'static str], name: bool, value: bool| {
        let added =
            [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-proto", "https"), ("x-request-id", "id")];
        let added = added
            .into_iter()
            .flat_map(|(key, text)| name.then_some(key).into_iter().chain(value.then_some(text)));
        before.iter().copied().chain(added).collect::<Vec<_>>()
    };
    let named = names(&["a", "host"]);
    let (included, excluded) = (Names::Included(named.clone()), Names::Excluded(named));
    let rows = [
        (
            Names::All,
            MatchScope::All,
            envoys(&["host", "api.test", "user-agent", "curl", "a", "1"], true, true),
        ),
        (Names::All, MatchScope::Key, envoys(&["host", "user-agent", "a"], true, false)),
        (Names::All, MatchScope::Value, envoys(&["api.test", "curl", "1"], false, true)),
        (included.clone(), MatchScope::All, vec!["host", "api.test", "a", "1"]),
        (included.clone(), MatchScope::Key, vec!["host", "a"]),
        (included, MatchScope::Value, vec!["api.test", "1"]),
        (excluded.clone(), MatchScope::All, envoys(&["user-agent", "curl"], true, true)),
        (excluded.clone(), MatchScope::Key, envoys(&["user-agent"], true, false)),
        (excluded, MatchScope::Value, envoys(&["curl"], false, true)),
        (Names::Included(names(&["x-envoy-internal", ":path"])), MatchScope::All, vec![]),
    ];
    for (names, scope, expected) in rows {
        assert_eq!(
            seen_in_head(&Field::Headers(names.clone(), scope, CONTINUE), REQUEST),
            expected,
            "{names:?} {scope:?}"
        );
    }
    let twice: Pairs<'_> = &[("a", "1"), ("b", "2"), ("a", "3")];
    assert_eq!(
        seen_in_head(&Field::Headers(Names::All, MatchScope::Value, CONTINUE), twice),
        ["1", "2", "3"]
    );
}

#[test]
fn the_order_is_the_clients() {
    let rows: &[(Pairs<'_>, &[&str])] = &[
        (&[], &[]),
        (&[(":path", "/")], &[]),
        (REQUEST, &["host:user-agent:a"]),
        (&[("b", "1"), ("a", "2"), ("b", "3")], &["b:a:b"]),
        // One address is Envoy's; with one before it, the client has sent the header.
        (&[("x-forwarded-for", "a, b"), ("c", "")], &["x-forwarded-for:c"]),
        (&[("x-forwarded-for", "a"), ("c", "")], &["c"]),
    ];
    assert_eq!(compare(rows, |pairs| seen_in_head(&Field::HeaderOrder(CONTINUE), pairs)), 6);
}

#[test]
fn no_more_than_200_headers_and_8192_bytes_are_looked_at() {
    let (one, long) = ("1".to_owned(), |bytes: usize| "x".repeat(bytes));
    // Headers beside the host (eight bytes of its own), how many are looked at, bytes of the last value, whether it is too much.
    for (headers, count, last, too_much) in [
        (vec![("a", one.clone()); 199], 200, 1, false),
        (vec![("a", one.clone()); 200], 200, 1, true),
        (vec![("a", long(8183))], 2, 8183, false),
        (vec![("a", long(8184))], 2, 8183, true),
        (vec![("a", long(8183)), ("b", one.clone())], 2, 8183, true),
        (vec![("a", long(4000)), ("b", long(4181)), ("c", String::new())], 4, 0, false),
        (vec![("a", long(4000)), ("b", long(4181)), ("c", one)], 4, 0, true),
    ] {
        let pairs: Vec<_> =
            [(":authority", "host".to_owned()), (":path", long(9000))].into_iter().chain(headers).collect();
        let head = Head::from_pairs(&pairs, true);
        let field = |oversize| Field::Headers(Names::All, MatchScope::Value, oversize);
        let (seen, extent) = seen_at(&field(CONTINUE), &head, Body::NotYet, &[]);
        assert_eq!((seen.len(), seen.last().unwrap().len(), extent), (count, last, Extent::All));
        for (oversize, fits) in [(OversizeHandling::Match, true), (OversizeHandling::NoMatch, false)] {
            let expected = if too_much { Extent::Forced(fits) } else { Extent::All };
            for field in [field(oversize), Field::HeaderOrder(oversize)] {
                let (seen, extent) = seen_at(&field, &head, Body::NotYet, &[]);
                assert_eq!((extent, seen.is_empty()), (expected, too_much), "{field} {count} {last}");
            }
        }
    }
}
