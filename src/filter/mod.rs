//! The shell: carries out what the core decides, and decides nothing. Wasm only.
