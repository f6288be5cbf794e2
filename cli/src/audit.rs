//! The audit file: one JSON line for every change of a gateway and every attempt that was refused.
//!
//! It stands where CloudTrail and Config stand in AWS: who changed what, when, and what was in use before and after. A
//! change is told before it is made, too, so that one which is never finished has a line as well; where that line cannot be
//! written, nothing is changed. Lines hold digests and no document, and no secret.

mod who;

pub use who::Who;

use crate::hash_key::hash;
use crate::render::dynamic::Layout;
use crate::render::yaml::ascii;
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Longest text in a line, in characters, but for the reason.
const TEXT: usize = 256;
/// Longest reason, in characters.
const REASON: usize = 1_024;

/// Where a verb tells what it changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
#[group(skip)]
pub struct Args {
    /// Where one JSON line tells of the change: who, when, from what, to what. `-` is standard output; `audit.jsonl` in the
    /// folder when absent. If it cannot be written, nothing is changed.
    #[arg(long, value_name = "FILE", requires = "dynamic")]
    pub audit: Option<PathBuf>,
    /// In whose name the change is made, for the audit line: a pipeline's run, a ticket.
    #[arg(long, value_name = "NAME", requires = "dynamic")]
    pub by: Option<String>,
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The change begins now. The line of its end has the same `id`; where there is none, it was cut off.
    Started,
    /// The files are written. Nobody was asked whether an Envoy runs them.
    Written,
    /// It is in use.
    Applied,
    /// It was in use already.
    Unchanged,
    /// Nothing was changed.
    Refused,
    /// Something was changed, and is as it was before.
    TakenBack,
    /// Something was changed, and could not be taken back.
    Failed,
}

/// Why there is no line.
#[derive(Debug, thiserror::Error)]
#[error("the audit file {} cannot be written: {source}", path.display())]
pub struct Error {
    path: PathBuf,
    source: io::Error,
}

/// One attempt to change a gateway.
#[derive(Debug)]
pub struct Attempt {
    sink: Sink,
    path: PathBuf,
    /// What every line of the attempt says.
    common: Map<String, Value>,
    digest: Option<String>,
    started: bool,
}

#[derive(Debug)]
enum Sink {
    File(File),
    Stdout,
}

// === impl Attempt ===

impl Attempt {
    /// Begins an attempt of a verb to change the gateway of a folder to a document.
    ///
    /// # Errors
    /// The audit file cannot be opened.
    pub fn new(args: &Args, verb: &str, document: &str, layout: &Layout) -> Result<Self, Error> {
        let path = args.audit.clone().unwrap_or_else(|| layout.audit());
        let sink = Sink::open(&path).map_err(|source| Error { path: path.clone(), source })?;
        let file = if document == "-" {
            "-".to_owned()
        } else {
            std::path::absolute(document).map_or_else(|_| document.to_owned(), |it| it.display().to_string())
        };
        let id: String = std::iter::repeat_with(fastrand::alphanumeric).take(16).collect();
        let by = Who::here(args.by.clone());
        let Value::Object(common) = json!({
            "id": id,
            "verb": verb,
            "who": by.json(),
            "file": bounded(&file, TEXT),
            "folder": bounded(&layout.folder().display().to_string(), TEXT),
            "sekisho": env!("CARGO_PKG_VERSION"),
        }) else {
            return Err(Error { path, source: io::ErrorKind::InvalidData.into() });
        };
        Ok(Self { sink, path, common, digest: None, started: false })
    }

    /// The document is good: its digest, of the form in which the filter reads it.
    pub fn offers(&mut self, document: &str) {
        self.digest = Some(hash(document));
    }

    /// Tells, once, that the change begins: before the first file is written.
    ///
    /// # Errors
    /// The line cannot be written, and nothing must be changed.
    pub fn start(&mut self, before: Option<&str>) -> Result<(), Error> {
        if self.started {
            return Ok(());
        }
        self.tell(Outcome::Started, before, None, None)?;
        self.started = true;
        Ok(())
    }

    /// Whether a file may have been written.
    #[must_use]
    pub fn started(&self) -> bool {
        self.started
    }

    /// Tells how it ended.
    ///
    /// # Errors
    /// The line cannot be written.
    pub fn end(
        &mut self,
        outcome: Outcome,
        before: Option<&str>,
        after: Option<&str>,
        reason: Option<&str>,
    ) -> Result<(), Error> {
        self.tell(outcome, before, after, reason)
    }

    fn tell(
        &mut self,
        outcome: Outcome,
        before: Option<&str>,
        after: Option<&str>,
        reason: Option<&str>,
    ) -> Result<(), Error> {
        let now = OffsetDateTime::now_utc();
        let now = now.replace_millisecond(now.millisecond()).unwrap_or(now);
        let mut line = Map::new();
        line.insert("time".to_owned(), json!(now.format(&Rfc3339).unwrap_or_default()));
        line.insert("outcome".to_owned(), json!(outcome.word()));
        line.extend(self.common.clone());
        line.insert("digest".to_owned(), json!(self.digest));
        line.insert("before".to_owned(), json!(before));
        if outcome != Outcome::Started {
            line.insert("after".to_owned(), json!(after));
        }
        if let Some(reason) = reason {
            line.insert("reason".to_owned(), json!(bounded(reason, REASON)));
        }
        let line = ascii(&Value::Object(line)) + "\n";
        self.sink.write(&line).map_err(|source| Error { path: self.path.clone(), source })
    }
}

// === impl Sink ===

impl Sink {
    fn open(path: &Path) -> io::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        let mut options = File::options();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self::File(options.open(path)?))
    }

    /// One write, so that lines of two commands do not mix; then to the disk.
    fn write(&mut self, line: &str) -> io::Result<()> {
        match self {
            Self::File(file) => {
                let written = file.write(line.as_bytes())?;
                if written < line.len() {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                match file.sync_all() {
                    // A pipe or a device has no disk.
                    Err(error) if error.kind() != io::ErrorKind::InvalidInput => Err(error),
                    Ok(()) | Err(_) => Ok(()),
                }
            }
            Self::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(line.as_bytes())?;
                out.flush()
            }
        }
    }
}

// === impl Outcome ===

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Started,
        Self::Written,
        Self::Applied,
        Self::Unchanged,
        Self::Refused,
        Self::TakenBack,
        Self::Failed,
    ];

    /// As it stands in a line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Written => "written",
            Self::Applied => "applied",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
            Self::TakenBack => "taken back",
            Self::Failed => "failed",
        }
    }
}

impl From<Error> for crate::Error {
    fn from(error: Error) -> Self {
        Self::failed(error.to_string())
            .help("`--audit FILE` names another one; nothing is changed without a line")
    }
}

/// A text of a bounded length. What is cut off is marked.
pub(crate) fn bounded(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
    }
}

#[cfg(test)]
mod tests;
