//! The core is driven as the shell drives it, and the rest of Envoy's work is imitated.
//!
//! What is imitated stands in `imitation` and in `sekisho_cases::engine`; what cannot be is left to the other engine.

use crate::imitation::{
    self, CLIENT, ROUTER_HEADERS, apply, arriving, backend_pairs, dice, in_place_of, local_pairs, seen,
};
use sekisho::gateway::authorizers::signature::Algorithm;
use sekisho::gateway::authorizers::software::Software;
use sekisho::gateway::config::{Config, load};
use sekisho::gateway::connection::PlainText;
use sekisho::gateway::exchange::{Exchange, Origin};
use sekisho::gateway::flow::{Callout, CalloutReply, ChunkFlow, Flow, ResponseFlow};
use sekisho::gateway::head::Head;
use sekisho::gateway::outcome::Ending;
use sekisho::gateway::shared::Memory;
use sekisho::gateway::surroundings::{Secret, Surroundings, Verification};
use sekisho::gateway::{Env, Gateway, Millis, Nanos, Worker, compile};
use sekisho_cases::engine::Headers;
use sekisho_cases::{Engine, File, Observed, Seen, Turn};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// When the first request of each case comes: a day in November 2023.
const BEGINNING: u64 = 1_700_000_000_000;
/// More decisions than any request needs.
const TURNS: usize = 16;

/// The gateway, driven as the shell drives it.
pub(crate) struct Native {
    gateway: Rc<Gateway>,
    /// The host of each cluster; empty where the document only names it.
    clusters: BTreeMap<String, String>,
    /// Milliseconds since [`BEGINNING`].
    clock: u64,
    requests: u64,
    worker: RefCell<Worker>,
    shared: Memory,
    asks_unasked: BTreeSet<String>,
}

/// A request that is over, as the host sees it.
#[derive(Debug)]
struct Over {
    response_bytes: u64,
    request_bytes: u64,
}

impl Ending for Over {
    fn response_bytes(&self) -> u64 {
        self.response_bytes
    }

    fn request_bytes(&self) -> u64 {
        self.request_bytes
    }

    fn tls_version(&self) -> Vec<u8> {
        Vec::new()
    }

    // Each request here has a response.
    fn broke_off(&self) -> bool {
        false
    }

    fn status(&self) -> u16 {
        0
    }
}

/// The gateway's environment is what the file says.
#[derive(Debug)]
struct Given<'a>(&'a BTreeMap<String, String>);

impl Surroundings for Given<'_> {
    fn secret(&self, variable: &str) -> Option<Secret> {
        self.0.get(variable).map(|value| Secret(value.clone().into_bytes()))
    }

    fn verifies(&self, _: Algorithm) -> Verification {
        Verification::Possible
    }
}

impl Engine for Native {
    const NAME: &'static str = "native";
    const CLIENT: &'static str = CLIENT;

    fn start(file: &File) -> Result<Self, String> {
        let text = serde_json::to_vec(&file.config).expect("a JSON value is text");
        let config: Config = load(&text).map_err(|diagnostics| diagnostics.to_string())?;
        let compiled =
            compile(&config, &Given(&file.secrets)).map_err(|diagnostics| diagnostics.to_string())?;
        let existing = named_clusters(&config).into_iter().map(|name| (name, String::new()));
        let derived = compiled.clusters.into_iter().map(|cluster| (cluster.name, cluster.host));
        Ok(Self {
            gateway: Rc::new(compiled.gateway),
            clusters: derived.chain(existing).collect(),
            clock: 0,
            requests: 0,
            worker: RefCell::default(),
            shared: Memory::default(),
            asks_unasked: BTreeSet::new(),
        })
    }

    fn begin(&mut self) {
        self.clock = 0;
        self.worker = RefCell::default();
        self.shared = Memory::default();
        self.gateway.prepare(&self.shared);
    }

    fn pass(&mut self, seconds: u32) {
        self.clock += u64::from(seconds) * 1000;
    }

    fn now_millis(&self) -> u64 {
        BEGINNING + self.clock
    }

    fn send(&mut self, turn: &Turn<'_>) -> Result<Observed, String> {
        let address = format!("{CLIENT}:4711");
        let env = Env {
            wall: Millis(self.now_millis()),
            monotonic: Nanos(self.clock * 1_000_000),
            dice: dice(self.requests),
            source_address: if self.gateway.wants().source_address { address.as_bytes() } else { b"" },
            client_cert_digest: b"",
            connection: &PlainText,
            worker: &self.worker,
            shared: &self.shared,
            signatures: &Software,
            watcher: None,
        };
        let mut asked = Vec::new();
        let observed = self.exchange(turn, &env, &mut asked);
        self.requests += 1;
        self.clock += 1;
        observed.map(|observed| Observed { asked, ..observed })
    }

    // Nothing ticks here.
    fn asks_unasked(&self) -> &BTreeSet<String> {
        &self.asks_unasked
    }
}

impl Native {
    fn exchange(&self, turn: &Turn<'_>, env: &Env<'_>, asked: &mut Vec<Seen>) -> Result<Observed, String> {
        let mut exchange = Exchange::new(Rc::clone(&self.gateway));
        let observed = self.decide(&mut exchange, turn, env, asked)?;
        let size = |bytes: usize| bytes as u64;
        let sent = turn.request.body.as_ref().map_or(0, String::len);
        let ending = Over { response_bytes: size(observed.body.len()), request_bytes: size(sent) };
        let logged = exchange.on_log(&ending, env.monotonic, env.worker).access_log.map(|(_, mut line)| {
            line.pop_if(|end| *end == b'\n');
            line
        });
        Ok(Observed { logged: logged.into_iter().collect(), ..observed })
    }

