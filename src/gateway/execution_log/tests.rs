use super::line::MOST;
use crate::gateway::exchange::{Exchange, Origin};
use crate::gateway::flow::Flow;
use crate::gateway::head::Head;
use crate::gateway::outcome::Ending;
use crate::gateway::testing::{ended, env, gateway, http, problems, proxy, rest};
use serde_json::{Value, json};

#[derive(Debug)]
struct Host;

impl Ending for Host {
    fn response_bytes(&self) -> u64 {
        0
    }

    fn request_bytes(&self) -> u64 {
        0
    }

    fn tls_version(&self) -> Vec<u8> {
        Vec::new()
    }

    fn broke_off(&self) -> bool {
        false
    }

    fn status(&self) -> u16 {
        0
    }
}

const ID: &str = "abababab-abab-4bab-abab-abababababab";

fn document(level: &str, data: bool) -> Value {
    let mock = json!({
        "integrationType": "MOCK", "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
        "integrationResponses": [{ "statusCode": 200, "responseTemplates": { "application/json": "hello" } }],
    });
    let mut document = rest(&["GET /pets/{id}"], mock);
    document["limits"] = json!({ "headerBytes": 65_536 });
    let stage = &mut document["apis"][0]["stages"][0];
    stage["defaultRouteSettings"] = json!({ "loggingLevel": level, "dataTraceEnabled": data });
    document
}

/// The lines of a request that is answered here, or by a backend with 200.
fn lines(document: &Value, path: &str, headers: &[(&str, &[u8])]) -> Vec<String> {
    let mut exchange = Exchange::new(gateway(document));
    let all: Vec<_> =
        [(":method", b"GET".as_slice()), (":path", path.as_bytes()), (":authority", b"shop.test")]
            .into_iter()
            .chain(headers.iter().copied())
            .collect();
    let flow = exchange.on_request_headers(Ok(Head::from_pairs(&all, true)), &env());
    let status = match flow {
        Flow::Answer(answer) => answer.status.to_string(),
        Flow::Forward(_) => "200".to_owned(),
        flow => panic!("{flow:?}"),
    };
    let head =
        Head::from_pairs(&[(":status", status.as_str()), ("set-cookie", "s=secret"), ("x-y", "z")], true);
    let _ = exchange.on_response_headers(Ok(head), Origin::Upstream, &env());
    let text = ended(&mut exchange, &Host, &env()).execution_log.unwrap_or_default();
    let text = String::from_utf8(text).unwrap();
    let prefix = format!("({ID}) ");
    text.lines()
        .map(|line| line.strip_prefix(&prefix).unwrap_or_else(|| panic!("{line}")).to_owned())
        .collect()
}

#[test]
fn every_step_is_a_line_of_awss() {
    assert_eq!(
        lines(
            &document("INFO", true),
            "/prod/pets/a%20b?color=red&token=secret",
            &[("x-api-key", b"secret"), ("x-a", b"b")]
        ),
        [
            "Extended Request Id: q6urq6urq6urq6s=",
            &format!("Verifying Usage Plan for request: {ID}. API Key:  API Stage: shop/prod"),
            "API Key  authorized because method 'GET /pets/{id}' does not require API Key. Request will not contribute to throttle or quota limits",
            "Usage Plan check succeeded for API Key  and API Stage shop/prod",
            &format!("Starting execution for request: {ID}"),
            "HTTP Method: GET, Resource Path: /pets/{id}",
            "Method request path: {id=a b}",
            "Method request query string: {color=red, token=****}",
            "Method request headers: {x-api-key=****, x-a=b}",
            "Method response body after transformations: hello",
            "Method response headers: {content-type=application/json, x-amzn-requestid=abababab-abab-4bab-abab-abababababab, x-amz-apigw-id=q6urq6urq6urq6s=}",
            "Successfully completed execution",
            "Method completed with status: 200",
        ]
    );
    let without = lines(&document("INFO", false), "/prod/pets/1", &[]);
    assert!(!without.iter().any(|line| line.contains("body")), "{without:?}");
    let mut proxied = document("INFO", true);
    proxied["apis"][0]["integrations"][0] = proxy("http://b:8080/x/{id}", json!({ "integrationId": "i" }));
    let told = lines(&proxied, "/prod/pets/1", &[("authorization", b"Bearer secret")]);
    for expected in [
        "Method request headers: {authorization=****}",
        "Endpoint request URI: http://b:8080/x/1",
        "Sending request to http://b:8080/x/1",
        "Received response. Status: 200, Integration latency: 0 ms",
        "Endpoint response headers: {set-cookie=****, x-y=z}",
        "Successfully completed execution",
    ] {
        assert!(told.iter().any(|line| line == expected), "{expected}: {told:#?}");
    }
    // As the client gets them: the backend's, and the gateway's own. They are told once, behind the backend's.
    let at = told.iter().position(|line| line.starts_with("Endpoint response headers")).unwrap();
    let sent = told[at + 1].strip_prefix("Method response headers: {").unwrap_or_else(|| panic!("{told:#?}"));
    for header in
        ["set-cookie=****", "x-y=z", "x-amz-apigw-id=q6urq6urq6urq6s=", &format!("x-amzn-requestid={ID}")]
    {
        assert!(sent.contains(header), "{header}: {sent}");
    }
    assert!(sent.contains("x-amzn-trace-id=Root=1-") && !sent.contains(":status"), "{sent}");
    assert_eq!(told.iter().filter(|line| line.starts_with("Method response headers")).count(), 1);
    assert!(!told.concat().contains("secret"), "{told:#?}");
}

