//! A WebSocket connection: its bytes pass as parts of the two bodies.

use super::Worker;
use super::abi::Buffer;
use super::host::{self, HostError};
use super::stream::{Stream, Verdict};
use crate::gateway::flow::Splice;
use crate::gateway::websocket::Direction;

// === impl Stream ===

impl Stream {
    /// A part of so many bytes: Envoy's buffer holds afterwards what passes of it. Of a request that is no upgrade, all does.
    pub(super) fn tunnel(&mut self, direction: Direction, size: usize, worker: &mut Worker) -> Verdict {
        let Some(exchange) = &mut self.exchange else { return Verdict::Hold };
        let Some(unread) = exchange.unread(direction) else { return Verdict::Release };
        let unseen = usize::try_from(unread).unwrap_or(usize::MAX).min(size);
        let buffer = match direction {
            Direction::ToBackend => Buffer::RequestBody,
            Direction::ToClient => Buffer::ResponseBody,
        };
        let spliced = host::part(buffer, unseen, size - unseen).and_then(|shown| {
            let splice = exchange.on_tunnel_part(direction, (unseen, &shown), worker.now());
            if let Some(ends) = splice.ends {
                worker.closing.push((self.context, ends));
            }
            apply(buffer, &splice, size)
        });
        match spliced {
            Ok(()) => Verdict::Release,
            Err(error) => {
                self.host_failed(error);
                Verdict::Hold
            }
        }
    }

    /// Breaks off a connection that should have ended by now.
    pub(super) fn break_off(&mut self) {
        match host::act_for(self.context) {
            Ok(()) => self.fail("sekisho_websocket_closing"),
            Err(error) => log::error!("sekisho: a connection cannot be broken off: {error}"),
        }
    }
}

/// The host can put bytes before a part and behind it, and drop some of its beginning.
fn apply(buffer: Buffer, splice: &Splice, size: usize) -> Result<(), HostError> {
    let Splice { before, keep, after, ends: _ } = splice;
    if *keep < size {
        let kept = host::part(buffer, 0, *keep)?;
        let passes = [before.as_ref(), &kept, after.as_ref()].concat();
        return host::replace_part(buffer, 0, size, &passes);
    }
    if !before.is_empty() {
        host::replace_part(buffer, 0, 0, before)?;
    }
    if !after.is_empty() {
        host::replace_part(buffer, usize::MAX, 0, after)?;
    }
    Ok(())
}
