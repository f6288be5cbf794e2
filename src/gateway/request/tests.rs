use super::{RequestIds, ip_of};
use crate::gateway::Env;
use crate::gateway::config::ProtocolType;
use crate::gateway::head::Head;

fn env(dice: u8) -> Env<'static> {
    Env { dice: [dice; 32], source_address: b"", ..crate::gateway::testing::env() }
}

#[test]
fn ids_have_the_shapes_that_aws_gives_them() {
    let head = Head::from_pairs::<&str, &str>(&[], true);
    let ids = RequestIds::new(&head, &env(0xab));
    assert_eq!(ids.uuid(), "abababab-abab-4bab-abab-abababababab");
    assert_eq!(ids.extended, "q6urq6urq6urq6s=");
    assert_eq!(ids.trace, b"Root=1-5e9f0c65-abababababababababababab".to_vec());
    assert_eq!(ids.request_id(ProtocolType::Http), ids.extended);
    assert_eq!(ids.request_id(ProtocolType::Rest), ids.uuid());
}

#[test]
fn a_client_may_choose_the_request_id_of_a_rest_api_only_as_a_uuid() {
    let ids = |sent: &str| {
        RequestIds::new(&Head::from_pairs(&[("x-amzn-requestid", sent)], true), &env(1)).uuid().to_owned()
    };
    assert_eq!(ids("0fdbe2f2-4d52-4c2c-8a4e-6c3cd3e8f0b1"), "0fdbe2f2-4d52-4c2c-8a4e-6c3cd3e8f0b1");
    assert_eq!(ids("x\" onload"), "UUID_REPLACED_INVALID_REQUEST_ID");
    assert_eq!(ids(""), "UUID_REPLACED_INVALID_REQUEST_ID");
}

#[test]
fn a_trace_id_that_could_forge_a_line_is_replaced() {
    let trace =
        |sent: &[u8]| RequestIds::new(&Head::from_pairs(&[("x-amzn-trace-id", sent)], true), &env(1)).trace;
    assert_eq!(
        trace(b"Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"),
        b"Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"
    );
    assert!(trace(b"a\nb").starts_with(b"Root=1-"));
    assert!(trace(&[b'a'; 513]).starts_with(b"Root=1-"));
}

#[test]
fn addresses_lose_their_port_in_both_families() {
    assert_eq!(ip_of(b"192.0.2.1:4711"), "192.0.2.1");
    assert_eq!(ip_of(b"[2001:db8::1]:4711"), "2001:db8::1");
    assert_eq!(ip_of(b"192.0.2.1"), "192.0.2.1");
    assert_eq!(ip_of(b""), "");
}
