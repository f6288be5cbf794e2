use crate::gateway::testing::{backend_head, client_head, first, http, proxy, rest};
use serde_json::{Value, json};

fn http_api() -> Value {
    http(&["GET /x"], proxy("http://b", json!({})))
}

fn rest_api() -> Value {
    rest(&["GET /x"], proxy("http://b", json!({})))
}

#[test]
fn internal_headers_of_a_client_never_pass() {
    let sent = [
        ("x-envoy-original-path", "/admin"),
        ("x-sekisho-x", "1"),
        ("x-amzn-waf-bot", "0"),
        ("x-forwarded-client-cert", "By=x"),
        ("x-envoy-original-path", "/again"),
    ];
    for (document, path) in [(http_api(), "/x"), (rest_api(), "/prod/x")] {
        let head = backend_head(&document, "GET", path, &sent);
        for (name, _) in sent {
            assert_eq!(first(&head, name), None, "{name}");
        }
    }
}

#[test]
fn internal_headers_of_a_backend_never_pass() {
    let response =
        [(":status", "200"), ("x-envoy-upstream-service-time", "1"), ("x-sekisho-a", "1"), ("x-e", "1")];
    for (document, path) in [(http_api(), "/x"), (rest_api(), "/prod/x")] {
        let head = client_head(&document, path, &response);
        assert_eq!(first(&head, "x-envoy-upstream-service-time"), None);
        assert_eq!(first(&head, "x-sekisho-a"), None);
        assert_eq!(first(&head, "x-e").as_deref(), Some("1"));
    }
}

#[test]
fn an_http_api_passes_all_but_what_belongs_to_one_hop() {
    let sent = [
        ("authorization", "Bearer x"),
        ("content-encoding", "gzip"),
        ("cookie", "a=b"),
        ("cookie", "c=d"),
        ("via", "1.1 x"),
        ("x-http-method-override", "PUT"),
        ("keep-alive", "1"),
        ("proxy-authorization", "x"),
        ("proxy-authenticate", "x"),
        ("proxy-connection", "x"),
        ("trailer", "x"),
        ("te", "gzip"),
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-host", "x"),
        ("x-forwarded-port", "1"),
    ];
    let head = backend_head(&http_api(), "GET", "/x", &sent);
    for name in ["authorization", "content-encoding", "via", "x-http-method-override"] {
        assert!(first(&head, name).is_some(), "{name}");
    }
    assert_eq!(first(&head, "cookie").as_deref(), Some("a=b | c=d"));
    for (name, _) in sent.iter().skip(6) {
        assert_eq!(first(&head, name), None, "{name}");
    }
    assert_eq!(first(&head, "x-amzn-trace-id").as_deref(), Some("Root=1-5e9f0c65-abababababababababababab"));
    assert_eq!(first(&head, "accept"), None);
    assert_eq!(first(&head, "x-amzn-apigateway-api-id"), None);
}

#[test]
fn envoy_keeps_its_own_x_forwarded_proto() {
    let head = backend_head(&http_api(), "GET", "/x", &[("x-forwarded-proto", "https")]);
    assert_eq!(first(&head, "x-forwarded-proto").as_deref(), Some("https"));
}

#[test]
fn te_passes_for_grpc_alone() {
    let te = |document: &Value, path, sent: &[(&str, &str)]| {
        first(&backend_head(document, "GET", path, sent), "te")
    };
    assert_eq!(te(&http_api(), "/x", &[("te", "trailers")]).as_deref(), Some("trailers"));
    assert_eq!(te(&http_api(), "/x", &[("te", "trailers, deflate")]), None);
    assert_eq!(te(&http_api(), "/x", &[("te", "trailers"), ("te", "deflate")]), None);
    assert_eq!(te(&rest_api(), "/prod/x", &[("te", "trailers")]), None);
}

#[test]
fn a_rest_api_drops_what_aws_drops_and_adds_what_aws_adds() {
    let dropped = [
        "content-encoding",
        "content-md5",
        "expect",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "te",
        "trailer",
        "upgrade",
        "via",
        "www-authenticate",
        "x-http-method-override",
    ];
    let passed =
        ["authorization", "content-type", "date", "pragma", "range", "referer", "warn", "x-forwarded-for"];
    let sent: Vec<_> = dropped.iter().chain(&passed).map(|name| (*name, "GET")).collect();
    let head = backend_head(&rest_api(), "GET", "/prod/x", &sent);
    for name in dropped {
        assert_eq!(first(&head, name), None, "{name}");
    }
    for name in passed {
        assert_eq!(first(&head, name).as_deref(), Some("GET"), "{name}");
    }
    assert_eq!(first(&head, "user-agent").as_deref(), Some("AmazonAPIGateway_shop"));
    assert_eq!(first(&head, "accept").as_deref(), Some("application/json"));
    assert_eq!(first(&head, "x-amzn-apigateway-api-id").as_deref(), Some("shop"));
    let sent = [("user-agent", "curl"), ("accept", "*/*"), ("x-amzn-apigateway-api-id", "forged")];
    let head = backend_head(&rest_api(), "GET", "/prod/x", &sent);
    assert_eq!(first(&head, "user-agent").as_deref(), Some("curl"));
    assert_eq!(first(&head, "accept").as_deref(), Some("*/*"));
    assert_eq!(first(&head, "x-amzn-apigateway-api-id").as_deref(), Some("shop"));
}

