use super::{BACK_OFF, COOL_DOWN, EARLY, Edition, LEASE, Ledger, MOST_BACK_OFF, REFRESH, Reason, Refusal};
use crate::gateway::Millis;

const NOW: Millis = Millis(1_700_000_000_000);

fn after(millis: u64) -> Millis {
    Millis(NOW.0 + millis)
}

fn learned(at: Millis) -> Ledger {
    let mut ledger = Ledger::default();
    ledger.succeed(Some(Edition { at, digest: [7; 32] }), at, [0xff; 32]);
    ledger
}

#[test]
fn bytes_and_back() {
    let mut full = learned(NOW);
    assert!(full.begin(Reason::UnknownKey, NOW));
    let mut failing = Ledger::default();
    failing.fail(Refusal::Discovery, NOW, [3; 32]);
    for ledger in [Ledger::default(), full, failing] {
        assert_eq!(Ledger::decode(&ledger.encode()), Some(ledger));
    }
    assert_eq!(Ledger::decode(b""), None);
    assert_eq!(Ledger::decode(&[0; 200]), None, "another layout");
}

#[test]
fn the_lease_is_one_vms_until_it_ends_or_lies_in_the_future() {
    let mut ledger = Ledger::default();
    assert!(ledger.take_lease(NOW));
    for millis in [0, 1, LEASE - 1] {
        assert!(!ledger.clone().take_lease(after(millis)), "{millis}");
    }
    assert!(ledger.clone().take_lease(after(LEASE)), "who had it is dead");
    // The clock went back: a lease of next year is nobody's.
    assert!(ledger.take_lease(Millis(NOW.0 - 1)));
}

#[test]
fn keys_are_asked_for_ahead_and_a_clock_that_goes_back_asks_again() {
    let ledger = learned(NOW);
    let first = (0..=REFRESH).step_by(1_000).find(|millis| ledger.is_due(after(*millis))).unwrap();
    assert_eq!(first.div_ceil(60_000), 45, "the earliest, by these dice");
    assert!(!ledger.is_due(NOW));
    assert!(ledger.is_due(Millis(NOW.0 - 2 * REFRESH)), "next is later than it can be");
    assert!(ledger.is_due(Millis(u64::MAX)));
    let mut ahead = learned(after(REFRESH * 1_000));
    assert!(ahead.is_ahead(NOW));
    ahead.redate(NOW);
    assert_eq!(ahead.edition.unwrap().at, NOW, "from here on they grow old");
    assert!(ahead.is_due(NOW));
}

#[test]
fn an_issuer_that_fails_is_left_alone_for_longer_and_longer() {
    for dice in [[0; 32], [0x80; 32], [0xff; 32]] {
        let mut ledger = Ledger::default();
        let mut now = NOW;
        let mut pauses = Vec::new();
        for _ in 0..40 {
            assert!(ledger.take_lease(now));
            ledger.fail(Refusal::Keys, now, dice);
            assert!(!ledger.clone().begin(Reason::Due, now), "requests leave it alone too");
            let pause = (0..=MOST_BACK_OFF).find(|millis| ledger.is_due(Millis(now.0 + millis))).unwrap();
            pauses.push(pause);
            now = Millis(now.0 + pause);
            assert!(ledger.clone().begin(Reason::Due, now));
        }
        let doubled: Vec<u64> = (0..40).map(|i| (BACK_OFF << i.min(10)).min(MOST_BACK_OFF)).collect();
        for (pause, longest) in pauses.iter().zip(doubled) {
            assert!((longest / 2..=longest).contains(pause), "{pause} of {longest}: {pauses:?}");
        }
        // The clock goes back by a year: the pause is longer than one can be, and so is none.
        assert!(ledger.is_due(Millis(now.0 - 31_536_000_000)));
        assert!(ledger.begin(Reason::Due, Millis(now.0 - 31_536_000_000)));
    }
}

#[test]
fn those_who_asked_at_the_same_time_fail_once() {
    let mut ledger = Ledger::default();
    for _ in 0..4 {
        assert!(ledger.begin(Reason::Due, NOW), "nobody can wait for another VM's answer");
    }
    for millis in 0..4 {
        ledger.fail(Refusal::Discovery, after(millis), [0; 32]);
    }
    assert_eq!(ledger.failures, 1);
    assert_eq!(ledger.refusal(), Refusal::Discovery);
    ledger.succeed(None, after(5_000), [0; 32]);
    assert_eq!((ledger.failures, ledger.edition), (0, None));
}

#[test]
fn unknown_key_ids_ask_at_once_but_not_without_end() {
    let asked = |from: u64, until: u64| {
        let mut ledger = learned(NOW);
        (from..until)
            .filter(|millis| {
                let may = ledger.begin(Reason::UnknownKey, after(*millis));
                // It is answered at once.
                ledger.asking = None;
                may
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(asked(0, 4_000), [0, 1, 2, 3], "right after the keys were learned");
    assert_eq!(asked(0, 60_000).len() as u64, EARLY + 60_000 / COOL_DOWN - 1);
    // What is paid for until long after now was paid for by another clock.
    let mut ledger = learned(NOW);
    assert!(ledger.begin(Reason::UnknownKey, after(1 << 40)));
    ledger.asking = None;
    assert!(ledger.begin(Reason::UnknownKey, NOW));
}
