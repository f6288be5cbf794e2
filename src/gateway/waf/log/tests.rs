use super::{Judged, Logging, MOST_OF_CLIENT};
use crate::gateway::Millis;
use crate::gateway::config::waf::{
    ActionCondition, ActionValue, Condition, FieldToMatch, Filter, FilterBehavior, FilterRequirement,
    LabelNameCondition, LoggingConfiguration, LoggingFilter, MatchScope, Named, OversizeHandling, Present,
    SensitivityLevel,
};
use crate::gateway::head::Head;
use crate::gateway::waf::WebAcl;
use crate::gateway::waf::action::{Action, Header};
use crate::gateway::waf::client::Client;
use crate::gateway::waf::counts::Event;
use crate::gateway::waf::field::{Field, JsonParts, Names};
use crate::gateway::waf::input::{Input, Inputs};
use crate::gateway::waf::patterns::{Expressions, Patterns};
use crate::gateway::waf::rate::{Limited, Value as KeyValue};
use crate::gateway::waf::record::found::{self, MatchDetail};
use crate::gateway::waf::record::{Counted, Kind, Overruled, Record, Terminating};
use crate::gateway::waf::view::{Body, View};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::rc::Rc;

fn configuration() -> LoggingConfiguration {
    LoggingConfiguration {
        resource_arn: "arn".to_owned(),
        log_destination_configs: None,
        redacted_fields: Vec::new(),
        logging_filter: None,
        managed_by_firewall_manager: None,
        log_type: None,
        log_scope: None,
    }
}

fn redacting(fields: Vec<FieldToMatch>) -> Result<Logging, Vec<(String, String)>> {
    Logging::new(&LoggingConfiguration { redacted_fields: fields, ..configuration() })
}

/// What rules look at: the body in two ways, headers and cookies.
fn inputs() -> Inputs {
    let (all, value, go_on) = (Names::All, MatchScope::Value, OversizeHandling::Continue);
    let fields = [
        Field::Body(go_on),
        Field::Body(OversizeHandling::Match),
        Field::JsonBody(JsonParts::All, value, None, go_on),
        Field::Headers(all.clone(), value, go_on),
        Field::Cookies(all, value, go_on),
        Field::UriPath,
    ];
    let input = |field| Input {
        field,
        pre_parse: Vec::new(),
        transformations: Vec::new(),
        plain: None,
        patterns: Patterns::default(),
        measures: Vec::new(),
    };
    Inputs::new(fields.into_iter().map(input).collect(), Expressions::default())
}

/// What is written, as the filter leaves it.
fn written(logging: &Logging, record: &Record, pairs: &[(&str, &[u8])], body: Body<'_>) -> Option<String> {
    let acl = WebAcl {
        name: "edge".to_owned(),
        arn: "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/edge/1".to_owned(),
        rules: Vec::new(),
        default_action: Action::Allow(Rc::new([])),
        inputs: inputs(),
        body_bytes: 16_384,
        compressed_bodies: crate::gateway::config::CompressedBodies::Inflate,
        capacity: 0,
        metric: None,
        logging: None,
    };
    let head = Head::from_pairs(pairs, true);
    let view = View { head: &head, body, meaning: None, client: Client::new("192.0.2.1", &head) };
    let judged = Judged {
        acl: &acl,
        record,
        view: &view,
        source: "123456789012:shop:prod",
        request_id: "b7a3c5e1-0000-4000-8000-000000000000",
        at: Millis(1_700_000_000_123),
    };
    let line = logging.line(&judged)?;
    assert!(line.iter().all(|byte| (b' '..=b'~').contains(byte)), "visible ASCII");
    Some(String::from_utf8(line).unwrap())
}

/// The record as it is in the log: Envoy ends it.
fn record_of(line: &str) -> Value {
    serde_json::from_str(&format!("{line},\"httpVersion\":\"HTTP/1.1\"}}}}"))
        .unwrap_or_else(|e| panic!("{e}: {line}"))
}

fn logged(record: &Record, pairs: &[(&str, &[u8])]) -> Value {
    record_of(&written(&Logging::default(), record, pairs, Body::NotYet).unwrap())
}

const GET: [(&str, &[u8]); 4] =
    [(":method", b"GET"), (":scheme", b"https"), (":authority", b"api.example.com"), (":path", b"/pets?x=1")];

