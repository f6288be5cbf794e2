//! What the host calls. A callback that finds another one running, which no host does, holds the request.

use super::super::{configure, vm};
use super::{DataStatus, HeadersStatus, TrailersStatus};
use std::alloc::{Layout, alloc};
use std::ptr::null_mut;

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

/// Memory for what the host hands over; `imports::take` becomes its owner. Null makes the host's call fail, nothing else.
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
extern "C" fn proxy_on_tick(context: u32) {
    vm(|vm| vm.tick(context));
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
extern "C" fn proxy_on_log(context: u32) {
    vm(|vm| vm.log(context));
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_delete(context: u32) {
    vm(|vm| vm.delete(context));
}
