//! What gives an injection away, for logs: the tokens that libinjection tells it by.

use super::without_long_words;
use libinjectionrs::xss::{Html5Flags, Html5State, TokenType};
use libinjectionrs::{SqliFlags, SqliState, XssDetector};

/// Bytes of a token that are shown. libinjection keeps 31 of one of SQL.
const SHOWN: usize = 32;

/// Where libinjection reads HTML, in its order.
const PLACES: [Html5Flags; 5] = [
    Html5Flags::DataState,
    Html5Flags::ValueNoQuote,
    Html5Flags::ValueSingleQuote,
    Html5Flags::ValueDoubleQuote,
    Html5Flags::ValueBackQuote,
];

/// A token of HTML, and where it ends.
struct Token<'a> {
    kind: TokenType,
    text: &'a [u8],
    end: usize,
}

/// The first tokens of what was told to be SQL: five at most.
#[must_use]
pub fn of_sql(part: &[u8]) -> Vec<Vec<u8>> {
    let part = without_long_words(part);
    let mut state = SqliState::new(&part, SqliFlags::FLAG_NONE);
    // What is SQL in another reading alone is shown as this one reads it.
    let _ = state.detect();
    let count = state.fingerprint.iter().take_while(|kind| **kind != 0).count();
    let text =
        |token: &libinjectionrs::sqli::Token| token.val.get(..token.len.min(SHOWN)).map(<[u8]>::to_vec);
    state.tokens.iter().take(count).filter_map(text).collect()
}

/// The tag, attribute or comment that was told to be a script.
#[must_use]
pub fn of_script(part: &[u8]) -> Vec<Vec<u8>> {
    let place = PLACES.into_iter().find(|place| XssDetector::is_xss(part, *place));
    place.map(|place| in_place(part, place)).unwrap_or_default()
}

fn in_place(part: &[u8], place: Html5Flags) -> Vec<Vec<u8>> {
    let (mut state, mut tokens) = (Html5State::new(part, place), Vec::new());
    while state.next() {
        let text = state.token_start.get(..state.token_len).unwrap_or_default();
        tokens.push(Token { kind: state.token_type, text, end: state.position().min(part.len()) });
    }
    // The first token with which it is one, found in as many readings as the number of tokens has digits.
    let is_clean = |token: &Token<'_>| !XssDetector::is_xss(part.get(..token.end).unwrap_or(part), place);
    let at = tokens.partition_point(is_clean);
    let shown = |token: &Token<'_>| token.text.get(..SHOWN).unwrap_or(token.text).to_vec();
    let before = at.checked_sub(1).and_then(|at| tokens.get(at));
    match (before, tokens.get(at)) {
        (_, None) => Vec::new(),
        (_, Some(token)) if token.kind == TokenType::TagNameOpen => vec![b"<".to_vec(), shown(token)],
        (Some(name), Some(token)) if token.kind == TokenType::AttrValue => {
            vec![shown(name), b"=".to_vec(), shown(token)]
        }
        (_, Some(token)) => vec![shown(token)],
    }
}

#[cfg(test)]
mod tests {
    use super::{of_script, of_sql};
    use crate::gateway::config::waf::SensitivityLevel;
    use crate::gateway::waf::injection::{is_sqli, is_xss};
    use proptest::prelude::*;

    fn told(tokens: &[Vec<u8>]) -> Vec<String> {
        tokens.iter().map(|token| String::from_utf8_lossy(token).into_owned()).collect()
    }

    #[test]
    fn tokens_are_those_of_awss_examples() {
        assert_eq!(told(&of_sql(b"10 AND 1=1")), ["10", "AND", "1"]);
        assert_eq!(told(&of_script(b"<frameset onload=alert(1)>")), ["<", "frameset"]);
    }

    #[test]
    fn what_gives_a_script_away() {
        for (part, tokens) in [
            (&b"<p>hello</p><b>x</b><script>alert(1)</script><p>"[..], &["<", "script"][..]),
            (b"<img src=x onerror=alert(1)>", &["onerror", "=", "alert(1)"]),
            (b"x\" onmouseover=\"alert(1)", &["onmouseover", "=", "alert(1)"]),
            (b"<a href=\"javascript:alert(1)\">", &["href", "=", "javascript:alert(1)"]),
            (b"<!--[if IE]>", &["[if IE]>"]),
        ] {
            assert!(is_xss(part), "{part:?}");
            assert_eq!(told(&of_script(part)), tokens, "{}", part.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn tokens_are_few_and_short(part in prop::collection::vec(any::<u8>(), 0..300)) {
            let (sql, script) = (of_sql(&part), of_script(&part));
            prop_assert!(sql.len() <= 8 && script.len() <= 3);
            prop_assert!(sql.iter().chain(&script).all(|token| token.len() <= 32));
        }

        #[test]
        fn what_is_sql_has_tokens(before in "[a-z0-9' ]{0,20}", behind in "[a-z0-9'= -]{0,20}") {
            let part = format!("{before}' or 1=1 {behind}").into_bytes();
            if is_sqli(&part, SensitivityLevel::Low) {
                prop_assert!(!of_sql(&part).is_empty());
            }
        }
    }
}
