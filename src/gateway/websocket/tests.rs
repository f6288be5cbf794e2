use super::{Breach, Direction, Frames, Limits, Tunnel};
use crate::gateway::Nanos;
use crate::gateway::counts::Counter;
use crate::gateway::flow::Splice;
use crate::gateway::testing::{http, problems, proxy, rest, set, spoiled};
use proptest::prelude::{Strategy, any};
use proptest::sample::{Index, select};
use proptest::{collection, option, prop_assert, prop_assert_eq, proptest};
use serde_json::json;

const FINAL: u8 = 0x80;
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const PING: u8 = 9;

/// A client's frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..126 => bytes.push(128 | short as u8),
        long => {
            bytes.push(128 | 126);
            bytes.extend((long as u16).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

fn limits(message_bytes: u64, messages: u32) -> Limits {
    let messages = (messages > 0).then(|| super::Limit::new(f64::from(messages), messages).unwrap());
    Limits { message_bytes: Some(message_bytes).filter(|bytes| *bytes > 0), messages }
}

/// One end's bytes, through a connection: what comes out of it, as the shell would do it.
struct Pipe {
    tunnel: Tunnel,
    counted: Vec<Counter>,
    ends: Option<Nanos>,
}

impl Pipe {
    fn new(limits: Limits) -> Self {
        Self { tunnel: Tunnel::new(limits), counted: Vec::new(), ends: None }
    }

    fn pass(&mut self, direction: Direction, part: &[u8], now: u64) -> Vec<u8> {
        let unseen = usize::try_from(self.tunnel.unread(direction)).unwrap_or(usize::MAX).min(part.len());
        let counted = &mut self.counted;
        let count = |counter| counted.push(counter);
        let splice = self.tunnel.part(direction, (unseen, &part[unseen..]), Nanos(now), count);
        let Splice { before, keep, after, ends } = splice;
        assert!(keep <= part.len());
        self.ends = self.ends.or(ends);
        [before.as_ref(), &part[..keep], after.as_ref()].concat()
    }

    fn client(&mut self, part: &[u8]) -> Vec<u8> {
        self.pass(Direction::ToBackend, part, 0)
    }

    fn backend(&mut self, part: &[u8]) -> Vec<u8> {
        self.pass(Direction::ToClient, part, 0)
    }
}

#[test]
fn a_message_of_exactly_the_limit_passes_and_one_byte_more_is_1009() {
    let mut pipe = Pipe::new(limits(10, 0));
    let exact = frame(FINAL | TEXT, &[b'a'; 10]);
    assert_eq!(pipe.client(&exact), exact);
    assert_eq!(pipe.client(&frame(FINAL | TEXT, &[b'a'; 11])), Breach::TooBig.to_backend());
    assert_eq!(pipe.ends, Some(Nanos(5_000_000_000)));
    assert_eq!(pipe.client(&exact), b"", "nothing follows a Close");
    assert_eq!(pipe.backend(Breach::TooBig.to_client()), [0x88, 2, 0x03, 0xf1]);
    assert_eq!(pipe.backend(b"and more"), b"");
    assert_eq!(pipe.counted, [Counter::Message, Counter::ClosedTooBig]);
}

#[test]
fn a_message_is_as_long_as_its_fragments_and_control_frames_are_none_of_it() {
    let mut pipe = Pipe::new(limits(10, 0));
    for _ in 0..3 {
        let sent = [
            frame(TEXT, &[b'a'; 4]),
            frame(FINAL | PING, &[b'p'; 125]),
            frame(CONTINUATION, &[b'a'; 6]),
            frame(FINAL, b""),
        ];
        assert_eq!(pipe.client(&sent.concat()), sent.concat());
    }
    assert_eq!(pipe.counted, [Counter::Message; 3]);
    let (first, last) = (frame(TEXT, &[b'a'; 10]), frame(FINAL, b"b"));
    let out = pipe.client(&[first.clone(), last].concat());
    assert_eq!(out, [first, Breach::TooBig.to_backend().to_vec()].concat());
}

#[test]
fn messages_are_limited_by_a_bucket_and_control_frames_are_not() {
    let mut pipe = Pipe::new(limits(0, 2));
    let (message, ping) = (frame(FINAL | TEXT, b"a"), frame(FINAL | PING, b""));
    let mut send =
        |bytes: &[u8], millis: u64| pipe.pass(Direction::ToBackend, bytes, millis * 1_000_000) == bytes;
    assert!(send(&message, 0) && send(&message, 0) && send(&ping, 0) && send(&ping, 0));
    assert!(send(&message, 500));
    assert!(
        send(&frame(TEXT, b"a"), 1000)
            && send(&frame(CONTINUATION, b"a"), 1000)
            && send(&frame(FINAL, b"a"), 1000)
    );
    assert!(!send(&message, 1499));
    assert_eq!(pipe.backend(b""), Breach::TooFast.to_client());
    assert_eq!(pipe.counted.last(), Some(&Counter::ClosedTooFast));
}

#[test]
fn what_is_no_frame_of_a_client_is_1002_where_there_are_limits_and_passes_where_there_are_none() {
    let long = [frame(FINAL | PING, &[0; 126])].concat();
    let mut unmasked = frame(FINAL | TEXT, b"");
    unmasked[1] = 0;
    let endless = [&[0x82, 0xff], [0xff; 8].as_slice(), &[0; 4]].concat();
    let begun_twice = [frame(TEXT, b"a"), frame(TEXT, b"a")].concat();
    for sent in [
        unmasked,
        long,
        endless,
        begun_twice,
        frame(PING, b""),
        frame(FINAL | CONTINUATION, b""),
        frame(FINAL | 3, b""),
        frame(FINAL | 11, b""),
    ] {
        let mut pipe = Pipe::new(limits(1000, 0));
        assert!(pipe.client(&sent).ends_with(Breach::Protocol.to_backend()), "{sent:02x?}");
        assert_eq!(pipe.counted, [Counter::ClosedMalformed]);
        assert_eq!(pipe.backend(b""), Breach::Protocol.to_client());
        assert_eq!(Pipe::new(Limits::default()).client(&sent), sent);
    }
    // Extensions are between client and backend.
    let compressed = frame(0x70 | FINAL | TEXT, b"a");
    assert_eq!(Pipe::new(limits(1, 1)).client(&compressed), compressed);
}

#[test]
fn the_close_waits_for_the_end_of_the_frame_that_is_on_its_way_to_the_client() {
    let close = Breach::TooBig.to_client();
    let answer = [&[0x82, 4], b"abcd".as_slice()].concat();
    for cut in 0..=answer.len() {
        let mut pipe = Pipe::new(limits(1, 0));
        let (first, rest) = answer.split_at(cut);
        assert_eq!(pipe.backend(first), first);
        let _ = pipe.client(&frame(FINAL | TEXT, b"ab"));
        let between = [&answer, close].concat();
        let passed =
            [first, &pipe.backend(&[rest, &[0x82, 1, b'x']].concat()), &pipe.backend(b"more")].concat();
        assert_eq!(passed, if cut == 0 { close.to_vec() } else { between }, "{cut}");
    }
}

#[test]
fn settings_are_of_http_apis_and_zero_is_no_limit() {
    let with = |settings: serde_json::Value| {
        let mut document = http(&["GET /x"], proxy("http://b", json!({})));
        document["apis"][0]["webSocketSettings"] = settings;
        document
    };
    for good in [
        json!({}),
        json!({ "maxMessageBytes": 0, "messagesPerSecond": 0 }),
        json!({ "maxMessageBytes": 131_072 }),
    ] {
        assert_eq!(problems(&with(good)), "");
    }
    let good = with(json!({ "messagesPerSecond": 1_000_000 }));
    assert_eq!(
        spoiled(good, set("/apis/0/webSocketSettings/messagesPerSecond", json!(1_000_001))),
        "error: apis[0].webSocketSettings.messagesPerSecond: a rate is a number from 0 to 1,000,000 a second\n  \
         help: 0 is no limit"
    );
    let good = rest(&["GET /x"], proxy("http://b", json!({})));
    assert_eq!(
        spoiled(good, set("/apis/0/webSocketSettings", json!({ "maxMessageBytes": 1 }))),
        "error: apis[0].webSocketSettings: REST APIs have no WebSocket connections\n  \
         help: an HTTP API passes them on"
    );
}

/// A client's frames, most of them good, and then anything.
fn sent() -> impl Strategy<Value = Vec<u8>> {
    let first =
        select(vec![FINAL | TEXT, FINAL | TEXT, TEXT, CONTINUATION, FINAL, FINAL | PING, FINAL | 2, 0xff]);
    let frames =
        collection::vec((first, 0_usize..200).prop_map(|(first, n)| frame(first, &vec![7; n])), 0..8);
    (frames, option::of(collection::vec(any::<u8>(), 0..30)))
        .prop_map(|(frames, rest)| [frames.concat(), rest.unwrap_or_default()].concat())
}

fn parts(bytes: &[u8], cuts: &[Index]) -> Vec<Vec<u8>> {
    let mut ends: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).chain([bytes.len()]).collect();
    ends.sort_unstable();
    let mut from = 0;
    ends.into_iter()
        .map(|end| {
            let part = bytes[from..end].to_vec();
            from = end;
            part
        })
        .collect()
}

proptest! {
    #[test]
    fn cut_anywhere_the_backend_gets_the_same(
        bytes in sent(),
        cuts in collection::vec(any::<Index>(), 0..30),
        most in 0_u64..250,
    ) {
        let (mut whole, mut cut) = (Pipe::new(limits(most, 0)), Pipe::new(limits(most, 0)));
        let at_once = whole.client(&bytes);
        let passed: Vec<_> = parts(&bytes, &cuts).iter().map(|part| cut.client(part)).collect();
        prop_assert_eq!(passed.concat(), at_once.clone());
        prop_assert_eq!(&cut.counted, &whole.counted);
        if most == 0 {
            prop_assert_eq!(at_once, bytes);
        } else if whole.ends.is_none() {
            // Only a head that has begun is kept back.
            prop_assert!(bytes.starts_with(&at_once) && bytes.len() - at_once.len() < 14);
        } else {
            let close = &at_once[at_once.len() - 8..];
            let passed = &at_once[..at_once.len() - 8];
            prop_assert!(bytes.starts_with(passed));
            prop_assert!(close.starts_with(&[0x88, 0x82]));
            // What passed ends with a frame, so the Close is one.
            let mut frames = Frames::default();
            let mut at = 0;
            while frames.next(passed, &mut at).is_some() {}
            prop_assert!(frames.unread() == 0 && frames.begun().is_empty());
        }
    }

    #[test]
    fn without_limits_every_byte_passes_as_it_came(bytes in collection::vec(any::<u8>(), 0..400), cuts in collection::vec(any::<Index>(), 0..9)) {
        let mut pipe = Pipe::new(Limits::default());
        for part in parts(&bytes, &cuts) {
            prop_assert_eq!(pipe.client(&part), part.clone());
            prop_assert_eq!(pipe.backend(&part), part);
        }
        prop_assert!(pipe.ends.is_none());
    }
}
