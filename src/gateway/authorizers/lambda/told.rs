//! What is checked of a request and of an answer, for somebody who watches. What identifies the caller is a secret: its
//! length is told.

use super::LambdaAuthorizer;
use super::answer::{Answer, Says};
use super::event::Identity;
use crate::gateway::notes::Note;
use crate::gateway::policy::Verdict;
use crate::gateway::rejection::Rejection;
use crate::gateway::request::Request;

/// What identifies the caller, source by source.
pub(super) fn identity(
    authorizer: &LambdaAuthorizer,
    request: &Request,
    found: &Result<Identity<'_>, Rejection>,
) -> Vec<Note> {
    let mut notes: Vec<_> = authorizer
        .sources
        .iter()
        .map(|source| {
            let values = source.values(request);
            let length: usize = values.iter().map(|value| value.len()).sum();
            Note::judged(
                "identity source",
                !values.is_empty(),
                format!("{source:?}: {} values of {length} characters", values.len()),
            )
        })
        .collect();
    let detail = match found {
        Ok(_) if authorizer.ttl > 0 => format!("complete; an answer counts for {} s", authorizer.ttl),
        Ok(_) => "complete; the authorizer is asked each time".to_owned(),
        Err(_) => {
            "something is missing, stands twice, or does not match `identityValidationExpression`".to_owned()
        }
    };
    notes.push(Note::judged("identity", found.is_ok(), detail));
    notes
}

/// What was answered.
pub(super) fn answer(read: &Result<Answer, Rejection>, request: &Request) -> Note {
    match read {
        Ok(answer) => {
            let verdict = match (&answer.says, answer.verdict(request)) {
                (Says::Simple(allows), _) => format!("`isAuthorized` is {allows}"),
                (Says::Policy(_), Verdict::Allow) => "its policy allows the request".to_owned(),
                (Says::Policy(_), Verdict::Silent) => "its policy says nothing of the request".to_owned(),
                (Says::Policy(_), Verdict::Deny) => "its policy denies the request".to_owned(),
            };
            Note::judged("answer", answer.verdict(request) == Verdict::Allow, verdict)
        }
        Err(rejection) => Note::failed("answer", format!("it cannot be used: {}", rejection.details())),
    }
}
