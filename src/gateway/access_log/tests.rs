use super::field::Field;
use super::{MOST_OF_LINE, MOST_OF_VALUE};
use crate::gateway::context::Variable;
use crate::gateway::context::ended::Ended;
use crate::gateway::exchange::{Exchange, Origin};
use crate::gateway::flow::{Flow, ResponseFlow};
use crate::gateway::head::Head;
use crate::gateway::outcome::Ending;
use crate::gateway::testing::{self, config, ended, env, gateway, http, problems, proxy, rest, set};
use crate::gateway::{Env, Nanos, compile, surroundings::Elsewhere};
use serde_json::{Value, json};
use std::cell::RefCell;

const ID: &str = " $context.requestId";

/// A request whose host says what it was asked. Bytes are at hand.
#[derive(Debug, Default)]
struct Host {
    asked: RefCell<Vec<&'static str>>,
    status: u16,
    broke_off: bool,
}

impl Ending for Host {
    fn response_bytes(&self) -> u64 {
        1234
    }

    fn request_bytes(&self) -> u64 {
        66
    }

    fn tls_version(&self) -> Vec<u8> {
        self.asked.borrow_mut().push("tls_version");
        b"TLSv1.3".to_vec()
    }

    fn broke_off(&self) -> bool {
        self.asked.borrow_mut().push("broke_off");
        self.broke_off
    }

    fn status(&self) -> u16 {
        self.asked.borrow_mut().push("status");
        self.status
    }
}

fn logged(mut document: Value, format: &str) -> Value {
    document["apis"][0]["stages"][0]["accessLogSettings"] = json!({ "format": format });
    document["limits"] = json!({ "headerBytes": 65_536 });
    document
}

fn echo(format: &str) -> Value {
    logged(http(&["GET /users/{id}"], proxy("http://b", json!({}))), format)
}

fn later(millis: u64) -> Env<'static> {
    Env { monotonic: Nanos(millis * 1_000_000), ..env() }
}

/// The line of a request whose backend answers 201 after 20 ms, 30 ms before all is over.
fn line_of(document: &Value, pairs: &[(&str, &[u8])]) -> String {
    let mut exchange = Exchange::new(gateway(document));
    let all: Vec<_> = [(":method", b"GET".as_slice()), (":authority", b"shop.test")]
        .into_iter()
        .chain(pairs.iter().copied())
        .collect();
    match exchange.on_request_headers(Ok(Head::from_pairs(&all, true)), &later(0)) {
        Flow::Forward(_) => {
            let head = Head::from_pairs(&[(":status", "201")], true);
            let flow = exchange.on_response_headers(Ok(head), Origin::Upstream, &later(20));
            assert!(matches!(flow, ResponseFlow::Continue(_)), "{flow:?}");
        }
        Flow::Answer(answer) => {
            let head = Head::from_pairs(&[(":status", answer.status.to_string())], true);
            let _ = exchange.on_response_headers(Ok(head), Origin::Upstream, &later(20));
        }
        flow => panic!("{flow:?}"),
    }
    line_without_end(&mut exchange, 50)
}

/// The line of a request that is over so many milliseconds after it came. It has one end.
fn line_without_end(exchange: &mut Exchange, millis: u64) -> String {
    let (_, line) = ended(exchange, &Host::default(), &later(millis)).access_log.unwrap();
    let line = String::from_utf8(line).unwrap();
    line.strip_suffix('\n').unwrap().to_owned()
}

fn line(format: &str, pairs: &[(&str, &[u8])]) -> String {
    line_of(&echo(format), pairs)
}

const GET: &[(&str, &[u8])] = &[(":path", b"/users/7?q=1"), ("user-agent", b"curl")];

