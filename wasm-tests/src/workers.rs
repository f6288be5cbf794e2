//! Envoy's workers, and connections to all of them: the kernel chooses who takes one.

use crate::{Gateway, eventually};
use std::collections::BTreeMap;

/// Connections that are made at once when those that are there have not reached every worker.
const MORE: usize = 8;

impl Gateway {
    /// How many connections each worker has taken since Envoy began, by the worker's name.
    pub async fn connections_by_worker(&self) -> BTreeMap<String, u64> {
        let page = self.admin("/stats?filter=listener.*worker_.*downstream_cx_total").await;
        let mut workers = BTreeMap::new();
        for line in page.lines() {
            let (name, count) = line.split_once(": ").expect("a statistic has a value");
            let worker = name.rsplit('.').nth(1).expect("a statistic of a worker has its name");
            // A worker has one for each listener.
            *workers.entry(worker.to_owned()).or_default() +=
                count.trim().parse::<u64>().expect("a counter is a number");
        }
        workers
    }

    /// How many workers have taken a connection.
    pub async fn busy_workers(&self) -> usize {
        self.connections_by_worker().await.into_values().filter(|count| *count > 0).count()
    }

    /// Makes connections, so many or as many more as it takes until every worker has taken one of them.
    pub async fn everywhere<C>(&self, least: usize, mut connect: impl AsyncFnMut() -> C) -> Vec<C> {
        let before = self.connections_by_worker().await;
        let mut connections = Vec::new();
        eventually("every worker has a connection", async || {
            for _ in 0..least.saturating_sub(connections.len()).max(MORE) {
                connections.push(connect().await);
            }
            let now = self.connections_by_worker().await;
            let reached =
                now.iter().filter(|(worker, count)| **count > before.get(*worker).map_or(0, |it| *it));
            (reached.count() == self.workers() as usize).then_some(())
        })
        .await;
        connections
    }
}
