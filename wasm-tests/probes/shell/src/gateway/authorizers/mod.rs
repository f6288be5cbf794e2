//! The port by which the shell verifies signatures; the probe asks nobody.

#[path = "../../../../../../src/gateway/authorizers/der.rs"]
#[allow(dead_code)]
pub mod der;
#[path = "../../../../../../src/gateway/authorizers/signature.rs"]
#[allow(dead_code)]
pub mod signature;

/// Nothing is verified by a library here.
pub mod software {
    use super::signature::{Algorithm, CannotVerify, Signatures, Signed};

    pub const ALWAYS: [Algorithm; 0] = [];

    #[derive(Debug)]
    pub struct Software;

    impl Software {
        pub fn verifies(_: Algorithm) -> bool {
            false
        }
    }

    impl Signatures for Software {
        fn verify(&self, _: &Signed<'_>) -> Result<bool, CannotVerify> {
            Err(CannotVerify)
        }
    }
}
