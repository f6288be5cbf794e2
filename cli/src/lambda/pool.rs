//! The instances of one function: started when they are needed, kept, and never more than there may be.

use super::desk::Invocation;
use super::function::Function;
use super::house::House;
use super::instance::Instance;
use super::reply::{self, Reply};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

/// How many events may wait for an instance.
const EVENTS: usize = 100;

/// The instances of a function.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) function: Arc<Function>,
    house: Arc<House>,
    /// One for each instance that there may be. Who has one uses an instance or starts one.
    permits: Arc<Semaphore>,
    events: Arc<Semaphore>,
    /// The one that was used last is the last one.
    idle: Mutex<Vec<Instance>>,
}

/// All instances are busy, and there may be no more; or too many events wait.
#[derive(Debug)]
pub(super) struct Busy;

// === impl Pool ===

impl Pool {
    pub(super) fn new(function: Function, house: Arc<House>) -> Self {
        let permits = Arc::new(Semaphore::new(function.concurrency));
        let events = Arc::new(Semaphore::new(EVENTS));
        Self { function: Arc::new(function), house, permits, events, idle: Mutex::default() }
    }

    /// Invokes the function now. It goes on if nobody waits for the reply.
    pub(super) fn invoke(self: &Arc<Self>, invocation: Invocation) -> Result<JoinHandle<Reply>, Busy> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().map_err(|_| Busy)?;
        let pool = Arc::clone(self);
        Ok(tokio::spawn(async move { pool.run(permit, invocation).await }))
    }

    /// Invokes the function as soon as an instance is free.
    pub(super) fn invoke_later(self: &Arc<Self>, invocation: Invocation) -> Result<(), Busy> {
        if self.function.concurrency == 0 {
            return Err(Busy);
        }
        let place = Arc::clone(&self.events).try_acquire_owned().map_err(|_| Busy)?;
        let pool = Arc::clone(self);
        tokio::spawn(async move {
            // It fails only if the semaphore is closed, which nobody does.
            if let Ok(permit) = Arc::clone(&pool.permits).acquire_owned().await {
                drop(place);
                pool.run(permit, invocation).await;
            }
        });
        Ok(())
    }

    async fn run(&self, permit: OwnedSemaphorePermit, invocation: Invocation) -> Reply {
        let warm = self.idle();
        let is_cold = warm.is_none();
        let instance = match warm {
            Some(instance) => instance,
            None => match Instance::start(&self.function, &self.house).await {
                Ok(instance) => instance,
                Err(error) => return self.not_started(&invocation.id, &error),
            },
        };
        let (reply, is_usable) = instance.invoke(invocation, is_cold).await;
        if is_usable {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(instance);
        }
        drop(permit);
        reply
    }

    /// An instance that waits; those that have ended meanwhile are forgotten.
    fn idle(&self) -> Option<Instance> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(Instance::is_alive);
        idle.pop()
    }

    fn not_started(&self, id: &str, error: &std::io::Error) -> Reply {
        self.house.screen.push(format!("{} error: {error}", self.function.name));
        Reply { answer: reply::not_started(id, &error.to_string()), tail: Vec::new() }
    }
}
