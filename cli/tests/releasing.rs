//! `docs/releasing.md` says what happens: its document, its commands, one after the other.

#![allow(clippy::unwrap_used)]

mod common;

use common::{console, root};
use std::path::Path;
use std::process::Command;

#[test]
fn releases_go_as_their_guide_says() {
    let guide = std::fs::read_to_string(root().join("docs/releasing.md")).unwrap();
    let (_, document) = guide.split_once("```json\n").unwrap();
    let (document, _) = document.split_once("\n```").unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("gateway.json"), format!("{document}\n")).unwrap();

    let commands = Path::new(env!("CARGO_BIN_EXE_sekisho")).parent().unwrap();
    let path = format!("{}:{}", commands.display(), std::env::var("PATH").unwrap());
    let steps = console(&guide);
    assert_eq!(steps.len(), 7, "every command of the guide");
    for (command, said) in steps {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{command} 2>&1")]).current_dir(folder.path()).env("PATH", &path);
        let output = shell.output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), said, "{command}");
    }
}
