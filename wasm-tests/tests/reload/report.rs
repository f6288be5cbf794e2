//! What a load saw of the changes that were made meanwhile.

use crate::documents::Kind;
use crate::load::Asked;
use std::time::Duration;

/// One change. Times are since the load began.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) kind: Kind,
    /// Whether it is made, or taken back.
    pub(crate) made: bool,
    /// When the command began.
    pub(crate) began: Duration,
    /// When the filter's file was renamed.
    pub(crate) renamed: Duration,
    /// When the command said that it is done.
    pub(crate) said: Duration,
    /// When the next one might begin.
    pub(crate) until: Duration,
}

// === impl Change ===

impl Change {
    /// From the rename to the last answer of the old document, whichever worker gave it.
    pub(crate) fn lasted(&self, asked: &[Asked]) -> Duration {
        let [old, new] = self.old_and_new();
        let seen = || {
            asked
                .iter()
                .filter(|it| it.kind == Some(self.kind) && it.done > self.began && it.done < self.until)
        };
        let late = seen().find(|it| it.sent > self.said && it.answer == old);
        assert!(
            late.is_none(),
            "{:?}: answered by the old document after the command had said so: {late:?}",
            self.kind
        );
        assert!(seen().any(|it| it.answer == new), "{self:?}: nobody saw it");
        let last = seen().filter(|it| it.answer == old);
        last.map(|it| it.done.saturating_sub(self.renamed)).max().unwrap_or_default()
    }

    fn old_and_new(&self) -> [&'static str; 2] {
        let [without, with] = self.kind.answers();
        if self.made { [without, with] } else { [with, without] }
    }
}

/// Asserts that every request was answered as one of its two documents would.
pub(crate) fn assert_none_lost(asked: &[Asked]) {
    let right = |it: &&Asked| match it.kind {
        Some(kind) => kind.answers().contains(&it.answer.as_str()),
        None => it.answer.starts_with("200 "),
    };
    let wrong: Vec<&Asked> = asked.iter().filter(|it| !right(it)).collect();
    assert!(wrong.is_empty(), "{} of {}: {:?}", wrong.len(), asked.len(), &wrong[..wrong.len().min(3)]);
}

/// Median, 99th percentile and maximum of how long answers took that came in these times.
pub(crate) fn latency(asked: &[Asked], times: &[(Duration, Duration)]) -> String {
    let within = |it: &&Asked| times.iter().any(|(from, to)| it.done >= *from && it.sent <= *to);
    let mut took: Vec<Duration> = asked.iter().filter(within).map(|it| it.done - it.sent).collect();
    let mut late: Vec<Duration> = asked.iter().filter(within).map(|it| it.done - it.due).collect();
    took.sort_unstable();
    late.sort_unstable();
    let of = |times: &[Duration], share: usize| times[(times.len() - 1) * share / 1_000];
    format!(
        "{} answers: median {:.1?}, 99 % {:.1?}, 99.9 % {:.1?}, longest {:.1?}; from when they were due: 99 % {:.1?}, longest {:.1?}",
        took.len(),
        of(&took, 500),
        of(&took, 990),
        of(&took, 999),
        of(&took, 1_000),
        of(&late, 990),
        of(&late, 1_000),
    )
}
