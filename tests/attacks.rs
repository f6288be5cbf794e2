//! `docs/attacks.md` lists what is tried with tokens: its table is written from the cases, and every test that it names exists.
//! `SEKISHO_BLESS=1` writes it anew.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use sekisho_cases::format::{Case, ExpectBackend, File, Matcher};
use std::fmt::Write;
use std::path::{Path, PathBuf};

const BEGIN: &str = "<!-- written from tests/cases/jwt-attacks.yaml -->\n";
const END: &str = "<!-- until here -->\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The reason that the client is told.
fn told(case: &Case) -> String {
    match case.steps[0].expect.headers.get("www-authenticate") {
        Some(Matcher::Text(text)) => match text.split_once("error_description=\"") {
            Some((_, words)) => words.trim_end_matches('"').to_owned(),
            None => "no token".to_owned(),
        },
        Some(Matcher::Pattern(_)) => "no scope of the route".to_owned(),
        _ => panic!("{}: nothing is told", case.name),
    }
}

#[test]
fn the_list_of_attacks_is_the_cases() {
    let text = std::fs::read_to_string(root().join("tests/cases/jwt-attacks.yaml")).unwrap();
    let file = File::parse(&text).unwrap();
    let (mut table, mut attacks, mut good) = (String::new(), 0, 0);
    for line in text.lines().skip_while(|line| *line != "cases:") {
        if let Some(section) = line.strip_prefix("  # ") {
            write!(table, "\n### {section}\n\n| attack | answer | told |\n|---|---|---|\n").unwrap();
        }
        let Some(name) = line.strip_prefix("  - name: ") else { continue };
        let name = name.trim_matches('"').trim_matches('\'').replace("''", "'");
        let case = file.cases.iter().find(|case| case.name == name).unwrap_or_else(|| panic!("{name}"));
        assert!(case.skip.native.is_none() && case.skip.envoy.is_none(), "{name} runs in both engines");
        if case.steps[0].expect.status == 200 {
            writeln!(table, "| {name} | 200 | |").unwrap();
            good += 1;
            continue;
        }
        assert!(matches!(case.steps[0].expect.status, 401 | 403), "{name}");
        assert!(
            matches!(case.steps[0].expect.backend, Some(ExpectBackend::None)),
            "{name}: the backend sees nothing"
        );
        writeln!(table, "| {name} | {} | {} |", case.steps[0].expect.status, told(case)).unwrap();
        attacks += 1;
    }
    assert_eq!(attacks + good, file.cases.len());
    let written = format!("{attacks} attacks, and {good} good tokens beside them.\n{table}");
    let path = root().join("docs/attacks.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let fresh = format!("{before}{BEGIN}\n{written}\n{END}{after}");
    println!("{attacks} attacks have cases");
    if std::env::var_os("SEKISHO_BLESS").is_some() {
        std::fs::write(&path, fresh).unwrap();
    } else {
        assert!(page == fresh, "docs/attacks.md is not what the cases say: SEKISHO_BLESS=1 writes it");
    }
}

#[test]
fn the_tests_that_the_list_names_exist() {
    let page = std::fs::read_to_string(root().join("docs/attacks.md")).unwrap();
    let mut found = 0;
    for row in page.lines().filter(|line| line.starts_with("| ") && line.contains(".rs` `")) {
        let mut names = row.split('`').skip(1).step_by(2);
        let file = names.find(|name| name.ends_with(".rs")).unwrap();
        let source =
            std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        for name in names {
            assert!(source.contains(&format!("fn {name}(")), "{file} has no test {name}");
            found += 1;
        }
    }
    println!("{found} tests are named");
    assert!(found >= 10, "{found}");
}
