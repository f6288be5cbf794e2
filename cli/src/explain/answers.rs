//! Answers to the gateway's questions: those given by hand first, then those of the services themselves.

use crate::Error;
use sekisho::gateway::clusters::{Cluster, Signing};
use sekisho::gateway::flow::{Callout, CalloutReply};
use sekisho::gateway::head::Head;
use sekisho::gateway::notes::Note;
use std::collections::VecDeque;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;
use ureq::http::Request;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// What Envoy hands on of an answer at most.
const LARGEST: u64 = 32 * 1024 * 1024;

/// Where answers come from.
#[derive(Debug)]
pub(super) struct Answers {
    by_hand: VecDeque<CalloutReply>,
    ask: bool,
    clusters: Vec<Cluster>,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) by: By,
    pub(super) reply: CalloutReply,
    /// Why there is none.
    pub(super) failure: Option<String>,
}

/// Who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Hand,
    Network,
}

/// An answer given by hand: `STATUS BODY`, `STATUS @FILE`, `STATUS`, or a file that holds the body of a 200; or a rate-limit
/// service's, `OK` or `OVER_LIMIT`.
pub(super) fn parse(text: &str) -> Result<CalloutReply, Error> {
    if let Some(code) = ["OK", "OVER_LIMIT"].iter().position(|code| *code == text) {
        // gRPC's frame, and the field `overall_code`.
        let body = vec![0, 0, 0, 0, 2, 8, if code == 0 { 1 } else { 2 }];
        let head = Head::from_pairs(&[("content-type", "application/grpc")], false);
        return Ok(CalloutReply::Answered { status: 200, head, body });
    }
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    let status = first.parse::<u16>().ok().filter(|status| first.len() == 3 && (100..600).contains(status));
    let (status, body) = match (status, rest.trim().strip_prefix('@')) {
        (None, _) => (200, read(text)?),
        (Some(status), Some(file)) => (status, read(file)?),
        (Some(status), None) => (status, rest.trim().as_bytes().to_vec()),
    };
    Ok(CalloutReply::Answered { status, head: Head::default(), body })
}

fn read(file: &str) -> Result<Vec<u8>, Error> {
    std::fs::read(file).map_err(|error| {
        Error::usage(format!("`{file}` is neither an answer nor a file that holds one"))
            .because(error)
            .help("write it as `'200 {\"isAuthorized\": true}'`, `'200 @FILE'` or `FILE`")
    })
}

// === impl Answers ===

impl Answers {
    pub(super) fn new(by_hand: VecDeque<CalloutReply>, ask: bool, clusters: Vec<Cluster>) -> Self {
        Self { by_hand, ask, clusters }
    }

    /// How many answers were given by hand and not asked for.
    pub(super) fn left(&self) -> usize {
        self.by_hand.len()
    }

    /// As whom Envoy would sign a question, if it would.
    pub(super) fn signature(&self, callout: &Callout) -> Option<Note> {
        let cluster = self.clusters.iter().find(|cluster| cluster.name == callout.cluster)?;
        let Signing { service, region, role } = cluster.signing.as_ref()?;
        let who = match role {
            Some(role) => format!("the role `{}`", role.arn),
            None => "Envoy's own credentials".to_owned(),
        };
        Some(Note::fact("signature", format!("by Envoy, for `{service}` in `{region}`, with {who}")))
    }

    /// The answer to a question; none if nobody is to be asked. A rate-limit service is not asked over the network: it would
    /// count a request that nobody has sent.
    pub(super) fn to(&mut self, callout: &Callout) -> Option<Answer> {
        if let Some(reply) = self.by_hand.pop_front() {
            return Some(Answer { by: By::Hand, reply, failure: None });
        }
        let asked = (self.ask && !is_grpc(&callout.headers)).then(|| self.carry_out(callout))?;
        Some(match asked {
            Ok(reply) => Answer { by: By::Network, reply, failure: None },
            Err(why) => Answer { by: By::Network, reply: CalloutReply::Failed, failure: Some(why) },
        })
    }

    fn carry_out(&self, callout: &Callout) -> Result<CalloutReply, String> {
        let cluster = self.clusters.iter().find(|cluster| cluster.name == callout.cluster);
        let cluster = cluster.ok_or("the document does not say where this cluster is")?;
        if cluster.signing.is_some() {
            return Err("Envoy signs it with AWS credentials, and this command has none".to_owned());
        }
        let request = request(callout, cluster)?;
        let agent = agent(callout, cluster.tls);
        let answered =
            if callout.body.is_empty() { agent.run(request.map(|_| ())) } else { agent.run(request) };
        let answered = answered.map_err(|error| error.to_string())?;
        let (status, mut body) = (answered.status().as_u16(), Vec::new());
        let headers = answered.headers().iter();
        let pairs: Vec<_> = headers.map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let head = Head::from_pairs(&pairs, false);
        let read = answered.into_body().into_reader().take(LARGEST + 1).read_to_end(&mut body);
        read.map_err(|error| error.to_string())?;
        if body.len() as u64 > LARGEST {
            return Err(format!("the answer is longer than {LARGEST} bytes"));
        }
        Ok(CalloutReply::Answered { status, head, body })
    }
}

/// Whether a question is one of gRPC, as those to rate-limit services are.
pub(super) fn is_grpc<N: AsRef<[u8]>, V: AsRef<[u8]>>(headers: &[(N, V)]) -> bool {
    headers.iter().any(|(name, value)| {
        name.as_ref() == b"content-type" && value.as_ref().starts_with(b"application/grpc")
    })
}

/// The question as HTTP: to the cluster's address, under the authority that the gateway names.
fn request(callout: &Callout, cluster: &Cluster) -> Result<Request<Vec<u8>>, String> {
    if let Some(name) = cluster.server_name.as_ref().filter(|name| **name != cluster.host) {
        return Err(format!("its certificate is to name `{name}`, which only Envoy can be told to look for"));
    }
    let pseudo = |name: &[u8]| {
        let found = callout.headers.iter().find(|(known, _)| known.as_ref() == name);
        String::from_utf8_lossy(found.map_or(b"", |(_, value)| value.as_ref())).into_owned()
    };
    let (scheme, port) = (if cluster.tls { "https" } else { "http" }, cluster.port);
    let host = if cluster.host.contains(':') { format!("[{}]", cluster.host) } else { cluster.host.clone() };
    let mut request = Request::builder()
        .method(pseudo(b":method").as_str())
        .uri(format!("{scheme}://{host}:{port}{}", pseudo(b":path")))
        .header("host", pseudo(b":authority"));
    for (name, value) in &callout.headers {
        // The length is the client's to count.
        if !name.starts_with(b":") && !matches!(name.as_ref(), b"host" | b"content-length") {
            request = request.header(name.as_ref(), value.as_ref());
        }
    }
    request.body(callout.body.clone()).map_err(|error| error.to_string())
}

/// A client that asks as Envoy asks: no proxy, no redirects, the question's own time limit.
fn agent(callout: &Callout, tls: bool) -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .timeout_global(Some(Duration::from_millis(callout.timeout_millis.into())));
    if !tls {
        return config.build().into();
    }
    // Whom this machine trusts; a certificate that cannot be read is nobody's.
    let roots: Vec<_> = rustls_native_certs::load_native_certs()
        .certs
        .iter()
        .map(|der| Certificate::from_der(der).to_owned())
        .collect();
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    config.tls_config(tls).build().into()
}
