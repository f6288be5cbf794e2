//! The command, as `cli/src/main.rs` is: built with the tests, so that they need not build it beside themselves.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    sekisho_cli::args::Cli::parse().run()
}
