//! Bodies that are sent compressed.
//!
//! AWS looks at a body as it is sent, and so sees nothing of a compressed one, while its backend does. What is inflated here is
//! bounded: by what is inspected, and by the number of blocks, because a block costs time however little is in it. Checksums
//! are not checked: whoever sends a wrong one is not believed more than others.
//! <https://www.rfc-editor.org/rfc/rfc1950>, 1951 and 1952.

use crate::gateway::config::CompressedBodies;
use crate::gateway::head::Head;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

/// Blocks of what is inspected. Compressors make one of 16 KB or more, and one at each flush.
const MOST_BLOCKS: usize = 256;

/// Flags of a gzip header: reserved ones, and those of its optional parts.
const RESERVED: u8 = 0xe0;
const HEADER_CHECKSUM: u8 = 0x02;
const EXTRA: u8 = 0x04;
const NAME: u8 = 0x08;
const COMMENT: u8 = 0x10;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// `gzip`, also as `x-gzip`.
    Gzip,
    /// `deflate`, in the frame of zlib that belongs to it.
    Deflate,
}

/// It cannot be told what a body means, or it shall not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

/// What a body means, as far as it is inspected.
#[derive(Debug, PartialEq, Eq)]
pub struct Inflated {
    /// From its beginning.
    pub bytes: Vec<u8>,
    /// Whether there is more of it, or may be.
    pub more: bool,
}

/// The end of what is there, while more is to come.
struct Cut;

/// A body on its way.
struct Input<'b> {
    rest: &'b [u8],
    /// Whether it is all of the body.
    ended: bool,
}

/// How a body has to be inflated before rules look at it; none where they see it as it is sent.
///
/// # Errors
/// If it has a coding that is refused.
pub fn coding(setting: CompressedBodies, head: &Head) -> Result<Option<Coding>, Unreadable> {
    if setting == CompressedBodies::InspectAsSent {
        return Ok(None);
    }
    let mut found = None;
    for (_, value) in head.iter().filter(|(name, _)| is_content_encoding(name)) {
        for coding in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if coding.is_empty() || coding.eq_ignore_ascii_case(b"identity") {
                continue;
            }
            if found.is_some() || setting == CompressedBodies::Refuse {
                return Err(Unreadable);
            }
            found = Some(Coding::of(coding).ok_or(Unreadable)?);
        }
    }
    Ok(found)
}

/// Whether a backend may read it as `content-encoding`: CGI and WSGI take `_` for `-`.
fn is_content_encoding(name: &[u8]) -> bool {
    const NAME: &[u8] = b"content-encoding";
    name.len() == NAME.len()
        && name.iter().zip(NAME).all(|(sent, wanted)| sent == wanted || (*sent == b'_' && *wanted == b'-'))
}

/// Inflates the beginning of a body, of which all is there if `ended`: at most `most` bytes of what it means.
///
/// # Errors
/// If it is not what its coding says, or is made to take time.
pub fn inflate(coding: Coding, body: &[u8], ended: bool, most: usize) -> Result<Inflated, Unreadable> {
    if body.is_empty() && ended {
        return Ok(Inflated { bytes: Vec::new(), more: false });
    }
    let mut input = Input { rest: body, ended };
    // One byte more tells whether it is longer.
    let mut bytes = vec![0; most.saturating_add(1)];
    let (size, more) = match coding {
        Coding::Gzip => gzip(&mut input, &mut bytes)?,
        Coding::Deflate => zlib(&mut input, &mut bytes)?,
    };
    bytes.truncate(size.min(most));
    Ok(Inflated { bytes, more: more || size > most })
}

/// Members, one after the other: how much is written, and whether more may come. Some readers take all of them and some the
/// first, so one alone may have something in it.
fn gzip(input: &mut Input<'_>, out: &mut [u8]) -> Result<(usize, bool), Unreadable> {
    let (mut size, mut blocks) = (0, MOST_BLOCKS);
    for members in 0.. {
        match input.gzip_header() {
            Ok(Ok(())) => {}
            Ok(Err(Cut)) => return Ok((size, true)),
            Err(Unreadable) => return Err(Unreadable),
        }
        let (written, whole) = input.deflated(out.get_mut(size..).unwrap_or_default(), &mut blocks)?;
        if members > 0 && written > 0 {
            return Err(Unreadable);
        }
        size += written;
        // Checksum and size.
        if !whole || size == out.len() || input.skip(8)?.is_err() {
            return Ok((size, true));
        }
        if input.rest.is_empty() {
            return Ok((size, !input.ended));
        }
    }
    Err(Unreadable)
}

