//! Where in a document an offset is: serde_json tells the position of a problem, and people want its path.

use crate::gateway::diagnostics::{element, member};

/// What stands around an offset.
enum Around {
    /// An object, and the name that was read last in it.
    Object { name: Option<String>, reads_name: bool },
    /// A list, and the index in it.
    List(usize),
}

/// The path at a position that serde_json tells (from 1), and the name that it ends with. The text is JSON.
pub(super) fn place(text: &[u8], line: usize, column: usize) -> (String, String) {
    let mut around = Vec::new();
    let mut rest = upto(text, line, column);
    while let [byte, behind @ ..] = rest {
        rest = behind;
        match (byte, around.last_mut()) {
            (b'{', _) => around.push(Around::Object { name: None, reads_name: true }),
            // The list itself is meant where the text ends at its bracket.
            (b'[', _) if !behind.is_empty() => around.push(Around::List(0)),
            (b'}' | b']', _) => drop(around.pop()),
            (b',', Some(Around::List(index))) => *index += 1,
            (b',', Some(Around::Object { reads_name, .. })) => *reads_name = true,
            (b'"', innermost) => {
                let (string, behind) = string(rest);
                rest = behind;
                if let Some(Around::Object { name, reads_name: reads @ true }) = innermost {
                    *name = Some(string);
                    *reads = false;
                }
            }
            _ => {}
        }
    }
    let (mut path, mut last) = (String::new(), String::new());
    for step in around {
        match step {
            Around::Object { name: Some(name), .. } => {
                path = member(&path, &name);
                last = name;
            }
            Around::Object { name: None, .. } => {}
            Around::List(index) => path = element(&path, index),
        }
    }
    (path, last)
}

/// The text up to and with a position.
fn upto(text: &[u8], line: usize, column: usize) -> &[u8] {
    let before = text.split_inclusive(|byte| *byte == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len);
    let end = before.sum::<usize>().saturating_add(column);
    text.get(..end).unwrap_or(text)
}

/// A string whose first quotation mark has been read, unescaped, and what follows it.
fn string(text: &[u8]) -> (String, &[u8]) {
    let mut end = 0;
    while let Some(byte) = text.get(end).filter(|byte| **byte != b'"') {
        end += if *byte == b'\\' { 2 } else { 1 };
    }
    let (inside, behind) = text.split_at_checked(end).unwrap_or((text, &[]));
    let quoted = [b"\"", inside, b"\""].concat();
    let name =
        serde_json::from_slice(&quoted).unwrap_or_else(|_| String::from_utf8_lossy(inside).into_owned());
    (name, behind.get(1..).unwrap_or_default())
}
