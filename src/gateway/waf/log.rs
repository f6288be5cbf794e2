//! AWS WAF's log: a JSON line for a request that a web ACL with a logging configuration has judged.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html>
//!
//! A line is ASCII without control characters, whatever a client sends: no value ends it or begins another. Of what a client
//! sends a line has at most [`MOST_OF_CLIENT`] bytes and the last header. Headers that prove who somebody is are `REDACTED`
//! always, and signatures in the query string are; what rules found in them is not told either. Not here: fingerprints.

mod record;
mod rules;
mod text;

use super::WebAcl;
use super::field::{Field, Names};
use super::record::{Counted, Record};
use super::view::View;
use crate::gateway::Millis;
use crate::gateway::config::waf::{
    ActionValue, Condition, FieldToMatch, FilterBehavior, FilterRequirement, LoggingConfiguration,
};

/// Bytes of a line behind which no further header of the client's is written.
pub const MOST_OF_CLIENT: usize = 24 * 1024;

/// What stands for a value that is not logged.
pub const REDACTED: &str = "REDACTED";

/// Headers that prove who somebody is.
const SECRETS: [&str; 5] =
    ["authorization", "proxy-authorization", "cookie", "x-api-key", "x-amz-security-token"];

/// What is logged of a web ACL.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Logging {
    filters: Vec<Filter>,
    /// Whether a request is logged that no filter fits.
    drops: bool,
    redacted: Redacted,
}

/// Parts whose values are not logged.
#[derive(Debug, Default, PartialEq, Eq)]
struct Redacted {
    method: bool,
    path: bool,
    query: bool,
    /// In lower case.
    headers: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
struct Filter {
    keeps: bool,
    needs_all: bool,
    tests: Vec<Test>,
}

#[derive(Debug, PartialEq, Eq)]
enum Test {
    Action(ActionValue),
    Label(String),
}

/// What a line tells of.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// The web ACL.
    pub acl: &'a WebAcl,
    /// What its rules said.
    pub record: &'a Record,
    /// The request.
    pub view: &'a View<'a>,
    /// Whose stage it is: `ACCOUNT:API:STAGE`.
    pub source: &'a str,
    /// The request's id.
    pub request_id: &'a str,
    /// When it arrived.
    pub at: Millis,
}

// === impl Logging ===

impl Logging {
    /// The log of a web ACL.
    ///
    /// # Errors
    /// What is wrong with it: the member's path below the configuration, and why in words.
    #[inline(never)]
    pub fn new(written: &LoggingConfiguration) -> Result<Self, Vec<(String, String)>> {
        let mut problems = Vec::new();
        let mut logging = Self::default();
        for (i, field) in written.redacted_fields.iter().enumerate() {
            if !logging.redacted.add(field) {
                problems.push((
                    format!("RedactedFields[{i}]"),
                    "only `SingleHeader`, `UriPath`, `QueryString` and `Method` can be redacted, one in each"
                        .to_owned(),
                ));
            }
        }
        if let Some(filter) = &written.logging_filter {
            logging.drops = filter.default_behavior == FilterBehavior::Drop;
            for (i, filter) in filter.filters.iter().enumerate() {
                let tests = filter.conditions.iter().enumerate().filter_map(|(c, condition)| {
                    let test = Test::new(condition);
                    if test.is_none() {
                        problems.push((
                            format!("LoggingFilter.Filters[{i}].Conditions[{c}]"),
                            "it is neither an `ActionCondition` nor a `LabelNameCondition`, or both"
                                .to_owned(),
                        ));
                    }
                    test
                });
                let tests: Vec<_> = tests.collect();
                if filter.conditions.is_empty() {
                    problems.push((
                        format!("LoggingFilter.Filters[{i}].Conditions"),
                        "a filter needs a condition".to_owned(),
                    ));
                }
                logging.filters.push(Filter {
                    keeps: filter.behavior == FilterBehavior::Keep,
                    needs_all: filter.requirement == FilterRequirement::MeetsAll,
                    tests,
                });
            }
        }
        if problems.is_empty() { Ok(logging) } else { Err(problems) }
    }

    /// The line of a request, if it is logged. It has no end: Envoy's access log writes the version of HTTP behind it, and closes
    /// `httpRequest` and the record.
    #[must_use]
    pub fn line(&self, judged: &Judged<'_>) -> Option<Vec<u8>> {
        self.keeps(judged.record).then(|| record::write(judged, &self.redacted))
    }

    /// Of a field, what may be told; none if nothing may.
    #[must_use]
    pub fn shown(&self, field: &Field, view: &View<'_>) -> Option<Field> {
        self.redacted.shown(field, view)
    }