/// The same of one stream of zlib, behind which nothing may stand.
fn zlib(input: &mut Input<'_>, out: &mut [u8]) -> Result<(usize, bool), Unreadable> {
    let header = match input.take(2)? {
        Ok([method, flags]) => u16::from_be_bytes([*method, *flags]),
        Ok(_) => return Err(Unreadable),
        Err(Cut) => return Ok((0, true)),
    };
    // Deflate, a window of up to 32 KiB, no dictionary, and a header that checks itself: what has none is raw, and read in
    // several ways.
    if header & 0x0f00 != 0x0800 || header >> 12 > 7 || header & 0x20 != 0 || !header.is_multiple_of(31) {
        return Err(Unreadable);
    }
    let mut blocks = MOST_BLOCKS;
    let (size, whole) = input.deflated(out, &mut blocks)?;
    if !whole || size == out.len() || input.skip(4)?.is_err() {
        return Ok((size, true));
    }
    if input.rest.is_empty() { Ok((size, !input.ended)) } else { Err(Unreadable) }
}

// === impl Coding ===

impl Coding {
    fn of(name: &[u8]) -> Option<Self> {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        match () {
            () if is(b"gzip") || is(b"x-gzip") => Some(Self::Gzip),
            () if is(b"deflate") => Some(Self::Deflate),
            () => None,
        }
    }
}

// === impl Input ===

impl<'b> Input<'b> {
    /// The next bytes; a body that ends before them is none of its coding.
    fn take(&mut self, size: usize) -> Result<Result<&'b [u8], Cut>, Unreadable> {
        match self.rest.split_at_checked(size) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(Ok(taken))
            }
            None if self.ended => Err(Unreadable),
            None => Ok(Err(Cut)),
        }
    }

    fn skip(&mut self, size: usize) -> Result<Result<(), Cut>, Unreadable> {
        Ok(self.take(size)?.map(|_| ()))
    }

    /// A text that ends with NUL.
    fn skip_text(&mut self) -> Result<Result<(), Cut>, Unreadable> {
        self.skip(memchr::memchr(0, self.rest).unwrap_or(self.rest.len()) + 1)
    }

    fn gzip_header(&mut self) -> Result<Result<(), Cut>, Unreadable> {
        let flags = match self.take(10)? {
            Ok([0x1f, 0x8b, 8, flags, ..]) if flags & RESERVED == 0 => *flags,
            Ok(_) => return Err(Unreadable),
            // What is there may say already that it is none.
            Err(Cut) => return Ok(Err(Cut)),
        };
        if flags & EXTRA != 0 {
            let size = match self.take(2)? {
                Ok([low, high]) => u16::from_le_bytes([*low, *high]),
                Ok(_) => return Err(Unreadable),
                Err(Cut) => return Ok(Err(Cut)),
            };
            if self.skip(usize::from(size))?.is_err() {
                return Ok(Err(Cut));
            }
        }
        for text in [NAME, COMMENT] {
            if flags & text != 0 && self.skip_text()?.is_err() {
                return Ok(Err(Cut));
            }
        }
        if flags & HEADER_CHECKSUM != 0 { self.skip(2) } else { Ok(Ok(())) }
    }

    /// Writes a stream of deflate, as far as there is room: how much, and whether that is all of it.
    fn deflated(&mut self, out: &mut [u8], blocks: &mut usize) -> Result<(usize, bool), Unreadable> {
        let more = if self.ended { 0 } else { inflate_flags::TINFL_FLAG_HAS_MORE_INPUT };
        let flags = more
            | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF
            | inflate_flags::TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY;
        let mut state = Box::new(DecompressorOxide::new());
        let mut size = 0;
        loop {
            let (status, read, written) = decompress(&mut state, self.rest, out, size, flags);
            self.rest = self.rest.get(read..).unwrap_or_default();
            size += written;
            match status {
                TINFLStatus::Done => {
                    *blocks = blocks.checked_sub(1).ok_or(Unreadable)?;
                    return Ok((size, true));
                }
                TINFLStatus::BlockBoundary => *blocks = blocks.checked_sub(1).ok_or(Unreadable)?,
                TINFLStatus::HasMoreOutput => return Ok((size, false)),
                TINFLStatus::NeedsMoreInput if !self.ended => return Ok((size, false)),
                TINFLStatus::NeedsMoreInput
                | TINFLStatus::FailedCannotMakeProgress
                | TINFLStatus::BadParam
                | TINFLStatus::Adler32Mismatch
                | TINFLStatus::Failed => return Err(Unreadable),
                // Of kinds that are not known yet nothing good is known.
                _ => return Err(Unreadable),
            }
        }
    }
}

#[cfg(test)]
mod tests;
