//! The steps of an update, in the order that keeps every request whole.

use super::Error;
use super::admin::{Admin, Kind, POLL, Status};
use super::files::{by_name, keep, read, typed, untyped};
use super::loggers;
use crate::Ui;
use crate::render::dynamic::{self, Layout, Resources, Watched, types};
use crate::render::lock::Held;
use crate::render::{Error as RenderError, Plan, Settings, sts};
use crate::ui::printable;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Which Envoy, and how long to wait for it.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Envoy's admin interface.
    pub admin: SocketAddr,
    /// For each step.
    pub timeout: Duration,
    /// For requests that run, before clusters are removed.
    pub drain: Duration,
}

/// What an update did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Clusters that are new.
    pub added: Vec<String>,
    /// Clusters that are gone.
    pub removed: Vec<String>,
    /// Clusters that nothing new uses, but that still serve requests: the next update removes them.
    pub kept: Vec<String>,
    /// Whether the filter has a new document.
    pub filter: bool,
    /// Whether routes or listener changed.
    pub edge: bool,
    /// Whether secrets changed: certificates of domains, and credentials of backends.
    pub secrets: bool,
}

/// Brings a running Envoy to a plan. `start` is called before the first file is written, and if it fails none is.
///
/// # Errors
/// Envoy did not take it; the old configuration keeps serving, and the old files are back.
pub fn roll_out(
    plan: &Plan,
    settings: &Settings,
    held: &Held,
    options: &Options,
    ui: &Ui,
    start: &mut dyn FnMut() -> Result<(), Error>,
) -> Result<Outcome, Error> {
    let layout = held.layout();
    let wanted = dynamic::resources(plan, settings, layout);
    let mut rollout = Rollout { layout, options, ui, admin: Admin::new(options.admin), start };
    let outcome = rollout.run(&wanted)?;
    // Envoy serves the new document by now.
    save(layout, settings).map_err(|error| Error::Unsaved { why: error.to_string() })?;
    Ok(outcome)
}

fn save(layout: &Layout, settings: &Settings) -> Result<(), RenderError> {
    let text = serde_json::to_string_pretty(settings).map_err(|source| RenderError::Settings { source })?;
    dynamic::replace(&layout.settings(), &format!("{text}\n"))
}

struct Rollout<'a> {
    layout: &'a Layout,
    options: &'a Options,
    ui: &'a Ui,
    admin: Admin,
    start: &'a mut dyn FnMut() -> Result<(), Error>,
}

// === impl Rollout ===

