//! Compiles labels: those that rules give, and those that they look for.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-label-requirements.html>

use super::super::scope::Scope;
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
