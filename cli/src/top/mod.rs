//! `sekisho top`: what a running gateway does, as Envoy's statistics tell it.
//!
//! Envoy is asked for `/stats/prometheus` again and again ([`scrape`]); what happens now is the difference between two pages
//! ([`history`]). [Metrics](../../../docs/metrics.md) lists the statistics, [top](../../../docs/top.md) what is made of them.

mod exposition;
pub mod histogram;
pub mod history;
mod live;
pub mod page;
pub mod report;
mod scrape;
mod text;

use crate::explain::now;
use crate::render::settings::address;
use crate::{Error, Ui};
use history::History;
use report::{Report, Sort};
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

pub use scrape::Source;

/// How often Envoy is asked, unless told otherwise.
const INTERVAL: Duration = Duration::from_secs(1);
/// No more often: the filter tells what it counted every half a second.
const LEAST: Duration = Duration::from_millis(250);
/// No more seldom.
const MOST: Duration = Duration::from_secs(3600);

/// Shows what a running gateway does: requests, errors, latencies, refusals, limits, web ACLs, canaries and issuers' keys.
///
/// Envoy's admin interface is asked again and again. Figures are of the last ten seconds, because Envoy brings latencies up to date
/// every five. Routes have lines of their own where `detailedMetricsEnabled` says so; all other requests are counted at the stage.
/// UNASKED are requests that ended without an integration being asked: refusals, preflights and MOCK.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Envoy's admin interface; `http://` may stand before it.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9901", value_parser = admin)]
    admin: SocketAddr,
    /// How often Envoy is asked, such as `500ms` or `5s`. With `--once`: print what happened in that time.
    #[arg(long, value_name = "TIME", value_parser = interval)]
    interval: Option<Duration>,
    /// Print one table and end; without `--interval` of all since Envoy started. So it is where stdout is no terminal.
    #[arg(long)]
    once: bool,
    /// Only stages that have this in `API/STAGE`.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    stage: String,
    /// What lines are ordered by.
    #[arg(long, value_enum, default_value_t)]
    sort: Sort,
}

const EXAMPLES: &str = "\
Keys: q quits, s sorts by the next column, / filters by stage, p pauses, ↑ ↓ PgUp PgDn Home End move.

Examples:
  sekisho top
  sekisho top --admin http://127.0.0.1:9901 --interval 5s
  sekisho top --stage shop/prod --sort p99
  sekisho top --once                          # all since Envoy started
  sekisho top --once --interval 30s           # what happens in half a minute

Exit status: 0, or 1 if Envoy cannot be asked at first.";

/// Shows it.
///
/// # Errors
/// If Envoy does not answer, runs no gateway, or the terminal cannot be used.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, Error> {
    let source = Source::new(args.admin);
    if args.once || !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        ui.print(&once(args, &source)?)?;
    } else {
        // What is wrong from the beginning is told where it stays to be read.
        let first = source.ask()?;
        let view = live::View::new(args.admin, args.sort, args.stage.clone());
        live::run(source, first, view, args.interval.unwrap_or(INTERVAL))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn once(args: &Args, source: &Source) -> Result<String, Error> {
    let mut history = History::default();
    let mut seen = history.take(Instant::now(), source.ask()?);
    if let Some(interval) = args.interval {
        std::thread::sleep(interval);
        seen = history.take(Instant::now(), source.ask()?);
    }
    let report = Report::new(&seen, args.sort, &args.stage);
    Ok(text::text(&report, args.admin, now().0 / 1000))
}

/// `127.0.0.1:9901`, `http://127.0.0.1:9901/`.
fn admin(text: &str) -> Result<SocketAddr, String> {
    let bare = text.strip_prefix("http://").unwrap_or(text);
    address(bare.strip_suffix('/').unwrap_or(bare))
}

/// `1s`, `500ms`, `2m`; a bare number is seconds.
fn interval(text: &str) -> Result<Duration, String> {
    let at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(at).unwrap_or((text, ""));
    let millis = match unit {
        "ms" => 1,
        "" | "s" => 1000,
        "m" => 60_000,
        _ => return Err("expected a time such as `500ms`, `5s` or `1m`".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "expected a time such as `500ms`, `5s` or `1m`")?;
    let time = Duration::from_millis(number.saturating_mul(millis));
    if (LEAST..=MOST).contains(&time) {
        Ok(time)
    } else {
        Err(format!("{text} is not between {LEAST:?} and {MOST:?}"))
    }
}

#[cfg(test)]
mod tests;
