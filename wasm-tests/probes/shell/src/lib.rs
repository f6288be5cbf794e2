//! The product's shell, from the very same source, over a core that does what the request's path says.
//!
//! The product's core takes most of these turns only behind features of its own; here each can be asked for alone.

#[path = "../../../../src/filter/mod.rs"]
mod filter;
mod gateway;