#[test]
fn errors_alone_are_told_where_the_level_says_so() {
    let mut refusing = document("ERROR", true);
    assert_eq!(lines(&refusing, "/prod/pets/1", &[]), [""; 0]);
    refusing["apis"][0]["routes"][0]["apiKeyRequired"] = json!(true);
    refusing["usagePlans"] = json!([{ "id": "p", "apiStages": [{ "apiId": "shop", "stage": "prod" }] }]);
    let told = lines(&refusing, "/prod/pets/1", &[("x-api-key", b"nobody's")]);
    assert_eq!(told.len(), 4, "{told:#?}");
    assert_eq!(told[1], "Gateway response type: INVALID_API_KEY with status code: 403");
    assert_eq!(told[2], "Gateway response body: {\"message\":\"Forbidden\"}");
    assert!(!told.concat().contains("nobody's"), "{told:#?}");
    assert_eq!(lines(&document("OFF", true), "/prod/pets/1", &[]), [""; 0]);
    // No method, no level.
    assert_eq!(lines(&document("INFO", true), "/prod/nowhere", &[]), [""; 0]);
}

#[test]
fn settings_of_a_method_come_first() {
    let mut document = document("INFO", false);
    document["apis"][0]["stages"][0]["routeSettings"] =
        json!({ "GET /pets/{id}": { "loggingLevel": "OFF" } });
    assert_eq!(lines(&document, "/prod/pets/1", &[]), [""; 0]);
}

/// No client ends a line, or makes one longer than CloudWatch's.
#[test]
fn a_client_forges_no_line() {
    let mut sent: Vec<Vec<u8>> = (0..=255).map(|byte| vec![b'a', byte, b'b']).collect();
    sent.extend([
        format!("x\n({ID}) Method completed with status: 200").into_bytes(),
        b"\x1b[2J".to_vec(),
        "\u{2028}\u{85}\u{1f600}".as_bytes().to_vec(),
        b"\xff".repeat(50_000),
        b"x".repeat(50_000),
    ]);
    for value in sent {
        let told = lines(&document("INFO", true), "/prod/pets/1", &[("x-v", &value)]);
        assert_eq!(told.len(), 13, "{told:#?}");
        for line in &told {
            assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line}");
            assert!(line.len() + ID.len() + 3 <= MOST, "{}", line.len());
        }
        if value.len() > MOST {
            assert!(told[8].ends_with(" [TRUNCATED]"), "{}", told[8]);
        }
    }
}

#[test]
fn http_apis_have_none() {
    let mut document = http(&["GET /x"], proxy("http://b", json!({})));
    document["apis"][0]["stages"][0]["defaultRouteSettings"] =
        json!({ "loggingLevel": "OFF", "dataTraceEnabled": false });
    assert_eq!(problems(&document), "");
    document["apis"][0]["stages"][0]["defaultRouteSettings"] = json!({ "loggingLevel": "ERROR" });
    document["apis"][0]["stages"][0]["routeSettings"] = json!({ "GET /x": { "dataTraceEnabled": true } });
    let told = problems(&document);
    let at = "apis[0].stages[0]";
    let help = "  help: they are a REST API's; `accessLogSettings` logs each request of an HTTP API";
    assert_eq!(
        told,
        format!(
            "error: {at}.defaultRouteSettings.loggingLevel: HTTP APIs have no execution logs\n{help}\nerror: {at}.routeSettings[\"GET /x\"].dataTraceEnabled: HTTP APIs have no execution logs\n{help}"
        )
    );
}
