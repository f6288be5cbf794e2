//! x
use crate::ui::Ui;
/// x
#[derive(Debug, clap::Args)]
pub struct Args {}
/// x
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct Error;
/// x
/// # Errors
/// x
pub fn run(_: &Args, _: &Ui) -> Result<std::process::ExitCode, Error> { Ok(std::process::ExitCode::SUCCESS) }
