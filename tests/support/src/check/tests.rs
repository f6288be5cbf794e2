use super::compare;
use crate::engine::{Engine, Observed, Seen};
use crate::format::{Answer, File, Request};

struct Fake;

impl Engine for Fake {
    const NAME: &'static str = "fake";
    const CLIENT: &'static str = "192.0.2.1";
    fn start(_: &serde_json::Value) -> Result<Self, String> {
        Ok(Self)
    }
    fn send(&mut self, _: &Request, _: &Answer) -> Result<Observed, String> {
        Err("never asked".to_owned())
    }
}

fn differences(expect: &str, observed: &Observed) -> Vec<String> {
    let text = format!("config: {{}}\ncases:\n  - name: x\n    expect: {expect}\n");
    compare::<Fake>(&File::parse(&text).unwrap().cases[0], observed).differences
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
    }
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
    ] {
        assert_eq!(differences(expect, &observed()).len(), 1, "{expect}");
    }
    let untouched = Observed { backend: Vec::new(), ..observed() };
    assert_eq!(differences("{ status: 200, backend: { path: /p } }", &untouched).len(), 1);
}
