//! Limits: Amazon's and ours, one table for all who ask.
//!
//! `sekisho validate --aws-limits` compares documents with [`quotas`], and `docs/limits.md` is made of the whole ([`page`]). What
//! is a number of ours says where the code has it; a test compares the two.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>

pub mod absent;
mod authorizers;
mod documents;
mod logs;
pub mod own;
pub mod page;
pub mod quotas;
pub mod requests;

use sekisho::gateway::config::ProtocolType;
use std::fmt;

/// Whether Amazon raises a limit on request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raised {
    /// It does.
    Soft,
    /// It does not.
    Hard,
    /// Its documentation does not say.
    Unsaid,
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Things,
    /// Bytes.
    Bytes,
    /// Characters.
    Characters,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Requests a second.
    PerSecond,
}

/// What Amazon allows APIs of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// Amazon tells no such limit for the type, or it has no such thing.
    Untold,
    /// At most so much.
    Most(u64, Unit, Raised),
    /// From the first to the second.
    Within(u64, u64, Unit, Raised),
}

/// What Amazon allows.
#[derive(Debug, Clone, Copy)]
pub struct Aws {
    /// HTTP APIs.
    pub http: Allowed,
    /// REST APIs.
    pub rest: Allowed,
    /// WebSocket APIs.
    pub websocket: Allowed,
}

/// A number of ours, and where it is in the repository.
#[derive(Debug, Clone, Copy)]
pub struct Number {
    /// What it is of, where there are several; may be empty.
    pub of: &'static str,
    /// How much.
    pub value: u64,
    /// Of what.
    pub unit: Unit,
    /// Where.
    pub place: Place,
}

/// Where a number of ours is.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// A file of source, and in it the name of a constant, or of a field of Envoy's configuration.
    Source(&'static str, &'static str),
    /// A JSON pointer into the schema of the document.
    Schema(&'static str),
}

/// A test that shows a limit: its file, and its name in it.
#[derive(Debug, Clone, Copy)]
pub struct Shown(pub &'static str, pub &'static str);

// === impl Aws ===

impl Aws {
    /// The same for every type.
    #[must_use]
    pub const fn all(allowed: Allowed) -> Self {
        Self { http: allowed, rest: allowed, websocket: allowed }
    }

    /// What an API of this type is allowed.
    #[must_use]
    pub const fn of(&self, protocol: ProtocolType) -> Allowed {
        match protocol {
            ProtocolType::Http => self.http,
            ProtocolType::Rest => self.rest,
            ProtocolType::Websocket => self.websocket,
        }
    }

    /// What an account is allowed, whatever types its APIs have: some things exist for one type only.
    #[must_use]
    pub fn of_account(&self) -> Allowed {
        let all = [self.rest, self.http, self.websocket];
        all.into_iter().find(|allowed| *allowed != Allowed::Untold).unwrap_or(Allowed::Untold)
    }
}

// === impl Allowed ===

impl Allowed {
    /// The largest number that Amazon takes, and whether it raises it.
    #[must_use]
    pub const fn most(self) -> Option<(u64, Raised)> {
        match self {
            Self::Untold => None,
            Self::Most(most, _, raised) | Self::Within(_, most, _, raised) => Some((most, raised)),
        }
    }
}

// === impl Raised ===

impl Raised {
    /// The letter of the tables.
    const fn letter(self) -> &'static str {
        match self {
            Self::Soft => " S",
            Self::Hard => " H",
            Self::Unsaid => "",
        }
    }

    /// What one can do about it.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::Soft => "a soft limit: AWS raises it on request; Sekisho serves the document as it is",
            Self::Hard => "a hard limit: AWS does not raise it; Sekisho serves the document as it is",
            Self::Unsaid => {
                "AWS does not say whether it raises this limit; Sekisho serves the document as it is"
            }
        }
    }
}

// === impl Unit ===

impl Unit {
    /// A number of it, in words.
    #[must_use]
    pub fn tell(self, value: u64) -> String {
        match self {
            Self::Things => grouped(value),
            Self::Bytes => format!("{} bytes", grouped(value)),
            Self::Characters => format!("{} characters", grouped(value)),
            Self::Milliseconds if value >= 1000 && value.is_multiple_of(1000) => {
                Self::Seconds.tell(value / 1000)
            }
            Self::Milliseconds => format!("{} ms", grouped(value)),
            Self::Seconds if value >= 3600 && value.is_multiple_of(3600) => {
                format!("{} h", grouped(value / 3600))
            }
            Self::Seconds => format!("{} s", grouped(value)),
            Self::PerSecond => format!("{} a second", grouped(value)),
        }
    }
}

/// `1,234,567`.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untold => f.write_str("–"),
            Self::Most(most, unit, raised) => write!(f, "{}{}", unit.tell(*most), raised.letter()),
            Self::Within(least, most, unit, raised) => {
                write!(f, "{} to {}{}", unit.tell(*least), unit.tell(*most), raised.letter())
            }
        }
    }
}

/// A number that the code has under a name.
const fn source(value: u64, unit: Unit, file: &'static str, name: &'static str) -> Number {
    Number { of: "", value, unit, place: Place::Source(file, name) }
}

/// A number that the schema of the document has.
const fn schema(value: u64, unit: Unit, pointer: &'static str) -> Number {
    Number { of: "", value, unit, place: Place::Schema(pointer) }
}

// === impl Number ===

impl Number {
    /// The same, of something.
    const fn of(self, of: &'static str) -> Self {
        Self { of, ..self }
    }
}

#[cfg(test)]
mod tests;
