//! The `sekisho` command.

use clap::{Parser, Subcommand};
use sekisho_cli::{apply, render, ui::Ui};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "sekisho", version)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Render(render::Args),
    Apply(apply::Args),
}

fn main() -> ExitCode {
    let ui = Ui::new();
    let result: Result<ExitCode, Box<dyn std::error::Error>> = match Command::parse().verb {
        Verb::Render(args) => render::run(&args, &ui).map_err(Into::into),
        Verb::Apply(args) => apply::run(&args, &ui).map_err(Into::into),
    };
    result.unwrap_or_else(|error| {
        anstream::eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}
