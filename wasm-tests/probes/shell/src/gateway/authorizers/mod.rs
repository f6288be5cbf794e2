//! The port by which the shell verifies signatures; the probe asks nobody.

#[path = "../../../../../../src/gateway/authorizers/der.rs"]
#[allow(dead_code)]
pub mod der;
#[path = "../../../../../../src/gateway/authorizers/signature.rs"]
#[allow(dead_code)]
pub mod signature;
