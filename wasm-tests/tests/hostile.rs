//! Bytes that no honest client sends.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use serde_json::json;
use wasm_tests::{Backend, Gateway, Options, documents, raw};

const NOT_FOUND: &str = r#"{"message":"Not Found"}"#;
const TOO_LARGE: &str = r#"{"message":"Request Header Fields Too Large"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn header_values_that_are_not_utf8_pass_and_kill_nothing() {
    let backend = Backend::start().await;
    let document = documents::http_proxy_with(&json!({ "requestParameters": {
        "overwrite:header.x-copy": "$request.header.x-bytes",
        "overwrite:header.x-agent": "$context.identity.userAgent",
    } }));
    let gateway = Gateway::start(&document, &backend, Options::default()).await;

    let request = b"GET /x HTTP/1.1\r\nhost: h.test\r\nx-bytes: \xff\xfe\x80\r\nuser-agent: \xc3\x28\r\ncookie: \xe2\x82\r\nx-amzn-trace-id: \xff\r\naccept: \xff\r\nauthorization: Bearer \xff\r\n\r\n";
    let response = raw::send(gateway.address(), request).await.unwrap();

    assert_eq!((response.status, response.text().as_str()), (200, "ok"));
    assert!(backend.only().seen.headers.contains(&("x-bytes".to_owned(), b"\xff\xfe\x80".to_vec())));
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_headers_of_every_kind_kill_nothing_and_stay_what_they_are() {
    let backend = Backend::start().await;
    let gateway = Gateway::start(&documents::http_proxy(), &backend, Options::default()).await;

    let mut request = b"GET /x HTTP/1.1\r\nhost: h.test\r\n".to_vec();
    for name in [
        "authorization",
        "cookie",
        "x-custom",
        "x-forwarded-for",
        "x-api-key",
        "origin",
        "x-amzn-trace-id",
        "forwarded",
    ] {
        request.extend_from_slice(format!("{name}: one\r\n{name}: two\r\n").as_bytes());
    }
    request.extend_from_slice(b"\r\n");
    let response = raw::send(gateway.address(), &request).await.unwrap();

    assert_eq!(response.status, 200);
    assert_eq!(backend.only().header("x-custom"), ["one", "two"]);
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_are_refused() {
    let backend = Backend::start().await;
    let gateway = Gateway::start(&documents::http_proxy(), &backend, Options::default()).await;
    let request = b"GET /x HTTP/1.1\r\nhost: a.test\r\nhost: b.test\r\n\r\n";
    assert_eq!(raw::send(gateway.address(), request).await.unwrap().status, 400);
    assert_eq!(backend.seen().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_headers_are_refused_by_the_filter_in_awss_words() {
    let backend = Backend::start().await;
    let options = Options { max_headers_count: Some(20_000), ..Options::default() };
    let gateway = Gateway::start(&documents::http_proxy(), &backend, options).await;

    let mut request = b"GET /x HTTP/1.1\r\nhost: h.test\r\n".to_vec();
    for i in 0..10_000 {
        request.extend_from_slice(format!("x-{i}: {i}\r\n").as_bytes());
    }
    request.extend_from_slice(b"\r\n");
    let response = raw::send(gateway.address(), &request).await.unwrap();

    assert_eq!((response.status, response.text().as_str()), (431, TOO_LARGE));
    assert_eq!(backend.seen().len(), 0);
    assert_eq!(raw::get(gateway.address(), "/x").await.unwrap().status, 200);
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_headers_are_refused_by_envoy_with_its_default_of_a_hundred() {
    let backend = Backend::start().await;
    let gateway = Gateway::start(&documents::http_proxy(), &backend, Options::default()).await;
    let mut request = b"GET /x HTTP/1.1\r\nhost: h.test\r\n".to_vec();
    for i in 0..10_000 {
        request.extend_from_slice(format!("x-{i}: {i}\r\n").as_bytes());
    }
    request.extend_from_slice(b"\r\n");
    assert_eq!(raw::send(gateway.address(), &request).await.unwrap().status, 431);
    assert_eq!(backend.seen().len(), 0);
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn huge_paths_and_queries_are_refused_in_awss_words() {
    let backend = Backend::start().await;
    let options = Options { max_headers_count: Some(200), ..Options::default() };
    let gateway = Gateway::start(&documents::http_proxy(), &backend, options).await;
    for path in [
        "/".repeat(500_000),
        format!("/{}", "%2e".repeat(200_000)),
        format!("/?{}", "a&".repeat(250_000)),
        format!("/{}", "a/".repeat(250_000)),
    ] {
        let response = raw::get(gateway.address(), &path).await.unwrap();
        assert_eq!((response.status, response.text().as_str()), (431, TOO_LARGE), "{} bytes", path.len());
    }
    assert_eq!(backend.seen().len(), 0);
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_cannot_name_the_cluster() {
    let backend = Backend::start().await;
    let other = Backend::start().await;
    let mut document = documents::http_proxy();
    let integration = json!({ "integrationId": "other", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "http://other.test" });
    document["apis"][0]["integrations"].as_array_mut().unwrap().push(integration);
    document["apis"][0]["routes"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "routeKey": "GET /other", "target": "integrations/other" }));
    let options =
        Options { hosts: [("other.test".to_owned(), other.address())].into(), ..Options::default() };
    let gateway = Gateway::start(&document, &backend, options).await;

    assert_eq!(raw::get(gateway.address(), "/other").await.unwrap().status, 200);
    assert_eq!((backend.seen().len(), other.seen().len()), (0, 1), "the second backend is there");
    other.forget();
    for headers in [
        "x-sekisho-cluster: http://other.test:80\r\n",
        "x-sekisho-cluster: http://other.test:80\r\nX-SEKISHO-CLUSTER: http://other.test:80\r\n",
        "x-sekisho-cluster:\r\n",
        "connection: x-sekisho-cluster\r\nx-sekisho-cluster: http://other.test:80\r\n",
    ] {
        backend.forget();
        let request = format!("GET /x HTTP/1.1\r\nhost: h.test\r\n{headers}\r\n");
        let response = raw::send(gateway.address(), request.as_bytes()).await.unwrap();
        assert_eq!((response.status, other.seen().len()), (200, 0), "{headers}");
        assert_eq!(backend.only().header("x-sekisho-cluster"), [""; 0], "{headers}");
        assert_eq!(backend.only().header("host"), ["backend.test"], "{headers}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unmatched_request_cannot_name_the_cluster_either() {
    let backend = Backend::start().await;
    let mut document = documents::http_proxy();
    document["apis"][0]["routes"] = json!([{ "routeKey": "GET /only", "target": "integrations/backend" }]);
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    let request = b"GET /x HTTP/1.1\r\nhost: h.test\r\nx-sekisho-cluster: http://backend.test:80\r\n\r\n";
    let response = raw::send(gateway.address(), request).await.unwrap();
    assert_eq!((response.status, response.text().as_str()), (404, NOT_FOUND));
    assert_eq!(backend.seen().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_x_forwarded_for_changes_no_source_address() {
    let backend = Backend::start().await;
    let document = documents::http_proxy_with(
        &json!({ "requestParameters": { "overwrite:header.x-source": "$context.identity.sourceIp" } }),
    );
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    for forged in [
        "x-forwarded-for: 203.0.113.7\r\n",
        "x-forwarded-for: 203.0.113.7, 203.0.113.8\r\nx-forwarded-for: 203.0.113.9\r\n",
        "x-forwarded-for: ::1\r\n",
        "x-forwarded-for: not an address\r\n",
        "x-forwarded-for: \r\n",
        "x-envoy-external-address: 203.0.113.7\r\n",
        "x-real-ip: 203.0.113.7\r\ntrue-client-ip: 203.0.113.7\r\nforwarded: for=203.0.113.7\r\n",
    ] {
        backend.forget();
        let request = format!("GET /x HTTP/1.1\r\nhost: h.test\r\n{forged}\r\n");
        assert_eq!(raw::send(gateway.address(), request.as_bytes()).await.unwrap().status, 200, "{forged}");
        let recorded = backend.only();
        assert_eq!(recorded.header("x-source"), ["127.0.0.1"], "{forged}");
        let forwarded = recorded.header("forwarded").pop().expect("the gateway tells its hop");
        assert!(forwarded.ends_with("for=127.0.0.1;host=h.test;proto=http"), "{forged}: {forwarded}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_request_are_refused_and_others_are_served() {
    let backend = Backend::start().await;
    let gateway = Gateway::start(&documents::http_proxy(), &backend, Options::default()).await;
    for nonsense in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(),
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\nhost: h\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /x HTTP/1.1\r\nhost: h.test\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        b"GET /x HTTP/1.1\r\nhost: h.test\r\ncontent-length: -1\r\n\r\n",
        b"POST /x HTTP/1.1\r\nhost: h.test\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET /x HTTP/1.1\r\nhost: h.test\r\nx y: z\r\n\r\n",
        b"GET /x HTTP/1.1\r\nhost: h.test\r\nx: a\0b\r\n\r\n",
    ] {
        let mut connection = raw::Raw::connect(gateway.address()).await.unwrap();
        connection.write(nonsense).await.unwrap();
        let told = connection.closed().await.unwrap();
        assert!(
            told.is_empty() || told.starts_with(b"HTTP/1.1 4"),
            "{}: {}",
            nonsense.escape_ascii(),
            told.escape_ascii()
        );
    }
    backend.forget();
    assert_eq!(raw::get(gateway.address(), "/x").await.unwrap().status, 200);
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_smuggled_behind_two_lengths_is_not_served() {
    let backend = Backend::start().await;
    let gateway = Gateway::start(&documents::http_proxy(), &backend, Options::default()).await;
    let request = b"POST /x HTTP/1.1\r\nhost: h.test\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: h.test\r\n\r\n";
    let mut connection = raw::Raw::connect(gateway.address()).await.unwrap();
    connection.write(request).await.unwrap();
    assert_eq!(connection.response().await.unwrap().status, 400);
    assert_eq!(raw::get(gateway.address(), "/after").await.unwrap().status, 200);
    assert_eq!(
        backend.seen().iter().map(|recorded| recorded.seen.path.as_str()).collect::<Vec<_>>(),
        ["/after"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_never_leaves_its_template_however_it_is_written() {
    let backend = Backend::start().await;
    let mut document = documents::http_proxy();
    document["apis"][0]["routes"] =
        json!([{ "routeKey": "ANY /public/{proxy+}", "target": "integrations/backend" }]);
    document["apis"][0]["integrations"][0]["integrationUri"] = "http://backend.test/public/{proxy}".into();
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    let mut served = 0;
    for path in [
        "/public/../admin",
        "/public/%2e%2e/admin",
        "/public/..%2fadmin",
        "/public/%2e%2e%2fadmin",
        "/public/..%5cadmin",
        "/public/..\\admin",
        "/public/%252e%252e/admin",
        "/public/..;/admin",
        "/public/..;x=y/admin",
        "/public/.%00./admin",
        "/public/..%00/admin",
        "/public/%c0%ae%c0%ae/admin",
        "/public/..%c0%afadmin",
        "/public//../admin",
        "/public/./../admin",
        "/public/a/../../admin",
        "//admin",
        "/./admin",
        "/public/%2e/admin",
        "/public/..%ff/admin",
        "/public/..%3f/admin",
        "/public/..#/admin",
        "/public%2f..%2fadmin",
        "/admin/..%2fpublic/x",
        "/public/\u{ff0e}\u{ff0e}/admin",
        "/public/..%09/admin",
        "/public/..%20/admin",
    ] {
        let response = raw::get(gateway.address(), path).await.unwrap();
        served += usize::from(response.status == 200);
        assert!(matches!(response.status, 200 | 400 | 404), "{path}: {}", response.status);
    }
    let seen = backend.seen();
    assert_eq!(seen.len(), served);
    for recorded in &seen {
        let path = recorded.seen.path.split('?').next().unwrap();
        assert!(path.starts_with("/public/"), "{path}");
        let decoded = path.replace("%2e", ".").replace("%2E", ".").replace("%2f", "/").replace("%2F", "/");
        assert!(
            !decoded.split(['/', '\\']).any(|segment| matches!(segment.split(';').next(), Some("." | ".."))),
            "{path}"
        );
    }
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absolute_target_decides_the_host_and_nothing_else() {
    let backend = Backend::start().await;
    let mut document = documents::http_proxy();
    let mut second = document["apis"][0].clone();
    second["apiId"] = "second".into();
    second["integrations"][0]["integrationUri"] = "http://second.test".into();
    document["apis"].as_array_mut().unwrap().push(second);
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    let request = b"GET http://proxy.localhost/x?a=1 HTTP/1.1\r\nhost: second.localhost\r\n\r\n";
    assert_eq!(raw::send(gateway.address(), request).await.unwrap().status, 200);
    let recorded = backend.only();
    assert_eq!(
        (recorded.header("host"), recorded.seen.path.as_str()),
        (vec!["backend.test".to_owned()], "/x?a=1")
    );
}
