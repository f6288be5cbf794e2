//! Questions on their way: who asked each, and which of them are one question.

use super::host::{self, HostError};
use crate::gateway::flow::{Callout, Flight};
use crate::gateway::upkeep::Chore;
use nohash_hasher::IntMap;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasherDefault;

/// The questions of one VM.
#[derive(Debug)]
pub(super) struct Callouts {
    questions: IntMap<u32, Question>,
    /// The questions that others may join.
    flights: BTreeMap<[u8; 32], u32>,
    /// How many of each group are on their way.
    groups: BTreeMap<[u8; 32], usize>,
}

/// A question on its way.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) askers: Askers,
    flight: Flight,
}

/// Who waits for an answer.
#[derive(Debug)]
pub(super) enum Askers {
    /// Streams, by context.
    Streams(Vec<u32>),
    /// A root, by context.
    Root(u32, Chore),
}

/// What became of a question.
#[derive(Debug)]
pub(super) enum Asked {
    /// It is on its way, under this token.
    Waiting(u32),
    /// Too many of its group are on their way.
    TooMany,
}

// === impl Callouts ===

impl Callouts {
    pub(super) const fn new() -> Self {
        Self {
            questions: HashMap::with_hasher(BuildHasherDefault::new()),
            flights: BTreeMap::new(),
            groups: BTreeMap::new(),
        }
    }

    /// Asks, or joins those who ask the same.
    pub(super) fn ask(&mut self, callout: &Callout, stream: u32) -> Result<Asked, HostError> {
        if let Some(token) = self.flights.get(&callout.flight.key)
            && let Some(Question { askers: Askers::Streams(streams), .. }) = self.questions.get_mut(token)
        {
            streams.push(stream);
            return Ok(Asked::Waiting(*token));
        }
        let under_way = self.groups.get(&callout.flight.group);
        if under_way.is_some_and(|count| *count >= callout.flight.most) {
            return Ok(Asked::TooMany);
        }
        let token = self.start(callout, Askers::Streams(vec![stream]))?;
        self.flights.insert(callout.flight.key, token);
        Ok(Asked::Waiting(token))
    }

    /// Asks for a root. Nobody joins it, and it joins nobody: it is one of a kind already.
    pub(super) fn ask_for_root(
        &mut self,
        callout: &Callout,
        root: u32,
        chore: Chore,
    ) -> Result<(), HostError> {
        self.start(callout, Askers::Root(root, chore)).map(drop)
    }

    fn start(&mut self, callout: &Callout, askers: Askers) -> Result<u32, HostError> {
        let token = host::call(callout)?;
        *self.groups.entry(callout.flight.group).or_default() += 1;
        self.questions.insert(token, Question { askers, flight: callout.flight });
        Ok(token)
    }

    /// A stream is gone. Its question stays: Envoy does not cancel it, and it counts until it is answered.
    pub(super) fn forget(&mut self, token: u32, stream: u32) {
        if let Some(Question { askers: Askers::Streams(streams), .. }) = self.questions.get_mut(&token) {
            streams.retain(|known| *known != stream);
        }
    }

    /// The question that is answered.
    pub(super) fn answered(&mut self, token: u32) -> Option<Askers> {
        let Question { askers, flight } = self.questions.remove(&token)?;
        if self.flights.get(&flight.key) == Some(&token) {
            self.flights.remove(&flight.key);
        }
        if let Some(count) = self.groups.get_mut(&flight.group) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.groups.remove(&flight.group);
            }
        }
        Some(askers)
    }
}
