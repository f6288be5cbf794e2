//! The part of a request's body that is held: where it is, and whether it can be read there.

use super::abi::DataStatus;
use super::host::{self, HostError};
use std::borrow::Cow;

/// What has come of a request's body while the request is held.
///
/// The host can be asked for a held body only if its parts were answered with [`DataStatus::Buffer`], and that is 413
/// past the buffer limit: right for a body that is wanted, wrong for one that merely waits for a callout. Parts that
/// wait are answered with [`DataStatus::Watermark`], which stops the client instead, and copied, because the core may
/// want the body after the callout. The copy is as small as the host's buffer limit.
#[derive(Debug, Default)]
pub(super) struct HeldBody {
    /// Bytes so far.
    pub(super) size: usize,
    /// Whether that is all.
    pub(super) ended: bool,
    /// Bytes that the core has seen.
    told: usize,
    place: Place,
}

#[derive(Debug, Default)]
enum Place {
    /// In the host's buffer, and readable.
    #[default]
    Host,
    /// In the host's buffer, and only here readable.
    Copy(Vec<u8>),
}

/// A body that comes in one part of this size waits in the host; no sensible buffer limit is smaller.
const ONE_PART: usize = 16 * 1024;

// === impl HeldBody ===

impl HeldBody {
    /// Nothing has come yet; `ended` if nothing will.
    pub(super) fn new(ended: bool) -> Self {
        Self { ended, ..Self::default() }
    }

    /// A part arrives: `size` is what the host shows, all of the body or the new part alone.
    pub(super) fn arrive(&mut self, size: usize, ended: bool, wanted: bool) -> Result<(), HostError> {
        self.ended = ended;
        match &mut self.place {
            Place::Host => {
                self.size = size;
                let waits_in_host = wanted || (ended && size <= ONE_PART);
                if !waits_in_host {
                    self.place = Place::Copy(host::request_body(size)?);
                }
            }
            Place::Copy(copy) => {
                copy.extend(host::request_body(size)?);
                self.size = copy.len();
            }
        }
        Ok(())
    }

    /// All of it. If more is to come it stays readable, whatever the next part is answered with.
    pub(super) fn read(&mut self) -> Result<Cow<'_, [u8]>, HostError> {
        self.told = self.size;
        if matches!(self.place, Place::Host) {
            let body = host::request_body(self.size)?;
            if self.ended {
                return Ok(Cow::Owned(body));
            }
            self.place = Place::Copy(body);
        }
        match &self.place {
            Place::Copy(copy) => Ok(Cow::Borrowed(copy)),
            Place::Host => Ok(Cow::Borrowed(&[])),
        }
    }

    /// How to answer a part of a body that is wanted: the next one will show all of it.
    pub(super) fn hold_wanted(&mut self) -> DataStatus {
        self.place = Place::Host;
        DataStatus::Buffer
    }

    /// How to answer a part that waits.
    pub(super) fn hold_waiting(&self) -> DataStatus {
        match self.place {
            Place::Host => DataStatus::Buffer,
            Place::Copy(_) => DataStatus::Watermark,
        }
    }

    /// Bytes that the core has not seen.
    pub(super) fn untold(&self) -> usize {
        self.size.saturating_sub(self.told)
    }
}