#[test]
fn aws_sample_formats_are_written() {
    let http = "$context.identity.sourceIp - - [$context.requestTime] \"$context.httpMethod $context.routeKey $context.protocol\" $context.status $context.responseLength $context.requestId";
    assert_eq!(
        line(http, GET),
        "192.0.2.1 - - [21/Apr/2020:15:08:21 +0000] \"GET GET /users/{id} HTTP/1.1\" 201 1234 q6urq6urq6urq6s="
    );
    let clf = "$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime] \"$context.httpMethod $context.resourcePath $context.protocol\" $context.status $context.responseLength $context.requestId $context.extendedRequestId";
    let document = logged(rest(&["GET /x"], proxy("http://b", json!({}))), clf);
    assert_eq!(
        line_of(&document, &[(":path", b"/prod/x")]),
        "192.0.2.1 - - [21/Apr/2020:15:08:21 +0000] \"GET /x HTTP/1.1\" 201 1234 abababab-abab-4bab-abab-abababababab q6urq6urq6urq6s="
    );
    let xml = "<request id=\"$context.requestId\"><ip>$context.identity.sourceIp</ip><agent>$context.identity.userAgent</agent></request>";
    assert_eq!(
        line(xml, &[(":path", b"/users/7"), ("user-agent", "<a & \"b\">é\u{1}".as_bytes())]),
        "<request id=\"q6urq6urq6urq6s=\"><ip>192.0.2.1</ip><agent>&#60;a &#38; &#34;b&#34;&#62;&#233;&#65533;</agent></request>"
    );
    let csv = "$context.identity.sourceIp,$context.identity.userAgent,$context.status,$context.requestId";
    assert_eq!(
        line(csv, &[(":path", b"/users/7"), ("user-agent", b"a,b;c \"d\"")]),
        "192.0.2.1,a\\u002cb;c \\\"d\\\",201,q6urq6urq6urq6s="
    );
}

#[test]
fn measures_are_of_the_request() {
    for (name, expected) in [
        ("status", "201"),
        ("integrationStatus", "201"),
        ("integration.status", "201"),
        ("integration.integrationStatus", "201"),
        ("integrationLatency", "20"),
        ("integration.latency", "20"),
        ("responseLatency", "50"),
        ("responseLength", "1234"),
        ("dataProcessed", "1300"),
        ("tlsVersion", "TLSv1.3"),
        ("integration.error", "-"),
        ("authorizer.status", "-"),
        ("waf.status", "-"),
        ("wafResponseCode", "-"),
        ("endpointType", "-"),
        ("error.message", "-"),
        ("cipherSuite", "-"),
        ("requestOverride.header.x", "-"),
        ("authorizer.claims", "-"),
        ("authorizer.claims.custom:team", "-"),
        ("authorizer.x-y", "-"),
    ] {
        assert_eq!(
            line(&format!("$context.{name}{ID}"), GET),
            format!("{expected} q6urq6urq6urq6s="),
            "{name}"
        );
    }
}

/// Each refusal names itself, whatever else is known.
#[test]
fn a_refusal_is_told() {
    let format = format!(
        "$context.status $context.routeKey $context.error.responseType $context.error.messageString $context.error.message|$context.integrationLatency{ID}"
    );
    assert_eq!(
        line(&format, &[(":path", b"/nowhere")]),
        "404 - MISSING_AUTHENTICATION_TOKEN \"Not Found\" Not Found|- q6urq6urq6urq6s="
    );
    let quoted = "{\"id\":\"$context.requestId\",\"a\":$context.error.messageString,\"b\":\"$context.error.messageString\",\"c\":\"$context.error.message\"}";
    let told: Value = serde_json::from_str(&line(quoted, &[(":path", b"/nowhere")])).unwrap();
    assert_eq!(
        told,
        json!({ "id": "q6urq6urq6urq6s=", "a": "Not Found", "b": "\"Not Found\"", "c": "Not Found" })
    );
    let told: Value = serde_json::from_str(&line(quoted, GET)).unwrap();
    assert_eq!(told, json!({ "id": "q6urq6urq6urq6s=", "a": "-", "b": "-", "c": "-" }));
}

