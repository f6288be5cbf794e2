//! `Principal` and `NotPrincipal` of a resource policy: whom a statement is about.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>

use super::statement::{Effect, texts};
use super::{Kind, Problem, Question};
use crate::gateway::diagnostics::member;
use serde_json::{Map, Value};

/// Whom a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Principals {
    /// Everybody, who need not say who they are.
    Everybody,
    /// These.
    These(Vec<Who>),
    /// Everybody else, anonymous callers among them.
    AllBut(Vec<Who>),
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    /// Everybody.
    Everybody,
    /// An account as a whole.
    Account(String),
    /// A user, or one session of a role.
    Caller(String),
    /// A role, in whatever session.
    Role { account: String, name: String },
}

/// A caller's ARN, taken apart.
struct Caller<'a> {
    arn: &'a str,
    account: &'a str,
    role: Option<&'a str>,
}

const WILDCARD_HELP: &str = "compare `aws:PrincipalArn` by `ArnLike` in a `Condition`";

// === impl Principals ===

impl Principals {
    /// Reads what a statement says of them.
    pub(super) fn parse(
        statement: &Map<String, Value>,
        kind: Kind,
        effect: Option<Effect>,
        at: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let (only, not) = (statement.get("Principal"), statement.get("NotPrincipal"));
        match (kind, only, not) {
            (Kind::Identity, None, None) => Some(Self::Everybody),
            (Kind::Identity, only, _) => {
                let name = if only.is_some() { "Principal" } else { "NotPrincipal" };
                let problem = format!("`{name}` has no place in a caller's or an authorizer's policy");
                problems.push(
                    Problem::new(member(at, name), problem).help("leave it out: the policy is the caller's"),
                );
                None
            }
            (Kind::Resource, Some(written), None) => {
                let who = parse_list(written, &member(at, "Principal"), problems)?;
                Some(if who.contains(&Who::Everybody) { Self::Everybody } else { Self::These(who) })
            }
            (Kind::Resource, None, Some(written)) => {
                let at = member(at, "NotPrincipal");
                if effect == Some(Effect::Allow) {
                    let problem = "with `Allow` it would let everybody else in, anonymous callers among them";
                    problems.push(Problem::new(at, problem).help("name in `Principal` who may call"));
                    return None;
                }
                let who = parse_list(written, &at, problems)?;
                if who.contains(&Who::Everybody) {
                    problems.push(Problem::new(at, "nobody is left: the statement would mean nothing"));
                    return None;
                }
                Some(Self::AllBut(who))
            }
            (Kind::Resource, Some(_), Some(_)) => {
                problems.push(
                    Problem::new(at, "`Principal` and `NotPrincipal` stand side by side").help("keep one"),
                );
                None
            }
            (Kind::Resource, None, None) => {
                let problem = Problem::new(at, "missing `Principal`");
                problems.push(problem.help("`\"Principal\": \"*\"` is everybody"));
                None
            }
        }
    }

    /// Whether the statement is about the caller.
    pub(super) fn include(&self, question: &Question<'_>, effect: Effect) -> bool {
        match (self, question.asked.caller.map(Caller::parse)) {
            (Self::Everybody, _) | (Self::AllBut(_), None) => true,
            (Self::These(_), None) => false,
            (Self::These(who), Some(caller)) => who.iter().any(|who| match who {
                Who::Account(account) => {
                    let stands = effect == Effect::Deny || question.accounts_stand_for_callers;
                    stands && account == caller.account
                }
                Who::Everybody | Who::Caller(_) | Who::Role { .. } => who.is(&caller),
            }),
            // AWS asks for both: the account alone does not spare its callers, and a caller without the account is denied as a
            // part of it.
            (Self::AllBut(spared), Some(caller)) => {
                let account = spared.iter().any(|who| matches!(who, Who::Account(_)) && who.is(&caller));
                let itself = spared.iter().any(|who| !matches!(who, Who::Account(_)) && who.is(&caller));
                !(account && itself)
            }
        }
    }
}

