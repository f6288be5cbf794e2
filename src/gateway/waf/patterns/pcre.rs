//! Regular expressions as AWS WAF reads them, put into words of `regex-syntax`.
//!
//! AWS's are those of PCRE over bytes, without what needs more than one pass: look-around, back-references, atomic groups
//! and possessive quantifiers are refused by their names. Some signs mean something else in the one than in the other
//! (`$`, `\Z`, `\h`, `\<`, `[[a]`, `[a&&b]`, `{`), so every sign is read here and written anew.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-regex-pattern-support.html>

use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;
use std::fmt::Write as _;

/// AWS's limit.
const LONGEST: usize = 512;

/// How deep groups may stand in each other: each level is a frame of the stack when the automaton is made.
const DEEPEST: u32 = 64;

/// PCRE's `$`, `\Z`: also before a newline that ends the text.
const END: &str = r"(?:\z|\n\z)";

/// As [`END`]; with `(?m)` at the end of each line.
const LINE_END: &str = r"(?:$|\n\z)";

/// Reads an expression.
///
/// # Errors
/// What cannot be read of it, or is not supported, in words.
pub fn read(expression: &str) -> Result<Hir, String> {
    let length = expression.chars().count();
    if length > LONGEST {
        return Err(format!("it has {length} characters, and {LONGEST} are the most"));
    }
    let mut reader = Reader { text: expression.as_bytes(), at: 0, out: String::new() };
    reader.expression()?;
    let mut parser = ParserBuilder::new().unicode(false).utf8(false).nest_limit(DEEPEST).build();
    parser.parse(&reader.out).map_err(|error| in_words(&error))
}

/// What is wrong, without the place: that is one of what was written here.
fn in_words(error: &regex_syntax::Error) -> String {
    match error {
        regex_syntax::Error::Parse(error) => error.kind().to_string(),
        regex_syntax::Error::Translate(error) => error.kind().to_string(),
        _ => "it cannot be read".to_owned(),
    }
}

/// Reads one sign after the other.
struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    out: String,
}

/// What stands for one byte, or is a set of bytes of its own.
enum Item {
    /// One byte.
    Byte(u8),
    /// This, as `regex-syntax` writes it inside and outside of brackets.
    Set(String),
}

fn refused<T>(what: &str) -> Result<T, String> {
    Err(format!("{what} not supported"))
}

// === impl Reader ===