/// Bytes that end lines, strings, and what readers of logs believe.
fn hostile() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = (0..=255).map(|byte| vec![b'a', byte, b'b']).collect();
    all.extend([
        b"\"}\n{\"status\":\"200\",\"x\":\"".to_vec(),
        b"\\\"".to_vec(),
        b"\\".to_vec(),
        b"\x1b[2J\x1b]0;x\x07".to_vec(),
        "\u{2028}\u{2029}\u{85}\u{202e}\u{1f600}".as_bytes().to_vec(),
        b"\xff\xfe\xc0\x80\xed\xa0\x80".to_vec(),
        b"%FILTER_STATE(wasm.x:PLAIN)%$context.accountId".to_vec(),
        b"1e999".to_vec(),
        b"null".to_vec(),
        b"\"".repeat(50_000),
        b"\xf0\x9f\x98\x80".repeat(12_500),
    ]);
    all
}

#[test]
fn json_stays_json_whatever_a_client_sends() {
    let format = "{\"id\":\"$context.requestId\",\"agent\":\"$context.identity.userAgent\",\"bare\":$context.identity.userAgent,\"list\":[$context.status, \"x$context.identity.userAgent\"]}";
    for sent in hostile() {
        let line = line(format, &[(":path", b"/users/7"), ("user-agent", &sent)]);
        assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line}");
        let told: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let text = String::from_utf8_lossy(&sent);
        let (start, is_all) = super::writing::cut(&text);
        let expected = if is_all { start.to_owned() } else { format!("{start}...") };
        assert_eq!(told["agent"], json!(expected));
        assert!(told["bare"] == json!(expected) || told["bare"].is_null(), "{line}");
        assert_eq!(told["list"], json!([201, format!("x{expected}")]));
        assert_eq!(told.as_object().unwrap().len(), 4);
    }
}

#[test]
fn no_value_ends_its_field() {
    let format = "[$context.identity.userAgent] \"$context.identity.userAgent\" $context.identity.userAgent;$context.requestId";
    for sent in hostile() {
        let line = line(format, &[(":path", b"/users/7"), ("user-agent", &sent)]);
        assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line}");
        let unescaped = line.replace("\\\\", "").replace("\\\"", "");
        assert_eq!(unescaped.matches('"').count(), 2, "{line}");
        let (first, rest) = line.split_once("] \"").unwrap();
        assert!(!first.strip_prefix('[').unwrap().contains(['[', ']']), "{line}");
        let (_, last) = rest.rsplit_once("\" ").unwrap();
        assert_eq!(last.matches([' ', ';']).count(), 1, "{line}");
    }
}

#[test]
fn numbers_and_literals_stand_for_themselves_in_json() {
    let format = "{\"id\":\"$context.requestId\",\"v\":$context.identity.userAgent}";
    for (sent, expected) in [
        ("7", "7"),
        ("-7.50", "-7.50"),
        ("0", "0"),
        ("true", "true"),
        ("null", "null"),
        ("007", "\"007\""),
        ("1e5", "\"1e5\""),
        ("1.", "\"1.\""),
        (".5", "\".5\""),
        ("-", "\"-\""),
        ("--1", "\"--1\""),
        ("1234567890123456", "\"1234567890123456\""),
        ("", "\"-\""),
    ] {
        let line = line(format, &[(":path", b"/users/7"), ("user-agent", sent.as_bytes())]);
        assert_eq!(line, format!("{{\"id\":\"q6urq6urq6urq6s=\",\"v\":{expected}}}"));
    }
}

#[test]
fn a_line_is_bounded() {
    let format = format!("{{\"id\":\"$context.requestId\"{}}}", ",\"a\":\"$context.path\"".repeat(100));
    let path = [b"/users/".as_slice(), &b"x".repeat(6_000)].concat();
    let line = line(&format, &[(":path", &path)]);
    assert!((MOST_OF_LINE..MOST_OF_LINE + MOST_OF_VALUE + 3072).contains(&line.len()), "{}", line.len());
    assert!(line.ends_with(",\"a\":\"-\"}"));
    serde_json::from_str::<Value>(&line).unwrap();
}

