#![no_main]
//! A request through a whole gateway: a decision is made, and what goes on stays in its template.

use libfuzzer_sys::fuzz_target;
use sekisho::gateway::authorizers::software::Software;
use sekisho::gateway::config::load;
use sekisho::gateway::connection::PlainText;
use sekisho::gateway::flow::{Edit, Flow};
use sekisho::gateway::head::Head;
use sekisho::gateway::shared::Memory;
use sekisho::gateway::surroundings::Elsewhere;
use sekisho::gateway::{Env, Exchange, Gateway, Millis, Nanos, compile};
use std::cell::RefCell;
use std::rc::Rc;

const DOCUMENT: &str = r#"{ "apis": [{
    "apiId": "fuzz", "protocolType": "HTTP", "stages": [{ "stageName": "$default" }, { "stageName": "v1" }],
    "routes": [
        { "routeKey": "GET /users/{id}", "target": "integrations/one" },
        { "routeKey": "ANY /files/{path+}", "target": "integrations/all" }
    ],
    "integrations": [
        { "integrationId": "one", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "http://backend.test/public/{id}",
          "requestParameters": { "overwrite:header.x-mapped": "$request.querystring.q", "append:querystring.h": "$request.header.x-h" } },
        { "integrationId": "all", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "http://backend.test/public/{path}" }
    ]
}] }"#;

thread_local! {
    static GATEWAY: Rc<Gateway> = {
        let config = load(DOCUMENT.as_bytes()).expect("the document is good");
        Rc::new(compile(&config, &Elsewhere).expect("the document is good").gateway)
    };
}

// Lines of the input: method, path, authority, then headers as `name:value`.
fuzz_target!(|data: &[u8]| {
    let mut lines = data.split(|byte| *byte == b'\n');
    let mut next = |otherwise: &'static [u8]| lines.next().filter(|line| !line.is_empty()).unwrap_or(otherwise).to_vec();
    let mut pairs = vec![(b":method".to_vec(), next(b"GET")), (b":path".to_vec(), next(b"/")), (b":authority".to_vec(), next(b"h.test"))];
    pairs.extend(lines.filter_map(|line| {
        let at = line.iter().position(|byte| *byte == b':').filter(|at| *at > 0)?;
        Some((line[..at].to_ascii_lowercase(), line[at + 1..].to_vec()))
    }));
    let (worker, shared) = (RefCell::default(), Memory::default());
    let env = Env { wall: Millis(1_700_000_000_000), monotonic: Nanos(0), dice: [7; 32], source_address: b"192.0.2.1:4711", client_cert_digest: b"", connection: &PlainText, worker: &worker, shared: &shared, signatures: &Software, watcher: None };
    let mut exchange = Exchange::new(GATEWAY.with(Rc::clone));
    match exchange.on_request_headers(Ok(Head::from_pairs(&pairs, true)), &env) {
        Flow::Answer(answer) => assert!((400..600).contains(&answer.status)),
        Flow::Call(_) | Flow::Body(_) => panic!("nothing is asked for here"),
        Flow::Forward(edits) => {
            let set = |wanted: &[u8]| {
                edits.0.iter().filter_map(move |edit| match edit {
                    Edit::Set(name, value) if name.as_ref() == wanted => Some(value.as_ref()),
                    Edit::Set(..) | Edit::Add(..) | Edit::Remove(_) => None,
                }).collect::<Vec<_>>()
            };
            assert_eq!(set(b"x-sekisho-cluster").len(), 1);
            let [path] = set(b":path")[..] else { panic!("the path is set once") };
            assert!(path.starts_with(b"/public/"), "{}", path.escape_ascii());
            let path = path.split(|byte| *byte == b'?').next().unwrap_or_default();
            let dots = |segment: &[u8]| matches!(segment, b"." | b"..");
            assert!(!path.split(|byte| *byte == b'/').any(dots), "{}", path.escape_ascii());
            for edit in &edits.0 {
                let (Edit::Set(name, value) | Edit::Add(name, value)) = edit else { continue };
                assert!(!value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)), "{}", name.escape_ascii());
            }
        }
    }
});
