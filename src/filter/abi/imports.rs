//! What the host offers.

use super::{Buffer, Map, Metric, Refused};
use std::ptr::{null, null_mut};

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn clock_time_get(clock: u32, precision: u64, time: *mut u64) -> u16;
}

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
    fn proxy_set_buffer_bytes(buffer: u32, start: usize, length: usize, data: *const u8, size: usize) -> u32;
    fn proxy_get_property(path: *const u8, path_size: usize, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_property(path: *const u8, path_size: usize, data: *const u8, size: usize) -> u32;
    fn proxy_call_foreign_function(
        name: *const u8,
        name_size: usize,
        argument: *const u8,
        argument_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        key_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
        version: *mut u32,
    ) -> u32;
    fn proxy_set_shared_data(
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
        version: u32,
    ) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, name_size: usize, metric: *mut u32) -> u32;
    fn proxy_record_metric(metric: u32, value: u64) -> u32;
    fn proxy_increment_metric(metric: u32, offset: i64) -> u32;
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

/// Owns what the host put into memory from `proxy_on_memory_allocate`.
fn take(status: u32, data: *mut u8, size: usize) -> Result<Vec<u8>, Refused> {
    done(status)?;
    if data.is_null() || size == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: `proxy_on_memory_allocate` allocated exactly `size` bytes at `data` by the global allocator with the
    // layout of `[u8; size]`, the host wrote all of them and forgot them.
    Ok(unsafe { Vec::from_raw_parts(data, size, size) })
}

pub(in crate::filter) fn log(level: u32, message: &str) {
    // SAFETY: see above. A log line that the host refuses is lost; there is nobody to tell.
    let _ = unsafe { proxy_log(level, message.as_ptr(), message.len()) };
}

pub(in crate::filter) fn log_level() -> Result<u32, Refused> {
    let mut level = 0;
    // SAFETY: see above.
    done(unsafe { proxy_get_log_level(&raw mut level) })?;
    Ok(level)
}

/// Nanoseconds of WASI's monotonic clock, which is the same in all VMs of a process.
pub(in crate::filter) fn monotonic_nanoseconds() -> Result<u64, Refused> {
    const MONOTONIC: u32 = 1;
    let mut time = 0;
    // SAFETY: see above.
    let status = unsafe { clock_time_get(MONOTONIC, 1, &raw mut time) };
    done(status.into())?;
    Ok(time)
}

pub(in crate::filter) fn nanoseconds() -> Result<u64, Refused> {
    let mut time = 0;
    // SAFETY: see above.
    done(unsafe { proxy_get_current_time_nanoseconds(&raw mut time) })?;
    Ok(time)
}

/// Calls that follow are made for this context: needed in a callout's answer, which comes to the root.
pub(in crate::filter) fn act_for(context: u32) -> Result<(), Refused> {
    // SAFETY: no pointers.
    done(unsafe { proxy_set_effective_context(context) })
}

pub(in crate::filter) fn pairs(map: Map) -> Result<Vec<u8>, Refused> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: see above.
    let status = unsafe { proxy_get_header_map_pairs(map as u32, &raw mut data, &raw mut size) };
    take(status, data, size)
}

pub(in crate::filter) fn remove(map: Map, name: &[u8]) -> Result<(), Refused> {
    // SAFETY: see above.
    done(unsafe { proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len()) })
}

pub(in crate::filter) fn replace(map: Map, name: &[u8], value: &[u8]) -> Result<(), Refused> {
    let map = map as u32;
    // SAFETY: see above.
    done(unsafe {
        proxy_replace_header_map_value(map, name.as_ptr(), name.len(), value.as_ptr(), value.len())
    })
}

pub(in crate::filter) fn add(map: Map, name: &[u8], value: &[u8]) -> Result<(), Refused> {
    let map = map as u32;
    // SAFETY: see above.
    done(unsafe { proxy_add_header_map_value(map, name.as_ptr(), name.len(), value.as_ptr(), value.len()) })
}

pub(in crate::filter) fn buffer(buffer: Buffer, start: usize, length: usize) -> Result<Vec<u8>, Refused> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: see above.
    let status =
        unsafe { proxy_get_buffer_bytes(buffer as u32, start, length, &raw mut data, &raw mut size) };
    take(status, data, size)
}

