//! `Resource` and `NotResource`: which requests a statement is about.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html>

use super::pattern::{Case, Pattern};
use super::statement::{Effect, texts};
use super::{Kind, Problem, Question, Unreachable};
use crate::gateway::arn;
use crate::gateway::diagnostics::member;
use serde_json::{Map, Value};

/// Longest ARN in the policy of an authorizer, in characters: AWS's limit.
const RESOURCE_CHARACTERS: usize = 512;

/// Which requests a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resources {
    list: Vec<Resource>,
    /// `NotResource`: all others.
    negated: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Resource {
    pattern: Pattern,
    place: Place,
    /// Where it stands in the document.
    at: String,
}

/// What a pattern is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// All of the ARN.
    Arn,
    /// What follows the API's id: `execute-api:/STAGE/METHOD/PATH`, which AWS expands when it takes a resource policy.
    Api,
}

// === impl Resources ===

impl Resources {
    /// Reads what a statement says of them.
    pub(super) fn parse(
        statement: &Map<String, Value>,
        kind: Kind,
        at: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let (name, written) = super::statement::one_of(statement, ["Resource", "NotResource"], at, problems)?;
        let found = problems.len();
        let mut list = Vec::new();
        for (at, text) in texts(written, &member(at, name), problems) {
            match Resource::parse(text, kind, &at) {
                Ok(resource) => list.push(resource),
                Err(problem) => problems.push(problem),
            }
        }
        (problems.len() == found).then_some(Self { list, negated: name == "NotResource" })
    }

    /// Whether the statement is about the request. Where a careless backend may read the request's path or method as another
    /// one (`//`, `;x`, `get`), a `Deny` of either counts, and an `Allow` must be about both, or name this very ARN.
    pub(super) fn include(&self, question: &Question<'_>, effect: Effect) -> bool {
        let asked = question.asked.arn;
        let Some(plain) = &question.plain else { return self.name(asked) };
        match effect {
            Effect::Deny => self.name(asked) || self.name(plain),
            Effect::Allow => {
                let spelled = || self.list.iter().any(|resource| resource.spells(asked));
                self.name(asked) && (self.name(plain) || (!self.negated && spelled()))
            }
        }
    }

    /// The resources that name nothing below a prefix of ARNs.
    pub(super) fn unreachable<'a>(
        &'a self,
        prefix: &'a str,
        effect: Effect,
    ) -> impl Iterator<Item = Unreachable<'a>> {
        let opens = (effect == Effect::Deny) != self.negated;
        let beyond = move |resource: &&Resource| resource.place == Place::Arn && !resource.may_begin(prefix);
        let told = move |resource: &'a Resource| Unreachable {
            path: &resource.at,
            resource: resource.pattern.text(),
            opens,
        };
        self.list.iter().filter(beyond).map(told)
    }

    fn name(&self, arn: &str) -> bool {
        self.list.iter().any(|resource| resource.matches(arn)) != self.negated
    }
}

// === impl Resource ===

impl Resource {
    fn parse(text: &str, kind: Kind, at: &str) -> Result<Self, Problem> {
        let new = |text: &str, place| {
            Ok(Self { pattern: Pattern::new(text, Case::Counts), place, at: at.to_owned() })
        };
        if let Some(problem) = variable(text, at) {
            return Err(problem);
        }
        if kind == Kind::Identity && text.chars().count() > RESOURCE_CHARACTERS {
            let length = text.chars().count();
            let problem = format!("the ARN has {length} characters, more than {RESOURCE_CHARACTERS}");
            return Err(Problem::new(at, problem));
        }
        match (kind, text.strip_prefix("execute-api:/")) {
            (Kind::Resource, Some(below)) => return new(below, Place::Api),
            (Kind::Identity, Some(_)) => {
                let problem = format!("`{text}`: only a resource policy may leave the API out");
                return Err(
                    Problem::new(at, problem).help("write `arn:aws:execute-api:REGION:ACCOUNT:API/…`")
                );
            }
            (Kind::Resource | Kind::Identity, None) => {}
        }
        if text == "*" || text.starts_with("arn:") {
            return new(text, Place::Arn);
        }
        let help = match kind {
            Kind::Resource => "`*`, `execute-api:/STAGE/METHOD/PATH`, or `arn:aws:execute-api:…`",
            Kind::Identity => "`*`, or `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH`",
        };
        Err(Problem::new(at, format!("`{text}` is no ARN")).help(help))
    }

    fn matches(&self, arn: &str) -> bool {
        self.compared(arn).is_some_and(|text| self.pattern.matches(text))
    }

    fn spells(&self, arn: &str) -> bool {
        self.compared(arn).is_some_and(|text| self.pattern.spells(text))
    }

    /// Whether the pattern means requests below a prefix of ARNs. Field by field where it has all of them: that a `*` may cross
    /// them, and find the rest of the pattern in somebody's path, is not what an author means.
    fn may_begin(&self, prefix: &str) -> bool {
        let fields = |arn: &str| -> Vec<String> { arn.splitn(6, ':').map(str::to_owned).collect() };
        let (pattern, prefix_fields) = (fields(self.pattern.text()), fields(prefix));
        if pattern.len() < prefix_fields.len() {
            return self.pattern.can_begin(prefix);
        }
        let mut pairs = pattern.iter().zip(&prefix_fields).enumerate();
        pairs.all(|(i, (pattern, field))| {
            let pattern = Pattern::new(pattern, Case::Counts);
            if i + 1 == prefix_fields.len() { pattern.can_begin(field) } else { pattern.matches(field) }
        })
    }

    fn compared<'a>(&self, arn: &'a str) -> Option<&'a str> {
        match self.place {
            Place::Arn => Some(arn),
            Place::Api => arn::below_api(arn),
        }
    }
}

/// A policy variable: taken literally, a `Deny` with one would deny nobody.
// Once in the module, and not once for each kind of values.
#[inline(never)]
pub(super) fn variable(text: &str, at: &str) -> Option<Problem> {
    text.contains("${").then(|| {
        Problem::new(at, format!("`{text}`: policy variables are not supported"))
            .help("write the value itself, or `*`")
    })
}
