//! What an integration learns of a token's claims: texts, printed as AWS prints them.

use super::token::Claims;
use serde_json::{Number, Value};

/// Who a verified token is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// Every claim as text.
    pub claims: Vec<(String, String)>,
    /// The scopes that the token carries.
    pub scopes: Vec<String>,
}

// === impl Bearer ===

impl Bearer {
    /// Reads a token's claims.
    #[must_use]
    pub fn new(claims: &Claims) -> Self {
        let printed = claims.0.iter().map(|(name, value)| (name.clone(), print(value))).collect();
        Self { claims: printed, scopes: scopes(claims) }
    }

    /// The claim of this name, as text.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&str> {
        self.claims.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether it carries one of these scopes; of none, everybody does.
    #[must_use]
    pub fn has_one_of(&self, scopes: &[String]) -> bool {
        scopes.is_empty() || scopes.iter().any(|scope| self.scopes.contains(scope))
    }
}

/// `scope` is a text with blanks between; `scp` that, or a list (Okta, Entra).
fn scopes(claims: &Claims) -> Vec<String> {
    let split = |text: &str| text.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>();
    ["scope", "scp"]
        .iter()
        .filter_map(|name| claims.get(name))
        .flat_map(|value| match value {
            Value::String(text) => split(text),
            Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
        })
        .collect()
}

/// Texts as they are, numbers in decimal, lists and objects as Go prints them: `[a b]`, `map[k:v]`. A list of one text with a
/// blank and a list of two texts look alike, as they do behind AWS.
fn print(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

/// Appends: lists in lists are not copied once for each level.
fn write(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("<nil>"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => text.push_str(&decimal(number)),
        Value::String(value) => text.push_str(value),
        Value::Array(items) => {
            text.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    text.push(' ');
                }
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            // Go prints the keys of a map in order.
            let mut names: Vec<&str> = members.keys().map(String::as_str).collect();
            names.sort_unstable();
            text.push_str("map[");
            for (i, (name, value)) in
                names.into_iter().filter_map(|name| Some((name, members.get(name)?))).enumerate()
            {
                if i > 0 {
                    text.push(' ');
                }
                text.push_str(name);
                text.push(':');
                write(value, text);
            }
            text.push(']');
        }
    }
}

/// A number in decimal, without a point where it is whole; very small ones with an exponent of two digits, as Go writes them.
fn decimal(number: &Number) -> String {
    let text = number.to_string();
    let (sign, unsigned) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    match unsigned.split_once('e') {
        None => text.strip_suffix(".0").unwrap_or(&text).to_owned(),
        Some((digits, exponent)) => match (exponent.strip_prefix('-'), exponent.parse::<usize>()) {
            (Some(exponent), _) => format!("{sign}{digits}e-{exponent:0>2}"),
            (None, Ok(exponent)) => {
                // Below 2^63 there are at most nineteen digits, and the exponent moves the point behind all of them.
                let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
                format!("{sign}{whole}{fraction:0<exponent$}")
            }
            (None, Err(_)) => text,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Bearer, Claims};
    use proptest::prelude::*;
    use serde_json::Value;

    fn principal(json: &str) -> Bearer {
        Bearer::new(&serde_json::from_str::<Claims>(json).unwrap())
    }

    #[test]
    fn claims_are_printed_as_go_prints_them() {
        let printed = principal(
            r#"{"sub":"u","exp":1787996002,"groups":["Admins","Readers"],"o":{"b":[1,true],"a":"x"},"n":null,"f":1.5}"#,
        );
        for (name, expected) in [
            ("sub", "u"),
            ("exp", "1787996002"),
            ("groups", "[Admins Readers]"),
            ("o", "map[a:x b:[1 true]]"),
            ("n", "<nil>"),
            ("f", "1.5"),
        ] {
            assert_eq!(printed.claim(name), Some(expected), "{name}");
        }
    }

    #[test]
    fn numbers_are_printed_in_decimal_and_keys_in_order() {
        for (json, expected) in [
            ("0", "0"),
            ("-0", "-0"),
            ("-1", "-1"),
            ("1e3", "1000"),
            ("5.0", "5"),
            ("0.1", "0.1"),
            ("1e18", "1000000000000000000"),
            ("18446744073709551615", "18446744073709551615"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("1e-4", "0.0001"),
            ("1e-5", "0.00001"),
            ("-1e-7", "-1e-07"),
            ("1.5e-300", "1.5e-300"),
            (r#"{"a b":1,"a":2,"a:c":3}"#, "map[a:2 a b:1 a:c:3]"),
            (r#"[[],{},"",null]"#, "[[] map[]  <nil>]"),
        ] {
            assert_eq!(principal(&format!(r#"{{"x":{json}}}"#)).claim("x"), Some(expected), "{json}");
        }
        for rounded in
            ["1e21", "9223372036854775809e0", "-9223372036854775809", "1e400", "100000000000000000000"]
        {
            assert!(serde_json::from_str::<Claims>(&format!(r#"{{"x":{rounded}}}"#)).is_err(), "{rounded}");
        }
    }

    /// Any JSON value that a token may hold.
    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_filter_map("finite", |float| {
                serde_json::Number::from_f64(float).filter(|_| float.abs() < 9e18).map(Value::Number)
            }),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..8)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_value_is_printed(value in value()) {
            let claims = Claims(vec![("x".to_owned(), value.clone())]);
            let printed = Bearer::new(&claims);
            prop_assert!(printed.claim("x").is_some());
            // And a token with it is read back as the same value.
            let json = serde_json::json!({ "x": value }).to_string();
            prop_assert_eq!(serde_json::from_str::<Claims>(&json).unwrap(), claims);
        }

        #[test]
        fn texts_and_numbers_are_printed_so_that_no_two_are_alike(text in any::<String>(), whole in any::<i64>(), float in any::<f64>()) {
            let print = |value: Value| Bearer::new(&Claims(vec![("x".to_owned(), value)])).claim("x").unwrap().to_owned();
            prop_assert_eq!(print(Value::from(text.clone())), text);
            prop_assert_eq!(print(Value::from(whole)).parse(), Ok(whole));
            if let Some(number) = serde_json::Number::from_f64(float) {
                let back: f64 = print(Value::Number(number)).parse().unwrap();
                prop_assert_eq!(back.to_bits(), float.to_bits());
            }
        }
    }

    #[test]
    fn scopes_are_read_from_both_claims() {
        let scopes = |json| principal(json).scopes;
        assert_eq!(scopes(r#"{"scope":"a b"}"#), ["a", "b"]);
        assert_eq!(scopes(r#"{"scp":["a","b c"]}"#), ["a", "b c"]);
        assert_eq!(scopes(r#"{"scp":"a b","scope":"c"}"#), ["c", "a", "b"]);
        assert_eq!(scopes(r#"{"scope":1,"scp":{"a":true}}"#), Vec::<String>::new());
    }

    #[test]
    fn one_scope_of_the_route_is_enough_and_no_scope_asks_for_none() {
        let wanted = |scopes: &[&str]| scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>();
        let principal = principal(r#"{"scope":"read write"}"#);
        assert!(principal.has_one_of(&wanted(&["admin", "read"])));
        assert!(!principal.has_one_of(&wanted(&["admin", "rea"])));
        assert!(principal.has_one_of(&[]));
    }
}
