use crate::gateway::exchange::Origin;
use crate::gateway::flow::{Answer, Edit, Flow, ResponseFlow};
use crate::gateway::head::Head;
use crate::gateway::testing::{
    answer, answer_header, apply, ask, backend_head, backend_path, client_head, env, first, gateway, head,
    http, proxy, rest,
};
use serde_json::{Value, json};

fn plain(routes: &[&str], uri: &str) -> Value {
    http(routes, proxy(uri, json!({})))
}

#[test]
fn a_plain_route_goes_to_the_path_of_its_uri() {
    let document = plain(&["GET /users/{id}"], "http://b:8080/v1/people/{id}?fixed=1");
    let head = backend_head(&document, "GET", "/users/a%20b?x=%41+b&&y", &[]);
    assert_eq!(first(&head, ":path").as_deref(), Some("/v1/people/a%20b?fixed=1&x=%41+b&&y"));
    assert_eq!(first(&head, ":authority").as_deref(), Some("b:8080"));
    assert_eq!(first(&head, ":method").as_deref(), Some("GET"));
    assert_eq!(first(&head, "x-sekisho-cluster").as_deref(), Some("http://b:8080"));
    assert_eq!(backend_path(&document, "GET", "/users/1?"), "/v1/people/1?fixed=1");
}

#[test]
fn what_the_request_and_envoys_route_say_already_is_not_written() {
    let written = |document: &Value, headers: &[(&str, &str)]| {
        let Flow::Forward(edits) = ask(&gateway(document), "GET", "/x", headers).1 else { panic!() };
        edits
            .0
            .into_iter()
            .map(|edit| match edit {
                Edit::Remove(name) | Edit::Set(name, _) | Edit::Add(name, _) => {
                    String::from_utf8(name.to_vec()).unwrap()
                }
            })
            .collect::<Vec<_>>()
    };
    let always = ["forwarded", "x-sekisho-cluster"];
    let traced = [("x-amzn-trace-id", "Root=1-67891233-abcdef012345678912345678")];
    assert_eq!(written(&plain(&["GET /x"], "http://shop.test/x"), &traced), always);

    let mine = json!({ "timeoutInMillis": 100, "retryPolicy": { "maxRetries": 1 } });
    let document = http(&["GET /x"], proxy("http://shop.test/x", mine));
    let policy = [
        "forwarded",
        "x-envoy-upstream-rq-timeout-ms",
        "x-envoy-retry-on",
        "x-envoy-max-retries",
        "x-sekisho-cluster",
    ];
    assert_eq!(written(&document, &traced), policy);

    // Which route of an Envoy of one's own the request takes, and what that says, is not known.
    let document =
        http(&["GET /x"], json!({ "integrationType": "HTTP_PROXY", "connectionType": "ENVOY_ROUTE" }));
    assert_eq!(written(&document, &traced), policy[..4]);
}

#[test]
fn an_upgrade_takes_a_route_without_retries_so_the_request_tells_them() {
    let head = backend_head(&plain(&["GET /x"], "http://b"), "GET", "/x", &[("upgrade", "websocket")]);
    assert_eq!(first(&head, "x-envoy-max-retries").as_deref(), Some("2"));
}

#[test]
fn a_greedy_route_goes_to_all_that_is_left() {
    let document = plain(&["ANY /files/{proxy+}"], "http://b/f/{proxy}");
    assert_eq!(backend_path(&document, "GET", "/files/a/b%2fc/"), "/f/a/b/c/");
    assert_eq!(backend_path(&document, "GET", "/files/"), "/f/");
}

#[test]
fn a_default_route_appends_the_path_to_its_uri() {
    let document = plain(&["$default"], "http://b/base/");
    assert_eq!(backend_path(&document, "PUT", "/a%2Fb/?q"), "/base/a/b/?q");
    assert_eq!(backend_path(&document, "PUT", "/"), "/base/");
    assert_eq!(backend_path(&plain(&["$default"], "http://b"), "GET", "/%41"), "/A");
}

