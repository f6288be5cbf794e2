use super::{HEAD, PARTS, Page, SLOT, SLOTS, Standing};
use proptest::prelude::*;
use std::collections::HashMap;

fn print(n: u32) -> [u8; 5] {
    let [a, b, c, d] = (n + 1).to_le_bytes();
    [a, b, c, d, 0]
}

/// What is counted of an origin now.
fn total(page: &mut Page, n: u32, part: u32) -> u64 {
    page.add(print(n), part, 0, u64::MAX).total
}

#[test]
fn a_page_of_many_is_four_kilobytes() {
    assert_eq!((SLOTS, Page::empty(SLOTS, 0).as_bytes().len()), (146, 4096));
    assert_eq!(HEAD + SLOT, Page::empty(1, 0).as_bytes().len());
}

#[test]
fn what_is_kept_is_read_again_and_nothing_else_is() {
    let mut page = Page::empty(SLOTS, 7);
    page.add(print(1), 7, 3, 10);
    let bytes = page.as_bytes().to_vec();
    assert_eq!(Page::read(bytes.clone(), SLOTS), Some(page));
    for wrong in [vec![], bytes[1..].to_vec(), [bytes.as_slice(), &[0]].concat()] {
        assert_eq!(Page::read(wrong, SLOTS), None);
    }
}

#[test]
fn requests_leave_with_their_sub_window_and_free_the_slot() {
    let mut page = Page::empty(SLOTS, 100);
    page.add(print(1), 100, 5, 10);
    page.advance(104);
    assert_eq!(page.add(print(1), 104, 2, 10).total, 7);
    page.advance(109);
    assert_eq!(total(&mut page, 1, 109), 7, "the tenth sub-window is the last in the window");
    page.advance(110);
    assert_eq!((total(&mut page, 1, 110), page.taken()), (2, 1));
    page.advance(114);
    assert_eq!(page.taken(), 0);
    page.add(print(1), 114, 1, 10);
    page.advance(u32::MAX);
    assert_eq!(page.taken(), 0, "after a long time nothing is left");
}

#[test]
fn requests_that_come_late_are_counted_when_they_were_made() {
    let mut page = Page::empty(SLOTS, 109);
    assert_eq!(page.add(print(1), 100, 5, 10).total, 5);
    page.advance(110);
    assert_eq!(total(&mut page, 1, 110), 0);
    assert_eq!(page.add(print(1), 100, 5, 10), Standing::default(), "older than the window");
    assert_eq!(page.taken(), 0);
}

#[test]
fn large_counts_lose_what_is_too_small_and_say_so() {
    let mut page = Page::empty(1, 0);
    assert_eq!(page.add(print(1), 0, 65_535, 10), Standing { total: 65_535, fits_in: 10, left: 0 });
    assert_eq!(page.add(print(1), 0, 2, 10), Standing { total: 65_536, fits_in: 10, left: 0 });
    assert_eq!(page.add(print(1), 0, 1, 10), Standing { total: 65_536, fits_in: 10, left: 1 });
    let (exact, most) = (u64::from(u32::MAX) + 65_536, page.add(print(1), 0, u32::MAX, 10).total);
    assert!((exact - (1 << 18)..=exact).contains(&most), "{most}");
    // Ten sub-windows of the most that a limit can be.
    for part in 1..10 {
        page.advance(part);
        page.add(print(1), part, 2_000_000_000, 10);
    }
    let total = total(&mut page, 1, 9);
    assert!((22_200_000_000..=22_294_967_296).contains(&total), "{total}");
}

#[test]
fn who_comes_often_stays_whoever_comes_once() {
    let mut page = Page::empty(SLOTS, 0);
    let mut strangers = 1000..;
    for round in 0..60 {
        for _ in 0..100 {
            page.add(print(strangers.next().unwrap()), 0, 1, 10);
        }
        // More than a slot's share of all requests: 101 of 146.
        assert_eq!(page.add(print(1), 0, 1, 10).total, round + 1);
    }
    assert_eq!(page.taken(), SLOTS);
}