#[test]
fn a_request_that_no_rule_fits() {
    let expected = concat!(
        r#"{"timestamp":1700000000123,"formatVersion":1,"#,
        r#""webaclId":"arn:aws:wafv2:us-east-1:123456789012:regional/webacl/edge/1","#,
        r#""terminatingRuleId":"Default_Action","terminatingRuleType":"REGULAR","action":"ALLOW","#,
        r#""terminatingRuleMatchDetails":[],"httpSourceName":"APIGW","httpSourceId":"123456789012:shop:prod","#,
        r#""ruleGroupList":[],"rateBasedRuleList":[],"nonTerminatingMatchingRules":[],"requestHeadersInserted":null,"#,
        r#""responseCodeSent":null,"labels":[],"oversizeFields":[],"httpRequest":{"clientIp":"192.0.2.1","#,
        r#""country":"-","headers":[{"name":"host","value":"api.example.com"}],"uri":"/pets","args":"x=1","#,
        r#""fragment":"","scheme":"https","host":"api.example.com","#,
        r#""requestId":"b7a3c5e1-0000-4000-8000-000000000000","httpMethod":"GET""#,
    );
    let line = written(&Logging::default(), &Record::default(), &GET, Body::NotYet);
    assert_eq!(line.as_deref(), Some(expected));
}

fn found_sql() -> MatchDetail {
    let (condition, name) = (found::Condition::Sqli(SensitivityLevel::High), Some("cookie".to_owned()));
    MatchDetail { condition, location: "HEADER", name, data: None }
}

/// Rules of a group and of the web ACL fit, and one blocks with an answer of its own.
fn busy() -> Record {
    let mut record = Record::default();
    let group: Rc<str> = "AWS#AWSManagedRulesCommonRuleSet".into();
    let counted = |rule: &str, group: Option<&Rc<str>>, excluded| Counted {
        rule: rule.into(),
        group: group.cloned(),
        excluded,
        details: if rule == "observed" { vec![found_sql()] } else { Vec::new() },
    };
    record.counted = vec![
        counted("watch", None, false),
        counted("SizeRestrictions_BODY", Some(&group), true),
        counted("NoUserAgent_HEADER", Some(&group), false),
        counted("observed", None, false),
    ];
    record.overruled = vec![Overruled {
        group: "arn:g".into(),
        rule: "inner".into(),
        event: Event::Blocked,
        details: vec![found_sql()],
    }];
    record.terminating = Some(Terminating {
        rule: "GenericLFI_URIPATH".into(),
        group: Some(group),
        outer: "common".into(),
        kind: Kind::ManagedRuleGroup,
        details: vec![MatchDetail {
            condition: found::Condition::Xss,
            location: "ALL_QUERY_ARGS",
            name: None,
            data: Some(vec![b"<".to_vec(), b"\"\xff\x1b\n".to_vec()]),
        }],
    });
    record.inserted = vec![Rc::from([Header { name: "x-amzn-waf-seen".into(), value: "yes".into() }])];
    record.blocked = Some(Some(418));
    record.labels.add(&"awswaf:managed:aws:core-rule-set:GenericLFI_URIPath".into());
    record
}