#[test]
fn a_private_integration_sends_the_stage_too() {
    let arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/x/1/2";
    let of = |stage: &str| {
        let integration = proxy(arn, json!({ "connectionType": "VPC_LINK", "connectionId": "v" }));
        let mut document = http(&["GET /users/{id}"], integration);
        document["apis"][0]["stages"][0]["stageName"] = json!(stage);
        document["endpoints"] = json!({ arn: "http://lb:8080" });
        document
    };
    assert_eq!(backend_path(&of("prod"), "GET", "/prod/users/7?a"), "/prod/users/7?a");
    assert_eq!(backend_path(&of("$default"), "GET", "/users/7"), "/users/7");
    let mut document = of("prod");
    document["apis"][0]["integrations"][0]["requestParameters"] =
        json!({ "overwrite:path": "$request.path" });
    assert_eq!(backend_path(&document, "GET", "/prod/users/7"), "/users/7");
}

#[test]
fn a_cluster_without_a_uri_keeps_host_and_path() {
    let integration = json!({ "integrationType": "HTTP_PROXY", "cluster": "users" });
    let head = backend_head(&http(&["GET /users/{id}"], integration), "GET", "/users/%37", &[]);
    assert_eq!(first(&head, ":path").as_deref(), Some("/users/7"));
    assert_eq!(first(&head, ":authority").as_deref(), Some("shop.test"));
    assert_eq!(first(&head, "x-sekisho-cluster").as_deref(), Some("users"));
}

#[test]
fn envoys_own_routes_see_the_canonical_path_and_no_cluster() {
    let integration = || json!({ "integrationType": "HTTP_PROXY", "connectionType": "ENVOY_ROUTE" });
    let document = http(&["ANY /{proxy+}"], integration());
    let head = backend_head(&document, "GET", "/%61dmin%2Fx?q", &[("x-sekisho-cluster", "evil")]);
    assert_eq!(first(&head, ":path").as_deref(), Some("/admin/x?q"));
    assert_eq!(first(&head, "x-sekisho-cluster"), None);
    let document = rest(&["ANY /{proxy+}"], integration());
    assert_eq!(backend_path(&document, "GET", "/prod//a/"), "/prod/a/");
}

#[test]
fn a_query_string_passes_byte_for_byte() {
    let document = plain(&["GET /x"], "http://b/x");
    for query in ["a=1&a=2", "%zz", "a=%2F..%2f", "&&=&", "a[]=1;b", "?x", "a=\"<>\\^`{|}"] {
        assert_eq!(backend_path(&document, "GET", &format!("/x?{query}")), format!("/x?{query}"));
    }
}

#[test]
fn a_query_string_that_could_end_the_request_line_is_refused() {
    let document = plain(&["GET /x"], "http://b/x");
    for query in ["a b", "a\r\nb", "a\0", "a\tb", "a\u{7f}", "é", "a#b"] {
        let answer = answer(&document, "GET", &format!("/x?{query}"), &[]);
        assert_eq!((answer.status, answer.details.as_ref()), (400, "sekisho_bad_path"), "{query:?}");
    }
}

#[test]
fn a_path_made_of_a_header_cannot_leave_its_place() {
    let mapping = |value: &str| {
        http(&["GET /x"], proxy("http://b/y", json!({ "requestParameters": { "overwrite:path": value } })))
    };
    let document = mapping("/tenants/${request.header.x-tenant}/data");
    let path =
        |tenant: &str| first(&backend_head(&document, "GET", "/x?q=1", &[("x-tenant", tenant)]), ":path");
    assert_eq!(path("a b").as_deref(), Some("/tenants/a%20b/data?q=1"));
    assert_eq!(path("a?b=c#d").as_deref(), Some("/tenants/a%3Fb=c%23d/data?q=1"));
    assert_eq!(path("%2e%2e").as_deref(), Some("/tenants/%252e%252e/data?q=1"));
    assert_eq!(path("x HTTP/1.1").as_deref(), Some("/tenants/x%20HTTP/1.1/data?q=1"));
    for tenant in ["..", "a/../..", ".", "..;x", "a/..;/b", "a\\..\\b", "a/", "/a", "", ";x", "a\tb\u{7f}"] {
        let answer = answer(&document, "GET", "/x", &[("x-tenant", tenant)]);
        assert_eq!((answer.status, answer.details.as_ref()), (400, "sekisho_bad_mapped_value"), "{tenant:?}");
    }
    let document = mapping("$request.header.x-path");
    let path = |sent: &str| first(&backend_head(&document, "GET", "/x", &[("x-path", sent)]), ":path");
    assert_eq!(path("a/b/").as_deref(), Some("/a/b/"));
    assert_eq!(path("").as_deref(), Some("/"));
    assert_eq!(path("http:"), Some("/http:".to_owned()));
    for sent in ["//evil.example/x", "http://evil.example", "/\\evil.example"] {
        assert_eq!(answer(&document, "GET", "/x", &[("x-path", sent)]).status, 400, "{sent}");
    }
}

