//! `sekisho schema`: the JSON Schema of the document, and the reference page made from it.

use crate::{Error, Ui, reference};
use sekisho::gateway::config;
use std::process::ExitCode;

/// Prints the JSON Schema (2020-12) of the document.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Print the reference page instead, as Markdown.
    #[arg(long)]
    markdown: bool,
}

const EXAMPLES: &str = "\
Examples:
  sekisho schema > gateway.schema.json      editors read it: {\"$schema\": \"./gateway.schema.json\", …}
  sekisho schema --markdown                 the page docs/reference/configuration.md";

/// Prints the schema or the page.
///
/// # Errors
/// If stdout cannot be written.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, Error> {
    let schema = config::schema();
    let text = if args.markdown { reference::markdown(&schema) } else { format!("{schema:#}\n") };
    ui.print(&text)?;
    Ok(ExitCode::SUCCESS)
}
