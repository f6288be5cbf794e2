//! A script from the path: `/call,body:100,forward/` are three turns, one after another. See `../../../README.md`.

use super::flow::{
    Answer, BodyWanted, Bytes, Callout, CalloutReply, ChunkFlow, Edits, Flight, Flow, ResponseFlow, Splice,
};
use super::head::{Head, MalformedHead};
use super::outcome::{Ending, Observation};
use super::websocket::Direction;
use super::{Env, Gateway, Nanos, Now, Worker};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin<'a> {
    Upstream,
    Envoy(&'a [u8]),
}

#[derive(Debug)]
pub struct Exchange {
    gateway: Rc<Gateway>,
    request: VecDeque<String>,
    response: VecDeque<String>,
    seen: Vec<String>,
    streamed: usize,
    limit: usize,
    source: String,
    cluster: Bytes,
    dice: [u8; 32],
}

impl Exchange {
    pub fn new(gateway: Rc<Gateway>) -> Self {
        Self {
            gateway,
            request: VecDeque::new(),
            response: VecDeque::new(),
            seen: Vec::new(),
            streamed: 0,
            limit: usize::MAX,
            source: String::new(),
            cluster: Cow::Borrowed(b"backend"),
            dice: [0; 32],
        }
    }

    pub fn take_waf_log(&mut self) -> Option<Vec<u8>> {
        None
    }

    pub fn on_log(&mut self, ending: &dyn Ending, _: Nanos, _: &RefCell<Worker>) -> Observation {
        let bytes = ending.request_bytes() + ending.response_bytes();
        log::debug!("probe: over, {}, {bytes} bytes, {:?}", ending.status(), ending.tls_version());
        log::debug!("probe: broken off: {}", ending.broke_off());
        Observation::default()
    }

    pub fn on_request_headers(&mut self, head: Result<Head, MalformedHead>, env: &Env<'_>) -> Flow {
        let Ok(head) = head else { return self.answer(500, "malformed") };
        let path = String::from_utf8_lossy(head.first(b":path").unwrap_or_default()).into_owned();
        let mut parts = path.trim_start_matches('/').split('/');
        let turns = |part: Option<&str>| {
            part.unwrap_or_default().split(',').filter(|t| !t.is_empty()).map(str::to_owned).collect()
        };
        self.request = turns(parts.next());
        self.response = turns(parts.next());
        if let Some(cluster) = head.only(b"x-sekisho-cluster") {
            self.cluster = Cow::Owned(cluster.to_vec());
        }
        self.dice = env.dice;
        self.source = String::from_utf8_lossy(env.source_address).into_owned();
        self.next(env)
    }

    pub fn on_callout(&mut self, reply: &CalloutReply, env: &Env<'_>) -> Flow {
        self.dice = env.dice;
        match reply {
            CalloutReply::Answered { status, body, .. } => {
                self.seen.push(format!("call={status}+{}", body.len()));
                match status {
                    200..=299 => self.next(env),
                    403 => self.answer(403, "forbidden_by_callout"),
                    _ => self.answer(500, "callout_failed"),
                }
            }
            CalloutReply::TooMany => {
                self.seen.push("call=too-many".to_owned());
                self.answer(503, "too_many_callouts")
            }
            CalloutReply::Failed | CalloutReply::TooLarge => {
                self.seen.push("call=failed".to_owned());
                self.answer(500, "callout_failed")
            }
        }
    }

