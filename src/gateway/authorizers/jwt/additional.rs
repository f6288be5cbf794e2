//! What an issuer's tokens must claim beyond what every token must: `additionalClaims` of REST APIs.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_JwtAdditionalClaim.html>

use super::token::Claims;

/// A claim that is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdditionalClaim {
    /// The claim.
    pub name: String,
    /// Whether it must be there.
    pub required: bool,
    /// What it may be; anything, if this is empty.
    pub expected: Vec<String>,
}

impl AdditionalClaim {
    /// Whether a token's claims are what is expected. A claim that is there is one text, whether it must be there or not: of a
    /// list or a number nobody knows how AWS compares it.
    #[must_use]
    pub fn holds(&self, claims: &Claims) -> bool {
        match (claims.get(&self.name), claims.text(&self.name)) {
            (None, _) => !self.required,
            (Some(_), None) => false,
            (Some(_), Some(text)) => {
                self.expected.is_empty() || self.expected.iter().any(|value| value == text)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AdditionalClaim, Claims};

    #[test]
    fn a_claim_is_absent_or_what_is_expected() {
        let rule = |required, expected: &[&str]| AdditionalClaim {
            name: "tenant".to_owned(),
            required,
            expected: expected.iter().map(|value| (*value).to_owned()).collect(),
        };
        let holds =
            |json: &str, rule: &AdditionalClaim| rule.holds(&serde_json::from_str::<Claims>(json).unwrap());
        for (json, optional, required, one_of_optional, one_of_required) in [
            ("{}", true, false, true, false),
            (r#"{"tenant":"a"}"#, true, true, true, true),
            (r#"{"tenant":"b"}"#, true, true, true, true),
            (r#"{"tenant":"A"}"#, true, true, false, false),
            (r#"{"tenant":""}"#, true, true, false, false),
            (r#"{"tenant":["a"]}"#, false, false, false, false),
            (r#"{"tenant":null}"#, false, false, false, false),
            (r#"{"tenant":1}"#, false, false, false, false),
        ] {
            assert_eq!(holds(json, &rule(false, &[])), optional, "{json}");
            assert_eq!(holds(json, &rule(true, &[])), required, "{json}");
            assert_eq!(holds(json, &rule(false, &["a", "b"])), one_of_optional, "{json}");
            assert_eq!(holds(json, &rule(true, &["a", "b"])), one_of_required, "{json}");
        }
    }
}
