//! Why a verb failed: the problem, what to do about it, and what caused it.

use sekisho::gateway::diagnostics::Diagnostics;
use std::error::Error as StdError;
use std::fmt;

/// Why a verb failed.
#[derive(Debug)]
pub enum Error {
    /// A document was refused.
    Refused {
        /// The file, as it was named.
        document: String,
        /// Why.
        diagnostics: Diagnostics,
    },
    /// The command was not called as it must be: exit status 2.
    Usage(Failure),
    /// Anything else.
    Failed(Failure),
}

/// A problem in words: lower case, names in backticks.
#[derive(Debug, Default)]
pub struct Failure {
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub help: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

// === impl Error ===

impl Error {
    /// A failure.
    pub fn failed(problem: impl Into<String>) -> Self {
        Self::Failed(Failure { problem: problem.into(), ..Failure::default() })
    }

    /// A wrong call.
    pub fn usage(problem: impl Into<String>) -> Self {
        Self::Usage(Failure { problem: problem.into(), ..Failure::default() })
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        if let Self::Failed(failure) | Self::Usage(failure) = &mut self {
            failure.help = Some(help.into());
        }
        self
    }

    /// Writes all that is known, without colours: every problem and every cause.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn reason(&self, to: &mut impl fmt::Write) -> fmt::Result {
        let (problem, mut source) = match self {
            Self::Refused { diagnostics, .. } => (diagnostics.to_string(), None),
            Self::Usage(failure) | Self::Failed(failure) => (failure.problem.clone(), self.source()),
        };
        to.write_str(&problem)?;
        while let Some(cause) = source {
            write!(to, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }

    /// Keeps the cause; it is printed behind the problem.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        if let Self::Failed(failure) | Self::Usage(failure) = &mut self {
            failure.source = Some(source.into());
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { document, .. } => write!(f, "`{document}` is refused"),
            Self::Usage(failure) | Self::Failed(failure) => f.write_str(&failure.problem),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Refused { diagnostics, .. } => Some(diagnostics),
            Self::Usage(failure) | Self::Failed(failure) => match &failure.source {
                Some(source) => Some(source.as_ref()),
                None => None,
            },
        }
    }
}
