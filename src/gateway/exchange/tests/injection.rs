//! Whatever a client sends: what is written towards the backend and the client is well-formed, and stays in its place.

use crate::gateway::Gateway;
use crate::gateway::exchange::{Exchange, Origin};
use crate::gateway::flow::{Edit, Edits, Flow, ResponseFlow};
use crate::gateway::head::Head;
use crate::gateway::integrations::headers::is_internal;
use crate::gateway::testing::{self, apply, env, first, gateway, http, proxy, rest};
use percent_encoding::percent_decode_str;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use proptest::{collection, prop_assert, prop_assert_eq};
use serde_json::{Value, json};
use std::cell::Cell;
use std::rc::Rc;

const CASES: u32 = 3000;

fn runner() -> TestRunner {
    TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() })
}

/// Pieces of paths, queries and header values: what attackers write, any text, any bytes that Envoy lets through.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => select(vec![
            "a", "x", "/", "..", ".", "%2e%2e", "%2F", "%5c", "%00", "%0d%0a", "%0D%0aset-cookie:x", "%25", "%252e", ";",
            "..;", "%3b", "?", "&", "=", "+", "%", "//", "é", "%e2%98%95", "%ff", " ", "\t", "#", "\\", "{id}", "${x}",
            "\"", ",", "%7f", "http://evil", "@", ":", "*",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        2 => any::<char>().prop_map(|c| c.to_string().into_bytes()),
        1 => collection::vec(0x20..=0xffu8, 1..4),
    ]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    collection::vec(piece(), 0..6).prop_map(|pieces| pieces.concat())
}

/// The gateway's routes; each mapping puts a client's bytes somewhere else.
fn gateways() -> Vec<(Rc<Gateway>, &'static str)> {
    let uri = "http://b/base/{id}/tail/{rest}?q={id}";
    let mapping = json!({
        "append:header.m-header": "$request.header.x-client", "overwrite:header.m-query": "${request.querystring.q}!",
        "append:header.m-path": "$request.path", "overwrite:querystring.r": "$request.header.x-client",
        "append:querystring.s": "$request.path.id",
    });
    let paths = json!({ "overwrite:path": "/base/${request.header.x-client}/tail/${request.path.id}" });
    let responses = json!({ "200": { "append:header.m": "$response.header.x-backend" } });
    let routes = ["GET /{id}/y/{rest+}"];
    let of = |document: Value| gateway(&document);
    let plain = || proxy(uri, json!({}));
    let mapped = || {
        proxy(uri, json!({ "requestParameters": mapping.clone(), "responseParameters": responses.clone() }))
    };
    let overwritten = || proxy("http://b", json!({ "requestParameters": paths.clone() }));
    let routed = || json!({ "integrationType": "HTTP_PROXY", "connectionType": "ENVOY_ROUTE" });
    vec![
        (of(http(&routes, plain())), ""),
        (of(http(&routes, mapped())), ""),
        (of(http(&routes, overwritten())), ""),
        (of(http(&routes, routed())), ""),
        (of(http(&["$default"], proxy("http://b/base", json!({})))), ""),
        (of(rest(&routes, plain())), "/prod"),
        (of(rest(&routes, mapped())), "/prod"),
        (of(rest(&routes, overwritten())), "/prod"),
        (of(rest(&routes, routed())), "/prod"),
    ]
}

#[derive(Debug, Clone)]
struct Sent {
    which: usize,
    id: Vec<u8>,
    rest: Vec<u8>,
    query: Option<Vec<u8>>,
    header: Vec<u8>,
    name: &'static str,
}

fn sent() -> impl Strategy<Value = Sent> {
    let name = select(vec![
        "x-client",
        "x-client",
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-proto",
        "te",
        "x-amzn-trace-id",
        "x-http-method-override",
        "x-envoy-original-path",
        "x-sekisho-cluster",
        "x-amzn-waf-a",
        "x-forwarded-client-cert",
        "x-amzn-requestid",
        "user-agent",
        "accept",
    ]);
    (0..9usize, text(), text(), proptest::option::of(text()), text(), name)
        .prop_map(|(which, id, rest, query, header, name)| Sent { which, id, rest, query, header, name })
}

impl Sent {
    fn head(&self, prefix: &str) -> Head {
        let mut path = [prefix.as_bytes(), b"/", &self.id, b"/y/", &self.rest].concat();
        if let Some(query) = &self.query {
            path.push(b'?');
            path.extend(query);
        }
        let pairs = [
            (":method", &b"GET"[..]),
            (":path", &path),
            (":authority", b"shop.test"),
            (":scheme", b"http"),
            ("x-client", &self.header),
            (self.name, &self.header),
        ];
        Head::from_pairs(&pairs, true)
    }
}

