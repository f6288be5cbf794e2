//! The world that a request is explained in: a clock that can be set, and the secrets of this command's environment.

use sekisho::gateway::Millis;
use sekisho::gateway::authorizers::signature::Algorithm;
use sekisho::gateway::diagnostics::Diagnostics;
use sekisho::gateway::surroundings::{Elsewhere, Secret, Surroundings, Verification};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::os::unix::ffi::OsStringExt;
use std::time::{SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// This command's environment. A secret that it lacks does not stop the explanation of a request that does not need it.
#[derive(Debug, Default)]
pub(super) struct Environment {
    missing: RefCell<BTreeSet<String>>,
}

// === impl Environment ===

impl Environment {
    /// A warning for each variable that was wanted and is not there.
    pub(super) fn missing(&self) -> Diagnostics {
        let mut diagnostics = Diagnostics::default();
        for name in self.missing.borrow().iter() {
            let problem = format!(
                "`{name}` is not in the environment: whatever is proved by its secret will seem wrong"
            );
            diagnostics
                .warning("", problem)
                .help(format!("`{name}=… sekisho explain …`, or `export {name}`"));
        }
        diagnostics
    }
}

impl Surroundings for Environment {
    fn secret(&self, variable: &str) -> Option<Secret> {
        // A variable with `=` or a NUL in its name would make `var_os` panic on some systems.
        let named = !variable.is_empty() && !variable.contains(['=', '\0']);
        match std::env::var_os(variable).filter(|value| named && !value.is_empty()) {
            Some(value) => Some(Secret(value.into_vec())),
            None => {
                self.missing.borrow_mut().insert(variable.to_owned());
                Elsewhere.secret(variable)
            }
        }
    }

    fn verifies(&self, algorithm: Algorithm) -> Verification {
        // What Envoy verifies decides whether a document is good.
        Elsewhere.verifies(algorithm)
    }
}

/// The clock.
pub(crate) fn now() -> Millis {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(u64::try_from(wall.as_millis()).unwrap_or(u64::MAX))
}

/// A time as people write it: RFC 3339, or seconds since 1970.
pub(super) fn time(text: &str) -> Result<Millis, String> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Ok(Millis(seconds.saturating_mul(1000)));
    }
    let at = OffsetDateTime::parse(text, &Rfc3339);
    let at = at.map_err(|_| "write it as `2026-01-31T12:00:00Z`, or as seconds since 1970".to_owned())?;
    u64::try_from(at.unix_timestamp_nanos() / 1_000_000)
        .map(Millis)
        .map_err(|_| "it is before 1970".to_owned())
}
