//! Text transformations: what is done to a part of a request before rules look at it.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-transformation.html>
//!
//! AWS took most of them over from ModSecurity. Where its guide says nothing, they do what libmodsecurity 3 does, but where
//! that would let an attack through; each of these places says so. All of them take any bytes, and time in proportion to them.
//!
//! What comes out is at most three times as long as what goes in for `UTF8_TO_UNICODE`, at most 16 and 32 bytes for the
//! digests, and never longer than what goes in for all others. A body of 64 KB makes 192 KB at most with one `UTF8_TO_UNICODE`.

mod command;
mod comments;
mod digits;
mod encoded;
mod escape;
mod html;
mod path;
mod query;
#[cfg(test)]
mod tests;
mod text;
mod unicode;
mod url;

pub use crate::gateway::config::waf::PreParseTextTransformationType as PreParse;
pub use crate::gateway::config::waf::TextTransformationType as Transformation;
pub use query::pre_parse;
use std::ops::Range;

/// How much room is kept for the next part, of each of the two: what the largest body needs with one `UTF8_TO_UNICODE`.
const KEPT: usize = 256 * 1024;

/// The room in which parts are transformed: kept between requests, so that they need none of their own.
#[derive(Debug, Default)]
pub struct Transformed {
    before: Vec<u8>,
    after: Vec<u8>,
}

/// What a transformation makes of its input.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    /// Nothing: the input stays.
    None,
    /// A part of the input stays.
    Within(Range<usize>),
    /// What is written stands for it.
    Written,
}

// === impl Transformed ===

impl Transformed {
    /// A part after all of these, in order. It is the part itself, or lies in it, as long as nothing in it must change.
    pub fn apply<'t>(&'t mut self, transformations: &[Transformation], part: &'t [u8]) -> &'t [u8] {
        self.give_back();
        let (mut written, mut range) = (false, 0..part.len());
        for transformation in transformations {
            let input = lying(if written { &self.before } else { part }, &range);
            self.after.clear();
            match transform(*transformation, input, &mut self.after) {
                Change::None => {}
                Change::Within(within) => range = range.start + within.start..range.start + within.end,
                Change::Written => {
                    std::mem::swap(&mut self.before, &mut self.after);
                    (written, range) = (true, 0..self.before.len());
                }
            }
        }
        lying(if written { &self.before } else { part }, &range)
    }

    /// One large part shall not hold its room for ever.
    fn give_back(&mut self) {
        for room in [&mut self.before, &mut self.after] {
            if room.capacity() > KEPT {
                *room = Vec::new();
            }
        }
    }
}

fn lying<'a>(bytes: &'a [u8], range: &Range<usize>) -> &'a [u8] {
    bytes.get(range.clone()).unwrap_or_default()
}

/// Writes what it makes of the input behind what is there, which is nothing.
fn transform(transformation: Transformation, input: &[u8], out: &mut Vec<u8>) -> Change {
    match transformation {
        Transformation::None => Change::None,
        Transformation::CompressWhiteSpace => text::compress_white_space(input, out),
        Transformation::HtmlEntityDecode => html::decode(input, out),
        Transformation::Lowercase => text::lowercase(input, out),
        Transformation::Uppercase => text::uppercase(input, out),
        Transformation::CmdLine => command::any(input, out),
        Transformation::CmdLineUnix => command::unix(input, out),
        Transformation::CmdLineWin => command::windows(input, out),
        Transformation::UrlDecode => url::decode(input, out),
        Transformation::UrlDecodeUni => url::decode_uni(input, out),
        Transformation::Base64Decode => encoded::base64(input, out),
        Transformation::Base64DecodeExt => encoded::base64_forgiving(input, out),
        Transformation::HexDecode => encoded::hex(input, out),
        Transformation::SqlHexDecode => encoded::sql_hex(input, out),
        Transformation::Md5 => encoded::md5(input, out),
        Transformation::Sha256 => encoded::sha256(input, out),
        Transformation::ReplaceComments => comments::replace(input, out),
        Transformation::RemoveCommentsChar => comments::remove_marks(input, out),
        Transformation::EscapeSeqDecode => escape::c(input, out),
        Transformation::CssDecode => escape::css(input, out),
        Transformation::JsDecode => escape::js(input, out),
        Transformation::JsDecodeExt => escape::js_numbers(input, out),
        Transformation::NormalizePath => path::normalize(input, out),
        Transformation::NormalizePathWin => path::normalize_windows(input, out),
        Transformation::RemoveNulls => text::remove_nulls(input, out),
        Transformation::ReplaceNulls => text::replace_nulls(input, out),
        Transformation::RemoveWhitespace => text::remove_white_space(input, out),
        Transformation::Trim => text::trim(input),
        Transformation::TrimLeft => text::trim_left(input),
        Transformation::TrimRight => text::trim_right(input),
        Transformation::Utf8ToUnicode => unicode::from_utf8(input, out),
    }
}

/// Copies what stands before the first byte that may have to change. The rest of the input is returned.
fn copy_clean<'a>(input: &'a [u8], clean: usize, out: &mut Vec<u8>) -> &'a [u8] {
    let (clean, rest) = input.split_at_checked(clean).unwrap_or((input, &[]));
    out.reserve(input.len());
    out.extend_from_slice(clean);
    rest
}

/// The first byte of a kind. Looks at 32 together, which compilers turn into wide instructions.
fn find(input: &[u8], is: impl Fn(u8) -> bool) -> Option<usize> {
    let mut chunks = input.chunks(32).enumerate();
    let (i, chunk) = chunks.find(|(_, chunk)| chunk.iter().fold(false, |any, byte| any | is(*byte)))?;
    Some(i * 32 + chunk.iter().position(|byte| is(*byte))?)
}

/// The first byte of a kind, or space that a byte of another kind follows.
fn find_special(input: &[u8], special: &Class, after_space: &Class) -> Option<usize> {
    let is = |byte: u8, next: u8| special.has(byte) | ((byte == b' ') & after_space.has(next));
    let next = input.get(1..)?;
    for (i, (bytes, next)) in input.chunks(32).zip(next.chunks(32)).enumerate() {
        let mut pairs = bytes.iter().zip(next);
        if pairs.clone().fold(false, |any, (byte, next)| any | is(*byte, *next)) {
            return Some(i * 32 + pairs.position(|(byte, next)| is(*byte, *next))?);
        }
    }
    let (last, before) = input.split_last()?;
    special.has(*last).then_some(before.len())
}

/// A kind of bytes, as a table: a look into it costs the same however many they are.
struct Class([bool; 256]);

impl Class {
    /// These, and capital letters if so.
    #[expect(clippy::indexing_slicing, reason = "a byte is less than 256, and only compilers run it")]
    const fn of(mut bytes: &[u8], capitals: bool) -> Self {
        let mut has = [false; 256];
        while let [byte, rest @ ..] = bytes {
            has[*byte as usize] = true;
            bytes = rest;
        }
        let mut capital = b'A';
        while capitals && capital <= b'Z' {
            has[capital as usize] = true;
            capital += 1;
        }
        Self(has)
    }

    fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte)).is_some_and(|has| *has)
    }
}

/// ASCII white space as C has it: with the vertical tab.
const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}
