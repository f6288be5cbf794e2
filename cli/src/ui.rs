//! What a person sees while work is done.

/// Where messages and progress go.
#[derive(Debug, Default)]
pub struct Ui {}

/// One piece of work that takes a while.
#[derive(Debug)]
pub struct Step {
    what: String,
}

// === impl Ui ===

impl Ui {
    /// Writes to standard error.
    #[must_use]
    pub fn new() -> Self {
        Self {}
    }

    /// Begins a piece of work.
    #[must_use]
    pub fn step(&self, what: &str) -> Step {
        eprintln!("… {what}");
        Step { what: what.to_owned() }
    }

    /// Says a line.
    pub fn say(&self, line: &str) {
        println!("{line}");
    }

    /// Says a line beside the result.
    pub fn note(&self, line: &str) {
        eprintln!("{line}");
    }
}

// === impl Step ===

impl Step {
    /// It is done.
    pub fn done(self, how: &str) {
        eprintln!("✓ {}: {how}", self.what);
    }

    /// It failed.
    pub fn fail(self, why: &str) {
        eprintln!("✗ {}: {why}", self.what);
    }

    /// Where it stands.
    pub fn progress(&self, _line: &str) {}
}
