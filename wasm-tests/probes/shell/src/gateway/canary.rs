//! The probe has no canaries; the shell asks for what they count.

#[path = "../../../../../src/gateway/canary/counts.rs"]
#[allow(dead_code)]
pub mod counts;
