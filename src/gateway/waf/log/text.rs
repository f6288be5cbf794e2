//! Texts of a log's line.

use std::char::REPLACEMENT_CHARACTER;

/// Writes a text as a JSON string of visible ASCII, of at most so many of its bytes; `...` stands for the rest.
pub fn write(out: &mut Vec<u8>, text: &[u8], most: usize) {
    let cut = text.get(..most).unwrap_or(text);
    out.push(b'"');
    for chunk in cut.utf8_chunks() {
        chunk.valid().chars().for_each(|char| write_char(out, char));
        if !chunk.invalid().is_empty() {
            write_char(out, REPLACEMENT_CHARACTER);
        }
    }
    if cut.len() < text.len() {
        out.extend_from_slice(b"...");
    }
    out.push(b'"');
}

fn write_char(out: &mut Vec<u8>, char: char) {
    match char {
        '"' | '\\' => out.extend_from_slice(&[b'\\', char as u8]),
        ' '..='~' => out.push(char as u8),
        _ => {
            for unit in char.encode_utf16(&mut [0; 2]) {
                out.extend_from_slice(b"\\u");
                let digits = unit.to_be_bytes().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
                out.extend(digits.map(|digit| if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }));
            }
        }
    }
}

/// Writes a list's items with commas between them.
pub fn list<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'[');
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}
