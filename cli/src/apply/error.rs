//! Why a document was not applied.

use crate::{audit, render};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a document was not applied.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A whole Envoy cannot be rendered, or a file cannot be written.
    #[error(transparent)]
    Render(#[from] render::Error),
    /// The Envoy that checks first cannot be run.
    #[error("{}: {source}", binary.display())]
    Check {
        /// The binary.
        binary: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder is not one of `render --dynamic`.
    #[error("{}: {why}", path.display())]
    Folder {
        /// The file that is missing or damaged.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Envoy would not start with the document.
    #[error("Envoy refuses the configuration; nothing was changed\n{log}")]
    Invalid {
        /// What Envoy says.
        log: String,
    },
    /// The change cannot be told, and so it is not made.
    #[error(transparent)]
    Audit(#[from] audit::Error),
    /// Envoy cannot be asked.
    #[error("Envoy's admin interface at {admin} does not answer: {why}")]
    Admin {
        /// Its address.
        admin: SocketAddr,
        /// Why.
        why: String,
    },
    /// Envoy refused a step.
    #[error("Envoy refused {what}; the old configuration keeps serving{why}")]
    Refused {
        /// Which step.
        what: &'static str,
        /// Envoy's words behind a line feed, where it has some.
        why: String,
    },
    /// Envoy did not confirm a step.
    #[error("Envoy has not confirmed {what} within {seconds} s; the old files are back")]
    Unconfirmed {
        /// Which step.
        what: &'static str,
        /// How long it was waited for.
        seconds: u64,
        /// The Envoy that was asked.
        admin: SocketAddr,
    },
    /// Envoy took all of it, and the folder does not say so.
    #[error("Envoy serves the new document, but its settings could not be written: {why}")]
    Unsaved {
        /// Why.
        why: String,
    },
    /// Files that were changed could not be put back.
    #[error("{first}\nand {}, which was changed, could not be put back: {why}", path.display())]
    Stuck {
        /// Why they should have been.
        first: Box<Self>,
        /// The file.
        path: PathBuf,
        /// Why they were not.
        why: String,
    },
}

// === impl Error ===

impl Error {
    /// Whether Envoy did not take what was good enough for the command.
    #[must_use]
    pub fn is_envoys(&self) -> bool {
        match self {
            Self::Render(_)
            | Self::Check { .. }
            | Self::Folder { .. }
            | Self::Invalid { .. }
            | Self::Unsaved { .. }
            | Self::Audit(_) => false,
            Self::Stuck { .. } | Self::Admin { .. } | Self::Refused { .. } | Self::Unconfirmed { .. } => true,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Render(error) => error.help(),
            Self::Folder { .. } => Some(
                "write the folder with `sekisho render --dynamic`, and start Envoy with its `bootstrap.yaml`"
                    .to_owned(),
            ),
            Self::Refused { .. } => Some("Envoy's log says why".to_owned()),
            Self::Unconfirmed { admin, .. } => Some(format!(
                "is the Envoy at {admin} the one that was started with this folder's `bootstrap.yaml`?"
            )),
            Self::Audit(_) => {
                Some("`--audit FILE` names another one; nothing is changed without a line".to_owned())
            }
            Self::Stuck { .. } => Some("the next `sekisho apply` starts from what Envoy runs".to_owned()),
            Self::Unsaved { .. } => {
                Some("apply the same document again once the folder can be written".to_owned())
            }
            Self::Check { .. } | Self::Invalid { .. } | Self::Admin { .. } => None,
        }
    }
}

impl From<Error> for crate::Error {
    fn from(error: Error) -> Self {
        let failed = Self::failed(error.to_string());
        match error.help() {
            Some(help) => failed.help(help),
            None => failed,
        }
    }
}
