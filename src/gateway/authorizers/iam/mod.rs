//! `AWS_IAM`: Signature Version 4 by the callers that the document's `credentials` name.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use super::Opinion;
use crate::gateway::Env;
use crate::gateway::rejection::Rejection;
use crate::gateway::request::Request;

/// The callers that are known, and how their signatures are judged.
#[derive(Debug)]
pub struct IamAuthorizer {}

/// A signature whose body is not seen yet.
#[derive(Debug)]
pub struct Pending {}

/// The owner of AWS credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The access key's id: `$context.identity.accessKey`.
    pub access_key_id: String,
    /// The caller's account: `$context.identity.accountId`.
    pub account_id: String,
    /// `$context.identity.userArn`.
    pub user_arn: String,
}

impl IamAuthorizer {
    /// Decides what can be decided without the body.
    ///
    /// # Errors
    /// If the request is not signed, or not well.
    pub fn begin(&self, _request: &Request, _env: &Env<'_>) -> Result<Opinion, Rejection> {
        Err(Rejection::Internal)
    }

    /// Goes on with the body in hand.
    ///
    /// # Errors
    /// If the signature does not cover it.
    pub fn finish_body(
        &self,
        _pending: Pending,
        _body: &[u8],
        _request: &Request,
        _env: &Env<'_>,
    ) -> Result<Opinion, Rejection> {
        Err(Rejection::Internal)
    }
}
