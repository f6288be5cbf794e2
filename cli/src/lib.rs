//! The verbs of the `sekisho` command.

pub mod apply;
pub mod render;
pub mod ui;
