use super::{Forwarded, address};
use crate::gateway::config::waf::FallbackBehavior::{self, Match, NoMatch};
use crate::gateway::config::waf::ForwardedIpPosition::{self, Any, First, Last};
use crate::gateway::head::Head;
use crate::gateway::waf::client::Client;
use crate::gateway::waf::view::{Body, View};
use std::net::IpAddr;

/// Envoy's peer; it is what Envoy appends.
const PEER: &str = "198.51.100.1";

/// What the first element of a header is.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Absent,
    Invalid,
    Address(IpAddr),
}

/// The first of the elements that the client sent.
fn first(header: &Forwarded, view: &View<'_>) -> Told {
    match header.count(view) {
        0 => Told::Absent,
        _ => header.elements(view).next().and_then(address).map_or(Told::Invalid, Told::Address),
    }
}

fn look<T>(lines: &[(&str, &[u8])], client: &str, ask: impl Fn(&View<'_>) -> T) -> T {
    let head = Head::from_pairs(lines, true);
    ask(&View { head: &head, body: Body::NotYet, meaning: None, client: Client::new(client, &head) })
}

fn forwarded(header: &str, position: ForwardedIpPosition, fallback: FallbackBehavior) -> Forwarded {
    Forwarded { header: header.to_owned(), fallback, position }
}

/// Whether `192.0.2.1` is found in `x-client` of these lines.
fn found(lines: &[&str], position: ForwardedIpPosition, fallback: FallbackBehavior) -> bool {
    let lines: Vec<_> = lines.iter().map(|value| ("x-client", value.as_bytes())).collect();
    let wanted: IpAddr = "192.0.2.1".parse().unwrap();
    look(&lines, PEER, |view| {
        forwarded("x-client", position, fallback).fits(view, |address| address == wanted)
    })
}

#[test]
fn the_position_says_which_element_is_looked_at() {
    for (lines, first, last, any) in [
        (&["192.0.2.1"][..], true, true, true),
        (&["192.0.2.1, 203.0.113.7"], true, false, true),
        (&["203.0.113.7,\t192.0.2.1 "], false, true, true),
        (&["203.0.113.7", "192.0.2.1", "203.0.113.8"], false, false, true),
        (&["203.0.113.7", "203.0.113.8,::ffff:192.0.2.1"], false, true, true),
        (&["203.0.113.7"], false, false, false),
        (&[], false, false, false),
    ] {
        let fits = [First, Last, Any].map(|position| found(lines, position, NoMatch));
        assert_eq!(fits, [first, last, any], "{lines:?}");
        let fits = [First, Last, Any].map(|position| found(lines, position, Match));
        assert_eq!(fits, [first, last, any], "no element is invalid: {lines:?}");
    }
}

#[test]
fn any_is_one_of_the_last_ten() {
    let others = |count: usize| vec!["203.0.113.7"; count].join(",");
    assert!(found(&[&format!("192.0.2.1,{}", others(9))], Any, NoMatch));
    assert!(!found(&[&format!("192.0.2.1,{}", others(10))], Any, NoMatch));
    assert!(found(&[&format!("192.0.2.1,{}", others(10))], First, NoMatch));
    assert!(found(&[&others(5000), "192.0.2.1"], Any, NoMatch));
    // What is not looked at is not asked what it means either.
    assert!(!found(&[&format!("nonsense,{}", others(10))], Any, Match));
}

#[test]
fn what_is_no_address_falls_back() {
    for text in [
        "",
        " ",
        "unknown",
        "192.0.2.1:80",
        "[::1]",
        "[::1]:443",
        "fe80::1%eth0",
        "192.0.2.01",
        "192.0.2",
        "3221225985",
        "192.0.2.1;",
        "\u{663}",
        "192.0.2.1 192.0.2.1",
    ] {
        for position in [First, Last, Any] {
            assert!(found(&[text], position, Match), "{text}");
            assert!(!found(&[text], position, NoMatch), "{text}");
        }
    }
    // At the position alone; and of several, where none is an address.
    for (lines, first, last, any) in [
        ("nonsense, 203.0.113.7", true, false, false),
        ("203.0.113.7, nonsense", false, true, false),
        ("nonsense, nonsense", true, true, true),
        ("nonsense, 192.0.2.1", true, true, true),
        ("203.0.113.7,", false, true, false),
    ] {
        let fits = [First, Last, Any].map(|position| found(&[lines], position, Match));
        assert_eq!(fits, [first, last, any], "{lines}");
    }
    let bytes: [(&str, &[u8]); 1] = [("x-client", b"\xff\x00")];
    assert!(look(&bytes, PEER, |view| forwarded("x-client", First, Match).fits(view, |_| false)));
}

#[test]
fn what_envoy_appended_is_not_the_clients() {
    let told = |value: &str, client: &str, position| {
        let lines: [(&str, &[u8]); 1] = [("x-forwarded-for", value.as_bytes())];
        let header = forwarded("x-forwarded-for", position, Match);
        let all = ["192.0.2.1", "192.0.2.2", PEER].map(|wanted| {
            let wanted: IpAddr = wanted.parse().unwrap();
            look(&lines, client, |view| header.fits(view, |address| address == wanted))
        });
        (all, look(&lines, client, |view| first(&header, view)))
    };
    let address = |text: &str| Told::Address(text.parse().unwrap());
    // A client that sent none, and clients that sent some.
    assert_eq!(told(PEER, PEER, First), ([false; 3], Told::Absent));
    assert_eq!(told(PEER, PEER, Any), ([false; 3], Told::Absent));
    let two = "192.0.2.1, 192.0.2.2,198.51.100.1";
    assert_eq!(told(two, PEER, First), ([true, false, false], address("192.0.2.1")));
    assert_eq!(told(two, PEER, Last), ([false, true, false], address("192.0.2.1")));
    assert_eq!(told(two, PEER, Any), ([true, true, false], address("192.0.2.1")));
    assert_eq!(told("nonsense,198.51.100.1", PEER, Last), ([true; 3], Told::Invalid));
    // One that names itself is told as it told.
    assert_eq!(told("198.51.100.1,198.51.100.1", PEER, Last), ([false, false, true], address(PEER)));
    // Behind a trusted proxy: what it appended is the last that it sent, as on AWS.
    assert_eq!(told(two, "192.0.2.2", Last), ([false, true, false], address("192.0.2.1")));
    // In the place of a client on its own machine Envoy appends its own address.
    for client in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        assert_eq!(told("192.0.2.9", client, First), ([false; 3], Told::Absent), "{client}");
        assert_eq!(told("192.0.2.1,192.0.2.9", client, Last).1, address("192.0.2.1"), "{client}");
    }
    // A host that appends nothing.
    assert_eq!(told("192.0.2.1", "203.0.113.9", Last), ([true, false, false], address("192.0.2.1")));
    // Other headers are nobody's but the client's.
    assert!(look(&[("x-client", PEER.as_bytes())], PEER, |view| forwarded("x-client", Last, NoMatch)
        .fits(view, |address| address.to_string() == PEER)));
}
