//! IAM policy documents: resource policies of REST APIs, the policies that Lambda authorizers answer, and those of callers.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>. An explicit `Deny` wins, what no
//! statement allows is silent. What cannot be read or evaluated is an error, never ignored.

use super::request::Request;
use serde_json::Value;

/// What a policy says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A statement allows it, none denies it.
    Allow,
    /// No statement is about it.
    Silent,
    /// A statement denies it.
    Deny,
}

/// Where a policy is attached: what it may contain differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// To an API: it has `Principal`s.
    Resource,
    /// To a caller, or answered by an authorizer: it has none.
    Identity,
}

/// A policy document as run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    statements: (),
}

/// What is wrong with a policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: `Statement[0].Effect`.
    pub path: String,
    /// What.
    pub problem: String,
}

/// Who asks for what.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// `execute-api:Invoke`.
    pub action: &'a str,
    /// The request's ARN ([`super::arn::of_request`]).
    pub arn: &'a str,
    /// The caller's ARN; none is anonymous.
    pub caller: Option<&'a str>,
    /// What conditions look at.
    pub request: &'a Request,
}

// === impl Policy ===

impl Policy {
    /// Reads a policy document.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(_document: &Value, _kind: Kind) -> Result<Self, Vec<Problem>> {
        Err(vec![Problem { path: String::new(), problem: "policies are not read yet".to_owned() }])
    }

    /// What it says of a request.
    #[must_use]
    pub fn evaluate(&self, _asked: &Asked<'_>) -> Verdict {
        let () = self.statements;
        Verdict::Deny
    }
}
