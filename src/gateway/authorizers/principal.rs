//! Who a request comes from, as its authorizer found out: what `$context.authorizer` and `$context.identity` show.

use super::iam::Caller;
use super::jwt::claims::Bearer;
use super::lambda::Allowed;
use std::borrow::Cow;
use std::rc::Rc;

/// Who a request comes from.
#[derive(Debug, Clone)]
pub enum Principal {
    /// The bearer of a JSON web token: JWT authorizers and user pools.
    Bearer(Rc<Bearer>),
    /// Whom a Lambda or HTTP authorizer let in.
    Allowed(Rc<Allowed>),
    /// The owner of AWS credentials.
    Caller(Rc<Caller>),
}

// === impl Principal ===

impl Principal {
    /// A claim of a token, as text.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&str> {
        match self {
            Self::Bearer(bearer) => bearer.claim(name),
            Self::Allowed(_) | Self::Caller(_) => None,
        }
    }

    /// What an authorizer's answer says under this name: `$context.authorizer.NAME`.
    #[must_use]
    pub fn context(&self, name: &str) -> Option<Cow<'_, str>> {
        match self {
            Self::Allowed(allowed) => allowed.context(name),
            Self::Bearer(_) | Self::Caller(_) => None,
        }
    }

    /// The API key that an authorizer's answer names.
    #[must_use]
    pub fn usage_identifier_key(&self) -> Option<&str> {
        match self {
            Self::Allowed(allowed) => allowed.usage_identifier_key.as_deref(),
            Self::Bearer(_) | Self::Caller(_) => None,
        }
    }

    /// The owner of AWS credentials.
    #[must_use]
    pub fn caller(&self) -> Option<&Caller> {
        match self {
            Self::Caller(caller) => Some(caller),
            Self::Bearer(_) | Self::Allowed(_) => None,
        }
    }
}
