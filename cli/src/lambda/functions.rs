//! The functions that are served together: of a file, of the command line, with what runs them.

use super::file;
use super::function::{Function, Runtime};
use crate::ui::Ui;
use crate::{Error, toolchain, validate};
use sekisho::gateway::diagnostics::Diagnostics;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Functions that are served together.
#[derive(Debug, Default)]
pub struct Functions(pub(super) Vec<Function>);

// === impl Functions ===

impl Functions {
    /// Those of a functions file; `-` is stdin. Its paths begin in its folder.
    ///
    /// # Errors
    /// When it cannot be read, or with everything that is wrong with it.
    pub fn read(name: &str) -> Result<Self, Error> {
        let text = validate::read(name)?;
        let folder = Path::new(name).parent().map(Path::to_path_buf).unwrap_or_default();
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        file::read(&text, &folder).map(Self).map_err(|problems| refused(name, problems))
    }

    /// Gives all of them a variable; one of this name that a function lists is replaced.
    pub fn set(&mut self, name: &str, value: &str) {
        for function in &mut self.0 {
            function.variables.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Finds a Python for those that need one: each version once. It is installed if it is not there.
    ///
    /// # Errors
    /// When no Python fits, or PyPI cannot be reached.
    pub fn install(&mut self, ui: &Ui) -> Result<(), toolchain::Error> {
        let mut pythons: BTreeMap<String, PathBuf> = BTreeMap::new();
        for function in &mut self.0 {
            let Runtime::Python { version, python } = &mut function.runtime else { continue };
            if !pythons.contains_key(version) {
                let found = toolchain::lambda_python(ui, version)?;
                pythons.insert(version.clone(), found);
            }
            *python = pythons.get(version).cloned().unwrap_or_default();
        }
        Ok(())
    }

    /// A line about each.
    pub(super) fn about(&self) -> Vec<String> {
        self.0.iter().map(|function| format!("function  {}: {}", function.name, function.about())).collect()
    }
}

pub(super) fn refused(document: &str, diagnostics: Diagnostics) -> Error {
    Error::Refused { document: document.to_owned(), diagnostics }
}
