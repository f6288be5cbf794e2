//! Runs every case in one engine, and says how many ran.

use crate::check::compare;
use crate::engine::{Engine, Turn};
use crate::format::{Case, File};
use crate::placeholders::{self, Moment};
use crate::skip;
use std::path::Path;
use std::process::ExitCode;

/// Fewer cases than this in all means that files were lost, not that cases were tidied up.
const AT_LEAST: usize = 200;

#[derive(Default)]
struct Count {
    ran: usize,
    failed: usize,
    skipped: usize,
    filtered: usize,
    requests: usize,
    compared: usize,
    left: usize,
}

/// The `main` of a test binary without libtest: `cargo test --test cases [TEXT]` runs the cases whose `file: name` has
/// TEXT in it.
pub fn main<E: Engine>(dir: &Path) -> ExitCode {
    let mut only = Vec::new();
    let mut arguments = std::env::args().skip(1);
    let mut list = false;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--list" => list = true,
            // libtest's options, given to every binary of a `cargo test`.
            "--test-threads" | "--skip" | "--format" | "--color" => drop(arguments.next()),
            option if option.starts_with('-') => {}
            text => only.push(text.to_owned()),
        }
    }
    let mut total = Count::default();
    let mut failures = Vec::new();
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap_or_else(|error| panic!("{}: {error}", dir.display()))
        .map(|entry| entry.expect("the folder of the cases is readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    for path in &files {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text =
            std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file = File::parse(&text).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
        if list {
            file.cases.iter().for_each(|case| println!("{name}: {}: test", case.name));
            continue;
        }
        let count = run_file::<E>(&name, &file, &only, &mut failures);
        assert_eq!(
            count.ran + count.skipped + count.filtered,
            file.cases.len(),
            "every case of {name} is accounted for"
        );
        if count.filtered < file.cases.len() {
            println!("{:>7}  {name:<28} {}", E::NAME, count.sentence());
        }
        total.add(&count);
    }
    if list {
        return ExitCode::SUCCESS;
    }
    failures.iter().for_each(|failure| println!("\n{failure}"));
    println!("\n{:>7}  {} files: {}\n", E::NAME, files.len(), total.sentence());
    let all = total.ran + total.skipped + total.filtered;
    assert!(all >= AT_LEAST, "{all} cases were found in {}; there are at least {AT_LEAST}", dir.display());
    assert!(total.ran > 0 || !only.is_empty(), "no case ran");
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run_file<E: Engine>(name: &str, file: &File, only: &[String], failures: &mut Vec<String>) -> Count {
    let mut count = Count::default();
    let mut todo: Vec<&Case> = Vec::new();
    for case in &file.cases {
        let reason = if E::NAME == "native" { &case.skip.native } else { &case.skip.envoy };
        let full = format!("{name}: {}", case.name);
        if !only.is_empty() && !only.iter().any(|text| full.contains(text.as_str())) {
            count.filtered += 1;
        } else if let Some(reason) = reason {
            println!("{:>7}  not run: {full}: {reason}", E::NAME);
            count.skipped += 1;
        } else {
            todo.push(case);
        }
    }
    if todo.is_empty() {
        return count;
    }
    count.ran = todo.len();
    let mut engine = match E::start(file) {
        Ok(engine) => engine,
        Err(problem) => {
            count.failed = todo.len();
            failures.push(format!(
                "{name}: the gateway did not start, {} cases failed\n  {}",
                todo.len(),
                problem.replace('\n', "\n  ")
            ));
            return count;
        }
    };
    let failed_before = failures.len();
    for case in todo {
        let differences = run_case(&mut engine, file, case, &mut count);
        if !differences.is_empty() {
            count.failed += 1;
            failures.push(format!("{name}: {}\n  {}", case.name, differences.join("\n  ")));
        }
    }
    if failures.len() > failed_before {
        let log = engine.log();
        if !log.is_empty() {
            failures.push(format!("{name}: the engine's log\n{log}"));
        }
    }
    count
}

/// Runs a case's steps up to the first that differs, and tells the differences.
fn run_case<E: Engine>(engine: &mut E, file: &File, case: &Case, count: &mut Count) -> Vec<String> {
    engine.begin();
    for (i, step) in case.steps.iter().enumerate() {
        engine.pass(step.later);
        let moment = Moment { now_millis: engine.now_millis(), secrets: &file.secrets };
        let request = placeholders::request(&step.request, &moment);
        let turn = Turn {
            request: &request,
            answer: &step.backend,
            services: file.services(case, step),
            logs: step.expect.expects_line(),
        };
        count.requests += 1;
        let mut differences = match engine.send(&turn) {
            Ok(observed) => {
                let verdict = compare::<E>(&step.expect, &observed, engine.asks_unasked());
                count.compared += verdict.compared;
                count.left += verdict.left;
                verdict.differences
            }
            Err(problem) => vec![problem],
        };
        if !differences.is_empty() {
            if case.steps.len() > 1 {
                differences.iter_mut().for_each(|text| text.insert_str(0, &format!("step {}: ", i + 1)));
            }
            return differences;
        }
    }
    Vec::new()
}

// === impl Count ===

impl Count {
    fn add(&mut self, other: &Self) {
        self.ran += other.ran;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.filtered += other.filtered;
        self.requests += other.requests;
        self.compared += other.compared;
        self.left += other.left;
    }

    fn sentence(&self) -> String {
        let mut text =
            format!("{} cases ran, {} failed, {} values compared", self.ran, self.failed, self.compared);
        if self.requests > self.ran {
            text.push_str(&format!(" of {} requests", self.requests));
        }
        for (number, what) in [
            (self.skipped, "cases not run"),
            (self.left, "values left to the other engine"),
            (self.filtered, "filtered out"),
        ] {
            if number > 0 {
                text.push_str(&format!(", {number} {what}"));
            }
        }
        text
    }
}

/// For a binary of cases whose engine needs something that the machine lacks.
pub fn skipped(name: &str, package: &str) -> ExitCode {
    skip::skip(name, package);
    ExitCode::SUCCESS
}
