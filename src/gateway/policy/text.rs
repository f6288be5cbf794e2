//! The text of a policy.

use crate::gateway::json_once::value;
use serde_json::Value;

/// Reads a policy as AWS prints it: a JSON document, of which `aws apigateway get-rest-api` escapes the quotes once more.
pub(super) fn printed(text: &str) -> Result<Value, String> {
    let escaped = text.trim_start().strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with('\\'));
    if !escaped {
        return value(text.as_bytes());
    }
    let unescaped: String =
        serde_json::from_str(&format!("\"{text}\"")).map_err(|error| error.to_string())?;
    value(unescaped.as_bytes())
}
