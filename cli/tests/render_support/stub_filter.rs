//! A stand-in for the filter, on the bare proxy-wasm ABI, compiled by the tests with `rustc`.
//!
//! It keeps the filter's contract with Envoy's configuration and nothing else: it refuses a document that contains
//! `stub-refuses-this`, takes `x-sekisho-cluster` away from the client, and sets it to the value of `x-stub-cluster` if
//! the document mentions that value; if not, it answers 404 with details that begin with `sekisho_`.
#![allow(static_mut_refs)]

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_get_buffer_bytes(kind: u32, start: usize, max: usize, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        key: *const u8,
        key_size: usize,
        value: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(map: u32, key: *const u8, key_size: usize) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc: i32,
    ) -> u32;
}

const CONTINUE: u32 = 0;
const PAUSE: u32 = 1;

static mut DOCUMENT: Vec<u8> = Vec::new();

#[unsafe(no_mangle)]
pub extern "C" fn proxy_abi_version_0_2_1() {}

#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    let mut bytes = Vec::<u8>::with_capacity(size.max(1));
    let at = bytes.as_mut_ptr();
    std::mem::forget(bytes);
    at
}

#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_context_create(_context: u32, _root: u32) {}

#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_vm_start(_context: u32, _size: u32) -> u32 {
    1
}

#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_configure(_context: u32, size: usize) -> u32 {
    let (mut data, mut length) = (std::ptr::null_mut(), 0);
    let document = unsafe {
        if proxy_get_buffer_bytes(7, 0, size, &mut data, &mut length) != 0 {
            return 0;
        }
        Vec::from_raw_parts(data, length, length)
    };
    if contains(&document, b"stub-refuses-this") {
        return 0;
    }
    unsafe { DOCUMENT = document };
    1
}

#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_request_headers(_context: u32, _count: u32, end_of_stream: u32) -> u32 {
    remove(b"x-sekisho-cluster");
    if header(b"x-stub").as_deref() == Some(b"no-proto") {
        remove(b"x-forwarded-proto");
    }
    match header(b"x-stub").as_deref() {
        Some(b"wait") => return PAUSE,
        Some(b"unrouted") => return CONTINUE,
        Some(b"trap") => std::process::abort(),
        Some(b"body") if end_of_stream == 0 => return PAUSE,
        Some(b"forbid") => return answer(403, b"sekisho_forbidden", b"{\"message\":\"Forbidden\"}"),
        Some(b"internal") => return answer(500, b"sekisho_internal", b"{\"message\":\"Internal server error\"}"),
        _ => {}
    }
    route()
}

#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_request_body(_context: u32, _size: u32, end_of_stream: u32) -> u32 {
    match header(b"x-stub").as_deref() {
        Some(b"body") if end_of_stream == 0 => PAUSE,
        Some(b"body") => route(),
        _ => CONTINUE,
    }
}

fn route() -> u32 {
    let Some(cluster) = header(b"x-stub-cluster") else {
        return answer(404, b"sekisho_not_found", b"{\"message\":\"Not Found\"}");
    };
    if !contains(unsafe { &DOCUMENT }, &cluster) {
        return answer(404, b"sekisho_not_found", b"{\"message\":\"Not Found\"}");
    }
    for (from, to) in [
        (&b"x-stub-timeout"[..], &b"x-envoy-upstream-rq-timeout-ms"[..]),
        (b"x-stub-retry-on", b"x-envoy-retry-on"),
        (b"x-stub-max-retries", b"x-envoy-max-retries"),
    ] {
        if let Some(value) = header(from) {
            set(to, &value);
        }
    }
    set(b"x-sekisho-cluster", &cluster);
    CONTINUE
}

fn answer(status: u32, details: &[u8], body: &[u8]) -> u32 {
    // One pair: count, two lengths, the two texts with a NUL each.
    let (name, value) = (b"content-type", b"application/json");
    let mut headers = Vec::new();
    for number in [1, name.len() as u32, value.len() as u32] {
        headers.extend(number.to_le_bytes());
    }
    for text in [&name[..], &value[..]] {
        headers.extend(text);
        headers.push(0);
    }
    unsafe {
        proxy_send_local_response(
            status,
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            -1,
        );
    }
    PAUSE
}

fn header(name: &[u8]) -> Option<Vec<u8>> {
    let (mut data, mut length) = (std::ptr::null_mut(), 0);
    unsafe {
        let status = proxy_get_header_map_value(0, name.as_ptr(), name.len(), &mut data, &mut length);
        (status == 0 && !data.is_null()).then(|| Vec::from_raw_parts(data, length, length))
    }
}

fn set(name: &[u8], value: &[u8]) {
    unsafe { proxy_replace_header_map_value(0, name.as_ptr(), name.len(), value.as_ptr(), value.len()) };
}

fn remove(name: &[u8]) {
    unsafe { proxy_remove_header_map_value(0, name.as_ptr(), name.len()) };
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len().max(1)).any(|window| window == part)
}

