//! What an X.509 certificate (RFC 5280, 4.1) says of itself, as AWS prints it.
//!
//! Envoy's TLS has read and verified these very bytes: this walks to five fields of them. Any form but DER's is refused.

use std::fmt::Write;

/// What is shown of a certificate.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) serial: String,
    pub(super) not_before: String,
    pub(super) not_after: String,
}

const INTEGER: u8 = 0x02;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// `[0]`, constructed.
const VERSION: u8 = 0xa0;

/// Attribute types that have a short name: those of RFC 4514 and of OpenSSL, as the contents of their object identifiers.
const NAMES: [(&[u8], &str); 20] = [
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 4], "SN"),
    (&[0x55, 4, 5], "serialNumber"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "street"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x55, 4, 12], "title"),
    (&[0x55, 4, 13], "description"),
    (&[0x55, 4, 15], "businessCategory"),
    (&[0x55, 4, 17], "postalCode"),
    (&[0x55, 4, 41], "name"),
    (&[0x55, 4, 42], "GN"),
    (&[0x55, 4, 46], "dnQualifier"),
    (&[0x55, 4, 97], "organizationIdentifier"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1], "UID"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25], "DC"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1], "emailAddress"),
];

/// Reads a certificate, all of it.
pub(super) fn parse(certificate: &[u8]) -> Option<Parts> {
    let mut whole = Der(certificate);
    let mut outer = Der(whole.expect(SEQUENCE)?);
    let mut fields = Der(outer.expect(SEQUENCE)?);
    let (mut tag, mut number) = fields.next()?;
    if tag == VERSION {
        (tag, number) = fields.next()?;
    }
    let serial = (tag == INTEGER).then(|| serial(number))??;
    let _algorithm = fields.expect(SEQUENCE)?;
    let issuer = name(fields.expect(SEQUENCE)?)?;
    let mut validity = Der(fields.expect(SEQUENCE)?);
    let (not_before, not_after) = (time(validity.next()?)?, time(validity.next()?)?);
    let subject = name(fields.expect(SEQUENCE)?)?;
    let _key = fields.expect(SEQUENCE)?;
    (whole.0.is_empty() && validity.0.is_empty()).then_some(Parts {
        subject,
        issuer,
        serial,
        not_before,
        not_after,
    })
}

/// A number of up to eight bytes in decimal, a longer one in hexadecimal with colons: as OpenSSL prints them.
fn serial(contents: &[u8]) -> Option<String> {
    let is_negative = *contents.first()? & 0x80 != 0;
    let digits = match contents {
        [0, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    };
    if digits.len() <= 8 && !is_negative {
        return Some(digits.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)).to_string());
    }
    Some(digits.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":"))
}

/// `UTCTime` or `GeneralizedTime` (RFC 5280, 4.1.2.5) as `May  8 12:30:02 2019 GMT`.
fn time((tag, contents): (u8, &[u8])) -> Option<String> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = std::str::from_utf8(contents).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match (tag, text.len()) {
        (0x17, 12) => {
            let year: u32 = text.get(..2)?.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, text.get(2..)?)
        }
        (0x18, 14) => (text.get(..4)?.parse().ok()?, text.get(4..)?),
        _ => return None,
    };
    let two = |at: usize| rest.get(at..at + 2)?.parse::<usize>().ok();
    let month = MONTHS.get(two(0)?.checked_sub(1)?)?;
    let (day, hour, minute, second) = (two(2)?, two(4)?, two(6)?, two(8)?);
    Some(format!("{month} {day:>2} {hour:02}:{minute:02}:{second:02} {year:04} GMT"))
}

/// A distinguished name in its own order (RFC 4514 turns it round; AWS does not).
fn name(contents: &[u8]) -> Option<String> {
    let mut sets = Der(contents);
    let mut text = String::new();
    while !sets.0.is_empty() {
        let mut set = Der(sets.expect(SET)?);
        let mut separator = if text.is_empty() { "" } else { "," };
        while !set.0.is_empty() {
            let mut attribute = Der(set.expect(SEQUENCE)?);
            let kind = attribute.expect(OID)?;
            let encoded = attribute.0;
            let (tag, value) = attribute.next()?;
            if !attribute.0.is_empty() {
                return None;
            }
            text.push_str(separator);
            separator = "+";
            let known = NAMES.iter().find(|(known, _)| *known == kind);
            match known {
                Some((_, short)) => text.push_str(short),
                None => oid(kind, &mut text)?,
            }
            text.push('=');
            match characters(tag, value) {
                Some(value) => escape(&value, &mut text),
                None => {
                    text.push('#');
                    encoded.iter().for_each(|byte| hex(*byte, &mut text));
                }
            }
        }
    }
    Some(text)
}

/// The text of a string type; none for a type that is no text, or for what is none of its texts.
fn characters(tag: u8, value: &[u8]) -> Option<String> {
    match tag {
        // UTF8String
        0x0c => std::str::from_utf8(value).ok().map(str::to_owned),
        // NumericString, PrintableString, IA5String, VisibleString
        0x12 | 0x13 | 0x16 | 0x1a => value.is_ascii().then(|| String::from_utf8_lossy(value).into_owned()),
        // TeletexString: Latin-1, as everybody reads it
        0x14 => Some(value.iter().map(|byte| char::from(*byte)).collect()),
        // BMPString
        0x1e => {
            let (units, rest) = value.as_chunks();
            let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
            rest.is_empty().then(|| char::decode_utf16(units).collect::<Result<_, _>>().ok())?
        }
        _ => None,
    }
}

/// Escapes what would read as another name (RFC 4514, 2.4), and what would end a line.
fn escape(value: &str, text: &mut String) {
    let last = value.chars().count().saturating_sub(1);
    for (i, c) in value.chars().enumerate() {
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', c]),
            ' ' if i == 0 || i == last => text.push_str("\\ "),
            '#' if i == 0 => text.push_str("\\#"),
            c if c.is_control() => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    text.push('\\');
                    hex(byte, text);
                }
            }
            c => text.push(c),
        }
    }
}

/// An object identifier with full stops: `1.2.840.113549`.
fn oid(contents: &[u8], text: &mut String) -> Option<()> {
    let mut arc = 0_u64;
    let mut is_first = true;
    for byte in contents {
        arc = arc.checked_mul(128)? | u64::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            continue;
        }
        // Writing to a string does not fail.
        let _ = if is_first {
            let root = (arc / 40).min(2);
            write!(text, "{root}.{}", arc - root * 40)
        } else {
            write!(text, ".{arc}")
        };
        (arc, is_first) = (0, false);
    }
    let ended = contents.last().is_some_and(|byte| byte & 0x80 == 0);
    ended.then_some(())
}

fn hex(byte: u8, text: &mut String) {
    let _ = write!(text, "{byte:02X}");
}

/// Elements one after another (X.690).
struct Der<'a>(&'a [u8]);

// === impl Der ===

impl<'a> Der<'a> {
    /// The next element's tag and contents.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let [tag, length, rest @ ..] = self.0 else { return None };
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (length, rest) = match length {
            0..=0x7f => (usize::from(*length), rest),
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
                // The shortest form, and no other: a length has one only.
                if *bytes.first()? == 0 || matches!(bytes, [0..0x80]) {
                    return None;
                }
                (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*tag, contents))
    }

    /// The contents of the next element, which has this tag.
    fn expect(&mut self, wanted: u8) -> Option<&'a [u8]> {
        self.next().filter(|(tag, _)| *tag == wanted).map(|(_, contents)| contents)
    }
}