impl Reader<'_> {
    fn expression(&mut self) -> Result<(), String> {
        while let Some(byte) = self.next() {
            match byte {
                b'\\' => self.escape()?,
                b'[' => self.class()?,
                b'(' => self.group()?,
                b'$' => self.out.push_str(LINE_END),
                b'*' | b'+' | b'?' => {
                    self.out.push(char::from(byte));
                    self.quantified()?;
                }
                b'{' => self.counted()?,
                b'^' | b'.' | b'|' | b')' => self.out.push(char::from(byte)),
                other => self.literal(other),
            }
        }
        Ok(())
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek(0);
        self.at += usize::from(byte.is_some());
        byte
    }

    fn skip(&mut self, wanted: u8) -> bool {
        let there = self.peek(0) == Some(wanted);
        self.at += usize::from(there);
        there
    }

    /// As many digits as there are, at most so many, as a number.
    fn digits(&mut self, radix: u32, most: usize) -> Option<u32> {
        let mut value = None;
        for _ in 0..most {
            let Some(digit) = self.peek(0).and_then(|byte| char::from(byte).to_digit(radix)) else { break };
            value = Some(value.unwrap_or(0) * radix + digit);
            self.at += 1;
        }
        value
    }

    fn literal(&mut self, byte: u8) {
        if byte.is_ascii_alphanumeric() {
            self.out.push(char::from(byte));
        } else {
            let _ = write!(self.out, r"\x{byte:02X}");
        }
    }

    /// Behind a quantifier.
    fn quantified(&mut self) -> Result<(), String> {
        if self.skip(b'+') {
            return refused("possessive quantifiers (`*+`, `++`, `?+`, `}+`) are");
        }
        if self.skip(b'?') {
            self.out.push('?');
        }
        Ok(())
    }

    /// Behind `{`: how often, or a brace.
    fn counted(&mut self) -> Result<(), String> {
        let begin = self.at;
        let least = self.digits(10, 6);
        let comma = self.skip(b',');
        let most = if comma { self.digits(10, 6) } else { None };
        let Some(least) = least.filter(|_| self.skip(b'}')) else {
            self.at = begin;
            self.literal(b'{');
            return Ok(());
        };
        let _ = match (comma, most) {
            (false, _) => write!(self.out, "{{{least}}}"),
            (true, None) => write!(self.out, "{{{least},}}"),
            (true, Some(most)) => write!(self.out, "{{{least},{most}}}"),
        };
        self.quantified()
    }

    /// Behind `(`.
    fn group(&mut self) -> Result<(), String> {
        if self.peek(0) == Some(b'*') {
            return refused("control verbs (`(*...)`) are");
        }
        if !self.skip(b'?') {
            self.out.push_str("(?:");
            return Ok(());
        }
        let named = |ahead| matches!(ahead, Some(b'A'..=b'Z' | b'a'..=b'z' | b'_'));
        match (self.peek(0), self.peek(1)) {
            (Some(b'=' | b'!'), _) | (Some(b'<'), Some(b'=' | b'!')) => refused("look-around is"),
            (Some(b'>'), _) => refused("atomic groups (`(?>...)`) are"),
            (Some(b'|'), _) => refused("groups that reset branches (`(?|...)`) are"),
            (Some(b'('), _) => refused("conditions (`(?(...)...)`) are"),
            (Some(b'C'), _) => refused("callouts (`(?C)`) are"),
            (Some(b'R' | b'&' | b'+' | b'0'..=b'9'), _)
            | (Some(b'-'), Some(b'0'..=b'9'))
            | (Some(b'P'), Some(b'>')) => refused("recursion (`(?R)`, `(?1)`, `(?&...)`, `(?P>...)`) is"),
            (Some(b'P'), Some(b'=')) => refused("back-references are"),
            (Some(b'#'), _) => {
                while self.next().is_some_and(|byte| byte != b')') {}
                Ok(())
            }
            (Some(b'<'), next) if named(next) => self.named(1, b'>'),
            (Some(b'\''), next) if named(next) => self.named(1, b'\''),
            (Some(b'P'), Some(b'<')) => self.named(2, b'>'),
            _ => self.flags(),
        }
    }

    /// A group with a name is a group: there is nothing that could refer to it.
    fn named(&mut self, sign: usize, end: u8) -> Result<(), String> {
        self.at += sign;
        while let Some(byte) = self.next() {
            if byte == end {
                self.out.push_str("(?:");
                return Ok(());
            }
            if !byte.is_ascii_alphanumeric() && byte != b'_' {
                break;
            }
        }
        Err("the name of a group does not end".to_owned())
    }

    fn flags(&mut self) -> Result<(), String> {
        self.out.push_str("(?");
        while let Some(byte) = self.next() {
            match byte {
                b'i' | b'm' | b's' | b'U' | b'-' => self.out.push(char::from(byte)),
                b':' | b')' => {
                    self.out.push(char::from(byte));
                    return Ok(());
                }
                other => return refused(&format!("the flag `{}` is", other.escape_ascii())),
            }
        }
        Err("a group does not end".to_owned())
    }

    /// Behind `\`, outside of brackets.
    fn escape(&mut self) -> Result<(), String> {
        match self.peek(0) {
            Some(b'b' | b'B' | b'A' | b'z') => {
                self.out.push('\\');
                let sign = self.next().map(char::from);
                self.out.extend(sign);
                // Else it would be one of `regex-syntax`'s own, as `\b{start}`.
                if self.peek(0) == Some(b'{') {
                    return Err("there is nothing to repeat before `{`".to_owned());
                }
            }
            Some(b'Z') => {
                self.at += 1;
                self.out.push_str(END);
            }
            Some(b'Q') => {
                self.at += 1;
                self.quoted();
            }
            Some(b'E') => self.at += 1,
            Some(b'N') if self.peek(1) != Some(b'{') => {
                self.at += 1;
                self.out.push_str(r"[^\n]");
            }
            Some(b'1'..=b'9' | b'g' | b'k') => return refused("back-references are"),
            _ => match self.escaped()? {
                Item::Byte(byte) => self.literal(byte),
                Item::Set(set) => self.out.push_str(&set),
            },
        }
        Ok(())
    }

    /// Behind `\Q`: all is text until `\E`.
    fn quoted(&mut self) {
        while let Some(byte) = self.next() {
            if byte == b'\\' && self.skip(b'E') {
                return;
            }
            self.literal(byte);
        }
    }

    /// Behind `\`: what means the same inside and outside of brackets.
    fn escaped(&mut self) -> Result<Item, String> {
        let byte = self.next().ok_or("it ends with `\\`")?;
        let set = |set: &str| Ok(Item::Set(set.to_owned()));
        Ok(Item::Byte(match byte {
            b'd' | b'D' | b'w' | b'W' | b's' | b'S' => return set(&format!("\\{}", char::from(byte))),
            b'h' => return set(r"[\t \xA0]"),
            b'H' => return set(r"[^\t \xA0]"),
            b'v' => return set(r"[\n\x0B\x0C\r\x85]"),
            b'V' => return set(r"[^\n\x0B\x0C\r\x85]"),
            b'a' => 0x07,
            b'e' => 0x1B,
            b'f' => 0x0C,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'0' => {
                let value = self.digits(8, 2).unwrap_or(0);
                u8::try_from(value).unwrap_or(0)
            }
            b'c' => match self.next() {
                Some(sign @ b' '..=b'~') => sign.to_ascii_uppercase() ^ 0x40,
                _ => return Err("`\\c` has no sign behind it".to_owned()),
            },
            b'x' => self.hexadecimal()?,
            b'K' => return refused("`\\K` is"),
            b'R' => return refused("`\\R` is"),
            b'C' => return refused("`\\C` is"),
            b'G' => return refused("`\\G` is"),
            b'X' | b'p' | b'P' | b'N' => return refused("properties of Unicode are"),
            other if other.is_ascii_alphanumeric() => {
                return refused(&format!("`\\{}` is", char::from(other)));
            }
            other => other,
        }))
    }

    /// Behind `\x`.
    fn hexadecimal(&mut self) -> Result<u8, String> {
        let value = if self.skip(b'{') {
            let value = self.digits(16, 6);
            if !self.skip(b'}') {
                return Err("`\\x{` does not end".to_owned());
            }
            value
        } else {
            self.digits(16, 2)
        };
        u8::try_from(value.unwrap_or(0)).map_err(|_| "`\\x{...}` is above FF, and texts are bytes".to_owned())
    }

    /// Behind `[`.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.skip(b'^') {
            self.out.push('^');
        }
        let first = self.at;
        loop {
            if self.at > first && self.skip(b']') {
                self.out.push(']');
                return Ok(());
            }
            match self.member()? {
                Item::Set(set) => self.out.push_str(&set),
                Item::Byte(low) => self.range(low)?,
            }
        }
    }

    /// A byte in brackets, and what it is a range with.
    fn range(&mut self, low: u8) -> Result<(), String> {
        let _ = write!(self.out, r"\x{low:02X}");
        if self.peek(0) != Some(b'-') || matches!(self.peek(1), None | Some(b']')) {
            return Ok(());
        }
        self.at += 1;
        match self.member()? {
            Item::Byte(high) => {
                let _ = write!(self.out, r"-\x{high:02X}");
            }
            // As PCRE has it: no range, but a hyphen.
            Item::Set(set) => {
                let _ = write!(self.out, r"\x2D{set}");
            }
        }
        Ok(())
    }

    /// One member of what stands in brackets.
    fn member(&mut self) -> Result<Item, String> {
        match self.next() {
            None => Err("`[` has no `]`".to_owned()),
            Some(b'[') if self.peek(0) == Some(b':') => Ok(self.posix().unwrap_or(Item::Byte(b'['))),
            Some(b'\\') => match self.peek(0) {
                Some(b'b') => {
                    self.at += 1;
                    Ok(Item::Byte(0x08))
                }
                Some(b'1'..=b'7') => {
                    let value = self.digits(8, 3).unwrap_or(0);
                    u8::try_from(value).map(Item::Byte).map_err(|_| "a byte is above `\\377`".to_owned())
                }
                _ => self.escaped(),
            },
            Some(byte) => Ok(Item::Byte(byte)),
        }
    }

    /// `[:alpha:]` and its like, behind the bracket; a bracket and a colon if it does not end so.
    fn posix(&mut self) -> Option<Item> {
        let rest = self.text.get(self.at + 1..)?;
        let end = rest.iter().position(|byte| !byte.is_ascii_lowercase() && *byte != b'^')?;
        let name = rest.get(..end)?;
        rest.get(end..)?.starts_with(b":]").then_some(())?;
        self.at += 1 + end + 2;
        Some(Item::Set(format!("[:{}:]", std::str::from_utf8(name).ok()?)))
    }
}
