use super::{content_length, head_bytes, most_head_bytes};
use crate::gateway::config::ProtocolType;
use crate::gateway::flow::Flow;
use crate::gateway::head::Head;
use crate::gateway::testing::{ask, body, gateway, http, proxy, rest};
use serde_json::{Value, json};

#[test]
fn heads_are_counted_as_the_client_sent_them() {
    let sent = "GET /a HTTP/1.1\r\nHost: shop\r\nx-a: 12\r\n";
    let head = Head::from_pairs(
        &[
            (":method", "GET"),
            (":path", "/a"),
            (":authority", "shop"),
            (":scheme", "http"),
            ("x-a", "12"),
            ("x-request-id", "1"),
        ],
        true,
    );
    assert_eq!(head_bytes(&head, ProtocolType::Http), sent.len());
    assert_eq!(head_bytes(&head, ProtocolType::Rest), "Hostshopx-a12".len());
}

#[test]
fn no_head_is_larger_than_the_bound_that_is_looked_at_first() {
    let pairs =
        [(":method", "GET"), (":path", "/a"), (":authority", "shop"), (":scheme", "http"), ("x-a", "12")];
    for some in 0..1_u32 << pairs.len() {
        let pairs: Vec<_> =
            (0..).zip(pairs).filter(|(i, _)| some >> i & 1 == 1).map(|(_, pair)| pair).collect();
        let head = Head::from_pairs(&pairs, true);
        for protocol in [ProtocolType::Http, ProtocolType::Rest] {
            assert!(most_head_bytes(&head) >= head_bytes(&head, protocol), "{pairs:?}");
        }
    }
    let path = Head::from_pairs(&[(":path", "/a")], true);
    assert_eq!(
        most_head_bytes(&path),
        head_bytes(&path, ProtocolType::Http),
        "it is no larger than it must be"
    );
}

fn limited(protocol: ProtocolType, limits: Value) -> Value {
    let integration = proxy("http://b", json!({}));
    let mut document = match protocol {
        ProtocolType::Rest => rest(&["POST /x"], integration),
        ProtocolType::Http | ProtocolType::Websocket => http(&["POST /x"], integration),
    };
    document["limits"] = limits;
    document
}

fn status(document: &Value, path: &str, headers: &[(&str, &str)]) -> Option<(u16, String)> {
    match ask(&gateway(document), "POST", path, headers).1 {
        Flow::Answer(answer) => Some((answer.status, body(&answer).to_owned())),
        Flow::Forward(_) => None,
        flow => panic!("{flow:?}"),
    }
}

#[test]
fn a_head_may_reach_its_limit_and_not_one_byte_more() {
    // `POST /x HTTP/1.1`, `Host: shop.test` and `a: …`, each with its line's end.
    let fixed = 18 + 17 + 5;
    let document = limited(ProtocolType::Http, json!({}));
    let fits = "x".repeat(10_240 - fixed);
    assert_eq!(status(&document, "/x", &[("a", &fits)]), None);
    let refused = (431, "{\"message\":\"Request Header Fields Too Large\"}".to_owned());
    assert_eq!(status(&document, "/x", &[("a", &format!("{fits}x"))]), Some(refused.clone()));
    // REST APIs count names and values: `Hostshop.test`, `a`.
    let document = limited(ProtocolType::Rest, json!({}));
    let fits = "x".repeat(20_480 - 13 - 1);
    assert_eq!(status(&document, "/prod/x", &[("a", &fits)]), None);
    assert_eq!(status(&document, "/prod/x", &[("a", &format!("{fits}x"))]), Some(refused));
}

#[test]
fn a_url_of_a_rest_api_may_reach_its_limit_and_not_one_byte_more() {
    let refused = (414, "{\"message\":\"Request URI too long\"}".to_owned());
    // `https://shop.test`, and a query of names that nobody reads.
    let of = |length: usize| format!("/prod/x?{}", "q".repeat(length - 17 - 8));
    for (limits, most) in [(json!({}), 10_240), (json!({ "urlBytes": 2000 }), 2000)] {
        let document = limited(ProtocolType::Rest, limits);
        assert_eq!(status(&document, &of(most), &[]), None);
        assert_eq!(status(&document, &of(most + 1), &[]), Some(refused.clone()));
    }
    // An HTTP API counts the request line to the head.
    let document = limited(ProtocolType::Http, json!({ "urlBytes": 2000 }));
    assert_eq!(status(&document, &format!("/x?{}", "q".repeat(4000)), &[]), None);
}

#[test]
fn a_declared_length_may_reach_the_limit_and_not_one_byte_more() {
    let document = limited(ProtocolType::Http, json!({}));
    assert_eq!(status(&document, "/x", &[("content-length", "10485760")]), None);
    let refused = (413, "{\"message\":\"Request Entity Too Large\"}".to_owned());
    assert_eq!(status(&document, "/x", &[("content-length", "10485761")]), Some(refused));
    let document = limited(ProtocolType::Rest, json!({ "payloadBytes": 5 }));
    let refused = (413, "{\"message\":\"HTTP content length exceeded 10485760 bytes.\"}".to_owned());
    assert_eq!(status(&document, "/prod/x", &[("content-length", "6")]), Some(refused));
}

#[test]
fn a_length_that_is_not_one_number_is_left_to_the_count_of_bytes() {
    let of = |values: &[&str]| {
        let pairs: Vec<_> = values.iter().map(|value| ("content-length", *value)).collect();
        content_length(&Head::from_pairs(&pairs, false))
    };
    assert_eq!(of(&["5"]), Some(5));
    for values in
        [&[][..], &["5", "5"], &["x"], &["-1"], &["+5"], &["5, 5"], &[""], &["99999999999999999999"]]
    {
        assert_eq!(of(values), None, "{values:?}");
    }
}
