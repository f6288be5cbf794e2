//! Compiles labels: those that rules give, and those that they look for.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-label-requirements.html>

use super::super::account_id;
use super::super::scope::Scope;
use crate::gateway::config::Config;
use crate::gateway::config::waf::{Label, LabelMatchScope, LabelMatchStatement};
use crate::gateway::waf::labels::LabelMatch;
use std::rc::Rc;

/// Most namespaces before a label's name: AWS's limit.
const MOST_NAMESPACES: usize = 5;
/// Longest namespace or name, in bytes: AWS's limit.
const MOST_BYTES: usize = 128;
/// Most labels of a rule: AWS's limit.
const MOST_LABELS: usize = 100;
/// Words that only the beginnings of labels have.
const RESERVED: [&str; 8] =
    ["awswaf", "aws", "waf", "rulegroup", "webacl", "regexpatternset", "ipset", "managed"];

/// What every whole label begins with.
const WHOLE: &str = "awswaf:";
/// What labels begin with that come of a look at a client's country.
const PLACES: [&str; 3] =
    ["awswaf:clientip:geo:", "awswaf:clientip:geo:country:", "awswaf:clientip:geo:region:"];

/// What is known of the labels of a web ACL.
#[derive(Default)]
pub(super) struct Known {
    /// Labels that its rules give, and those of its groups; without those of places.
    pub(super) given: Vec<Rc<str>>,
    /// What its own rules look for, and where that stands. What groups look for may come from another web ACL.
    pub(super) sought: Vec<(String, LabelMatch)>,
}

/// What the labels of a web ACL, or of a group, begin with: what AWS printed of it, else what follows from whose it is. Rules
/// name labels as AWS made them, whatever the account of the document is.
#[inline(never)]
pub(super) fn namespace(
    config: &Config,
    written: Option<&str>,
    arn: &str,
    kind_and_name: &[&str; 2],
    scope: &mut Scope<'_>,
) -> String {
    if let Some(written) = written {
        check_namespace(written, "LabelNamespace", scope);
        return written.to_owned();
    }
    // `arn:aws:wafv2:REGION:ACCOUNT:…`
    let account = arn.split(':').nth(4);
    let is_account = |it: &&str| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
    let account = account.filter(is_account).unwrap_or_else(|| account_id(config));
    let [kind, name] = kind_and_name;
    format!("awswaf:{account}:{kind}:{name}:")
}

/// Labels that a rule gives, whole: each begins with `prefix`.
pub(super) fn given(written: &[Label], prefix: &str, scope: &mut Scope<'_>) -> Vec<Rc<str>> {
    if written.len() > MOST_LABELS {
        scope.error("RuleLabels", format!("{} labels are more than {MOST_LABELS}", written.len()));
    }
    let label = |(i, label): (usize, &Label)| {
        check(&label.name, &format!("RuleLabels[{i}].Name"), scope);
        Rc::from(format!("{prefix}{}", label.name))
    };
    written.iter().enumerate().map(label).collect()
}

#[inline(never)]
fn check(name: &str, at: &str, scope: &mut Scope<'_>) {
    let words: Vec<&str> = name.split(':').collect();
    if words.len() > MOST_NAMESPACES + 1 {
        let problem = format!("{} namespaces are more than {MOST_NAMESPACES}", words.len() - 1);
        scope.error(at, problem);
    }
    if let Some(word) = words.iter().find(|word| !is_word(word)) {
        scope
            .error(at, format!("`{word}` is not a namespace, nor the name of a label"))
            .help("1 to 128 letters, digits, `_` and `-` each, with `:` between them: `bad:bot`");
    }
    if let Some(word) = words.iter().find(|word| RESERVED.contains(word)) {
        scope
            .error(at, format!("the word `{word}` is reserved"))
            .help("only the end of a label is written: its beginning follows from the account and the name of the web ACL or group");
    }
}

fn is_word(word: &str) -> bool {
    (1..=MOST_BYTES).contains(&word.len()) && is_plain(word)
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// What a label must be.
pub(super) fn sought(written: &LabelMatchStatement, scope: &mut Scope<'_>) -> LabelMatch {
    let key = &written.key;
    match written.scope {
        LabelMatchScope::Namespace => {
            check_namespace(key, "Key", scope);
            LabelMatch::Namespace(key.clone())
        }
        LabelMatchScope::Label => {
            if is_end(key, "Key", scope) && key.ends_with(':') {
                scope
                    .error("Key", format!("`{key}` is a namespace: no label ends in `:`"))
                    .help("take the last `:` away, or write `\"Scope\": \"NAMESPACE\"`");
            }
            LabelMatch::Label(key.clone())
        }
    }
}

impl Known {
    /// Warns of what is looked for and never there. Only where nothing else is wrong: what could not be compiled gives labels too.
    pub(super) fn check(&self, scope: &mut Scope<'_>) {
        if scope.has_errors() {
            return;
        }
        for (path, sought) in &self.sought {
            let (is_whole, word, key) = match sought {
                LabelMatch::Label(key) => (key.starts_with(WHOLE), "is the label", key),
                LabelMatch::Namespace(key) => (true, "is in the namespace", key),
            };
            let is_place = PLACES.iter().any(|place| sought.fits(place)) || key.starts_with(PLACES[0]);
            if is_whole && !is_place && !self.given.iter().any(|label| sought.fits(label)) {
                scope
                    .root()
                    .warning(path, format!("no rule gives a label that {word} `{key}`, so this never fits"))
                    .help("`LabelNamespace`, else the account and the name, says what the labels of a web ACL or group begin with");
            }
        }
    }
}

/// A namespace ends in `:`.
pub(super) fn check_namespace(key: &str, at: &str, scope: &mut Scope<'_>) {
    if is_end(key, at, scope) && !key.ends_with(':') {
        scope.error(at, "a namespace ends in `:`").help(format!("write `{key}:`"));
    }
}

/// Whether a label, or a namespace, can end so; what cannot goes to the diagnostics.
#[inline(never)]
fn is_end(key: &str, at: &str, scope: &mut Scope<'_>) -> bool {
    let good = (1..=1024).contains(&key.len()) && key.split(':').all(is_plain);
    if !good {
        scope
            .error(at, format!("`{key}` is not the end of a label"))
            .help("1 to 1024 letters, digits, `_` and `-`, with `:` between them");
    }
    good
}
