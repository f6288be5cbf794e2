//! The floor of a shell of our own: the same callbacks as the product's, contexts in one map, nothing done.

use std::alloc::{Layout, alloc};
use std::cell::RefCell;
use std::collections::BTreeMap;

thread_local! {
    static STREAMS: RefCell<BTreeMap<u32, u32>> = const { RefCell::new(BTreeMap::new()) };
}

fn touch(context: u32) -> u32 {
    STREAMS.with(|streams| {
        if let Ok(mut streams) = streams.try_borrow_mut()
            && let Some(callbacks) = streams.get_mut(&context)
        {
            *callbacks += 1;
        }
    });
    0
}

#[unsafe(no_mangle)]
extern "C" fn proxy_abi_version_0_2_1() {}

#[unsafe(no_mangle)]
extern "C" fn _initialize() {
    unsafe extern "C" {
        fn __wasm_call_ctors();
    }
    // SAFETY: the linker makes this function; it takes nothing, returns nothing, and runs here alone.
    unsafe { __wasm_call_ctors() };
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    match Layout::array::<u8>(size) {
        // SAFETY: the layout is not empty.
        Ok(layout) if size > 0 => unsafe { alloc(layout) },
        Ok(_) | Err(_) => std::ptr::null_mut(),
    }
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_context_create(context: u32, _parent: u32) {
    STREAMS.with(|streams| streams.try_borrow_mut().map(|mut streams| streams.insert(context, 0)).ok());
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_configure(_context: u32, _size: usize) -> u32 {
    1
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(context: u32, _count: usize, _end: u32) -> u32 {
    touch(context)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_body(context: u32, _size: usize, _end: u32) -> u32 {
    touch(context)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_trailers(context: u32, _count: usize) -> u32 {
    touch(context)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_headers(context: u32, _count: usize, _end: u32) -> u32 {
    touch(context)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_body(context: u32, _size: usize, _end: u32) -> u32 {
    touch(context)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_trailers(context: u32, _count: usize) -> u32 {
    touch(context)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_http_call_response(_: u32, _: u32, _: usize, _: usize, _: usize) {}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_delete(context: u32) {
    STREAMS.with(|streams| streams.try_borrow_mut().map(|mut streams| streams.remove(&context)).ok());
}