    pub fn on_request_body(&mut self, body: &[u8], ended: bool, env: &Env<'_>) -> Flow {
        self.seen.push(format!("body={}{}", body.len(), if ended { "." } else { "+" }));
        let sum = body.iter().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)));
        self.seen.push(format!("sum={sum:08x}"));
        self.next(env)
    }

    pub fn on_request_chunk(&mut self, bytes: usize) -> ChunkFlow {
        self.streamed += bytes;
        if self.streamed > self.limit {
            self.limit = usize::MAX;
            return ChunkFlow::Answer(self.local(413, "too_long"));
        }
        ChunkFlow::Continue
    }

    pub fn unread(&self, _: Direction) -> Option<u64> {
        None
    }

    pub fn on_tunnel_part(
        &mut self,
        _: Direction,
        (unseen, shown): (usize, &[u8]),
        _: Now<'_>,
    ) -> Splice {
        Splice::keep(unseen + shown.len())
    }

    pub fn on_response_headers(
        &mut self,
        head: Result<Head, MalformedHead>,
        origin: Origin<'_>,
        _: Now<'_>,
    ) -> ResponseFlow {
        let status = head.ok().and_then(|head| head.first(b":status").map(<[u8]>::to_vec)).unwrap_or_default();
        let origin = match origin {
            Origin::Upstream => "upstream".into(),
            Origin::Envoy(details) => String::from_utf8_lossy(details),
        };
        self.seen.push(format!("response={}:{origin}", String::from_utf8_lossy(&status)));
        log::info!("probe: response {} from {origin}", String::from_utf8_lossy(&status));
        self.next_response()
    }

    pub fn on_response_body(&mut self, body: &[u8], ended: bool, _: Now<'_>) -> ResponseFlow {
        self.seen.push(format!("response-body={}{}", body.len(), if ended { "." } else { "+" }));
        self.next_response()
    }

    fn next(&mut self, env: &Env<'_>) -> Flow {
        let Some(turn) = self.request.pop_front() else {
            return Flow::Forward(self.forward());
        };
        let (turn, argument) = turn.split_once(':').unwrap_or((&turn, ""));
        match turn {
            "call" => Flow::Call(callout(if argument.is_empty() { "callout" } else { argument }, self.dice)),
            "callbody" => Flow::Call(Callout { then_body: true, ..callout("callout", self.dice) }),
            "join" => Flow::Call(callout("callout", [0; 32])),
            "few" => {
                let flight = Flight { key: self.dice, group: [1; 32], most: argument.parse().unwrap_or(1) };
                Flow::Call(Callout { flight, ..callout("callout", self.dice) })
            }
            "body" => Flow::Body(BodyWanted { bytes: argument.parse().unwrap_or(usize::MAX) }),
            "limit" => {
                self.limit = argument.parse().unwrap_or(0);
                self.next(env)
            }
            "clock" => {
                self.seen.push(format!("clock={}", env.monotonic.0));
                self.next(env)
            }
            "create" => {
                let made = env.shared.create(argument, &env.dice[..16]).is_ok();
                let kept = env.shared.get(argument).map(|shared| shared.value);
                let own = kept.is_some_and(|value| value == env.dice[..16]);
                self.seen.push(format!("create={made},{own}"));
                self.next(env)
            }
            "answer" => self.answer(argument.parse().unwrap_or(200), "asked_to_answer"),
            "unsafe" => {
                let mut edits = self.forward();
                edits.set(b"x-split".as_slice(), b"a\r\nx-injected: 1".as_slice());
                Flow::Forward(edits)
            }
            "noproto" => {
                let mut edits = self.forward();
                edits.remove(b"x-forwarded-proto".as_slice());
                Flow::Forward(edits)
            }
            "forever" => {
                self.request.push_front("forever".to_owned());
                Flow::Call(callout("no-such-cluster-forever", self.dice))
            }
            "panic" => panic!("asked to panic"),
            _ => Flow::Forward(self.forward()),
        }
    }

    fn next_response(&mut self) -> ResponseFlow {
        let turn = self.response.pop_front().unwrap_or_default();
        let (turn, argument) = turn.split_once(':').unwrap_or((&turn, ""));
        match turn {
            "body" => ResponseFlow::Body(BodyWanted { bytes: argument.parse().unwrap_or(usize::MAX) }),
            "replace" => {
                ResponseFlow::Replace(self.local(argument.parse().unwrap_or(502), "asked_to_replace"))
            }
            "empty" => {
                let mut answer = self.local(argument.parse().unwrap_or(502), "asked_to_replace");
                answer.body = Cow::Borrowed(b"");
                ResponseFlow::Replace(answer)
            }
            "panic" => panic!("asked to panic"),
            _ => {
                let mut edits = Edits::default();
                edits.remove(b"server".as_slice());
                edits.set(b"x-probe-seen".as_slice(), self.seen.join(" ").into_bytes());
                edits.add(b"x-probe-twice".as_slice(), b"1".as_slice());
                edits.add(b"x-probe-twice".as_slice(), b"2".as_slice());
                ResponseFlow::Continue(edits)
            }
        }
    }

    fn forward(&self) -> Edits {
        let mut edits = Edits::default();
        edits.remove(b"x-probe-remove".as_slice());
        edits.set(b"x-sekisho-cluster".as_slice(), self.cluster.clone());
        edits.set(b"x-probe-request".as_slice(), self.seen.join(" ").into_bytes());
        edits.set(b"x-probe-source".as_slice(), self.source.clone().into_bytes());
        edits.set(b"x-probe-document".as_slice(), self.gateway.document.clone().into_bytes());
        edits
    }

    fn answer(&mut self, status: u16, details: &'static str) -> Flow {
        Flow::Answer(self.local(status, details))
    }

    fn local(&mut self, status: u16, details: &'static str) -> Answer {
        let header = |name: &'static str, value: String| -> (Bytes, Bytes) {
            (Cow::Borrowed(name.as_bytes()), Cow::Owned(value.into_bytes()))
        };
        Answer {
            status,
            headers: vec![
                header("content-type", "application/json".to_owned()),
                header("x-probe-answer", self.seen.join(" ")),
                header("x-probe-twice", "1".to_owned()),
                header("x-probe-twice", "2".to_owned()),
            ],
            body: Cow::Borrowed(br#"{"message":"from the probe"}"#),
            details: Cow::Borrowed(details),
        }
    }
}

/// Those with the same key share an answer.
fn callout(cluster: &str, key: [u8; 32]) -> Callout {
    let header = |name: &'static str, value: &'static str| -> (Bytes, Bytes) {
        (Cow::Borrowed(name.as_bytes()), Cow::Borrowed(value.as_bytes()))
    };
    Callout {
        cluster: cluster.to_owned(),
        headers: vec![header(":method", "POST"), header(":path", "/asked"), header(":authority", "callout")],
        body: b"question".to_vec(),
        timeout_millis: 30_000,
        then_body: false,
        flight: Flight { key, group: key, most: usize::MAX },
    }
}
