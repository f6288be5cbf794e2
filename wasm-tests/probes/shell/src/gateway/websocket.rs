//! The probe lets what follows an upgrade pass unseen.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    ToBackend,
    ToClient,
}
