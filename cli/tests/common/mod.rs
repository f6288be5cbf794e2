//! A demo that runs, and what tests ask of it.

#![allow(clippy::unwrap_used, clippy::panic, dead_code)] // Each test binary uses a part of it.

#[path = "../running/mod.rs"]
mod running;

use running::Running;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

/// The command.
pub(crate) fn sekisho() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.stdin(Stdio::null());
    command
}

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A demo that has shown its requests and waits.
pub(crate) struct Demo {
    pub(crate) process: Running,
    said: String,
}

impl Demo {
    /// Starts it on free ports.
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut command = sekisho();
        command.args(["demo", "--port", "0", "--admin-port", "0"]).args(args).stdout(Stdio::piped());
        let mut process = Running::start(&mut command);
        let mut said = String::new();
        for line in BufReader::new(process.0.stdout.take().unwrap()).lines().map_while(Result::ok) {
            said.push_str(&line);
            said.push('\n');
            if line.contains("Ctrl-C stops everything") {
                return Self { process, said };
            }
        }
        panic!("it does not serve:\n{said}");
    }

    /// The first line for a shell that has this in it.
    #[track_caller]
    pub(crate) fn command(&self, with: &str) -> &str {
        self.said.lines().filter_map(|line| line.strip_prefix("$ ")).find(|line| line.contains(with)).unwrap()
    }

    /// Where something is that it has started: `http://127.0.0.1:…`
    #[track_caller]
    pub(crate) fn endpoint(&self, name: &str) -> &str {
        let mut lines = self.said.lines().filter_map(|line| line.strip_prefix(name));
        let found = lines.find_map(|line| line.strip_prefix(' ')).map(str::trim);
        found.filter(|url| url.starts_with("http://127.0.0.1:")).unwrap()
    }

    /// `http://127.0.0.1:…`
    pub(crate) fn gateway(&self) -> &str {
        self.endpoint("gateway")
    }

    /// `http://127.0.0.1:…`
    pub(crate) fn admin(&self) -> &str {
        self.endpoint("admin")
    }
}

/// Waits until nobody listens at an address.
pub(crate) fn nobody_listens(url: &str) {
    let address = url.strip_prefix("http://").unwrap();
    until(&format!("{address} still listens"), || TcpStream::connect(address).is_err());
}

/// Waits until processes have ended.
pub(crate) fn all_end(pids: &[u32]) {
    assert!(!pids.is_empty());
    for pid in pids {
        // What has ended but is not waited for has no command line.
        until(&format!("{pid} still runs"), || {
            !std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
        });
    }
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

/// The commands of a text's `console` blocks, each with what it is said to print.
pub(crate) fn console(text: &str) -> Vec<(String, String)> {
    let mut steps: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if inside {
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push((command.to_owned(), String::new())),
                (None, Some((_, answer))) => {
                    answer.push_str(line);
                    answer.push('\n');
                }
                (None, None) => panic!("an answer before any command: {line}"),
            }
        }
    }
    steps
}

/// What a command prints.
pub(crate) fn shell(command: &str) -> String {
    let output = Command::new("sh").args(["-c", command]).stdin(Stdio::null()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// A text whose times are all the same.
pub(crate) fn timeless(text: &str) -> String {
    let mut parts = text.split("At\":\"");
    let mut timeless = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        timeless.push_str("At\":\"…\"");
        timeless.push_str(part.split_once('"').map_or(part, |(_, rest)| rest));
    }
    timeless
}
