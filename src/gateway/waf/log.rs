//! AWS WAF's log: a JSON line for a request that a web ACL with a logging configuration has judged.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html>
//!
//! A line is ASCII without control characters, whatever a client sends: no value ends it or begins another. Of what a client
//! sends a line has at most [`MOST_OF_CLIENT`] bytes and the last header. Headers that prove who somebody is are `REDACTED`
//! always, and signatures in the query string are. Not here: `terminatingRuleMatchDetails`, limits of rates, fingerprints.

mod record;
mod text;

use super::WebAcl;
use super::record::{Counted, Record};
use super::view::View;
use crate::gateway::Millis;
use crate::gateway::config::waf::{
    ActionValue, Condition, FieldToMatch, FilterBehavior, FilterRequirement, LoggingConfiguration,
};

/// Bytes of a line behind which no further header of the client's is written.
pub const MOST_OF_CLIENT: usize = 24 * 1024;

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

    fn has_header(&self, name: &[u8]) -> bool {
        matches!(
            name,
            b"authorization" | b"proxy-authorization" | b"cookie" | b"x-api-key" | b"x-amz-security-token"
        ) || self.headers.iter().any(|header| header.as_bytes() == name)
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
