//! Says which rules of our managed groups requests fit: the part of `bench/waf/run.py` that is Sekisho.
//!
//! Each line of the standard input is a request, `{"method": …, "target": …, "headers": [[NAME, VALUE]], "body": …}`, with a
//! character for each byte (Latin-1); for each, a line is printed: the rules that it fits, as a list of `GROUP/RULE`.
//! The groups are those that are built in. With a folder on the command line they are read from its JSON files instead, so that a
//! change of a rule is judged without a build. What a request took is told at the end, on the standard error.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr
)]

use sekisho::gateway::authorizers::software::Software;

use sekisho::gateway::config::load;
use sekisho::gateway::connection::PlainText;
use sekisho::gateway::head::Head;
use sekisho::gateway::shared::Memory;
use sekisho::gateway::surroundings::Elsewhere;
use sekisho::gateway::waf::client::Client;
use sekisho::gateway::waf::view::{Body, View};
use sekisho::gateway::waf::{Decision, WebAcl, managed};

use sekisho::gateway::{Env, Millis, Nanos, Worker, compile};
use serde::Deserialize;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

const ARN: &str = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/all/a1b2";
/// What ARNs of our groups begin with.
const GROUPS: &str = "arn:aws:wafv2:::sekisho/rulegroup/";

/// A request, a character for each byte.
#[derive(Deserialize)]
struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
}

fn main() {
    let folder = std::env::args().nth(1).map(PathBuf::from);
    let acl = web_acl(&groups(folder.as_deref()));
    let (worker, shared) = (RefCell::new(Worker::default()), Memory::default());
    let env = Env {
        wall: Millis(1_587_481_701_067),
        monotonic: Nanos(0),
        dice: [0; 32],
        source_address: b"192.0.2.1:4711",
        client_cert_digest: b"",
        connection: &PlainText,
        worker: &worker,
        shared: &shared,
        signatures: &Software,
        watcher: None,
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut took = Duration::ZERO;
    let mut count = 0;
    for line in std::io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line.unwrap()).unwrap();
        let (head, body) = (request.head(), bytes(&request.body));
        let body = Body::Seen {
            bytes: body.get(..acl.body_bytes).unwrap_or(&body),
            more: body.len() > acl.body_bytes,
        };
        let view = View { head: &head, body, meaning: None, client: Client::new("192.0.2.1", &head) };
        let begin = Instant::now();
        let decision = acl.begin(&view, &env);
        took += begin.elapsed();
        count += 1;
        let Decision::Done(outcome) = decision else { panic!("the body is there") };
        let name = |rule: &str, group: &str| format!("{}/{rule}", group.trim_start_matches(GROUPS));
        let fired = outcome.record.counted.iter();
        let fired: Vec<_> = fired.filter_map(|it| Some(name(&it.rule, it.group.as_deref()?))).collect();
        writeln!(out, "{}", json!(fired)).unwrap();
    }
    out.flush().unwrap();
    eprintln!(
        "{count} requests took {:.1} microseconds each",
        took.as_secs_f64() * 1e6 / f64::from(count.max(1))
    );
}

/// Groups as documents hold them: what is built in, or what the JSON files of a folder say.
fn groups(folder: Option<&Path>) -> Vec<Value> {
    let texts: Vec<String> = match folder {
        None => managed::names().filter_map(managed::group).map(str::to_owned).collect(),
        Some(folder) => {
            let mut files: Vec<PathBuf> = folder.read_dir().unwrap().map(|it| it.unwrap().path()).collect();
            files.sort();
            let read = files.iter().filter(|file| file.extension().is_some_and(|it| it == "json"));
            read.map(|file| std::fs::read_to_string(file).unwrap()).collect()
        }
    };
    let read = texts.iter().map(|text| serde_json::from_str(text).unwrap());
    // It has no patterns, but addresses that a document brings.
    read.filter(|group: &Value| group["ruleGroups"][0]["ARN"] != format!("{GROUPS}IpReputation")).collect()
}

/// A web ACL of these groups, each rule of which counts.
fn web_acl(groups: &[Value]) -> Rc<WebAcl> {
    let visibility = json!({ "CloudWatchMetricsEnabled": false, "MetricName": "x" });
    let rule = |(i, group): (usize, &Value)| {
        let group = &group["ruleGroups"][0];
        let count = |rule: &Value| json!({ "Name": rule["Name"], "ActionToUse": { "Count": {} } });
        let overrides: Vec<Value> = group["Rules"].as_array().unwrap().iter().map(count).collect();
        json!({
            "Name": format!("group{i}"), "Priority": i, "OverrideAction": { "None": {} },
            "VisibilityConfig": visibility,
            "Statement": { "RuleGroupReferenceStatement": {
                "ARN": group["ARN"], "RuleActionOverrides": overrides,
            } },
        })
    };
    let all = |list: &str| -> Vec<Value> {
        groups.iter().flat_map(|group| group[list].as_array().unwrap()).cloned().collect()
    };
    let rules: Vec<Value> = groups.iter().enumerate().map(rule).collect();
    let document = json!({
        "apis": [{
            "apiId": "judged", "protocolType": "REST",
            "routes": [{ "routeKey": "ANY /{proxy+}", "target": "integrations/backend" }],
            "integrations": [{
                "integrationId": "backend", "integrationType": "HTTP_PROXY", "integrationUri": "http://127.0.0.1:1",
            }],
            "stages": [{ "stageName": "prod", "webAclArn": ARN }],
        }],
        "webAcls": [{
            "Name": "all", "ARN": ARN, "DefaultAction": { "Allow": {} }, "VisibilityConfig": visibility,
            "Rules": rules,
        }],
        "ruleGroups": all("ruleGroups"),
        "regexPatternSets": all("regexPatternSets"),
    });
    let config = load(document.to_string().as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
    let compiled = compile(&config, &Elsewhere).unwrap_or_else(|problems| panic!("{problems}"));
    let stage = Rc::clone(compiled.gateway.api("judged").unwrap().stage("prod").unwrap());
    Rc::clone(stage.web_acl.as_ref().unwrap())
}

fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|sign| u8::try_from(u32::from(sign)).unwrap()).collect()
}

// === impl Request ===

impl Request {
    fn head(&self) -> Head {
        let mut pairs =
            vec![(b":method".to_vec(), bytes(&self.method)), (b":path".to_vec(), bytes(&self.target))];
        for (name, value) in &self.headers {
            let name = if name == "host" { b":authority".to_vec() } else { bytes(name) };
            pairs.push((name, bytes(value)));
        }
        Head::from_pairs(&pairs, self.body.is_empty())
    }
}
