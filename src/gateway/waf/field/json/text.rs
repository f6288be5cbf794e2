//! Strings and words of JSON.

/// A string of a document.
pub struct Text<'b> {
    /// As sent; none if it has escapes, and then it stands without them in the room.
    pub sent: Option<&'b [u8]>,
    /// Bytes that it takes, the closing quote with them.
    pub size: usize,
    /// Whether it is closed.
    pub closed: bool,
    /// Whether it is valid, but for UTF-8.
    pub valid: bool,
}

/// Reads a string, from behind its opening quote.
pub fn read<'b>(body: &'b [u8], room: &mut Vec<u8>) -> Text<'b> {
    let plain = body.iter().position(|byte| matches!(byte, b'"' | b'\\')).unwrap_or(body.len());
    let (sent, behind) = body.split_at_checked(plain).unwrap_or_default();
    let valid = !has_control(sent);
    match behind.first() {
        Some(b'\\') => read_escaped(body, sent, valid, room),
        Some(_) => Text { sent: Some(sent), size: plain + 1, closed: true, valid },
        None => Text { sent: Some(sent), size: plain, closed: false, valid },
    }
}

fn read_escaped<'b>(body: &'b [u8], plain: &[u8], mut valid: bool, room: &mut Vec<u8>) -> Text<'b> {
    room.clear();
    room.extend_from_slice(plain);
    let mut at = plain.len();
    let mut closed = false;
    while let Some(rest) = body.get(at..).filter(|rest| !rest.is_empty()) {
        match rest {
            [b'"', ..] => {
                at += 1;
                closed = true;
                break;
            }
            [b'\\', escape @ ..] => {
                let (size, good) = unescape(escape, room);
                at += 1 + size;
                valid &= good;
            }
            _ => {
                let size = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')).unwrap_or(rest.len());
                let part = rest.get(..size).unwrap_or_default();
                valid &= !has_control(part);
                room.extend_from_slice(part);
                at += size;
            }
        }
    }
    Text { sent: None, size: at, closed, valid }
}

/// Puts down what an escape means: how many bytes of it stand behind the backslash, and whether it is a valid one. Of an
/// invalid one the backslash goes, as forgiving parsers read it.
fn unescape(escape: &[u8], room: &mut Vec<u8>) -> (usize, bool) {
    let Some(kind) = escape.first() else { return (0, false) };
    let meant = match kind {
        b'"' | b'\\' | b'/' => *kind,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => return unescape_unicode(escape, room),
        _ => {
            // What it is, is for the next look to say: it may be the first byte of several.
            return (0, false);
        }
    };
    room.push(meant);
    (1, true)
}

/// The same of `uHHHH`, and of two of them that are one character. Half of such a pair stands for nothing, and is replaced.
fn unescape_unicode(escape: &[u8], room: &mut Vec<u8>) -> (usize, bool) {
    let Some(high) = hex(escape.get(1..5)) else { return (0, false) };
    let low = match escape.get(5..7) {
        Some(b"\\u") => hex(escape.get(7..11)).filter(|low| (0xdc00..0xe000).contains(low)),
        _ => None,
    };
    let (code, size) = match (high, low) {
        (0xd800..0xdc00, Some(low)) => (0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), 11),
        _ => (high, 5),
    };
    let meant = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    room.extend_from_slice(meant.encode_utf8(&mut [0; 4]).as_bytes());
    (size, true)
}

fn hex(digits: Option<&[u8]>) -> Option<u32> {
    digits?.iter().try_fold(0, |code, digit| Some(code << 4 | char::from(*digit).to_digit(16)?))
}

fn has_control(text: &[u8]) -> bool {
    text.iter().any(|byte| *byte < b' ')
}

/// The size of the word with which a text begins: what forgiving parsers take for a value or a key without quotes.
pub fn word(text: &[u8]) -> usize {
    let in_word =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_' | b'$' | 0x80..);
    text.iter().position(|byte| !in_word(byte)).unwrap_or(text.len())
}

/// Whether a word is a value of JSON.
pub fn is_value(word: &[u8]) -> bool {
    matches!(word, b"true" | b"false" | b"null") || is_number(word).is_some()
}

fn is_number(word: &[u8]) -> Option<()> {
    let word = word.strip_prefix(b"-").unwrap_or(word);
    let rest = match word.strip_prefix(b"0") {
        Some(rest) => rest,
        None => digits(word)?,
    };
    let rest = match rest.strip_prefix(b".") {
        Some(fraction) => digits(fraction)?,
        None => rest,
    };
    let rest = match rest {
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => digits(exponent)?,
        _ => rest,
    };
    rest.is_empty().then_some(())
}

/// What stands behind digits, of which there is one at least.
fn digits(text: &[u8]) -> Option<&[u8]> {
    let size = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.get(size..).filter(|_| size > 0)
}