#[test]
fn a_newcomer_is_protected_by_the_rank_of_the_one_before_but_not_charged_for_it() {
    let mut page = Page::empty(2, 0);
    page.add(print(1), 0, 50, 10);
    page.add(print(2), 0, 9, 10);
    assert_eq!(page.add(print(3), 0, 1, 10).total, 1, "in the place of the second");
    assert_eq!(page.add(print(3), 0, 1, 10).total, 2);
    assert_eq!(page.add(print(1), 0, 1, 10).total, 51);
    // Rank 11 with all of its counts, until sub-windows have halved what it inherited.
    page.advance(5);
    assert_eq!(page.add(print(4), 5, 1, 10).total, 1);
    assert_eq!(page.add(print(3), 5, 0, 10).total, 0, "it has gone, and counts from the beginning");
    assert_eq!(page.add(print(1), 5, 0, 10).total, 51);
}

/// Times in sub-windows, origins, counts.
fn history(origins: u32, most: u32) -> impl Strategy<Value = Vec<(u32, u32, u32)>> {
    prop::collection::vec((0..3_u32, 0..origins, 1..=most), 1..200)
}

proptest! {
    #[test]
    fn counts_are_exact_while_there_are_slots(history in history(20, 300)) {
        let (mut page, mut counted, mut now) = (Page::empty(20, 50), HashMap::new(), 50);
        for (steps, origin, count) in history {
            now += steps;
            *counted.entry((origin, now)).or_insert(0) += u64::from(count);
            page.advance(now);
            let expected = (now.saturating_sub(9)..=now).map(|part| counted.get(&(origin, part)).unwrap_or(&0));
            let standing = page.add(print(origin), now, count, 500);
            prop_assert_eq!((standing.total, standing.left), (expected.sum(), 0));
            // It fits when it is said to fit, and not before.
            let mut later = page.clone();
            if standing.total > 500 {
                later.advance(standing.fits_in - 1);
                prop_assert!(total(&mut later, origin, standing.fits_in - 1) > 500);
                later.advance(standing.fits_in);
                prop_assert!(standing.fits_in <= now + PARTS && total(&mut later, origin, standing.fits_in) <= 500);
            }
        }
    }

    #[test]
    fn nothing_is_counted_that_was_not_there(history in history(40, 100_000)) {
        let (mut page, mut counted, mut now) = (Page::empty(8, 50), HashMap::new(), 50);
        for (steps, origin, count) in history {
            now += steps;
            *counted.entry((origin, now)).or_insert(0) += u64::from(count);
            page.advance(now);
            let all: u64 = (now.saturating_sub(9)..=now).filter_map(|part| counted.get(&(origin, part))).sum();
            let standing = page.add(print(origin), now, count, 500);
            prop_assert!(standing.total + u64::from(standing.left) <= all);
            prop_assert!(page.taken() <= 8);
        }
    }

    #[test]
    fn what_is_left_and_added_again_is_never_lost(counts in prop::collection::vec(1..200_000_u32, 1..100)) {
        let (mut page, mut all, mut left) = (Page::empty(1, 0), 0_u64, 0);
        for count in counts {
            all += u64::from(count);
            let standing = page.add(print(1), 0, count + left, 1);
            left = standing.left;
            // A sum of scaled counts loses less than one of its scale each time that the scale doubles.
            let sum = standing.total + u64::from(left);
            prop_assert!(sum <= all && (all - sum) * 32_768 <= all * 2, "{sum} of {all}");
        }
    }

    #[test]
    fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), HEAD + 4 * SLOT), part in any::<u32>()) {
        let mut page = Page::read(bytes, 4).unwrap();
        page.advance(part);
        let _ = page.add(print(1), part, u32::MAX, 10);
        let _ = page.add(print(2), part.wrapping_sub(3), 1, 10);
    }
}
