//! The frames of one direction of a connection, as they come: in parts that are cut anywhere.
//! <https://www.rfc-editor.org/rfc/rfc6455#section-5.2>
//!
//! Only heads are read. What is remembered of a direction is the head that has begun, at most 14 bytes, and how much payload is
//! still to come.

/// The longest head: two bytes, a length of eight, a key of four.
pub(super) const LONGEST_HEAD: usize = 14;

/// Where one direction stands.
#[derive(Debug, Clone, Default)]
pub struct Frames {
    head: [u8; LONGEST_HEAD],
    /// Bytes of `head` that have come.
    begun: usize,
    /// Bytes of the payload still to come.
    payload: u64,
}

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Whether its message ends with it.
    pub is_last: bool,
    /// What it is.
    pub kind: Kind,
    /// Whether it is masked, as a client's must be.
    pub is_masked: bool,
    /// Bytes of its payload.
    pub length: u64,
}

/// What a frame is, by its opcode. What extensions have negotiated (the bits RSV1 to RSV3) is theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// More of a message.
    Continuation,
    /// The beginning of a message, of text or of bytes.
    Message,
    /// Close, ping or pong.
    Control,
    /// Reserved.
    Unknown,
}

// === impl Frames ===

impl Frames {
    /// Reads on to the end of the next head: the frame, and where it begins in `part`, 0 if it began in an earlier one. None if
    /// the part ends before. `at` is how far the part has been read.
    pub fn next(&mut self, part: &[u8], at: &mut usize) -> Option<(usize, Frame)> {
        let rest = part.len().saturating_sub(*at);
        let payload = usize::try_from(self.payload).unwrap_or(usize::MAX).min(rest);
        self.pass(payload);
        *at += payload;
        let start = if self.begun == 0 { *at } else { 0 };
        for byte in part.get(*at..).unwrap_or_default() {
            if let Some(free) = self.head.get_mut(self.begun) {
                *free = *byte;
            }
            self.begun += 1;
            *at += 1;
            if let Some(frame) = self.frame() {
                (self.begun, self.payload) = (0, frame.length);
                return Some((start, frame));
            }
        }
        None
    }

    /// How many of the bytes that come next are payload, which nobody reads.
    #[must_use]
    pub fn unread(&self) -> u64 {
        self.payload
    }

    /// So many bytes of payload have come.
    pub fn pass(&mut self, payload: usize) {
        self.payload = self.payload.saturating_sub(payload as u64);
    }

    /// The head that has begun.
    #[must_use]
    pub fn begun(&self) -> &[u8] {
        self.head.get(..self.begun).unwrap_or_default()
    }

    /// The frame, once its head is whole.
    fn frame(&self) -> Option<Frame> {
        let [first, second, ..] = self.head;
        let rest = self.begun().get(2..)?;
        let is_masked = second & 0x80 != 0;
        let (length, size) = match second & 0x7f {
            126 => (rest.first_chunk().map(|bytes| u64::from(u16::from_be_bytes(*bytes))), 2),
            127 => (rest.first_chunk().map(|bytes| u64::from_be_bytes(*bytes)), 8),
            short => (Some(u64::from(short)), 0),
        };
        let length = length?;
        let key = if is_masked { 4 } else { 0 };
        (rest.len() == size + key).then_some(Frame {
            is_last: first & 0x80 != 0,
            kind: Kind::of(first & 0x0f),
            is_masked,
            length,
        })
    }
}

// === impl Kind ===

impl Kind {
    fn of(opcode: u8) -> Self {
        match opcode {
            0 => Self::Continuation,
            1 | 2 => Self::Message,
            8..=10 => Self::Control,
            3..=7 | 11.. => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests;
