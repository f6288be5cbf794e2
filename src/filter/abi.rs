//! Proxy-Wasm ABI 0.2.1 as Envoy speaks it: what the module exports, what it imports. The crate's only `unsafe`.
//!
//! Every import is wrapped so that a host status is a value: the host may refuse any call at any time, and a panic
//! would take the worker's VM with it. Callbacks that nothing needs are not exported, because each crossing costs.

// An ABI is raw pointers by nature. Each block says why it holds; nothing outside this file is unsafe.
#![allow(unsafe_code)]

use super::{configure, vm};
use std::alloc::{Layout, alloc};
use std::ptr::{null, null_mut};

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

// === exports ===

#[unsafe(no_mangle)]
extern "C" fn proxy_abi_version_0_2_1() {}

/// The host calls this once. Without it the linker takes the module for a command, and wraps every export in a start and
/// an end of the C library.
#[unsafe(no_mangle)]
extern "C" fn _initialize() {
    unsafe extern "C" {
        fn __wasm_call_ctors();
    }
    // SAFETY: the linker makes this function; it takes nothing, returns nothing, and runs here alone.
    unsafe { __wasm_call_ctors() };
}

/// Memory for what the host hands over; [`take`] becomes its owner. Null makes the host's call fail, nothing else.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    match Layout::array::<u8>(size) {
        // SAFETY: the layout is not empty.
        Ok(layout) if size > 0 => unsafe { alloc(layout) },
        Ok(_) | Err(_) => null_mut(),
    }
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_context_create(context: u32, parent: u32) {
    vm(|vm| vm.create(context, parent));
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_configure(context: u32, size: usize) -> u32 {
    u32::from(configure(context, size))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(context: u32, _count: usize, end_of_stream: u32) -> u32 {
    vm(|vm| vm.request_headers(context, end_of_stream != 0)).unwrap_or(HeadersStatus::StopAll) as u32
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_body(context: u32, size: usize, end_of_stream: u32) -> u32 {
    vm(|vm| vm.request_body(context, size, end_of_stream != 0)).unwrap_or(DataStatus::Drop) as u32
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_trailers(context: u32, _count: usize) -> u32 {
    vm(|vm| vm.request_trailers(context)).unwrap_or(TrailersStatus::Stop) as u32
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_headers(context: u32, _count: usize, end_of_stream: u32) -> u32 {
    vm(|vm| vm.response_headers(context, end_of_stream != 0)).unwrap_or(HeadersStatus::StopAll) as u32
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_body(context: u32, size: usize, end_of_stream: u32) -> u32 {
    vm(|vm| vm.response_body(context, size, end_of_stream != 0)).unwrap_or(DataStatus::Drop) as u32
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_trailers(context: u32, _count: usize) -> u32 {
    vm(|vm| vm.response_trailers(context)).unwrap_or(TrailersStatus::Stop) as u32
}

/// The context is the root: Envoy makes every callout in the root's name.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_http_call_response(
    _root: u32,
    token: u32,
    headers: usize,
    body: usize,
    _trailers: usize,
) {
    vm(|vm| vm.callout(token, headers, body));
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_delete(context: u32) {
    vm(|vm| vm.delete(context));
}

// === imports ===

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_log(level: u32, message: *const u8, size: usize) -> u32;
    fn proxy_get_log_level(level: *mut u32) -> u32;
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_remove_header_map_value(map: u32, name: *const u8, name_size: usize) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_add_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: usize,
        length: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_get_property(path: *const u8, path_size: usize, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_continue_stream(direction: u32) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
    fn proxy_http_call(
        cluster: *const u8,
        cluster_size: usize,
        headers: *const u8,
        headers_size: usize,
        body: *const u8,
        body_size: usize,
        trailers: *const u8,
        trailers_size: usize,
        timeout: u32,
        token: *mut u32,
    ) -> u32;
}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn random_get(data: *mut u8, size: usize) -> u32;
}

// In each wrapper below the pointers come from slices and locals that outlive the call, and the host keeps none of them.

fn done(status: u32) -> Result<(), Refused> {
    if status == 0 { Ok(()) } else { Err(Refused(status)) }
}

/// Owns what the host put into memory from [`proxy_on_memory_allocate`].
fn take(status: u32, data: *mut u8, size: usize) -> Result<Vec<u8>, Refused> {
    done(status)?;
    if data.is_null() || size == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: `proxy_on_memory_allocate` allocated exactly `size` bytes at `data` by the global allocator with the
    // layout of `[u8; size]`, the host wrote all of them and forgot them.
    Ok(unsafe { Vec::from_raw_parts(data, size, size) })
}

pub(super) fn log(level: u32, message: &str) {
    // SAFETY: see above. A log line that the host refuses is lost; there is nobody to tell.
    let _ = unsafe { proxy_log(level, message.as_ptr(), message.len()) };
}

pub(super) fn log_level() -> Result<u32, Refused> {
    let mut level = 0;
    // SAFETY: see above.
    done(unsafe { proxy_get_log_level(&raw mut level) })?;
    Ok(level)
}

pub(super) fn nanoseconds() -> Result<u64, Refused> {
    let mut time = 0;
    // SAFETY: see above.
    done(unsafe { proxy_get_current_time_nanoseconds(&raw mut time) })?;
    Ok(time)
}

/// Calls that follow are made for this context: needed in a callout's answer, which comes to the root.
pub(super) fn act_for(context: u32) -> Result<(), Refused> {
    // SAFETY: no pointers.
    done(unsafe { proxy_set_effective_context(context) })
}

pub(super) fn pairs(map: Map) -> Result<Vec<u8>, Refused> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: see above.
    let status = unsafe { proxy_get_header_map_pairs(map as u32, &raw mut data, &raw mut size) };
    take(status, data, size)
}

pub(super) fn remove(map: Map, name: &[u8]) -> Result<(), Refused> {
    // SAFETY: see above.
    done(unsafe { proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len()) })
}

pub(super) fn replace(map: Map, name: &[u8], value: &[u8]) -> Result<(), Refused> {
    let map = map as u32;
    // SAFETY: see above.
    done(unsafe {
        proxy_replace_header_map_value(map, name.as_ptr(), name.len(), value.as_ptr(), value.len())
    })
}

pub(super) fn add(map: Map, name: &[u8], value: &[u8]) -> Result<(), Refused> {
    let map = map as u32;
    // SAFETY: see above.
    done(unsafe { proxy_add_header_map_value(map, name.as_ptr(), name.len(), value.as_ptr(), value.len()) })
}

pub(super) fn buffer(buffer: Buffer, length: usize) -> Result<Vec<u8>, Refused> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: see above.
    let status = unsafe { proxy_get_buffer_bytes(buffer as u32, 0, length, &raw mut data, &raw mut size) };
    take(status, data, size)
}

pub(super) fn property(path: &[u8]) -> Result<Vec<u8>, Refused> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: see above.
    let status = unsafe { proxy_get_property(path.as_ptr(), path.len(), &raw mut data, &raw mut size) };
    take(status, data, size)
}

pub(super) fn resume_request() -> Result<(), Refused> {
    const REQUEST: u32 = 0;
    // SAFETY: no pointers.
    done(unsafe { proxy_continue_stream(REQUEST) })
}

pub(super) fn answer(status: u16, details: &[u8], headers: &[u8], body: &[u8]) -> Result<(), Refused> {
    const NO_GRPC_STATUS: i32 = -1;
    // SAFETY: see above.
    done(unsafe {
        proxy_send_local_response(
            u32::from(status),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            NO_GRPC_STATUS,
        )
    })
}

pub(super) fn call(cluster: &[u8], headers: &[u8], body: &[u8], timeout: u32) -> Result<u32, Refused> {
    let mut token = 0;
    // SAFETY: see above.
    done(unsafe {
        proxy_http_call(
            cluster.as_ptr(),
            cluster.len(),
            headers.as_ptr(),
            headers.len(),
            body.as_ptr(),
            body.len(),
            null(),
            0,
            timeout,
            &raw mut token,
        )
    })?;
    Ok(token)
}

pub(super) fn random() -> Result<u64, Refused> {
    let mut bytes = [0; 8];
    // SAFETY: see above.
    done(unsafe { random_get(bytes.as_mut_ptr(), bytes.len()) })?;
    Ok(u64::from_le_bytes(bytes))
}
