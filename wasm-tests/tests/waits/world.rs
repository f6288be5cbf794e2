//! A probe behind which one may look.

use crate::shapes::Shape;
use sekisho_cases::Answer;
use wasm_tests::client::{Sending, Wire};
use wasm_tests::{Backend, Gateway, Probe, Recorded, eventually};

pub(crate) const PROBES_OWN: &str = r#"{"message":"from the probe"}"#;

pub(crate) struct World {
    pub(crate) backend: Backend,
    pub(crate) callout: Backend,
    pub(crate) gateway: Gateway,
}

impl World {
    pub(crate) async fn start(probe: &Probe) -> Self {
        let (backend, callout) = (Backend::start().await, Backend::start().await);
        let gateway = Gateway::start_probe(&backend, &callout, probe).await;
        Self { backend, callout, gateway }
    }

    pub(crate) fn callout_says(&self, status: u16) {
        self.callout.answers(Answer { status, ..Answer::default() });
    }

    pub(crate) fn begin(&self, wire: Wire, shape: Shape, path: &str) -> Sending {
        Sending::begin(wire, self.gateway.address(), shape.method(), path, shape.length())
    }

    pub(crate) fn send(&self, wire: Wire, shape: Shape, path: &str) -> Sending {
        let mut sending = self.begin(wire, shape, path);
        for part in shape.parts() {
            sending.part(&part);
        }
        sending.end(shape.trailers());
        sending
    }

    pub(crate) async fn received(&self) -> u64 {
        self.gateway.http_stat("downstream_cx_rx_bytes_total").await
    }

    /// What has gone towards the backend: not a byte may, of a request that waits.
    pub(crate) async fn sent_on(&self) -> (u64, u64) {
        let stat = async |name: &str| self.gateway.admin_stat(&format!("cluster.backend.{name}")).await;
        (stat("upstream_rq_total").await, stat("upstream_cx_tx_bytes_total").await)
    }

    pub(crate) async fn asked(&self, times: usize) {
        eventually("the callout is asked", async || (self.callout.seen().len() >= times).then_some(())).await;
    }

    /// Nothing is in flight and nothing is kept.
    pub(crate) async fn settled(&self) {
        eventually("nothing is in flight", async || {
            let pattern = "/stats?filter=^(http.sekisho.downstream_rq_active|cluster.*upstream_rq_active)$";
            let active = self.gateway.admin(pattern).await;
            active.lines().all(|line| line.ends_with(": 0")).then_some(())
        })
        .await;
    }

    pub(crate) async fn paused(&self) -> u64 {
        self.gateway.http_stat("downstream_flow_control_paused_reading_total").await
    }

    /// Sends a part, and waits until Envoy has read it.
    pub(crate) async fn part(&self, sending: &Sending, part: &[u8]) {
        let before = self.received().await;
        sending.part(part);
        let wanted = before + part.len() as u64;
        eventually("Envoy reads a part", async || {
            (sending.is_answered() || self.received().await >= wanted).then_some(())
        })
        .await;
    }

    /// The callout was asked, and neither client nor backend heard of it.
    pub(crate) async fn waits(&self, sent_on: (u64, u64), sending: &Sending) {
        self.asked(1).await;
        assert_eq!(self.backend.seen().len(), 0, "the backend saw a request that waits");
        assert_eq!(self.sent_on().await, sent_on, "bytes of a request that waits went to the backend");
        assert!(!sending.is_answered(), "a request that waits was answered");
    }
}

pub(crate) fn assert_passed(recorded: &Recorded, shape: Shape, path: &str) {
    assert_eq!((recorded.seen.method.as_str(), recorded.seen.path.as_str()), (shape.method(), path));
    assert!(recorded.seen.body == shape.body(), "{} bytes arrived, changed", recorded.bytes);
    assert!(recorded.ended && !recorded.broken);
    assert_eq!(recorded.header("x-sekisho-cluster"), [""; 0]);
    let mut trailers = recorded.seen.trailers.clone();
    trailers.sort();
    let mut expected: Vec<_> =
        shape.trailers().iter().map(|(n, v)| ((*n).to_owned(), v.as_bytes().to_vec())).collect();
    expected.sort();
    assert_eq!(trailers, expected);
}

/// `*` stands for any text, once.
pub(crate) fn assert_matches(text: &str, pattern: &str) {
    let matches = match pattern.split_once('*') {
        None => text == pattern,
        Some((start, end)) => {
            text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
        }
    };
    assert!(matches, "`{text}` is not `{pattern}`");
}
