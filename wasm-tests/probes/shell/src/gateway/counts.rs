//! The probe counts nothing; the shell counts for itself.

#[derive(Debug, Default)]
pub struct Counts;

impl Counts {
    pub fn names() -> impl Iterator<Item = &'static str> {
        [].into_iter()
    }

    pub fn drain(&mut self) -> impl Iterator<Item = (&'static str, u64)> {
        [].into_iter()
    }
}
