#![no_main]
//! A document: it loads and compiles, or its problems are told.

use libfuzzer_sys::fuzz_target;
use sekisho::gateway::compile;
use sekisho::gateway::config::load;
use sekisho::gateway::surroundings::Elsewhere;

fuzz_target!(|data: &[u8]| {
    match load(data) {
        Err(diagnostics) => assert!(diagnostics.has_errors()),
        Ok(config) => {
            if let Err(diagnostics) = compile(&config, &Elsewhere) {
                assert!(diagnostics.has_errors());
            }
        }
    }
});
