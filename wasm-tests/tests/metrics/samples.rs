//! What `/stats/prometheus` says, read by the rules of its format.

use std::collections::BTreeMap;
use wasm_tests::Gateway;

/// Labels by their names.
pub type Labels = BTreeMap<String, String>;

/// Samples of the filter's metrics: their names, their labels, and what they are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples(pub BTreeMap<(String, Labels), f64>);

impl Samples {
    /// What a gateway tells now of names that begin so.
    pub async fn of(gateway: &Gateway, prefix: &str) -> Self {
        let page = gateway.admin("/stats/prometheus").await;
        let lines = page.lines().filter(|line| line.starts_with(prefix));
        Self(lines.map(sample).collect())
    }

    /// The sample of a name with exactly these labels.
    pub fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.0.get(&(name.to_owned(), self::labels(labels))).copied()
    }

    /// The sum of a name's samples.
    pub fn sum(&self, name: &str) -> f64 {
        self.0.iter().filter(|((known, _), _)| known == name).map(|(_, value)| value).sum()
    }

    /// Samples of a name that are not 0.
    pub fn counted(&self, name: &str) -> BTreeMap<Labels, f64> {
        let of_name = self.0.iter().filter(|((known, _), value)| known == name && **value != 0.0);
        of_name.map(|((_, labels), value)| (labels.clone(), *value)).collect()
    }
}

pub fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// `name{label="value",…} number`.
fn sample(line: &str) -> ((String, Labels), f64) {
    let (name, rest) = line.split_once('{').unwrap_or_else(|| panic!("{line}"));
    let mut labels = Labels::new();
    let mut rest = rest;
    loop {
        if let Some(value) = rest.strip_prefix("} ") {
            return ((name.to_owned(), labels), value.trim().parse().unwrap_or_else(|_| panic!("{line}")));
        }
        let (label, after) = rest.trim_start_matches(',').split_once("=\"").unwrap();
        let (mut value, mut escaped, mut end) = (String::new(), false, None);
        for (at, character) in after.char_indices() {
            match (escaped, character) {
                (true, 'n') => value.push('\n'),
                (true, other) => value.push(other),
                (false, '\\') => {
                    escaped = true;
                    continue;
                }
                (false, '"') => {
                    end = Some(at + 1);
                    break;
                }
                (false, other) => value.push(other),
            }
            escaped = false;
        }
        labels.insert(label.to_owned(), value);
        rest = end.and_then(|end| after.get(end..)).unwrap_or_else(|| panic!("{line}"));
    }
}
