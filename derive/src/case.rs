//! Spellings of names: those of serde's `rename_all` that the document uses.

/// A field's name, `snake_case` in Rust.
pub fn member(case: &str, ident: &str) -> Option<String> {
    spell(case, &ident.split('_').map(str::to_owned).collect::<Vec<_>>())
}

/// A variant's name, `PascalCase` in Rust.
pub fn variant(case: &str, ident: &str) -> Option<String> {
    let mut words: Vec<String> = Vec::new();
    for letter in ident.chars() {
        match words.last_mut() {
            Some(word) if !letter.is_uppercase() => word.push(letter),
            _ => words.push(letter.to_lowercase().collect()),
        }
    }
    spell(case, &words)
}

/// A word with a capital in front.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Words in a spelling; none if it is not one of these.
fn spell(case: &str, words: &[String]) -> Option<String> {
    Some(match case {
        "camelCase" => {
            words.iter().take(1).cloned().chain(words.iter().skip(1).map(|word| capital(word))).collect()
        }
        "PascalCase" => words.iter().map(|word| capital(word)).collect(),
        "SCREAMING_SNAKE_CASE" => words.join("_").to_uppercase(),
        "kebab-case" => words.join("-"),
        "lowercase" => words.concat().to_lowercase(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{member, variant};

    #[test]
    fn names_are_spelt_as_serde_spells_them() {
        assert_eq!(
            member("camelCase", "authorizer_result_ttl_in_seconds").as_deref(),
            Some("authorizerResultTtlInSeconds")
        );
        assert_eq!(member("PascalCase", "and_statement").as_deref(), Some("AndStatement"));
        assert_eq!(member("camelCase", "name").as_deref(), Some("name"));
        assert_eq!(variant("SCREAMING_SNAKE_CASE", "ApiMappingOnly").as_deref(), Some("API_MAPPING_ONLY"));
        assert_eq!(variant("SCREAMING_SNAKE_CASE", "AwsProxy").as_deref(), Some("AWS_PROXY"));
        assert_eq!(variant("kebab-case", "ConnectFailure").as_deref(), Some("connect-failure"));
        assert_eq!(variant("lowercase", "Deny").as_deref(), Some("deny"));
        assert_eq!(member("Train-Case", "name"), None);
    }
}
