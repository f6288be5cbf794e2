//! What is wrong with a document: a path, a problem, and what to do.

use std::fmt;

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The document is refused.
    Error,
    /// The document is served; its author should know.
    Warning,
}

/// One problem of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// Where: `apis[0].routes[3].target`.
    pub path: String,
    /// What: lower case, names in backticks.
    pub problem: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// All problems of a document, in the document's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

// === impl Diagnostics ===

impl Diagnostics {
    /// Adds an error.
    pub fn error(&mut self, path: impl Into<String>, problem: impl Into<String>) -> &mut Diagnostic {
        self.push(Severity::Error, path.into(), problem.into())
    }

    /// Adds a warning.
    pub fn warning(&mut self, path: impl Into<String>, problem: impl Into<String>) -> &mut Diagnostic {
        self.push(Severity::Warning, path.into(), problem.into())
    }

    /// Whether the document must be refused.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Keeps one of several diagnostics that are the same: an integration is compiled for each stage.
    pub fn forget_repeats(&mut self) {
        let mut seen = std::collections::HashSet::new();
        self.0.retain(|diagnostic| seen.insert((diagnostic.path.clone(), diagnostic.problem.clone())));
    }

    fn push(&mut self, severity: Severity, path: String, problem: String) -> &mut Diagnostic {
        let at = self.0.len();
        self.0.push(Diagnostic { severity, path, problem, help: None });
        // The element was pushed one line above.
        #[allow(clippy::indexing_slicing)]
        &mut self.0[at]
    }
}

// === impl Diagnostic ===

impl Diagnostic {
    /// Adds a help line.
    pub fn help(&mut self, help: impl Into<String>) {
        self.help = Some(help.into());
    }

    /// Adds a help line that names the candidate most like `name`, if one is near enough.
    pub fn suggest<'a>(&mut self, what: &str, name: &str, candidates: impl IntoIterator<Item = &'a str>) {
        if let Some(similar) = similar(name, candidates) {
            self.help = Some(format!("{what} with a similar name exists: `{similar}`"));
        }
    }
}

/// The candidate most like `name`, within three edits and a third of its length.
#[must_use]
pub fn similar<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let reach = (name.len() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= reach)
        .min()
        .map(|(_, candidate)| candidate)
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let at = if self.path.is_empty() { String::new() } else { format!("{}: ", self.path) };
        write!(f, "{severity}: {at}{}", self.problem)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}
