//! What the module's C library imports of WASI: clocks, randomness, an empty environment, and nowhere to write.

use super::host::{Call, Host};
use wasmi::{Caller, Linker};

const WASI: &str = "wasi_snapshot_preview1";
const SUCCESS: u32 = 0;
/// A descriptor that is not open.
const BAD_DESCRIPTOR: u32 = 8;

/// Everything that the module may import of WASI.
pub(crate) fn offer(linker: &mut Linker<Host>) {
    let clock = |mut caller: Caller<'_, Host>, _clock: u32, _precision: u64, time: u32| {
        caller.data_mut().count("clock_time_get");
        let now = caller.data().now;
        Call(caller).put(time, &now.to_le_bytes());
        SUCCESS
    };
    let random = |mut caller: Caller<'_, Host>, at: u32, size: u32| {
        caller.data_mut().count("random_get");
        let bytes: Vec<_> = (0..size).map(|_| caller.data_mut().random()).collect();
        Call(caller).put(at, &bytes);
        SUCCESS
    };
    let sizes = |mut caller: Caller<'_, Host>, count: u32, size: u32| {
        caller.data_mut().count("environ_sizes_get");
        let mut call = Call(caller);
        call.write(count, 0);
        call.write(size, 0);
        SUCCESS
    };
    let environment = |_: Caller<'_, Host>, _: u32, _: u32| SUCCESS;
    let write = |_: Caller<'_, Host>, _: u32, _: u32, _: u32, _: u32| BAD_DESCRIPTOR;
    linker.func_wrap(WASI, "clock_time_get", clock).unwrap();
    linker.func_wrap(WASI, "random_get", random).unwrap();
    linker.func_wrap(WASI, "environ_sizes_get", sizes).unwrap();
    linker.func_wrap(WASI, "environ_get", environment).unwrap();
    linker.func_wrap(WASI, "fd_write", write).unwrap();
    linker
        .func_wrap(WASI, "proc_exit", |_: Caller<'_, Host>, code: u32| -> () {
            panic!("the module ended with {code}")
        })
        .unwrap();
}
