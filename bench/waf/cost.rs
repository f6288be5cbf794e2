//! What web ACLs cost, natively: nanoseconds and allocations of one judged request, for the clean requests of `bench/run.py waf`
//! and for bodies that are made to cost much.
//!
//! ```text
//! bench/firewall.py | cargo run --release --example waf-cost            # the table
//! bench/firewall.py | cargo run --release --example waf-cost clean 9    # our groups on one request for 9 seconds: for a profiler
//! ```

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use sekisho::gateway::authorizers::signature::{CannotVerify, Signatures, Signed};
use sekisho::gateway::config::load;
use sekisho::gateway::connection::PlainText;
use sekisho::gateway::head::Head;
use sekisho::gateway::shared::Memory;
use sekisho::gateway::surroundings::Elsewhere;
use sekisho::gateway::waf::client::Client;
use sekisho::gateway::waf::view::{Body, View};
use sekisho::gateway::waf::{Decision, WebAcl};
use sekisho::gateway::{Env, Millis, Nanos, Worker, compile};
use sekisho_cases::allocations;
use serde::Deserialize;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Seconds of one sample.
const SAMPLE: f64 = 0.1;

/// As many bytes of a body are inspected where nothing else is said.
const INSPECTED: usize = 16 * 1024;

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

/// What `bench/firewall.py` prints.
#[derive(Deserialize)]
struct Told {
    path: String,
    order: String,
    acls: BTreeMap<String, Value>,
}

/// Nothing is signed.
#[derive(Debug)]
struct Unsigned;

impl Signatures for Unsigned {
    fn verify(&self, _: &Signed<'_>) -> Result<bool, CannotVerify> {
        Ok(false)
    }
}

/// A request that is judged again and again.
struct Request {
    head: Head,
    body: Vec<u8>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let told: Told = serde_json::from_reader(std::io::stdin()).unwrap();
    let acl = |name: &str| web_acl(&told.acls[name]);
    if let [request, seconds] = &arguments[..] {
        let request =
            requests(&told).into_iter().chain(hostile()).find(|(name, _)| name == request).unwrap().1;
        let (acl, end) = (acl("managed"), Duration::from_secs(seconds.parse().unwrap()));
        let begun = Instant::now();
        while begun.elapsed() < end {
            judge(&acl, &request);
        }
        return;
    }
    println!(
        "{:<12}{:<24}{:>12}{:>12}{:>14}{:>8}",
        "web ACL", "request", "us, p25", "median", "allocations", "blocked"
    );
    for name in ["none", "ten", "hundred", "managed", "managed_ten"] {
        let acl = acl(name);
        for (label, request) in requests(&told) {
            tell(name, &label, &acl, &request);
        }
    }
    for name in ["ten", "counting"] {
        let acl = acl(name);
        for (label, request) in hostile() {
            tell(name, &label, &acl, &request);
        }
    }
}

/// Microseconds of CPU that this thread used, of Linux: machines are shared.
fn used() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    told.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e3
}

fn tell(name: &str, label: &str, acl: &WebAcl, request: &Request) {
    let (blocked, _) = judge(acl, request);
    let each = |rounds: usize| {
        let begun = used();
        for _ in 0..rounds {
            judge(acl, request);
        }
        (used() - begun) / rounds as f64
    };
    let begun = Instant::now();
    (0..4).for_each(|_| {
        judge(acl, request);
    });
    // The clock of a thread goes on at ticks: several of them.
    let rounds = (SAMPLE / (begun.elapsed() / 4).as_secs_f64()).clamp(1.0, 100_000.0) as usize;
    let mut all: Vec<f64> = (0..5).map(|_| each(rounds)).collect();
    all.sort_by(f64::total_cmp);
    let allocations = (0..8).map(|_| judge(acl, request).1).min().unwrap();
    println!("{name:<12}{label:<24}{:>12.2}{:>12.2}{allocations:>14}{blocked:>8}", all[1], all[2]);
}

