#![no_main]
//! A token: it is refused, or it has one spelling and all its claims are printed.

use libfuzzer_sys::fuzz_target;
use sekisho::gateway::authorizers::jwt::claims::Bearer;
use sekisho::gateway::authorizers::jwt::token::{Envelope, Token};
use sekisho::gateway::authorizers::signature::Algorithm;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(envelope) = Envelope::parse(text, &Algorithm::ALL) {
        assert!(text.len() <= 16_384);
        assert!(text.starts_with(envelope.signed) && envelope.signed.contains('.'));
        if let Ok(payload) = envelope.payload() {
            assert_eq!(text.bytes().filter(|byte| *byte == b'.').count(), 2);
            assert!(payload.len() < text.len());
        }
    }
    if let Ok(token) = Token::parse(text, &Algorithm::ALL) {
        let bearer = Bearer::new(&token.claims);
        assert_eq!(bearer.claims.len(), token.claims.0.len());
        for (name, _) in &token.claims.0 {
            assert_eq!(token.claims.0.iter().filter(|(other, _)| other == name).count(), 1);
        }
        // Four bytes, such as `1e-9`, are never printed as more than twelve, nor are a thousand as a million.
        let printed: usize = bearer.claims.iter().map(|(_, value)| value.len()).sum();
        assert!(printed <= 16 * text.len(), "{printed} of {}", text.len());
    }
});
