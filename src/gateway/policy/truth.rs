//! Whether a statement applies, as far as it can be known.

/// Smaller of two is *and*, greater is *or*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Truth {
    No,
    /// What would decide it cannot be read: the client's address, or one of two headers.
    Unknown,
    Yes,
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}
