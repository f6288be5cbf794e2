//! IAM policy documents: resource policies of REST APIs, the policies that Lambda authorizers answer, and those of callers.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>. An explicit `Deny` wins, what no
//! statement allows is silent. What cannot be read or evaluated is an error, never ignored; what a request leaves open (an
//! address that cannot be read) makes a `Deny` apply and an `Allow` not.

mod condition;
pub(super) mod date;
mod pattern;
mod principal;
mod resource;
mod statement;
mod text;
mod truth;

use super::arn;
use super::json_once;
use super::request::Request;
use serde_json::Value;
use statement::{Effect, Statement};
use truth::Truth;

/// Longest resource policy, in characters without the spaces between them: AWS's limit.
const RESOURCE_POLICY_CHARACTERS: usize = 8192;
/// Longest policy of an identity: three times what IAM takes for a role, and little enough to be compared with every request.
const IDENTITY_POLICY_CHARACTERS: usize = 32_768;

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
    statements: Vec<Statement>,
}

/// What is wrong with a policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: `Statement[0].Effect`.
    pub path: String,
    /// What.
    pub problem: String,
    /// What to do about it.
    pub help: Option<String>,
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

/// A resource that is none of an API's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreachable<'a> {
    /// Where it stands: `Statement[0].Resource`.
    pub path: &'a str,
    /// The ARN.
    pub resource: &'a str,
    /// Whether the policy lets in more for it: a denial that denies nothing, or an exception that is none.
    pub opens: bool,
}

/// A question with what all statements need to answer it.
#[derive(Debug)]
struct Question<'a> {
    asked: &'a Asked<'a>,
    /// The request's ARN as a careless backend may read it, where that is another one.
    plain: Option<String>,
    /// Whether an `Allow` for an account as a whole is one for each of its callers.
    accounts_stand_for_callers: bool,
}

// === impl Policy ===

impl Policy {
    /// Reads a policy document. A resource policy may also be a text, as AWS prints it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(document: &Value, kind: Kind) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut statements = Vec::new();
        match (document, kind) {
            (Value::String(text), Kind::Resource) => match text::printed(text) {
                Ok(document) => statements = statement::parse_all(&document, kind, &mut problems),
                Err(problem) => problems.push(Problem::new("", problem)),
            },
            _ => statements = statement::parse_all(document, kind, &mut problems),
        }
        if problems.is_empty() { Ok(Self { statements }) } else { Err(problems) }
    }

    /// Reads the text of a policy document; a name that stands twice in an object is a problem.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse_text(text: &[u8], kind: Kind) -> Result<Self, Vec<Problem>> {
        let document = json_once::value(text).map_err(|problem| vec![Problem::new("", problem)])?;
        Self::parse(&document, kind)
    }

    /// What it says of a request.
    #[must_use]
    pub fn evaluate(&self, asked: &Asked<'_>) -> Verdict {
        self.answer(asked, true)
    }

    /// What it says of a caller itself: an `Allow` for the whole account is silent, because within one account it only lets
    /// the callers' own policies speak. A `Deny` for the account denies.
    #[must_use]
    pub fn evaluate_by_name(&self, asked: &Asked<'_>) -> Verdict {
        self.answer(asked, false)
    }

    /// Whether a condition asks for the client's address.
    #[must_use]
    pub fn wants_source_address(&self) -> bool {
        self.statements.iter().any(Statement::wants_source_address)
    }

    /// Resources that name nothing below this prefix of ARNs.
    pub fn unreachable<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = Unreachable<'a>> {
        self.statements.iter().flat_map(move |statement| statement.unreachable(prefix))
    }

    fn answer(&self, asked: &Asked<'_>, accounts_stand_for_callers: bool) -> Verdict {
        let question = Question { asked, plain: arn::plain(asked.arn), accounts_stand_for_callers };
        let mut allowed = false;
        for statement in &self.statements {
            match (statement.effect(), statement.applies(&question)) {
                // Who cannot be told apart from the denied is denied.
                (Effect::Deny, Truth::Yes | Truth::Unknown) => return Verdict::Deny,
                (Effect::Allow, Truth::Yes) => allowed = true,
                (Effect::Allow, Truth::No | Truth::Unknown) | (Effect::Deny, Truth::No) => {}
            }
        }
        if allowed { Verdict::Allow } else { Verdict::Silent }
    }
}

// === impl Kind ===

impl Kind {
    fn characters(self) -> usize {
        match self {
            Self::Resource => RESOURCE_POLICY_CHARACTERS,
            Self::Identity => IDENTITY_POLICY_CHARACTERS,
        }
    }
}

// === impl Problem ===

impl Problem {
    #[cold]
    #[inline(never)]
    fn new(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { path: path.into(), problem: problem.into(), help: None }
    }

    #[cold]
    #[inline(never)]
    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

#[cfg(test)]
mod tests;
