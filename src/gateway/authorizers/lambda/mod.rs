//! Lambda authorizers, and HTTP services of the same contract.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use super::Opinion;
use crate::gateway::Env;
use crate::gateway::flow::CalloutReply;
use crate::gateway::rejection::Rejection;
use crate::gateway::request::Request;
use serde_json::Value;
use std::borrow::Cow;

/// A compiled Lambda authorizer.
#[derive(Debug)]
pub struct LambdaAuthorizer {}

/// A question on its way.
#[derive(Debug)]
pub struct Pending {}

/// Whom an authorizer let in.
#[derive(Debug, Clone, PartialEq)]
pub struct Allowed {
    /// `principalId` of an answer with a policy.
    pub principal_id: Option<String>,
    /// `context` of the answer: on REST APIs texts, numbers and booleans only.
    pub context: Vec<(String, Value)>,
    /// The API key that the request is counted under, where the API's key source is `AUTHORIZER`.
    pub usage_identifier_key: Option<String>,
}

impl Allowed {
    /// `$context.authorizer.NAME`, as text.
    #[must_use]
    pub fn context(&self, _name: &str) -> Option<Cow<'_, str>> {
        None
    }
}

impl LambdaAuthorizer {
    /// Decides what can be decided with the answers that are remembered.
    ///
    /// # Errors
    /// If the request is refused.
    pub fn begin(&self, _request: &Request, _env: &Env<'_>) -> Result<Opinion, Rejection> {
        Err(Rejection::Internal)
    }

    /// Goes on with the answer in hand.
    ///
    /// # Errors
    /// If the answer refuses the request, or there is none that can be read.
    pub fn finish(
        &self,
        _pending: Pending,
        _reply: &CalloutReply,
        _request: &Request,
        _env: &Env<'_>,
    ) -> Result<Opinion, Rejection> {
        Err(Rejection::Internal)
    }
}
