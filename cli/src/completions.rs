//! `sekisho completions`: a completion script for a shell.

use crate::args::Cli;
use crate::{Error, Ui};
use clap::CommandFactory;
use std::process::ExitCode;

/// Prints a completion script for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The shell.
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

const EXAMPLES: &str = "\
Examples:
  sekisho completions bash > ~/.local/share/bash-completion/completions/sekisho
  sekisho completions zsh > \"${fpath[1]}/_sekisho\"
  sekisho completions fish > ~/.config/fish/completions/sekisho.fish";

/// Prints the script.
///
/// # Errors
/// If stdout cannot be written.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "sekisho", &mut script);
    ui.print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
