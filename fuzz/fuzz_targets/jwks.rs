#![no_main]
//! A key set: it is refused, or its keys verify nothing that they have not signed.

use libfuzzer_sys::fuzz_target;
use sekisho::gateway::authorizers::jwt::jwks::KeySet;
use sekisho::gateway::authorizers::signature::{Algorithm, Key, Signatures, Signed};
use sekisho::gateway::authorizers::software::Software;

fuzz_target!(|data: &[u8]| {
    let Ok(keys) = KeySet::parse(data) else { return };
    for algorithm in Algorithm::ALL {
        for key in keys.find("k", algorithm) {
            assert!(keys.holds(&key.der));
            let signed = Signed { algorithm, key: Key::Public(&key.der), text: b"text", signature: &[1; 64] };
            assert_eq!(Software.verify(&signed), Ok(false));
        }
    }
});
