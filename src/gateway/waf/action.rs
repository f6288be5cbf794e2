//! What rules do with requests.

use crate::gateway::flow::{Answer, Bytes};
use std::rc::Rc;

/// What happens to a request that a rule fits.
#[derive(Debug, Clone)]
pub enum Action {
    /// It goes on, with these headers more, and no further rule looks at it.
    Allow(Rc<[Header]>),
    /// It is answered.
    Block(Rc<Block>),
    /// The next rule looks at it; it goes on with these headers more.
    Count(Rc<[Header]>),
}

/// A header that a backend gets: `x-amzn-waf-NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its whole name, in lower case.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// How a blocked request is answered.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// In the place of 403: status, headers and body.
    pub custom: Option<CustomResponse>,
}

/// An answer of a rule's own.
#[derive(Debug, PartialEq, Eq)]
pub struct CustomResponse {
    /// Status.
    pub status: u16,
    /// Headers, in lower case; `content-type` among them where there is a body.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

// === impl CustomResponse ===

impl CustomResponse {
    /// The answer.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let header = |text: &str| -> Bytes { text.as_bytes().to_vec().into() };
        Answer {
            status: self.status,
            headers: self.headers.iter().map(|(name, value)| (header(name), header(value))).collect(),
            body: self.body.clone().into(),
            details: "sekisho_waf_blocked".into(),
        }
    }
}
