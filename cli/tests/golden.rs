//! Documents and what `sekisho validate` says about them: `tests/golden/diagnostics/NAME.json` and `NAME.stderr`.
//! `SEKISHO_BLESS=1` writes what it says now; read the difference before it is committed.

use std::path::Path;
use std::process::Command;

#[test]
fn diagnostics_are_as_written() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/diagnostics");
    let mut documents: Vec<String> = std::fs::read_dir(&directory)
        .unwrap()
        .filter_map(|entry| {
            entry.unwrap().file_name().into_string().unwrap().strip_suffix(".json").map(str::to_owned)
        })
        .collect();
    documents.sort();

    let bless = std::env::var_os("SEKISHO_BLESS").is_some();
    let mut wrong = Vec::new();
    for name in &documents {
        let output = Command::new(env!("CARGO_BIN_EXE_sekisho"))
            .current_dir(&directory)
            .args(["validate", &format!("{name}.json")])
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.stdout.is_empty(), "{name}: problems stand on stderr");
        let errors = said.lines().any(|line| line.starts_with("error: "));
        assert_eq!(output.status.code(), Some(i32::from(errors)), "{name}: 1 with errors, 0 without");

        let golden = directory.join(format!("{name}.stderr"));
        if bless {
            std::fs::write(&golden, &said).unwrap();
        } else if std::fs::read_to_string(&golden).ok().as_deref() != Some(said.as_str()) {
            wrong.push(format!("--- {name}: `SEKISHO_BLESS=1 cargo test` writes this:\n{said}"));
        }
    }
    println!("{} documents", documents.len());
    assert!(documents.len() >= 13, "{} documents", documents.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
