use crate::gateway::exchange::{Exchange, Origin};
use crate::gateway::flow::{BodyWanted, Flow, ResponseFlow};
use crate::gateway::head::Head;
use crate::gateway::mapping::BODY_BYTES;
use crate::gateway::testing::{
    Pairs, answer, apply, backend_head, backend_path, client_head, env, first, gateway, head, http, problems,
    proxy, rest,
};
use serde_json::{Value, json};
use std::rc::Rc;

fn mapped(requests: Value) -> Value {
    http(&["POST /x/{id}", "GET /x/{id}"], proxy("http://b/y", json!({ "requestParameters": requests })))
}

fn responding(responses: Value) -> Value {
    http(&["GET /x"], proxy("http://b/y", json!({ "responseParameters": responses })))
}

/// What the backend reads of a POST with a body, and how the exchange asked for it.
fn with_body(document: &Value, body: &[u8]) -> Pairs {
    let mut exchange = Exchange::new(gateway(document));
    let sent = head("POST", "/x/1", &[], false);
    let flow = exchange.on_request_headers(Ok(sent.clone()), &env());
    assert_eq!(flow, Flow::Body(BodyWanted { bytes: BODY_BYTES }));
    match exchange.on_request_body(body, true, &env()) {
        Flow::Forward(edits) => apply(&sent, edits),
        flow => panic!("{flow:?}"),
    }
}

#[test]
fn headers_are_appended_overwritten_and_removed() {
    let document = mapped(json!({
        "append:header.X-A": "new", "overwrite:header.X-B": "new", "remove:header.X-C": "''",
        "append:header.X-New": "1", "overwrite:header.X-New-2": "2", "remove:header.X-None": "",
    }));
    let sent =
        [("x-a", "old"), ("x-b", "old"), ("x-b", "older"), ("x-c", "1"), ("x-c", "2"), ("x-d", "kept")];
    let head = backend_head(&document, "GET", "/x/1", &sent);
    let value = |name| first(&head, name);
    assert_eq!(value("x-a").as_deref(), Some("old | new"));
    assert_eq!(value("x-b").as_deref(), Some("new"));
    assert_eq!(value("x-c"), None);
    assert_eq!(value("x-d").as_deref(), Some("kept"));
    assert_eq!(value("x-new").as_deref(), Some("1"));
    assert_eq!(value("x-new-2").as_deref(), Some("2"));
}

#[test]
fn of_several_operations_on_one_header_removal_is_last() {
    let all = mapped(json!({
        "append:header.x": "a", "overwrite:header.x": "b", "remove:header.x": "",
    }));
    assert_eq!(first(&backend_head(&all, "GET", "/x/1", &[("x", "0")]), "x"), None);
    let two = mapped(json!({ "append:header.x": "a", "overwrite:header.x": "b" }));
    assert_eq!(first(&backend_head(&two, "GET", "/x/1", &[("x", "0")]), "x").as_deref(), Some("b"));
}

#[test]
fn the_query_string_is_appended_overwritten_and_removed() {
    let document = mapped(json!({
        "append:querystring.a": "x&y", "overwrite:querystring.b": "é", "remove:querystring.c d": "",
    }));
    let path = |sent: &str| backend_path(&document, "GET", sent);
    assert_eq!(path("/x/1"), "/y?a=x%26y&b=%C3%A9");
    assert_eq!(path("/x/1?"), "/y?a=x%26y&b=%C3%A9");
    assert_eq!(path("/x/1?a=0&b=1&b=2&c+d=3&c%20d&e"), "/y?a=0&e&a=x%26y&b=%C3%A9");
    assert_eq!(path("/x/1?%62=1&%2562=2&z=%zz&&=&A=1"), "/y?%2562=2&z=%zz&&=&A=1&a=x%26y&b=%C3%A9");
}

#[test]
fn a_rest_api_splits_the_query_string_at_semicolons_too() {
    let integration =
        || proxy("http://b/y", json!({ "requestParameters": { "overwrite:querystring.role": "user" } }));
    let document = rest(&["GET /x"], integration());
    assert_eq!(backend_path(&document, "GET", "/prod/x?a=1;role=admin;b"), "/y?a=1&b&role=user");
    let document = http(&["GET /x"], integration());
    assert_eq!(backend_path(&document, "GET", "/x?a=1;role=admin"), "/y?a=1;role=admin&role=user");
}