#[test]
fn rules_that_fit_stand_where_aws_has_them() {
    let more = Body::Seen { bytes: b"x", more: true };
    let line = record_of(&written(&Logging::default(), &busy(), &GET, more).unwrap());
    let with = |id: &str, action: &str, details: Value| json!({ "ruleId": id, "action": action, "ruleMatchDetails": details });
    let rule = |id: &str, action: &str| with(id, action, json!([]));
    let sql = json!([{
        "conditionType": "SQL_INJECTION", "sensitivityLevel": "HIGH", "location": "HEADER",
        "matchedData": ["REDACTED"], "matchedFieldName": "cookie",
    }]);
    let expected = json!({
        "terminatingRuleId": "common", "terminatingRuleType": "MANAGED_RULE_GROUP", "action": "BLOCK",
        "responseCodeSent": 418,
        "terminatingRuleMatchDetails": [{
            "conditionType": "XSS", "location": "ALL_QUERY_ARGS", "matchedData": ["<", "\"\u{fffd}\u{1b}\n"],
        }],
        "ruleGroupList": [
            {
                "ruleGroupId": "AWS#AWSManagedRulesCommonRuleSet",
                "terminatingRule": with("GenericLFI_URIPATH", "BLOCK", Value::Null),
                "nonTerminatingMatchingRules": [rule("NoUserAgent_HEADER", "COUNT")],
                "excludedRules": [{ "exclusionType": "EXCLUDED_AS_COUNT", "ruleId": "SizeRestrictions_BODY" }],
            },
            {
                "ruleGroupId": "arn:g", "terminatingRule": with("inner", "BLOCK", sql.clone()),
                "nonTerminatingMatchingRules": [], "excludedRules": null,
            },
        ],
        "nonTerminatingMatchingRules": [rule("watch", "COUNT"), with("observed", "COUNT", sql)],
        "requestHeadersInserted": [{ "name": "x-amzn-waf-seen", "value": "yes" }],
        "labels": [{ "name": "awswaf:managed:aws:core-rule-set:GenericLFI_URIPath" }],
        "oversizeFields": ["REQUEST_BODY", "REQUEST_JSON_BODY"],
    });
    for (name, expected) in expected.as_object().unwrap() {
        assert_eq!(line[name], *expected, "{name}");
    }
}

#[test]
fn limits_of_rates_are_told() {
    let terminating = Terminating {
        rule: "r".into(),
        group: None,
        outer: "r".into(),
        kind: Kind::RateBased,
        details: Vec::new(),
    };
    let limited = |limit_key, limit_value: Option<&str>, custom_values| Limited {
        limit_key,
        max_rate_allowed: 100,
        evaluation_window_sec: 120,
        limit_value: limit_value.map(str::to_owned),
        custom_values,
    };
    let custom = vec![KeyValue { key: "HEADER", name: Some("dogname".into()), value: "\"}]\u{fffd}".into() }];
    let limited = Record {
        terminating: Some(terminating),
        blocked: Some(None),
        limited: vec![
            ("watch".into(), limited("CUSTOMKEYS", None, custom)),
            ("r".into(), limited("IP", Some("192.0.2.1"), Vec::new())),
        ],
        ..Record::default()
    };
    let line = logged(&limited, &GET);
    let expected = json!([
        {
            "rateBasedRuleId": "watch", "rateBasedRuleName": "watch", "limitKey": "CUSTOMKEYS",
            "maxRateAllowed": 100, "evaluationWindowSec": "120",
            "customValues": [{ "key": "HEADER", "name": "dogname", "value": "\"}]\u{fffd}" }],
        },
        {
            "rateBasedRuleId": "r", "rateBasedRuleName": "r", "limitKey": "IP",
            "maxRateAllowed": 100, "evaluationWindowSec": "120", "limitValue": "192.0.2.1",
        },
    ]);
    assert_eq!(line["rateBasedRuleList"], expected);
    assert_eq!(
        (&line["terminatingRuleType"], &line["responseCodeSent"]),
        (&json!("RATE_BASED"), &Value::Null)
    );
}

#[test]
fn what_there_is_too_much_of_is_told() {
    let (long, many) = (vec![b'x'; 9000], vec![("x-a", &b"1"[..]); 201]);
    let oversize = |pairs: &[(&str, &[u8])]| logged(&Record::default(), pairs)["oversizeFields"].clone();
    assert_eq!(oversize(&GET), json!([]));
    assert_eq!(oversize(&[("x-a", &long)]), json!(["REQUEST_HEADERS"]));
    assert_eq!(oversize(&many), json!(["REQUEST_HEADERS"]));
    assert_eq!(oversize(&[("cookie", &long)]), json!(["REQUEST_HEADERS", "REQUEST_COOKIES"]));
}

