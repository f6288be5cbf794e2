//! The `sekisho` command.

use clap::Parser;
use sekisho_cli::demo;
use sekisho_cli::ui::Ui;
use std::process::ExitCode;

/// Amazon API Gateway's model for a stock Envoy.
#[derive(Parser)]
enum Command {
    /// Runs a gateway with everything it needs, and shows what it answers.
    Demo(demo::Args),
}

fn main() -> ExitCode {
    let Command::Demo(args) = Command::parse();
    match demo::run(&args, &Ui::new()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            if let Some(help) = error.help() {
                eprintln!("  help: {help}");
            }
            ExitCode::FAILURE
        }
    }
}
