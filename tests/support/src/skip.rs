//! Tests that a machine cannot run: said aloud, counted, and a failure where everything must run.

use std::io::Write;
use std::path::PathBuf;

/// Records that a test was skipped for want of a Debian package.
///
/// The line goes to standard error, and to the file `$SEKISHO_SKIPPED` (`target/skipped.txt` when unset), because
/// libtest swallows the output of a test that passes.
///
/// # Panics
/// With `CI=true`: there, a skip is a failure.
pub fn skip(name: &str, package: &str) {
    let line = format!("skipped: {name} needs {package}");
    eprintln!("{line}");
    let path = std::env::var_os("SEKISHO_SKIPPED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/skipped.txt")),
        PathBuf::from,
    );
    let file = std::fs::OpenOptions::new().create(true).append(true).open(&path);
    file.and_then(|mut file| writeln!(file, "{line}"))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{line}");
}

/// Skips the rest of a test if a program is missing: `needs!("h2load", "nghttp2-client")`.
#[macro_export]
macro_rules! needs {
    ($program:expr, $package:expr) => {
        if !$crate::skip::installed($program) {
            $crate::skip(concat!(module_path!(), " (", $program, ")"), $package);
            return;
        }
    };
}

/// Whether a program is on `PATH`.
#[must_use]
pub fn installed(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}
