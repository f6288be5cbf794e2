//! The `sekisho` command: one module for each verb over the gateway's core.
//!
//! A verb is a module with `pub struct Args` and `pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, Error>`; it is
//! added in [`args`] by a variant and an arm.

pub mod apply;
pub mod args;
pub mod audit;
pub mod completions;
pub mod demo;
pub mod deploy;
pub mod diff;
pub mod error;
pub mod explain;
pub mod hash_key;
pub mod image;
pub mod lambda;
pub mod limits;
pub mod local_ca;
pub mod moto;
pub mod process;
pub mod reference;
pub mod render;
pub mod schema;
pub mod toolchain;
pub mod top;
pub mod ui;
pub mod usage;
pub mod validate;

pub use error::Error;
pub use ui::Ui;
