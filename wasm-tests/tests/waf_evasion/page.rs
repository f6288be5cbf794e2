//! The table as users read it: a part of `docs/waf-evasion.md`, written by `SEKISHO_BLESS=1`.

use super::world::{Becomes, Evasion, Rule, rules, table};
use std::fmt::Write;
use std::fs;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/waf-evasion.md");
const BEGIN: &str = "<!-- the table: made from wasm-tests/tests/waf_evasion -->\n";
const END: &str = "<!-- the end of the table -->";

/// A text in a cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn rule(rule: &Rule) -> String {
    let looks_at = match (&rule.field, &rule.forwarded) {
        (Some(field), _) => {
            field.as_object().and_then(|field| field.keys().next()).cloned().unwrap_or_default()
        }
        (None, _) => "X-Forwarded-For, its first address".to_owned(),
    };
    let steps =
        rule.first.iter().map(|step| format!("{step} before parsing")).chain(rule.after.iter().cloned());
    let steps = steps.collect::<Vec<_>>().join(", ");
    let wanted = rule.contains.as_deref().map_or_else(|| "203.0.113.0/24".to_owned(), str::to_owned);
    format!("| {} | {looks_at} | {steps} | `{}` |", rule.name, cell(&wanted))
}

fn row(evasion: &Evasion) -> String {
    let becomes = match &evasion.becomes {
        Becomes::Blocked(rule) => format!("blocked by `{rule}`"),
        Becomes::Refused(status) => format!("refused: {status}"),
        Becomes::Passed(_) => {
            format!("passes: {}", evasion.remains.as_deref().expect("what passes says why"))
        }
    };
    let envoy = evasion.envoy.as_deref().unwrap_or("");
    format!("| {} | {} | {} | {} |", cell(&evasion.name), cell(envoy), cell(&evasion.seen), cell(&becomes))
}

fn written() -> String {
    let mut text = String::from("| rule | looks at | after | for |\n|---|---|---|---|\n");
    for one in rules() {
        let _ = writeln!(text, "{}", rule(&one));
    }
    let mut group = String::new();
    for evasion in table() {
        if evasion.group != group {
            group.clone_from(&evasion.group);
            let _ = write!(
                text,
                "\n### {group}\n\n| evasion | Envoy | rules see | what comes of it |\n|---|---|---|---|\n"
            );
        }
        let _ = writeln!(text, "{}", row(&evasion));
    }
    text
}

#[test]
fn the_page_has_the_table() {
    let page = fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has the beginning of the table");
    let (_, after) = rest.split_once(END).expect("the page has the end of the table");
    let expected = format!("{before}{BEGIN}\n{}\n{END}{after}", written());
    if std::env::var_os("SEKISHO_BLESS").is_some() {
        fs::write(PAGE, expected).unwrap();
        return;
    }
    assert!(page == expected, "docs/waf-evasion.md is not what the table says: run it with SEKISHO_BLESS=1");
}
