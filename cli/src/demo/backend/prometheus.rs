//! A Prometheus that scrapes the demo's Envoy, with the configuration and the alert rules of `envoy/observability/`.

use super::listening::Listening;
use crate::demo::{Error, client, parts};
use crate::process::{Probe, Process, on_path};
use crate::toolchain::workspace;
use crate::ui::Ui;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How many requests each API has had, as Prometheus's API is asked.
const QUERY: &str = "sum%20by%20(api_id)%20(sekisho_api_count_total)";
/// How long a scrape may be waited for: there is one each second, and the machine may be busy.
const SCRAPED: Duration = Duration::from_secs(30);
/// What the configuration says of a gateway with the usual ports, for who looks at it now and then.
const WRITTEN: [&str; 4] =
    ["127.0.0.1:9901", "scrape_interval: 15s", "evaluation_interval: 15s", "- alerts.yml"];

/// Starts it on a free port, if it is installed. `admin` is Envoy's admin interface.
pub(super) fn start(ui: &Ui, files: &Path, admin: &str) -> Result<Option<Listening>, Error> {
    let Some(program) = on_path("prometheus") else {
        ui.note("no Prometheus: it is not installed (`apt-get install prometheus`); all else runs");
        return Ok(None);
    };
    let config = configuration(files, admin)?;
    let step = ui.step("starting Prometheus");
    let (data, log) = (files.join("prometheus"), files.join("prometheus.log"));
    let args = parts::PROMETHEUS.arguments(&[
        ("config", &config.display().to_string()),
        ("data", &data.display().to_string()),
        ("listen", "127.0.0.1:0"),
    ]);
    let process = Process::start_alone("Prometheus", &program, args, &log)?;
    Listening::wait(step, process, log, ready).map(Some)
}

/// Waits until it knows of requests of all these APIs, and shows what it says.
pub(super) fn look(prometheus: &mut Listening, ui: &Ui, apis: &[&str]) -> Result<(), Error> {
    let url = format!("{}/api/v1/query?query={QUERY}", prometheus.url());
    let answer = prometheus.process().wait_until("scraping", SCRAPED, |_| match client::get(&url) {
        Ok((200, body)) if apis.iter().all(|api| counts(&body, api)) => Probe::Ready(body),
        Ok((status, body)) => Probe::NotYet(format!("{status} {body}")),
        Err(problem) => Probe::NotYet(problem),
    })?;
    ui.say("# ask Prometheus how many requests each API has had");
    ui.say(&format!("$ curl -s '{url}'"));
    ui.say(&answer);
    ui.say("");
    Ok(())
}

/// Whether Prometheus's answer has a number for an API that is not nought.
fn counts(answer: &str, api: &str) -> bool {
    let answer: Value = serde_json::from_str(answer).unwrap_or_default();
    let samples = answer.pointer("/data/result").and_then(Value::as_array);
    samples.into_iter().flatten().any(|sample| {
        let number = sample.pointer("/value/1").and_then(Value::as_str).unwrap_or_default();
        sample.pointer("/metric/api_id").and_then(Value::as_str) == Some(api)
            && number.parse::<f64>().is_ok_and(|number| number > 0.0)
    })
}

/// The address that it says, once it is ready.
fn ready(process: &Process) -> Probe<String> {
    let log = process.log();
    let line = log.lines().find(|line| line.contains("\"Listening on\""));
    let Some(address) = line.and_then(|line| line.split("address=").nth(1)?.split(' ').next()) else {
        return Probe::NotYet(String::new());
    };
    let url = format!("http://{address}");
    match client::get(&format!("{url}/-/ready")) {
        Ok((200, _)) => Probe::Ready(url),
        Ok((status, body)) => Probe::NotYet(format!("/-/ready says {status} {}", body.trim())),
        Err(problem) => Probe::NotYet(problem),
    }
}

/// The product's own configuration, for this Envoy, and with a scrape each second.
fn configuration(files: &Path, admin: &str) -> Result<PathBuf, Error> {
    let folder = workspace()?.join("envoy/observability");
    let path = folder.join("prometheus.yml");
    let written = std::fs::read_to_string(&path).map_err(|source| Error::Io {
        path: path.clone(),
        doing: "cannot read it",
        source,
    })?;
    let admin = admin.strip_prefix("http://").unwrap_or(admin).to_owned();
    let rules = format!("- {}", Value::from(folder.join("alerts.yml").display().to_string()));
    let here = [admin, "scrape_interval: 1s".to_owned(), "evaluation_interval: 1s".to_owned(), rules];
    let mut text = written;
    for (written, here) in WRITTEN.into_iter().zip(here) {
        if !text.contains(written) {
            return Err(Error::Document { path, problem: format!("nothing says `{written}`") });
        }
        text = text.replace(written, &here);
    }
    let path = files.join("prometheus.yml");
    std::fs::write(&path, text).map_err(|source| Error::Io {
        path: path.clone(),
        doing: "cannot write it",
        source,
    })?;
    Ok(path)
}
