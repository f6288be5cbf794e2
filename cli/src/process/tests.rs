use super::{Error, Probe, Process, Tool};
use std::path::Path;
use std::time::Duration;

const SHELL: &str = "/bin/sh";

fn shell(log: &Path, script: &str) -> Process {
    Process::start("a shell", Path::new(SHELL), ["-c", script], log).unwrap()
}

fn runs(pid: u32) -> bool {
    // A zombie has a folder as well; its command line is empty.
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}

#[test]
fn a_process_is_ready_when_its_probe_says_so_and_ends_when_it_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = shell(&folder.path().join("log"), "echo ready; exec sleep 600");
    let seen = process
        .wait_until("a line", Duration::from_secs(10), |process| {
            let log = process.log();
            if log.contains("ready\n") { Probe::Ready(log) } else { Probe::NotYet(log) }
        })
        .unwrap();
    assert_eq!(seen, "ready\n");
    let pid = process.id();
    assert!(runs(pid));
    process.stop();
    assert!(!runs(pid));
}

#[test]
fn a_process_that_ends_early_shows_the_end_of_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = shell(&folder.path().join("log"), "echo none yet; echo no such luck >&2; exit 3");
    let error = process
        .wait_until("luck", Duration::from_secs(10), |_| Probe::<()>::NotYet(String::new()))
        .unwrap_err();
    assert_eq!(error.to_string(), "a shell ended by itself (exit status: 3); it said last: no such luck");
    assert_eq!(error.log(), "none yet\nno such luck");
}

#[test]
fn a_process_that_is_slow_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = shell(&folder.path().join("log"), "exec sleep 600");
    let error = process
        .wait_until("luck", Duration::ZERO, |_| Probe::<()>::NotYet("nothing".to_owned()))
        .unwrap_err();
    assert!(matches!(&error, Error::Slow { last: Some(last), .. } if last == "nothing"), "{error}");
}

#[test]
fn all_of_a_group_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = shell(&folder.path().join("log"), "sleep 600 & echo $!; wait");
    let grandchild = process
        .wait_until("a line", Duration::from_secs(10), |process| match process.log().trim().parse::<u32>() {
            Ok(pid) => Probe::Ready(pid),
            Err(error) => Probe::NotYet(error.to_string()),
        })
        .unwrap();
    process.stop();
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while runs(grandchild) {
        assert!(std::time::Instant::now() < deadline, "{grandchild} still runs");
        std::thread::yield_now();
    }
}

#[test]
fn a_process_outlives_the_thread_that_started_it() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut process = std::thread::spawn(move || shell(&log, "exec sleep 600")).join().unwrap();
    process
        .wait_until("its start", Duration::from_secs(10), |p| {
            if runs(p.id()) { Probe::Ready(()) } else { Probe::NotYet(String::new()) }
        })
        .unwrap();
    process.check().unwrap();
}

#[test]
fn a_tool_tells_its_lines_and_keeps_its_output() {
    let mut lines = Vec::new();
    let finished = Tool::new("a shell", SHELL)
        .args(["-c", "echo out; echo one >&2; echo two >&2; exit 4"])
        .run(|line| lines.push(line.to_owned()))
        .unwrap();
    assert_eq!(finished.status.code(), Some(4));
    assert_eq!(finished.text(), "out");
    // Two pipes: which of them is read first is chance.
    lines.sort();
    assert_eq!(lines, ["one", "out", "two"]);
    assert_eq!(finished.tail(), "one\ntwo");
}
