//! The reference page is what the types say. `SEKISHO_BLESS=1` writes it anew.

use sekisho::gateway::config;
use std::path::Path;

#[test]
fn the_configuration_reference_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/configuration.md");
    let page = sekisho_cli::reference::markdown(&config::schema());
    if std::env::var_os("SEKISHO_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/reference/configuration.md is stale: `SEKISHO_BLESS=1 cargo test -p sekisho-cli`"
    );
}

#[test]
fn every_type_has_a_section_and_every_link_leads_to_one() {
    let schema = config::schema();
    let page = sekisho_cli::reference::markdown(&schema);
    let definitions = schema["$defs"].as_object().unwrap();
    assert!(definitions.len() > 50, "{}", definitions.len());
    for name in definitions.keys() {
        assert!(page.contains(&format!("\n## {name}\n")), "{name}");
    }
    let links = page.split("](#").skip(1).filter_map(|rest| rest.split_once(')'));
    for (link, _) in links {
        assert!(definitions.keys().any(|name| name.to_lowercase() == link), "#{link}");
    }
}
