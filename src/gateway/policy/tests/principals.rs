use super::{ARN, Kind, Policy, Verdict, World, asked, policy, problems};
use serde_json::{Value, json};

const ANN: &str = "arn:aws:iam::123456789012:user/dev/ann";
const BOB: &str = "arn:aws:iam::123456789012:user/bob";
const SESSION: &str = "arn:aws:sts::123456789012:assumed-role/Reader/laptop";
const STRANGER: &str = "arn:aws:iam::999999999999:user/dev/ann";
const EVERYBODY: [Option<&str>; 5] = [None, Some(ANN), Some(BOB), Some(SESSION), Some(STRANGER)];

fn document(effect: &str, member: &str, principal: Value) -> Value {
    json!({ "Effect": effect, member: principal, "Action": "*", "Resource": "*" })
}

/// Which of everybody the statement is about.
fn about(effect: &str, member: &str, principal: Value) -> Vec<Option<&'static str>> {
    let policy = policy(document(effect, member, principal), Kind::Resource);
    let request = World::default().request();
    let is_about = |caller: &Option<&str>| policy.evaluate(&asked(ARN, *caller, &request)) != Verdict::Silent;
    EVERYBODY.into_iter().filter(is_about).collect()
}

#[test]
fn everybody_accounts_users_roles_and_sessions() {
    for (principal, expected) in [
        (json!("*"), EVERYBODY.to_vec()),
        (json!({ "AWS": "*" }), EVERYBODY.to_vec()),
        (json!({ "AWS": [BOB, "*"] }), EVERYBODY.to_vec()),
        (json!({ "AWS": "123456789012" }), vec![Some(ANN), Some(BOB), Some(SESSION)]),
        (json!({ "AWS": "arn:aws:iam::123456789012:root" }), vec![Some(ANN), Some(BOB), Some(SESSION)]),
        (json!({ "AWS": ANN }), vec![Some(ANN)]),
        (json!({ "AWS": [ANN, STRANGER] }), vec![Some(ANN), Some(STRANGER)]),
        (json!({ "AWS": "arn:aws:iam::123456789012:user/ann" }), vec![]),
        (json!({ "AWS": "arn:aws:iam::123456789012:role/team/Reader" }), vec![Some(SESSION)]),
        (json!({ "AWS": "arn:aws:iam::123456789012:role/Read" }), vec![]),
        (json!({ "AWS": SESSION }), vec![Some(SESSION)]),
        (json!({ "AWS": "arn:aws:sts::123456789012:assumed-role/Reader/desk" }), vec![]),
    ] {
        for effect in ["Allow", "Deny"] {
            assert_eq!(about(effect, "Principal", principal.clone()), expected, "{effect} {principal}");
        }
    }
}

#[test]
fn everybody_else_is_denied_and_nobody_is_spared_without_the_account() {
    let root = "arn:aws:iam::123456789012:root";
    let all_but = |spared: &str| EVERYBODY.into_iter().filter(|one| *one != Some(spared)).collect::<Vec<_>>();
    assert_eq!(about("Deny", "NotPrincipal", json!({ "AWS": [ANN, root] })), all_but(ANN));
    assert_eq!(
        about("Deny", "NotPrincipal", json!({ "AWS": ["arn:aws:iam::123456789012:role/Reader", root] })),
        all_but(SESSION)
    );
    for spared in [json!(ANN), json!(root), json!([STRANGER, root]), json!([ANN, "999999999999"])] {
        assert_eq!(about("Deny", "NotPrincipal", json!({ "AWS": spared })), EVERYBODY, "{spared}");
    }
}

#[test]
fn an_account_as_a_whole_does_not_stand_for_its_callers_by_name() {
    let request = World::default().request();
    let by_name = |effect: &str, principal: Value| {
        let policy = policy(document(effect, "Principal", principal), Kind::Resource);
        policy.evaluate_by_name(&asked(ARN, Some(ANN), &request))
    };
    assert_eq!(by_name("Allow", json!({ "AWS": "123456789012" })), Verdict::Silent);
    assert_eq!(by_name("Allow", json!({ "AWS": ANN })), Verdict::Allow);
    assert_eq!(by_name("Allow", json!("*")), Verdict::Allow);
    assert_eq!(by_name("Deny", json!({ "AWS": "123456789012" })), Verdict::Deny);
}

#[test]
fn callers_that_cannot_come_and_principals_that_cannot_be_are_refused() {
    for principal in [
        json!({ "Service": "apigateway.amazonaws.com" }),
        json!({ "Federated": "cognito-identity.amazonaws.com" }),
        json!({ "CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be" }),
        json!({ "aws": "*" }),
        json!({}),
        json!({ "AWS": [] }),
        json!({ "AWS": "12345678901" }),
        json!({ "AWS": "ann" }),
        json!({ "AWS": "AIDACKCEVSQ6C2EXAMPLE" }),
        json!({ "AWS": "arn:aws:iam::123456789012:user/*" }),
        json!({ "AWS": "arn:aws:iam::*:root" }),
        json!({ "AWS": "arn:aws:iam::123456789012:user/" }),
        json!({ "AWS": "arn:aws:iam::123456789012:group/dev" }),
        json!({ "AWS": "arn:aws:iam:us-east-1:123456789012:root" }),
        json!({ "AWS": "arn:aws:iam::123456789012" }),
        json!("123456789012"),
        json!(["*"]),
        json!(null),
    ] {
        for (effect, member) in [("Allow", "Principal"), ("Deny", "Principal"), ("Deny", "NotPrincipal")] {
            let document = json!({ "Statement": document(effect, member, principal.clone()) });
            let told = problems(&document, Kind::Resource);
            assert!(told.starts_with(&format!("Statement.{member}")), "{member} {principal}: {told}");
        }
    }
}

#[test]
fn who_is_meant_must_be_said_and_only_in_an_apis_policy() {
    let bare = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    assert_eq!(problems(&json!({ "Statement": bare }), Kind::Resource), "Statement: missing `Principal`");
    let mut both = document("Deny", "Principal", json!("*"));
    both["NotPrincipal"] = json!({ "AWS": ANN });
    let told = problems(&json!({ "Statement": both }), Kind::Resource);
    assert_eq!(told, "Statement: `Principal` and `NotPrincipal` stand side by side");
    let told = problems(
        &json!({ "Statement": document("Allow", "NotPrincipal", json!({ "AWS": ANN })) }),
        Kind::Resource,
    );
    assert!(
        told.starts_with("Statement.NotPrincipal: with `Allow` it would let everybody else in"),
        "{told}"
    );
    for principal in [json!("*"), json!({ "AWS": ["*", ANN] })] {
        let told =
            problems(&json!({ "Statement": document("Deny", "NotPrincipal", principal) }), Kind::Resource);
        assert!(told.starts_with("Statement.NotPrincipal: nobody is left"), "{told}");
    }
    for member in ["Principal", "NotPrincipal"] {
        let told = problems(&json!({ "Statement": document("Allow", member, json!("*")) }), Kind::Identity);
        let expected =
            format!("Statement.{member}: `{member}` has no place in a caller's or an authorizer's policy");
        assert_eq!(told, expected);
    }
    assert!(Policy::parse(&json!({ "Statement": bare }), Kind::Identity).is_ok());
}
