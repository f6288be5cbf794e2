//! What is done to the query string before its arguments are told apart.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-preparse-transformation.html>

use super::{Change, PreParse, copy_clean, url};
use memchr::memchr;
use std::borrow::Cow;
use std::collections::HashMap;

/// A query string after all of these, in order. It never becomes longer.
#[must_use]
pub fn pre_parse<'q>(steps: &[PreParse], query: &'q [u8]) -> Cow<'q, [u8]> {
    let mut query = Cow::Borrowed(query);
    for step in steps {
        let mut out = Vec::new();
        let change = match step {
            PreParse::None => Change::None,
            PreParse::UrlDecode => url::decode(&query, &mut out),
            PreParse::UrlDecodeUni => url::decode_uni(&query, &mut out),
            PreParse::CombineDuplicateQueryArgsByComma => combine(&query, &mut out),
            PreParse::ReplaceSemicolonsWithAmpersands => semicolons(&query, &mut out),
        };
        match change {
            Change::Written => query = Cow::Owned(out),
            Change::None | Change::Within(_) => {}
        }
    }
    query
}

/// `;` becomes `&`.
fn semicolons(query: &[u8], out: &mut Vec<u8>) -> Change {
    let Some(clean) = memchr(b';', query) else { return Change::None };
    let rest = copy_clean(query, clean, out);
    out.extend(rest.iter().map(|byte| if *byte == b';' { b'&' } else { *byte }));
    Change::Written
}

/// An argument, and the one of the same name behind it.
struct Argument<'q> {
    text: &'q [u8],
    first: bool,
    next: Option<usize>,
}

/// The values of arguments of one name stand behind the first of them, with `,` between. Names are the same if their bytes are.
fn combine(query: &[u8], out: &mut Vec<u8>) -> Change {
    if memchr(b'&', query).is_none() {
        return Change::None;
    }
    let mut arguments: Vec<Argument<'_>> = Vec::new();
    let mut last_of: HashMap<&[u8], usize> = HashMap::new();
    let mut combined = false;
    for (i, text) in query.split(|byte| *byte == b'&').enumerate() {
        // Between two `&` there is no argument.
        let before = if text.is_empty() { None } else { last_of.insert(parts(text).0, i) };
        if let Some(before) = before.and_then(|before| arguments.get_mut(before)) {
            before.next = Some(i);
            combined = true;
        }
        arguments.push(Argument { text, first: before.is_none(), next: None });
    }
    if !combined {
        return Change::None;
    }
    out.reserve(query.len());
    for (i, argument) in arguments.iter().enumerate().filter(|(_, argument)| argument.first) {
        if i > 0 {
            out.push(b'&');
        }
        write(argument, &arguments, out);
    }
    Change::Written
}

/// An argument, and the values of those of its name.
fn write(argument: &Argument<'_>, arguments: &[Argument<'_>], out: &mut Vec<u8>) {
    out.extend_from_slice(argument.text);
    let mut next = argument.next;
    if next.is_some() && memchr(b'=', argument.text).is_none() {
        out.push(b'=');
    }
    while let Some(argument) = next.and_then(|next| arguments.get(next)) {
        out.push(b',');
        out.extend_from_slice(parts(argument.text).1);
        next = argument.next;
    }
}

/// The name and the value of an argument.
fn parts(argument: &[u8]) -> (&[u8], &[u8]) {
    let (name, value) =
        memchr(b'=', argument).and_then(|at| argument.split_at_checked(at)).unwrap_or((argument, b""));
    (name, value.get(1..).unwrap_or_default())
}
