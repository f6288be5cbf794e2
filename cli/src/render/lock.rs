//! One command at a time changes a folder.

use super::Error;
use super::dynamic::Layout;
use crate::audit::{Who, bounded};
use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::time::{SystemTime, UNIX_EPOCH};

/// Longest word of a holder that is read, in bytes.
const TOLD: u64 = 1_024;

/// The right to change a folder. It ends with the process, however that ends: what the file says does not hold anybody up.
#[derive(Debug)]
pub struct Held {
    layout: Layout,
    _file: File,
}

// === impl Held ===

impl Held {
    /// Takes the folder, and says in its lock who has it.
    ///
    /// # Errors
    /// Somebody else has it, or the lock cannot be written.
    pub fn take(layout: &Layout, who: &Who) -> Result<Self, Error> {
        let path = layout.lock();
        let write = |source| Error::Write { path: path.clone(), source };
        let options = File::options().create(true).truncate(false).read(true).write(true).to_owned();
        let mut file = options.open(&path).map_err(write)?;
        if let Err(error) = file.try_lock() {
            if let TryLockError::Error(error) = error {
                return Err(write(error));
            }
            let mut told = Vec::new();
            // A holder that has not said it yet is not named.
            let _ = (&file).take(TOLD).read_to_end(&mut told);
            let told = String::from_utf8_lossy(&told);
            let told = told.lines().next().filter(|it| !it.is_empty()).unwrap_or("it has not said who it is");
            return Err(Error::Busy { path, who: bounded(told, 512) });
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let since = time::OffsetDateTime::from_unix_timestamp(i64::try_from(since).unwrap_or(0));
        let since = since.ok().and_then(|it| it.format(&time::format_description::well_known::Rfc3339).ok());
        let told = format!("{who}, process {}, since {}\n", std::process::id(), since.unwrap_or_default());
        file.set_len(0).and_then(|()| file.write_all(told.as_bytes())).map_err(write)?;
        Ok(Self { layout: layout.clone(), _file: file })
    }

    /// The folder.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }
}