/// A request that has no response is over too: its client is gone.
#[test]
fn a_client_that_is_gone_leaves_a_line() {
    let document = echo(
        "$context.status $context.integrationStatus $context.integrationLatency $context.responseLatency $context.requestId",
    );
    let mut exchange = Exchange::new(gateway(&document));
    let _ = exchange.on_request_headers(Ok(testing::head("GET", "/users/7", &[], true)), &later(0));
    assert_eq!(line_without_end(&mut exchange, 8), "- - - 8 q6urq6urq6urq6s=");
}

#[test]
fn what_belongs_to_no_stage_has_no_line() {
    let document = echo("$context.requestId");
    let mut exchange = Exchange::new(gateway(&document));
    assert_eq!(ended(&mut exchange, &Host { status: 431, ..Host::default() }, &env()).access_log, None);
    let mut exchange = Exchange::new(gateway(&document));
    let head = Head::from_pairs(&[(":method", "GET"), (":path", "/users/7"), (":authority", "a b")], true);
    let _ = exchange.on_request_headers(Ok(head), &env());
    assert_eq!(ended(&mut exchange, &Host::default(), &env()).access_log, None);
}

#[test]
fn the_host_is_asked_for_what_the_format_reads() {
    for (format, is_answered, expected) in [
        ("$context.requestId $context.status $context.responseLatency", true, &[][..]),
        ("$context.requestId $context.responseLength $context.dataProcessed", true, &[]),
        ("$context.requestId $context.tlsVersion", true, &["tls_version"]),
        ("$context.requestId $context.integrationErrorMessage", true, &["broke_off"]),
        // Whether Envoy answered is asked of each request that no response passed of; nothing can have broken off.
        ("$context.requestId $context.integrationErrorMessage", false, &["status"]),
    ] {
        let mut exchange = Exchange::new(gateway(&echo(format)));
        let _ = exchange.on_request_headers(Ok(testing::head("GET", "/users/7", &[], true)), &env());
        if is_answered {
            let head = Head::from_pairs(&[(":status", "201")], true);
            let _ = exchange.on_response_headers(Ok(head), Origin::Upstream, &env());
        }
        let host = Host::default();
        assert!(ended(&mut exchange, &host, &env()).access_log.is_some());
        assert_eq!(*host.asked.borrow(), expected, "{format}");
    }
    let mock = json!({
        "integrationType": "MOCK", "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
        "integrationResponses": [{ "statusCode": 200 }],
    });
    let wants = |format: &str| gateway(&logged(rest(&["GET /x"], mock.clone()), format)).wants();
    assert!(!wants("$context.requestId").source_address);
    assert!(wants("$context.requestId $context.identity.sourceIp").source_address);
    assert!(wants("$context.requestId $context.identity.clientCert.subjectDN").client_cert);
}

/// A response that has begun may not come to its end: the line says so, whatever its status.
#[test]
fn a_backend_that_breaks_off_is_told_of() {
    let line = |broke_off: bool| {
        let document = echo("$context.requestId $context.status $context.integration.error");
        let mut exchange = Exchange::new(gateway(&document));
        let _ = exchange.on_request_headers(Ok(testing::head("GET", "/users/7", &[], true)), &env());
        let head = Head::from_pairs(&[(":status", "201")], false);
        let _ = exchange.on_response_headers(Ok(head), Origin::Upstream, &env());
        let host = Host { broke_off, ..Host::default() };
        let (_, line) = ended(&mut exchange, &host, &env()).access_log.unwrap();
        String::from_utf8(line).unwrap()
    };
    assert_eq!(line(false), "q6urq6urq6urq6s= 201 -\n");
    assert_eq!(line(true), "q6urq6urq6urq6s= 201 the integration cannot be reached, or broke off\n");
}

