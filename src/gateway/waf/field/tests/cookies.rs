//! Cookies.

use super::{
    Body, CONTINUE, Extent, Field, Head, MatchScope, Names, OversizeHandling, Pairs, compare, names, seen_at,
    seen_in_head,
};

fn field(names: &Names, scope: MatchScope) -> Field {
    Field::Cookies(names.clone(), scope, CONTINUE)
}

#[test]
fn every_cookie_is_looked_at() {
    let rows: &[(Pairs<'_>, &[&str])] = &[
        (&[], &[]),
        (&[("cookie", "")], &[]),
        (&[("cookie", "a=1")], &["a", "1"]),
        (&[("cookie", "a=1; b=2")], &["a", "1", "b", "2"]),
        (&[("cookie", "a=1;b=2;")], &["a", "1", "b", "2"]),
        // Several headers, as HTTP/2 has them.
        (&[("cookie", "a=1"), ("x", "y"), ("cookie", "b=2; c=3")], &["a", "1", "b", "2", "c", "3"]),
        (&[("cookie", "a=1; a=2")], &["a", "1", "a", "2"]),
        (&[("cookie", " \ta = 1\t;  b  =  2 ")], &["a", "1", "b", "2"]),
        (&[("cookie", "a=b=c")], &["a", "b=c"]),
        (&[("cookie", "a=")], &["a", ""]),
        (&[("cookie", "=1")], &["", "1"]),
        // Without `=`: a name to some, a value to others.
        (&[("cookie", "a; b=1")], &["a", "a", "b", "1"]),
        (&[("cookie", ";;; ; a=1")], &["a", "1"]),
        (&[("cookie", "a=1,b=2")], &["a", "1,b=2"]),
        (&[("cookie", "a=%3B+x")], &["a", "%3B+x"]),
        (&[("cookie", "A=1; a=2")], &["A", "1", "a", "2"]),
        (&[("cookie2", "a=1"), ("set-cookie", "b=1")], &[]),
        // Quotes.
        (&[("cookie", "a=\"x\"")], &["a", "\\\"x\\\"", "x"]),
        (&[("cookie", "a=\"x; b=y\"; c=1")], &["a", "\\\"x", "x; b=y", "b", "y\\\"", "c", "1"]),
        (&[("cookie", "a=\"x; b=1")], &["a", "\\\"x", "x; b=1", "b", "1"]),
        (&[("cookie", "a=\"x\\\"y\"z")], &["a", "\\\"x\\\\\\\"y\\\"z", "x\\\\\\\"y"]),
        (&[("cookie", "a=\"\"")], &["a", "\\\"\\\"", ""]),
        (&[("cookie", "a=\"")], &["a", "\\\"", ""]),
        (&[("cookie", "a=x\"y\"")], &["a", "x\\\"y\\\""]),
        (&[("cookie", "a= \"x\"")], &["a", "\\\"x\\\"", "x"]),
    ];
    let all = field(&Names::All, MatchScope::All);
    assert_eq!(compare(rows, |pairs| seen_in_head(&all, pairs)), 25);
}

#[test]
fn names_and_scopes_choose_cookies() {
    let (included, excluded) = (Names::Included(names(&["a", "C"])), Names::Excluded(names(&["a", "C"])));
    let rows: &[((Names, MatchScope), &[&str])] = &[
        ((Names::All, MatchScope::Key), &["a", "b", "c", "C", "n"]),
        ((Names::All, MatchScope::Value), &["1", "2", "3", "4", "n"]),
        ((included.clone(), MatchScope::All), &["a", "1", "C", "4"]),
        ((included.clone(), MatchScope::Key), &["a", "C"]),
        ((included, MatchScope::Value), &["1", "4"]),
        ((excluded.clone(), MatchScope::All), &["b", "2", "c", "3", "n", "n"]),
        ((excluded.clone(), MatchScope::Key), &["b", "c", "n"]),
        ((excluded, MatchScope::Value), &["2", "3", "n"]),
        ((Names::Included(names(&["n"])), MatchScope::Value), &["n"]),
        ((Names::Excluded(names(&["n"])), MatchScope::Key), &["a", "b", "c", "C"]),
    ];
    let count = compare(rows, |(names, scope)| {
        seen_in_head(&field(names, *scope), &[("cookie", "a=1; b=2; c=3; C=4; n")])
    });
    assert_eq!(count, 10);
}

#[test]
fn no_more_than_200_cookies_and_8192_bytes_are_looked_at() {
    let cookies = |count: usize| "a=b;".repeat(count);
    let long = |bytes: usize| format!("a={}", "x".repeat(bytes - 2));
    // Header, how many are looked at, bytes of the last value, whether it is too much.
    for (line, count, last, too_much) in [
        (cookies(200), 200, 1, false),
        (cookies(201), 200, 1, true),
        (long(8191), 1, 8189, false),
        (long(8192), 1, 8190, false),
        (long(8193), 1, 8190, true),
    ] {
        for (lines, joined) in [(vec![line.as_str()], true), (vec![line.as_str(), "z=last"], false)] {
            let pairs: Vec<_> = lines.iter().map(|line| ("cookie", *line)).collect();
            let head = Head::from_pairs(&pairs, true);
            let field =
                |oversize| Field::Cookies(Names::Included(names(&["a"])), MatchScope::Value, oversize);
            let (seen, extent) = seen_at(&field(CONTINUE), &head, Body::NotYet, &[]);
            assert_eq!((seen.len(), seen.last().unwrap().len(), extent), (count, last, Extent::All));
            let too_much = too_much || (!joined && (count == 200 || last > 8184));
            for (oversize, fits) in [(OversizeHandling::Match, true), (OversizeHandling::NoMatch, false)] {
                let expected = if too_much { Extent::Forced(fits) } else { Extent::All };
                let (seen, extent) = seen_at(&field(oversize), &head, Body::NotYet, &[]);
                assert_eq!((extent, seen.is_empty()), (expected, too_much), "{} {count}", line.len());
            }
        }
    }
}