#[test]
fn every_source_of_a_request_has_its_value() {
    let document = mapped(json!({
        "append:header.h": "$request.header.X-A", "append:header.q": "$request.querystring.q",
        "append:header.p": "$request.path", "append:header.v": "$request.path.id",
        "append:header.c": "$context.routeKey", "append:header.s": "$stageVariables.color",
        "append:header.none": "$stageVariables.unknown", "append:header.t": "static",
        "append:header.m": "${request.header.x-a}/${context.stage} ${stageVariables.color}!",
    }));
    let head = backend_head(&document, "GET", "/x/a%20b?q=1&q=%32+3", &[("x-a", "1"), ("x-a", "2")]);
    for (name, value) in [
        ("h", "1,2"),
        ("q", "1,2 3"),
        ("p", "/x/a b"),
        ("v", "a b"),
        ("c", "GET /x/{id}"),
        ("s", "blue"),
        ("none", ""),
        ("t", "static"),
        ("m", "1,2/$default blue!"),
    ] {
        assert_eq!(first(&head, name).as_deref(), Some(value), "{name}");
    }
}

#[test]
fn the_path_of_a_mapping_is_the_one_behind_the_stage() {
    let integration =
        proxy("http://b/y", json!({ "requestParameters": { "overwrite:path": "/v2${request.path}" } }));
    let document = rest(&["GET /x/{proxy+}"], integration);
    assert_eq!(backend_path(&document, "GET", "/prod/x/a?b=c"), "/v2/x/a?b=c");
}

#[test]
fn a_path_variable_is_encoded_once_in_a_url_whatever_the_api() {
    let mapping = json!({ "overwrite:path": "/u/${request.path.id}", "append:querystring.q": "$request.path.id",
        "append:header.h": "$request.path.id" });
    let integration = || proxy("http://b", json!({ "requestParameters": mapping.clone() }));
    let head = backend_head(&rest(&["GET /x/{id}"], integration()), "GET", "/prod/x/a%20b", &[]);
    assert_eq!(first(&head, ":path").as_deref(), Some("/u/a%20b?q=a%20b"));
    assert_eq!(first(&head, "h").as_deref(), Some("a%20b"), "REST APIs keep the client's encoding");
    let head = backend_head(&http(&["GET /x/{id}"], integration()), "GET", "/x/a%20b", &[]);
    assert_eq!(first(&head, ":path").as_deref(), Some("/u/a%20b?q=a%20b"));
    assert_eq!(first(&head, "h").as_deref(), Some("a b"));
}

#[test]
fn a_mapping_whose_source_is_missing_is_skipped() {
    let document = mapped(json!({
        "overwrite:header.a": "$request.header.none", "append:header.b": "x${request.querystring.none}",
        "overwrite:querystring.c": "$request.header.none", "overwrite:path": "$request.header.none",
        "append:header.d": "$context.authorizer.claims.sub", "append:header.e": "$request.body.x",
    }));
    let head = backend_head(&document, "GET", "/x/1?c=0", &[("a", "kept")]);
    assert_eq!(first(&head, "a").as_deref(), Some("kept"));
    assert_eq!(first(&head, "b"), None);
    assert_eq!(first(&head, "d"), None);
    assert_eq!(first(&head, "e"), None);
    assert_eq!(first(&head, ":path").as_deref(), Some("/y?c=0"));
}

#[test]
fn a_client_does_not_speak_for_the_gateway_where_it_says_nothing() {
    let document = mapped(json!({
        "overwrite:header.x-user": "$context.authorizer.claims.sub",
        "overwrite:header.x-who": "user ${context.authorizer.principalId}",
        "overwrite:querystring.user": "$context.identity.userArn",
    }));
    let head =
        backend_head(&document, "GET", "/x/1?user=root&c=0", &[("x-user", "root"), ("x-who", "user root")]);
    assert_eq!((first(&head, "x-user"), first(&head, "x-who")), (None, None));
    assert_eq!(first(&head, ":path").as_deref(), Some("/y?c=0"));
}

