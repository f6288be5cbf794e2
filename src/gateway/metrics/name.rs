//! Names of statistics that have labels in Prometheus: `sekisho_FAMILY;VALUE;VALUE;METRIC`.
//!
//! Envoy reads the labels out of a name by the expressions of `stats_config`, which `sekisho render` writes, and what they leave
//! over is the name that Prometheus sees: `sekisho_FAMILY_METRIC`. A semicolon parts the values because nothing that names an
//! API, a stage or a route has one: dots, slashes, braces and `$` stand as they are.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What cannot stand in a value as it is: what parts them, what escapes, and bytes that could end a line. Whatever is not ASCII
/// is escaped too.
const ESCAPED: &AsciiSet = &CONTROLS.add(b';').add(b'%');

/// Families of names, and the labels of each: what stands in brackets may be absent, with what follows it.
pub const LABELS: [(&str, &[&str]); 5] = [
    ("api", &["api_id", "stage", "api_name", "method", "resource"]),
    ("canary", &["api_id", "stage", "side"]),
    ("waf", &["web_acl", "rule", "group_rule"]),
    ("refused", &["reason"]),
    ("jwks", &["source"]),
];

/// The name of a statistic.
#[must_use]
pub fn named(family: &str, values: &[impl AsRef<str>], metric: &str) -> String {
    let mut name = format!("sekisho_{family}");
    for value in values {
        name.push(';');
        name.extend(utf8_percent_encode(value.as_ref(), ESCAPED));
    }
    name.push(';');
    name.push_str(metric);
    name
}

/// The expressions that read labels: a label, and a regular expression whose first group is what goes out of the name and whose
/// second is the value. `before` stands before every name.
///
/// Each expression is tried on each statistic of the filter's, when it is first defined: they are anchored, and fail at the first
/// byte of another family's name.
#[must_use]
pub fn expressions(before: &str) -> Vec<(&'static str, String)> {
    let mut labels: Vec<(&str, Vec<(&str, usize)>)> = Vec::new();
    for (family, names) in LABELS {
        for (at, label) in names.iter().enumerate() {
            match labels.iter_mut().find(|(known, _)| known == label) {
                Some((_, places)) => places.push((family, at)),
                None => labels.push((label, vec![(family, at)])),
            }
        }
    }
    let expression = |(label, places): (&'static str, Vec<(&str, usize)>)| {
        // A label stands at one place in every family that has it.
        let at = places.first().map_or(0, |(_, at)| *at);
        let families: Vec<_> = places.iter().map(|(family, _)| *family).collect();
        let family = match families.as_slice() {
            [one] => (*one).to_owned(),
            several => format!("(?:{})", several.join("|")),
        };
        // What follows the last semicolon is no value.
        (label, format!("^{before}sekisho_{family}{}(;([^;]*));", ";[^;]*".repeat(at)))
    };
    labels.into_iter().map(expression).collect()
}

#[cfg(test)]
mod tests {
    use super::{LABELS, expressions, named};

    #[test]
    fn a_value_is_told_as_it_is_and_ends_no_other() {
        let name = named("api", &["a.b", "$default", "Shop; 50%\n", "GET", "/users/{id}"], "count_total");
        assert_eq!(name, "sekisho_api;a.b;$default;Shop%3B 50%25%0A;GET;/users/{id};count_total");
        assert_eq!(named("waf", &["é"], "x"), "sekisho_waf;%C3%A9;x");
    }

    #[test]
    fn a_label_stands_at_one_place() {
        let mut places = std::collections::HashMap::new();
        for (family, labels) in LABELS {
            for (at, label) in labels.iter().enumerate() {
                assert_eq!(*places.entry(*label).or_insert(at), at, "{family} {label}");
            }
        }
        assert_eq!(expressions("").len(), places.len());
    }

    #[test]
    fn expressions_read_what_names_say() {
        let read = |name: &str| {
            let mut left = name.to_owned();
            let mut labels = Vec::new();
            for (label, expression) in expressions("") {
                let Some(found) = regex::Regex::new(&expression).unwrap().captures(name) else { continue };
                left = left.replacen(&found[1], "", 1);
                labels.push((label, found[2].to_owned()));
            }
            (left, labels)
        };
        let label = |name, value: &str| (name, value.to_owned());
        let stage = vec![label("api_id", "shop"), label("stage", "$default"), label("api_name", "Shop")];
        assert_eq!(
            read(&named("api", &["shop", "$default", "Shop"], "4xx_total")),
            ("sekisho_api;4xx_total".to_owned(), stage.clone())
        );
        let route = [stage, vec![label("method", "ANY"), label("resource", "/a.b/{p+}")]].concat();
        assert_eq!(
            read(&named("api", &["shop", "$default", "Shop", "ANY", "/a.b/{p+}"], "4xx_total")),
            ("sekisho_api;4xx_total".to_owned(), route)
        );
        assert_eq!(
            read(&named("waf", &["edge", "common/v1.0"], "blocked_requests_total")),
            (
                "sekisho_waf;blocked_requests_total".to_owned(),
                vec![label("web_acl", "edge"), label("rule", "common/v1.0")]
            )
        );
        assert_eq!(
            read(&named("canary", &["shop", "prod", "stable"], "requests_total")).1,
            [label("api_id", "shop"), label("stage", "prod"), label("side", "stable")]
        );
    }
}
