//! Pages of the last seconds: what happens now is what the youngest counts beyond the oldest.

use super::page::Page;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a page is kept. Envoy brings histograms up to date every five seconds.
pub const WINDOW: Duration = Duration::from_secs(10);
/// Pages that are kept: with more, those in the middle say nothing new.
const MOST_PAGES: usize = 16;

/// Pages of one Envoy, the oldest first.
#[derive(Debug, Default)]
pub struct History {
    pages: VecDeque<(Instant, Page)>,
    restarts: u64,
    changes: u64,
}

/// What is known now.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// What Envoy has counted since it started.
    pub total: Page,
    /// What it has counted in a time; none from a single page.
    pub recent: Option<(Duration, Page)>,
    /// How often it has begun anew since it was first looked at.
    pub restarts: u64,
    /// How often its document has changed since then.
    pub changes: u64,
}

// === impl History ===

impl History {
    /// Takes the page of a moment, and tells what is known with it. None before the first one.
    pub fn take(&mut self, now: Instant, page: Page) -> Seen {
        if let Some((_, last)) = self.pages.back() {
            let differ = |a: Option<u64>, b: Option<u64>| a.zip(b).is_some_and(|(a, b)| a != b);
            self.changes += u64::from(differ(last.state.digest, page.state.digest));
            if page.went_back(last) {
                // Counts of two lives of Envoy cannot be compared.
                self.pages.clear();
                self.restarts += 1;
            }
        }
        self.forget(now);
        let recent = self.pages.front().map(|(then, first)| (now.duration_since(*then), page.since(first)));
        self.pages.push_back((now, page.clone()));
        Seen { total: page, recent, restarts: self.restarts, changes: self.changes }
    }

    /// Keeps one page that is as old as the window or older, and the younger ones.
    fn forget(&mut self, now: Instant) {
        let is_old = |page: Option<&(Instant, Page)>| {
            page.is_some_and(|(then, _)| now.duration_since(*then) >= WINDOW)
        };
        while is_old(self.pages.get(1)) {
            self.pages.pop_front();
        }
        if self.pages.len() >= MOST_PAGES {
            self.pages.remove(MOST_PAGES / 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{History, Page, WINDOW};
    use crate::top::scrape::read;
    use std::time::{Duration, Instant};

    fn page(count: u64, uptime: u64, digest: u64) -> Page {
        let text = format!(
            "sekisho_api_count_total{{api_id=\"a\",stage=\"s\"}} {count}\nenvoy_server_uptime{{}} {uptime}\n\
             sekisho_config_digest{{}} {digest}\n"
        );
        read(text.as_bytes()).unwrap()
    }

    fn counted(page: &Page) -> u64 {
        page.routes.values().map(|figures| figures.count).sum()
    }

    #[test]
    fn a_window_slides() {
        let (mut history, start) = (History::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(history.take(start, page(100, 1, 1)).recent, None, "nothing to compare it with");
        for second in 1..=60 {
            let seen = history.take(at(second), page(100 + 7 * second, 1 + second, 1));
            let (over, recent) = seen.recent.unwrap();
            assert_eq!(over, Duration::from_secs(second).min(WINDOW));
            assert_eq!(counted(&recent), 7 * over.as_secs());
            assert_eq!(counted(&seen.total), 100 + 7 * second);
        }
    }

    #[test]
    fn many_pages_are_not_kept() {
        let (mut history, start) = (History::default(), Instant::now());
        for i in 0..1000 {
            history.take(start + Duration::from_millis(i), page(i, 1, 1));
        }
        assert!(history.pages.len() <= super::MOST_PAGES, "{}", history.pages.len());
        let seen = history.take(start + Duration::from_secs(1), page(1000, 1, 1));
        assert_eq!(counted(&seen.recent.unwrap().1), 1000, "the first is still known");
    }

    #[test]
    fn another_life_of_envoy_is_not_compared() {
        let (mut history, start) = (History::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        history.take(start, page(100, 50, 1));
        // It counts less; or no less, but is younger.
        let seen = history.take(at(1), page(3, 51, 1));
        assert_eq!((seen.recent, seen.restarts), (None, 1));
        let seen = history.take(at(2), page(400, 1, 2));
        assert_eq!((seen.recent, seen.restarts, seen.changes), (None, 2, 1));
        let seen = history.take(at(3), page(401, 2, 2));
        assert_eq!(counted(&seen.recent.unwrap().1), 1);
        // A statistic that is gone was not counted back.
        let seen = history.take(at(4), read(&b"sekisho_config_digest{} 2\n"[..]).unwrap());
        assert_eq!(seen.restarts, 2);
    }
}
