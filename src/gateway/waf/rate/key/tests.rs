use super::super::seed::Seed;
use super::{AggregateKey, Component, Key, Scratch, Value};
use crate::gateway::head::Head;
use crate::gateway::shared::Memory;
use crate::gateway::testing::head;
use crate::gateway::waf::client::Client;
use crate::gateway::waf::labels::Labels;
use crate::gateway::waf::log::Logging;
use crate::gateway::waf::transform::Transformation;
use crate::gateway::waf::view::{Body, View};
use std::rc::Rc;

fn view<'r>(address: &str, head: &'r Head) -> View<'r> {
    View { head, body: Body::NotYet, meaning: None, client: Client::new(address, head) }
}

fn seed(byte: u8) -> Seed {
    Seed::prepare(&Memory::default(), || [byte; 16])
}

/// The origin of a request from an address.
fn from(address: &str, key: AggregateKey, head: &Head) -> Option<u64> {
    Key::new(key).origin(&view(address, head), &Labels::default(), seed(7), &mut Scratch::default())
}

/// The origin of a request by one component.
fn by(component: Component, path: &str, headers: &[(&str, &str)]) -> Option<u64> {
    from("192.0.2.1", AggregateKey::Custom(vec![component]), &head("GET", path, headers, true))
}

#[test]
fn addresses_are_told_apart_however_they_are_written() {
    let head = head("GET", "/", &[("x-forwarded-for", "203.0.113.9")], true);
    let origin = |address| from(address, AggregateKey::Ip, &head);
    assert_eq!(origin("192.0.2.1"), origin("::ffff:192.0.2.1"));
    assert_eq!(origin("2001:db8::1"), origin("2001:DB8:0::1"));
    assert_ne!(origin("192.0.2.1"), origin("192.0.2.2"));
    assert_ne!(origin("2001:db8::1"), origin("2001:db8::2"));
    assert_eq!(origin(""), None, "an address that nobody tells is none");
}

#[test]
fn a_header_makes_nobody_another_address() {
    for written in ["203.0.113.9", "203.0.113.9, 192.0.2.1", "nonsense"] {
        let (with, without) =
            (head("GET", "/", &[("x-forwarded-for", written)], true), head("GET", "/", &[], true));
        for key in [AggregateKey::ForwardedIp, AggregateKey::Custom(vec![Component::ForwardedIp])] {
            assert_eq!(from("192.0.2.1", key.clone(), &with), from("192.0.2.1", key, &without));
        }
    }
}

#[test]
fn the_seed_decides_what_is_alike() {
    let head = head("GET", "/", &[], true);
    let origin = |byte| {
        let key = Key::new(AggregateKey::Ip);
        key.origin(&view("192.0.2.1", &head), &Labels::default(), seed(byte), &mut Scratch::default())
    };
    assert_eq!(origin(1), origin(1));
    assert_ne!(origin(1), origin(2));
}

#[test]
fn the_first_seed_stays() {
    let store = Memory::default();
    let first = Seed::prepare(&store, || [1; 16]);
    assert_eq!(Seed::prepare(&store, || panic!("there is one")), first);
    assert_ne!(seed(2), first);
}

#[test]
fn a_request_without_a_component_has_no_origin() {
    let steps = Vec::new;
    for (component, path, headers) in [
        (Component::Header("x-key".into(), steps()), "/a?x-key=1", ("x-other", "1")),
        (Component::Cookie("key".into(), steps()), "/a", ("cookie", "other=key; keys=1")),
        (Component::QueryArgument("key".into(), steps()), "/a?keys=1", ("key", "1")),
        (Component::QueryString(steps()), "/a", ("x", "y")),
        (Component::QueryString(steps()), "/a?", ("x", "y")),
        (Component::LabelNamespace("a:".into()), "/a", ("x", "y")),
    ] {
        assert_eq!(by(component.clone(), path, &[headers]), None, "{component:?}");
        let both = AggregateKey::Custom(vec![Component::Method, component]);
        assert_eq!(from("192.0.2.1", both, &head("GET", path, &[headers], true)), None);
    }
}

/// AWS counts an address of no known system as one of system 0.
#[test]
fn a_system_that_nobody_tells_is_0() {
    let of = |headers: &[(&str, &str)]| by(Component::Asn, "/a", headers);
    let asn = |number| of(&[("x-sekisho-geo-asn", number)]);
    assert_eq!(of(&[]), asn("0"));
    assert_eq!(asn("nonsense"), asn("0"));
    assert!(of(&[]).is_some());
    assert_ne!(asn("64496"), asn("0"));
}

#[test]
fn addresses_of_both_versions_are_told_apart_beside_others() {
    let steps = || vec![Transformation::Lowercase];
    let key = || AggregateKey::Custom(vec![Component::Ip, Component::UriPath(steps())]);
    let head = head("GET", "/a", &[], true);
    assert_ne!(from("192.0.2.1", key(), &head), from("::c000:201", key(), &head));
    assert_eq!(from("192.0.2.1", key(), &head), from("::ffff:c000:201", key(), &head));
}

