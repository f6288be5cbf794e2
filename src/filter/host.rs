//! What the shell asks of the host, in the core's words. Nothing here panics, whatever the host answers.

use super::abi::{self, Buffer, Map, Metric, Refused};
use crate::gateway::bytes::any_below;
use crate::gateway::flow::{Answer, Bytes, Callout, CalloutReply, Edit, Edits};
use crate::gateway::head::{Head, MalformedHead};
use crate::gateway::integrations::headers::trailer_edits;
use crate::gateway::{Millis, Nanos};
use thiserror::Error;

/// Why a call had no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum HostError {
    /// The host said no.
    #[error("the host refused a call with status {0}")]
    Refused(u32),
    /// The host delivered less than it announced.
    #[error("the host delivered {got} of {announced} bytes")]
    Short { got: usize, announced: usize },
    /// A name or value that would end its line, and begin one of its own.
    #[error("a header holds a line break or a zero byte")]
    UnsafeHeader,
    /// Trailers that are not what the host says they are.
    #[error("the trailers cannot be read")]
    UnreadableTrailers,
}

impl HostError {
    /// Whether Envoy did not even try to ask a cluster: it has no host that may be asked, or as much under way as its circuit
    /// breakers let through. Envoy's statistics tell which; a line of the log for each request would be the clients' to write.
    pub(super) fn is_unavailable(self) -> bool {
        const INTERNAL_FAILURE: u32 = 10;
        self == Self::Refused(INTERNAL_FAILURE)
    }
}

impl From<Refused> for HostError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused.0)
    }
}

// === heads ===

pub(super) fn request_head(end_of_stream: bool) -> Result<Head, MalformedHead> {
    head(Map::Request, end_of_stream)
}

pub(super) fn response_head(end_of_stream: bool) -> Result<Head, MalformedHead> {
    head(Map::Response, end_of_stream)
}

fn callout_head() -> Result<Head, MalformedHead> {
    head(Map::Callout, false)
}

pub(super) fn edit_request(edits: &Edits) -> Result<(), HostError> {
    edit(Map::Request, edits)
}

/// Takes away the trailers that only the gateway and the edge may write: some backends read them as headers.
pub(super) fn clean_request_trailers() -> Result<(), HostError> {
    let trailers = head(Map::RequestTrailers, true).map_err(|MalformedHead| HostError::UnreadableTrailers)?;
    edit(Map::RequestTrailers, &trailer_edits(&trailers))
}

pub(super) fn edit_response(edits: &Edits) -> Result<(), HostError> {
    edit(Map::Response, edits)
}

fn head(map: Map, end_of_stream: bool) -> Result<Head, MalformedHead> {
    let buffer = abi::pairs(map).map_err(|Refused(_)| MalformedHead)?;
    Head::parse(buffer, end_of_stream)
}

fn edit(map: Map, edits: &Edits) -> Result<(), HostError> {
    for edit in &edits.0 {
        match edit {
            Edit::Remove(name) => abi::remove(map, name)?,
            Edit::Set(name, value) => {
                check(name, value)?;
                abi::replace(map, name, value)?;
            }
            Edit::Add(name, value) => {
                check(name, value)?;
                abi::add(map, name, value)?;
            }
        }
    }
    Ok(())
}

/// Envoy's release builds write a header as it is given: a decoded `%0d%0a` would be a header of the client's choice.
fn check(name: &[u8], value: &[u8]) -> Result<(), HostError> {
    if ends_line(name) || ends_line(value) { Err(HostError::UnsafeHeader) } else { Ok(()) }
}

/// Whether a byte ends a line. A header seldom has one that is as small.
fn ends_line(bytes: &[u8]) -> bool {
    any_below(bytes, b'\r' + 1) && bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0))
}

// === bodies ===

pub(super) fn request_body(size: usize) -> Result<Vec<u8>, HostError> {
    read(Buffer::RequestBody, size)
}

pub(super) fn response_body(size: usize) -> Result<Vec<u8>, HostError> {
    read(Buffer::ResponseBody, size)
}

fn callout_body(size: usize) -> Result<Vec<u8>, HostError> {
    read(Buffer::CalloutBody, size)
}

pub(super) fn plugin_configuration(size: usize) -> Result<Vec<u8>, HostError> {
    read(Buffer::PluginConfiguration, size)
}

/// Exactly `size` bytes: a part of a body is not the body.
fn read(buffer: Buffer, size: usize) -> Result<Vec<u8>, HostError> {
    part(buffer, 0, size)
}

/// Writes `bytes` in the place of the first `length` of a buffer, where `start` is 0, or behind it, where that is not less than
/// its size: no other place can be written to.
pub(super) fn replace_part(
    buffer: Buffer,
    start: usize,
    length: usize,
    bytes: &[u8],
) -> Result<(), HostError> {
    Ok(abi::set_buffer(buffer, start, length, bytes)?)
}