#[test]
fn values_of_the_body_are_mapped_where_the_body_has_them() {
    let document = mapped(json!({
        "append:header.a": "$request.body.a", "append:header.b": "$request.body.b[0].c",
        "append:header.all": "$request.body", "overwrite:path": "/u/${request.body.a}",
    }));
    let head = with_body(&document, br#"{"a":"x/?y","b":[{"c":3}]}"#);
    assert_eq!(first(&head, "a").as_deref(), Some("x/?y"));
    assert_eq!(first(&head, "b").as_deref(), Some("3"));
    assert_eq!(first(&head, "all").as_deref(), Some(r#"{"a":"x/?y","b":[{"c":3}]}"#));
    assert_eq!(first(&head, ":path").as_deref(), Some("/u/x/%3Fy"));
    let head = with_body(&document, b"no JSON");
    assert_eq!((first(&head, "a"), first(&head, "all")), (None, None));
    assert_eq!(first(&head, ":path").as_deref(), Some("/y"));
    assert_eq!(first(&with_body(&document, b""), "a"), None);
}

#[test]
fn a_body_that_does_not_exist_is_not_waited_for() {
    let document = mapped(json!({ "append:header.a": "$request.body.a" }));
    assert_eq!(first(&backend_head(&document, "POST", "/x/1", &[]), "a"), None);
}

#[test]
fn a_body_behind_the_end_of_a_mapping_is_no_json() {
    let document = mapped(json!({ "append:header.a": "$request.body.a" }));
    let mut body = br#"{"a":1,"b":""#.to_vec();
    body.resize(BODY_BYTES + 10, b'x');
    body.extend(b"\"}");
    assert_eq!(first(&with_body(&document, &body), "a"), None);
}

#[test]
fn control_characters_in_a_request_are_refused() {
    let document = mapped(json!({ "append:header.a": "$request.querystring.q" }));
    for q in ["%0d%0aX:1", "%00", "%7f", "%1b"] {
        let answer = answer(&document, "GET", &format!("/x/1?q={q}"), &[]);
        assert_eq!((answer.status, answer.details.as_ref()), (400, "sekisho_bad_mapped_value"), "{q}");
    }
    let head = backend_head(&document, "GET", "/x/1?q=%09%E2%98%95%ff", &[]);
    assert_eq!(first(&head, "a").as_deref(), Some("\t☕\u{fffd}"));
}

/// What the client reads of a response with a body.
fn response_with_body(document: &Value, response: &[(&str, &str)], body: &[u8]) -> Pairs {
    let mut exchange = Exchange::new(gateway(document));
    let _ = exchange.on_request_headers(Ok(head("GET", "/x", &[], true)), &env());
    let head = Head::from_pairs(response, false);
    let flow = exchange.on_response_headers(Ok(head.clone()), Origin::Upstream, &env());
    assert_eq!(flow, ResponseFlow::Body(BodyWanted { bytes: BODY_BYTES }));
    match exchange.on_response_body(body, true, &env()) {
        ResponseFlow::Continue(edits) => apply(&head, edits),
        flow => panic!("{flow:?}"),
    }
}

#[test]
fn a_response_is_mapped_by_its_status() {
    let document = responding(json!({
        "500": { "overwrite:statuscode": "403", "append:header.error": "$context.requestId" },
        "200": { "append:header.a": "${response.header.X-A}!", "remove:header.x-a": "", "overwrite:header.b": "2" },
    }));
    let head = client_head(&document, "/x", &[(":status", "500")]);
    assert_eq!(first(&head, ":status").as_deref(), Some("403"));
    assert_eq!(first(&head, "error").as_deref(), Some("q6urq6urq6urq6s="));
    let head = client_head(&document, "/x", &[(":status", "200"), ("x-a", "1"), ("x-a", "2"), ("b", "1")]);
    assert_eq!(first(&head, "a").as_deref(), Some("1,2!"));
    assert_eq!(first(&head, "x-a"), None);
    assert_eq!(first(&head, "b").as_deref(), Some("2"));
    let head = client_head(&document, "/x", &[(":status", "404"), ("x-a", "1")]);
    assert_eq!((first(&head, "x-a").as_deref(), first(&head, "a")), (Some("1"), None));
}

#[test]
fn values_of_a_response_body_are_mapped() {
    let document = responding(json!({ "200": {
        "overwrite:statuscode": "$response.body.code", "append:header.a": "$response.body.a",
    } }));
    let response = [(":status", "200"), ("content-length", "20")];
    let head = response_with_body(&document, &response, br#"{"code":418,"a":"x"}"#);
    assert_eq!(first(&head, ":status").as_deref(), Some("418"));
    assert_eq!(first(&head, "a").as_deref(), Some("x"));
    assert_eq!(first(&head, "content-length").as_deref(), Some("20"));
    for body in [&b"{}"[..], b"", b"x", br#"{"code":"99"}"#, br#"{"code":600}"#, br#"{"code":[]}"#] {
        let head = response_with_body(&document, &response, body);
        assert_eq!(first(&head, ":status").as_deref(), Some("200"));
    }
    // Nothing to wait for.
    assert_eq!(first(&client_head(&document, "/x", &[(":status", "200")]), "a"), None);
    let mut long = br#"{"code":418,"a":""#.to_vec();
    long.resize(BODY_BYTES + 1, b'x');
    let head = response_with_body(&document, &response, &long);
    assert_eq!(first(&head, ":status").as_deref(), Some("200"));
}

#[test]
fn a_response_value_that_cannot_stand_in_a_header_skips_its_own_mapping_only() {
    let document = responding(json!({ "200": {
        "append:header.a": "$response.body.a", "append:header.b": "$response.body.b", "remove:header.x-internal": "",
    } }));
    let response = [(":status", "200"), ("x-internal", "secret")];
    let head = response_with_body(&document, &response, br#"{"a":"1\r\nset-cookie: x","b":"2"}"#);
    assert_eq!(first(&head, "a"), None);
    assert_eq!(first(&head, "b").as_deref(), Some("2"));
    assert_eq!(first(&head, "x-internal"), None);
}

#[test]
fn reserved_headers_may_not_be_mapped() {
    const AT: &str = "apis[0].integrations[0]";
    for name in [
        "Access-Control-Allow-Origin",
        "apigw-x",
        "Authorization",
        "Connection",
        "Content-Encoding",
        "Content-Length",
        "Content-Location",
        "Forwarded",
        "Keep-Alive",
        "Origin",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "TE",
        "Trailers",
        "Transfer-Encoding",
        "Upgrade",
        "x-amz-x",
        "X-Amzn-Trace-Id",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "Via",
        "Host",
        "x-sekisho-cluster",
        "x-envoy-retry-on",
    ] {
        for operation in ["append", "overwrite", "remove"] {
            let key = format!("{operation}:header.{name}");
            let problem = format!("the header `{name}` is reserved: a mapping may not touch it");
            assert_eq!(
                problems(&mapped(json!({ key.clone(): "x" }))),
                format!("error: {AT}.requestParameters[{key:?}]: {problem}")
            );
            assert_eq!(
                problems(&responding(json!({ "200": { key.clone(): "x" } }))),
                format!("error: {AT}.responseParameters[\"200\"][{key:?}]: {problem}")
            );
        }
    }
}

#[test]
fn what_is_no_mapping_says_why_and_once() {
    let of = |key: &str, value: &str| {
        let all = problems(&mapped(json!({ key: value })));
        all.replacen(&format!("error: apis[0].integrations[0].requestParameters[{key:?}]: "), "", 1)
    };
    const HELP: &str = "\n  help: a request maps `append`, `overwrite` or `remove` of `header.NAME` or \
                        `querystring.NAME`, and `overwrite:path`; a response maps `header.NAME` and `overwrite:statuscode`";
    const SOURCES: &str = "\n  help: the sources are `$request.header.NAME`, `$request.querystring.NAME`, \
                           `$request.path`, `$request.path.NAME`, `$request.body.PATH`, `$context.NAME` and \
                           `$stageVariables.NAME`";
    for key in [
        "header.a",
        "integration.request.header.a",
        "set:header.a",
        "append:path",
        "remove:path",
        "overwrite:statuscode",
        "append:querystring.",
        "append:querystring",
        "overwrite:path.x",
        "",
    ] {
        assert_eq!(of(key, "x"), format!("`{key}` is not a mapping{HELP}"));
    }
    assert_eq!(of("append:header.", "x"), "`` is not the name of a header");
    assert_eq!(of("append:header.a b", "x"), "`a b` is not the name of a header");
    for value in
        ["$request", "$request.header.", "$request.header.a b", "$response.header.a", "$input.x", "$"]
    {
        assert_eq!(of("append:header.a", value), format!("`{value}` is not a source{SOURCES}"));
    }
    assert_eq!(of("append:header.a", "${request.path"), "`${` is not closed in `${request.path`");
    assert_eq!(
        of("append:header.a", "$request.body..x"),
        "`$request.body..x` is not a JSON path: recursive descent (`..`) is not allowed"
    );
    assert_eq!(
        of("append:header.a", "$request.body.x[?(@.y)]"),
        "`$request.body.x[?(@.y)]` is not a JSON path: filters (`?()`) are not allowed"
    );
    assert_eq!(
        of("append:header.a", "$context.requestID"),
        "no `$context` variable is named `requestID`\n  help: a variable with a similar name exists: `requestId`"
    );
}

#[test]
fn the_body_is_asked_for_by_the_side_that_has_it_only() {
    let document = responding(json!({ "200": { "append:header.a": "$response.body.a" } }));
    let gateway = gateway(&document);
    let mut exchange = Exchange::new(Rc::clone(&gateway));
    let flow = exchange.on_request_headers(Ok(head("GET", "/x", &[], false)), &env());
    assert!(matches!(flow, Flow::Forward(_)));
    let response = Head::from_pairs(&[(":status", "404")], false);
    let flow = exchange.on_response_headers(Ok(response), Origin::Upstream, &env());
    assert!(matches!(flow, ResponseFlow::Continue(_)), "other statuses have no mapping");
}
