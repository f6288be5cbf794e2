//! Proxy-Wasm ABI 0.2.1 as Envoy speaks it: what the module exports, what it imports. The crate's only `unsafe`.
//!
//! Every import is wrapped so that a host status is a value: the host may refuse any call at any time, and a panic
//! would take the worker's VM with it. Callbacks that nothing needs are not exported, because each crossing costs.

// An ABI is raw pointers by nature. Each block says why it holds; nothing outside this folder is unsafe.
#![allow(unsafe_code)]

mod allocator;
mod exports;
mod imports;

pub(super) use imports::{
    act_for, add, answer, buffer, call, define_metric, foreign_function, increment_metric, log, log_level,
    monotonic_nanoseconds, nanoseconds, pairs, property, random, record_metric, remove, replace,
    resume_request, set_buffer, set_property, set_shared_data, set_tick_period, shared_data,
};

/// Why the host refused a call: its number, known or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused(pub(super) u32);

/// What `proxy_on_request_headers` and `proxy_on_response_headers` answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum HeadersStatus {
    /// On to the next filter.
    Continue = 0,
    /// Hold the head; body and trailers still come here.
    Stop = 1,
    /// Hold everything; body and trailers stay with the host, which reads no further than its watermark.
    StopAll = 4,
}

/// What `proxy_on_request_body` and `proxy_on_response_body` answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum DataStatus {
    /// On to the next filter, with all that was held.
    Continue = 0,
    /// Hold; past the buffer limit the host answers 413 or 500. The whole body can be read from now on.
    Buffer = 1,
    /// Hold; at the buffer limit the host reads no further. The held part can **not** be read: the host would follow
    /// a pointer to the last chunk after its end.
    Watermark = 2,
    /// Throw this part away.
    Drop = 3,
}

/// What `proxy_on_request_trailers` and `proxy_on_response_trailers` answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum TrailersStatus {
    /// On to the next filter, with all that was held.
    Continue = 0,
    /// Hold.
    Stop = 1,
}

/// A header map of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Map {
    Request = 0,
    RequestTrailers = 1,
    Response = 2,
    Callout = 6,
}

/// A byte buffer of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Buffer {
    RequestBody = 0,
    ResponseBody = 1,
    CalloutBody = 4,
    PluginConfiguration = 7,
}

/// A kind of metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Metric {
    Counter = 0,
    Gauge = 1,
    Histogram = 2,
}
