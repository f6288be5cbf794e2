//! HS256: whose secret it is, and what a worker remembers of it.

use super::{NOW, asking, document};
use crate::gateway::authorizers::signature::Algorithm;
use crate::gateway::compile;
use crate::gateway::compile::Gateway;
use crate::gateway::surroundings::{Secret, Surroundings, Verification};
use crate::gateway::testing::config;
use sekisho_cases::tokens::{SECRET, token};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;

/// Somewhere with one secret, and verifiers for some algorithms.
#[derive(Debug)]
struct Somewhere {
    secret: Option<&'static str>,
    verifies: &'static [Algorithm],
}

impl Surroundings for Somewhere {
    fn secret(&self, variable: &str) -> Option<Secret> {
        assert_eq!(variable, "SHOP_SECRET");
        self.secret.map(|secret| Secret(secret.as_bytes().to_vec()))
    }

    fn verifies(&self, algorithm: Algorithm) -> Verification {
        if self.verifies.contains(&algorithm) { Verification::Possible } else { Verification::Impossible }
    }
}

fn compiled(configuration: &Value, somewhere: &Somewhere) -> Result<Rc<Gateway>, String> {
    let compiled = compile(&config(&document(configuration)), somewhere);
    compiled.map(|compiled| Rc::new(compiled.gateway)).map_err(|problems| problems.to_string())
}

fn with_secret(secret: &'static str) -> Result<Rc<Gateway>, String> {
    let somewhere = Somewhere { secret: Some(secret), verifies: &[Algorithm::Hs256] };
    compiled(&json!({ "algorithms": ["HS256"], "secretEnv": "SHOP_SECRET" }), &somewhere)
}

#[test]
fn a_token_is_remembered_for_its_secret_alone() {
    const OTHER: &str = "another secret, which is long enough too";
    let (gateway, other) = (with_secret(SECRET).unwrap(), with_secret(OTHER).unwrap());
    let worker = RefCell::default();
    let token = token(&json!({ "alg": "HS256" }), &json!({ "exp": NOW / 1000 + 10 }));
    // Nobody is asked for keys.
    assert_eq!(asking(&gateway, &worker, NOW, &token, &[]), (200, vec![]));
    assert_eq!(asking(&gateway, &worker, NOW, &token, &[]), (200, vec![]), "remembered");
    assert_eq!(asking(&other, &worker, NOW, &token, &[]), (401, vec![]), "the secret has changed");
    assert_eq!(asking(&gateway, &worker, NOW + 9_999, &token, &[]).0, 200);
    assert_eq!(asking(&gateway, &worker, NOW + 10_000, &token, &[]).0, 401, "it expires, remembered or not");
}

#[test]
fn a_secret_must_be_there_and_long_enough() {
    let short = SECRET.get(..31).unwrap();
    assert!(with_secret(SECRET.get(..32).unwrap()).is_ok());
    let problem = with_secret(short).unwrap_err();
    assert!(problem.contains("the secret in `SHOP_SECRET` has 31 bytes, and HS256 needs 32"), "{problem}");
    assert!(!problem.contains(short), "{problem}");
    let problem = with_secret("").unwrap_err();
    assert!(problem.contains("the environment variable `SHOP_SECRET` is not set, or is empty"), "{problem}");
}

#[test]
fn what_nothing_verifies_is_an_error() {
    let nothing =
        Somewhere { secret: None, verifies: &[Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512] };
    let problems = |configuration: Value| compiled(&configuration, &nothing).err().unwrap_or_default();
    assert_eq!(problems(json!({})), "");
    let problem = problems(json!({ "algorithms": ["RS256", "ES256"] }));
    assert!(
        problem.contains("algorithms[1]: neither this host nor this filter verifies `ES256`"),
        "{problem}"
    );
    let problem = problems(json!({ "defaultAlgorithms": ["ES512"] }));
    assert!(problem.contains("defaultAlgorithms[0]: neither"), "{problem}");
    let nothing = Somewhere { secret: None, verifies: &[] };
    let problem = compiled(&json!({}), &nothing).unwrap_err();
    assert_eq!(
        problem.matches("jwtConfiguration: neither this host nor this filter verifies `RS").count(),
        3,
        "{problem}"
    );
}
