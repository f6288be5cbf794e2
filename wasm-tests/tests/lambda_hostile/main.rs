//! Functions that answer as no honest one does, and more of them at once than there is room for.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod lambda;
mod leaving;
mod many;
mod outputs;
mod sizes;
mod world;
