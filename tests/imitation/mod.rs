//! What Envoy does around the filter, as far as the cases can tell.

use sekisho::gateway::flow::{self, Callout, CalloutReply, Edit, Edits};
use sekisho::gateway::head::Head;
use sekisho_cases::engine::{Headers, JOINED_BY_ENVOY};
use sekisho_cases::{Answer, Request, Seen, ServiceAnswer};

/// The client's address.
pub const CLIENT: &str = "192.0.2.1";

/// Settings of one request for Envoy's router, which it does not send on.
pub const ROUTER_HEADERS: [&str; 6] = [
    "x-envoy-upstream-rq-timeout-ms",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-retry-on",
    "x-envoy-max-retries",
    "x-envoy-retry-grpc-on",
    "x-envoy-expected-rq-timeout-ms",
];

/// The head as Envoy hands it to a filter.
pub fn arriving(request: &Request) -> Headers {
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
        Some((_, value)) => value.extend_from_slice(format!(",{}", CLIENT).as_bytes()),
        None => pairs.push(("x-forwarded-for".to_owned(), CLIENT.into())),
    }
    if let Some(body) = &request.body
        && !pairs.iter().any(|(name, _)| name == "content-length")
    {
        pairs.push(("content-length".to_owned(), body.len().to_string().into_bytes()));
    }
    pairs
}

/// What Envoy says in the place of a host that cannot answer: hosts of that meaning are told apart by name, as the other
/// engine's are. Status, text, `response.code_details`.
pub fn in_place_of(host: &str) -> Option<(u16, &'static str, &'static [u8])> {
    match host {
        "dead.test" => Some((
            503,
            "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure",
            b"upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}",
        )),
        "slow.test" => Some((504, TOO_SLOW, b"response_timeout")),
        _ => None,
    }
}

const TOO_SLOW: &str = "upstream request timeout";
const RESET: &str =
    "upstream connect error or disconnect/reset before headers. reset reason: connection termination";

/// Largest answer to a question that the shell takes.
const LARGEST_REPLY: usize = 8 * 1024 * 1024;

/// A question as its service sees it.
pub fn question(callout: &Callout) -> Result<Seen, String> {
    let pairs = callout.headers.iter().map(|(name, value)| {
        (String::from_utf8(name.to_vec()).expect("header names are text"), value.to_vec())
    });
    seen(pairs.collect(), &callout.body)
}

/// What the shell gives the core for an answer.
pub fn reply(answer: ServiceAnswer) -> CalloutReply {
    match answer {
        ServiceAnswer::Given(answer) if answer.body.len() > LARGEST_REPLY => CalloutReply::TooLarge,
        ServiceAnswer::Given(answer) => answered(answer.status, &answer.headers, &answer.body),
        ServiceAnswer::Hang => answered(504, &[], TOO_SLOW),
        ServiceAnswer::Reset => answered(503, &[], RESET),
    }
}

/// An answer that came.
pub fn answered(status: u16, headers: &[(String, String)], body: &str) -> CalloutReply {
    let mut pairs = vec![(":status".to_owned(), status.to_string())];
    pairs.extend(headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())));
    CalloutReply::Answered { status, head: Head::from_pairs(&pairs, body.is_empty()), body: body.into() }
}

/// A head and a body as the one who is asked sees them.
pub fn seen(pairs: Headers, body: &[u8]) -> Result<Seen, String> {
    let text = |name: &str| {
        let found = pairs.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).ok_or(format!("{name} is gone"))
    };
    let (method, path, host) = (text(":method")?, text(":path")?, text(":authority")?);
    let mut headers: Headers = vec![("host".to_owned(), host.into_bytes())];
    headers.extend(pairs.into_iter().filter(|(name, _)| !name.starts_with(':')));
    Ok(Seen { method, path, headers, body: body.to_vec(), trailers: Vec::new() })
}

pub fn backend_pairs(answer: &Answer, request: &Request) -> (Headers, Vec<u8>) {
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
pub fn local_pairs(local: &flow::Answer) -> Headers {
    let mut pairs: Headers = vec![(":status".to_owned(), local.status.to_string().into_bytes())];
    for (name, value) in &local.headers {
        pairs.push((String::from_utf8(name.to_vec()).expect("header names are text"), value.to_vec()));
    }
    if !local.body.is_empty() {
        pairs.push(("content-length".to_owned(), local.body.len().to_string().into_bytes()));
    }
    pairs
}

pub fn apply(pairs: &mut Headers, edits: &Edits) {
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
pub fn dice(seed: u64) -> [u8; 32] {
    let mut state = seed;
    std::array::from_fn(|_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 56) as u8
    })
}
