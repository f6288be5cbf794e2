//! What people see while the command works.

/// The terminal.
#[derive(Debug, Default)]
pub struct Ui;

/// One step of the work.
#[derive(Debug)]
pub struct Step {
    what: String,
}

impl Ui {
    /// The terminal.
    #[must_use]
    pub fn new() -> Self {
        Self
    }

    /// Begins a step.
    #[must_use]
    pub fn step(&self, what: &str) -> Step {
        Step { what: what.to_owned() }
    }

    /// Prints a line.
    pub fn say(&self, line: &str) {
        anstream::eprintln!("{line}");
    }
}

impl Step {
    /// Ends it well.
    pub fn done(self, how: &str) {
        anstream::eprintln!("ok: {}: {how}", self.what);
    }

    /// Ends it badly.
    pub fn fail(self, why: &str) {
        anstream::eprintln!("failed: {}: {why}", self.what);
    }

    /// Says how far it is.
    pub fn progress(&self, line: &str) {
        anstream::eprintln!("{}: {line}", self.what);
    }
}
