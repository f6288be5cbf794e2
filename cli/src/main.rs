//! The `sekisho` command.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    sekisho_cli::args::Cli::parse().run()
}
