use crate::gateway::compile;
use crate::gateway::surroundings::{Elsewhere, Secret, Surroundings, Verification};
use crate::gateway::testing::{config, http, problems, proxy};
use serde_json::{Value, json};

const ID: &str = "AKIATESTTESTTEST0001";

/// A document with these credentials, and a route that asks for them.
fn document(credentials: &Value) -> Value {
    let mut document = http(&["ANY /x"], proxy("http://b", json!({})));
    document["apis"][0]["routes"][0]["authorizationType"] = json!("AWS_IAM");
    document["credentials"] = credentials.clone();
    document
}

fn credential(members: Value) -> Value {
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*" } ] });
    let mut credential = json!({ "accessKeyId": ID, "secretAccessKeyEnv": "S", "policy": policy });
    for (name, value) in members.as_object().unwrap() {
        credential[name] = value.clone();
    }
    credential
}

#[test]
fn what_cannot_sign_is_refused() {
    let good =
        credential(json!({ "accountId": "210987654321", "userArn": "arn:aws:iam::210987654321:user/a/b" }));
    assert_eq!(problems(&document(&json!([good]))), "");
    for (members, expected) in [
        (
            json!({ "accessKeyId": "short" }),
            "credentials[0].accessKeyId: `short` is not the id of an access key",
        ),
        (json!({ "accessKeyId": "AKIA/TESTTESTTEST001" }), "is not the id of an access key"),
        (json!({ "accountId": "1" }), "credentials[0].accountId: `1` is not the 12 digits"),
        (json!({ "userArn": "ann" }), "credentials[0].userArn: `ann` is not the ARN"),
        (json!({ "userArn": "arn:aws:iam::1:user/ann" }), "is not the ARN"),
        (
            json!({ "accountId": "123456789012", "userArn": "arn:aws:iam::210987654321:user/ann" }),
            "credentials[0].userArn: the ARN is of another account than `123456789012`",
        ),
        (json!({ "policy": { "Statement": 1 } }), "error: credentials[0].policy"),
        (json!({ "policy": null }), "warning: credentials[0].policy: the caller has no policy"),
    ] {
        let found = problems(&document(&json!([credential(members)])));
        assert!(found.contains(expected), "{expected}\n{found}");
    }
    let twice = problems(&document(&json!([credential(json!({})), credential(json!({}))])));
    assert!(
        twice.contains(&format!("credentials[1].accessKeyId: the access key `{ID}` stands twice")),
        "{twice}"
    );
    let nobody = problems(&document(&json!([])));
    assert!(nobody.contains("nobody could call the route"), "{nobody}");
}

/// An environment with one variable.
#[derive(Debug)]
struct Environment(&'static str, &'static str);

impl Surroundings for Environment {
    fn secret(&self, variable: &str) -> Option<Secret> {
        (variable == self.0).then(|| Secret(self.1.as_bytes().to_vec()))
    }

    fn verifies(&self, algorithm: crate::gateway::authorizers::signature::Algorithm) -> Verification {
        Elsewhere.verifies(algorithm)
    }
}

#[test]
fn secrets_must_be_there_and_be_secrets() {
    let document = document(&json!([credential(json!({}))]));
    let with_token = self::document(&json!([credential(json!({ "sessionTokenEnv": "T" }))]));
    let problems = |document: &Value, name, value| match compile(&config(document), &Environment(name, value))
    {
        Ok(compiled) => compiled.warnings.to_string(),
        Err(problems) => problems.to_string(),
    };
    assert_eq!(problems(&document, "S", "secret"), "");
    for (document, name, value, expected) in [
        (
            &document,
            "OTHER",
            "secret",
            "credentials[0].secretAccessKeyEnv: the environment variable `S` is not set",
        ),
        (&document, "S", "", "is not set, or is empty"),
        (
            &document,
            "S",
            "secret\n",
            "credentials[0].secretAccessKeyEnv: what is in `S` has spaces, line ends",
        ),
        (
            &with_token,
            "S",
            "secret",
            "credentials[0].sessionTokenEnv: the environment variable `T` is not set",
        ),
    ] {
        let found = problems(document, name, value);
        assert!(found.contains(expected), "{expected}\n{found}");
        assert!(!found.contains("secret\n"), "{found}");
    }
}
