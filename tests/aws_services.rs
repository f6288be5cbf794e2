//! The guide to AWS services says what the gateway takes: its table is made of the gateway's own, and its documents compile.
//! `SEKISHO_BLESS=1` writes the table anew.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use sekisho::gateway::compile;
use sekisho::gateway::config::load;
use sekisho::gateway::integrations::aws_service::subtype::{Kind, Parameter, SUBTYPES};
use sekisho::gateway::surroundings::Elsewhere;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

const BEGIN: &str = "<!-- table -->\n";
const END: &str = "<!-- end -->";

fn guide() -> String {
    std::fs::read_to_string(path()).unwrap()
}

fn path() -> impl AsRef<Path> {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/aws-services.md")
}

fn shown(parameter: &Parameter) -> String {
    let kind = match parameter.kind {
        Kind::Text | Kind::Queue | Kind::Bucket => "",
        Kind::Code => " (expression)",
        Kind::Number => " (number)",
        Kind::Flag => " (flag)",
        Kind::Time => " (time)",
        Kind::Object => " (object)",
        Kind::List => " (list)",
        Kind::Attributes => " (attributes)",
        Kind::Bytes => " (bytes)",
    };
    let name = format!("`{}`", parameter.name);
    if parameter.required { format!("**{name}**{kind}") } else { format!("{name}{kind}") }
}

fn table() -> String {
    let mut table = "| subtype | parameters |\n|---|---|\n".to_owned();
    for subtype in &SUBTYPES {
        let is_ours = matches!(subtype.service.name, "dynamodb" | "sns" | "s3");
        let parameters: Vec<String> = subtype.parameters.iter().map(shown).collect();
        let mark = if is_ours { " +" } else { "" };
        writeln!(table, "| `{}`{mark} | {} |", subtype.name, parameters.join(", ")).unwrap();
    }
    table
}

#[test]
fn the_table_of_the_guide_is_fresh() {
    let guide = guide();
    let (before, rest) = guide.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    if std::env::var_os("SEKISHO_BLESS").is_some() {
        std::fs::write(path(), [before, BEGIN, &table(), END, after].concat()).unwrap();
        return;
    }
    assert!(
        written == table(),
        "docs/aws-services.md is stale: `SEKISHO_BLESS=1 cargo test -p sekisho --test aws_services`"
    );
}

/// What is found in a document, warnings too.
fn found(document: &Value) -> String {
    let config = load(document.to_string().as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
    match compile(&config, &Elsewhere) {
        Ok(compiled) => compiled.warnings.to_string(),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn the_documents_of_the_guide_compile() {
    let guide = guide();
    let blocks = guide.split("```json\n").skip(1).filter_map(|rest| rest.split_once("\n```"));
    let blocks: Vec<Value> = blocks.map(|(block, _)| serde_json::from_str(block).unwrap()).collect();
    let [whole, responses, examples] = blocks.as_slice() else { panic!("{} documents", blocks.len()) };
    assert_eq!(found(whole), "");
    let mut mapped = whole.clone();
    mapped["apis"][0]["integrations"][0]["responseParameters"] = responses.clone();
    assert_eq!(found(&mapped), "");
    let examples = examples.as_array().unwrap();
    let named = |example: &Value| {
        example["integrationSubtype"].as_str().unwrap().split_once('-').unwrap().0.to_owned()
    };
    let services: BTreeSet<String> = examples.iter().map(named).collect();
    let all: BTreeSet<String> =
        SUBTYPES.iter().map(|subtype| subtype.name.split_once('-').unwrap().0.to_owned()).collect();
    assert_eq!(services, all, "an example for each service");
    let mut document = whole.clone();
    let target = |example: &Value| {
        let id = example["integrationId"].as_str().unwrap();
        json!({ "routeKey": format!("POST /{id}/{{id}}/{{shop}}/{{key+}}"), "target": format!("integrations/{id}") })
    };
    document["apis"][0]["routes"] = examples.iter().map(target).collect();
    document["apis"][0]["integrations"] = json!(examples);
    assert_eq!(found(&document), "");
}
