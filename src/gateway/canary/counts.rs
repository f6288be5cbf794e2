//! How the sides of a canary do: requests that were answered, and how many of them as the client's error or as ours.
//!
//! AWS tells them apart by metrics and logs of the canary's own. Here a worker counts each response for the side that served it,
//! and the shell tells Envoy's statistics on its tick. Preflights are on no side; a client that left before its answer, and what
//! Envoy answers in the middle of a held response, which no filter sees, are not counted.

use crate::gateway::metrics::name::named;
use std::rc::Rc;

/// Counters that are told of, six for each stage with a canary: Envoy keeps each for ever.
pub const MOST_COUNTERS: usize = 6 * 256;

/// A side of a stage that has a canary.
#[derive(Debug)]
pub struct Side {
    /// `$context.isCanaryRequest`.
    pub is_canary: bool,
    /// The names of what is counted: requests, and those that were answered as the client's error or as ours.
    pub counters: [Rc<str>; 3],
}

/// What happened on sides since the shell asked: names of counters, and how often.
#[derive(Debug, Default)]
pub struct SideCounts(Vec<(Rc<str>, u64)>);

// === impl Side ===

impl Side {
    /// A side of a stage.
    #[must_use]
    pub fn new(api: &str, stage: &str, is_canary: bool) -> Self {
        let side = if is_canary { "canary" } else { "stable" };
        let name = |event| Rc::from(named("canary", &[api, stage, side], event));
        Self { is_canary, counters: [name("requests_total"), name("4xx_total"), name("5xx_total")] }
    }
}

// === impl SideCounts ===

impl SideCounts {
    /// A request on a side was answered by this status.
    pub fn add(&mut self, side: &Side, status: u16) {
        let [requests, client_errors, server_errors] = &side.counters;
        self.one_more(requests);
        match status {
            400..=499 => self.one_more(client_errors),
            500..=599 => self.one_more(server_errors),
            _ => {}
        }
    }

    #[inline(never)]
    fn one_more(&mut self, name: &Rc<str>) {
        if let Some((_, count)) =
            self.0.iter_mut().find(|(known, _)| Rc::ptr_eq(known, name) || known == name)
        {
            *count = count.saturating_add(1);
        } else if self.0.len() < MOST_COUNTERS {
            self.0.push((Rc::clone(name), 1));
        }
    }

    /// What happened since this was last asked.
    pub fn drain(&mut self) -> Vec<(Rc<str>, u64)> {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_COUNTERS, Side, SideCounts};

    #[test]
    fn sides_are_counted_apart_and_told_once() {
        let mut counts = SideCounts::default();
        let [stable, canary] = [false, true].map(|is_canary| Side::new("shop", "prod", is_canary));
        for (side, status) in [(&stable, 200), (&canary, 404), (&canary, 503), (&canary, 101), (&stable, 429)]
        {
            counts.add(side, status);
        }
        counts.add(&Side::new("shop", "$default", true), 599);
        let told: Vec<_> = counts.drain();
        let told: Vec<_> = told.iter().map(|(name, count)| (name.as_ref(), *count)).collect();
        let expected = [
            ("sekisho_canary;shop;prod;stable;requests_total", 2),
            ("sekisho_canary;shop;prod;canary;requests_total", 3),
            ("sekisho_canary;shop;prod;canary;4xx_total", 1),
            ("sekisho_canary;shop;prod;canary;5xx_total", 1),
            ("sekisho_canary;shop;prod;stable;4xx_total", 1),
            ("sekisho_canary;shop;$default;canary;requests_total", 1),
            ("sekisho_canary;shop;$default;canary;5xx_total", 1),
        ];
        assert_eq!(told, expected);
        assert_eq!(counts.drain(), []);
    }

    #[test]
    fn what_is_counted_is_bounded() {
        let mut counts = SideCounts::default();
        for stage in 0..=MOST_COUNTERS {
            counts.add(&Side::new("shop", &format!("s{stage}"), false), 200);
        }
        counts.add(&Side::new("shop", "s0", false), 200);
        let told = counts.drain();
        assert_eq!((told.len(), told[0].1, told[MOST_COUNTERS - 1].1), (MOST_COUNTERS, 2, 1));
    }
}
