//! The web ACL that is to be passed, and the table of ways past it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

const ARN: &str = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/evasion/1";
const SET: &str = "arn:aws:wafv2:us-east-1:123456789012:regional/ipset/office/1";

/// A rule, in short.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub name: String,
    pub field: Option<Value>,
    pub contains: Option<String>,
    #[serde(default)]
    pub after: Vec<String>,
    /// Pre-parse transformations.
    #[serde(default)]
    pub first: Vec<String>,
    pub forwarded: Option<Forwarded>,
}

/// The header that tells a client's address.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forwarded {
    header: String,
    position: String,
    fallback: String,
}

/// A way past the rules, and what comes of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evasion {
    pub group: String,
    pub name: String,
    /// The request line; `GET /prod/x HTTP/1.1` when absent.
    pub line: Option<String>,
    /// The lines of headers; `host: h.test` comes first where none of them is one.
    #[serde(default)]
    pub headers: Vec<String>,
    /// The body, and its length.
    pub body: Option<String>,
    /// What follows the head as it is.
    pub raw: Option<String>,
    /// What Envoy makes of it before the filter.
    pub envoy: Option<String>,
    /// What rules see.
    pub seen: String,
    pub becomes: Becomes,
    /// Why it still passes, and what to do.
    pub remains: Option<String>,
}

/// What comes of an evasion.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Becomes {
    /// A rule blocks it.
    Blocked(String),
    /// It is refused before any rule, or because of what rules cannot look at.
    Refused(u16),
    /// The backend sees this.
    Passed(String),
}

fn parsed<T: for<'de> Deserialize<'de>>(text: &str) -> Vec<T> {
    let list: Value = serde_yaml_ng::from_str(text).expect("the file is YAML");
    serde_json::from_value(list).expect("the file is a list of these")
}

pub fn rules() -> Vec<Rule> {
    parsed(include_str!("rules.yaml"))
}

pub fn table() -> Vec<Evasion> {
    parsed(include_str!("table.yaml"))
}

/// The API with the web ACL of all rules on its stage `prod`.
pub fn document() -> Value {
    json!({
        "webAcls": [{
            "Name": "evasion", "Id": "1", "ARN": ARN, "DefaultAction": { "Allow": {} },
            "VisibilityConfig": visible("evasion"),
            "Rules": rules().iter().enumerate().map(|(i, rule)| rule.written(i)).collect::<Vec<_>>(),
        }],
        "ipSets": [{ "Name": "office", "Id": "1", "ARN": SET, "IPAddressVersion": "IPV4", "Addresses": ["203.0.113.0/24"] }],
        "apis": [{
            "apiId": "shop", "protocolType": "HTTP",
            "stages": [{ "stageName": "prod", "webAclArn": ARN }],
            "integrations": [
                { "integrationId": "it", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "http://backend.test/{proxy}" },
                { "integrationId": "root", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "http://backend.test/" },
            ],
            "routes": [
                { "routeKey": "ANY /{proxy+}", "target": "integrations/it" },
                { "routeKey": "$default", "target": "integrations/root" },
            ],
        }],
    })
}

fn visible(metric: &str) -> Value {
    json!({ "SampledRequestsEnabled": false, "CloudWatchMetricsEnabled": false, "MetricName": metric })
}

// === impl Rule ===

impl Rule {
    /// As AWS writes it.
    fn written(&self, priority: usize) -> Value {
        json!({
            "Name": self.name, "Priority": priority, "Statement": self.statement(), "VisibilityConfig": visible(&self.name),
            "Action": { "Block": { "CustomResponse": {
                "ResponseCode": 403, "ResponseHeaders": [{ "Name": "x-rule", "Value": self.name }],
            } } },
        })
    }

    fn statement(&self) -> Value {
        if let Some(Forwarded { header, position, fallback }) = &self.forwarded {
            let config = json!({ "HeaderName": header, "Position": position, "FallbackBehavior": fallback });
            return json!({ "IPSetReferenceStatement": { "ARN": SET, "IPSetForwardedIPConfig": config } });
        }
        let steps = |steps: &[String]| -> Value {
            steps.iter().enumerate().map(|(i, step)| json!({ "Priority": i, "Type": step })).collect()
        };
        let mut statement = json!({
            "SearchString": STANDARD.encode(self.contains.as_deref().expect("a rule looks for something")),
            "FieldToMatch": self.field, "TextTransformations": steps(&self.after), "PositionalConstraint": "CONTAINS",
        });
        if !self.first.is_empty() {
            statement["PreParseTextTransformations"] = steps(&self.first);
        }
        json!({ "ByteMatchStatement": statement })
    }
}

// === impl Evasion ===

impl Evasion {
    /// Its bytes.
    pub fn request(&self) -> Vec<u8> {
        let mut request = bytes(self.line.as_deref().unwrap_or("GET /prod/x HTTP/1.1"));
        request.extend(b"\r\n");
        if !self.headers.iter().any(|line| line.to_ascii_lowercase().starts_with("host")) {
            request.extend(b"host: h.test\r\n");
        }
        for line in &self.headers {
            request.extend([&bytes(line)[..], b"\r\n"].concat());
        }
        let body = self.body.as_deref().map(bytes);
        if let Some(body) = &body {
            request.extend(format!("content-length: {}\r\n", body.len()).bytes());
        }
        request.extend(b"\r\n");
        request.extend(body.unwrap_or_default());
        request.extend(self.raw.as_deref().map(bytes).unwrap_or_default());
        request
    }
}

/// A character up to U+00FF is the byte of its number; `<a*3>` is `aaa`.
fn bytes(text: &str) -> Vec<u8> {
    sekisho_cases::placeholders::text(text)
        .chars()
        .map(|c| u8::try_from(u32::from(c)).expect("the table is Latin-1"))
        .collect()
}
