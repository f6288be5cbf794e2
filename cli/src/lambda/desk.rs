//! Where one runtime fetches invocations and hands in answers: the states of the Runtime API, without HTTP.

use axum::body::Bytes;
use axum::http::HeaderValue;
use std::process::ExitStatus;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// How long an instance may take to be ready, beyond the function's timeout, as AWS gives it: its first try of 10 seconds.
const INIT: Duration = Duration::from_secs(10);

/// What a function is called with.
#[derive(Debug, Clone)]
pub(super) struct Invocation {
    /// The request's id.
    pub(super) id: String,
    /// The ARN that it was called by.
    pub(super) arn: String,
    pub(super) payload: Bytes,
    /// `X-Amzn-Trace-Id`
    pub(super) trace: HeaderValue,
    /// `X-Amz-Client-Context`, decoded.
    pub(super) client_context: Option<HeaderValue>,
}

/// What a function answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) body: Bytes,
    /// The type of the error, if it is one.
    pub(super) error: Option<String>,
}

/// How an invocation ended.
#[derive(Debug)]
pub(super) enum End {
    /// It was answered, and the runtime is ready for another one.
    Answered(Answer),
    /// It was answered, and the runtime is of no more use.
    LastAnswer(Answer),
    /// The function could not be loaded.
    InitError(Answer),
    /// The process ended without an answer.
    Exited(ExitStatus),
    /// There was no answer in time.
    TimedOut,
}

/// Why a runtime is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Another invocation is under way, or none.
    InvalidRequestId,
    /// Not at this time.
    InvalidState {
        /// The state that it is in.
        from: &'static str,
        /// The state that the call would have led to.
        to: &'static str,
    },
}

/// Where one runtime and the invoker meet.
#[derive(Debug)]
pub(super) struct Desk {
    state: Mutex<State>,
    /// There is an invocation for the runtime.
    work: Notify,
    /// There is something for the invoker.
    changed: Notify,
    timeout: Duration,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// An invocation that the runtime has not fetched.
    given: Option<Invocation>,
    /// The answer to the last invocation, when the runtime has asked for the next one.
    finished: Option<Answer>,
    /// When it was started, or given the invocation.
    since: Instant,
    /// When it fetched the invocation.
    fetched: Option<Instant>,
    exited: Option<ExitStatus>,
}

#[derive(Debug)]
enum Phase {
    /// It has not asked for an invocation yet.
    Starting,
    /// The function could not be loaded.
    Failed(Answer),
    /// It asks for an invocation.
    Ready,
    Running {
        id: String,
    },
    Answered {
        id: String,
        answer: Answer,
    },
}

// === impl Desk ===

impl Desk {
    pub(super) fn new(timeout: Duration) -> Self {
        let phase = Phase::Starting;
        let since = Instant::now();
        let state = State { phase, given: None, finished: None, since, fetched: None, exited: None };
        Self { state: Mutex::new(state), work: Notify::new(), changed: Notify::new(), timeout }
    }

    // --- the runtime's side ---

    /// Waits for an invocation. It is told how long the function may take. `begins` is called when there is one, before the
    /// function can do anything.
    pub(super) async fn next(&self, begins: impl Fn(&Invocation)) -> Result<(Invocation, Duration), Refusal> {
        loop {
            if let Some(invocation) = self.fetch()? {
                begins(&invocation);
                return Ok((invocation, self.timeout));
            }
            self.work.notified().await;
        }
    }

    fn fetch(&self) -> Result<Option<Invocation>, Refusal> {
        let mut state = self.state();
        match &state.phase {
            Phase::Starting | Phase::Ready => {}
            Phase::Answered { answer, .. } => state.finished = Some(answer.clone()),
            phase @ (Phase::Failed(_) | Phase::Running { .. }) => return Err(phase.refuse("Ready")),
        }
        state.phase = Phase::Ready;
        self.changed.notify_one();
        let Some(invocation) = state.given.take() else { return Ok(None) };
        state.phase = Phase::Running { id: invocation.id.clone() };
        state.fetched = Some(Instant::now());
        Ok(Some(invocation))
    }