#[test]
fn the_method_is_the_integrations_or_the_clients() {
    let method = |document: &Value, sent: &[(&str, &str)], path: &str| {
        first(&backend_head(document, "POST", path, sent), ":method")
    };
    let document = http(&["ANY /x"], proxy("http://b", json!({ "integrationMethod": "PUT" })));
    assert_eq!(method(&document, &[], "/x").as_deref(), Some("PUT"));
    let document = http(&["ANY /x"], proxy("http://b", json!({ "integrationMethod": "ANY" })));
    assert_eq!(method(&document, &[], "/x").as_deref(), Some("POST"));
    let over = [("x-http-method-override", "DELETE")];
    assert_eq!(method(&document, &over, "/x").as_deref(), Some("POST"), "HTTP APIs do not know it");
    let document = rest(&["DELETE /x"], proxy("http://b", json!({})));
    let head = backend_head(&document, "POST", "/prod/x", &over);
    assert_eq!(first(&head, ":method").as_deref(), Some("DELETE"));
    assert_eq!(first(&head, "x-http-method-override"), None, "a backend must not override once more");
}

#[test]
fn a_method_override_selects_the_route_and_can_be_no_other_bytes() {
    let document = rest(&["ANY /x"], proxy("http://b", json!({})));
    for method in ["GET /admin HTTP/1.1", "get", "BREW", "", "CONNECT"] {
        let answer = answer(&document, "GET", "/prod/x", &[("x-http-method-override", method)]);
        assert_eq!(answer.status, 403, "{method:?}");
    }
    let twice = [("x-http-method-override", "DELETE"), ("x-http-method-override", "PUT")];
    let head = backend_head(&document, "GET", "/prod/x", &twice);
    assert_eq!(first(&head, ":method").as_deref(), Some("GET"));
}

// === framing

/// What becomes of a response with a body.
fn respond(
    document: &Value,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    response: &Head,
) -> ResponseFlow {
    let (mut exchange, flow) = ask(&gateway(document), method, path, headers);
    assert!(matches!(flow, Flow::Forward(_)), "{flow:?}");
    exchange.on_response_headers(Ok(response.clone()), Origin::Upstream, &env())
}

fn replaced(flow: ResponseFlow) -> Answer {
    match flow {
        ResponseFlow::Replace(answer) => answer,
        flow => panic!("{flow:?}"),
    }
}

#[test]
fn a_client_that_asked_head_gets_no_body_of_another_method() {
    let response =
        Head::from_pairs(&[(":status", "200"), ("content-length", "5"), ("x-a", "1"), ("x-a", "2")], false);
    let document = http(&["ANY /x"], proxy("http://b", json!({ "integrationMethod": "GET" })));
    let answer = replaced(respond(&document, "HEAD", "/x", &[], &response));
    assert_eq!((answer.status, answer.body.as_ref()), (200, &b""[..]));
    assert_eq!(answer_header(&answer, "x-a").as_deref(), Some("1 | 2"));
    assert_eq!(answer_header(&answer, "content-length"), None);
    assert_eq!(answer_header(&answer, "apigw-requestid").as_deref(), Some("q6urq6urq6urq6s="));
    let document = rest(&["ANY /x"], proxy("http://b", json!({})));
    let over = [("x-http-method-override", "GET")];
    assert_eq!(replaced(respond(&document, "HEAD", "/prod/x", &over, &response)).body.as_ref(), b"");
}

