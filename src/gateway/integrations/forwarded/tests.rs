use super::forwarded;
use crate::gateway::head::Head;
use crate::gateway::testing::{backend_head, first, http, proxy, with_request};
use serde_json::json;

fn of(authority: &str, headers: &[(&str, &str)], source: &str) -> String {
    let mut pairs = vec![(":method", "GET"), (":path", "/x"), (":authority", authority), (":scheme", "http")];
    pairs.extend(headers);
    let document = http(&["GET /x"], proxy("http://b", json!({})));
    let head = Head::from_pairs(&pairs, true);
    let mut exchange = crate::gateway::Exchange::new(crate::gateway::testing::gateway(&document));
    let env = crate::gateway::Env { source_address: source.as_bytes(), ..crate::gateway::testing::env() };
    let _ = exchange.on_request_headers(Ok(head), &env);
    forwarded(exchange.request().unwrap())
}

#[test]
fn our_own_hop_is_told_in_the_form_of_rfc_7239() {
    let own = of("shop.test", &[], "192.0.2.1:4711");
    assert_eq!(own, "by=_sekisho;for=192.0.2.1;host=shop.test;proto=http");
    let own = of("shop.test:8080", &[("x-forwarded-proto", "https")], "192.0.2.1:4711");
    assert_eq!(own, "by=_sekisho;for=192.0.2.1;host=\"shop.test:8080\";proto=https");
}

#[test]
fn ipv6_is_quoted() {
    let own = of("[2001:db8::2]:80", &[("x-forwarded-for", "2001:DB8::7")], "[2001:db8::1]:4711");
    assert_eq!(
        own,
        "for=\"[2001:db8::7]\", by=_sekisho;for=\"[2001:db8::1]\";host=\"[2001:db8::2]:80\";proto=http"
    );
}

#[test]
fn the_hop_that_envoy_appended_is_told_once() {
    let one = of("shop.test", &[("x-forwarded-for", "192.0.2.1")], "192.0.2.1:1");
    assert_eq!(one, "by=_sekisho;for=192.0.2.1;host=shop.test;proto=http");
    let two = of("shop.test", &[("x-forwarded-for", "192.0.2.1,192.0.2.1")], "192.0.2.1:1");
    assert_eq!(two, "for=192.0.2.1, by=_sekisho;for=192.0.2.1;host=shop.test;proto=http");
}

#[test]
fn what_is_no_address_in_a_forged_header_is_not_passed_on() {
    let forged =
        "1.2.3.4;by=evil, \"unclosed, unknown, 203.0.113.7 , ::1, 10.0.0.1:80, 999.1.1.1,,203.0.113.8";
    assert_eq!(
        of("shop.test", &[("x-forwarded-for", forged), ("x-forwarded-for", "198.51.100.1")], "192.0.2.1:1"),
        "for=203.0.113.7, for=\"[::1]\", for=203.0.113.8, for=198.51.100.1, \
         by=_sekisho;for=192.0.2.1;host=shop.test;proto=http"
    );
}

#[test]
fn an_unknown_source_and_scheme_are_told_as_such() {
    for none in ["", "12:1", "/tmp/1.2.3.socket", "1.2.3:4"] {
        assert_eq!(of("shop.test", &[], none), "by=_sekisho;for=unknown;host=shop.test;proto=http", "{none}");
    }
    let twice = [("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")];
    assert_eq!(of("shop.test", &twice, ""), "by=_sekisho;for=unknown;host=shop.test;proto=http");
    assert_eq!(
        of("shop.test", &[("x-forwarded-proto", "\";for=evil")], ""),
        "by=_sekisho;for=unknown;host=shop.test;proto=http"
    );
}

#[test]
fn a_scheme_that_the_client_wrote_itself_is_not_believed() {
    let mut document = http(&["GET /x"], proxy("http://b", json!({})));
    document["apis"][0]["name"] = json!("shop");
    let pairs = [
        (":method", "GET"),
        (":path", "/x"),
        (":authority", "shop.test"),
        (":scheme", "https"),
        ("x-forwarded-proto", "http"),
    ];
    let value = with_request(&document, Head::from_pairs(&pairs, true), forwarded);
    assert!(value.ends_with("proto=http"), "{value}");
}

#[test]
fn a_forwarded_header_of_the_client_is_replaced() {
    let document = http(&["GET /x"], proxy("http://b", json!({})));
    let sent = [("forwarded", "for=10.0.0.1;secret=\"unclosed"), ("forwarded", "for=10.0.0.2")];
    assert_eq!(
        first(&backend_head(&document, "GET", "/x", &sent), "forwarded").as_deref(),
        Some("by=_sekisho;for=192.0.2.1;host=shop.test;proto=http")
    );
}
