//! Route keys: `$default`, or a method and a path template.
//!
//! Follows <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html> and, for REST APIs,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html>.

use super::template::Template;
use crate::gateway::config::ProtocolType;
use crate::gateway::diagnostics::similar;
use std::fmt;
use thiserror::Error;

/// Which requests a route answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteKey {
    /// `$default`: whatever no other route answers. HTTP APIs have it.
    Default,
    /// `GET /users/{id}`.
    Path {
        /// The method, or `ANY`.
        method: MethodKey,
        /// The path.
        template: Template,
    },
}

/// A route's method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MethodKey {
    /// Each method for which the same path has no route of its own.
    Any,
    /// `DELETE`.
    Delete,
    /// `GET`; it does not answer `HEAD`.
    Get,
    /// `HEAD`.
    Head,
    /// `OPTIONS`.
    Options,
    /// `PATCH`.
    Patch,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
}

/// Why a text is not a route key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem}")]
pub struct RouteKeyError {
    /// What is wrong: lower case, names in backticks.
    pub problem: String,
    /// What to do about it.
    pub help: Option<String>,
}

// === impl RouteKey ===

impl RouteKey {
    /// Reads a route key.
    ///
    /// # Errors
    /// If AWS would refuse it.
    pub fn parse(text: &str, protocol: ProtocolType) -> Result<Self, RouteKeyError> {
        match protocol {
            ProtocolType::Http | ProtocolType::Rest => {}
            ProtocolType::Websocket => {
                return Err(RouteKeyError::new("route keys of WebSocket APIs are not supported yet"));
            }
        }
        if text == "$default" {
            return match protocol {
                ProtocolType::Http | ProtocolType::Websocket => Ok(Self::Default),
                ProtocolType::Rest => Err(RouteKeyError::new("a REST API has no `$default` route")
                    .help("`ANY /{proxy+}` answers every path below the root, and `ANY /` the root")),
            };
        }
        let Some((method, path)) = text.split_once(' ') else {
            return Err(RouteKeyError::new(format!("`{text}` is not a route key")).help(form(text, protocol)));
        };
        Ok(Self::Path { method: MethodKey::parse(method)?, template: Template::parse(path, protocol)? })
    }
}

fn form(text: &str, protocol: ProtocolType) -> String {
    if text.starts_with('/') {
        return format!("write a method before the path: `GET {text}` or `ANY {text}`");
    }
    if MethodKey::of(text.as_bytes()).is_some() || text == "ANY" {
        return format!("write a path after the method: `{text} /`");
    }
    let or_default = match protocol {
        ProtocolType::Http | ProtocolType::Websocket => ", or `$default`",
        ProtocolType::Rest => "",
    };
    format!("a route key is a method, one space and a path, such as `GET /users/{{id}}`{or_default}")
}

impl fmt::Display for RouteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("$default"),
            Self::Path { method, template } => write!(f, "{} {template}", method.as_str()),
        }
    }
}

// === impl MethodKey ===

impl MethodKey {
    /// Every method, each at its own number.
    pub const ALL: [Self; 8] =
        [Self::Any, Self::Delete, Self::Get, Self::Head, Self::Options, Self::Patch, Self::Post, Self::Put];

    /// The method as a route key spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "ANY",
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }

    /// The method of a request, if routes can name it: `ANY` and `get` are none.
    #[must_use]
    pub fn of(request: &[u8]) -> Option<Self> {
        Some(match request {
            b"DELETE" => Self::Delete,
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"OPTIONS" => Self::Options,
            b"PATCH" => Self::Patch,
            b"POST" => Self::Post,
            b"PUT" => Self::Put,
            _ => return None,
        })
    }

    fn parse(text: &str) -> Result<Self, RouteKeyError> {
        if let Some(method) = Self::ALL.into_iter().find(|method| method.as_str() == text) {
            return Ok(method);
        }
        let upper = text.to_ascii_uppercase();
        let names = Self::ALL.map(Self::as_str);
        let help = match similar(&upper, names) {
            Some(name) if name == upper => format!("methods are upper case: `{name}`"),
            Some(name) => format!("a method with a similar name exists: `{name}`"),
            None => format!("the methods are {}", names.join(", ")),
        };
        Err(RouteKeyError::new(format!("a route cannot name the method `{text}`")).help(help))
    }
}

// === impl RouteKeyError ===

impl RouteKeyError {
    pub(super) fn new(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), help: None }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

#[cfg(test)]
mod tests;
