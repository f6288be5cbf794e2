//! Lines of one request: bounded, and none that a client could end.

/// Bytes of a line: of an event of CloudWatch's execution logs.
pub(super) const MOST: usize = 1024;
/// Bytes of all lines of a request.
const MOST_OF_ALL: usize = 32 * 1024;
const TRUNCATED: &[u8] = b" [TRUNCATED]";

/// Lines of one request.
#[derive(Debug)]
pub(super) struct Lines {
    prefix: String,
    bytes: Vec<u8>,
}

// === impl Lines ===

impl Lines {
    pub(super) fn new(request_id: &str) -> Self {
        Self { prefix: ["(", request_id, ") "].concat(), bytes: Vec::new() }
    }

    /// Adds a line, as far as there is room.
    pub(super) fn add(&mut self, text: &str) {
        if self.bytes.len() + MOST > MOST_OF_ALL {
            return;
        }
        if !self.bytes.is_empty() {
            self.bytes.push(b'\n');
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(self.prefix.as_bytes());
        let is_plain = |byte| matches!(byte, b' '..=b'~') && byte != b'\\';
        if self.prefix.len() + text.len() <= MOST - TRUNCATED.len() && text.bytes().all(is_plain) {
            self.bytes.extend_from_slice(text.as_bytes());
            return;
        }
        for char in text.chars() {
            let before = self.bytes.len();
            write(&mut self.bytes, char);
            if self.bytes.len() - start > MOST - TRUNCATED.len() {
                self.bytes.truncate(before);
                self.bytes.extend_from_slice(TRUNCATED);
                return;
            }
        }
    }

    /// The lines; none if there is none.
    pub(super) fn into_bytes(mut self) -> Option<Vec<u8>> {
        if self.bytes.is_empty() {
            return None;
        }
        self.bytes.push(b'\n');
        Some(self.bytes)
    }
}

/// Quotes stay as they are: a line is a text, and bodies are JSON.
fn write(bytes: &mut Vec<u8>, char: char) {
    match char {
        '\\' => bytes.extend_from_slice(b"\\\\"),
        ' '..='~' => bytes.push(u8::try_from(char).unwrap_or_default()),
        _ => {
            for unit in char.encode_utf16(&mut [0; 2]) {
                bytes.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
            }
        }
    }
}
