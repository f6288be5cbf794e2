//! Where hits are counted: all counters of a request, or none of them, in one step.
//!
//! Limitador's own storage reads the counters and adds to them in a second step, so that requests at the same time may pass
//! together where one was left. The keys are those of Limitador.

use limitador::counter::Counter;
use redis::aio::ConnectionManager;
use redis::{Client, RedisError, Script};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// KEYS: counters. ARGV: the hits, then each counter's limit and window in seconds. A window begins with its first hit.
const TAKE: &str = "
    for i, key in ipairs(KEYS) do
        local used = tonumber(redis.call('get', key) or '0')
        if used + tonumber(ARGV[1]) > tonumber(ARGV[2 * i]) then return 0 end
    end
    for i, key in ipairs(KEYS) do
        if redis.call('incrby', key, ARGV[1]) == tonumber(ARGV[1]) then
            redis.call('expire', key, ARGV[2 * i + 1])
        end
    end
    return 1";

/// The counters' values.
pub enum Counts {
    Memory(Mutex<HashMap<String, Window>>),
    Redis(ConnectionManager, Script),
}

/// A counter's value, and when it ends.
pub struct Window {
    used: u64,
    ends: Instant,
}

impl Counts {
    /// In this process alone.
    pub fn in_memory() -> Self {
        Self::Memory(Mutex::default())
    }

    /// In a Redis, `redis://HOST:PORT` or `unix:PATH`. One that goes away and comes back is found again.
    pub async fn in_redis(url: &str) -> Result<Self, RedisError> {
        let connections = ConnectionManager::new(Client::open(url)?).await?;
        Ok(Self::Redis(connections, Script::new(TAKE)))
    }

    /// Counts hits on all counters, if there is room on all of them; whether there was.
    pub async fn take(&self, counters: &[Counter], hits: u64) -> Result<bool, RedisError> {
        if counters.is_empty() {
            return Ok(true);
        }
        match self {
            Self::Memory(windows) => {
                Ok(take(&mut windows.lock().unwrap_or_else(PoisonError::into_inner), counters, hits))
            }
            Self::Redis(connections, script) => {
                let mut asked = script.prepare_invoke();
                asked.arg(hits);
                for counter in counters {
                    asked.key(key(counter)).arg(counter.max_value()).arg(counter.window().as_secs());
                }
                asked.invoke_async(&mut connections.clone()).await
            }
        }
    }
}

fn take(windows: &mut HashMap<String, Window>, counters: &[Counter], hits: u64) -> bool {
    let now = Instant::now();
    windows.retain(|_, window| window.ends > now);
    let used = |counter: &Counter| windows.get(&key(counter)).map_or(0, |window| window.used);
    if counters.iter().any(|counter| used(counter).saturating_add(hits) > counter.max_value()) {
        return false;
    }
    for counter in counters {
        let new = || Window { used: 0, ends: now + counter.window() };
        windows.entry(key(counter)).or_insert_with(new).used += hits;
    }
    true
}

fn key(counter: &Counter) -> String {
    let written = serde_json::to_string(counter).expect("a counter is strings and numbers");
    format!("namespace:{{{}}},counter:{written}", counter.namespace().as_ref())
}
