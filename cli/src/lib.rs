//! The `sekisho` command: thin verbs over the gateway's core, and the tools that the demo and the tests need.

pub mod demo;
pub mod process;
pub mod toolchain;
pub mod ui;
