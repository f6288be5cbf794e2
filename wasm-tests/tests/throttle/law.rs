//! The law, judged from outside: in every window, `admitted ≤ burst + rate × time`.
//!
//! A client knows when it sent a request and when it had the answer; the request was admitted at some moment between. So a
//! request is certain to be of a window if its whole interval is in it, and the law is broken for certain if there are more
//! of those than the window allows. The fullest windows begin when some admitted request was sent and end when some was
//! answered, so only these are judged: all of them.

use crate::load::Asked;

const SECOND: i64 = 1_000_000_000;

/// A limit as its law says it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Law {
    pub(crate) burst: u32,
    /// Requests in a thousand seconds.
    pub(crate) rate_milli: u32,
}

impl Law {
    /// Requests a second; in thousandths.
    pub(crate) fn new(rate: f64, burst: u32) -> Self {
        Self { burst, rate_milli: (rate * 1e3).round() as u32 }
    }

    /// What a window of nanoseconds allows.
    pub(crate) fn allows(self, nanos: u64) -> f64 {
        f64::from(self.burst) + f64::from(self.rate_milli) / 1e3 * nanos as f64 / 1e9
    }

    /// Most of the burst that any window took; by law no more than all of it.
    pub(crate) fn assert_holds(self, asked: &[Asked]) -> f64 {
        let worst = worst(self.rate_milli, asked);
        let tokens = worst as f64 / SECOND as f64 / 1e3;
        assert!(
            worst <= i64::from(self.burst) * SECOND * 1000,
            "a window took {tokens} of a burst of {}",
            self.burst
        );
        tokens
    }
}

/// Fewer refusals say little of what was left.
const ENOUGH: usize = 100;

/// The part of what the law allows that was used, of a bucket with so many tokens at the beginning, until the last refusal:
/// nothing was left then. What ran over while the bucket was full does not count: the machine was too busy to ask for it. None
/// if hardly anything was refused.
pub(crate) fn used(law: Law, tokens: u32, asked: &[Asked]) -> Option<f64> {
    let refused = asked.iter().filter(|asked| asked.status == 429);
    if refused.clone().count() < ENOUGH {
        return None;
    }
    let end = refused.map(|asked| asked.answered).max()?;
    let mut at = asked.iter().map(|asked| asked.sent).min()?;
    let mut level = f64::from(tokens);
    let mut there = law.allows(end - at) - f64::from(law.burst) + level;
    let mut sent: Vec<_> = asked.iter().filter(|asked| asked.admitted()).map(|asked| asked.sent).collect();
    sent.retain(|sent| *sent <= end);
    sent.sort_unstable();
    for sent in &sent {
        level += f64::from(law.rate_milli) / 1e3 * (sent - at) as f64 / 1e9;
        let over = (level - f64::from(law.burst)).max(0.0);
        there -= over;
        level -= over + 1.0;
        at = *sent;
    }
    Some(sent.len() as f64 / there)
}

/// Whether the workers had time when they needed it. One that is kept waiting for longer than a lease lives, which is ten
/// milliseconds, loses what it has leased: that is the machine's doing, and seen as answers that take long.
pub(crate) fn on_time(asked: &[Asked]) -> bool {
    let late = asked.iter().filter(|asked| asked.answered - asked.sent > 10_000_000).count();
    late * 100 <= asked.len()
}

/// The greatest of `admitted − rate × time` over all windows, in parts of a token: 10⁻¹².
///
/// Windows are judged in the order of their ends. For each beginning `A` a tree keeps `admitted since A + rate × A`; a
/// request that is answered at `B` adds one to every beginning up to when it was sent, and the greatest of those, less
/// `rate × B`, is the fullest window that ends with it. That is O(n log n) for n² windows.
fn worst(rate_milli: u32, asked: &[Asked]) -> i64 {
    let mut admitted: Vec<_> = asked.iter().filter(|asked| asked.admitted()).collect();
    admitted.sort_by_key(|asked| asked.sent);
    let beginnings: Vec<_> = admitted.iter().map(|asked| filled(rate_milli, asked.sent)).collect();
    let mut ends: Vec<_> = admitted.iter().map(|asked| asked.answered).zip(0..).collect();
    ends.sort_unstable();
    let mut tree = Tree::new(&beginnings);
    let fullest = ends.into_iter().map(|(end, begun)| {
        tree.add_to_first(begun + 1, SECOND * 1000);
        tree.most_of_first(begun + 1) - filled(rate_milli, end)
    });
    fullest.max().unwrap_or(0)
}

