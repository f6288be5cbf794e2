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
    // Cold, here and below: what is cold stands once and not at each of its callers, and Envoy compiles all of the module.
    #[cold]
    #[inline(never)]
    pub fn error(&mut self, path: impl Into<String>, problem: impl Into<String>) -> &mut Diagnostic {
        self.push(Severity::Error, path.into(), problem.into())
    }

    /// Adds a warning.
    #[cold]
    #[inline(never)]
    pub fn warning(&mut self, path: impl Into<String>, problem: impl Into<String>) -> &mut Diagnostic {
        self.push(Severity::Warning, path.into(), problem.into())
    }

    /// Whether the document must be refused.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// How many there are of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.0.iter().filter(|diagnostic| diagnostic.severity == severity).count()
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
    #[cold]
    #[inline(never)]
    pub fn help(&mut self, help: impl Into<String>) {
        self.help = Some(help.into());
    }

    /// Adds a help line that names the candidate most like `name`, if one is near enough.
    #[cold]
    #[inline(never)]
    pub fn suggest<'a>(&mut self, what: &str, name: &str, candidates: impl IntoIterator<Item = &'a str>) {
        if let Some(similar) = similar(name, candidates) {
            self.help = Some(format!("{what} with a similar name exists: `{similar}`"));
        }
    }
}

/// The candidate most like `name`: the same but for case, or within three edits and a third of its length.
#[must_use]
pub fn similar<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest(name, &mut candidates.into_iter())
}

fn nearest<'a>(name: &str, candidates: &mut dyn Iterator<Item = &'a str>) -> Option<&'a str> {
    let reach = (name.len() / 3).clamp(1, 3);
    candidates
        .filter_map(|candidate| Some((distance(name, candidate, reach)?, candidate)))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edits from `name` to `candidate`, if they are within `reach`.
fn distance(name: &str, candidate: &str, reach: usize) -> Option<usize> {
    if name.eq_ignore_ascii_case(candidate) {
        return Some(0);
    }
    // A name that is too long or too short by more than the reach cannot be within it, and a document may hold many names.
    if name.len().abs_diff(candidate.len()) > reach * 4 {
        return None;
    }
    Some(strsim::damerau_levenshtein(name, candidate)).filter(|distance| *distance <= reach)
}

/// The path of an object's member: `stages[0]` and `target` are `stages[0].target`, a name that is no identifier stands
/// in brackets: `routeSettings["GET /x"]`.
#[must_use]
pub fn member(path: &str, name: &str) -> String {
    let identifier = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    match (identifier, path.is_empty()) {
        (true, true) => name.to_owned(),
        (true, false) => format!("{path}.{name}"),
        (false, _) => format!("{path}[{}]", serde_json::Value::from(name)),
    }
}

/// The path of a list's element: `apis` and 0 are `apis[0]`.
#[must_use]
pub fn element(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.severity)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.problem)?;
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

impl std::error::Error for Diagnostics {}

#[cfg(test)]
mod tests;
