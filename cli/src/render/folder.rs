//! `sekisho render --dynamic`: the folder that an Envoy watches, written from nothing, and the audit file told.

use super::dynamic::{self, Layout};
use super::lock::Held;
use super::{Args, Plan, Settings, check, discovery, document};
use crate::audit::{Attempt, Outcome, Who};
use crate::{Error, Ui};
use std::process::ExitCode;

/// Writes the folder.
///
/// # Errors
/// The document is refused, a file cannot be written, or nobody could be told.
pub(super) fn write(args: &Args, settings: Settings, layout: &Layout, ui: &Ui) -> Result<ExitCode, Error> {
    let attempt = || Attempt::new(&args.audit, "render", &args.file, layout);
    // What is no gateway's folder yet gets no audit file before there is a good document.
    let known = if layout.settings().is_file() { Some(attempt()?) } else { None };
    let before = layout.digest();
    let (plan, settings) = match plan(args, settings, layout, ui) {
        Ok(plan) => plan,
        Err(error) => {
            if let Some(mut attempt) = known {
                let mut reason = String::new();
                // Writing to a string does not fail.
                let _ = error.reason(&mut reason);
                attempt.end(Outcome::Refused, before.as_deref(), before.as_deref(), Some(&reason))?;
            }
            return Err(error);
        }
    };
    let mut attempt = match known {
        Some(attempt) => attempt,
        None => {
            std::fs::create_dir_all(layout.folder())
                .map_err(|source| super::Error::Write { path: layout.folder().to_owned(), source })?;
            attempt()?
        }
    };
    attempt.offers(&plan.document);
    let before = before.as_deref();
    let held = match Held::take(layout, &Who::here(args.audit.by.clone())) {
        Ok(held) => held,
        Err(error) => {
            attempt.end(Outcome::Refused, before, before, Some(&error.to_string()))?;
            return Err(error.into());
        }
    };
    attempt.start(before)?;
    match dynamic::write(&plan, &settings, held.layout()) {
        Ok(()) => attempt.end(Outcome::Written, before, layout.digest().as_deref(), None)?,
        Err(error) => {
            let reason = error.to_string();
            attempt.end(Outcome::Failed, before, layout.digest().as_deref(), Some(&reason))?;
            return Err(error.into());
        }
    }
    ui.note(&format!("start Envoy with: envoy -c {}", layout.bootstrap().display()));
    Ok(ExitCode::SUCCESS)
}

fn plan(args: &Args, settings: Settings, layout: &Layout, ui: &Ui) -> Result<(Plan, Settings), Error> {
    let issuers = discovery::issuers(args.offline, &settings.ca_file, Some(layout));
    let (plan, warnings) = document::read(&args.file, &issuers)?;
    ui.diagnostics(&warnings);
    let secrets = settings.secrets.clone().or_else(|| Some(layout.secrets()));
    let settings = Settings { secrets, ..settings }.absolute()?;
    check(&plan, &settings)?;
    Ok((plan, settings))
}
