use super::{length_of_request, masked, of_api, of_request, plain};
use crate::gateway::request::Request;
use crate::gateway::testing::{head, http, proxy, rest, with_request};
use serde_json::json;

fn of_rest(method: &str, path: &str, headers: &[(&str, &str)]) -> String {
    let document = rest(&["ANY /{proxy+}"], proxy("http://b.test/", json!({})));
    let both = |request: &Request| (of_request(request), length_of_request(request));
    let (arn, length) = with_request(&document, head(method, path, headers, true), both);
    assert_eq!(length, arn.len(), "{arn}");
    arn.strip_prefix("arn:aws:execute-api:us-east-1:123456789012:shop/").unwrap().to_owned()
}

#[test]
fn the_arn_names_what_routes_are_compared_with() {
    for (method, path, expected) in [
        ("GET", "/prod/admin", "prod/GET/admin"),
        ("GET", "/prod/%61dmin", "prod/GET/admin"),
        ("GET", "/%70rod/%61%64min", "prod/GET/admin"),
        ("GET", "/prod/admin/", "prod/GET/admin"),
        ("GET", "/prod/admin///", "prod/GET/admin"),
        ("GET", "/prod//admin", "prod/GET/admin"),
        ("GET", "//prod/admin", "prod/GET/admin"),
        ("GET", "/prod/a//b", "prod/GET/a//b"),
        ("GET", "/prod/a%2Fb", "prod/GET/a/b"),
        ("GET", "/prod/a?b=/c", "prod/GET/a"),
        ("GET", "/prod/a%3Fb", "prod/GET/a?b"),
        ("GET", "/prod/a%2561", "prod/GET/a%61"),
        ("GET", "/prod/%2A", "prod/GET/*"),
        ("GET", "/prod/%0D%0A", "prod/GET/\r\n"),
        ("GET", "/prod/", "prod/GET/"),
        ("POST", "/prod/%c3%a9", "prod/POST/\u{e9}"),
    ] {
        assert_eq!(of_rest(method, path, &[]), expected, "{method} {path}");
    }
    assert_eq!(of_rest("POST", "/prod/x", &[("x-http-method-override", "DELETE")]), "prod/DELETE/x");
}

#[test]
fn the_default_stage_has_its_name_in_the_arn() {
    let document = http(&["ANY /{proxy+}"], proxy("http://b.test/", json!({})));
    let arn = with_request(&document, head("get", "/a/b/", &[], true), of_request);
    assert_eq!(arn, "arn:aws:execute-api:us-east-1:123456789012:shop/$default/get/a/b/");
}

#[test]
fn the_plain_arn_is_what_a_careless_backend_reads() {
    let arn = |below: &str| format!("arn:aws:execute-api:us-east-1:123456789012:shop/{below}");
    for (below, expected) in [
        ("$default/get/a/b/", Some("$default/GET/a/b")),
        ("prod/GET/a//b", Some("prod/GET/a/b")),
        ("prod/GET//", Some("prod/GET/")),
        ("prod/GET/a;b=c/d;/e", Some("prod/GET/a/d/e")),
        ("prod/gEt/", Some("prod/GET/")),
        ("prod/GET/", None),
        ("prod/GET/a/b", None),
        ("prod/M-SEARCH/A", None),
        ("prod/GET", None),
        ("prod", None),
    ] {
        assert_eq!(plain(&arn(below)), expected.map(arn), "{below}");
    }
    for malformed in ["", "arn:aws", "arn:aws:execute-api:r:a:api", "a/b/c//d"] {
        assert_eq!(plain(malformed), None, "{malformed}");
    }
}

#[test]
fn clients_see_four_digits_of_the_account() {
    for (account, expected) in [
        ("123456789012", "********9012"),
        ("000000000000", "********0000"),
        ("123", "123"),
        ("", ""),
        ("\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}", "*\u{e9}\u{e9}\u{e9}\u{e9}"),
    ] {
        let mut document = rest(&["ANY /{proxy+}"], proxy("http://b.test/", json!({})));
        document["accountId"] = json!(account);
        let arn = with_request(&document, head("GET", "/prod/123456789012", &[], true), masked);
        assert_eq!(arn, format!("arn:aws:execute-api:us-east-1:{expected}:shop/prod/GET/123456789012"));
    }
}

#[test]
fn regions_have_their_partition() {
    for (region, partition) in [
        ("eu-west-1", "aws"),
        ("us-east-1", "aws"),
        ("us-gov-west-1", "aws-us-gov"),
        ("cn-north-1", "aws-cn"),
        ("", "aws"),
    ] {
        assert_eq!(of_api(region, "1", "x"), format!("arn:{partition}:execute-api:{region}:1:x/"));
    }
}
