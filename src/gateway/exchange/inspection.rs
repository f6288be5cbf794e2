//! A request before its stage's web ACL: it comes behind the stage and before everything else that looks at the request.

use super::{Exchange, Seen, State};
use crate::gateway::Env;
use crate::gateway::flow::{BodyWanted, Flow};
use crate::gateway::rejection::Rejection;
use crate::gateway::request::Request;
use crate::gateway::waf::action::Block;
use crate::gateway::waf::client::Client;
use crate::gateway::waf::inflate::{self, Inflated, Unreadable};
use crate::gateway::waf::log::Judged;
use crate::gateway::waf::record::Record;
use crate::gateway::waf::rule::Progress;
use crate::gateway::waf::view::{Body, View};
use crate::gateway::waf::{Decision, WebAcl};
use std::rc::Rc;

/// What a body is answered that has a coding which rules cannot look into.
const UNSUPPORTED_MEDIA_TYPE: u16 = 415;

impl Exchange {
    /// Runs the rules of the stage's web ACL, or goes on with them where they needed the body: what has come of it, and whether
    /// that is all.
    pub(super) fn inspect(
        &mut self,
        progress: Option<Progress>,
        body: Option<(&[u8], bool)>,
        env: &Env<'_>,
    ) -> Flow {
        let Some(request) = &mut self.request else { return self.refuse(Rejection::Internal) };
        let Some(acl) = request.stage.as_ref().and_then(|stage| stage.web_acl.clone()) else {
            return self.enter(Seen::default(), env);
        };
        let inflated = match inflated(request, &acl, body) {
            Ok(inflated) => inflated,
            Err(Unreadable) => return self.refuse_coding(&acl, progress.unwrap_or_default(), body, env),
        };
        let view = view(request, &acl, body, inflated.as_ref());
        let decision = match progress {
            None => acl.begin(&view, env),
            Some(progress) => acl.finish(progress, &view, env),
        };
        match (decision, body) {
            (Decision::Body(progress), None)
                if inflate::coding(acl.compressed_bodies, &request.head).is_err() =>
            {
                self.refuse_coding(&acl, progress, body, env)
            }
            (Decision::Body(progress), None) => {
                self.state = State::Inspecting(progress);
                // One byte more tells whether it is longer than is inspected.
                Flow::Body(BodyWanted { bytes: acl.body_bytes.saturating_add(1) })
            }
            (Decision::Body(_), Some(_)) => self.refuse(Rejection::Internal),
            (Decision::Done(outcome), _) => {
                let line = log(&acl, &outcome.record, &view, request);
                request.waf_log = line;
                request.verdict = Some(outcome.record.verdict());
                request.inserted = outcome.record.inserted;
                match outcome.block {
                    Some(block) => self.block(&block),
                    None => self.enter(seen(body), env),
                }
            }
        }
    }

    /// The line of the request's web ACL's log, once, if there is one: the shell writes it before anything else.
    pub fn take_waf_log(&mut self) -> Option<Vec<u8>> {
        self.request.as_mut()?.waf_log.take()
    }

    /// Refuses a request whose body rules would have to look at, and cannot: it counts as blocked by the web ACL.
    fn refuse_coding(
        &mut self,
        acl: &WebAcl,
        progress: Progress,
        body: Option<(&[u8], bool)>,
        env: &Env<'_>,
    ) -> Flow {
        if let Some(request) = &mut self.request {
            let record = acl.refuse(progress, UNSUPPORTED_MEDIA_TYPE, env);
            let line = log(acl, &record, &view(request, acl, body, None), request);
            request.waf_log = line;
        }
        self.refuse(Rejection::ContentEncoding)
    }

    /// Answers a blocked request: with the rule's own response, which no gateway response customises, or as `WAF_FILTERED`.
    fn block(&mut self, block: &Rc<Block>) -> Flow {
        match &block.custom {
            None => self.refuse(Rejection::WafBlocked),
            Some(custom) => {
                if let Some(request) = &mut self.request {
                    // It is a refusal, too, but no gateway response: `$context.error` says nothing.
                    request.outcome.rejection = Some(Rejection::WafBlocked);
                }
                self.state = State::Answered;
                self.tell(Ok(custom.answer()), None)
            }
        }
    }
}

/// What the rules see.
fn view<'r>(
    request: &'r Request,
    acl: &WebAcl,
    body: Option<(&'r [u8], bool)>,
    meaning: Option<&'r Inflated>,
) -> View<'r> {
    let client = Client::new(&request.source_ip, &request.head);
    View { head: &request.head, body: inspected(request, acl, body), meaning, client }
}

/// The line of its web ACL's log, if it is logged.
fn log(acl: &WebAcl, record: &Record, view: &View<'_>, request: &Request) -> Option<Vec<u8>> {
    let logging = acl.logging.as_ref()?;
    let account = &request.gateway.account_id;
    let api = request.api.as_ref().map_or("", |api| &api.id);
    let stage = request.stage.as_ref().map_or("", |stage| &stage.name);
    let source = format!("{account}:{api}:{stage}");
    // As `$context.requestId` has it.
    let request_id = request.ids.request_id(request.protocol());
    logging.line(&Judged { acl, record, view, source: &source, request_id, at: request.arrived })
}

/// What the rules see of the body.
fn inspected<'b>(request: &Request, acl: &WebAcl, body: Option<(&'b [u8], bool)>) -> Body<'b> {
    match body {
        Some((bytes, ended)) => {
            let seen = bytes.get(..acl.body_bytes).unwrap_or(bytes);
            Body::Seen { bytes: seen, more: !ended || bytes.len() > seen.len() }
        }
        None if request.has_no_body() => Body::Seen { bytes: b"", more: false },
        None => Body::NotYet,
    }
}

/// What a body means that is sent compressed, where rules shall see that.
fn inflated(
    request: &Request,
    acl: &WebAcl,
    body: Option<(&[u8], bool)>,
) -> Result<Option<Inflated>, Unreadable> {
    let Some((bytes, ended)) = body else { return Ok(None) };
    match inflate::coding(acl.compressed_bodies, &request.head)? {
        None => Ok(None),
        Some(coding) => {
            // However it came in parts, the same of it is looked at.
            let (seen, ended) = match bytes.get(..acl.body_bytes) {
                Some(seen) => (seen, ended && seen.len() == bytes.len()),
                None => (bytes, ended),
            };
            inflate::inflate(coding, seen, ended, acl.body_bytes).map(Some)
        }
    }
}

/// What of the body is known behind the rules.
fn seen(body: Option<(&[u8], bool)>) -> Seen<'_> {
    match body {
        None => Seen::default(),
        Some((bytes, ended)) => Seen { whole: ended.then_some(bytes), bytes: bytes.len() as u64 },
    }
}
