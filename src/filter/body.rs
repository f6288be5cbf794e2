//! The part of a request's body that is held, and whether it can be read.

use super::abi::DataStatus;
use super::host::{self, HostError};

/// What has come of a request's body while the request is held.
///
/// A body is held in one of two ways. One that is wanted is buffered by the host: it can be read, and past the buffer
/// limit the host answers 413. One that only waits for a callout is kept back: at the buffer limit the host reads no
/// further, and what it holds cannot be read, then or later. None of it is copied here: bytes of clients who are not
/// admitted yet could fill the VM, and a full VM is a dead worker.
#[derive(Debug)]
pub(super) struct HeldBody {
    /// Bytes so far.
    size: usize,
    /// Whether that is all.
    ended: bool,
    /// Bytes that the core has seen.
    told: usize,
    /// Whether the host can be asked for it.
    readable: bool,
}

// === impl HeldBody ===

impl HeldBody {
    /// Nothing has come yet; `ended` if nothing will.
    pub(super) fn new(ended: bool) -> Self {
        Self { size: 0, ended, told: 0, readable: true }
    }

    /// A part arrives. Of a readable body the host shows all, of another one the new part.
    pub(super) fn arrive(&mut self, size: usize, ended: bool) {
        self.size = if self.readable { size } else { self.size.saturating_add(size) };
        self.ended = ended;
    }

    /// Trailers arrive: there will be no more of it, though no part said so.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// From now on it waits for something else. What is complete stays where it is.
    pub(super) fn keep_back(&mut self) {
        self.readable &= self.ended;
    }

    /// Whether parts of it must be shown to us, though the head is held.
    pub(super) fn is_to_come_here(&self) -> bool {
        self.readable && !self.ended
    }

    /// How to answer a part so that it is held.
    pub(super) fn hold(&self) -> DataStatus {
        if self.readable { DataStatus::Buffer } else { DataStatus::Watermark }
    }

    /// Whether a decision can be made that needs so many bytes.
    pub(super) fn suffices(&self, wanted: usize) -> bool {
        self.ended || self.size >= wanted
    }

    /// All that has come.
    pub(super) fn read(&mut self) -> Result<Vec<u8>, HostError> {
        self.told = self.size;
        host::request_body(self.size)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    pub(super) fn is_readable(&self) -> bool {
        self.readable
    }

    /// Bytes so far.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Bytes that the core has not seen.
    pub(super) fn untold(&self) -> usize {
        self.size.saturating_sub(self.told)
    }
}
