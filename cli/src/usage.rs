//! `sekisho usage`: how often keys were used, and what is left to them, as a running Envoy counts.
//!
//! The filter tells Envoy's statistics of each key that was used ([`sekisho::gateway::usage`]); limits, windows and names are the
//! document's. AWS's `get-usage` is the model: <https://docs.aws.amazon.com/cli/latest/reference/apigateway/get-usage.html>

use crate::apply::admin::Admin;
use crate::explain::now;
use crate::render::settings::address;
use crate::{Error, Ui, validate};
use sekisho::gateway::Millis;
use sekisho::gateway::config::{Config, QuotaScope};
use sekisho::gateway::diagnostics::similar;
use sekisho::gateway::usage::MOST_KEYS;
use sekisho::gateway::usage_plans::UsagePlan;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::ExitCode;

mod report;
mod told;

use report::{Plan, Row};
use told::Told;

/// Shows how often the keys of usage plans were used, and what is left to them.
///
/// The running Envoy is asked for its counts; limits and windows are read from the document, which should be the one that it
/// serves. A key that was not used since Envoy started is not listed: nothing of its quota is used. Counts come with the next
/// tick of the filter, half a second after a request; with thousands of keys in use at once it takes some seconds.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The gateway document; `-` is stdin.
    file: String,
    /// Envoy's admin interface.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9901", value_parser = address)]
    admin: SocketAddr,
    /// Only this usage plan.
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    /// Only this API key.
    #[arg(long, value_name = "ID")]
    key: Option<String>,
    /// Print what AWS's `get-usage` answers: one JSON object for each plan.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  sekisho usage gateway.json
  sekisho usage gateway.json --plan gold --admin 127.0.0.1:9901
  sekisho usage gateway.json --key partner
  sekisho usage gateway.json --plan gold --json | jq '.items.partner[0]'     # [used, remaining]

Exit status: 0 whatever was used, 1 if the document is refused or Envoy cannot be asked.";

/// Prints it.
///
/// # Errors
/// If the document is refused, names no such plan or key, or Envoy cannot be asked.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, Error> {
    let config = validate::load(&args.file)?;
    let compiled = validate::compile(&args.file, &config)?;
    check_names(args, &config)?;
    let told = told::ask(&Admin::new(args.admin), args.admin)?;
    let now = now();
    let plans: Vec<_> = compiled
        .gateway
        .usage
        .iter()
        .filter(|plan| args.plan.as_ref().is_none_or(|wanted| *wanted == plan.id))
        .filter_map(|plan| report(plan, &config, &told, args.key.as_deref(), now))
        .collect();
    if args.json {
        ui.print(&report::json(&plans))?;
    } else {
        ui.print(&report::table(&plans))?;
    }
    explain_gaps(&plans, &told, ui);
    Ok(ExitCode::SUCCESS)
}

/// What is known of a plan; none if it has no quota, so that nothing is counted.
fn report(plan: &UsagePlan, config: &Config, told: &Told, key: Option<&str>, now: Millis) -> Option<Plan> {
    let written = config.usage_plans.iter().find(|written| written.id == plan.id)?;
    let scope = written.quota.as_ref()?.scope.unwrap_or(QuotaScope::Envoy);
    let Some(quota) = plan.quota.as_ref().filter(|_| scope == QuotaScope::Envoy) else {
        return Some(Plan::elsewhere(&plan.id));
    };
    let members = config.usage_plan_keys.iter().filter(|member| member.usage_plan_id == plan.id);
    let members = members.filter(|member| key.is_none_or(|wanted| wanted == member.key_id));
    let mut rows: Vec<_> = members
        .filter_map(|member| {
            let count = told.of(&plan.id, &member.key_id)?;
            let (used, remaining) = quota.usage_of(count, now);
            Some(Row { key: member.key_id.clone(), used, remaining })
        })
        .collect();
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    let window = quota.window();
    let (seconds, _) = window.seconds(now);
    Some(Plan::counted(&plan.id, quota.limit(), window.first_day(now), seconds, now, rows))
}

/// A plan or a key that the document does not have is a slip of the hand.
fn check_names(args: &Args, config: &Config) -> Result<(), Error> {
    let plans: HashMap<&str, bool> =
        config.usage_plans.iter().map(|plan| (plan.id.as_str(), plan.quota.is_some())).collect();
    if let Some(wanted) = &args.plan {
        match plans.get(wanted.as_str()) {
            None => return Err(unknown("usage plan", wanted, plans.keys().copied())),
            Some(false) => {
                return Err(Error::failed(format!("the usage plan `{wanted}` has no quota")).help(
                    "only what has a quota is counted: add `\"quota\": {\"limit\": …, \"period\": \"DAY\"}`",
                ));
            }
            Some(true) => {}
        }
    }
    let Some(wanted) = &args.key else { return Ok(()) };
    if config.api_keys.iter().any(|key| key.id == *wanted) {
        return Ok(());
    }
    Err(unknown("API key", wanted, config.api_keys.iter().map(|key| key.id.as_str())))
}

fn unknown<'a>(what: &str, wanted: &str, names: impl Iterator<Item = &'a str>) -> Error {
    let error = Error::failed(format!("the document has no {what} `{wanted}`"));
    match similar(wanted, names) {
        Some(near) => error.help(format!("there is one with a similar name: `{near}`")),
        None => error,
    }
}

/// Says why there is less than somebody may expect.
fn explain_gaps(plans: &[Plan], told: &Told, ui: &Ui) {
    if plans.is_empty() {
        ui.note("no usage plan of the document has a quota, so nothing is counted");
    } else if plans.iter().all(Plan::is_unused) {
        ui.note("no key was used since Envoy started; a request is told within a second");
    }
    if told.is_cut() {
        ui.note(&format!(
            "some keys were used and are not listed: Envoy is told of {MOST_KEYS}; their quotas hold all the same"
        ));
    }
}

#[cfg(test)]
mod tests;
