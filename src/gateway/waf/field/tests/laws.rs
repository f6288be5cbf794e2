//! What holds for every request.

use super::{
    Body, CONTINUE, Extent, Field, Head, JsonParts, MatchScope, Pointers, all_fields, seen_at, seen_in_body,
};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::{collection, proptest};
use serde_json::{Map, Value};

/// Texts of what means something to the readers, and of anything.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "[\\[\\]{}\",:;=&%+\\\\ a0u~/.-]{1,4}".prop_map(String::into_bytes),
        1 => Just(b"\\u00".to_vec()),
        1 => Just(b"\\ud83d\\ude00".to_vec()),
        1 => Just(b"\"a\":".to_vec()),
        1 => collection::vec(any::<u8>(), 0..4),
    ];
    collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![".{0,8}", "[ab/~0]{0,3}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            collection::vec((text.clone(), inner), 0..6)
                .prop_map(|members| Value::from(Map::from_iter(members))),
        ]
    })
}

/// Every key and value below a value, as a naive reader finds them.
fn naive(value: &Value, scope: MatchScope, found: &mut Vec<String>) {
    let scalar = |text: &[u8], found: &mut Vec<String>| {
        if scope != MatchScope::Key {
            found.push(text.escape_ascii().to_string());
        }
    };
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                if scope != MatchScope::Value {
                    found.push(key.as_bytes().escape_ascii().to_string());
                }
                naive(value, scope, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| naive(value, scope, found)),
        Value::String(text) => scalar(text.as_bytes(), found),
        Value::Null | Value::Bool(_) | Value::Number(_) => scalar(value.to_string().as_bytes(), found),
    }
}

/// Non-ASCII characters as escapes, in pairs where they need two.
fn escaped(document: &str) -> String {
    let escape = |c: char| {
        let units =
            |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04X}")).collect();
        if c.is_ascii() { c.to_string() } else { units(c) }
    };
    document.chars().map(escape).collect()
}

/// A pointer to each value.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                pointers(value, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(values) => {
            for (i, value) in values.iter().enumerate() {
                pointers(value, &format!("{at}/{i}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

proptest! {
    #[test]
    fn nothing_panics_and_little_is_looked_at_often(text in hostile()) {
        let path = [b"/?", &text[..]].concat();
        let pairs = [(&b":path"[..], &path[..]), (b":authority", b"x"), (b"a", &text), (b"cookie", &text), (b"cookie", &text)];
        let head = Head::from_pairs(&pairs, false);
        for field in all_fields() {
            for more in [false, true] {
                let (seen, _) = seen_at(&field, &head, Body::Seen { bytes: &text, more }, &[]);
                // Each byte escaped is four, and a cookie is looked at in two ways of which one has a name.
                let bytes: usize = seen.iter().map(String::len).sum();
                assert!(bytes <= 4 * (8 * text.len() + 64), "{field}: {bytes} of {}", text.len());
            }
        }
    }

    #[test]
    fn a_valid_document_is_found_as_a_library_reads_it(value in value(), pretty in any::<bool>()) {
        let document = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        // Numbers are printed as they were read.
        let value: Value = serde_json::from_str(&document).unwrap();
        for document in [escaped(&document), document] {
            for scope in [MatchScope::All, MatchScope::Key, MatchScope::Value] {
                let mut expected = Vec::new();
                naive(&value, scope, &mut expected);
                let field = Field::JsonBody(JsonParts::All, scope, None, CONTINUE);
                assert_eq!(seen_in_body(&field, document.as_bytes(), false), (expected, Extent::All));
            }
            let fallback = Some(crate::gateway::config::waf::BodyParsingFallbackBehavior::Match);
            let field = Field::JsonBody(JsonParts::All, MatchScope::All, fallback, CONTINUE);
            let valid = value.is_object() || value.is_array();
            let expected = if valid { Extent::All } else { Extent::Forced(true) };
            assert_eq!(seen_in_body(&field, document.as_bytes(), false).1, expected);
        }
    }

    #[test]
    fn a_pointer_finds_what_a_library_finds(value in value()) {
        let document = serde_json::to_string(&value).unwrap();
        let value: Value = serde_json::from_str(&document).unwrap();
        let mut all = Vec::new();
        pointers(&value, "", &mut all);
        // A slash alone is the root, here.
        for pointer in all.into_iter().filter(|pointer| pointer != "/") {
            let mut expected = Vec::new();
            naive(value.pointer(&pointer).unwrap(), MatchScope::All, &mut expected);
            let field = Field::JsonBody(JsonParts::Pointers(Pointers::new(&[pointer])), MatchScope::All, None, CONTINUE);
            assert_eq!(seen_in_body(&field, document.as_bytes(), false).0, expected);
        }
    }

    #[test]
    fn a_document_that_is_cut_is_found_up_to_the_cut(value in value(), at in any::<proptest::sample::Index>()) {
        let document = serde_json::to_string(&value).unwrap();
        let field = Field::JsonBody(JsonParts::All, MatchScope::All, None, CONTINUE);
        let (whole, _) = seen_in_body(&field, document.as_bytes(), false);
        let cut = &document.as_bytes()[..at.index(document.len())];
        let (mut seen, _) = seen_in_body(&field, cut, true);
        // The last one may be a part.
        let last = seen.pop();
        assert!(whole.starts_with(&seen), "{seen:?} of {whole:?}");
        assert!(last.is_none() || whole.len() > seen.len());
    }

    #[test]
    fn what_a_library_refuses_is_invalid_or_forgiven_by_aws(text in hostile()) {
        let fallback = Some(crate::gateway::config::waf::BodyParsingFallbackBehavior::Match);
        let field = Field::JsonBody(JsonParts::All, MatchScope::All, fallback, CONTINUE);
        let is_valid = seen_in_body(&field, &text, false).1 == Extent::All;
        let root = serde_json::from_slice::<Value>(&text);
        if root.is_ok_and(|root| root.is_object() || root.is_array()) {
            assert!(is_valid);
        }
    }
}

/// How often a byte is looked at must not grow with what is sent. Every step of the readers goes forward or hands something
/// on, so what they hand on tells it.
#[test]
fn twice_as_much_is_twice_the_work() {
    let pieces = [
        "[", "{\"a\":", "[\"", "\"", "\\", "\\u00", "a=\"x;", "a=\"\\", "=\"", "\\\";=\"", ";", "&", "a&",
        "%", "{", "]", "1 ", ",:",
    ];
    let mut looked = 0;
    for piece in pieces {
        for field in all_fields() {
            let work = |times: usize| {
                let text = piece.repeat(times);
                let path = format!("/?{text}");
                let head =
                    Head::from_pairs(&[(":path", path.as_str()), ("a", &text), ("cookie", &text)], false);
                let (seen, _) =
                    seen_at(&field, &head, Body::Seen { bytes: text.as_bytes(), more: false }, &[]);
                seen.iter().map(|part| part.len() + 1).sum::<usize>()
            };
            // What is too deep is looked at in another way.
            let (once, twice) = (work(2000), work(4000));
            assert!(twice <= 2 * once + 512, "{field} of {piece:?}: {once}, then {twice}");
            looked += 1;
        }
    }
    assert_eq!(looked, 18 * all_fields().len());
}
