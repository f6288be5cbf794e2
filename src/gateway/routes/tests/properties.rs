//! Laws of routing, on random routes and paths.

use super::*;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use proptest::{collection, prop_assert, prop_assert_eq};
use std::cell::Cell;

const CASES: u32 = 4000;

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

// === what is generated ===

/// Keys from a small alphabet, so that they overlap; those that conflict are left out later.
fn key_texts(protocol: ProtocolType) -> impl Strategy<Value = Vec<String>> {
    let names = match protocol {
        ProtocolType::Rest => vec!["v"],
        _ => vec!["v", "x", "y"],
    };
    let part = (select(vec!["a", "b", "", ""]), select(names));
    let template = (collection::vec(part, 0..5), any::<Index>(), select(vec![false, false, true]));
    let template = template.prop_map(|(parts, _, greedy)| {
        let mut text = String::new();
        for (i, (literal, name)) in parts.iter().enumerate() {
            match *literal {
                "" => text.push_str(&format!("/{{{name}{i}}}")),
                literal => text.push_str(&format!("/{literal}")),
            }
        }
        if greedy || text.is_empty() {
            text.push_str(if greedy { "/{p+}" } else { "/" });
        }
        text
    });
    let method = select(vec!["GET", "GET", "POST", "ANY", "ANY", "HEAD"]);
    let key = (method, template).prop_map(|(method, template)| format!("{method} {template}"));
    let key = match protocol {
        ProtocolType::Rest => key.boxed(),
        _ => prop_oneof![30 => key, 1 => Just("$default".to_owned())].boxed(),
    };
    collection::vec(key, 1..14)
}

/// What a variable may be given: what looks like a template, a separator or an escape among it.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(vec!["a", "b", "c", "A"]).prop_map(str::to_owned),
        2 => select(vec![
            "é", "☕ x", "%", "%2F", "%2e%2e", "...", "a;b", "{v0}", "{{", "*", "a?b", "#", "a+b", "a/b", "a/",
            "", "\r\n", "a&b=c", "~", "..a",
        ]).prop_map(str::to_owned),
        1 => collection::vec(any::<char>(), 1..4).prop_map(String::from_iter),
    ]
}

#[derive(Debug, Clone)]
struct Request {
    method: &'static str,
    /// Which template the path is made after.
    after: Index,
    values: Vec<String>,
    /// Segments that are changed, dropped, added.
    mutation: Option<(Index, Option<String>)>,
    trailing: bool,
    /// Which characters the client encodes without need, and in which case.
    encode: u64,
}

fn request() -> impl Strategy<Value = Request> {
    let method = select(vec!["GET", "GET", "POST", "HEAD", "PUT", "BREW"]);
    let mutation = proptest::option::weighted(0.3, (any::<Index>(), proptest::option::of(value())));
    let trailing = select(vec![false, false, false, true]);
    (method, any::<Index>(), collection::vec(value(), 8), mutation, trailing, any::<u64>()).prop_map(
        |(method, after, values, mutation, trailing, encode)| Request {
            method,
            after,
            values,
            mutation,
            trailing,
            encode,
        },
    )
}

impl Request {
    /// The path as the client sends it.
    fn raw(&self, keys: &[String]) -> String {
        let key = self.after.get(keys);
        let template = key.split_once(' ').map_or("/{p+}", |(_, template)| template);
        let mut segments = Vec::new();
        let mut values = self.values.iter().cloned();
        for part in template.split('/').skip(1) {
            if part.ends_with("+}") {
                segments.extend(values.by_ref().take(1 + (self.encode % 3) as usize));
            } else if part.starts_with('{') {
                segments.extend(values.next());
            } else {
                segments.push(part.to_owned());
            }
        }
        if let Some((at, change)) = &self.mutation {
            let at = at.index(segments.len() + 1);
            match change {
                Some(value) if at < segments.len() => segments[at].clone_from(value),
                Some(value) => segments.push(value.clone()),
                None if at < segments.len() => drop(segments.remove(at)),
                None => {}
            }
        }
        if self.trailing {
            segments.push(String::new());
        }
        let mut raw = String::new();
        let mut bits = self.encode;
        for segment in &segments {
            raw.push('/');
            for c in segment.chars() {
                bits = bits.rotate_left(7).wrapping_add(0x9e37);
                let must = c.is_ascii_control() || " %?#\"<>\\^`{|}".contains(c);
                if must || bits & 3 == 0 {
                    for byte in c.to_string().bytes() {
                        raw.push_str(&if bits & 4 == 0 {
                            format!("%{byte:02x}")
                        } else {
                            format!("%{byte:02X}")
                        });
                    }
                } else {
                    raw.push(c);
                }
            }
        }
        if raw.is_empty() { "/".to_owned() } else { raw }
    }
}