fn filled(rate_milli: u32, nanos: u64) -> i64 {
    i64::from(rate_milli) * i64::try_from(nanos).unwrap()
}

/// Values, to the first of which something can be added, and of the first of which the greatest can be asked.
struct Tree {
    leaves: usize,
    /// The greatest below each node, with what was added to it but not to those above.
    most: Vec<i64>,
    added: Vec<i64>,
}

impl Tree {
    fn new(values: &[i64]) -> Self {
        let leaves = values.len().next_power_of_two();
        let mut most = vec![i64::MIN / 4; 2 * leaves];
        most[leaves..leaves + values.len()].copy_from_slice(values);
        for node in (1..leaves).rev() {
            most[node] = most[2 * node].max(most[2 * node + 1]);
        }
        Self { leaves, most, added: vec![0; 2 * leaves] }
    }

    fn add_to_first(&mut self, count: usize, value: i64) {
        self.add(1, self.leaves, count, value);
    }

    fn most_of_first(&self, count: usize) -> i64 {
        self.query(1, self.leaves, count)
    }

    fn add(&mut self, node: usize, size: usize, count: usize, value: i64) {
        if count == 0 {
            return;
        }
        if count >= size {
            self.most[node] += value;
            self.added[node] += value;
            return;
        }
        let half = size / 2;
        self.add(2 * node, half, count.min(half), value);
        self.add(2 * node + 1, half, count.saturating_sub(half), value);
        self.most[node] = self.most[2 * node].max(self.most[2 * node + 1]) + self.added[node];
    }

    fn query(&self, node: usize, size: usize, count: usize) -> i64 {
        if count == 0 {
            return i64::MIN / 4;
        }
        if count >= size {
            return self.most[node];
        }
        let half = size / 2;
        let (left, right) = (2 * node, 2 * node + 1);
        self.query(left, half, count.min(half)).max(self.query(right, half, count.saturating_sub(half)))
            + self.added[node]
    }
}

#[cfg(test)]
mod tests {
    use super::{Law, worst};
    use crate::load::Asked;

    fn asked(sent: u64, answered: u64) -> Asked {
        Asked { number: 0, sent, answered, status: 200, head: String::new() }
    }

    #[test]
    fn the_judge_finds_what_looking_at_every_window_finds() {
        let mut state = 7_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for round in 0..50 {
            let rate = (round * 977) as u32;
            let all: Vec<_> = (0..1 + random(80))
                .map(|_| {
                    let sent = random(4_000_000_000);
                    asked(sent, sent + random(200_000_000))
                })
                .collect();
            let inside =
                |from: u64, to: u64| all.iter().filter(|a| a.sent >= from && a.answered <= to).count();
            let windows = all.iter().flat_map(|a| all.iter().map(move |b| (a.sent, b.answered)));
            let naive = windows.filter(|(from, to)| inside(*from, *to) > 0).map(|(from, to)| {
                inside(from, to) as i64 * 1_000_000_000_000 - i64::from(rate) * (to - from) as i64
            });
            assert_eq!(worst(rate, &all), naive.max().unwrap(), "round {round}");
        }
    }

    #[test]
    fn one_too_many_in_one_window_is_found() {
        let law = Law::new(10.0, 5);
        let mut all: Vec<_> = (0..5).map(|i| asked(1_000 + i, 2_000 + i)).collect();
        // Each of these has waited for its token.
        all.extend((1..20).map(|i| asked(i * 100_000_000, i * 100_000_000 + 2_010)));
        law.assert_holds(&all);
        all.push(asked(1_950_000_000, 1_950_000_100));
        assert!(std::panic::catch_unwind(|| law.assert_holds(&all)).is_err());
    }
}