#[test]
fn the_length_of_a_body_that_was_never_asked_for_is_dropped() {
    let response = Head::from_pairs(&[(":status", "200"), ("content-length", "5")], true);
    let document = rest(&["ANY /x"], proxy("http://b", json!({})));
    let over = [("x-http-method-override", "HEAD")];
    let ResponseFlow::Continue(edits) = respond(&document, "GET", "/prod/x", &over, &response) else {
        panic!()
    };
    assert_eq!(first(&apply(&response, edits), "content-length"), None);
    let document = http(&["ANY /x"], proxy("http://b", json!({})));
    let ResponseFlow::Continue(edits) = respond(&document, "HEAD", "/x", &[], &response) else { panic!() };
    assert_eq!(
        first(&apply(&response, edits), "content-length").as_deref(),
        Some("5"),
        "HEAD tells the length"
    );
}

#[test]
fn a_status_without_a_body_takes_the_body_away() {
    let mapping = |from: &str, to: &str| {
        let responses = json!({ from: { "overwrite:statuscode": to, "append:header.x": "1" } });
        http(&["GET /x"], proxy("http://b", json!({ "responseParameters": responses })))
    };
    let with_body = Head::from_pairs(&[(":status", "200"), ("content-length", "5")], false);
    for to in ["204", "205", "304"] {
        let answer = replaced(respond(&mapping("200", to), "GET", "/x", &[], &with_body));
        assert_eq!((answer.status.to_string().as_str(), answer.body.len()), (to, 0));
        assert_eq!(answer_header(&answer, "x").as_deref(), Some("1"));
        assert_eq!(answer_header(&answer, ":status"), None);
    }
    let not_modified = [(":status", "304"), ("content-length", "5"), ("etag", "a")];
    let head = client_head(&mapping("304", "200"), "/x", &not_modified);
    assert_eq!(first(&head, ":status").as_deref(), Some("200"));
    assert_eq!(first(&head, "content-length"), None);
    assert_eq!(first(&head, "etag").as_deref(), Some("a"));
    let unchanged = client_head(&mapping("200", "204"), "/x", &not_modified);
    assert_eq!(first(&unchanged, "content-length").as_deref(), Some("5"));
}

#[test]
fn the_last_write_of_a_request_is_the_gateways() {
    let document = plain(&["GET /x"], "http://b");
    let sent =
        [("x-sekisho-cluster", "evil"), ("x-envoy-retry-on", "5xx"), ("x-envoy-upstream-rq-timeout-ms", "9")];
    let Flow::Forward(edits) = ask(&gateway(&document), "GET", "/x", &sent).1 else { panic!() };
    let last =
        edits.0.iter().rev().find(|edit| matches!(edit, Edit::Set(name, _) if name.starts_with(b"x-sek")));
    assert_eq!(last, Some(&Edit::Set(b"x-sekisho-cluster".into(), b"http://b:80".into())));
    let head = apply(&head("GET", "/x", &sent, true), edits);
    assert_eq!(first(&head, "x-sekisho-cluster").as_deref(), Some("http://b:80"));
    // Of the default policy and timeout Envoy's route knows.
    assert_eq!(first(&head, "x-envoy-retry-on"), None);
    assert_eq!(first(&head, "x-envoy-upstream-rq-timeout-ms"), None);
}

#[test]
fn no_backend_is_asked_for_a_path_that_names_another_host() {
    let document = rest(&["ANY /x/{proxy+}"], proxy("http://b.test/{proxy}", json!({})));
    assert_eq!(backend_path(&document, "GET", "/prod/x//evil.test/a"), "/evil.test/a");
    assert_eq!(backend_path(&document, "GET", "/prod/x/a//b"), "/a//b");
}
