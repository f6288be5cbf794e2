use super::{ResponseType, TYPES};
use crate::gateway::exchange::Origin;
use crate::gateway::flow::{Answer, ResponseFlow};
use crate::gateway::head::Head;
use crate::gateway::testing::{answer, answer_header, ask, body, env, gateway, http, problems, proxy, rest};
use serde_json::{Value, json};

#[test]
fn every_type_is_found_by_its_name_and_has_its_row() {
    for (response_type, name, status, _, _) in TYPES {
        assert_eq!(ResponseType::parse(name), Some(response_type));
        assert_eq!((response_type.row().0, response_type.row().1), (name, status));
    }
}

/// A REST API whose only route is `GET /x`, with these gateway responses.
fn customised(responses: Value) -> Value {
    let mut document = rest(&["GET /x"], proxy("http://b", json!({})));
    document["apis"][0]["gatewayResponses"] = responses;
    document
}

fn unknown_route(responses: Value, headers: &[(&str, &str)]) -> Answer {
    answer(&customised(responses), "GET", "/prod/nothing", headers)
}

/// What becomes of one of Envoy's own replies.
fn envoy_reply(responses: Value, details: &str) -> Answer {
    let (mut exchange, _) = ask(&gateway(&customised(responses)), "GET", "/prod/x", &[]);
    let head = Head::from_pairs(&[(":status", "503")], false);
    match exchange.on_response_headers(Ok(head), Origin::Envoy(details.as_bytes()), &env()) {
        ResponseFlow::Replace(answer) => answer,
        flow => panic!("{flow:?}"),
    }
}

#[test]
fn built_in_responses_carry_their_type_and_the_ids() {
    let answer = unknown_route(json!([]), &[]);
    assert_eq!((answer.status, body(&answer)), (403, "{\"message\":\"Missing Authentication Token\"}"));
    let value = |name| answer_header(&answer, name);
    assert_eq!(value("content-type").as_deref(), Some("application/json"));
    assert_eq!(value("x-amzn-errortype").as_deref(), Some("MissingAuthenticationTokenException"));
    assert_eq!(value("x-amzn-requestid").as_deref(), Some("abababab-abab-4bab-abab-abababababab"));
    assert_eq!(value("x-amz-apigw-id").as_deref(), Some("q6urq6urq6urq6s="));
    assert_eq!(value("x-amzn-trace-id"), None);
    assert_eq!(answer.details, "sekisho_unknown_route");
}

#[test]
fn a_type_of_its_own_goes_before_the_default() {
    let default = json!({ "responseType": "DEFAULT_4XX", "statusCode": "418",
        "responseTemplates": { "text/plain": "$context.error.responseType: $context.error.message" } });
    let own = json!({ "responseType": "MISSING_AUTHENTICATION_TOKEN", "responseParameters": {
        "gatewayresponse.header.X-A": "'own'" } });
    let both = unknown_route(json!([default.clone(), own]), &[]);
    assert_eq!((both.status, body(&both)), (403, "{\"message\":\"Missing Authentication Token\"}"));
    assert_eq!(answer_header(&both, "x-a").as_deref(), Some("own"));
    let one = unknown_route(json!([default]), &[]);
    assert_eq!((one.status, body(&one)), (418, "MISSING_AUTHENTICATION_TOKEN: Missing Authentication Token"));
    assert_eq!(answer_header(&one, "content-type").as_deref(), Some("text/plain"));
    assert_eq!(
        answer_header(&one, "x-amzn-errortype").as_deref(),
        Some("MissingAuthenticationTokenException")
    );
}

#[test]
fn a_default_without_a_status_keeps_the_types_own() {
    let default =
        json!([{ "responseType": "DEFAULT_4XX" }, { "responseType": "DEFAULT_5XX", "statusCode": "599" }]);
    assert_eq!(unknown_route(default.clone(), &[]).status, 403);
    assert_eq!(envoy_reply(default, "no_healthy_upstream").status, 599);
}

#[test]
fn an_integration_failure_is_504_once_it_is_customised() {
    let failure = |responses| envoy_reply(responses, "no_healthy_upstream");
    let built_in = failure(json!([]));
    assert_eq!((built_in.status, body(&built_in)), (500, "{\"message\":\"Internal server error\"}"));
    assert_eq!(failure(json!([{ "responseType": "INTEGRATION_FAILURE" }])).status, 504);
    assert_eq!(failure(json!([{ "responseType": "INTEGRATION_FAILURE", "statusCode": "502" }])).status, 502);
    assert_eq!(failure(json!([{ "responseType": "DEFAULT_5XX" }])).status, 500);
    let timeout = envoy_reply(json!([]), "upstream_response_timeout");
    assert_eq!((timeout.status, body(&timeout)), (504, "{\"message\":\"Endpoint request timed out\"}"));
}

