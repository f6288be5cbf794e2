use super::status_code;
use crate::gateway::testing::{answer, answer_header, body, problems, rest};
use serde_json::{Value, json};

#[test]
fn status_codes_are_read_leniently() {
    for text in
        ["{\"statusCode\": 200}", "{statusCode: 200}", "{ 'statusCode':200 }", "{\"statusCode\":\"200\"}"]
    {
        assert_eq!(status_code(text), Some(200), "{text}");
    }
    for text in ["", "{}", "{\"statusCode\": x}", "statusCode", "{\"statusCode\": 99999999}"] {
        assert_eq!(status_code(text), None, "{text}");
    }
}

fn mock(templates: Value, responses: Value) -> Value {
    json!({ "integrationType": "MOCK", "requestTemplates": templates, "integrationResponses": responses })
}

fn api(templates: Value, responses: Value) -> Value {
    rest(&["ANY /x/{id}"], mock(templates, responses))
}

#[test]
fn the_status_of_the_template_selects_the_answer() {
    let document = api(
        json!({ "application/json": "{\"statusCode\": $input.params('code')}" }),
        json!([
            { "statusCode": 200, "responseTemplates": { "text/plain": "default $input.params('id')" } },
            { "statusCode": 404, "selectionPattern": "4\\d{2}", "responseTemplates": { "application/json": "{}" } },
            { "statusCode": 502, "selectionPattern": "5" },
        ]),
    );
    let of = |code: &str| {
        let answer = answer(&document, "GET", &format!("/prod/x/a%20b?code={code}"), &[]);
        (answer.status, body(&answer).to_owned(), answer_header(&answer, "content-type").unwrap())
    };
    let text = |a: &str| a.to_owned();
    assert_eq!(of("200"), (200, text("default a%20b"), text("text/plain")));
    assert_eq!(of("410"), (404, text("{}"), text("application/json")));
    assert_eq!(
        of("500"),
        (200, text("default a%20b"), text("text/plain")),
        "a pattern matches the whole status"
    );
    assert_eq!(of("5"), (502, text(""), text("application/json")));
    let internal = (500, text("{\"message\":\"Internal server error\"}"), text("application/json"));
    assert_eq!(of("x"), internal);
    assert_eq!(of("99999999999"), internal);
}

#[test]
fn an_answer_without_a_default_is_a_configuration_error() {
    let responses = json!([{ "statusCode": 200, "selectionPattern": "200" }]);
    let document = api(json!({ "application/json": "{statusCode: 201}" }), responses);
    let refused = answer(&document, "GET", "/prod/x/1", &[]);
    assert_eq!((refused.status, refused.details.as_ref()), (500, "sekisho_api_configuration"));
}

#[test]
fn the_template_is_the_one_of_the_requests_media_type() {
    let templates = json!({ "application/json": "{statusCode: 200}", "text/plain": "{statusCode: 201}" });
    let responses = json!([{ "statusCode": 200 }, { "statusCode": 201, "selectionPattern": "201" }]);
    let document = api(templates, responses);
    let of = |sent: &[(&str, &str)]| answer(&document, "POST", "/prod/x/1", sent).status;
    assert_eq!(of(&[]), 200);
    assert_eq!(of(&[("content-type", "application/json; charset=utf-8")]), 200);
    assert_eq!(of(&[("content-type", "text/plain ;x")]), 201);
    assert_eq!(of(&[("content-type", "text/html")]), 500);
}

#[test]
fn headers_are_made_of_the_request_and_replace_the_media_type() {
    let responses = json!([{ "statusCode": 200, "responseParameters": {
        "method.response.header.Content-Type": "'text/html'",
        "method.response.header.X-Id": "method.request.path.id",
        "method.response.header.X-Q": "method.request.querystring.q",
    } }]);
    let document = api(json!({ "application/json": "{statusCode: 200}" }), responses);
    let answer = answer(&document, "GET", "/prod/x/1?q=%0d%0a", &[]);
    assert_eq!(answer_header(&answer, "content-type").as_deref(), Some("text/html"));
    assert_eq!(answer_header(&answer, "x-id").as_deref(), Some("1"));
    assert_eq!(answer_header(&answer, "x-q"), None);
    assert_eq!(answer_header(&answer, "x-amzn-errortype"), None);
    assert_eq!(answer_header(&answer, "x-amzn-trace-id"), None);
    assert!(answer_header(&answer, "x-amzn-requestid").is_some());
}

#[test]
fn a_status_without_a_body_drops_the_template() {
    let responses = json!([{ "statusCode": 204, "responseTemplates": { "text/plain": "x" } }]);
    let document = api(json!({ "application/json": "{statusCode: 200}" }), responses);
    let answer = answer(&document, "OPTIONS", "/prod/x/1", &[]);
    assert_eq!((answer.status, body(&answer)), (204, ""));
}

#[test]
fn what_is_no_mock_says_why() {
    const AT: &str = "apis[0].integrations[0]";
    let of = |templates, responses| problems(&api(templates, responses));
    let template = || json!({ "application/json": "{statusCode: 200}" });
    let respond = || json!([{ "statusCode": 200 }]);
    assert_eq!(
        of(json!({}), respond()),
        format!(
            "warning: {AT}.requestTemplates: without a template the integration answers 500\n  help: add `{{\"application/json\": \"{{\\\"statusCode\\\": 200}}\"}}`"
        )
    );
    assert_eq!(
        of(json!({ "application/json": "{}" }), respond()),
        format!(
            "error: {AT}.requestTemplates[\"application/json\"]: the template yields no `statusCode`\n  help: a MOCK integration selects its answer by it: `{{\"statusCode\": 200}}`"
        )
    );
    assert_eq!(
        of(template(), json!([])),
        format!(
            "error: {AT}.integrationResponses: a MOCK integration has no answer\n  help: add `{{\"statusCode\": 200}}`"
        )
    );
    assert_eq!(
        of(template(), json!([{ "statusCode": 101 }])),
        format!("error: {AT}.integrationResponses[0].statusCode: 101 is not a status from 200 to 599")
    );
    let pattern = of(template(), json!([{ "statusCode": 200, "selectionPattern": "(" }]));
    assert!(
        pattern.starts_with(&format!("error: {AT}.integrationResponses[0].selectionPattern: ")),
        "{pattern}"
    );
    let parameter = |key: &str| json!([{ "statusCode": 200, "responseParameters": { key: "'a'" } }]);
    assert_eq!(
        of(template(), parameter("header.x")),
        format!(
            "error: {AT}.integrationResponses[0].responseParameters[\"header.x\"]: a key is `method.response.header.` and a header name"
        )
    );
    assert_eq!(
        of(template(), parameter("method.response.header.Content-Length")),
        format!(
            "error: {AT}.integrationResponses[0].responseParameters[\"method.response.header.Content-Length\"]: the header `Content-Length` is written by Envoy"
        )
    );
}