#[test]
fn an_api_key_is_masked() {
    let mut document = logged(
        rest(&["GET /x"], proxy("http://b", json!({}))),
        "$context.requestId $context.identity.apiKey $context.identity.apiKeyId",
    );
    document["apis"][0]["routes"][0]["apiKeyRequired"] = json!(true);
    let keys = ["0123456789012345abcdef", "short"];
    let hash = |key: &str| {
        use sha2::{Digest, Sha256};
        let digits: String = Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{digits}")
    };
    document["apiKeys"] =
        keys.map(|key| json!({ "id": key, "value": hash(key), "enabled": true })).as_slice().into();
    document["usagePlans"] = json!([{ "id": "p", "apiStages": [{ "apiId": "shop", "stage": "prod" }] }]);
    document["usagePlanKeys"] =
        keys.map(|key| json!({ "usagePlanId": "p", "keyId": key, "keyType": "API_KEY" })).as_slice().into();
    let shown = |key: &str| {
        let line = line_of(&document, &[(":path", b"/prod/x"), ("x-api-key", key.as_bytes())]);
        line.split_once(' ').unwrap().1.to_owned()
    };
    assert_eq!(shown(keys[0]), "****************abcdef 0123456789012345abcdef");
    assert_eq!(shown(keys[1]), "***** short");
    assert_eq!(shown("somebody else's key, twenty"), "- -");
}

#[test]
fn every_name_is_one_variable() {
    let names: Vec<_> = Ended::names().chain(Variable::names()).collect();
    assert!(names.len() > 60, "{}", names.len());
    for name in names {
        let told = problems(&echo(&format!("$context.{name}{ID}")));
        assert_eq!(told, "", "{name}");
    }
    assert_ne!(Ended::parse("status"), None);
    assert!(!Field::Absent.is_request_id());
}

#[test]
fn formats_are_checked() {
    let spoiled = |format: Value| {
        testing::spoiled(echo("$context.requestId"), set("/apis/0/stages/0/accessLogSettings/format", format))
    };
    let at = "error: apis[0].stages[0].accessLogSettings.format";
    assert_eq!(
        spoiled(json!("$context.requestID")),
        format!(
            "{at}: no `$context` variable is named `requestID`\n  help: a variable with a similar name exists: `requestId`"
        )
    );
    assert_eq!(
        spoiled(json!("$context.requestId $context.identity.nobody")),
        format!("{at}: no `$context` variable is named `identity.nobody`")
    );
    assert_eq!(
        spoiled(json!("$context.status")),
        format!(
            "{at}: nothing in the format says which request a line is of\n  help: add `$context.requestId` or `$context.extendedRequestId`"
        )
    );
    for text in [
        "a\nb $context.requestId",
        "$context.requestId\n\n",
        "$context.requestId\u{1b}",
        "\r$context.requestId",
    ] {
        assert_eq!(spoiled(json!(text)), format!("{at}: a format is one line, without control characters"));
    }
    assert_eq!(problems(&echo("$context.requestId\r\n")), "");
    assert_eq!(problems(&echo("\t$context.requestId")), "");
    assert_eq!(
        spoiled(json!(format!("$context.requestId{}", "x".repeat(3072)))),
        format!("{at}: 3090 bytes are more than 3072")
    );
    assert!(
        spoiled(Value::Null)
            .starts_with(&format!("{at}: the access log has no format\n  help: AWS's sample"))
    );
    let warning = "warning: apis[0].stages[0].accessLogSettings.format";
    for broken in [
        "{\"a\":$context.requestId$context.status}",
        "{\"a\":1$context.requestId}",
        "{$context.requestId:1}",
        "[$context.requestId",
    ] {
        assert!(
            spoiled(json!(broken))
                .starts_with(&format!("{warning}: the format looks like JSON, and its lines are none")),
            "{broken}"
        );
    }
    assert!(
        spoiled(json!("$context.requestId ${context.status}"))
            .starts_with(&format!("{warning}: `${{context.…` is no variable"))
    );
}

