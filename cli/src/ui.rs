//! What people see: results on stdout, everything else on stderr; colours and moving lines only on a terminal.

use crate::Error;
use anstyle::{AnsiColor, Style};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use sekisho::gateway::diagnostics::{Diagnostic, Diagnostics, Severity};
use std::borrow::Cow;
use std::cell::RefCell;
use std::error::Error as _;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default().bold();
const CYAN: Style = AnsiColor::Cyan.on_default().bold();

/// The terminal, or what stands in its place.
#[derive(Debug)]
pub struct Ui {
    bars: MultiProgress,
    moving: bool,
}

/// A piece of work that takes time.
#[derive(Debug)]
#[must_use = "a step ends with `done` or `fail`"]
pub struct Step {
    what: String,
    began: Instant,
    bars: MultiProgress,
    /// The moving line; none where lines do not move.
    bar: Option<ProgressBar>,
    /// The last line of progress: the same one twice says nothing.
    last: RefCell<String>,
}

// === impl Ui ===

impl Default for Ui {
    fn default() -> Self {
        Self::new()
    }
}

impl Ui {
    /// Colours follow `anstream`'s global choice, which `--color` sets.
    #[must_use]
    pub fn new() -> Self {
        let moving = io::stderr().is_terminal();
        let target = if moving { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { bars: MultiProgress::with_draw_target(target), moving }
    }

    /// Begins a piece of work.
    pub fn step(&self, what: &str) -> Step {
        let what = printable(what).into_owned();
        let bar = self.moving.then(|| {
            let bar = self.bars.add(ProgressBar::new_spinner().with_finish(ProgressFinish::AndClear));
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
                bar.set_style(style);
            }
            bar.set_message(what.clone());
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        if bar.is_none() {
            write_line(io::stderr(), &format!("{DIM}…{DIM:#} {what}"));
        }
        Step { what, began: Instant::now(), bars: self.bars.clone(), bar, last: RefCell::default() }
    }

    /// Prints a line of the result.
    pub fn say(&self, line: &str) {
        self.bars.suspend(|| write_line(io::stdout(), line));
    }

    /// Prints a line beside the result.
    pub fn note(&self, line: &str) {
        self.bars.suspend(|| write_line(io::stderr(), line));
    }

    /// Prints the result of a verb as it is.
    ///
    /// # Errors
    /// If it cannot be written; a reader that has seen enough (`| head`) is no error.
    pub fn print(&self, text: &str) -> Result<(), Error> {
        let mut out = anstream::AutoStream::auto(io::stdout());
        match self.bars.suspend(|| out.write_all(text.as_bytes()).and_then(|()| out.flush())) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Error::failed("cannot write to stdout").because(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Prints problems of a document.
    pub fn diagnostics(&self, diagnostics: &Diagnostics) {
        for diagnostic in &diagnostics.0 {
            self.note(&paint(diagnostic));
        }
    }

    /// Prints how many problems a document has.
    pub fn summary(&self, document: &str, diagnostics: &Diagnostics) {
        let document = printable(document);
        self.note(&format!("{BOLD}{document}{BOLD:#}: {}", counts(diagnostics)));
    }

    /// Prints why a verb failed.
    pub fn error(&self, error: &Error) {
        match error {
            Error::Refused { document, diagnostics } => {
                self.diagnostics(diagnostics);
                self.summary(document, diagnostics);
            }
            Error::Usage(failure) | Error::Failed(failure) => {
                let mut problem = failure.problem.clone();
                let mut source = error.source();
                while let Some(cause) = source {
                    problem.push_str(&format!(": {cause}"));
                    source = cause.source();
                }
                let help = failure.help.clone();
                let severity = Severity::Error;
                self.note(&paint(&Diagnostic { severity, path: String::new(), problem, help }));
            }
        }
    }
}

// === impl Step ===

impl Step {
    /// The work is done; `how` may be empty.
    pub fn done(self, how: &str) {
        self.end(format!("{GREEN}✓{GREEN:#}"), how);
    }

    /// The work cannot be done.
    pub fn fail(self, why: &str) {
        self.end(format!("{RED}✗{RED:#}"), why);
    }

    /// Says how far the work is.
    pub fn progress(&self, line: &str) {
        let line = printable(line);
        if *self.last.borrow() == *line {
            return;
        }
        self.last.replace(line.to_string());
        match &self.bar {
            Some(bar) => bar.set_message(format!("{}: {line}", self.what)),
            None => write_line(io::stderr(), &format!("  {DIM}{line}{DIM:#}")),
        }
    }

    fn end(self, mark: String, how: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let how = if how.is_empty() { String::new() } else { format!(": {}", printable(how)) };
        let seconds = self.began.elapsed().as_secs_f64();
        let time = if seconds < 0.1 { String::new() } else { format!(" {DIM}({seconds:.1} s){DIM:#}") };
        self.bars.suspend(|| write_line(io::stderr(), &format!("{mark} {}{how}{time}", self.what)));
    }
}

/// `3 errors, 1 warning`.
#[must_use]
pub fn counts(diagnostics: &Diagnostics) -> String {
    let count = |severity| match diagnostics.count(severity) {
        0 => None,
        1 => Some(format!("1 {severity}")),
        more => Some(format!("{more} {severity}s")),
    };
    let counts: Vec<String> = [Severity::Error, Severity::Warning].into_iter().filter_map(count).collect();
    if counts.is_empty() { "no problems".to_owned() } else { counts.join(", ") }
}

fn paint(diagnostic: &Diagnostic) -> String {
    let style = match diagnostic.severity {
        Severity::Error => RED,
        Severity::Warning => YELLOW,
    };
    let mut line = format!("{style}{}{style:#}: ", diagnostic.severity);
    if !diagnostic.path.is_empty() {
        line.push_str(&format!("{BOLD}{}{BOLD:#}: ", printable(&diagnostic.path)));
    }
    line.push_str(&printable(&diagnostic.problem));
    if let Some(help) = &diagnostic.help {
        line.push_str(&format!("\n  {CYAN}help{CYAN:#}: {}", printable(help)));
    }
    line
}

/// Text as it may be printed: a document's names could hold a terminal's control sequences.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_control) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escape).collect())
}

/// Nobody can be told that stderr is closed, and a closed stdout is a reader that has seen enough.
fn write_line(to: impl anstream::stream::RawStream + anstream::stream::AsLockedWrite, line: &str) {
    let _ = writeln!(anstream::AutoStream::auto(to), "{line}");
}

#[cfg(test)]
mod tests;
