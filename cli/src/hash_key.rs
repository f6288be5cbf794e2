//! `sekisho hash-key`: what stands in a document in an API key's place.
//!
//! Envoy shows the filter's configuration to everybody who may read `/config_dump`, so the filter takes hashes only.

use crate::{Error, Ui};
use sekisho::gateway::config::Config;
use sekisho::gateway::diagnostics::{Diagnostics, element, member};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::io::{self, IsTerminal, Read};
use std::process::ExitCode;

/// Prints the hash of an API key, which stands in a document in the key's place.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The key; read from stdin when absent, which keeps it out of the shell's history.
    value: Option<String>,
    /// Take keys that AWS would refuse: shorter than 20 or longer than 128 characters.
    #[arg(long)]
    any_length: bool,
}

const EXAMPLES: &str = "\
Examples:
  sekisho hash-key < partner.key
  openssl rand -hex 20 | tee partner.key | sekisho hash-key";

/// What a hash begins with.
pub const PREFIX: &str = "sha256:";

/// Prints the hash.
///
/// # Errors
/// If the key cannot be read, or AWS would refuse it.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, Error> {
    let value = match &args.value {
        Some(value) => value.clone(),
        None => read()?,
    };
    let value =
        value.strip_suffix('\n').map_or(value.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if value.is_empty() {
        return Err(Error::failed("the key is empty").help("`openssl rand -hex 20` makes a good one"));
    }
    if value.starts_with(PREFIX) {
        return Err(Error::failed(format!("the key is a hash already: it begins with `{PREFIX}`"))
            .help("it can stand in `apiKeys[].value` as it is"));
    }
    if let (Err(refusal), false) = (check_length(value), args.any_length) {
        return Err(Error::failed(refusal).help("`--any-length` hashes it all the same"));
    }
    ui.print(&format!("{}\n", hash(value)))?;
    Ok(ExitCode::SUCCESS)
}

/// The hash of a key: `sha256:` and 64 hexadecimal digits.
#[must_use]
pub fn hash(value: &str) -> String {
    Sha256::digest(value.as_bytes()).iter().fold(PREFIX.to_owned(), |mut hash, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hash, "{byte:02x}");
        hash
    })
}

/// Puts hashes in the place of plain keys.
///
/// # Errors
/// A problem for each plain key that AWS would refuse; keys of other lengths are hashed by `sekisho hash-key`.
pub fn hash_plain_keys(config: &mut Config) -> Result<(), Diagnostics> {
    let mut diagnostics = Diagnostics::default();
    for (i, key) in config.api_keys.iter_mut().enumerate() {
        let Some(value) = key.value.as_mut().filter(|value| !value.starts_with(PREFIX)) else { continue };
        match check_length(value) {
            Ok(()) => *value = hash(value),
            Err(refusal) => diagnostics
                .error(member(&element("apiKeys", i), "value"), refusal)
                .help("`sekisho hash-key --any-length` makes a hash of it, which can stand in its place"),
        }
    }
    if diagnostics.has_errors() { Err(diagnostics) } else { Ok(()) }
}

/// AWS's bounds, in AWS's words.
fn check_length(value: &str) -> Result<(), &'static str> {
    match value.chars().count() {
        0..20 => Err("API Key value should be at least 20 characters"),
        20..=128 => Ok(()),
        _ => Err("API Key value exceeds maximum size of 128 characters"),
    }
}

fn read() -> Result<String, Error> {
    let mut value = String::new();
    let read = if io::stdin().is_terminal() {
        let terminal = console::Term::stderr();
        terminal.write_str("API key: ").and_then(|()| terminal.read_secure_line()).map(|line| value = line)
    } else {
        io::stdin().read_to_string(&mut value).map(|_| ())
    };
    read.map_err(|error| Error::failed("cannot read the key from stdin").because(error))?;
    Ok(value)
}

#[cfg(test)]
mod tests;
