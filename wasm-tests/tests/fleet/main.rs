//! Quotas that hold over a fleet, in real Envoys: what is counted, what happens to requests meanwhile, and what happens when
//! nobody answers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod counts;
mod documents;
mod failures;
mod waits;
