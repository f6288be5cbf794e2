//! `sekisho validate`: everything that is wrong with a document; and how every verb reads one.

use crate::render::tls::files;
use crate::{Error, Ui, hash_key, ui};
use sekisho::gateway::compile::MOST_CAPACITY;
use sekisho::gateway::config::{self, Config};
use sekisho::gateway::diagnostics::Diagnostics;
use sekisho::gateway::surroundings::{Elsewhere, Surroundings};
use sekisho::gateway::{self, Compiled};
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;

mod aws_limits;

/// Reports everything that is wrong with a document.
///
/// The document's form is checked first, then its meaning: every problem of each is printed in one run. Plain API keys
/// are accepted here; `render` writes their hashes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The document; `-` is stdin.
    file: String,
    /// Also list what Amazon's quotas would refuse, without failing: 300 routes, 10 stages, …. docs/limits.md has them all.
    #[arg(long)]
    aws_limits: bool,
}

const EXAMPLES: &str = "\
Examples:
  sekisho validate gateway.json
  sekisho validate --aws-limits gateway.json
  jq 'del(.usagePlans)' gateway.json | sekisho validate -

Exit status: 0 if the document is good, 1 if not.";

/// Prints every problem.
///
/// # Errors
/// If the document cannot be read, or is refused.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, Error> {
    let config = load(&args.file)?;
    let compiled = compile(&args.file, &config)?;
    let mut warnings = compiled.warnings;
    files::check(&config, &mut warnings);
    if warnings.has_errors() {
        return Err(refused(&args.file, warnings));
    }
    if args.aws_limits {
        aws_limits::check(&config, &mut warnings);
    }
    ui.diagnostics(&warnings);
    let (apis, routes) = (config.apis.len(), config.apis.iter().map(|api| api.routes.len()).sum());
    let size = format!("{}, {}", many(apis, "API"), many(routes, "route"));
    for acl in &config.web_acls {
        if let Some(compiled) = compiled.web_acls.get(&acl.arn) {
            let (name, units) = (&acl.name, compiled.capacity);
            ui.note(&format!("web ACL `{name}`: {units} capacity units (WCU), of {MOST_CAPACITY} on AWS"));
        }
    }
    ui.note(&format!("{}: good: {size}; {}", args.file, ui::counts(&warnings)));
    Ok(ExitCode::SUCCESS)
}

/// Reads a file; `-` is stdin.
///
/// # Errors
/// If it cannot be read.
pub fn read(file: &str) -> Result<Vec<u8>, Error> {
    if file == "-" {
        let mut text = Vec::new();
        let read = io::stdin().read_to_end(&mut text);
        return read.map(|_| text).map_err(|error| Error::failed("cannot read stdin").because(error));
    }
    std::fs::read(file).map_err(|error| {
        let directory = Path::new(file).is_dir();
        let error = Error::failed(format!("cannot read `{file}`")).because(error);
        if directory { error.help("name the document in it, such as `gateway.json`") } else { error }
    })
}

/// Reads a document whose form is good; plain API keys become hashes.
///
/// # Errors
/// If it cannot be read, or is refused.
pub fn load(file: &str) -> Result<Config, Error> {
    let mut config = config::load(&read(file)?).map_err(|diagnostics| refused(file, diagnostics))?;
    hash_key::hash_plain_keys(&mut config).map_err(|diagnostics| refused(file, diagnostics))?;
    Ok(config)
}

/// Compiles a document.
///
/// # Errors
/// If it is refused.
pub fn compile(file: &str, config: &Config) -> Result<Compiled, Error> {
    compile_in(file, config, &Elsewhere)
}

/// Compiles a document for somewhere.
///
/// # Errors
/// If it is refused.
pub fn compile_in(file: &str, config: &Config, surroundings: &dyn Surroundings) -> Result<Compiled, Error> {
    gateway::compile(config, surroundings).map_err(|diagnostics| refused(file, diagnostics))
}

fn refused(file: &str, diagnostics: Diagnostics) -> Error {
    Error::Refused { document: file.to_owned(), diagnostics }
}

fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
