//! A line of Prometheus' text format 0.0.4, read strictly: <https://prometheus.io/docs/instrumenting/exposition_formats/>.
//!
//! Crates that read the format take a whole page into memory, and pass over what they do not understand. Here a page is read line
//! by line, most of its lines are somebody else's, and a line of ours that is none is told.

use std::borrow::Cow;

/// A sample: its name, its labels as they were written, and what it is.
#[derive(Debug, PartialEq)]
pub(super) struct Sample<'a> {
    pub(super) name: &'a str,
    labels: Vec<(&'a str, Cow<'a, str>)>,
    pub(super) value: f64,
}

// === impl Sample ===

impl<'a> Sample<'a> {
    /// Reads a line. None if it is no sample.
    pub(super) fn read(line: &'a str) -> Option<Self> {
        let end = line.find(['{', ' '])?;
        let (name, rest) = line.split_at_checked(end)?;
        let is_name = |name: &str| {
            let mut bytes = name.bytes();
            bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':'))
                && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'))
        };
        if !is_name(name) {
            return None;
        }
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(rest) => labels(rest)?,
            None => (Vec::new(), rest),
        };
        let mut words = rest.strip_prefix(' ')?.split(' ');
        let value: f64 = words.next()?.parse().ok()?;
        // A time may follow, and nothing else.
        let is_time = words.next().is_none_or(|time| time.parse::<i64>().is_ok());
        (is_time && words.next().is_none()).then_some(Self { name, labels, value })
    }

    /// A label's value; empty if there is none, as Prometheus has it.
    pub(super) fn label(&self, name: &str) -> &str {
        self.labels.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value.as_ref())
    }

    /// What was counted; none of what is no count.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // It is looked at before.
    pub(super) fn count(&self) -> Option<u64> {
        // Beyond that not every number is one.
        (0.0..=9_007_199_254_740_992.0).contains(&self.value).then_some(self.value as u64)
    }
}

/// Labels with their values, and what follows the brace.
#[allow(clippy::type_complexity)]
fn labels(text: &str) -> Option<(Vec<(&str, Cow<'_, str>)>, &str)> {
    let mut labels = Vec::new();
    let mut rest = text;
    loop {
        if let Some(rest) = rest.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, after) = rest.split_once("=\"")?;
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return None;
        }
        let (value, after) = value(after)?;
        labels.push((name, value));
        rest = match after.strip_prefix(',') {
            Some(more) => more,
            None if after.starts_with('}') => after,
            None => return None,
        };
    }
}

/// A value up to its quotation mark, and what follows that.
fn value(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let end = text.find(['"', '\\'])?;
    let (plain, rest) = text.split_at_checked(end)?;
    if let Some(rest) = rest.strip_prefix('"') {
        return Some((Cow::Borrowed(plain), rest));
    }
    let mut value = plain.to_owned();
    let mut characters = rest.chars();
    loop {
        match characters.next()? {
            '"' => return Some((Cow::Owned(value), characters.as_str())),
            '\\' => value.push(match characters.next()? {
                'n' => '\n',
                same @ ('\\' | '"') => same,
                _ => return None,
            }),
            other => value.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Sample;

    #[test]
    fn a_sample_is_read() {
        let line = r#"sekisho_api_count_total{api_id="a",resource="/x{\"y\"}\\,\n"} 40"#;
        let sample = Sample::read(line).unwrap();
        assert_eq!((sample.name, sample.count()), ("sekisho_api_count_total", Some(40)));
        assert_eq!((sample.label("api_id"), sample.label("resource")), ("a", "/x{\"y\"}\\,\n"));
        assert_eq!(sample.label("stage"), "");
        for (line, count) in [
            ("a 1", Some(1)),
            ("a{} 1", Some(1)),
            ("a{b=\"c\",} 1 1395066363000", Some(1)),
            ("a{} 1.5e+3", Some(1500)),
            ("a{} -1", None),
            ("a{} NaN", None),
            ("a{} +Inf", None),
        ] {
            assert_eq!(Sample::read(line).unwrap().count(), count, "{line}");
        }
    }

    #[test]
    fn what_is_no_sample_is_refused() {
        let lines = [
            "",
            "a",
            "a ",
            "1a 1",
            "a{ 1",
            "a{b} 1",
            "a{b=\"c} 1",
            "a{b=\"c\"d=\"e\"} 1",
            "a{b=\"\\x\"} 1",
            "a{b=\"c\"}1",
            "a{} 1 2 3",
            "a{} 1 x",
            "a{} one",
            "<html>",
            "a{é=\"x\"} 1",
        ];
        for line in lines {
            assert_eq!(Sample::read(line), None, "{line}");
        }
    }
}
