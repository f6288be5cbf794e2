//! Which Envoy runs: the one that is named, the one that is there, or one that is installed.

use super::{ENVOY_VERSION, Error, wheel};
use crate::process::{Tool, on_path};
use crate::ui::Ui;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// The versions that the filter is meant for.
const SUPPORTED: RangeInclusive<(u32, u32)> = (1, 36)..=(1, 40);

/// An Envoy that somebody named.
#[derive(Debug)]
pub struct Wanted {
    /// The program.
    pub path: PathBuf,
    /// What names it.
    pub named_by: &'static str,
}

/// A version of Envoy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

/// An Envoy: `$ENVOY_BIN`, else `envoy` on `PATH` if its version is supported, else `version` from the private
/// installation, which is made if it is not there.
///
/// # Errors
/// When `$ENVOY_BIN` is not an Envoy, or none can be installed.
pub fn envoy(ui: &Ui, version: &str) -> Result<PathBuf, Error> {
    envoy_at(ui, None, version)
}

/// As [`envoy`], but one that is named on the command line comes first.
///
/// # Errors
/// When the one that is named is not an Envoy, or none can be installed.
pub fn envoy_at(ui: &Ui, flag: Option<&Path>, version: &str) -> Result<PathBuf, Error> {
    if let Some(Wanted { path, named_by }) = named(flag) {
        let not_envoy = |problem| Error::NotEnvoy { path: path.clone(), named_by, problem };
        let path = std::path::absolute(&path).map_err(|error| not_envoy(error.to_string()))?;
        let found = self::version(&path).map_err(not_envoy)?;
        if !found.is_supported() {
            ui.note(&format!("warning: Envoy {found}, named by {named_by}, is not one of {}", supported()));
        }
        return Ok(path);
    }
    if let Some(path) = on_path("envoy") {
        match self::version(&path) {
            Ok(found) if found.is_supported() => return Ok(path),
            Ok(found) => ui.note(&format!(
                "warning: `{}` is Envoy {found}, not one of {}; it is used only if you name it with --envoy",
                path.display(),
                supported()
            )),
            Err(problem) => ui.note(&format!("warning: `{}` is not used: {problem}", path.display())),
        }
    }
    wheel::installed(ui, version)
}

/// Whether [`envoy_at`] would install nothing. Versions are not asked for.
#[must_use]
pub fn is_there(flag: Option<&Path>) -> bool {
    named(flag).is_some() || on_path("envoy").is_some() || wheel::is_installed(ENVOY_VERSION)
}

fn named(flag: Option<&Path>) -> Option<Wanted> {
    let flag = flag.map(|path| Wanted { path: path.to_owned(), named_by: "--envoy" });
    flag.or_else(|| {
        let path = std::env::var_os("ENVOY_BIN").filter(|path| !path.is_empty())?;
        Some(Wanted { path: PathBuf::from(path), named_by: "$ENVOY_BIN" })
    })
}

/// Asks a program which Envoy it is.
///
/// # Errors
/// Why it is none.
pub fn version(path: &Path) -> Result<Version, String> {
    if !path.is_file() {
        return Err("there is no such file".to_owned());
    }
    let asked =
        Tool::new("envoy", path).args(["--version"]).run(|_| {}).map_err(|error| error.to_string())?;
    if !asked.status.success() {
        return Err(format!("`--version` failed ({}): {}", asked.status, asked.tail()));
    }
    // `envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL`
    asked.text().split('/').find_map(Version::parse).ok_or_else(|| "`--version` names none".to_owned())
}

fn supported() -> String {
    let ((from, first), (to, last)) = (SUPPORTED.start(), SUPPORTED.end());
    format!("{from}.{first} to {to}.{last}")
}

// === impl Version ===

impl Version {
    /// Reads `1.40.0` or `1.40.0-dev`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('-').next()?.split('.').map(|number| number.parse().ok());
        let version = Self { major: numbers.next()??, minor: numbers.next()??, patch: numbers.next()?? };
        numbers.next().is_none().then_some(version)
    }

    /// Whether the filter is meant for it.
    #[must_use]
    pub fn is_supported(self) -> bool {
        SUPPORTED.contains(&(self.major, self.minor))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}
