//! What `sekisho diff` says of two documents: `golden/diff/NAME/{before,after}.json`, `text` and `json`. `SEKISHO_BLESS=1` writes
//! what it says now; read the difference before it is committed.

#![allow(clippy::unwrap_used)]

use sekisho_cases::File;
use sekisho_cli::diff::{Document, documents};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/diff")
}

fn diff(name: &str, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.current_dir(folder().join(name)).arg("diff").args(args).output().unwrap()
}

fn out(output: &Output) -> String {
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn names() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert!(names.len() >= 22, "{} pairs of documents", names.len());
    names
}

#[test]
fn differences_are_as_written() {
    let bless = std::env::var_os("SEKISHO_BLESS").is_some();
    let mut wrong = Vec::new();
    for name in names() {
        for (args, golden) in [(&[][..], "text"), (&["--json"][..], "json")] {
            let output = diff(&name, &[&["before.json", "after.json"], args].concat());
            let said = out(&output);
            let golden = folder().join(&name).join(golden);
            if bless {
                std::fs::write(&golden, &said).unwrap();
            } else if std::fs::read_to_string(&golden).ok().as_deref() != Some(said.as_str()) {
                wrong.push(format!("--- {name}: `SEKISHO_BLESS=1 cargo test` writes this:\n{said}"));
            }
            let nothing = said.starts_with("nothing changes") || said.contains("\"changes\": []");
            assert_eq!(output.status.code(), Some(i32::from(!nothing)), "{name}: as diff(1)");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_loosened_stands_first_and_can_fail_alone() {
    let mut loosened = 0;
    for name in names() {
        let text = out(&diff(&name, &["before.json", "after.json"]));
        let report: Value =
            serde_json::from_str(&out(&diff(&name, &["before.json", "after.json", "--json"]))).unwrap();
        let is_loosened = report["loosened"].as_u64().unwrap() > 0;
        assert_eq!(text.starts_with("LOOSENED: "), is_loosened, "{name}: {text}");
        let code = diff(&name, &["before.json", "after.json", "--fail-on", "loosened"]).status.code();
        assert_eq!(code, Some(i32::from(is_loosened)), "{name}");
        loosened += usize::from(is_loosened);
    }
    assert!(loosened >= 13, "{loosened} pairs are looser");
    assert!(loosened < names().len());
}

#[test]
fn nothing_that_may_be_secret_is_shown() {
    for name in ["secrets", "canary-grows", "gateway", "limits-and-keys", "callers", "keys-in-plans"] {
        for args in [&["before.json", "after.json"][..], &["before.json", "after.json", "--json"]] {
            let said = out(&diff(name, args));
            assert!(!said.contains("SECRET"), "{name}: {said}");
            assert!(!said.contains("sha256:"), "{name}: {said}");
            assert!(!said.contains("AKIA"), "{name}: {said}");
        }
    }
    let said = out(&diff("secrets", &["before.json", "after.json"]));
    assert!(said.contains("requestParameters[overwrite:header.x-key]: changed"), "{said}");
    assert!(said.contains("apiKeys[k]"), "{said}");
}

#[test]
fn a_document_does_not_differ_from_itself() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases");
    let (mut compared, mut needs_secrets) = (0, 0);
    for entry in std::fs::read_dir(cases).unwrap() {
        let path = entry.unwrap().path();
        let Ok(file) = File::parse(&std::fs::read_to_string(&path).unwrap()) else { continue };
        let text = file.config.to_string();
        let (Ok(before), Ok(after)) =
            (Document::of_text("a", text.as_bytes()), Document::of_text("b", text.as_bytes()))
        else {
            needs_secrets += 1;
            continue;
        };
        assert_eq!(documents(&before, &after), [], "{}", path.display());
        compared += 1;
    }
    assert!(compared >= 50 && needs_secrets < 10, "{compared} compared, {needs_secrets} not");
    for name in names() {
        for file in ["before.json", "after.json"] {
            let output = diff(&name, &[file, file]);
            assert_eq!(
                (output.status.code(), out(&output).as_str()),
                (Some(0), "nothing changes for clients\n")
            );
        }
    }
}

#[test]
fn two_deployments_of_a_document_are_compared() {
    let new = out(&diff("canary-begins", &["after.json", "--from", "d1", "--to", "d2"]));
    assert!(new.starts_with("LOOSENED: 1 change lets"), "{new}");
    assert!(new.contains("asks for no authorization") && new.contains("+ route `GET /new`"), "{new}");
    let back = out(&diff("canary-begins", &["after.json", "--from", "d2", "--to", "d1", "--api", "shop"]));
    assert!(back.contains("~ route `GET /users` (tightened)"), "{back}");
    let live = diff("canary-begins", &["after.json", "--from", "d1"]);
    assert_eq!((live.status.code(), out(&live).as_str()), (Some(0), "nothing changes for clients\n"));
}

#[test]
fn trouble_is_2() {
    let codes = |args: &[&str]| diff("routes", args).status.code();
    assert_eq!(codes(&["before.json", "missing.json"]), Some(2));
    assert_eq!(codes(&["before.json", "text"]), Some(2));
    assert_eq!(codes(&["before.json"]), Some(2));
    assert_eq!(codes(&["-", "-"]), Some(2));
    assert_eq!(codes(&["before.json", "after.json", "--from", "d1"]), Some(2));
    assert_eq!(codes(&["before.json", "--from", "d1"]), Some(2));
    assert_eq!(codes(&["before.json", "--from", "d1", "--api", "shopp"]), Some(2));
}
