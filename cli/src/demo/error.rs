//! Why the demo does not run, and what to do about it.

use crate::{process, toolchain};
use std::path::PathBuf;

/// Why the demo does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A port is another program's.
    #[error("127.0.0.1:{port} is taken: another program listens there")]
    PortTaken {
        /// The port.
        port: u16,
        /// The flag that chooses it.
        flag: &'static str,
    },
    /// A port cannot be had for another reason.
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Port {
        /// The port.
        port: u16,
        /// The flag that chooses it.
        flag: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// The story's document does not fit.
    #[error("`{}`: {problem}", path.display())]
    Document {
        /// The document.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// There is no certificate for HTTPS.
    #[error("{0}")]
    Authority(crate::Error),
    /// The story keeps nothing.
    #[error("`--keep-data`: the story `{story}` has nothing to keep: {why}")]
    NoData {
        /// The story.
        story: String,
        /// Why.
        why: &'static str,
    },
    /// moto does not do what it should.
    #[error(transparent)]
    Moto(process::Error),
    /// A function cannot be loaded.
    #[error("{0}; its own words stand above")]
    Function(String),
    /// The functions are not as they should be.
    #[error("{0}")]
    Functions(crate::Error),
    /// A request could not be made.
    #[error("{request}: {problem}")]
    Request {
        /// What was asked.
        request: String,
        /// What is wrong.
        problem: String,
        /// The last lines of Envoy's log.
        log: String,
    },
    /// A file or folder cannot be used.
    #[error("`{}`: {doing}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// A tool is missing or failed.
    #[error(transparent)]
    Toolchain(#[from] toolchain::Error),
    /// A process does not do what it should.
    #[error(transparent)]
    Process(#[from] process::Error),
}

// === impl Error ===

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::PortTaken { flag, .. } => {
                Some(format!("stop it, or choose another port with `{flag} N`; `{flag} 0` takes a free one"))
            }
            Self::Port { flag, .. } => {
                Some(format!("choose another port with `{flag} N`; `{flag} 0` takes a free one"))
            }
            Self::NoData { .. } => Some("leave it out, or name another story".to_owned()),
            Self::Moto(_) => Some(
                "remove the folder `moto` in cargo's target folder, and it is installed again".to_owned(),
            ),
            Self::Function(_) => Some("mend it, and run the demo again".to_owned()),
            Self::Toolchain(error) => error.help(),
            Self::Functions(_)
            | Self::Authority(_)
            | Self::Document { .. }
            | Self::Request { .. }
            | Self::Io { .. }
            | Self::Process(_) => None,
        }
    }

    /// The last lines of the log of the process that is to blame.
    pub(super) fn log(&self) -> &str {
        match self {
            Self::Process(error) | Self::Moto(error) | Self::Toolchain(toolchain::Error::Process(error)) => {
                error.log()
            }
            Self::Request { log, .. } => log,
            Self::PortTaken { .. }
            | Self::Port { .. }
            | Self::Document { .. }
            | Self::NoData { .. }
            | Self::Function(_)
            | Self::Functions(_)
            | Self::Authority(_)
            | Self::Io { .. }
            | Self::Toolchain(_) => "",
        }
    }

    /// Whether it is no failure: the user asked to stop.
    pub(super) fn is_interrupt(&self) -> bool {
        matches!(
            self,
            Self::Process(process::Error::Interrupted)
                | Self::Moto(process::Error::Interrupted)
                | Self::Toolchain(toolchain::Error::Process(process::Error::Interrupted))
        )
    }
}

impl From<Error> for crate::Error {
    fn from(error: Error) -> Self {
        let help = error.help();
        let told = match error {
            Error::Functions(error) | Error::Authority(error) => return error,
            Error::NoData { .. } => Self::usage(error.to_string()),
            Error::PortTaken { .. }
            | Error::Port { .. }
            | Error::Document { .. }
            | Error::Moto(_)
            | Error::Function(_)
            | Error::Request { .. }
            | Error::Io { .. }
            | Error::Toolchain(_)
            | Error::Process(_) => Self::failed(error.to_string()),
        };
        match help {
            Some(help) => told.help(help),
            None => told,
        }
    }
}
