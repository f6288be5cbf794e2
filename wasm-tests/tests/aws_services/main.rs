//! Routes that are answered by services of AWS, in a real Envoy: moto plays the services, boto3 reads back what arrived, and
//! botocore judges the form of what was sent.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod aws;
mod configuration;
mod events;
mod failures;
mod objects;
mod signed;
mod sqs;
mod states;
mod tables;
mod topics;
mod wire;
mod world;
