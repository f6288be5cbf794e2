//! Cognito user pools.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html>

use super::{Opinion, jwt};
use crate::gateway::Env;
use crate::gateway::flow::CalloutReply;
use crate::gateway::rejection::Rejection;
use crate::gateway::request::Request;

/// A compiled Cognito authorizer.
#[derive(Debug)]
pub struct CognitoAuthorizer {}

impl CognitoAuthorizer {
    /// Decides what can be decided with the keys at hand.
    ///
    /// # Errors
    /// If the token is refused.
    pub fn begin(&self, _request: &Request, _env: &Env<'_>) -> Result<Opinion, Rejection> {
        Err(Rejection::Internal)
    }

    /// Goes on with the answer in hand.
    ///
    /// # Errors
    /// If the token is refused, or no key was had.
    pub fn finish(
        &self,
        _pending: jwt::Pending,
        _reply: &CalloutReply,
        _request: &Request,
        _env: &Env<'_>,
    ) -> Result<Opinion, Rejection> {
        Err(Rejection::Internal)
    }
}
