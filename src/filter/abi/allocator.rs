//! The module's memory.

use std::alloc::{GlobalAlloc, Layout};
use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};

/// The C library's allocator takes 750 instructions for a piece of memory, and a request takes some twenty of them.
#[global_allocator]
static ALLOCATOR: Outlined = Outlined(new_wasm_dynamic_allocator());

/// An allocator that stands once: inlined wherever memory is taken, it would make the module a twentieth larger.
struct Outlined(WasmDynamicTalc);

// SAFETY: each call is handed on as it is.
unsafe impl GlobalAlloc for Outlined {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { self.0.alloc(layout) }
    }

    #[inline(never)]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { self.0.dealloc(memory, layout) }
    }

    #[inline(never)]
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { self.0.realloc(memory, layout, size) }
    }
}
