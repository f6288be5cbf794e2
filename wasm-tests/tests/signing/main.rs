//! Calls to AWS, as they arrive there: botocore signs each again and must come to the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod aws;
mod environment;
mod roles;
