//! Who changes a gateway: what the system knows, and what the caller says.

use super::{TEXT, bounded};
use serde_json::{Value, json};
use std::fmt;

/// Who changes a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// The number of the user, which the system vouches for.
    pub uid: u32,
    /// The user's name, where the system has one for the number.
    pub user: Option<String>,
    /// The machine.
    pub host: Option<String>,
    /// Who became this user, by `sudo`'s own word (`SUDO_USER`). Whoever sets variables can write it.
    pub sudo_user: Option<String>,
    /// In whose name, by the caller's word.
    pub by: Option<String>,
}

// === impl Who ===

impl Who {
    /// Whoever runs this process.
    #[must_use]
    pub fn here(by: Option<String>) -> Self {
        let short = |text: String| Some(bounded(&text, TEXT)).filter(|it| !it.is_empty());
        Self {
            uid: rustix::process::geteuid().as_raw(),
            user: whoami::username().ok().and_then(short),
            host: whoami::hostname().ok().and_then(short),
            sudo_user: std::env::var("SUDO_USER").ok().and_then(short),
            by: by.and_then(short),
        }
    }

    /// As it stands in a line; what is not known is left out.
    pub(super) fn json(&self) -> Value {
        let Self { uid, user, host, sudo_user, by } = self;
        let told = [("user", user), ("host", host), ("sudoUser", sudo_user), ("by", by)];
        let told =
            told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?))));
        Value::Object(std::iter::once(("uid".to_owned(), json!(uid))).chain(told).collect())
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unknown = "?".to_owned();
        let (user, host) = (self.user.as_ref().unwrap_or(&unknown), self.host.as_ref().unwrap_or(&unknown));
        write!(f, "{user} (uid {}) on {host}", self.uid)?;
        match &self.by {
            Some(by) => write!(f, " for {by}"),
            None => Ok(()),
        }
    }
}
