//! Text → [`Config`], or everything that is wrong with it.

use super::Config;
use crate::gateway::diagnostics::Diagnostics;

/// Reads a document.
///
/// # Errors
/// Every problem of its form: what is not JSON, unknown or missing fields, wrong types. Without the `schema` feature
/// (in the filter) only the first one is found; the document is refused all the same.
pub fn load(text: &[u8]) -> Result<Config, Diagnostics> {
    let mut diagnostics = Diagnostics::default();
    let deserializer = &mut serde_json::Deserializer::from_slice(text);
    match serde_path_to_error::deserialize(deserializer) {
        Ok(config) => Ok(config),
        Err(error) => {
            let path = error.path().to_string();
            diagnostics.error(path, error.inner().to_string());
            Err(diagnostics)
        }
    }
}

/// The JSON Schema of the document.
#[cfg(feature = "schema")]
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Config).to_value()
}
