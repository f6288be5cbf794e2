use super::{check_length, hash, hash_plain_keys};
use sekisho::gateway::config;

#[test]
fn a_hash_is_sha256_in_hexadecimal() {
    assert_eq!(hash("abc"), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[test]
fn lengths_are_aws_s_in_characters() {
    assert!(check_length(&"x".repeat(19)).is_err());
    assert!(check_length(&"ü".repeat(20)).is_ok());
    assert!(check_length(&"ü".repeat(128)).is_ok());
    assert!(check_length(&"x".repeat(129)).is_err());
}

#[test]
fn plain_keys_are_hashed_and_short_ones_refused() {
    let key = "0123456789abcdefghij";
    let text = format!(
        r#"{{"apiKeys": [{{"id": "a", "value": "{key}"}}, {{"id": "b", "value": "sha256:00"}}, {{"id": "c"}}]}}"#
    );
    let mut config = config::load(text.as_bytes()).unwrap();
    hash_plain_keys(&mut config).unwrap();
    let values: Vec<_> = config.api_keys.iter().map(|key| key.value.as_deref()).collect();
    assert_eq!(values, [Some(hash(key).as_str()), Some("sha256:00"), None]);

    let mut config = config::load(br#"{"apiKeys": [{"id": "a", "value": "short"}]}"#).unwrap();
    let refused = hash_plain_keys(&mut config).unwrap_err();
    assert_eq!(refused.0[0].path, "apiKeys[0].value");
    assert!(!refused.to_string().contains("short"), "a key is never repeated");
}
