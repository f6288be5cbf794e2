//! JSON bodies.

use super::{
    CONTINUE, Extent, Field, JsonParts, MatchScope, OversizeHandling, Pointers, compare, names, seen_in_body,
};
use crate::gateway::config::waf::BodyParsingFallbackBehavior;

type Fallback = BodyParsingFallbackBehavior;

fn field(pointers: &[&str], scope: MatchScope, fallback: Option<Fallback>) -> Field {
    let parts = match pointers {
        [] => JsonParts::All,
        pointers => JsonParts::Pointers(Pointers::new(&names(pointers))),
    };
    Field::JsonBody(parts, scope, fallback, CONTINUE)
}

fn seen(pointers: &[&str], scope: MatchScope, document: &str) -> Vec<String> {
    seen_in_body(&field(pointers, scope, None), document.as_bytes(), false).0
}

/// Whether a document counts as valid.
fn is_valid(document: &[u8]) -> bool {
    let said = |fallback| seen_in_body(&field(&[], MatchScope::All, Some(fallback)), document, false).1;
    match (said(Fallback::Match), said(Fallback::NoMatch)) {
        (Extent::All, Extent::All) => true,
        (Extent::Forced(true), Extent::Forced(false)) => false,
        other => panic!("{other:?}"),
    }
}

