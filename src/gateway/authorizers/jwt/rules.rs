//! What a verified token must claim, and how its claims are shown: that in which authorizers by token differ.

use super::claims::Bearer;
use super::refusal::Refusal;
use super::token::Claims;
use super::{Issuer, check};
use crate::gateway::Env;
use crate::gateway::authorizers::cognito::UserPools;

/// What a token must claim.
#[derive(Debug)]
pub enum Rules {
    /// An audience: JWT authorizers.
    Audience,
    /// What a user pool's tokens claim: Cognito authorizers.
    UserPools(Box<UserPools>),
}

// === impl Rules ===

impl Rules {
    /// Checks what a verified token claims; its time of expiry, in seconds.
    ///
    /// # Errors
    /// What it does not claim.
    pub fn check(&self, claims: &Claims, issuer: &Issuer, env: &Env<'_>) -> Result<f64, Refusal> {
        match self {
            Self::Audience => check(claims, issuer, env),
            Self::UserPools(pools) => pools.check(claims, issuer, env),
        }
    }

    /// Who a token is of.
    #[must_use]
    pub fn bearer(&self, claims: &Claims) -> Bearer {
        match self {
            Self::Audience => Bearer::new(claims),
            Self::UserPools(_) => UserPools::bearer(claims),
        }
    }
}