/// `"*"`, or `{"AWS": …}`.
fn parse_list(written: &Value, at: &str, problems: &mut Vec<Problem>) -> Option<Vec<Who>> {
    if written.as_str() == Some("*") {
        return Some(vec![Who::Everybody]);
    }
    let Some(members) = written.as_object().filter(|members| !members.is_empty()) else {
        problems
            .push(Problem::new(at, "expected `\"*\"` or an object such as `{\"AWS\": \"123456789012\"}`"));
        return None;
    };
    let found = problems.len();
    let mut list = Vec::new();
    for (name, value) in members {
        let at = member(at, name);
        if name != "AWS" {
            let problem = format!("nobody here is a `{name}` principal");
            let help = "callers are anonymous, or the `credentials` of the document: `\"*\"` or `\"AWS\"`";
            problems.push(Problem::new(at, problem).help(help));
            continue;
        }
        for (at, text) in texts(value, &at, problems) {
            match Who::parse(text) {
                Ok(who) => list.push(who),
                Err(problem) => problems.push(Problem { path: at, ..problem }),
            }
        }
    }
    (problems.len() == found).then_some(list)
}

// === impl Who ===

impl Who {
    fn parse(text: &str) -> Result<Self, Problem> {
        if text == "*" {
            return Ok(Self::Everybody);
        }
        if is_account(text) {
            return Ok(Self::Account(text.to_owned()));
        }
        if text.contains(['*', '?']) {
            let problem = format!("`{text}`: a principal has no wildcards");
            return Err(Problem::new("", problem).help(WILDCARD_HELP));
        }
        let unknown = || {
            Problem::new("", format!("`{text}` is no principal"))
                .help("an account's id, or the ARN of a root, a user, a role, or a session of a role")
        };
        let [arn, _, service, "", account, name] = fields(text).ok_or_else(unknown)? else {
            return Err(unknown());
        };
        if arn != "arn" || !is_account(account) {
            return Err(unknown());
        }
        match (service, name.split_once('/')) {
            ("iam", None) if name == "root" => Ok(Self::Account(account.to_owned())),
            ("iam", Some(("user", name))) if !name.is_empty() => Ok(Self::Caller(text.to_owned())),
            ("iam", Some(("role", path))) if !path.is_empty() => {
                let name = path.rsplit('/').next().unwrap_or(path).to_owned();
                Ok(Self::Role { account: account.to_owned(), name })
            }
            ("sts", Some(("assumed-role" | "federated-user", name))) if !name.is_empty() => {
                Ok(Self::Caller(text.to_owned()))
            }
            _ => Err(unknown()),
        }
    }

    fn is(&self, caller: &Caller<'_>) -> bool {
        match self {
            Self::Everybody => true,
            Self::Account(account) => account == caller.account,
            Self::Caller(arn) => arn == caller.arn,
            Self::Role { account, name } => account == caller.account && Some(name.as_str()) == caller.role,
        }
    }
}

// === impl Caller ===

impl<'a> Caller<'a> {
    fn parse(arn: &'a str) -> Self {
        let [.., service, _, account, name] = fields(arn).unwrap_or_default();
        let role = match (service, name.split_once('/')) {
            ("iam", Some(("role", path))) => path.rsplit('/').next(),
            ("sts", Some(("assumed-role", session))) => session.split('/').next(),
            _ => None,
        };
        Self { arn, account, role }
    }
}

/// The account of a caller's ARN.
pub(super) fn account(arn: &str) -> Option<&str> {
    Some(Caller::parse(arn).account).filter(|account| !account.is_empty())
}

/// `aws:PrincipalArn`: of a session it is the role's.
pub(super) fn principal_arn(arn: &str) -> String {
    match (fields(arn), Caller::parse(arn).role) {
        (Some([_, partition, "sts", _, account, _]), Some(role)) => {
            format!("arn:{partition}:iam::{account}:role/{role}")
        }
        _ => arn.to_owned(),
    }
}

fn fields(arn: &str) -> Option<[&str; 6]> {
    let mut fields = arn.splitn(6, ':');
    let mut all = [""; 6];
    for field in &mut all {
        *field = fields.next()?;
    }
    Some(all)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