/// Valid documents, or such as AWS takes for valid, and their keys and values.
const VALID: &[(&str, &[&str])] = &[
    ("{}", &[]),
    ("[]", &[]),
    (" \t\r\n{ \t\r\n} \t\r\n", &[]),
    (r#"{"a":"b"}"#, &["a", "b"]),
    (r#"{"a":"b","c":"d"}"#, &["a", "b", "c", "d"]),
    (r#"{ "a" : [ "b" , { "c" : "d" } ] }"#, &["a", "b", "c", "d"]),
    (r#"["a",["b",[]],{}]"#, &["a", "b"]),
    (r#"{"":""}"#, &["", ""]),
    // What is no string is looked at as sent.
    ("[1,-0,0.5,1e9,1E+9,-1.25e-7]", &["1", "-0", "0.5", "1e9", "1E+9", "-1.25e-7"]),
    (r#"{"a":true,"b":false,"c":null}"#, &["a", "true", "b", "false", "c", "null"]),
    ("[123456789012345678901234567890]", &["123456789012345678901234567890"]),
    // A key that stands twice.
    (r#"{"a":1,"a":2,"a":{"a":3}}"#, &["a", "1", "a", "2", "a", "a", "3"]),
    // Escapes.
    (r#"["\"\\\/\b\f\n\r\t"]"#, &[r#"\"\\/\x08\x0c\n\r\t"#]),
    (r#"["\u0041\u0042c"]"#, &["ABc"]),
    (r#"["x\u003cscript\u003E"]"#, &["x<script>"]),
    (r#"["\u00e9\u20ac"]"#, &[r"\xc3\xa9\xe2\x82\xac"]),
    (r#"["\ud83d\ude00"]"#, &[r"\xf0\x9f\x98\x80"]),
    (r#"["\u0000"]"#, &[r"\x00"]),
    (r#"{"\u0061":"\u0062"}"#, &["a", "b"]),
    (r#"["\\u0041"]"#, &[r"\\u0041"]),
    // Half of a pair.
    (r#"["\ud83d"]"#, &[r"\xef\xbf\xbd"]),
    (r#"["\ude00x"]"#, &[r"\xef\xbf\xbdx"]),
    (r#"["\ud83dx\ude00"]"#, &[r"\xef\xbf\xbdx\xef\xbf\xbd"]),
    (r#"["\ud83d\u0041"]"#, &[r"\xef\xbf\xbdA"]),
    (r#"["\ud83d\ud83d\ude00"]"#, &[r"\xef\xbf\xbd\xf0\x9f\x98\x80"]),
    // AWS's own examples of what it takes for two good pairs.
    (r#"{"key1":"value1""key2":"value2"}"#, &["key1", "value1", "key2", "value2"]),
    (r#"{"key1":"value1","key2""value2"}"#, &["key1", "value1", "key2", "value2"]),
    (r#"{"key1"::"value1","key2""value2"}"#, &["key1", "value1", "key2", "value2"]),
    (r#"[1 2]"#, &["1", "2"]),
];

/// Invalid documents, and what is nevertheless looked at.
const INVALID: &[(&str, &[&str])] = &[
    (" ", &[]),
    // The root is neither an array nor an object.
    (r#""a""#, &["a"]),
    ("1", &["1"]),
    ("null", &["null"]),
    // More than one root, and a mark before it.
    (r#"{"a":1} {"b":2}"#, &["a", "1", "b", "2"]),
    ("{\"a\":1}\n[2]\n", &["a", "1", "2"]),
    (r#"{"a":1},{"b":2}"#, &["a", "1", "b", "2"]),
    (r#"{"a":1}x"#, &["a", "1", "x"]),
    ("\u{feff}{\"a\":1}", &["a", "1"]),
    // Commas and colons.
    ("[1,]", &["1"]),
    ("[,1]", &["1"]),
    ("[1,,2]", &["1", "2"]),
    ("[,]", &[]),
    (r#"{"a":1,}"#, &["a", "1"]),
    (r#"{,"a":1}"#, &["a", "1"]),
    (r#"{"a":1,,"b":2}"#, &["a", "1", "b", "2"]),
    (r#"{"a"}"#, &["a"]),
    (r#"{"a":,"b":1}"#, &["a", "b", "1"]),
    (r#"{"a","b":1}"#, &["a", "b", "1"]),
    (r#"["a":"b"]"#, &["a", "b"]),
    // Words.
    ("[NaN,Infinity,-Infinity,undefined]", &["NaN", "Infinity", "-Infinity", "undefined"]),
    ("[01,+1,.5,1.,0x1f,1e]", &["01", "+1", ".5", "1.", "0x1f", "1e"]),
    ("[--1,1-2,1.e1,e1,-]", &["--1", "1-2", "1.e1", "e1", "-"]),
    ("[True,nulll,tru]", &["True", "nulll", "tru"]),
    (r#"{a:"b",$c_1:2}"#, &["a", "b", "$c_1", "2"]),
    // Escapes, and bytes that may not stand in strings.
    (r#"["\x41\'\a"]"#, &[r"x41\'a"]),
    (r#"["\u00g1\u12"]"#, &["u00g1u12"]),
    (r#"["\u","x"]"#, &["u", "x"]),
    ("[\"a\nb\",\"c\"]", &[r"a\nb", "c"]),
    ("[\"\\na\tb\"]", &[r"\na\tb"]),
    // Doubt: what stands behind it is not looked at.
    (r#"{"a":'b',"c":1}"#, &["a"]),
    (r#"{'a':1}"#, &[]),
    (r#"{"a":1/*"*/,"b":2}"#, &["a", "1"]),
    (r#"{"a":1]"#, &["a", "1"]),
    (r#"["a"}"#, &["a"]),
    (r#"{{"a":1}:2}"#, &[]),
    (r#"{"a":1}}"#, &["a", "1"]),
    (r#"]"#, &[]),
    // Cut at every place.
    ("{", &[]),
    (r#"{""#, &[""]),
    (r#"{"a"#, &["a"]),
    (r#"{"a""#, &["a"]),
    (r#"{"a":"#, &["a"]),
    (r#"{"a":""#, &["a", ""]),
    (r#"{"a":"b"#, &["a", "b"]),
    (r#"{"a":"b\"#, &["a", "b"]),
    (r#"{"a":"b\u00"#, &["a", "bu00"]),
    (r#"{"a":"b""#, &["a", "b"]),
    (r#"{"a":"b","#, &["a", "b"]),
    (r#"{"a":tr"#, &["a", "tr"]),
    (r#"{"a":[1"#, &["a", "1"]),
    ("[1,", &["1"]),
    ("[[", &[]),
];

#[test]
fn keys_and_values_are_looked_at_without_escapes() {
    let count = compare(VALID, |document| seen(&[], MatchScope::All, document));
    assert_eq!(count, 29);
    for (document, _) in VALID {
        assert!(is_valid(document.as_bytes()), "{document}");
    }
}

#[test]
fn errors_do_not_hide_what_stands_behind_them_without_doubt() {
    let count = compare(INVALID, |document| seen(&[], MatchScope::All, document));
    assert_eq!(count, 53);
    for (document, _) in INVALID {
        assert!(!is_valid(document.as_bytes()), "{document}");
    }
    let (seen, extent) = seen_in_body(&field(&[], MatchScope::All, None), b"[\"\xff\",1]", false);
    assert_eq!((seen, extent), (names(&["\\xff", "1"]), Extent::All));
    assert!(!is_valid(b"[\"\xff\",1]"));
}

#[test]
fn scopes_choose_keys_or_values() {
    let document = r#"{"a":"b","c":{"d":[1,{"e":null}]},"f":{}}"#;
    assert_eq!(seen(&[], MatchScope::Key, document), ["a", "c", "d", "e", "f"]);
    assert_eq!(seen(&[], MatchScope::Value, document), ["b", "1", "null"]);
    assert_eq!(seen(&[], MatchScope::All, document), ["a", "b", "c", "d", "1", "e", "null", "f"]);
}

#[test]
fn pointers_choose_what_stands_below_them() {
    // The example of AWS's guide.
    let guide = r#"{"a":{"c":"d","b":{"e":{"f":"g"}}}}"#;
    assert_eq!(seen(&["/a/b"], MatchScope::All, guide), ["e", "f", "g"]);
    assert_eq!(seen(&["/a/b"], MatchScope::Key, guide), ["e", "f"]);
    assert_eq!(seen(&["/a/b"], MatchScope::Value, guide), ["g"]);
    let document = r#"{"a":{"b":"1","c":["2","3",{"d":"4"}]},"x/y":"5","m~n":"6","":"7","0":"8","~1":"9","b":"10","a":["11"]}"#;
    let rows: &[(&[&str], &[&str])] = &[
        (&["/a"], &["b", "1", "c", "2", "3", "d", "4", "11"]),
        (&["/a/b"], &["1"]),
        (&["/b"], &["10"]),
        (&["/a/c"], &["2", "3", "d", "4"]),
        (&["/a/c/0"], &["2"]),
        (&["/a/c/2"], &["d", "4"]),
        (&["/a/c/2/d"], &["4"]),
        (&["/a/c/3", "/a/c/-", "/a/c/00", "/a/c/+1", "/a/c/01"], &[]),
        (&["/a/0"], &["11"]),
        (&["/0"], &["8"]),
        (&["/x~1y"], &["5"]),
        (&["/x/y", "/x~y"], &[]),
        (&["/m~0n"], &["6"]),
        (&["/~01"], &["9"]),
        (&["/a/b", "/a/c/1", "/m~0n"], &["1", "3", "6"]),
        (&["/a/b", "/a/b"], &["1"]),
        (&["/a", "/a/b"], &["b", "1", "c", "2", "3", "d", "4", "11"]),
        (&["/A", "/a/b/c", "/a/b/", "//a", "/A/b"], &[]),
        (&["/a/b~"], &[]),
    ];
    assert_eq!(compare(rows, |pointers| seen(pointers, MatchScope::All, document)), 19);
    for root in ["", "/"] {
        assert_eq!(
            seen(&[root], MatchScope::All, document),
            seen(&[], MatchScope::All, document),
            "{root:?}"
        );
    }
    // A key is what it means, and every one of several.
    assert_eq!(seen(&["/a"], MatchScope::All, r#"{"\u0061":1,"a":2,a:3,"b":4}"#), ["1", "2", "3"]);
    // Roots and broken arrays.
    assert_eq!(seen(&["/a", "/1"], MatchScope::All, "{\"a\":1}\n{\"a\":2}\n[0,,3]"), ["1", "2", "3"]);
}

#[test]
fn many_pointers_are_all_followed() {
    let members: Vec<String> = (0..200).map(|i| format!(r#""k{i}":"v{i}""#)).collect();
    let document = format!("{{{}}}", members.join(","));
    let pointers: Vec<String> = (0..200).map(|i| format!("/k{i}")).collect();
    let pointers: Vec<&str> = pointers.iter().map(String::as_str).collect();
    let expected: Vec<String> = (0..200).map(|i| format!("v{i}")).collect();
    assert_eq!(seen(&pointers, MatchScope::All, &document), expected);
    let (_, extent) = seen_in_body(&field(&pointers, MatchScope::All, Some(Fallback::Match)), b"[", false);
    assert_eq!(extent, Extent::Forced(true));
}

#[test]
fn what_is_too_deep_is_looked_at_flat() {
    let nested = |open: &str, close: &str, depth: usize| {
        format!(r#"{{"a":{}"in"{},"b":"behind"}}"#, open.repeat(depth - 1), close.repeat(depth - 1))
    };
    assert_eq!(seen(&[], MatchScope::Value, &nested("[", "]", 128)), ["in", "behind"]);
    assert!(is_valid(nested("[", "]", 128).as_bytes()) && !is_valid(nested("[", "]", 129).as_bytes()));
    assert_eq!(seen(&["/b"], MatchScope::All, &nested("[", "]", 129)), ["behind"]);
    assert_eq!(seen(&["/a", "/b"], MatchScope::All, &nested("[", "]", 60_000)), ["in", "behind"]);
    let objects = seen(&[], MatchScope::Key, &nested(r#"{"k":"#, "}", 130));
    assert_eq!((objects.len(), objects[129].as_str(), objects.last().unwrap().as_str()), (132, "k", "b"));
    assert_eq!(objects[130], "in");
    // Cut in the deep.
    assert_eq!(seen(&[], MatchScope::All, &format!("{}\"x\",y", "[".repeat(1000))), ["x", "y"]);
}

#[test]
fn fallbacks_say_what_an_invalid_document_means() {
    let (all, yes, no) = (Extent::All, Extent::Forced(true), Extent::Forced(false));
    let at = |fallback, document: &str, more| {
        let (seen, extent) =
            seen_in_body(&field(&["/a"], MatchScope::Value, fallback), document.as_bytes(), more);
        (seen.join(" "), extent)
    };
    let (good, bad) = (r#"{"a":"b"}"#, r#"{"a":"b""#);
    let text = r#"{\"a\":\"b\""#;
    for (fallback, document, more, expected, extent) in [
        (None, good, false, "b".to_owned(), all),
        (None, bad, false, "b".to_owned(), all),
        (None, bad, true, "b".to_owned(), all),
        (Some(Fallback::Match), good, false, "b".to_owned(), all),
        (Some(Fallback::Match), bad, false, "b".to_owned(), yes),
        // A cut document is invalid, even if it is cut behind its end.
        (Some(Fallback::Match), good, true, "b".to_owned(), yes),
        (Some(Fallback::NoMatch), good, false, "b".to_owned(), all),
        (Some(Fallback::NoMatch), bad, false, "b".to_owned(), no),
        (Some(Fallback::NoMatch), good, true, "b".to_owned(), no),
        (Some(Fallback::EvaluateAsString), good, false, "b".to_owned(), all),
        (Some(Fallback::EvaluateAsString), bad, false, format!("b {text}"), all),
        (Some(Fallback::EvaluateAsString), good, true, format!("b {text}}}"), all),
        // No body is no invalid document.
        (Some(Fallback::Match), "", false, String::new(), all),
    ] {
        assert_eq!(at(fallback, document, more), (expected, extent), "{fallback:?} {document} {more}");
    }
}

#[test]
fn too_much_is_said_before_anything_is_looked_at() {
    for (oversize, fits) in [(OversizeHandling::Match, true), (OversizeHandling::NoMatch, false)] {
        let field =
            Field::JsonBody(JsonParts::All, MatchScope::All, Some(Fallback::EvaluateAsString), oversize);
        assert_eq!(seen_in_body(&field, b"[1", true), (vec![], Extent::Forced(fits)));
        assert_eq!(seen_in_body(&field, b"[1]", false), (names(&["1"]), Extent::All));
    }
}