/// Exactly `size` bytes of a buffer, from `start` on.
pub(super) fn part(buffer: Buffer, start: usize, size: usize) -> Result<Vec<u8>, HostError> {
    if size == 0 {
        // The buffer may not exist.
        return Ok(Vec::new());
    }
    let bytes = abi::buffer(buffer, start, size)?;
    if bytes.len() == size { Ok(bytes) } else { Err(HostError::Short { got: bytes.len(), announced: size }) }
}

// === the stream ===

/// Answers the client: instead of the backend, or in the place of a response that has not left yet. If it has, Envoy
/// resets the stream.
pub(super) fn answer(answer: &Answer) -> Result<(), HostError> {
    // Envoy does not check the status.
    let status = if (200..=599).contains(&answer.status) { answer.status } else { 500 };
    let safe = answer.headers.iter().filter(|(name, value)| check(name, value).is_ok());
    Ok(abi::answer(status, answer.details.as_bytes(), &serialize(safe), &answer.body)?)
}

pub(super) fn resume_request() -> Result<(), HostError> {
    Ok(abi::resume_request()?)
}

/// Asks a cluster. The token comes back with the answer.
pub(super) fn call(callout: &Callout) -> Result<u32, HostError> {
    for (name, value) in &callout.headers {
        check(name, value)?;
    }
    let headers = serialize(callout.headers.iter());
    Ok(abi::call(callout.cluster.as_bytes(), &headers, &callout.body, callout.timeout_millis)?)
}

/// Most that any service may answer: API Gateway's largest response, such as an object of S3 (a Lambda function: 6 MB).
const LARGEST_REPLY: usize = 10 * 1024 * 1024;

/// What a service answered.
pub(super) fn callout_reply(headers: usize, size: usize) -> CalloutReply {
    if headers == 0 {
        return CalloutReply::Failed;
    }
    if size > LARGEST_REPLY {
        return CalloutReply::TooLarge;
    }
    let Ok(head) = callout_head() else { return CalloutReply::Failed };
    let status = head.first(b":status").and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
    match (status, callout_body(size)) {
        (Some(status), Ok(body)) => CalloutReply::Answered { status, head, body },
        (None, _) | (_, Err(_)) => CalloutReply::Failed,
    }
}

/// Calls that follow are made for this stream.
pub(super) fn act_for(stream: u32) -> Result<(), HostError> {
    Ok(abi::act_for(stream)?)
}

/// A header map as the host reads it: the layout of [`Head`].
fn serialize<'a>(pairs: impl Iterator<Item = &'a (Bytes, Bytes)> + Clone) -> Vec<u8> {
    // A length over 32 bits cannot be in a 32-bit memory.
    let length = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    let size = pairs.clone().map(|(name, value)| name.len() + value.len() + 10).sum::<usize>() + 4;
    let mut map = Vec::with_capacity(size);
    map.extend(length(pairs.clone().count()));
    for (name, value) in pairs.clone() {
        map.extend(length(name.len()));
        map.extend(length(value.len()));
    }
    for (name, value) in pairs {
        map.extend_from_slice(name);
        map.push(0);
        map.extend_from_slice(value);
        map.push(0);
    }
    map
}

// === the world ===

/// The client's address as Envoy trusts it; empty if there is none.
pub(super) fn source_address() -> Vec<u8> {
    abi::property(b"source\0address").unwrap_or_default()
}

/// SHA-256 of the certificate that the client presented, in hexadecimal; empty if it presented none.
pub(super) fn client_cert_digest() -> Vec<u8> {
    abi::property(b"connection\0sha256_peer_certificate_digest").unwrap_or_default()
}

/// The name that the client asked for in its TLS handshake; empty if it asked for none.
pub(super) fn requested_server_name() -> Vec<u8> {
    abi::property(b"connection\0requested_server_name").unwrap_or_default()
}

/// Whether the client presented a certificate: a boolean is a byte.
pub(super) fn is_mutual_tls() -> bool {
    abi::property(b"connection\0mtls").is_ok_and(|value| value == [1])
}

/// Hands a line of a web ACL's log to Envoy's access log, which reads it as `%FILTER_STATE(wasm.sekisho_waf_log:PLAIN)%`.
pub(super) fn log_inspection(line: &[u8]) -> Result<(), HostError> {
    Ok(abi::set_property(b"sekisho_waf_log", line)?)
}

/// Hands a line of an access log to Envoy's, which reads it as `%FILTER_STATE(wasm.sekisho_access_log_…:PLAIN)%`.
pub(super) fn log_access(state: &str, line: &[u8]) -> Result<(), HostError> {
    Ok(abi::set_property(state.as_bytes(), line)?)
}

/// Hands the lines of an execution log to Envoy's access log, which reads them as `%FILTER_STATE(wasm.sekisho_execution_log:PLAIN)%`.
pub(super) fn log_execution(lines: &[u8]) -> Result<(), HostError> {
    Ok(abi::set_property(b"sekisho_execution_log", lines)?)
}

/// A property that is a number: Envoy hands over 64 bits, least significant byte first. 0 if there is none.
pub(super) fn number(path: &[u8]) -> u64 {
    let bytes = abi::property(path).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u64::from_le_bytes)
}