/// What a backend makes of a path or a segment: decoded once.
fn backend(encoded: &str) -> String {
    let mut bytes = Vec::new();
    let mut left = encoded.bytes();
    while let Some(byte) = left.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [left.next().unwrap(), left.next().unwrap()];
                u8::from_str_radix(str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

/// The keys without those that conflict with an earlier one.
fn compile(protocol: ProtocolType, texts: &[String]) -> (Vec<String>, Routes) {
    let parse = |texts: &[String]| -> Vec<RouteKey> {
        texts.iter().map(|text| RouteKey::parse(text, protocol).unwrap()).collect()
    };
    let mut texts = texts.to_vec();
    loop {
        match Routes::build(protocol, parse(&texts)) {
            Ok(routes) => return (texts, routes),
            Err(conflicts) => {
                let second: Vec<usize> = conflicts.iter().map(|conflict| conflict.second).collect();
                assert!(conflicts.iter().all(|conflict| conflict.first < conflict.second), "{conflicts:?}");
                let mut i = 0;
                texts.retain(|_| {
                    i += 1;
                    !second.contains(&(i - 1))
                });
            }
        }
    }
}

// === laws ===

#[test]
fn the_router_equals_the_naive_one() {
    for protocol in [Http, Rest] {
        let (asked, hits, greedy, captured) = (Cell::new(0), Cell::new(0), Cell::new(0), Cell::new(0));
        let count = |cell: &Cell<u32>| cell.set(cell.get() + 1);
        let requests = collection::vec(request(), 1..6);
        let ran = runner(CASES).run(&(key_texts(protocol), requests), |(texts, requests)| {
            let (texts, routes) = compile(protocol, &texts);
            for request in requests {
                let raw = request.raw(&texts);
                let Ok(path) = RequestPath::parse(raw.as_bytes(), protocol) else { continue };
                count(&asked);
                let found = routes.select(request.method.as_bytes(), &path);
                let expected = naive::select(protocol, &texts, request.method, path.decoded());
                let answer = found.map(|found| {
                    let captures = found.captures.iter();
                    (found.route, captures.map(|c| (c.name.to_owned(), c.decoded.to_owned())).collect())
                });
                prop_assert_eq!(&answer, &expected, "{:?} {} {}", texts, request.method, raw);
                let Some(found) = found else { continue };
                count(&hits);
                for capture in found.captures.iter() {
                    count(&captured);
                    stays_inside(&routes, found, capture)?;
                    if matches!(routes.key(found.route), Some(RouteKey::Path { template, .. }) if template.is_greedy()) {
                        count(&greedy);
                    }
                }
            }
            Ok(())
        });
        ran.unwrap();
        let (asked, hits, greedy, captured) = (asked.get(), hits.get(), greedy.get(), captured.get());
        println!(
            "{protocol:?}: {asked} requests, {hits} answered, {captured} captures, {greedy} on greedy routes"
        );
        assert!(asked > 2 * CASES && hits * 5 > asked * 2 && captured * 2 > asked && greedy * 5 > asked);
    }
}

/// What a capture becomes on its way to a backend.
fn stays_inside(routes: &Routes, found: Selected<'_>, capture: Capture<'_>) -> Result<(), TestCaseError> {
    let mut sent = String::new();
    encode_segments(capture.decoded, &mut sent);
    prop_assert_eq!(&backend(&sent), capture.decoded);
    prop_assert_eq!(&backend(capture.raw), capture.decoded);
    prop_assert_eq!(sent.matches('/').count(), capture.decoded.matches('/').count());
    prop_assert!(!sent.contains(['?', '#', '\\', '\0']) && sent.is_ascii(), "{sent}");
    for segment in backend(&sent).split('/') {
        prop_assert!(!is_dot_segment(segment), "{sent}");
    }
    let Some(RouteKey::Path { template, .. }) = routes.key(found.route) else {
        return Err(TestCaseError::fail("a capture without a template"));
    };
    let greedy = template.segments().contains(&Segment::Greedy(capture.name.to_owned()));
    if !greedy {
        let mut alone = String::new();
        encode_segment(capture.decoded, &mut alone);
        prop_assert_eq!(&alone, &sent);
        prop_assert!(!capture.decoded.is_empty() && !backend(&sent).contains('/'), "{sent}");
    }
    Ok(())
}

/// Bytes that attacks are made of.
fn hostile() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "/", "/", "/", "a", "b", ".", "..", "%2e", "%2E", "%2f", "%2F", "%5c", "\\", ";", "%3b", "%25",
        "%3F", "?", "%00", "%c0%ae", "%c3%a9", "é", "%", "2", "e", " ", "+", "..;", "%252e", "{x}", "*",
    ]);
    collection::vec(piece, 0..9).prop_map(|pieces| format!("/{}", pieces.concat()))
}

