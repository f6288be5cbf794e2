use super::own::OWN;
use super::quotas::QUOTAS;
use super::requests::LIMITS;
use super::{Number, Place, Shown, Unit, page};
use sekisho::gateway::config;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn repository(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)
}

fn read(file: &str) -> String {
    fs::read_to_string(repository(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn numbers() -> impl Iterator<Item = Number> {
    let requests = LIMITS.iter().flat_map(|limit| limit.ours.iter());
    let ours = OWN.iter().flat_map(|group| group.limits).map(|own| &own.most);
    requests.chain(ours).copied()
}

/// What a file says that `name` is: `const NAME: TYPE = 1 << 20;`, `name: 50_000,` or `"name": "310s",`.
fn written(text: &str, name: &str) -> Vec<u64> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let found = text.match_indices(name).filter_map(|(at, _)| {
        let (before, after) = text.split_at_checked(at)?;
        let after = after.strip_prefix(name)?;
        let after = after.strip_prefix('"').unwrap_or(after);
        if before.ends_with(is_name) || before.ends_with("::") {
            return None;
        }
        let value = after.strip_prefix(':')?.split([',', ';']).next()?;
        evaluate(value.rsplit('=').next()?)
    });
    found.collect()
}

/// A product, a shift, a fraction without its digits, or a number of seconds.
fn evaluate(expression: &str) -> Option<u64> {
    let expression = expression.trim().trim_matches('"');
    if let Some((number, by)) = expression.split_once("<<") {
        return Some(evaluate(number)? << evaluate(by)?);
    }
    if expression.contains('*') {
        return expression.split('*').map(evaluate).product();
    }
    let number = expression.strip_suffix('s').unwrap_or(expression).replace('_', "");
    number.strip_suffix(".0").unwrap_or(&number).parse().ok()
}

#[test]
fn expressions_are_read_as_the_compiler_reads_them() {
    let text = r#"
const A: usize = 16_384;
pub(super) const B: u64 = 2 * 60 * 60 * 1000;
    const C: usize = 16 << 10;
const D: f64 = 10_000.0;
const E: &str = "7200s";
    "idle_timeout": "310s", "stream_idle_timeout": "60s",
    pub max: u64,
    max: 50_000,
const LONG_A: usize = 1;
"#;
    for (name, value) in [("A", 16_384), ("B", 7_200_000), ("C", 16_384), ("D", 10_000), ("E", 7_200)] {
        assert_eq!(written(text, name), [value], "{name}");
    }
    assert_eq!(written(text, "idle_timeout"), [310]);
    assert_eq!(written(text, "max"), [50_000]);
    assert_eq!(written(text, "F"), [0_u64; 0]);
}

#[test]
fn every_number_of_ours_is_the_codes() {
    let schema = config::schema();
    let mut count = 0;
    for Number { value, place, .. } in numbers() {
        match place {
            Place::Source(file, name) => assert_eq!(written(&read(file), name), [value], "{name} in {file}"),
            Place::Schema(pointer) => {
                assert_eq!(schema.pointer(pointer), Some(&Value::from(value)), "{pointer}");
            }
        }
        count += 1;
    }
    println!("{count} numbers");
    assert!(count >= 80, "{count} numbers");
}

#[test]
fn every_test_that_shows_a_limit_exists() {
    let mut count = 0;
    for Shown(file, name) in LIMITS.iter().flat_map(|limit| limit.shown) {
        let text = read(file);
        let found = if file.ends_with(".yaml") {
            text.lines().any(|line| line.trim() == format!("- name: {name}"))
        } else {
            text.contains(&format!("fn {name}("))
        };
        assert!(found, "no test in {file} is named `{name}`");
        count += 1;
    }
    assert!(LIMITS.iter().all(|limit| !limit.shown.is_empty()));
    println!("{count} tests");
    assert!(count >= 30, "{count} tests");
}

#[test]
fn nothing_stands_twice() {
    let items: Vec<&str> =
        LIMITS.iter().map(|limit| limit.item).chain(QUOTAS.iter().map(|quota| quota.item)).collect();
    assert_eq!(items.iter().collect::<BTreeSet<_>>().len(), items.len());
}

#[test]
fn numbers_are_told_with_their_units() {
    let told = [
        (Unit::Things, 50, "50"),
        (Unit::Things, 1_234_567, "1,234,567"),
        (Unit::Bytes, 10_240, "10,240 bytes"),
        (Unit::Characters, 512, "512 characters"),
        (Unit::Milliseconds, 50, "50 ms"),
        (Unit::Milliseconds, 1_500, "1,500 ms"),
        (Unit::Milliseconds, 29_000, "29 s"),
        (Unit::Seconds, 310, "310 s"),
        (Unit::Seconds, 7_200, "2 h"),
        (Unit::PerSecond, 10_000, "10,000 a second"),
    ];
    for (unit, value, words) in told {
        assert_eq!(unit.tell(value), words);
    }
}

#[test]
fn the_page_of_limits_is_fresh() {
    let (path, page) = (repository("docs/limits.md"), page::markdown());
    if std::env::var_os("SEKISHO_BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/limits.md is stale: `SEKISHO_BLESS=1 cargo test -p sekisho-cli --lib limits`"
    );
}

#[test]
fn every_link_of_the_page_leads_somewhere_and_every_row_has_its_cells() {
    let page = page::markdown();
    for link in page.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()) {
        assert!(link.starts_with("https://") || repository("docs").join(link).exists(), "{link}");
    }
    let mut cells = 0;
    for line in page.lines() {
        match (line.starts_with('|'), line.matches('|').count()) {
            (false, _) => cells = 0,
            (true, count) if cells == 0 => cells = count,
            (true, count) => assert_eq!(count, cells, "{line}"),
        }
    }
}

fn problems(document: &Value) -> Vec<String> {
    let loaded = config::load(document.to_string().as_bytes());
    let problems = loaded.err().unwrap_or_default().0;
    problems.into_iter().map(|problem| format!("{}: {}", problem.path, problem.problem)).collect()
}

#[test]
fn a_template_has_as_many_characters_as_aws_takes() {
    let document = |length: usize| {
        let templates = json!({ "application/json": "x".repeat(length) });
        json!({ "apis": [{
            "apiId": "a", "protocolType": "REST",
            "integrations": [{ "integrationId": "m", "integrationType": "MOCK", "requestTemplates": templates,
                "integrationResponses": [{ "statusCode": 200, "responseTemplates": templates }] }],
            "gatewayResponses": [{ "responseType": "THROTTLED", "responseTemplates": templates }],
        }] })
    };
    assert_eq!(problems(&document(307_200)), Vec::<String>::new());
    let problem = "`application/json` has 307201 characters, more than 307200";
    let told = problems(&document(307_201));
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().all(|told| told.ends_with(problem)), "{told:?}");
}

#[test]
fn a_format_of_an_access_log_has_as_many_characters_as_aws_takes() {
    let document = |length: usize| {
        let format = format!("$context.requestId{}", "x".repeat(length - 18));
        json!({ "apis": [{ "apiId": "a", "protocolType": "HTTP",
            "stages": [{ "stageName": "$default", "accessLogSettings": { "format": format } }] }] })
    };
    assert_eq!(problems(&document(3_072)), Vec::<String>::new());
    let told = ["apis[0].stages[0].accessLogSettings.format: `format` has 3073 characters, more than 3072"];
    assert_eq!(problems(&document(3_073)), told);
}
