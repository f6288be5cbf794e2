//! What may stand in a case file.
//!
//! ```yaml
//! config: { apis: [ ... ] }     # a gateway's document; every host under `.test` is the recording backend, but
//!                               # `dead.test` refuses connections and `slow.test` never answers
//! secrets: { NAME: value }      # variables of the gateway's environment, for documents that name some
//! services:                     # whom the gateway asks itself: issuers, functions, authorizers
//!   - request: { host: idp.test, path: /keys, method: GET }       # absent `path` or `method`: any
//!     answer: { status: 200, headers: [[a, b]], body: "..." }     # or `json:` for `body:`, or `hang`, or `reset`
//! cases:
//!   - name: a path variable reaches the backend encoded again
//!     skip: { native: the reason, envoy: the reason }             # optional, counted and printed
//!     services: [ ... ]                                           # asked before those of the file
//!     request: { method: GET, path: "/a%20b", host: "x", headers: [[x, "1"], [x, "2"]], body: "..." }
//!     backend: { status: 200, headers: [[etag, x]], body: ok }    # what the backend answers
//!     expect:
//!       status: 200
//!       headers: { content-type: text/plain, x-gone: null, x-id: /^[0-9a-f]+$/, set-cookie: [a=1, b=2] }
//!       body: ok                                                  # or `json:`, or `partialJson:`
//!       backend: { method: GET, path: "/a%20b", headers: { host: backend.test }, body: "" }    # or `none`
//!       asked: [{ host: idp.test, path: /keys }]                  # each question, in order; `[]` is none
//!       accessLog: /^GET 200/                                     # the line of the stage's access log, or `null`
//!       accessLogJson: { status: "200" }                          # the same as JSON, which may have more
//!   - name: several requests, one after the other
//!     steps:
//!       - { request: { ... }, expect: { ... } }                   # and `backend`, `services`
//!       - { later: 61, request: { ... }, expect: { ... } }        # this many seconds later: native only
//! ```
//!
//! - A header's expectation is a text (there is exactly one such header, and it is this), a `/regular expression/`,
//!   a list (all of them, in order) or `null` (there is none). So is a body's.
//! - In `json` a text may be `/a regular expression/`, or `<any>` for anything; `partialJson` lets objects have more members.
//! - `sign: { key: AKIA… }` in a request signs it when it is sent, as [`crate::sigv4::Sign`] says.
//! - `<jwt {"header": {…}, "claims": {…}}>` in a request is a token of [`crate::tokens`], which tells how to break it; its key
//!   set is `{"keys": [<jwk>]}`.
//! - `<a*20000>` anywhere in a request or an expectation stands for twenty thousand times `a`, and `<client>` in an
//!   expectation for the client's address, which differs between the engines.
//! - `<hash KEY>` in `config` is the hash of an API key: `value: <hash gold>` is the key that a client sends as `gold`.
//! - A host that `services` name anywhere in the file is no backend, in any case of it: asked anything else it answers
//!   404. A service that `dead.test` stands for refuses connections, and is therefore not seen to be `asked`.
//! - A service that hangs takes as long as the gateway waits for it, in Envoy really so: `skip` it there if that is long.
//! - What the gateway learns or remembers (keys, decisions) lasts from step to step. Natively each case begins without
//!   memory; in Envoy all cases of a file share it, in the order of the file. So cases use tokens, identities and issuers of
//!   their own: one that depends on its neighbours fails in one of the engines.
//! - Where one case of a file looks at the access log, all do: a line more than expected is seen at the next one.
//! - Questions to hosts that the gateway also asks of its own accord, ahead of requests, are compared natively only.

mod expect;

pub use expect::{Expect, ExpectBackend, ExpectRequest, Matcher};

use crate::placeholders;
use crate::services::{Service, Services};
use crate::sigv4::Sign;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A case file: a gateway, and what requests to it give.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The gateway's document.
    pub config: Value,
    /// Variables of the gateway's environment.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    /// Whom the gateway asks.
    #[serde(default)]
    pub services: Vec<Service>,
    /// The cases, in the order in which they run.
    pub cases: Vec<Case>,
}

/// Requests, one after the other, and what they must give.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Written")]
pub struct Case {
    /// A sentence: what is true.
    pub name: String,
    /// The engines in which the case cannot run.
    pub skip: Skip,
    /// Whom the gateway asks, before those of the file.
    pub services: Vec<Service>,
    /// The requests: most cases have one.
    pub steps: Vec<Step>,
}

/// A case as written: `steps`, or the one step's own parts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(default)]
    skip: Skip,
    #[serde(default)]
    services: Vec<Service>,
    steps: Option<Vec<Step>>,
    request: Option<Request>,
    backend: Option<Answer>,
    expect: Option<Expect>,
}

