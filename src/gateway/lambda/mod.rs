//! Lambda functions: where they are, how they are invoked, and the parts that their events share.
//!
//! [`function`] names one and finds its endpoint, [`invoke`] asks it and reads what came back, [`event`] writes what authorizers
//! and integrations tell a function of a request, by [`json`] straight into the body of the call.

pub mod event;
pub mod function;
pub mod invoke;
pub mod json;
