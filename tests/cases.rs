//! The cases, natively.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod imitation;
mod native;

use native::Native;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    sekisho_cases::main::<Native>(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases"))
}