#[test]
fn what_a_client_sends_is_a_value_and_nothing_else() {
    let hostile: [(&str, &[u8]); 8] = [
        (":method", b"GET"),
        (":authority", b"a\"},{\"name\":\"x"),
        (":path", b"/\r\n{\"action\":\"ALLOW\"}\x00\x1b[2J?a=\"&b=\\\\\x7f"),
        ("x-bytes", b"\xff\xc3\xa9\xe2\x80\xa8\xc2\x85\xf0\x9f\x98\x80"),
        ("x-quote", b"\\\",\"action\":\"ALLOW"),
        ("x-sekisho-geo-country", b"JP"),
        ("x-envoy", b"%FILTER_STATE(x)%"),
        ("x-envoy", b"again"),
    ];
    let line = logged(&Record::default(), &hostile);
    assert_eq!(line["action"], "ALLOW");
    let request = &line["httpRequest"];
    assert_eq!(request["uri"], "/\r\n{\"action\":\"ALLOW\"}\0\u{1b}[2J");
    assert_eq!(request["args"], "a=\"&b=\\\\\u{7f}");
    assert_eq!(request["country"], "JP");
    let pairs = |name: &str, value: &str| json!({ "name": name, "value": value });
    let expected = json!([
        pairs("host", "a\"},{\"name\":\"x"),
        pairs("x-bytes", "\u{fffd}\u{e9}\u{2028}\u{85}\u{1f600}"),
        pairs("x-quote", "\\\",\"action\":\"ALLOW"),
        pairs("x-envoy", "%FILTER_STATE(x)%"),
        pairs("x-envoy", "again"),
    ]);
    assert_eq!(request["headers"], expected);
}

#[test]
fn secrets_are_never_logged_and_others_are_where_the_document_says() {
    let pairs: [(&str, &[u8]); 9] = [
        (":method", b"POST"),
        (":path", b"/secret-path?a=secret&X-Amz-Signature=secret&x-amz-security%2dtoken=secret&b"),
        ("authorization", b"Bearer secret"),
        ("proxy-authorization", b"secret"),
        ("cookie", b"session=secret"),
        ("cookie", b"other=secret"),
        ("x-api-key", b"secret"),
        ("x-amz-security-token", b"secret"),
        ("x-mine", b"secret"),
    ];
    let line = logged(&Record::default(), &pairs);
    let headers = line["httpRequest"]["headers"].as_array().unwrap();
    let told = |name: &str| {
        headers.iter().filter(|h| h["name"] == name).map(|h| h["value"].clone()).collect::<Vec<_>>()
    };
    for name in ["authorization", "proxy-authorization", "x-api-key", "x-amz-security-token"] {
        assert_eq!(told(name), ["REDACTED"], "{name}");
    }
    assert_eq!(told("cookie"), ["REDACTED", "REDACTED"]);
    assert_eq!(told("x-mine"), ["secret"]);
    let args = "a=secret&X-Amz-Signature=REDACTED&x-amz-security%2dtoken=REDACTED&b";
    assert_eq!(line["httpRequest"]["args"], args);

    let header = Some(Named { name: "X-Mine".to_owned() });
    let logging = redacting(vec![
        FieldToMatch { single_header: header, ..FieldToMatch::default() },
        FieldToMatch { uri_path: Some(Present {}), ..FieldToMatch::default() },
        FieldToMatch { query_string: Some(Present {}), ..FieldToMatch::default() },
        FieldToMatch { method: Some(Present {}), ..FieldToMatch::default() },
    ]);
    let line = written(&logging.unwrap(), &Record::default(), &pairs, Body::NotYet).unwrap();
    assert!(!line.contains("secret"), "{line}");
    let request = &record_of(&line)["httpRequest"];
    assert_eq!([&request["uri"], &request["args"], &request["httpMethod"]], ["REDACTED"; 3]);
    for wrong in [
        FieldToMatch::default(),
        FieldToMatch { all_query_arguments: Some(Present {}), ..FieldToMatch::default() },
        FieldToMatch { method: Some(Present {}), uri_path: Some(Present {}), ..FieldToMatch::default() },
    ] {
        let problems = redacting(vec![wrong]).unwrap_err();
        assert_eq!(problems[0].0, "RedactedFields[0]");
    }
}