    /// Whether an answer to an invocation would be taken: asked before its body is read.
    pub(super) fn may_answer(&self, id: &str) -> Result<(), Refusal> {
        self.state().phase.may_answer(id)
    }

    /// Takes an answer.
    pub(super) fn answer(&self, id: &str, answer: Answer) -> Result<(), Refusal> {
        let mut state = self.state();
        state.phase.may_answer(id)?;
        state.phase = Phase::Answered { id: id.to_owned(), answer };
        self.changed.notify_one();
        Ok(())
    }

    /// Learns that the function cannot be loaded.
    pub(super) fn init_error(&self, answer: Answer) -> Result<(), Refusal> {
        let mut state = self.state();
        match &state.phase {
            Phase::Starting => state.phase = Phase::Failed(answer),
            phase @ (Phase::Failed(_) | Phase::Ready | Phase::Running { .. } | Phase::Answered { .. }) => {
                return Err(phase.refuse("InitError"));
            }
        }
        self.changed.notify_one();
        Ok(())
    }

    /// Learns that the process has ended.
    pub(super) fn exited(&self, status: ExitStatus) {
        self.state().exited = Some(status);
        self.changed.notify_one();
    }

    // --- the invoker's side: one at a time ---

    /// Whether the process runs.
    pub(super) fn is_alive(&self) -> bool {
        self.state().exited.is_none()
    }

    /// Gives the runtime an invocation, and waits for the end of it.
    pub(super) async fn invoke(&self, invocation: Invocation) -> End {
        {
            let mut state = self.state();
            (state.finished, state.fetched) = (None, None);
            state.given = Some(invocation);
            if matches!(state.phase, Phase::Ready) {
                // It may ask again late: its connection may have broken.
                state.since = Instant::now();
            }
        }
        self.work.notify_one();
        loop {
            let deadline = match self.look() {
                Ok(end) => return end,
                Err(deadline) => deadline,
            };
            if timeout_at(deadline, self.changed.notified()).await.is_err() {
                match self.look() {
                    Ok(end) => return end,
                    Err(later) if later > deadline => {}
                    Err(_) => return self.give_up(),
                }
            }
        }
    }

    /// When the runtime fetched the invocation.
    pub(super) fn fetched(&self) -> Option<Instant> {
        self.state().fetched
    }

    /// How it ended, or until when it may.
    fn look(&self) -> Result<End, Instant> {
        let mut state = self.state();
        if let Some(answer) = state.finished.take() {
            return Ok(End::Answered(answer));
        }
        if let Phase::Failed(answer) = &state.phase {
            return Ok(End::InitError(answer.clone()));
        }
        if let Some(status) = state.exited {
            return Ok(state.phase.last_answer().unwrap_or(End::Exited(status)));
        }
        Err(state.fetched.unwrap_or(state.since + INIT) + self.timeout)
    }

    fn give_up(&self) -> End {
        self.state().phase.last_answer().unwrap_or(End::TimedOut)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Phase ===

impl Phase {
    fn may_answer(&self, asked: &str) -> Result<(), Refusal> {
        match self {
            Self::Running { id } if id == asked => Ok(()),
            Self::Answered { id, .. } if id == asked => Err(self.refuse("InvocationResponse")),
            Self::Running { .. } | Self::Answered { .. } => Err(Refusal::InvalidRequestId),
            Self::Starting | Self::Failed(_) | Self::Ready => Err(self.refuse("InvocationResponse")),
        }
    }

    fn last_answer(&self) -> Option<End> {
        match self {
            Self::Answered { answer, .. } => Some(End::LastAnswer(answer.clone())),
            Self::Starting | Self::Failed(_) | Self::Ready | Self::Running { .. } => None,
        }
    }

    /// In the words of AWS's runtime interface emulator.
    fn refuse(&self, to: &'static str) -> Refusal {
        let from = match self {
            Self::Starting => "Started",
            Self::Failed(_) => "InitError",
            Self::Ready => "Ready",
            Self::Running { .. } => "Running",
            Self::Answered { .. } => "ResponseSent",
        };
        Refusal::InvalidState { from, to }
    }
}
