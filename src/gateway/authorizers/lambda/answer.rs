//! What the function answers.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>
//!
//! An answer that leaves anything open is none, and so is one that says something twice: the request is refused.

use super::{Allowed, Kind};
use crate::gateway::authorizers::resource_policy::INVOKE;
use crate::gateway::config::ProtocolType;
use crate::gateway::json_once;
use crate::gateway::policy::{self, Asked, Policy, Verdict};
use crate::gateway::request::Request;
use crate::gateway::{arn, rejection::Rejection};
use serde_json::{Map, Value};
use std::rc::Rc;

/// Bytes of an answer that is read: IAM's largest policy fits 25 times.
pub const LARGEST: usize = 256 * 1024;

/// An answer that can be used.
#[derive(Debug)]
pub struct Answer {
    /// Who is let in, if anybody is.
    pub allowed: Rc<Allowed>,
    /// What it says.
    pub says: Says,
    /// Bytes of the text that it was read from.
    pub size: usize,
}

/// What an answer says of requests.
#[derive(Debug)]
pub enum Says {
    /// What its policy says.
    Policy(Policy),
    /// The same of all: `isAuthorized`.
    Simple(bool),
}

// === impl Answer ===

impl Answer {
    /// Reads what a function returned.
    ///
    /// # Errors
    /// If it said `Unauthorized`, or if its answer is none.
    pub fn read(text: &[u8], kind: &Kind) -> Result<Self, Rejection> {
        if text.len() > LARGEST {
            return Err(Rejection::AuthorizerConfiguration);
        }
        let Ok(Value::Object(mut answer)) = json_once::value(text) else {
            return Err(Rejection::AuthorizerConfiguration);
        };
        let protocol = kind.protocol();
        // HTTP APIs read it from what was returned, too.
        if protocol != ProtocolType::Rest && is_unauthorized(&answer) {
            return Err(Rejection::Unauthorized);
        }
        Self::of(&mut answer, kind, text.len()).ok_or(Rejection::AuthorizerConfiguration)
    }

    fn of(answer: &mut Map<String, Value>, kind: &Kind, size: usize) -> Option<Self> {
        let simple = answer.remove("isAuthorized").filter(|_| kind.understands_simple_answers());
        let document = answer.remove("policyDocument");
        let (says, principal_id) = match (simple, document) {
            (Some(Value::Bool(authorized)), None) => (Says::Simple(authorized), None),
            (None, Some(document)) => {
                let policy = Policy::parse(&document, policy::Kind::Identity).ok()?;
                (Says::Policy(policy), Some(text(answer.remove("principalId")?)?))
            }
            // Neither is no answer, and both may differ.
            (Some(_) | None, Some(_) | None) => return None,
        };
        let allowed = Allowed {
            principal_id,
            context: context(answer.remove("context"), kind.protocol())?,
            usage_identifier_key: match answer.remove("usageIdentifierKey") {
                None | Some(Value::Null) => None,
                Some(key) => Some(text(key)?),
            },
            integration_latency: 0,
        };
        Some(Self { allowed: Rc::new(allowed), says, size })
    }

    /// What it says of this request: a policy is about ARNs, whoever asked for it first.
    #[must_use]
    pub fn verdict(&self, request: &Request) -> Verdict {
        match &self.says {
            Says::Simple(true) => Verdict::Allow,
            Says::Simple(false) => Verdict::Deny,
            Says::Policy(policy) => {
                let arn = arn::of_request(request);
                policy.evaluate(&Asked { action: INVOKE, arn: &arn, caller: None, request })
            }
        }
    }
}

/// Whether a failed function said exactly `Unauthorized`, which is no failure but its word for 401.
#[must_use]
pub fn says_unauthorized(failure: &[u8]) -> bool {
    failure.len() <= LARGEST
        && serde_json::from_slice(failure).is_ok_and(|failure: Map<String, Value>| is_unauthorized(&failure))
}

fn is_unauthorized(answer: &Map<String, Value>) -> bool {
    answer.get("errorMessage").and_then(Value::as_str) == Some("Unauthorized")
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => None,
    }
}

/// `context`: REST APIs know texts, numbers and booleans only, and hand all of them on as texts. `claims` is a user pool's word
/// there, so nobody else may say it; `null` is no value.
fn context(context: Option<Value>, protocol: ProtocolType) -> Option<Vec<(String, Value)>> {
    let members = match context {
        None | Some(Value::Null) => return Some(Vec::new()),
        Some(Value::Object(members)) => members,
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => return None,
    };
    if protocol != ProtocolType::Rest {
        return Some(members.into_iter().collect());
    }
    let mut context = Vec::with_capacity(members.len());
    for (name, value) in members {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Array(_) | Value::Object(_) => return None,
        };
        if name != "claims" {
            context.push((name, Value::String(text)));
        }
    }
    Some(context)
}