    fn decide(
        &self,
        exchange: &mut Exchange,
        turn: &Turn<'_>,
        env: &Env<'_>,
        asked: &mut Vec<Seen>,
    ) -> Result<Observed, String> {
        let mut pairs = arriving(turn.request);
        let body = turn.request.body.clone().unwrap_or_default().into_bytes();
        let announced = pairs.iter().any(|(name, value)| name == "content-length" && value != b"0");
        let mut flow = exchange.on_request_headers(Ok(Head::from_pairs(&pairs, !announced)), env);
        let mut held = false;
        // The client is made to wait with its body, which is not to be had before the head goes on.
        let mut kept_back = false;
        for _ in 0..TURNS {
            flow = match flow {
                Flow::Call(callout) => {
                    kept_back |= announced && !callout.then_body;
                    let reply = self.ask(&callout, turn, asked)?;
                    exchange.on_callout(&reply, env)
                }
                Flow::Body(_) if kept_back => {
                    return Err("the core wants a body that it did not want before it asked".to_owned());
                }
                Flow::Body(_) => {
                    held = true;
                    exchange.on_request_body(&body, true, env)
                }
                Flow::Answer(local) => {
                    let local = (local_pairs(&local), local.body.to_vec());
                    return respond(exchange, turn, local, Origin::Upstream, env);
                }
                Flow::Forward(edits) => {
                    apply(&mut pairs, &edits);
                    let (seen, host) = self.forward(pairs, &body, turn)?;
                    // The shell counts what streams through; Envoy hands it on in pieces.
                    for piece in body.chunks(16_384).filter(|_| !held) {
                        if let ChunkFlow::Answer(local) = exchange.on_request_chunk(piece.len()) {
                            let local = (local_pairs(&local), local.body.to_vec());
                            return respond(exchange, turn, local, Origin::Upstream, env);
                        }
                    }
                    let Some((status, text, details)) = in_place_of(&host) else {
                        let answer = backend_pairs(turn.answer, turn.request);
                        return respond(exchange, turn, answer, Origin::Upstream, env)
                            .map(|observed| Observed { backend: vec![seen], ..observed });
                    };
                    let pairs = vec![
                        (":status".to_owned(), status.to_string().into_bytes()),
                        ("content-length".to_owned(), text.len().to_string().into_bytes()),
                        ("content-type".to_owned(), b"text/plain".to_vec()),
                    ];
                    return respond(exchange, turn, (pairs, text.into()), Origin::Envoy(details), env);
                }
            };
        }
        Err(format!("after {TURNS} turns the core has not decided: {flow:?}"))
    }

    /// Asks a service.
    fn ask(&self, callout: &Callout, turn: &Turn<'_>, asked: &mut Vec<Seen>) -> Result<CalloutReply, String> {
        // As Envoy has it: there is no such cluster, or it refuses, or somebody answers.
        let Some(place) = self.clusters.get(&callout.cluster) else { return Ok(CalloutReply::Failed) };
        if let Some((status, text, _)) = in_place_of(place) {
            return Ok(imitation::answered(status, &[], text));
        }
        let question = imitation::question(callout)?;
        let host = question.host().unwrap_or_default();
        let Some(answer) = turn.services.answer(&host, &question.method, &question.path) else {
            return Err(format!("the gateway asks {host}{}, and `services` has no such host", question.path));
        };
        asked.push(question);
        Ok(imitation::reply(answer))
    }

    /// What the backend sees of a request that went on, and where it is: the route's `cluster_header` picks the cluster,
    /// and is removed.
    fn forward(&self, mut pairs: Headers, body: &[u8], turn: &Turn<'_>) -> Result<(Seen, String), String> {
        let chosen: Vec<_> = pairs.iter().filter(|(name, _)| name == "x-sekisho-cluster").cloned().collect();
        let [(_, cluster)] = chosen.as_slice() else {
            return Err(format!("{} clusters are chosen: {chosen:?}", chosen.len()));
        };
        let cluster = String::from_utf8_lossy(cluster).into_owned();
        if !self.clusters.contains_key(&cluster) {
            return Err(format!("`{cluster}` is chosen, but the clusters are {:?}", self.clusters));
        }
        // The router takes its own headers out of the request, too.
        pairs.retain(|(name, _)| name != "x-sekisho-cluster" && !ROUTER_HEADERS.contains(&name.as_str()));
        let seen = seen(pairs, body)?;
        let host = seen.host().unwrap_or_default();
        if turn.services.answer(&host, &seen.method, &seen.path).is_some() {
            return Err(format!("{host} is a service of the file, and no backend"));
        }
        Ok((seen, host))
    }
}

/// `cluster` of integrations: clusters that exist already.
fn named_clusters(config: &Config) -> Vec<String> {
    let live = config.apis.iter().flat_map(|api| &api.integrations);
    let deployed =
        config.apis.iter().flat_map(|api| &api.deployments).flat_map(|deployment| &deployment.integrations);
    live.chain(deployed).filter_map(|integration| integration.cluster.clone()).collect()
}

/// Lets a response pass: the backend's, Envoy's own, or the gateway's.
fn respond(
    exchange: &mut Exchange,
    turn: &Turn<'_>,
    (mut pairs, mut body): (Headers, Vec<u8>),
    origin: Origin<'_>,
    env: &Env<'_>,
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
    if turn.request.method == "HEAD" {
        body.clear();
    }
    Ok(Observed { status, headers: pairs, body, ..Observed::default() })
}