#[test]
fn names_end_where_text_begins() {
    assert_eq!(line("$context.requestId-$context.stage.", GET), "q6urq6urq6urq6s=-$default.");
    assert_eq!(line("<$context.requestId>$$context.stage$", GET), "<q6urq6urq6urq6s=>$$default$");
    assert_eq!(line("$context.requestId $contextual $context", GET), "q6urq6urq6urq6s= $contextual $context");
    assert_eq!(line("$context.authorizer.claims.sub: $context.requestId", GET), "-: q6urq6urq6urq6s=");
}

#[test]
fn destinations_are_checked() {
    let with = |settings: Value| {
        let mut document = echo("$context.requestId");
        for (name, value) in settings.as_object().unwrap() {
            document["apis"][0]["stages"][0]["accessLogSettings"][name] = value.clone();
        }
        document
    };
    let at = "apis[0].stages[0].accessLogSettings";
    for good in [
        "stdout",
        "file:/var/log/a.log",
        "otlp:collector",
        "als:a|b",
        "otlp:http://127.0.0.1:4317",
        "als:https://logs.test:443/",
    ] {
        assert_eq!(problems(&with(json!({ "destination": good }))), "", "{good}");
    }
    for (bad, problem) in [
        ("", "`` is no destination"),
        ("stderr", "`stderr` is no destination"),
        ("stdout:", "`stdout:` is no destination"),
        ("file:access.log", "`access.log` is not the path of a file"),
        ("file:/", "`/` is not the path of a file"),
        ("file:/a\nb", "`/a\\nb` is not the path of a file"),
        ("otlp:", "a cluster's name is visible ASCII characters"),
        ("als:a b", "a cluster's name is visible ASCII characters"),
        (
            "otlp:http://h:1/path",
            "`http://h:1/path` cannot be logged to: a gRPC service has no path of its own",
        ),
        ("otlp:http://", "`http://` cannot be logged to"),
    ] {
        let told = problems(&with(json!({ "destination": bad })));
        assert!(told.starts_with(&format!("error: {at}.destination: {problem}")), "{bad:?}: {told}");
    }
    let group = "arn:aws:logs:eu-west-1:123456789012:log-group:shop:*";
    let stream = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/amazon-apigateway-shop";
    for arn in [group, stream] {
        assert_eq!(problems(&with(json!({ "destinationArn": arn, "destination": "stdout" }))), "");
        let told = problems(&with(json!({ "destinationArn": arn })));
        assert!(told.starts_with(&format!("warning: {at}.destinationArn: nothing is sent to AWS")), "{told}");
    }
    for arn in ["", "arn:aws:s3:::bucket", "arn:aws:firehose:eu-west-1:123456789012:deliverystream/other"] {
        let told = problems(&with(json!({ "destinationArn": arn })));
        assert!(told.starts_with(&format!("error: {at}.destinationArn: `{arn}` is neither")), "{told}");
    }
}

/// Stages may log to one place: it has one logger.
#[test]
fn each_destination_is_told_once_and_a_cluster_is_made_for_an_address() {
    let mut document = echo("$context.requestId");
    let settings = |destination: &str| json!({ "format": "$context.requestId", "destination": destination });
    document["apis"][0]["stages"] = json!([
        { "stageName": "$default", "accessLogSettings": settings("stdout") },
        { "stageName": "a", "accessLogSettings": settings("otlp:http://127.0.0.1:4317") },
        { "stageName": "b", "accessLogSettings": settings("stdout") },
        { "stageName": "c", "accessLogSettings": settings("als:mine") },
    ]);
    let compiled = compile(&config(&document), &Elsewhere).unwrap();
    let states: Vec<_> = compiled.access_logs.iter().map(super::destination::Destination::state).collect();
    assert_eq!(states.len(), 3);
    assert!(
        states.iter().all(|state| state.starts_with("sekisho_access_log_") && state.len() == 35),
        "{states:?}"
    );
    let names: Vec<_> = compiled.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.iter().any(|name| name.starts_with("http://127.0.0.1:4317#")), "{names:?}");
}
