#![no_main]
//! A WebSocket connection's bytes, cut anywhere: the same passes as of the whole, and nothing of a frame that is refused.

use libfuzzer_sys::fuzz_target;
use sekisho::gateway::Nanos;
use sekisho::gateway::config::load;
use sekisho::gateway::surroundings::Elsewhere;
use sekisho::gateway::websocket::{Direction, Frames, Limits, Tunnel};
use sekisho::gateway::compile;

/// An API's limits, by way of a document.
fn limits(bytes: u8, messages: u8) -> Limits {
    let document = format!(
        r#"{{ "apis": [{{ "apiId": "fuzz", "protocolType": "HTTP", "stages": [{{ "stageName": "$default" }}],
             "webSocketSettings": {{ "maxMessageBytes": {bytes}, "messagesPerSecond": {messages} }} }}] }}"#
    );
    let config = load(document.as_bytes()).expect("the document is good");
    compile(&config, &Elsewhere).expect("the document is good").gateway.api("fuzz").expect("it is there").web_sockets
}

fn pass(tunnel: &mut Tunnel, direction: Direction, part: &[u8], counted: &mut u32) -> (Vec<u8>, bool) {
    let unseen = usize::try_from(tunnel.unread(direction)).unwrap_or(usize::MAX).min(part.len());
    let splice = tunnel.part(direction, (unseen, &part[unseen..]), Nanos(0), |_| *counted += 1);
    ([&splice.before, &part[..splice.keep], &splice.after].concat(), splice.ends.is_some())
}

// Limits and the longest part, then bytes of the client.
fuzz_target!(|data: &[u8]| {
    let [bytes, messages, longest, sent @ ..] = data else { return };
    let limits = limits(*bytes, *messages);
    let (mut whole, mut cut) = (Tunnel::new(limits), Tunnel::new(limits));
    let (mut counted, mut counted_cut) = (0, 0);
    let (passed, broken) = pass(&mut whole, Direction::ToBackend, sent, &mut counted);
    let parts: Vec<u8> = sent
        .chunks(usize::from(*longest).max(1))
        .flat_map(|part| pass(&mut cut, Direction::ToBackend, part, &mut counted_cut).0)
        .collect();
    assert_eq!((&passed, counted), (&parts, counted_cut));
    if broken {
        let (kept, close) = passed.split_at(passed.len() - 8);
        assert!(sent.starts_with(kept) && close.starts_with(&[0x88, 0x82]));
        let (mut frames, mut at) = (Frames::default(), 0);
        while frames.next(kept, &mut at).is_some() {}
        assert!(frames.unread() == 0 && frames.begun().is_empty());
        assert_eq!(pass(&mut whole, Direction::ToClient, b"", &mut counted).0.len(), 4);
    } else {
        assert!(sent.starts_with(&passed) && sent.len() - passed.len() < 14);
    }
    let mut open = Tunnel::new(Limits::default());
    assert_eq!(pass(&mut open, Direction::ToBackend, sent, &mut counted).0, sent);
    assert_eq!(pass(&mut open, Direction::ToClient, sent, &mut counted).0, sent);
});