#[test]
fn a_trace_id_goes_both_ways_on_a_rest_api() {
    let sent = [("x-amzn-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793")];
    for (document, path) in [(http_api(), "/x"), (rest_api(), "/prod/x")] {
        let head = backend_head(&document, "GET", path, &sent);
        assert_eq!(first(&head, "x-amzn-trace-id").as_deref(), Some(sent[0].1));
    }
    let response = [(":status", "200"), ("x-amzn-trace-id", "backend")];
    let head = client_head(&rest_api(), "/prod/x", &response);
    assert_eq!(first(&head, "x-amzn-trace-id").as_deref(), Some("Root=1-5e9f0c65-abababababababababababab"));
    assert_eq!(
        first(&client_head(&http_api(), "/x", &response), "x-amzn-trace-id").as_deref(),
        Some("backend")
    );
}

#[test]
fn a_rest_api_renames_what_aws_renames() {
    let response = [
        (":status", "200"),
        ("authorization", "a"),
        ("connection", "keep-alive"),
        ("content-length", "5"),
        ("content-md5", "a"),
        ("date", "a"),
        ("max-forwards", "a"),
        ("server", "a"),
        ("user-agent", "a"),
        ("www-authenticate", "a"),
        ("www-authenticate", "b"),
        ("x-amzn-requestid", "a"),
        ("expect", "a"),
        ("host", "a"),
        ("via", "a"),
        ("upgrade", "a"),
        ("te", "a"),
        ("trailer", "a"),
        ("proxy-authenticate", "a"),
        ("content-encoding", "gzip"),
        ("content-type", "a"),
        ("set-cookie", "a"),
        ("set-cookie", "b"),
    ];
    let head = client_head(&rest_api(), "/prod/x", &response);
    let names = [
        "authorization",
        "connection",
        "content-md5",
        "date",
        "max-forwards",
        "server",
        "user-agent",
        "www-authenticate",
    ];
    for name in names {
        assert_eq!(first(&head, name), None, "{name}");
        assert!(first(&head, &format!("x-amzn-remapped-{name}")).is_some(), "{name}");
    }
    assert_eq!(first(&head, "x-amzn-remapped-www-authenticate").as_deref(), Some("a | b"));
    assert_eq!(first(&head, "content-length").as_deref(), Some("5"));
    assert_eq!(first(&head, "x-amzn-remapped-content-length").as_deref(), Some("5"));
    assert_eq!(first(&head, "x-amzn-remapped-x-amzn-requestid").as_deref(), Some("a"));
    assert_eq!(first(&head, "x-amzn-requestid").as_deref(), Some("abababab-abab-4bab-abab-abababababab"));
    assert_eq!(first(&head, "x-amz-apigw-id").as_deref(), Some("q6urq6urq6urq6s="));
    for name in ["expect", "host", "via", "upgrade", "te", "trailer", "proxy-authenticate"] {
        assert_eq!(first(&head, name), None, "{name}");
        assert_eq!(first(&head, &format!("x-amzn-remapped-{name}")), None, "{name}");
    }
    assert_eq!(first(&head, "content-encoding").as_deref(), Some("gzip"));
    assert_eq!(first(&head, "set-cookie").as_deref(), Some("a | b"));
}

#[test]
fn an_http_api_answers_with_its_id_alone() {
    let response = [
        (":status", "200"),
        ("server", "a"),
        ("via", "a"),
        ("apigw-requestid", "forged"),
        ("keep-alive", "5"),
    ];
    let head = client_head(&http_api(), "/x", &response);
    assert_eq!(first(&head, "server").as_deref(), Some("a"));
    assert_eq!(first(&head, "via").as_deref(), Some("a"));
    assert_eq!(first(&head, "keep-alive"), None);
    assert_eq!(first(&head, "apigw-requestid").as_deref(), Some("q6urq6urq6urq6s="));
    assert_eq!(first(&head, "x-amzn-requestid"), None);
}

#[test]
fn a_signature_for_the_gateway_does_not_reach_the_backend_of_a_rest_api() {
    let authorization = |document: &Value, path, sent: &[(&str, &str)]| {
        first(&backend_head(document, "GET", path, sent), "authorization")
    };
    const SIGNED: (&str, &str) = ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101");
    assert_eq!(authorization(&rest_api(), "/prod/x", &[SIGNED]), None);
    assert_eq!(authorization(&rest_api(), "/prod/x", &[("authorization", "Bearer a"), SIGNED]), None);
    assert_eq!(authorization(&http_api(), "/x", &[SIGNED]).as_deref(), Some(SIGNED.1));
}