/// Writes `bytes` in the place of a part of a buffer.
pub(in crate::filter) fn set_buffer(
    buffer: Buffer,
    start: usize,
    length: usize,
    bytes: &[u8],
) -> Result<(), Refused> {
    // SAFETY: see above.
    done(unsafe { proxy_set_buffer_bytes(buffer as u32, start, length, bytes.as_ptr(), bytes.len()) })
}

pub(in crate::filter) fn property(path: &[u8]) -> Result<Vec<u8>, Refused> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: see above.
    let status = unsafe { proxy_get_property(path.as_ptr(), path.len(), &raw mut data, &raw mut size) };
    take(status, data, size)
}

/// Sets a part of the stream's filter state, which access logs read as `wasm.NAME`.
pub(in crate::filter) fn set_property(name: &[u8], value: &[u8]) -> Result<(), Refused> {
    // SAFETY: see above.
    done(unsafe { proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) })
}

pub(in crate::filter) fn foreign_function(name: &[u8], argument: &[u8]) -> Result<Vec<u8>, Refused> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: see above.
    let status = unsafe {
        proxy_call_foreign_function(
            name.as_ptr(),
            name.len(),
            argument.as_ptr(),
            argument.len(),
            &raw mut data,
            &raw mut size,
        )
    };
    take(status, data, size)
}

/// Asks for `proxy_on_tick`, for the context that is configured.
pub(in crate::filter) fn set_tick_period(millis: u32) -> Result<(), Refused> {
    // SAFETY: no pointers.
    done(unsafe { proxy_set_tick_period_milliseconds(millis) })
}

/// A shared value and its version.
pub(in crate::filter) fn shared_data(key: &[u8]) -> Result<(Vec<u8>, u32), Refused> {
    let (mut data, mut size, mut version) = (null_mut(), 0, 0);
    // SAFETY: see above.
    let status = unsafe {
        proxy_get_shared_data(key.as_ptr(), key.len(), &raw mut data, &raw mut size, &raw mut version)
    };
    Ok((take(status, data, size)?, version))
}

/// Writes a shared value; version 0 compares nothing.
pub(in crate::filter) fn set_shared_data(key: &[u8], value: &[u8], version: u32) -> Result<(), Refused> {
    // SAFETY: see above.
    done(unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), version) })
}

/// Defines a metric, or finds the one of this name; gives its number in this VM.
pub(in crate::filter) fn define_metric(kind: Metric, name: &[u8]) -> Result<u32, Refused> {
    let mut metric = 0;
    // SAFETY: see above.
    done(unsafe { proxy_define_metric(kind as u32, name.as_ptr(), name.len(), &raw mut metric) })?;
    Ok(metric)
}

/// Sets a gauge, or adds an observation to a histogram.
pub(in crate::filter) fn record_metric(metric: u32, value: u64) -> Result<(), Refused> {
    // SAFETY: no pointers.
    done(unsafe { proxy_record_metric(metric, value) })
}

/// Adds to a counter or a gauge.
pub(in crate::filter) fn increment_metric(metric: u32, offset: i64) -> Result<(), Refused> {
    // SAFETY: no pointers.
    done(unsafe { proxy_increment_metric(metric, offset) })
}

pub(in crate::filter) fn resume_request() -> Result<(), Refused> {
    const REQUEST: u32 = 0;
    // SAFETY: no pointers.
    done(unsafe { proxy_continue_stream(REQUEST) })
}

pub(in crate::filter) fn answer(
    status: u16,
    details: &[u8],
    headers: &[u8],
    body: &[u8],
) -> Result<(), Refused> {
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

pub(in crate::filter) fn call(
    cluster: &[u8],
    headers: &[u8],
    body: &[u8],
    timeout: u32,
) -> Result<u32, Refused> {
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

pub(in crate::filter) fn random() -> Result<u64, Refused> {
    let mut bytes = [0; 8];
    // SAFETY: see above.
    done(unsafe { random_get(bytes.as_mut_ptr(), bytes.len()) })?;
    Ok(u64::from_le_bytes(bytes))
}
