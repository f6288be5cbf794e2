//! The probe has no keys, so nothing is told of them.

use super::Env;

#[allow(dead_code)]
pub struct Told {
    pub name: String,
    pub used: u64,
    pub window: u64,
}

pub fn due(_: &Env<'_>) -> Vec<Told> {
    Vec::new()
}
