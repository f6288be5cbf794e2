//! `AWS_PROXY` to a Lambda function: the request becomes an event, what the function returns becomes the answer.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>

pub mod answer;
pub mod binary;
pub mod event;

use super::bodiless::is_bodiless;
use super::headers::{Fate, fate};
use crate::gateway::Env;
use crate::gateway::clusters::Endpoint;
use crate::gateway::config::ProtocolType;
use crate::gateway::flow::{Answer, Bytes, Callout, CalloutReply, Flight};
use crate::gateway::lambda::invoke::{Invoked, Unreached, invocation, invoked};
use crate::gateway::rejection::Rejection;
use crate::gateway::request::Request;
use answer::Made;
use binary::MediaTypes;

/// Invocations of one function that a worker has on their way. AWS runs a thousand at once in an account.
const MOST_INVOCATIONS: usize = 1_000;
/// Largest event, in bytes: Lambda's limit of a synchronous invocation.
pub const LARGEST_EVENT: usize = 6 * 1024 * 1024;

/// A compiled `AWS_PROXY` integration of a function.
#[derive(Debug)]
pub struct LambdaProxy {
    /// Where the function is invoked.
    pub endpoint: Endpoint,
    /// What it is told, and what it may return.
    pub format: Format,
    /// Milliseconds that it may take.
    pub timeout_millis: u32,
    /// Tells the function from every other one: invocations are counted by it.
    pub digest: [u8; 32],
}

/// The kinds of events and answers, by API type and payload format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// HTTP, payload format 2.0.
    HttpV2,
    /// HTTP, payload format 1.0.
    HttpV1,
    /// REST.
    Rest {
        /// Media types whose bodies are binary.
        binary: MediaTypes,
    },
}

// === impl LambdaProxy ===

impl LambdaProxy {
    /// The function's invocation with this request, all of its body in hand.
    ///
    /// # Errors
    /// If it is more than Lambda takes.
    pub fn invoke(&self, request: &Request, body: &[u8], env: &Env<'_>) -> Result<Callout, Rejection> {
        let event = event::event(&self.format, request, body);
        if event.len() > LARGEST_EVENT {
            return Err(Rejection::EventTooLarge);
        }
        let flight = Flight::alone(env.dice, self.digest, MOST_INVOCATIONS);
        Ok(invocation(&self.endpoint, event, &request.ids.trace, self.timeout_millis, flight))
    }

    /// What the client reads of the function's answer.
    ///
    /// # Errors
    /// If there is none, or none that can be read.
    pub fn answer(&self, request: &Request, reply: &CalloutReply) -> Result<Answer, Rejection> {
        let output = match invoked(reply) {
            Invoked::Returned(output) => output,
            Invoked::Raised(_) | Invoked::TooLarge => return Err(Rejection::FunctionFailure),
            Invoked::TooMany | Invoked::Unreached(Unreached::Throttled) => {
                return Err(Rejection::FunctionThrottled);
            }
            Invoked::Unreached(Unreached::TimedOut) => return Err(Rejection::IntegrationTimeout),
            Invoked::Unreached(Unreached::Denied) => return Err(Rejection::ApiConfiguration),
            Invoked::Unreached(Unreached::Unsigned) => return Err(Rejection::Unsigned),
            Invoked::Unreached(Unreached::Failed) => return Err(Rejection::IntegrationFailure),
        };
        let made = match &self.format {
            Format::HttpV2 => answer::v2(output),
            Format::HttpV1 => answer::http_v1(output),
            Format::Rest { binary } => answer::rest(output, binary.accepted(request)),
        };
        Ok(finish(made.map_err(|answer::Malformed| Rejection::FunctionFailure)?, request.protocol()))
    }
}

/// The client's answer: headers by the rules of the API's type, a body only where its status has one.
fn finish(made: Made, protocol: ProtocolType) -> Answer {
    let Made { status, headers, body } = made;
    let told = headers.into_iter().filter_map(|(name, value)| match fate(protocol, &name) {
        Fate::Passes => Some((name.into(), value.into())),
        Fate::Remapped => Some(([b"x-amzn-remapped-", name.as_slice()].concat().into(), value.into())),
        Fate::Dropped => None,
    });
    let body = if is_bodiless(status) { Bytes::default() } else { body.into() };
    Answer { status, headers: told.collect(), body, details: "sekisho_lambda".into() }
}