#[test]
fn filters_choose_what_is_logged() {
    use ActionValue::{Allow, Block, Count, ExcludedAsCount};
    use FilterBehavior::{Drop, Keep};
    use FilterRequirement::{MeetsAll, MeetsAny};
    let action =
        |action| Condition { action_condition: Some(ActionCondition { action }), label_name_condition: None };
    let label = |name: &str| Condition {
        action_condition: None,
        label_name_condition: Some(LabelNameCondition { label_name: name.to_owned() }),
    };
    let filter = |behavior, requirement, conditions| Filter { behavior, requirement, conditions };
    let chosen = |filters: Vec<Filter>, default_behavior| {
        let written = LoggingFilter { filters, default_behavior };
        Logging::new(&LoggingConfiguration { logging_filter: Some(written), ..configuration() }).unwrap()
    };
    let (quiet, busy) = (Record::default(), busy());
    let lfi = "awswaf:managed:aws:core-rule-set:GenericLFI_URIPath";
    for (logging, of_quiet, of_busy) in [
        (Logging::default(), true, true),
        (chosen(vec![filter(Keep, MeetsAny, vec![action(Block)])], Drop), false, true),
        (chosen(vec![filter(Drop, MeetsAny, vec![action(Allow)])], Keep), false, true),
        (chosen(vec![filter(Keep, MeetsAll, vec![action(Count), label(lfi)])], Drop), false, true),
        (
            chosen(vec![filter(Keep, MeetsAll, vec![action(Count), label("GenericLFI_URIPath")])], Drop),
            false,
            false,
        ),
        (chosen(vec![filter(Keep, MeetsAny, vec![action(Allow), label(lfi)])], Drop), true, true),
        (chosen(vec![filter(Keep, MeetsAny, vec![action(ExcludedAsCount)])], Drop), false, true),
        // The first that fits decides.
        (
            chosen(
                vec![
                    filter(Drop, MeetsAny, vec![action(Block)]),
                    filter(Keep, MeetsAny, vec![action(Count)]),
                ],
                Keep,
            ),
            true,
            false,
        ),
    ] {
        let is_logged = |record| written(&logging, record, &GET, Body::NotYet).is_some();
        assert_eq!((is_logged(&quiet), is_logged(&busy)), (of_quiet, of_busy), "{logging:?}");
    }
    let both = Condition { label_name_condition: label("x").label_name_condition, ..action(Block) };
    for conditions in [vec![Condition::default()], vec![both], vec![]] {
        let filter = filter(Keep, MeetsAny, conditions);
        let written = LoggingFilter { filters: vec![filter], default_behavior: Keep };
        let problems =
            Logging::new(&LoggingConfiguration { logging_filter: Some(written), ..configuration() });
        assert!(problems.unwrap_err()[0].0.starts_with("LoggingFilter.Filters[0].Conditions"));
    }
}

#[test]
fn a_line_is_bounded_whatever_a_client_sends() {
    let (path, value) = ([&b"/"[..], &[0xff; 9000], b"?", &[0xff; 9000]].concat(), [0x01; 3000]);
    let mut pairs: Vec<(&str, &[u8])> = vec![(":method", &value), (":path", &path)];
    pairs.extend(std::iter::repeat_n(("x-long", &value[..]), 1000));
    let line = written(&Logging::default(), &Record::default(), &pairs, Body::NotYet).unwrap();
    assert!(line.len() < 2 * MOST_OF_CLIENT, "{}", line.len());
    let record = record_of(&line);
    let headers = record["httpRequest"]["headers"].as_array().unwrap();
    assert!(headers.len() > 3 && headers.len() < 20, "{}", headers.len());
    assert_eq!(headers[0]["value"], "\u{1}".repeat(512) + "...");
    assert_eq!(record["httpRequest"]["args"], "\u{fffd}".repeat(1024) + "...");
}

proptest! {
    #[test]
    fn every_line_is_one_record(
        path in proptest::collection::vec(any::<u8>(), 0..200),
        pairs in proptest::collection::vec(("[a-z-]{1,12}", proptest::collection::vec(any::<u8>(), 0..60)), 0..12),
    ) {
        let mut all: Vec<(&str, &[u8])> = vec![(":method", b"GET"), (":path", &path)];
        all.extend(pairs.iter().map(|(name, value)| (name.as_str(), value.as_slice())));
        let record = logged(&Record::default(), &all);
        let request = record["httpRequest"].as_object().unwrap();
        prop_assert_eq!(request.len(), 11);
        let sent = path.split(|byte| *byte == b'?').next().unwrap();
        prop_assert_eq!(request["uri"].as_str().unwrap(), String::from_utf8_lossy(sent));
    }
}