/// Whether it is blocked, and how many allocations that took.
#[inline(never)]
fn judge(acl: &WebAcl, request: &Request) -> (bool, usize) {
    thread_local! {
        static WORLD: (RefCell<Worker>, Memory) = (RefCell::default(), Memory::default());
    }
    WORLD.with(|(worker, shared)| {
        let env = Env {
            wall: Millis(1_587_481_701_067),
            monotonic: Nanos(0),
            dice: [0; 32],
            source_address: b"192.0.2.1:4711",
            client_cert_digest: b"",
            connection: &PlainText,
            worker,
            shared,
            signatures: &Unsigned,
            watcher: None,
        };
        let before = allocations::count();
        let body = Body::Seen { bytes: &request.body, more: false };
        let view = View {
            head: &request.head,
            body,
            meaning: None,
            client: Client::new("192.0.2.1", &request.head),
        };
        match black_box(acl.begin(&view, &env)) {
            Decision::Done(outcome) => {
                let blocked = outcome.block.is_some();
                drop(outcome);
                (blocked, allocations::count() - before)
            }
            Decision::Body(_) => panic!("the body is there"),
        }
    })
}

fn web_acl(document: &Value) -> Rc<WebAcl> {
    let config = load(document.to_string().as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
    let compiled = compile(&config, &Elsewhere).unwrap_or_else(|problems| panic!("{problems}"));
    let stage = Rc::clone(compiled.gateway.api("bench").unwrap().stage("$default").unwrap());
    Rc::clone(stage.web_acl.as_ref().unwrap())
}

/// What honest clients send.
fn requests(told: &Told) -> Vec<(String, Request)> {
    let json = [("content-type", "application/json")];
    vec![
        ("clean".to_owned(), request("GET", &told.path, &[], b"")),
        ("json".to_owned(), request("POST", &told.path, &json, told.order.as_bytes())),
    ]
}

/// What costs most of what is known: pieces that many rules look for, again and again, and all of them in no order.
fn hostile() -> Vec<(String, Request)> {
    let pieces: BTreeMap<String, String> = serde_json::from_str(include_str!("hostile.json")).unwrap();
    let body = |name: &str, piece: &str| match name {
        // As JSON, each is a text of its own.
        "JSON" => format!("[{}1]", piece.repeat(INSPECTED / piece.len() - 1)),
        _ => piece.repeat(INSPECTED / piece.len()),
    };
    let mut all: Vec<_> = pieces
        .iter()
        .map(|(name, piece)| (name.clone(), request("POST", "/r7/42", &[], body(name, piece).as_bytes())))
        .collect();
    let words: Vec<&str> = pieces.values().flat_map(|piece| piece.split_inclusive(' ')).collect();
    let (mut mixed, mut dice) = (String::new(), 1_u64);
    while mixed.len() < INSPECTED {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        mixed.push_str(words[(dice >> 33) as usize % words.len()]);
    }
    mixed.truncate(INSPECTED);
    all.push(("mixed".to_owned(), request("POST", "/r7/42", &[], mixed.as_bytes())));
    all
}

/// A browser's request as Envoy hands it to the filter.
fn request(method: &str, target: &str, more: &[(&str, &str)], body: &[u8]) -> Request {
    let mut pairs = vec![
        (":authority", "shop.example.com"),
        (":path", target),
        (":method", method),
        (":scheme", "https"),
        ("accept", "application/json, text/plain, */*"),
        ("accept-encoding", "gzip, deflate, br"),
        ("accept-language", "en-GB,en;q=0.9,ja;q=0.8"),
        ("cache-control", "no-cache"),
        ("origin", "https://app.example.com"),
        ("pragma", "no-cache"),
        ("referer", "https://app.example.com/orders/42"),
        ("sec-ch-ua-mobile", "?0"),
        ("sec-ch-ua-platform", "\"Linux\""),
        ("sec-fetch-dest", "empty"),
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-site", "same-site"),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"),
        ("authorization", "Bearer 0123456789abcdef0123456789abcdef"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-proto", "https"),
    ];
    pairs.extend_from_slice(more);
    Request { head: Head::from_pairs(&pairs, body.is_empty()), body: body.to_vec() }
}