fn check_edits(edits: &Edits) -> Result<(), TestCaseError> {
    for edit in &edits.0 {
        let (Edit::Set(name, value) | Edit::Add(name, value)) = edit else { continue };
        let clean = value.iter().all(|byte| *byte >= 0x20 && *byte != 0x7f || *byte == b'\t');
        prop_assert!(
            clean,
            "{:?} carries {:?}",
            String::from_utf8_lossy(name),
            String::from_utf8_lossy(value)
        );
        if name.as_ref() == b":path" || name.as_ref() == b":method" {
            prop_assert!(value.iter().all(|byte| (0x21..0x7f).contains(byte) && *byte != b'#'), "{value:?}");
        }
    }
    Ok(())
}

#[test]
fn no_edit_carries_what_could_end_a_line() {
    let gateways = gateways();
    let (forwarded, refused) = (Cell::new(0), Cell::new(0));
    let result = runner().run(&sent(), |sent| {
        let (gateway, prefix) = &gateways[sent.which];
        let mut exchange = Exchange::new(Rc::clone(gateway));
        let head = sent.head(prefix);
        match exchange.on_request_headers(Ok(head.clone()), &env()) {
            Flow::Forward(edits) => {
                forwarded.set(forwarded.get() + 1);
                check_edits(&edits)?;
                let own = [
                    "x-sekisho-cluster",
                    "x-envoy-retry-on",
                    "x-envoy-max-retries",
                    "x-envoy-upstream-rq-timeout-ms",
                ];
                // What a client says may happen to be the value that we write: it is ours if it is the same for another client.
                let internal = |head: &Head, edits: Edits| -> testing::Pairs {
                    let pairs = apply(head, edits).into_iter();
                    pairs.filter(|(name, _)| is_internal(name.as_bytes())).collect()
                };
                let found = internal(&head, edits);
                let other = Sent { header: b"another".to_vec(), ..sent.clone() }.head(prefix);
                let mut exchange_of_other = Exchange::new(Rc::clone(gateway));
                let Flow::Forward(edits) = exchange_of_other.on_request_headers(Ok(other.clone()), &env())
                else {
                    panic!("only the header is another one")
                };
                prop_assert_eq!(&found, &internal(&other, edits));
                for (name, value) in found {
                    prop_assert!(own.contains(&name.as_str()), "{name}: {value}");
                }
                let response = [(":status", &b"200"[..]), ("x-backend", &sent.header), ("x-envoy-a", b"1")];
                let flow = exchange.on_response_headers(
                    Ok(Head::from_pairs(&response, true)),
                    Origin::Upstream,
                    &env(),
                );
                let ResponseFlow::Continue(edits) = flow else { panic!("{flow:?}") };
                check_edits(&edits)?;
                let head = apply(&Head::from_pairs(&response, true), edits);
                prop_assert_eq!(first(&head, "x-envoy-a"), None);
            }
            Flow::Answer(answer) => {
                refused.set(refused.get() + 1);
                for (name, value) in &answer.headers {
                    prop_assert!(
                        value.iter().all(|byte| *byte >= 0x20 && *byte != 0x7f),
                        "{name:?}: {value:?}"
                    );
                }
            }
            flow => panic!("{flow:?}"),
        }
        Ok(())
    });
    result.unwrap();
    assert!(forwarded.get() > CASES / 20 && refused.get() > CASES / 20, "{forwarded:?} {refused:?}");
}

#[test]
fn what_a_backend_decodes_stays_in_the_place_that_was_matched() {
    let gateways = gateways();
    let checked = Cell::new(0);
    let result = runner().run(&sent(), |sent| {
        let (gateway, prefix) = &gateways[sent.which];
        let mut exchange = Exchange::new(Rc::clone(gateway));
        let head = sent.head(prefix);
        let Flow::Forward(edits) = exchange.on_request_headers(Ok(head.clone()), &env()) else {
            return Ok(());
        };
        checked.set(checked.get() + 1);
        let path = first(&apply(&head, edits), ":path").unwrap();
        let path = path.split('?').next().unwrap();
        let decoded = percent_decode_str(path).decode_utf8().unwrap();
        prop_assert_eq!(
            decoded.split('/').count(),
            path.split('/').count(),
            "no separator is hidden in an escape: {}",
            path
        );
        for segment in decoded.split('/') {
            let name = segment.split(';').next().unwrap();
            prop_assert!(name != "." && name != "..", "{path}");
            prop_assert!(!segment.contains('\\') && !segment.contains('\0'), "{path}");
        }
        prop_assert!(!path.starts_with("//"), "{path}");
        let request = exchange.request().unwrap();
        let captures = request.captures().unwrap();
        let segments: Vec<_> = decoded.split('/').collect();
        if let (0 | 1 | 5 | 6, Some(id), Some(rest)) = (sent.which, captures.get("id"), captures.get("rest"))
        {
            prop_assert_eq!(&segments[..4], &["", "base", id, "tail"][..]);
            prop_assert_eq!(segments[4..].join("/"), rest);
        }
        if let (3, Some(path)) = (sent.which, &request.path) {
            prop_assert_eq!(decoded.as_ref(), path.decoded());
        }
        Ok(())
    });
    result.unwrap();
    assert!(checked.get() > CASES / 20, "{checked:?}");
}