#[test]
fn headers_are_made_of_the_request_and_never_of_control_characters() {
    let responses = json!([{ "responseType": "DEFAULT_4XX", "responseParameters": {
        "gatewayresponse.header.A": "method.request.header.Origin",
        "gatewayresponse.header.B": "method.request.querystring.q",
        "gatewayresponse.header.C": "context.apiId",
        "gatewayresponse.header.D": "stageVariables.color",
        "gatewayresponse.header.E": "method.request.header.None",
        "gatewayresponse.header.Content-Type": "'text/html'",
    } }]);
    let document = customised(responses);
    let refused = answer(&document, "GET", "/prod/nothing?q=a%0d%0aset-cookie:x", &[("origin", "https://a")]);
    let value = |name| answer_header(&refused, name);
    assert_eq!(value("a").as_deref(), Some("https://a"));
    assert_eq!(value("b"), None);
    assert_eq!(value("c").as_deref(), Some("shop"));
    assert_eq!(value("d").as_deref(), Some("blue"));
    assert_eq!(value("e"), None);
    assert_eq!(value("content-type").as_deref(), Some("text/html"));
}

#[test]
fn the_template_is_the_one_that_the_client_accepts() {
    let responses = json!([{ "responseType": "DEFAULT_4XX", "responseTemplates": {
        "application/json": "{\"m\":$context.error.messageString}", "application/xml": "<m>$context.error.message</m>",
        "a/first": "never the default",
    } }]);
    let of = |accept: &[(&str, &str)]| {
        let answer = unknown_route(responses.clone(), accept);
        (answer_header(&answer, "content-type").unwrap(), body(&answer).to_owned())
    };
    let json = ("application/json".to_owned(), "{\"m\":\"Missing Authentication Token\"}".to_owned());
    assert_eq!(of(&[]), json);
    assert_eq!(of(&[("accept", "*/*")]), json);
    assert_eq!(of(&[("accept", "application/xml"), ("accept", "a/first")]), json);
    let xml = of(&[("accept", "application/xml")]);
    assert_eq!(xml, ("application/xml".to_owned(), "<m>Missing Authentication Token</m>".to_owned()));
}

#[test]
fn a_status_that_has_no_body_has_none() {
    let responses =
        json!([{ "responseType": "DEFAULT_4XX", "statusCode": "204", "responseTemplates": { "a/b": "x" } }]);
    let answer = unknown_route(responses, &[]);
    assert_eq!((answer.status, body(&answer)), (204, ""));
}

#[test]
fn what_is_no_gateway_response_says_why() {
    const AT: &str = "error: apis[0].gatewayResponses[0]";
    let of = |response: Value| problems(&customised(json!([response])));
    assert_eq!(
        of(json!({ "responseType": "THROTLED" })),
        format!(
            "{AT}.responseType: no gateway response type is named `THROTLED`\n  help: a type with a similar name exists: `THROTTLED`"
        )
    );
    for status in ["199", "600", "abc", "", "-200"] {
        assert_eq!(
            of(json!({ "responseType": "THROTTLED", "statusCode": status })),
            format!("{AT}.statusCode: `{status}` is not a status from 200 to 599")
        );
    }
    let parameter = |key: &str, value: &str| {
        of(json!({ "responseType": "THROTTLED", "responseParameters": { key: value } })).replacen(
            &format!("{AT}.responseParameters[{key:?}]: "),
            "",
            1,
        )
    };
    assert_eq!(parameter("header.x", "'a'"), "a key is `gatewayresponse.header.` and a header name");
    assert_eq!(parameter("gatewayresponse.header.a b", "'a'"), "`a b` is not the name of a header");
    for name in ["Content-Length", "transfer-encoding", "Connection"] {
        let key = format!("gatewayresponse.header.{name}");
        assert_eq!(parameter(&key, "'5'"), format!("the header `{name}` is written by Envoy"));
    }
    assert_eq!(
        parameter("gatewayresponse.header.x", "'a\r\nb'"),
        "the text has a control character, which would end the header"
    );
    const HELP: &str = "\n  help: a value is `'text'` in single quotes, `context.NAME`, `stageVariables.NAME`, or \
                        `method.request.` and `header.NAME`, `querystring.NAME` or `path.NAME`";
    for value in
        ["a", "'a", "'", "", "$context.apiId", "method.request.body.x", "integration.response.header.x"]
    {
        assert_eq!(parameter("gatewayresponse.header.x", value), format!("`{value}` is not a value{HELP}"));
    }
    let twice = json!([{ "responseType": "THROTTLED" }, { "responseType": "THROTTLED" }]);
    assert_eq!(
        problems(&customised(twice)),
        "error: apis[0].gatewayResponses[1].responseType: `THROTTLED` is customised twice"
    );
    let mut http = http(&["GET /x"], proxy("http://b", json!({})));
    http["apis"][0]["gatewayResponses"] = json!([{ "responseType": "THROTTLED" }]);
    assert_eq!(
        problems(&http),
        "error: apis[0].gatewayResponses: HTTP APIs have no gateway responses\n  help: they are a REST API's"
    );
}