/// One request and what it must give.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Seconds that pass before it.
    #[serde(default)]
    pub later: u32,
    /// Whom the gateway asks, before those of the case.
    #[serde(default)]
    pub services: Vec<Service>,
    /// What the client sends.
    #[serde(default)]
    pub request: Request,
    /// What the backend answers.
    #[serde(default)]
    pub backend: Answer,
    /// What must come of it.
    pub expect: Expect,
}

/// Why an engine cannot run a case.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    /// Why not natively.
    pub native: Option<String>,
    /// Why not in Envoy.
    pub envoy: Option<String>,
}

/// What the client sends.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The request target, byte for byte.
    pub path: String,
    /// The authority.
    pub host: String,
    /// Headers in order; names may repeat.
    pub headers: Vec<(String, String)>,
    /// The body; `content-length` is added unless `headers` has it.
    pub body: Option<String>,
    /// How it is signed, if it is: by [`crate::sigv4`], when it is sent.
    pub sign: Option<Sign>,
}

/// What the backend answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers in order; names may repeat.
    pub headers: Vec<(String, String)>,
    /// The body; `content-length` is added.
    pub body: String,
}

// === impl File ===

impl File {
    /// Reads a case file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut file: Self = serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
        // Counted in another way than it is parsed, so that no case is lost in silence.
        let written = text.lines().filter(|line| line.trim_start().starts_with("- name:")).count();
        if written != file.cases.len() {
            return Err(format!("{written} lines begin a case, but {} were read", file.cases.len()));
        }
        placeholders::hashes(&mut file.config);
        let mut names = BTreeSet::new();
        for case in &mut file.cases {
            if !names.insert(case.name.clone()) {
                return Err(format!("two cases are named `{}`", case.name));
            }
            case.prepare().map_err(|problem| format!("case `{}`: {problem}", case.name))?;
        }
        let looking = |case: &&Case| case.steps.iter().any(|step| step.expect.looks_at_log());
        let blind = |case: &&Case| case.steps.iter().any(|step| !step.expect.looks_at_log());
        if let (Some(_), Some(case)) = (file.cases.iter().find(looking), file.cases.iter().find(blind)) {
            return Err(format!("case `{}`: other cases of the file look at the access log", case.name));
        }
        if file.cases.is_empty() {
            return Err("there is no case in it".to_owned());
        }
        Ok(file)
    }

    /// Those who answer the gateway's questions about this step's request.
    #[must_use]
    pub fn services(&self, case: &Case, step: &Step) -> Services {
        let own = step.services.iter().chain(&case.services).chain(&self.services);
        let of_cases = self.cases.iter().flat_map(|case| {
            case.services.iter().chain(case.steps.iter().flat_map(|step| step.services.iter()))
        });
        let all = self.services.iter().chain(of_cases);
        Services::new(own, all.map(|service| service.request.host.clone()).collect())
    }
}

// === impl Case ===

impl TryFrom<Written> for Case {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { name, skip, services, steps, request, backend, expect } = written;
        let steps = match (steps, expect) {
            (Some(steps), None) if request.is_none() && backend.is_none() => steps,
            (Some(_), _) => {
                return Err(format!("case `{name}`: `steps` have `request`, `backend` and `expect` in them"));
            }
            (None, None) => return Err(format!("case `{name}`: missing field `expect`")),
            (None, Some(expect)) => vec![Step {
                later: 0,
                services: Vec::new(),
                request: request.unwrap_or_default(),
                backend: backend.unwrap_or_default(),
                expect,
            }],
        };
        Ok(Self { name, skip, services, steps })
    }
}

impl Case {
    fn prepare(&mut self) -> Result<(), String> {
        if self.steps.is_empty() {
            return Err("`steps` is empty".to_owned());
        }
        if self.steps.iter().any(|step| step.later > 0) && self.skip.envoy.is_none() {
            return Err("`later` moves the native engine's clock: say so in `skip: { envoy: … }`".to_owned());
        }
        self.steps.iter_mut().try_for_each(Step::prepare)
    }
}

// === impl Step ===

impl Step {
    fn prepare(&mut self) -> Result<(), String> {
        for (_, value) in &mut self.backend.headers {
            *value = placeholders::text(value);
        }
        self.backend.body = placeholders::text(&self.backend.body);
        self.expect.prepare()
    }
}

// === impl Request, Answer ===

impl Default for Request {
    fn default() -> Self {
        Self {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            host: "api.example.com".to_owned(),
            headers: Vec::new(),
            body: None,
            sign: None,
        }
    }
}

impl Default for Answer {
    fn default() -> Self {
        Self { status: 200, headers: Vec::new(), body: "ok".to_owned() }
    }
}

#[cfg(test)]
mod tests;
