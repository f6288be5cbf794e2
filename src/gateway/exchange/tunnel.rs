//! What passes after an upgrade, in both directions.

use super::{Exchange, State};
use crate::gateway::Now;
use crate::gateway::counts::Counter;
use crate::gateway::flow::Splice;
use crate::gateway::metrics::Metric;
use crate::gateway::metrics::counts::connected;
use crate::gateway::request::Request;
use crate::gateway::websocket::{Direction, Tunnel};

/// What a request becomes if its backend agrees; none if it asks for no upgrade.
pub(super) fn of(request: &Request) -> Option<Tunnel> {
    let limits = request.api.as_ref().map(|api| api.web_sockets)?;
    request.asks_upgrade().then(|| Tunnel::new(limits))
}

impl Exchange {
    /// How many bytes of the next part of a direction need not be shown; none where nothing is a WebSocket connection's.
    #[must_use]
    pub fn unread(&self, direction: Direction) -> Option<u64> {
        self.tunnel().map(|tunnel| tunnel.unread(direction))
    }

    /// A part of a WebSocket connection's bytes, of which the first may not be shown, as [`Self::unread`] says: what passes of it.
    pub fn on_tunnel_part<'n>(
        &mut self,
        direction: Direction,
        (unseen, shown): (usize, &[u8]),
        now: impl Into<Now<'n>>,
    ) -> Splice {
        let now = now.into();
        let (State::Upstream { tunnel: Some(tunnel), .. } | State::Tunnel(tunnel)) = &mut self.state else {
            return Splice::keep(unseen.saturating_add(shown.len()));
        };
        let worker = &mut *now.worker.borrow_mut();
        let mut messages = 0;
        let splice = tunnel.part(direction, (unseen, shown), now.monotonic, |counter| {
            messages += u64::from(counter == Counter::Message);
            worker.counts.add(counter);
        });
        if let Some(stage) = self.request.as_ref().and_then(|request| request.stage.as_ref())
            && messages > 0
        {
            worker.apis.add(stage.places.stage().key, Metric::MessageCount, messages);
        }
        splice
    }

    /// The backend agrees to the upgrade.
    pub(super) fn connect(&mut self, now: Now<'_>) {
        if let State::Upstream { tunnel, .. } = &mut self.state
            && let Some(tunnel) = tunnel.take()
        {
            now.worker.borrow_mut().counts.add(Counter::Connect);
            self.state = State::Tunnel(tunnel);
            if let Some(request) = &self.request {
                connected(request, now.worker);
            }
        }
    }

    fn tunnel(&self) -> Option<&Tunnel> {
        match &self.state {
            State::Upstream { tunnel, .. } => tunnel.as_deref(),
            State::Tunnel(tunnel) => Some(tunnel),
            State::Arriving
            | State::Inspecting(_)
            | State::Authorizing { .. }
            | State::Proving(_)
            | State::Metering { .. }
            | State::Buffering(_)
            | State::Invoking
            | State::Responding { .. }
            | State::Answered => None,
        }
    }
}