    fn keeps(&self, record: &Record) -> bool {
        let fitting = self.filters.iter().find(|filter| filter.fits(record));
        fitting.map_or(!self.drops, |filter| filter.keeps)
    }
}

// === impl Redacted ===

impl Redacted {
    /// Adds a field; false if it is none that can be redacted.
    fn add(&mut self, field: &FieldToMatch) -> bool {
        let only = |one: FieldToMatch| *field == one;
        match field {
            FieldToMatch { single_header: Some(header), .. }
                if only(FieldToMatch { single_header: Some(header.clone()), ..FieldToMatch::default() }) =>
            {
                self.headers.push(header.name.to_ascii_lowercase());
            }
            FieldToMatch { uri_path: Some(it), .. }
                if only(FieldToMatch { uri_path: Some(*it), ..FieldToMatch::default() }) =>
            {
                self.path = true;
            }
            FieldToMatch { query_string: Some(it), .. }
                if only(FieldToMatch { query_string: Some(*it), ..FieldToMatch::default() }) =>
            {
                self.query = true;
            }
            FieldToMatch { method: Some(it), .. }
                if only(FieldToMatch { method: Some(*it), ..FieldToMatch::default() }) =>
            {
                self.method = true;
            }
            _ => return false,
        }
        true
    }

    /// The headers whose values are not logged.
    fn headers(&self) -> impl Iterator<Item = &str> {
        SECRETS.into_iter().chain(self.headers.iter().map(String::as_str))
    }

    fn has_header(&self, name: &[u8]) -> bool {
        self.headers().any(|header| header.as_bytes() == name)
    }

    /// Whether nothing of the query string's values is told, because one of them proves who signed the URL.
    fn has_query(&self, view: &View<'_>) -> bool {
        self.query || record::has_proof(view.query())
    }

    fn shown(&self, field: &Field, view: &View<'_>) -> Option<Field> {
        let is_hidden = match field {
            Field::Method => self.method,
            Field::UriPath => self.path,
            Field::QueryString | Field::SingleQueryArgument(_) | Field::AllQueryArguments => {
                self.has_query(view)
            }
            Field::SingleHeader(name) => self.has_header(name.as_bytes()),
            Field::Cookies(..) => true,
            Field::Headers(names, scope, oversize) => {
                return Some(Field::Headers(self.others(names), *scope, *oversize));
            }
            Field::HeaderOrder(_) | Field::Body(_) | Field::JsonBody(..) => false,
        };
        (!is_hidden).then(|| field.clone())
    }

    /// Of these headers, those whose values are logged.
    fn others(&self, names: &Names) -> Names {
        let hidden = || self.headers().map(str::to_owned);
        match names {
            Names::All => Names::Excluded(hidden().collect()),
            Names::Excluded(names) => Names::Excluded(names.iter().cloned().chain(hidden()).collect()),
            Names::Included(names) => {
                let is_shown = |name: &&String| !self.has_header(name.as_bytes());
                Names::Included(names.iter().filter(is_shown).cloned().collect())
            }
        }
    }
}

// === impl Filter ===

impl Filter {
    fn fits(&self, record: &Record) -> bool {
        let mut tests = self.tests.iter();
        if self.needs_all {
            tests.all(|test| test.holds(record))
        } else {
            tests.any(|test| test.holds(record))
        }
    }
}

// === impl Test ===

impl Test {
    fn new(condition: &Condition) -> Option<Self> {
        match (&condition.action_condition, &condition.label_name_condition) {
            (Some(action), None) => Some(Self::Action(action.action)),
            (None, Some(label)) => Some(Self::Label(label.label_name.clone())),
            (Some(_), Some(_)) | (None, None) => None,
        }
    }

    fn holds(&self, record: &Record) -> bool {
        let counted = |excluded: bool| {
            record.counted.iter().any(|Counted { excluded: is_excluded, .. }| *is_excluded == excluded)
        };
        match self {
            Self::Label(wanted) => record.labels.iter().any(|label| label == wanted),
            Self::Action(ActionValue::Block) => record.blocked.is_some(),
            Self::Action(ActionValue::Allow) => record.blocked.is_none(),
            Self::Action(ActionValue::Count) => counted(false),
            Self::Action(ActionValue::ExcludedAsCount) => counted(true),
            // No rule takes these here.
            Self::Action(ActionValue::Captcha | ActionValue::Challenge | ActionValue::Monetize) => false,
        }
    }
}

#[cfg(test)]
mod tests;
