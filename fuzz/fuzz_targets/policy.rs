#![no_main]
//! A policy: it is read, or its problems are told. What a request leaves open, and another spelling of its path, never help it.

use libfuzzer_sys::fuzz_target;
use sekisho::gateway::authorizers::software::Software;
use sekisho::gateway::config::load;
use sekisho::gateway::connection::PlainText;
use sekisho::gateway::head::Head;
use sekisho::gateway::json_once;
use sekisho::gateway::policy::{Asked, Kind, Policy, Verdict};
use sekisho::gateway::request::Request;
use sekisho::gateway::shared::Memory;
use sekisho::gateway::surroundings::Elsewhere;
use sekisho::gateway::{Env, Gateway, Millis, Nanos, arn, compile};
use std::cell::RefCell;
use std::rc::Rc;

const DOCUMENT: &str = r#"{ "apis": [{ "apiId": "fuzz", "protocolType": "REST", "stages": [{ "stageName": "prod" }] }] }"#;
const ANN: &str = "arn:aws:iam::123456789012:user/ann";
const API: &str = "arn:aws:execute-api:us-east-1:123456789012:fuzz/";

thread_local! {
    static GATEWAY: Rc<Gateway> = {
        let config = load(DOCUMENT.as_bytes()).expect("the document is good");
        Rc::new(compile(&config, &Elsewhere).expect("the document is good").gateway)
    };
}

// The input: a policy, a zero byte, then what follows the API's id in the request's ARN.
fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let Ok(document) = json_once::value(parts.next().unwrap_or_default()) else { return };
    let asked = String::from_utf8_lossy(parts.next().unwrap_or(b"prod/GET/users/7"));
    let asked = format!("{API}{asked}");
    for kind in [Kind::Resource, Kind::Identity] {
        let policy = match Policy::parse(&document, kind) {
            Err(problems) => {
                assert!(!problems.is_empty());
                continue;
            }
            Ok(policy) => policy,
        };
        assert_eq!(Policy::parse(&document, kind).as_ref(), Ok(&policy));
        for caller in [None, Some(ANN)] {
            let verdict = |arn: &str, address: &[u8]| {
                let request = request(address);
                policy.evaluate(&Asked { action: "execute-api:Invoke", arn, caller, request: &request })
            };
            let known = verdict(&asked, b"192.0.2.1:4711");
            let open = verdict(&asked, b"");
            assert!(open != Verdict::Allow || known == Verdict::Allow);
            assert!(known != Verdict::Deny || open == Verdict::Deny);
            if let Some(plain) = arn::plain(&asked) {
                assert!(verdict(&plain, b"192.0.2.1:4711") != Verdict::Deny || known == Verdict::Deny);
            }
        }
    }
});

fn request(source_address: &[u8]) -> Request {
    let (worker, shared) = (RefCell::default(), Memory::default());
    let env = Env { wall: Millis(1_700_000_000_000), monotonic: Nanos(0), dice: [7; 32], source_address, client_cert_digest: b"", connection: &PlainText, worker: &worker, shared: &shared, signatures: &Software, watcher: None };
    let head = Head::from_pairs(&[(":method", "GET"), (":path", "/prod/users/7"), ("user-agent", "fuzz")], true);
    Request::new(GATEWAY.with(Rc::clone), head, &env)
}
