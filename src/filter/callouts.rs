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
    /// Nobody, if all of them are gone.
    pub(super) askers: Vec<Asker>,
    pub(super) flight: Flight,
}

/// Who waits for an answer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asker {
    /// A stream, by context.
    Stream(u32),
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

    /// How many are on their way.
    pub(super) fn count(&self) -> usize {
        self.questions.len()
    }

    /// Asks, or joins those who ask the same.
    pub(super) fn ask(&mut self, callout: &Callout, stream: u32) -> Result<Asked, HostError> {
        if let Some(token) = self.join(callout, Asker::Stream(stream)) {
            return Ok(Asked::Waiting(token));
        }
        let under_way = self.groups.get(&callout.flight.group);
        if under_way.is_some_and(|count| *count >= callout.flight.most) {
            return Ok(Asked::TooMany);
        }
        self.start(callout, Asker::Stream(stream)).map(Asked::Waiting)
    }

    /// Asks for a root, or joins those who ask the same. A root's questions are few: they are not refused.
    pub(super) fn ask_for_root(
        &mut self,
        callout: &Callout,
        root: u32,
        chore: Chore,
    ) -> Result<(), HostError> {
        let asker = Asker::Root(root, chore);
        match self.join(callout, asker) {
            Some(_) => Ok(()),
            None => self.start(callout, asker).map(drop),
        }
    }

    fn join(&mut self, callout: &Callout, asker: Asker) -> Option<u32> {
        let token = *self.flights.get(&callout.flight.key)?;
        self.questions.get_mut(&token)?.askers.push(asker);
        Some(token)
    }

    fn start(&mut self, callout: &Callout, asker: Asker) -> Result<u32, HostError> {
        let token = host::call(callout)?;
        *self.groups.entry(callout.flight.group).or_default() += 1;
        self.questions.insert(token, Question { askers: vec![asker], flight: callout.flight });
        self.flights.insert(callout.flight.key, token);
        Ok(token)
    }

    /// A stream is gone. Its question stays: Envoy does not cancel it, and it counts until it is answered.
    pub(super) fn forget(&mut self, token: u32, stream: u32) {
        if let Some(question) = self.questions.get_mut(&token) {
            question.askers.retain(|asker| match asker {
                Asker::Stream(known) => *known != stream,
                Asker::Root(..) => true,
            });
        }
    }

    /// The question that is answered.
    pub(super) fn answered(&mut self, token: u32) -> Option<Question> {
        let question = self.questions.remove(&token)?;
        let flight = &question.flight;
        if self.flights.get(&flight.key) == Some(&token) {
            self.flights.remove(&flight.key);
        }
        if let Some(count) = self.groups.get_mut(&flight.group) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.groups.remove(&flight.group);
            }
        }
        Some(question)
    }
}
