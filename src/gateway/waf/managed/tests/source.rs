//! The sources of the groups, and the JSON that is made of them.

use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The longest expression: AWS's limit.
const LONGEST: usize = 512;
/// The most expressions of a set: AWS's limit.
const MOST: usize = 10;
/// What ARNs of managed groups, and of their sets, begin with.
const ARNS: &str = "arn:aws:wafv2:::sekisho/";

/// Encodings that requests have on their way to an application, and that attackers add to get past rules: percent-encoding
/// twice, and entities of HTML.
const DECODED: [&str; 5] =
    ["URL_DECODE_UNI", "URL_DECODE_UNI", "HTML_ENTITY_DECODE", "REMOVE_NULLS", "LOWERCASE"];
/// What a shell takes out of a command.
const COMMAND: [&str; 3] = ["URL_DECODE_UNI", "URL_DECODE_UNI", "CMD_LINE"];

/// A group as written for people.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What web ACLs call it.
    pub name: String,
    /// What its labels begin with, behind the vendor.
    pub labels: String,
    capacity: u64,
    comment: String,
    /// Patterns by the names of their lists.
    pub patterns: BTreeMap<String, Vec<Pattern>>,
    /// Fields by the names that rules call them together.
    parts: BTreeMap<String, Vec<String>>,
    /// In the order of their priorities.
    pub rules: Vec<Rule>,
}

/// An expression, and texts that it fits and does not.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    regex: String,
    pub fires: Vec<String>,
    pub passes: Vec<String>,
}

/// A rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub name: String,
    label: String,
    action: Option<String>,
    /// In AWS's JSON.
    pub statement: Option<Value>,
    /// A field that is larger than so many bytes.
    #[serde(default)]
    pub larger: BTreeMap<String, u64>,
    header: Option<String>,
    #[serde(default)]
    method: bool,
    part: Option<String>,
    #[serde(default)]
    xss: bool,
    sqli: Option<String>,
    /// What a text must have, too, that libinjection takes for SQL.
    sign: Option<String>,
    /// Lists of patterns, for texts without encodings.
    #[serde(default)]
    pub patterns: Vec<String>,
    /// Lists of patterns, for what a shell makes of a text.
    #[serde(default)]
    pub command: Vec<String>,
    #[serde(default)]
    pub fires: Vec<Value>,
    #[serde(default)]
    pub passes: Vec<Value>,
}

/// All sources, with their files.
pub fn all() -> Vec<(PathBuf, Source)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/gateway/waf/managed");
    let mut files: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    let read = |file: PathBuf| {
        let text = std::fs::read_to_string(&file).unwrap();
        let source = serde_yaml_ng::from_str(&text).unwrap_or_else(|problem| panic!("{file:?}: {problem}"));
        (file, source)
    };
    files.into_iter().map(read).collect()
}

// === impl Source ===

impl Source {
    /// What of a document the group is, on one line: it, and the sets that its rules refer to.
    pub fn json(&self) -> String {
        let rules: Vec<Value> = self.rules.iter().enumerate().map(|(i, rule)| self.rule(i, rule)).collect();
        let group = json!({
            "Name": self.labels,
            "ARN": format!("{ARNS}rulegroup/{}", self.name),
            "Description": self.comment,
            "Capacity": self.capacity,
            "VisibilityConfig": visibility(&self.name),
            "Rules": rules,
        });
        let sets: Vec<Value> = self.patterns.keys().flat_map(|list| self.sets(list)).collect();
        format!("{}\n", json!({ "ruleGroups": [group], "regexPatternSets": sets }))
    }

    /// The sets that a list of patterns is.
    fn sets(&self, list: &str) -> Vec<Value> {
        let pieces: Vec<String> = self.patterns[list].iter().flat_map(|it| pieces(&it.regex)).collect();
        let set = |(i, pieces): (usize, &[String])| {
            let regexes: Vec<Value> = pieces.iter().map(|piece| json!({ "RegexString": piece })).collect();
            json!({ "ARN": self.set_arn(list, i), "RegularExpressionList": regexes })
        };
        pieces.chunks(MOST).enumerate().map(set).collect()
    }

    fn set_arn(&self, list: &str, place: usize) -> String {
        format!("{ARNS}regexpatternset/{}/{list}/{place}", self.name)
    }

    fn rule(&self, priority: usize, rule: &Rule) -> Value {
        json!({
            "Name": rule.name,
            "Priority": priority,
            "Action": { rule.action.as_deref().unwrap_or("Block"): {} },
            "RuleLabels": [{ "Name": rule.label }],
            "Statement": self.statement(rule),
            "VisibilityConfig": visibility(&rule.name),
        })
    }

