//! JSON pointers, compared with what they mean.

use super::{CONTINUE, Field, JsonParts, MatchScope, Pointers, seen_in_body};
use proptest::prelude::{Just, Strategy};
use proptest::{collection, proptest, sample};
use std::time::Instant;

/// A document, whose keys may stand twice.
#[derive(Debug, Clone)]
enum Document {
    Leaf,
    Array(Vec<Document>),
    Object(Vec<(&'static str, Document)>),
}

#[derive(Debug, Clone)]
enum Step {
    Key(&'static str),
    Index(usize),
}

fn document() -> impl Strategy<Value = Document> {
    let key = sample::select(vec!["a", "b", "0", "1", "00", "-", "", "~", "/", "a/b", "~1", "é", "ab"]);
    Just(Document::Leaf).prop_recursive(5, 64, 12, move |inner| {
        proptest::prop_oneof![
            collection::vec(inner.clone(), 0..12).prop_map(Document::Array),
            collection::vec((key.clone(), inner), 0..6).prop_map(Document::Object),
        ]
    })
}

fn pointer() -> impl Strategy<Value = String> {
    let part = sample::select(vec![
        "a", "b", "0", "1", "10", "00", "01", "-", "+1", "", "~0", "~1", "a~1b", "~01", "é", "ab",
    ]);
    collection::vec(part, 0..5).prop_map(|parts| parts.iter().map(|part| format!("/{part}")).collect())
}

/// Whether a pointer leads to a place, or to one above it.
fn leads_to(pointer: &str, path: &[Step]) -> bool {
    if matches!(pointer, "" | "/") {
        return true;
    }
    let parts: Vec<&str> = pointer.split('/').skip(1).collect();
    parts.len() <= path.len()
        && parts.iter().zip(path).all(|(part, step)| match step {
            Step::Key(key) => part.replace("~1", "/").replace("~0", "~") == *key,
            Step::Index(index) => *part == index.to_string(),
        })
}

/// Writes a document, and what pointers choose of it. Each leaf is a number of its own.
fn write(document: &Document, pointers: &[String], path: &mut Vec<Step>, out: &mut (String, Vec<String>)) {
    let chosen = |path: &[Step]| pointers.iter().any(|pointer| leads_to(pointer, path));
    match document {
        Document::Leaf => {
            let number = out.0.len().to_string();
            out.0.push_str(&number);
            if chosen(path) {
                out.1.push(number);
            }
        }
        Document::Array(values) => {
            out.0.push('[');
            for (i, value) in values.iter().enumerate() {
                out.0.push_str(if i == 0 { "" } else { "," });
                path.push(Step::Index(i));
                write(value, pointers, path, out);
                path.pop();
            }
            out.0.push(']');
        }
        Document::Object(members) => {
            out.0.push('{');
            for (i, (key, value)) in members.iter().enumerate() {
                out.0.push_str(if i == 0 { "" } else { "," });
                out.0.push_str(&format!("{key:?}:"));
                if chosen(path) {
                    out.1.push(key.as_bytes().escape_ascii().to_string());
                }
                path.push(Step::Key(key));
                write(value, pointers, path, out);
                path.pop();
            }
            out.0.push('}');
        }
    }
}

proptest! {
    #[test]
    fn pointers_choose_what_they_mean(document in document(), pointers in collection::vec(pointer(), 1..80), few in 1_usize..8) {
        for pointers in [&pointers[..few.min(pointers.len())], &pointers] {
            let mut expected = (String::new(), Vec::new());
            write(&document, pointers, &mut Vec::new(), &mut expected);
            let (document, expected) = expected;
            let parts = JsonParts::Pointers(Pointers::new(pointers));
            let field = Field::JsonBody(parts, MatchScope::All, None, CONTINUE);
            assert_eq!(seen_in_body(&field, document.as_bytes(), false).0, expected, "{document} {pointers:?}");
        }
    }
}

/// The documents that cost most. What a step costs is counted where it is taken; here the time is shown.
#[test]
fn many_and_long_pointers_are_followed_through_a_large_document() {
    let numbers = |open: &str, close: &str| format!("{open}[{}1]{close}", "1,".repeat(32_000));
    let flat: Vec<String> = (0..199).map(|i| format!("/{i}/b")).collect();
    let ends: Vec<String> = (0..199).map(|i| format!("/{}", 300 * i % 32_000)).collect();
    let deep: Vec<String> = (0..64).map(|i| format!("{}/{i}/b", "/0".repeat(99))).collect();
    for (pointers, document, expected) in [
        (&flat, numbers("", ""), 0),
        (&ends, numbers("", ""), 199),
        (&deep, numbers(&"[".repeat(99), &"]".repeat(99)), 0),
        (&flat, format!("{{{}\"0\":{{\"b\":1}}}}", "\"k\":1,".repeat(10_000)), 1),
    ] {
        let parts = JsonParts::Pointers(Pointers::new(pointers));
        let field = Field::JsonBody(parts, MatchScope::Value, None, CONTINUE);
        let start = Instant::now();
        let (seen, _) = seen_in_body(&field, document.as_bytes(), false);
        println!("{} pointers, {} bytes: {:?}", pointers.len(), document.len(), start.elapsed());
        assert_eq!(seen.len(), expected);
    }
}