#[test]
fn values_tell_origins_apart() {
    let steps = Vec::new;
    let header = || Component::Header("x-key".into(), steps());
    let origin = |value| by(header(), "/", &[("x-key", value)]);
    assert!(origin("a").is_some() && origin("").is_some());
    assert_eq!(origin("a"), by(header(), "/other?q", &[("x-key", "a"), ("x-other", "b")]));
    assert_ne!(origin("a"), origin("A"));
    let cookie = || Component::Cookie("key".into(), steps());
    let of = |value| by(cookie(), "/", &[("cookie", value)]);
    assert_eq!(of("key=1; other=2"), of("other=3; key=1"));
    assert_ne!(of("key=1"), of("key=2"));
    let argument = || Component::QueryArgument("key".into(), steps());
    assert_eq!(by(argument(), "/?key=1&x=2", &[]), by(argument(), "/a?x=3&key=1", &[]));
    assert_ne!(
        by(argument(), "/?key=1", &[]),
        by(argument(), "/?key=1&key=2", &[]),
        "each of several counts"
    );
    assert_ne!(by(Component::UriPath(steps()), "/a", &[]), by(Component::UriPath(steps()), "/b", &[]));
    assert_eq!(by(Component::UriPath(steps()), "/a?x", &[]), by(Component::UriPath(steps()), "/a?y", &[]));
    assert_ne!(
        by(Component::QueryString(steps()), "/?x", &[]),
        by(Component::QueryString(steps()), "/?y", &[])
    );
    let method = |method| {
        from("192.0.2.1", AggregateKey::Custom(vec![Component::Method]), &head(method, "/", &[], true))
    };
    assert_ne!(method("GET"), method("PUT"));
}

#[test]
fn values_are_told_apart_after_their_transformations() {
    let lower = || vec![Transformation::Lowercase];
    let origin = |path| by(Component::UriPath(lower()), path, &[]);
    assert_eq!(origin("/Login"), origin("/login"));
    assert_ne!(origin("/login"), origin("/logout"));
}

#[test]
fn the_end_of_a_value_is_not_the_beginning_of_the_next() {
    let both = |first: &str, second: &str| {
        let steps = Vec::new;
        let parts = vec![Component::Header("a".into(), steps()), Component::Header("b".into(), steps())];
        let head = head("GET", "/", &[("a", first), ("b", second)], true);
        from("192.0.2.1", AggregateKey::Custom(parts), &head)
    };
    assert_ne!(both("xy", "z"), both("x", "yz"));
    assert_ne!(both("x", ""), both("", "x"));
}

#[test]
fn labels_of_a_namespace_tell_origins_apart() {
    let origin = |given: &[&str]| {
        let (head, mut labels) = (head("GET", "/", &[], true), Labels::default());
        given.iter().for_each(|label| labels.add(&Rc::from(*label)));
        let key =
            Key::new(AggregateKey::Custom(vec![Component::LabelNamespace("awswaf:1:webacl:w:bot:".into())]));
        key.origin(&view("192.0.2.1", &head), &labels, seed(7), &mut Scratch::default())
    };
    let [good, bad] = ["awswaf:1:webacl:w:bot:good", "awswaf:1:webacl:w:bot:bad"];
    assert_eq!(origin(&["awswaf:1:webacl:w:other"]), None);
    assert!(origin(&[good]).is_some());
    assert_ne!(origin(&[good]), origin(&[bad]));
    assert_eq!(origin(&[good]), origin(&["awswaf:1:webacl:w:other", good]));
}

#[test]
fn logs_show_the_beginning_of_values_as_text() {
    let long = "ü".repeat(40);
    let head = Head::from_pairs(
        &[
            (b":method".as_slice(), b"GET".as_slice()),
            (b":path", b"/p"),
            (b"a", long.as_bytes()),
            (b"b", b"x\x07\xffy\"\x1b[0m"),
            (b"authorization", b"Bearer secret"),
            (b"cookie", b"s=secret"),
        ],
        true,
    );
    let key = Key::new(AggregateKey::Custom(vec![
        Component::Header("a".into(), Vec::new()),
        Component::Header("b".into(), Vec::new()),
        Component::Method,
        Component::Ip,
        Component::Header("authorization".into(), Vec::new()),
        Component::Cookie("s".into(), Vec::new()),
    ]));
    let (view, labels) = (view("192.0.2.1", &head), Labels::default());
    let values = key.values(&view, &labels, &Logging::default(), &mut Scratch::default());
    let value = |key, name: Option<&str>, value: &str| Value {
        key,
        name: name.map(str::to_owned),
        value: value.to_owned(),
    };
    assert_eq!(
        values,
        [
            value("HEADER", Some("a"), &"ü".repeat(32)),
            value("HEADER", Some("b"), "x\u{fffd}\u{fffd}y\"\u{fffd}[0m"),
            value("HTTP_METHOD", None, "GET"),
            value("IP", None, "192.0.2.1"),
            value("HEADER", Some("authorization"), "REDACTED"),
            value("COOKIE", Some("s"), "REDACTED"),
        ]
    );
    assert_eq!((key.word(), Key::new(AggregateKey::ForwardedIp).word()), ("CUSTOMKEYS", "FORWARDED_IP"));
}