/// The version of TLS, such as `TLSv1.3`; empty without TLS.
pub(super) fn tls_version() -> Vec<u8> {
    abi::property(b"connection\0tls_version").unwrap_or_default()
}

/// Who made the response and why; empty if Envoy does not say.
pub(super) fn response_code_details() -> Vec<u8> {
    abi::property(b"response\0code_details").unwrap_or_default()
}

pub(super) fn wall_clock() -> Millis {
    Millis(abi::nanoseconds().unwrap_or_default() / 1_000_000)
}

/// A clock that stands still fills no bucket: nobody is let in by its failing.
pub(super) fn monotonic_clock() -> Nanos {
    Nanos(abi::monotonic_nanoseconds().unwrap_or_default())
}

/// Envoy's `verify_signature`: protobuf in, protobuf out. None if Envoy does not know it or cannot read the question.
pub(super) fn verify_signature(question: &[u8]) -> Option<Vec<u8>> {
    abi::foreign_function(b"verify_signature", question).ok()
}

/// A seed from the host's randomness.
pub(super) fn seed() -> u64 {
    abi::random().unwrap_or_default()
}

/// Bytes of the host's randomness that nobody can guess.
pub(super) fn secret() -> [u8; 16] {
    let mut secret = [0; 16];
    for half in secret.as_chunks_mut().0 {
        *half = seed().to_le_bytes();
    }
    secret
}

// === what all workers share ===

/// A shared value and its version; none if it was never written.
pub(super) fn shared(key: &str) -> Option<(Vec<u8>, u32)> {
    abi::shared_data(key.as_bytes()).ok()
}

/// Writes a shared value if it still has this version; 0 compares nothing.
pub(super) fn set_shared(key: &str, value: &[u8], version: u32) -> Result<(), HostError> {
    Ok(abi::set_shared_data(key.as_bytes(), value, version)?)
}

/// Asks for ticks of the root that is configured.
pub(super) fn tick_every(millis: u32) -> Result<(), HostError> {
    Ok(abi::set_tick_period(millis)?)
}

/// The value of an environment variable that Envoy hands to the VM.
pub(super) fn environment(variable: &str) -> Option<Vec<u8>> {
    std::env::var_os(variable).map(std::ffi::OsString::into_encoded_bytes)
}

// === statistics ===

/// A gauge of Envoy's.
#[derive(Debug)]
pub(super) struct Gauge(u32);

/// The gauge of a name, which every VM of this Envoy shares.
pub(super) fn gauge(name: &str) -> Result<Gauge, HostError> {
    Ok(Gauge(abi::define_metric(Metric::Gauge, name.as_bytes())?))
}

impl Gauge {
    pub(super) fn set(&self, value: u64) -> Result<(), HostError> {
        Ok(abi::record_metric(self.0, value)?)
    }

    /// Adds, or takes away.
    pub(super) fn change(&self, difference: i64) -> Result<(), HostError> {
        Ok(abi::increment_metric(self.0, difference)?)
    }
}

/// A histogram of Envoy's.
#[derive(Debug)]
pub(super) struct Histogram(u32);

/// The histogram of a name, which every VM of this Envoy shares.
pub(super) fn histogram(name: &str) -> Result<Histogram, HostError> {
    Ok(Histogram(abi::define_metric(Metric::Histogram, name.as_bytes())?))
}

impl Histogram {
    pub(super) fn record(&self, value: u64) -> Result<(), HostError> {
        Ok(abi::record_metric(self.0, value)?)
    }
}

/// A counter of Envoy's.
#[derive(Debug)]
pub(super) struct Counter(u32);

/// The counter of a name, which every VM of this Envoy shares.
pub(super) fn counter(name: &str) -> Result<Counter, HostError> {
    Ok(Counter(abi::define_metric(Metric::Counter, name.as_bytes())?))
}

impl Counter {
    pub(super) fn add(&self, count: u64) -> Result<(), HostError> {
        // Nothing happens so often between two ticks.
        Ok(abi::increment_metric(self.0, i64::try_from(count).unwrap_or(i64::MAX))?)
    }
}

// === logging ===

struct HostLog;

impl log::Log for HostLog {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let level = match record.level() {
            log::Level::Trace => 0,
            log::Level::Debug => 1,
            log::Level::Info => 2,
            log::Level::Warn => 3,
            log::Level::Error => 4,
        };
        abi::log(level, &record.args().to_string());
    }

    fn flush(&self) {}
}

/// Sends `log`'s lines to Envoy; what Envoy would not print is not even formatted.
pub(super) fn start_logging() {
    static LOG: HostLog = HostLog;
    // The second root of a VM finds it set already.
    let _ = log::set_logger(&LOG);
    log::set_max_level(match abi::log_level() {
        Ok(0) => log::LevelFilter::Trace,
        Ok(1) => log::LevelFilter::Debug,
        Ok(3) => log::LevelFilter::Warn,
        Ok(4 | 5) => log::LevelFilter::Error,
        Ok(_) | Err(_) => log::LevelFilter::Info,
    });
}
