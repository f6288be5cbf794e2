//! Which function a caller names, in any of AWS's ways.

use super::refusal::{Refusal, invalid_parameter};

/// Which function is meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) qualifier: Option<String>,
}

// === impl Named ===

impl Named {
    /// Reads `NAME`, `ACCOUNT:function:NAME` or an ARN, with or without `:QUALIFIER`.
    pub(super) fn parse(text: &str, qualifier: Option<String>) -> Result<Self, Refusal> {
        let parts: Vec<&str> = text.split(':').collect();
        let (name, inner) = match *parts.as_slice() {
            [name] | [_, "function", name] | ["arn", _, "lambda", _, _, "function", name] => (name, None),
            [name, qualifier]
            | [_, "function", name, qualifier]
            | ["arn", _, "lambda", _, _, "function", name, qualifier] => (name, Some(qualifier.to_owned())),
            _ => return Err(invalid_parameter("it is neither the name of a function nor its ARN")),
        };
        let word = |text: &str, more: &[u8]| {
            (1..=128).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
        };
        if !word(name, b"-_") {
            return Err(invalid_parameter("it is neither the name of a function nor its ARN"));
        }
        let qualifier = match (inner, qualifier) {
            (Some(inner), Some(outer)) if inner != outer => {
                return Err(invalid_parameter(
                    "The derived qualifier from the function name does not match the specified qualifier.",
                ));
            }
            (inner, outer) => inner.or(outer),
        };
        if qualifier.as_deref().is_some_and(|qualifier| !word(qualifier, b"-_$")) {
            return Err(invalid_parameter("the qualifier is neither a version nor an alias"));
        }
        Ok(Self { name: name.to_owned(), qualifier })
    }
}

#[cfg(test)]
mod tests;
