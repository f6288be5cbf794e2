//! W3C's trace context of a client, for services that the gateway asks itself. <https://www.w3.org/TR/trace-context/>
//!
//! Envoy's tracer goes on with a client's trace towards backends. Of what a filter asks it makes no span, and it gives these
//! questions no context: their service is a part of the client's trace, beside Envoy's own span. Where the client brings no trace,
//! Envoy begins one that filters do not know, and nothing is told.

use super::flow::Bytes;
use super::head::Head;

/// Bytes of `tracestate` that are passed on: those that every vendor must.
const MOST_OF_STATE: usize = 512;

/// The headers that carry the client's trace; none where it has none, or one that cannot be read.
pub fn headers(head: &Head) -> impl Iterator<Item = (Bytes, Bytes)> + use<> {
    let parent = head.only(b"traceparent").filter(|parent| is_parent(parent));
    let is_state =
        |state: &&[u8]| state.len() <= MOST_OF_STATE && state.iter().all(|byte| (b' '..=b'~').contains(byte));
    // It means nothing without the other.
    let state = parent.and(head.only(b"tracestate").filter(is_state));
    let header = |name: &'static [u8], value: &[u8]| (name.into(), value.to_vec().into());
    let parent = parent.map(|parent| header(b"traceparent", parent));
    parent.into_iter().chain(state.map(|state| header(b"tracestate", state)))
}

/// `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`
fn is_parent(text: &[u8]) -> bool {
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let fits = |(at, byte): (usize, &u8)| match at {
        2 | 35 | 52 => *byte == b'-',
        _ => is_hex(*byte),
    };
    text.len() == 55 && text.iter().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use super::headers;
    use crate::gateway::head::Head;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn told(pairs: &[(&str, &str)]) -> Vec<String> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let head = Head::from_pairs(pairs, true);
        headers(&head).map(|(name, value)| format!("{}: {}", text(&name), text(&value))).collect()
    }

    #[test]
    fn a_trace_is_passed_on_with_its_state() {
        let parent = format!("traceparent: {PARENT}");
        assert_eq!(told(&[("traceparent", PARENT)]), std::slice::from_ref(&parent));
        assert_eq!(
            told(&[("tracestate", "a=b, c=d"), ("traceparent", PARENT)]),
            [parent.clone(), "tracestate: a=b, c=d".to_owned()]
        );
        let long = "x".repeat(513);
        for state in ["a\tb", "é", &long] {
            let told = told(&[("traceparent", PARENT), ("tracestate", state)]);
            assert_eq!(told, std::slice::from_ref(&parent), "{state}");
        }
    }

    #[test]
    fn what_is_no_trace_is_not_passed_on() {
        let (upper, longer) = (PARENT.to_uppercase(), format!("{PARENT}-01"));
        for parent in [
            "",
            "00",
            &PARENT.replace('-', "_"),
            PARENT.trim_start_matches('0'),
            &upper,
            &longer,
            &PARENT.replace("0a", "\r\n"),
        ] {
            assert_eq!(told(&[("traceparent", parent), ("tracestate", "a=b")]), [""; 0], "{parent}");
        }
        assert_eq!(told(&[("traceparent", PARENT), ("traceparent", PARENT)]), [""; 0]);
        assert_eq!(told(&[("tracestate", "a=b")]), [""; 0]);
    }
}
