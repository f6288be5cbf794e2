//! What differs between two gateways, as values.

use serde::Serialize;

/// One difference that clients may notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// What became of it.
    pub kind: Kind,
    /// Whether more or fewer may call than before; absent where that is the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// Where it is.
    #[serde(flatten)]
    pub place: Place,
    /// What it is: ``route `GET /users` ``.
    pub subject: String,
    /// How it differs.
    pub details: Vec<String>,
}

/// What became of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another one.
    Changed,
}

/// Who may call, compared with before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Access {
    /// More, or nobody can tell that it is not more.
    Loosened,
    /// Fewer.
    Tightened,
}

/// Where something is; the gateway itself where nothing is named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
    /// The stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Whether it is on the side of the stage's canary.
    #[serde(skip_serializing_if = "is_false")]
    pub canary: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_false(value: &bool) -> bool {
    !value
}

// === impl Change ===

impl Change {
    pub(super) fn new(kind: Kind, place: &Place, subject: impl Into<String>) -> Self {
        Self { kind, access: None, place: place.clone(), subject: subject.into(), details: Vec::new() }
    }

    pub(super) fn with(mut self, details: Vec<String>) -> Self {
        self.details.extend(details);
        self
    }

    pub(super) fn access(mut self, access: Option<Access>) -> Self {
        self.access = access;
        self
    }

    /// Whether more may call than before.
    #[must_use]
    pub fn is_loosened(&self) -> bool {
        self.access == Some(Access::Loosened)
    }
}

// === impl Place ===

impl Place {
    pub(super) fn api(id: &str) -> Self {
        Self { api: Some(id.to_owned()), ..Self::default() }
    }

    pub(super) fn stage(&self, name: &str) -> Self {
        Self { stage: Some(name.to_owned()), ..self.clone() }
    }

    pub(super) fn canary(&self) -> Self {
        Self { canary: true, ..self.clone() }
    }
}