    fn statement(&self, rule: &Rule) -> Value {
        let mut any: Vec<Value> = rule.statement.iter().cloned().collect();
        for (field, size) in &rule.larger {
            let mut statement = looking(field, &["NONE"]);
            statement["ComparisonOperator"] = json!("GT");
            statement["Size"] = json!(size);
            any.push(json!({ "SizeConstraintStatement": statement }));
        }
        for field in self.fields(rule) {
            let case = ["LOWERCASE"];
            let plain: &[&str] = if rule.part.is_some() { &DECODED } else { &case };
            if rule.xss {
                any.push(json!({ "XssMatchStatement": looking(&field, plain) }));
            }
            if let Some(level) = &rule.sqli {
                let mut statement = looking(&field, plain);
                statement["SensitivityLevel"] = json!(level);
                let mut sign = looking(&field, plain);
                sign["RegexString"] = json!(rule.sign);
                any.push(json!({ "AndStatement": { "Statements": [
                    { "SqliMatchStatement": statement }, { "RegexMatchStatement": sign },
                ] } }));
            }
            self.expressions(&rule.patterns, &field, plain, &mut any);
            self.expressions(&rule.command, &field, &COMMAND, &mut any);
        }
        match any.len() {
            0 => panic!("{} says nothing", rule.name),
            1 => any.remove(0),
            _ => json!({ "OrStatement": { "Statements": any } }),
        }
    }

    fn expressions(&self, lists: &[String], field: &str, transformations: &[&str], any: &mut Vec<Value>) {
        for list in lists {
            for place in 0..self.sets(list).len() {
                let mut statement = looking(field, transformations);
                statement["ARN"] = json!(self.set_arn(list, place));
                any.push(json!({ "RegexPatternSetReferenceStatement": statement }));
            }
        }
    }

    /// The fields that a rule looks at.
    pub fn fields(&self, rule: &Rule) -> Vec<String> {
        let of_part = rule.part.iter().flat_map(|part| self.parts[part].clone());
        let of_header = rule.header.iter().map(|name| format!("SingleHeader {name}"));
        of_part.chain(of_header).chain(rule.method.then(|| "Method".to_owned())).collect()
    }
}

fn visibility(name: &str) -> Value {
    json!({ "CloudWatchMetricsEnabled": true, "MetricName": name })
}

/// What a statement on a field has.
fn looking(field: &str, transformations: &[&str]) -> Value {
    let transformation = |(i, name): (usize, &&str)| json!({ "Priority": i, "Type": name });
    let transformations: Vec<Value> = transformations.iter().enumerate().map(transformation).collect();
    json!({ "FieldToMatch": field_to_match(field), "TextTransformations": transformations })
}

fn field_to_match(field: &str) -> Value {
    let listed =
        json!({ "MatchPattern": { "All": {} }, "MatchScope": "VALUE", "OversizeHandling": "CONTINUE" });
    match field.split_once(' ') {
        Some((kind, name)) => json!({ kind: { "Name": name } }),
        None => match field {
            "Headers" | "Cookies" => json!({ field: listed }),
            "Body" => json!({ "Body": { "OversizeHandling": "CONTINUE" } }),
            // Texts without their escapes; what is no JSON is looked at as text already.
            "JsonBody" => json!({ "JsonBody": {
                "MatchPattern": { "All": {} }, "MatchScope": "ALL",
                "InvalidFallbackBehavior": "NO_MATCH", "OversizeHandling": "CONTINUE",
            } }),
            _ => json!({ field: {} }),
        },
    }
}

/// An expression as several, none longer than AWS allows, that fit together what it fits: its branches apart, and where one
/// is too long, the branches of its longest group.
fn pieces(regex: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for branch in branches(regex) {
        match pieces.last_mut() {
            _ if branch.len() > LONGEST => {
                pieces.extend(halves(branch).iter().flat_map(|half| self::pieces(half)))
            }
            Some(last) if last.len() + 1 + branch.len() <= LONGEST => {
                last.push('|');
                last.push_str(branch);
            }
            _ => pieces.push(branch.to_owned()),
        }
    }
    pieces
}

/// What stands between the `|` that are in no group.
fn branches(regex: &str) -> Vec<&str> {
    let mut branches = Vec::new();
    let mut begin = 0;
    for (at, sign, depth) in signs(regex) {
        if sign == '|' && depth == 0 {
            branches.push(&regex[begin..at]);
            begin = at + 1;
        }
    }
    branches.push(&regex[begin..]);
    branches
}

/// An expression with either half of the branches of its longest group.
fn halves(regex: &str) -> [String; 2] {
    let mut open = Vec::new();
    let mut longest = 0..0;
    for (at, sign, _) in signs(regex) {
        match sign {
            '(' => open.push(at),
            ')' => {
                let group = open.pop().unwrap() + "(?:".len()..at;
                if branches(&regex[group.clone()]).len() > 1 && group.len() > longest.len() && open.is_empty()
                {
                    longest = group;
                }
            }
            _ => {}
        }
    }
    let all = branches(&regex[longest.clone()]);
    assert!(all.len() > 1, "{regex} is too long, and has no group to split");
    let (first, second) = all.split_at(all.len() / 2);
    let with =
        |half: &[&str]| format!("{}{}{}", &regex[..longest.start], half.join("|"), &regex[longest.end..]);
    [with(first), with(second)]
}

/// The signs that stand for themselves nowhere, with how many groups are open before each.
fn signs(regex: &str) -> Vec<(usize, char, usize)> {
    let (mut signs, mut depth, mut class, mut escaped) = (Vec::new(), 0, false, false);
    for (at, sign) in regex.char_indices() {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ']' => class = false,
            '[' => class = true,
            '(' | ')' | '|' if !class => {
                depth -= usize::from(sign == ')');
                signs.push((at, sign, depth));
                depth += usize::from(sign == '(');
            }
            _ => {}
        }
    }
    signs
}
