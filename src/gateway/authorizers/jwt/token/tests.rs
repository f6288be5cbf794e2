use super::{Claims, Envelope, LONGEST, Token};
use crate::gateway::authorizers::jwt::refusal::Refusal;
use crate::gateway::authorizers::signature::Algorithm;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use sekisho_cases::tokens::token;
use serde_json::json;
use std::sync::LazyLock;

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What was accepted is written in one way only: the parts, encoded again, are the text.
fn again(text: &str) -> Option<()> {
    let envelope = Envelope::parse(text, &Algorithm::ALL).ok()?;
    let payload = envelope.payload().ok()?;
    let (header, _) = text.split_once('.')?;
    let header = URL_SAFE_NO_PAD.decode(header).ok()?;
    let written = format!("{}.{}.{}", encode(header), encode(payload), encode(&envelope.signature));
    assert_eq!(written, text);
    Some(())
}

#[test]
fn a_token_is_taken_apart() {
    let text = token(&json!({ "typ": "at+jwt" }), &json!({ "n": 1 }));
    let taken = Token::parse(&text, &[Algorithm::Rs256]).unwrap();
    assert_eq!(
        (taken.algorithm, taken.kid.as_str(), taken.claims.text("sub")),
        (Algorithm::Rs256, "k1", Some("ann"))
    );
    assert_eq!(format!("{}.{}", taken.signed, encode(&taken.signature)), text);
    assert_eq!(again(&text), Some(()));
}

#[test]
fn the_longest_token_and_one_byte_more() {
    let text = format!("e30.{}.", "A".repeat(LONGEST - 5));
    assert_eq!(text.len(), LONGEST);
    let refusal = |text: &str| Envelope::parse(text, &Algorithm::ALL).unwrap_err();
    assert_eq!(refusal(&text), Refusal::Malformed);
    let header = encode(r#"{"alg":"x"}"#);
    let fits = format!("{header}.{}.", "A".repeat(LONGEST - header.len() - 2));
    assert!(matches!(refusal(&fits), Refusal::SigningMethod(_)), "it is read");
    assert_eq!(refusal(&format!("{fits}A")), Refusal::Malformed, "it is not read");
}

#[test]
fn only_a_shared_secret_needs_no_key_id() {
    for algorithm in Algorithm::ALL {
        let text = format!("{}.e30.", encode(json!({ "alg": algorithm.name() }).to_string()));
        let parsed = Envelope::parse(&text, &[algorithm]).map(|envelope| envelope.kid);
        let expected =
            if algorithm == Algorithm::Hs256 { Ok(String::new()) } else { Err(Refusal::UnknownKey) };
        assert_eq!(parsed, expected, "{algorithm:?}");
    }
}

#[test]
fn an_algorithm_that_is_not_allowed_is_named_only_if_it_is_known() {
    let words = |name: &str| {
        let text = format!("{}.e30.", encode(json!({ "alg": name, "kid": "k" }).to_string()));
        Envelope::parse(&text, &[]).unwrap_err().description()
    };
    assert_eq!(words("HS256"), "signing method HS256 is invalid");
    for algorithm in Algorithm::ALL {
        assert_eq!(words(algorithm.name()), format!("signing method {} is invalid", algorithm.name()));
    }
    assert_eq!(words("<script>"), "the token's signing method is invalid");
}

/// Names at every depth, each twice.
#[test]
fn a_name_stands_once_in_every_object() {
    for json in [r#"{"a":1,"a":1}"#, r#"{"x":{"a":1,"a":1}}"#, r#"{"x":[0,{"y":{"a":[],"\u0061":{}}}]}"#] {
        assert!(serde_json::from_str::<Claims>(json).is_err(), "{json}");
    }
    assert!(serde_json::from_str::<Claims>(r#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}"#).is_ok());
}

#[test]
fn many_members_are_not_compared_with_each_other() {
    let members: Vec<_> = (0..3_000).map(|i| format!("\"{i}\":0")).collect();
    let claims: Claims = serde_json::from_str(&format!("{{{}}}", members.join(","))).unwrap();
    assert_eq!((claims.0.len(), claims.0[2_999].0.as_str()), (3_000, "2999"), "in their order");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_panics_and_what_passes_has_one_spelling(text in ".{0,400}") {
        again(&text);
    }

    #[test]
    fn no_header_and_payload_panic(header in ".{0,80}", payload in ".{0,80}", signature in any::<Vec<u8>>()) {
        let text = format!("{}.{}.{}", encode(header), encode(payload), encode(signature));
        let _ = Token::parse(&text, &Algorithm::ALL);
        again(&text);
    }

    #[test]
    fn a_changed_character_is_refused_or_changes_what_is_signed(at in 0_usize..500, with in "[ -~]") {
        // Signed once for all rounds.
        static GOOD: LazyLock<String> = LazyLock::new(|| token(&json!({}), &json!({})));
        let (good, at) = (GOOD.clone(), at % GOOD.len());
        let mut changed = good.clone();
        changed.replace_range(at..=at, &with);
        prop_assume!(changed != good);
        if let (Ok(good), Ok(changed)) = (Envelope::parse(&good, &Algorithm::ALL), Envelope::parse(&changed, &Algorithm::ALL)) {
            prop_assert!(good.signed != changed.signed || good.signature != changed.signature);
        }
    }
}