impl Rollout<'_> {
    fn run(&mut self, wanted: &Resources) -> Result<Outcome, Error> {
        let files = [self.layout.lds(), self.layout.rds(), self.layout.ecds(), self.layout.cds()];
        let mut kept = Vec::new();
        for file in files {
            let text = Some(keep(&file)?);
            kept.push((file, text));
        }
        // One that is new had no file.
        kept.extend(wanted.secrets.iter().map(|(file, _)| (file.clone(), keep(file).ok())));
        let old = by_name(read(&self.layout.cds())?);
        let new = by_name(wanted.clusters.clone());
        let mut outcome = Outcome {
            added: new.keys().filter(|name| !old.contains_key(*name)).cloned().collect(),
            ..Outcome::default()
        };
        if let Err(error) = self.change(wanted, &old, &new, &mut outcome) {
            return Err(self.take_back(&kept, &outcome, error));
        }
        // All is new by now: what cannot be removed is no reason to take it back.
        if let Err(error) = self.remove_unused(&old, &new, &mut outcome) {
            outcome.kept.append(&mut outcome.removed);
            self.ui.note(&format!("warning: old clusters stay: {}", printable(&error.to_string())));
        }
        Ok(outcome)
    }

    /// All that is new, in the order that keeps every request whole.
    fn change(
        &mut self,
        wanted: &Resources,
        old: &BTreeMap<String, Value>,
        new: &BTreeMap<String, Value>,
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        for (file, secret) in &wanted.secrets {
            let secret = std::slice::from_ref(secret);
            if read(file).ok() != Some(typed(types::SECRET, secret)) {
                (self.start)()?;
                file.write(types::SECRET, secret)?;
                outcome.secrets = true;
            }
        }
        // The old ones stay, because requests and the old filter use them.
        let mut both = old.clone();
        both.extend(new.clone());
        let both: Vec<Value> = both.into_values().collect();
        self.step(Kind::Clusters, &self.layout.cds(), types::CLUSTER, &both)?;
        outcome.edge = self.widen(&wanted.listeners)?;
        let filter = [wanted.filter.clone()];
        outcome.filter = self.step(Kind::Filter, &self.layout.ecds(), types::FILTER, &filter)?;
        let routes = [wanted.routes.clone()];
        outcome.edge |= self.step(Kind::Routes, &self.layout.rds(), types::ROUTES, &routes)?;
        outcome.edge |= self.step(Kind::Listener, &self.layout.lds(), types::LISTENER, &wanted.listeners)?;
        Ok(())
    }

    /// Gives the old listeners the loggers of the new ones, where lines go to new destinations. Connections that began before do
    /// not have them, and Envoy lets these end: they are waited for, as requests are.
    fn widen(&mut self, listeners: &[Value]) -> Result<bool, Error> {
        let old: Vec<Value> = read(&self.layout.lds())?.into_iter().map(untyped).collect();
        let Some(widened) = loggers::widened(&old, listeners) else { return Ok(false) };
        self.step(Kind::Listener, &self.layout.lds(), types::LISTENER, &widened)?;
        let step = self.ui.step("connections that began before");
        let deadline = Instant::now() + self.options.drain;
        while self.admin.client_connections()? > 0 {
            if Instant::now() >= deadline {
                step.done("some may go on: what they ask is in no new access log until they end");
                return Ok(true);
            }
            std::thread::sleep(POLL);
        }
        step.done("have ended");
        Ok(true)
    }

    /// Puts the old files back, the last one first: a restarted Envoy must not find what a running one refused.
    fn take_back(&self, kept: &[(Watched, Option<String>)], outcome: &Outcome, error: Error) -> Error {
        for (file, text) in kept {
            // A new filter serves until Envoy has read the old file, and needs its clusters: the next update removes them.
            if outcome.filter && *file == self.layout.cds() {
                continue;
            }
            if keep(file).ok() == *text {
                continue;
            }
            let put_back = match text {
                Some(text) => file.write_text(text).map_err(|why| why.to_string()),
                None => std::fs::remove_file(file.path()).map_err(|why| why.to_string()),
            };
            if let Err(why) = put_back {
                return Error::Stuck { first: Box::new(error), path: file.path(), why };
            }
        }
        error
    }

    /// Writes one kind of configuration and waits until Envoy has taken it. Says whether Envoy had another one.
    fn step(
        &mut self,
        kind: Kind,
        file: &Watched,
        type_url: &str,
        resources: &[Value],
    ) -> Result<bool, Error> {
        let before = self.admin.status(kind)?;
        let version = dynamic::version(resources);
        // Envoy's own cluster of this name may have taken the place of ours when Envoy started.
        let is_settled = !resources.iter().any(sts::is_sts);
        if is_settled && before.version == version && read(file)? == typed(type_url, resources) {
            return Ok(false);
        }
        (self.start)()?;
        let step = self.ui.step(kind.what());
        file.write(type_url, resources)?;
        match self.confirmed(kind, &before, &version) {
            Ok(()) => {
                step.done("Envoy has taken them");
                Ok(true)
            }
            Err(error) => {
                step.fail("Envoy has not taken them");
                Err(error)
            }
        }
    }

    fn confirmed(&self, kind: Kind, before: &Status, version: &str) -> Result<(), Error> {
        let deadline = Instant::now() + self.options.timeout;
        loop {
            let now = self.admin.status(kind)?;
            if now.refused > before.refused {
                return Err(Error::Refused { what: kind.what(), why: self.admin.refusal(kind) });
            }
            // The filter's version is shown when the main thread has it; the counter goes up when all workers have it.
            let by_all = kind != Kind::Filter || before.version == version || now.reloads > before.reloads;
            if now.version == version && now.warming == 0 && by_all {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let seconds = self.options.timeout.as_secs();
                return Err(Error::Unconfirmed { what: kind.what(), seconds, admin: self.options.admin });
            }
            std::thread::sleep(POLL);
        }
    }

    fn remove_unused(
        &mut self,
        old: &BTreeMap<String, Value>,
        new: &BTreeMap<String, Value>,
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        let unused: Vec<String> = old.keys().filter(|name| !new.contains_key(*name)).cloned().collect();
        if unused.is_empty() {
            return Ok(());
        }
        let step = self.ui.step("running requests");
        let busy = self.drain(&unused)?;
        step.done(if busy.is_empty() { "have finished" } else { "go on" });
        (outcome.kept, outcome.removed) = unused.into_iter().partition(|name| busy.contains(name));
        let left = old.iter().filter(|(name, _)| outcome.kept.contains(name)).chain(new);
        let left: BTreeMap<&String, &Value> = left.collect();
        let left: Vec<Value> = left.into_values().cloned().collect();
        self.step(Kind::Clusters, &self.layout.cds(), types::CLUSTER, &left)?;
        Ok(())
    }

    /// Waits until no request can be on its way to a cluster: none is in flight at all, or the longest one that began
    /// before the change has had its time. Returns the clusters that have requests even then (long streams).
    fn drain(&self, unused: &[String]) -> Result<Vec<String>, Error> {
        let deadline = Instant::now() + self.options.drain;
        loop {
            let active = self.admin.backend_requests()?;
            let busy: Vec<String> =
                unused.iter().filter(|name| active.get(*name).is_some_and(|n| *n > 0)).cloned().collect();
            let idle = busy.is_empty() && self.admin.client_requests()? == 0;
            if idle || Instant::now() >= deadline {
                return Ok(busy);
            }
            std::thread::sleep(POLL);
        }
    }
}

// === impl Outcome ===

impl Outcome {
    /// Whether there was nothing to change.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_nothing() {
            return f.write_str("nothing to change");
        }
        let changed = |changed: bool| if changed { "new" } else { "unchanged" };
        write!(
            f,
            "applied: document {}, routes and listener {}, clusters {} added, {} removed",
            changed(self.filter),
            changed(self.edge),
            self.added.len(),
            self.removed.len(),
        )?;
        if self.secrets {
            f.write_str(", secrets new")?;
        }
        for name in &self.kept {
            write!(f, "\n`{name}` still serves requests: the next `sekisho apply` removes it")?;
        }
        Ok(())
    }
}
