use super::{Frame, Frames, Kind, LONGEST_HEAD};
use proptest::prelude::{Strategy, any};
use proptest::sample::Index;
use proptest::{collection, prop_assert, prop_assert_eq, proptest};

/// The same, of all bytes at once and as the RFC's picture has it: where each frame begins, and what it is.
fn naive(bytes: &[u8]) -> Vec<(usize, Frame)> {
    let mut frames = Vec::new();
    let mut at = 0_usize;
    while let Some([first, second]) = bytes.get(at..at.saturating_add(2)) {
        let size = [2, 4, 10][usize::from(second & 127 == 126) + 2 * usize::from(second & 127 == 127)];
        let key = if second & 128 == 0 { 0 } else { 4 };
        if bytes.len() < at + size + key {
            break;
        }
        let extended = bytes[at + 2..at + size].iter().fold(0, |n, byte| n << 8 | u64::from(*byte));
        let length = if size == 2 { u64::from(second & 127) } else { extended };
        let kind = match first & 15 {
            0 => Kind::Continuation,
            1 | 2 => Kind::Message,
            8..=10 => Kind::Control,
            _ => Kind::Unknown,
        };
        frames.push((at, Frame { is_last: first & 128 != 0, kind, is_masked: key > 0, length }));
        at = (at + size + key).saturating_add(usize::try_from(length).unwrap());
    }
    frames
}

/// Frames that mostly end, and then anything.
fn wire() -> impl Strategy<Value = Vec<u8>> {
    let frame =
        (any::<u8>(), any::<bool>(), 0_usize..300, 0_usize..3).prop_map(|(first, masked, length, form)| {
            let mask = if masked { 128 } else { 0 };
            let mut bytes = vec![first];
            match form {
                0 if length < 126 => bytes.push(mask | length as u8),
                0 | 1 => {
                    bytes.push(mask | 126);
                    bytes.extend((length as u16).to_be_bytes());
                }
                _ => {
                    bytes.push(mask | 127);
                    bytes.extend((length as u64).to_be_bytes());
                }
            }
            bytes.extend(vec![0x81; length + if masked { 4 } else { 0 }]);
            bytes
        });
    (collection::vec(frame, 0..8), collection::vec(any::<u8>(), 0..40))
        .prop_map(|(frames, rest)| [frames.concat(), rest].concat())
}

proptest! {
    #[test]
    fn cut_anywhere_the_frames_are_those_of_the_whole(bytes in wire(), cuts in collection::vec(any::<Index>(), 0..30)) {
        let mut ends: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).chain([bytes.len()]).collect();
        ends.sort_unstable();
        let (mut frames, mut found, mut from) = (Frames::default(), Vec::new(), 0);
        for end in ends {
            let before = frames.begun().len();
            let unread = usize::try_from(frames.unread()).unwrap_or(usize::MAX).min(end - from);
            // What need not be shown is not.
            frames.pass(unread);
            let part = &bytes[from + unread..end];
            let mut at = 0;
            let mut first = true;
            while let Some((start, frame)) = frames.next(part, &mut at) {
                let kept_back = if first { before } else { 0 };
                found.push((from + unread + start - kept_back, frame));
                first = false;
            }
            prop_assert_eq!(at, part.len());
            prop_assert!(frames.begun().len() < LONGEST_HEAD);
            prop_assert!(bytes[..end].ends_with(frames.begun()));
            from = end;
        }
        prop_assert_eq!(found, naive(&bytes));
    }
}

#[test]
fn a_length_of_all_bits_is_awaited_and_nothing_overflows() {
    let mut frames = Frames::default();
    let (head, mut at) = ([0x82, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4], 0);
    let frame = Frame { is_last: true, kind: Kind::Message, is_masked: true, length: u64::MAX };
    assert_eq!(frames.next(&head, &mut at), Some((0, frame)));
    at = 0;
    assert_eq!((frames.next(&[0x88; 100], &mut at), at, frames.unread()), (None, 100, u64::MAX - 100));
}
