//! The cases, natively: the core is driven as the shell drives it, and the rest of Envoy's work is imitated here.
//!
//! What is imitated stands in this file and in `sekisho_cases::engine`; what cannot be is left to the other engine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use sekisho::gateway::authorizers::software::Software;
use sekisho::gateway::config::{Config, load};
use sekisho::gateway::exchange::{Exchange, Origin};
use sekisho::gateway::flow::{self, ChunkFlow, Edit, Edits, Flow, ResponseFlow};
use sekisho::gateway::head::Head;
use sekisho::gateway::shared::Memory;
use sekisho::gateway::surroundings::Elsewhere;
use sekisho::gateway::{Env, Gateway, Millis, Worker, compile};
use sekisho_cases::engine::{Headers, JOINED_BY_ENVOY};
use sekisho_cases::{Answer, Engine, Observed, Request, Seen};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;

fn main() -> ExitCode {
    sekisho_cases::main::<Native>(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases"))
}

struct Native {
    gateway: Rc<Gateway>,
    clusters: BTreeSet<String>,
    requests: u64,
    worker: RefCell<Worker>,
    shared: Memory,
}

/// Who answered a request that went on.
enum Upstream {
    Backend,
    /// Envoy itself: status, text, `response.code_details`.
    Envoy(u16, &'static str, &'static [u8]),
}

impl Engine for Native {
    const NAME: &'static str = "native";
    const CLIENT: &'static str = "192.0.2.1";

    fn start(config: &serde_json::Value) -> Result<Self, String> {
        let text = serde_json::to_vec(config).expect("a JSON value is text");
        let config: Config = load(&text).map_err(|diagnostics| diagnostics.to_string())?;
        let compiled = compile(&config, &Elsewhere).map_err(|diagnostics| diagnostics.to_string())?;
        let existing = named_clusters(&config);
        let clusters = compiled.clusters.into_iter().map(|cluster| cluster.name).chain(existing).collect();
        Ok(Self {
            gateway: Rc::new(compiled.gateway),
            clusters,
            requests: 0,
            worker: RefCell::default(),
            shared: Memory::default(),
        })
    }

    fn send(&mut self, request: &Request, answer: &Answer) -> Result<Observed, String> {
        self.requests += 1;
        let address = format!("{}:4711", Self::CLIENT);
        let env = Env {
            wall: Millis(1_700_000_000_000 + self.requests),
            dice: dice(self.requests),
            source_address: if self.gateway.wants().source_address { address.as_bytes() } else { b"" },
            client_cert_digest: b"",
            worker: &self.worker,
            shared: &self.shared,
            signatures: &Software,
        };
        let mut pairs = arriving(request);
        let body = request.body.clone().unwrap_or_default().into_bytes();
        let announced = pairs.iter().any(|(name, value)| name == "content-length" && value != b"0");
        let mut exchange = Exchange::new(Rc::clone(&self.gateway));
        let mut flow = exchange.on_request_headers(Ok(Head::from_pairs(&pairs, !announced)), &env);
        let mut held = false;
        for _ in 0..8 {
            match flow {
                Flow::Call(callout) => {
                    return Err(format!("the core calls {}, which no case can answer", callout.cluster));
                }
                Flow::Body(_) => {
                    held = true;
                    flow = exchange.on_request_body(&body, true, &env);
                }
                Flow::Answer(local) => {
                    return respond(
                        &mut exchange,
                        request,
                        local_pairs(&local),
                        local.body.to_vec(),
                        Origin::Upstream,
                        &env,
                        Vec::new(),
                    );
                }
                Flow::Forward(edits) => {
                    apply(&mut pairs, &edits);
                    let seen = self.forward(pairs, &body)?;
                    // The shell counts what streams through; Envoy hands it on in pieces.
                    if !held {
                        for piece in body.chunks(16_384) {
                            if let ChunkFlow::Answer(local) = exchange.on_request_chunk(piece.len()) {
                                let (pairs, body) = (local_pairs(&local), local.body.to_vec());
                                return respond(
                                    &mut exchange,
                                    request,
                                    pairs,
                                    body,
                                    Origin::Upstream,
                                    &env,
                                    Vec::new(),
                                );
                            }
                        }
                    }
                    return match upstream(&seen) {
                        Upstream::Backend => {
                            let (pairs, body) = backend_pairs(answer, request);
                            respond(&mut exchange, request, pairs, body, Origin::Upstream, &env, vec![seen])
                        }
                        Upstream::Envoy(status, text, details) => {
                            let pairs = vec![
                                (":status".to_owned(), status.to_string().into_bytes()),
                                ("content-length".to_owned(), text.len().to_string().into_bytes()),
                                ("content-type".to_owned(), b"text/plain".to_vec()),
                            ];
                            respond(
                                &mut exchange,
                                request,
                                pairs,
                                text.into(),
                                Origin::Envoy(details),
                                &env,
                                Vec::new(),
                            )
                        }
                    };
                }
            }
        }
        Err("the core asks for the body again and again".to_owned())
    }
}

impl Native {
    /// What the backend sees of a request that went on: the route's `cluster_header` picks the cluster, and is removed.
    fn forward(&self, mut pairs: Headers, body: &[u8]) -> Result<Seen, String> {
        let chosen: Vec<_> = pairs.iter().filter(|(name, _)| name == "x-sekisho-cluster").cloned().collect();
        let [(_, cluster)] = chosen.as_slice() else {
            return Err(format!("{} clusters are chosen: {chosen:?}", chosen.len()));
        };
        let cluster = String::from_utf8_lossy(cluster).into_owned();
        if !self.clusters.contains(&cluster) {
            return Err(format!("`{cluster}` is chosen, but the clusters are {:?}", self.clusters));
        }
        // The router takes its own headers out of the request, too.
        pairs.retain(|(name, _)| name != "x-sekisho-cluster" && !ROUTER_HEADERS.contains(&name.as_str()));
        let text = |name: &str| {
            let found = pairs.iter().find(|(n, _)| n == name);
            found
                .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
                .ok_or(format!("{name} is gone"))
        };
        let (method, path, host) = (text(":method")?, text(":path")?, text(":authority")?);
        let mut headers: Headers = vec![("host".to_owned(), host.into_bytes())];
        headers.extend(pairs.into_iter().filter(|(name, _)| !name.starts_with(':')));
        Ok(Seen { method, path, headers, body: body.to_vec(), trailers: Vec::new() })
    }
}

/// Settings of one request for Envoy's router, which it does not send on.
const ROUTER_HEADERS: [&str; 6] = [
    "x-envoy-upstream-rq-timeout-ms",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-retry-on",
    "x-envoy-max-retries",
    "x-envoy-retry-grpc-on",
    "x-envoy-expected-rq-timeout-ms",
];

/// `cluster` of integrations: clusters that exist already.
fn named_clusters(config: &Config) -> Vec<String> {
    let live = config.apis.iter().flat_map(|api| &api.integrations);
    let deployed =
        config.apis.iter().flat_map(|api| &api.deployments).flat_map(|deployment| &deployment.integrations);
    live.chain(deployed).filter_map(|integration| integration.cluster.clone()).collect()
}

/// The head as Envoy hands it to a filter.
fn arriving(request: &Request) -> Headers {
    let mut pairs: Headers = vec![
        (":authority".to_owned(), request.host.clone().into_bytes()),
        (":path".to_owned(), request.path.clone().into_bytes()),
        (":method".to_owned(), request.method.clone().into_bytes()),
        (":scheme".to_owned(), b"http".to_vec()),
    ];
    for (name, value) in &request.headers {
        let name = name.to_ascii_lowercase();
        let same = pairs.iter_mut().find(|(n, _)| *n == name && JOINED_BY_ENVOY.contains(&n.as_str()));
        match same {
            Some((_, joined)) => joined.extend_from_slice(format!(",{value}").as_bytes()),
            None => pairs.push((name, value.clone().into_bytes())),
        }
    }
    // With `use_remote_address` Envoy appends the peer and says how the client came.
    pairs.retain(|(name, _)| name != "x-forwarded-proto");
    pairs.push(("x-forwarded-proto".to_owned(), b"http".to_vec()));
    match pairs.iter_mut().find(|(name, _)| name == "x-forwarded-for") {
        Some((_, value)) => value.extend_from_slice(format!(",{}", Native::CLIENT).as_bytes()),
        None => pairs.push(("x-forwarded-for".to_owned(), Native::CLIENT.into())),
    }
    if let Some(body) = &request.body
        && !pairs.iter().any(|(name, _)| name == "content-length")
    {
        pairs.push(("content-length".to_owned(), body.len().to_string().into_bytes()));
    }
    pairs
}

/// Who answers: hosts of that meaning are told apart by name, as the other engine's backends are.
fn upstream(seen: &Seen) -> Upstream {
    let host = seen.headers.iter().find(|(name, _)| name == "host").map(|(_, value)| value.as_slice());
    match host.unwrap_or_default() {
        b"dead.test" => Upstream::Envoy(
            503,
            "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure",
            b"upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}",
        ),
        b"slow.test" => Upstream::Envoy(504, "upstream request timeout", b"response_timeout"),
        _ => Upstream::Backend,
    }
}

fn backend_pairs(answer: &Answer, request: &Request) -> (Headers, Vec<u8>) {
    let mut pairs: Headers = vec![(":status".to_owned(), answer.status.to_string().into_bytes())];
    let given = answer.headers.iter();
    pairs.extend(given.map(|(name, value)| (name.to_ascii_lowercase(), value.clone().into_bytes())));
    let bodiless = request.method == "HEAD" || matches!(answer.status, 204 | 304);
    let body = if bodiless { Vec::new() } else { answer.body.clone().into_bytes() };
    if !pairs.iter().any(|(name, _)| name == "content-length") && !matches!(answer.status, 204 | 304) {
        pairs.push(("content-length".to_owned(), answer.body.len().to_string().into_bytes()));
    }
    (pairs, body)
}

/// A local answer as it comes back through the response callbacks.
fn local_pairs(local: &flow::Answer) -> Headers {
    let mut pairs: Headers = vec![(":status".to_owned(), local.status.to_string().into_bytes())];
    for (name, value) in &local.headers {
        pairs.push((String::from_utf8(name.to_vec()).expect("header names are text"), value.to_vec()));
    }
    if !local.body.is_empty() {
        pairs.push(("content-length".to_owned(), local.body.len().to_string().into_bytes()));
    }
    pairs
}

fn respond(
    exchange: &mut Exchange,
    request: &Request,
    mut pairs: Headers,
    mut body: Vec<u8>,
    origin: Origin<'_>,
    env: &Env<'_>,
    backend: Vec<Seen>,
) -> Result<Observed, String> {
    let mut flow = exchange.on_response_headers(Ok(Head::from_pairs(&pairs, body.is_empty())), origin, env);
    if let ResponseFlow::Body(_) = flow {
        flow = exchange.on_response_body(&body, true, env);
    }
    match flow {
        ResponseFlow::Body(_) => return Err("the core asks for the response's body twice".to_owned()),
        ResponseFlow::Continue(edits) => apply(&mut pairs, &edits),
        ResponseFlow::Replace(local) => {
            pairs = local_pairs(&local);
            body = local.body.to_vec();
        }
    }
    let at =
        pairs.iter().position(|(name, _)| name == ":status").ok_or("the response has lost its status")?;
    let status =
        String::from_utf8_lossy(&pairs.remove(at).1).parse().map_err(|_| "the status is no number")?;
    if request.method == "HEAD" {
        body.clear();
    }
    Ok(Observed { status, headers: pairs, body, backend })
}

fn apply(pairs: &mut Headers, edits: &Edits) {
    let text = |name: &[u8]| String::from_utf8(name.to_vec()).expect("header names are text");
    for edit in &edits.0 {
        match edit {
            Edit::Remove(name) => pairs.retain(|(n, _)| n.as_bytes() != name.as_ref()),
            Edit::Add(name, value) => pairs.push((text(name), value.to_vec())),
            Edit::Set(name, value) => {
                // Envoy replaces in place and drops the other lines.
                let mut done = false;
                pairs.retain_mut(|(n, v)| {
                    if n.as_bytes() != name.as_ref() {
                        return true;
                    }
                    if !done {
                        *v = value.to_vec();
                    }
                    !std::mem::replace(&mut done, true)
                });
                if !done {
                    pairs.push((text(name), value.to_vec()));
                }
            }
        }
    }
}

/// Bytes that differ from request to request and are the same in every run.
fn dice(seed: u64) -> [u8; 32] {
    let mut state = seed;
    std::array::from_fn(|_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 56) as u8
    })
}