#[test]
fn no_accepted_path_can_be_read_in_two_ways() {
    for protocol in [Http, Rest] {
        let accepted = Cell::new(0);
        let ran = runner(4 * CASES).run(&hostile(), |raw| {
            let Ok(path) = RequestPath::parse(raw.as_bytes(), protocol) else { return Ok(()) };
            accepted.set(accepted.get() + 1);
            let canonical = path.canonical();
            prop_assert_eq!(&backend(&canonical), path.decoded());
            prop_assert_eq!(&backend(path.raw()), path.decoded());
            let again = RequestPath::parse(canonical.as_bytes(), protocol).unwrap();
            prop_assert_eq!(again.decoded(), path.decoded());
            prop_assert_eq!(again.canonical(), canonical.clone());
            prop_assert!(path.decoded().starts_with('/') && path.raw().starts_with('/'));
            prop_assert!(!canonical.contains(['?', '#', '\\', '\0', ' ']) && canonical.is_ascii());
            prop_assert_eq!(canonical.matches('/').count(), path.decoded().matches('/').count());
            let segments: Vec<&str> = path.decoded().split('/').skip(1).collect();
            for (i, segment) in segments.iter().enumerate() {
                let name = segment.split(';').next().unwrap();
                prop_assert!(name != "." && name != "..", "{raw}");
                let empty_allowed = segment.is_empty() && (i + 1 == segments.len() || protocol == Rest);
                prop_assert!(!name.is_empty() || empty_allowed, "{raw}");
            }
            // A stage or a mapping key is cut off both readings at the same place.
            let rest = path.strip_first_segment();
            prop_assert_eq!(&backend(rest.raw()), rest.decoded());
            let first = path.first_segment();
            let below = path.strip_prefix(first).unwrap();
            prop_assert_eq!(below.decoded(), if first.is_empty() { path.decoded() } else { rest.decoded() });
            let joined = format!("/{first}{}", rest.decoded());
            let collapse = |text: &str| {
                text.replace("//", "/").replace("//", "/").replace("//", "/").trim_end_matches('/').to_owned()
            };
            prop_assert_eq!(collapse(&joined), collapse(path.decoded()));
            Ok(())
        });
        ran.unwrap();
        println!("{protocol:?}: {} of {} paths accepted", accepted.get(), 4 * CASES);
        assert!(accepted.get() > CASES / 2);
    }
}

#[test]
fn parsing_never_panics() {
    let bytes = collection::vec(prop_oneof![any::<u8>(), select(b"/%.;2fF\\".to_vec())], 0..24);
    let ran = runner(CASES).run(&bytes, |bytes| {
        for protocol in [Http, Rest] {
            if let Ok(path) = RequestPath::parse(&bytes, protocol) {
                let _ = (path.strip_first_segment(), path.strip_prefix("a"), path.canonical());
            }
            let text = String::from_utf8_lossy(&bytes);
            let _ = RouteKey::parse(&text, protocol);
            let _ = RouteKey::parse(&format!("GET /{text}"), protocol);
        }
        Ok(())
    });
    ran.unwrap();
}

/// Two routes are refused together exactly if they could not be told apart, or if AWS would not have them as siblings.
#[test]
fn conflicts_are_found_and_nothing_else() {
    for protocol in [Http, Rest] {
        let (pairs, found) = (Cell::new(0), Cell::new(0));
        let ran = runner(CASES / 4).run(&key_texts(Http), |mut texts| {
            texts.retain(|text| protocol != Rest || text != "$default");
            for (i, one) in texts.iter().enumerate() {
                for other in texts.iter().skip(i + 1) {
                    let keys = [one, other].map(|text| RouteKey::parse(text, protocol).unwrap());
                    let conflict = Routes::build(protocol, &keys).is_err();
                    pairs.set(pairs.get() + 1);
                    found.set(found.get() + u32::from(conflict));
                    let expected = shape(one) == shape(other) || protocol == Rest && siblings(one, other);
                    prop_assert_eq!(conflict, expected, "{} {}", one, other);
                }
            }
            Ok(())
        });
        ran.unwrap();
        println!("{protocol:?}: {} of {} pairs conflict", found.get(), pairs.get());
        assert!(found.get() > 100);
    }
}

fn shape(key: &str) -> Vec<&str> {
    let nameless = |part: &str| match (part.starts_with('{'), part.ends_with("+}")) {
        (true, true) => "{+}",
        (true, false) => "{}",
        (false, _) => "",
    };
    key.split('/').map(|part| if nameless(part).is_empty() { part } else { nameless(part) }).collect()
}

fn siblings(one: &str, other: &str) -> bool {
    let parts = one.split('/').skip(1).zip(other.split('/').skip(1));
    let mut different = parts.filter(|(a, b)| a != b);
    different.next().is_some_and(|(a, b)| a.starts_with('{') && b.starts_with('{'))
}
