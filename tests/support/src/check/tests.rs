use super::compare;
use crate::engine::{Engine, Observed, Seen, Turn};
use crate::format::File;
use std::collections::BTreeSet;

struct Fake;

impl Engine for Fake {
    const NAME: &'static str = "fake";
    const CLIENT: &'static str = "192.0.2.1";
    fn start(_: &File) -> Result<Self, String> {
        Ok(Self)
    }
    fn now_millis(&self) -> u64 {
        0
    }
    fn send(&mut self, _: &Turn<'_>) -> Result<Observed, String> {
        Err("never asked".to_owned())
    }
    fn asks_unasked(&self) -> &BTreeSet<String> {
        const NONE: &BTreeSet<String> = &BTreeSet::new();
        NONE
    }
}

fn differences(expect: &str, observed: &Observed) -> Vec<String> {
    compared(expect, observed, &[]).0
}

/// The differences, and how many values were left to the other engine.
fn compared(expect: &str, observed: &Observed, unasked: &[&str]) -> (Vec<String>, usize) {
    let text = format!("config: {{}}\ncases:\n  - name: x\n    expect: {expect}\n");
    let file = File::parse(&text).unwrap();
    let unasked = unasked.iter().map(|host| (*host).to_owned()).collect();
    let verdict = compare::<Fake>(&file.cases[0].steps[0].expect, observed, &unasked);
    (verdict.differences, verdict.left)
}

fn observed() -> Observed {
    let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    Observed {
        status: 200,
        headers: vec![header("a", "1"), header("b", "2"), header("b", "3")],
        body: b"{\"x\":1}".to_vec(),
        backend: vec![Seen {
            method: "GET".into(),
            path: "/p".into(),
            headers: vec![header("a", "192.0.2.1")],
            ..Seen::default()
        }],
        asked: vec![
            question("idp.test", "/d", b""),
            question("fn.test", "/f", br#"{"id":"x1","deep":{"a":1}}"#),
        ],
        logged: Vec::new(),
    }
}

fn question(host: &str, path: &str, body: &[u8]) -> Seen {
    Seen {
        method: "POST".into(),
        path: path.into(),
        headers: vec![("host".to_owned(), host.as_bytes().to_vec())],
        body: body.to_vec(),
        ..Seen::default()
    }
}

#[test]
fn questions_are_compared_in_order_and_counted() {
    let fine = "{ host: idp.test, method: POST, body: '' }";
    for (asked, differences) in [
        (format!("[{fine}, {{ host: fn.test, path: /f, json: {{ id: /^x/, deep: {{ a: 1 }} }} }}]"), 0),
        (format!("[{fine}, {{ host: fn.test, partialJson: {{ deep: {{}} }} }}]"), 0),
        (format!("[{fine}, {{ host: fn.test, json: {{ id: <any> }} }}]"), 1),
        (format!("[{fine}, {{ host: fn.test, partialJson: {{ deep: {{ a: 2 }} }} }}]"), 1),
        (format!("[{fine}, {{ host: fn.test, headers: {{ host: fn.test }} }}]"), 0),
        (format!("[{fine}, {{ host: fn.test, headers: {{ accept: x }} }}]"), 1),
        (format!("[{fine}, {{ host: other.test }}]"), 1),
        (format!("[{fine}, {{ host: fn.test, method: GET, path: / }}]"), 2),
        (format!("[{{ host: fn.test }}, {fine}]"), 3),
        (format!("[{fine}]"), 1),
        ("[]".to_owned(), 1),
    ] {
        let found = compared(&format!("{{ status: 200, asked: {asked} }}"), &observed(), &[]).0;
        assert_eq!(found.len(), differences, "{asked}: {found:?}");
    }
    let silent = Observed { asked: Vec::new(), ..observed() };
    assert_eq!(differences("{ status: 200, asked: [] }", &silent).len(), 0);
}

#[test]
fn hosts_that_are_asked_anyway_are_left_to_the_other_engine() {
    let both = "{ status: 200, asked: [{ host: idp.test, path: /wrong }, { host: fn.test }] }";
    assert_eq!(compared(both, &observed(), &["idp.test"]), (Vec::new(), 1));
    assert_eq!(compared("{ status: 200, asked: [] }", &observed(), &["idp.test", "fn.test"]).0.len(), 0);
    assert_eq!(compared("{ status: 200, asked: [] }", &observed(), &["idp.test"]).0.len(), 1);
}

#[test]
fn what_is_as_expected_has_no_difference() {
    let expect = "{ status: 200, headers: { a: '1', b: ['2', '3'], c: null }, json: { x: 1 }, \
                  backend: { method: GET, path: /p, headers: { a: <client> }, body: '' } }";
    assert_eq!(differences(expect, &observed()), Vec::<String>::new());
}

#[test]
fn every_difference_is_found() {
    for expect in [
        "{ status: 201 }",
        "{ status: 200, headers: { a: null } }",
        "{ status: 200, headers: { a: '2' } }",
        "{ status: 200, headers: { b: '2' } }",
        "{ status: 200, headers: { b: ['3', '2'] } }",
        "{ status: 200, headers: { a: /^2$/ } }",
        "{ status: 200, headers: { c: '' } }",
        "{ status: 200, body: '{}' }",
        "{ status: 200, json: {} }",
        "{ status: 200, backend: none }",
        "{ status: 200, backend: { method: POST } }",
        "{ status: 200, backend: { path: / } }",
        "{ status: 200, backend: { headers: { a: x } } }",
        "{ status: 200, backend: { body: x } }",
        "{ status: 200, backend: { host: x } }",
        "{ status: 200, backend: { json: {} } }",
        "{ status: 200, partialJson: { x: 2 } }",
    ] {
        assert_eq!(differences(expect, &observed()).len(), 1, "{expect}");
    }
    let untouched = Observed { backend: Vec::new(), ..observed() };
    assert_eq!(differences("{ status: 200, backend: { path: /p } }", &untouched).len(), 1);
}
