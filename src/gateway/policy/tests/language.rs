use super::{ARN, Kind, Policy, Verdict, World, asked, of, policy, problems, statement};
use crate::gateway::json_once;
use serde_json::{Value, json};

#[test]
fn an_explicit_deny_wins_in_either_order_and_silence_is_no_allow() {
    let (allow, deny) = (statement("Allow", "*"), statement("Deny", ARN));
    assert_eq!(of(json!([allow, deny]), ARN), Verdict::Deny);
    assert_eq!(of(json!([deny, allow]), ARN), Verdict::Deny);
    assert_eq!(of(json!([deny, allow]), &ARN.replace("/7", "/8")), Verdict::Allow);
    assert_eq!(of(json!([deny]), &ARN.replace("/7", "/8")), Verdict::Silent);
    assert_eq!(of(allow, ARN), Verdict::Allow, "a statement need not stand in a list");
}

#[test]
fn actions_have_wildcards_and_no_case() {
    let verdict =
        |member: &str, action: Value| of(json!({ "Effect": "Allow", member: action, "Resource": "*" }), ARN);
    for action in
        ["execute-api:Invoke", "EXECUTE-API:invoke", "execute-api:*", "*", "*:*", "execute-api:In?oke"]
    {
        assert_eq!(verdict("Action", json!(action)), Verdict::Allow, "{action}");
        assert_eq!(verdict("NotAction", json!(action)), Verdict::Silent, "{action}");
    }
    for action in ["execute-api:ManageConnections", "s3:*", "execute-api:Invoke?", "execute-api:"] {
        assert_eq!(verdict("Action", json!(action)), Verdict::Silent, "{action}");
        assert_eq!(verdict("NotAction", json!(action)), Verdict::Allow, "{action}");
    }
    assert_eq!(verdict("Action", json!(["s3:*", "execute-api:Invoke"])), Verdict::Allow);
    assert_eq!(verdict("NotAction", json!(["s3:*", "execute-api:Invoke"])), Verdict::Silent);
}

#[test]
fn both_versions_are_read_and_no_other() {
    let with = |version: Value| json!({ "Version": version, "Statement": statement("Allow", "*") });
    for version in ["2012-10-17", "2008-10-17"] {
        assert!(Policy::parse(&with(json!(version)), Kind::Identity).is_ok(), "{version}");
    }
    assert!(Policy::parse(&json!({ "Statement": statement("Allow", "*") }), Kind::Identity).is_ok());
    for version in [json!("2012-10-18"), json!(""), json!(null), json!(20121017)] {
        let problem = problems(&with(version.clone()), Kind::Identity);
        assert_eq!(problem, format!("Version: {version} is no version of the policy language"));
    }
}

#[test]
fn every_problem_is_told_with_its_path() {
    let document = json!({
        "Version": "2012-10-17", "statement": [], "Id": 7,
        "Statement": [
            { "Effect": "allow", "Action": "execute-api:Invoke", "Resource": "*" },
            { "Sid": 1, "Effect": "Deny", "Action": [], "Resources": "*" },
            { "Effect": "Deny", "Action": "Invoke", "NotAction": "*", "Resource": ["*", 1, "users"] },
            { "Effect": "Deny", "Action": "Invoke", "Resource": {} },
            "Allow",
            {},
        ],
    });
    let told = problems(&document, Kind::Identity);
    let mut lines: Vec<_> = told.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "Id: expected a text",
            "Statement[0].Effect: \"allow\" is neither `Allow` nor `Deny`",
            "Statement[1].Action: expected a text, or a list of at least one",
            "Statement[1].Resources: unknown element `Resources`",
            "Statement[1].Sid: expected a text",
            "Statement[1]: missing `Resource`",
            "Statement[2].Resource[1]: expected a text",
            "Statement[2].Resource[2]: `users` is no ARN",
            "Statement[2]: `Action` and `NotAction` stand side by side",
            "Statement[3].Action: `Invoke` is no action of an API",
            "Statement[3].Resource: expected a text, or a list of at least one",
            "Statement[4]: a statement is an object",
            "Statement[5]: missing `Action`",
            "Statement[5]: missing `Effect`",
            "Statement[5]: missing `Resource`",
            "statement: unknown element `statement`",
        ]
    );
}

#[test]
fn a_policy_without_statements_is_refused() {
    for document in [
        json!({}),
        json!(null),
        json!([]),
        json!(true),
        json!({ "Statement": [] }),
        json!({ "Statement": null }),
        json!({ "Statement": "*" }),
        json!({ "Version": "2012-10-17" }),
    ] {
        for kind in [Kind::Identity, Kind::Resource] {
            assert!(Policy::parse(&document, kind).is_err(), "{document}");
        }
    }
}

#[test]
fn an_action_of_nothing_is_a_slip_in_an_apis_policy() {
    let document = |action: &str| json!({ "Statement": { "Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*" } });
    for action in ["execute-api:Invoked", "exec-api:Invoke", "s3:*", "Invoke", ""] {
        let problem = problems(&document(action), Kind::Resource);
        assert_eq!(problem, format!("Statement.Action: `{action}` is no action of an API"));
    }
    for action in ["execute-api:Invoke", "execute-api:ManageConnections", "*", "execute-api:*"] {
        assert!(Policy::parse(&document(action), Kind::Resource).is_ok(), "{action}");
    }
}

#[test]
fn a_policy_has_as_many_characters_as_aws_takes() {
    let document = |sid: usize| {
        json!({ "Statement": {
            "Sid": "s".repeat(sid), "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
        } })
    };
    let bare = document(0).to_string().len();
    assert!(Policy::parse(&document(8192 - bare), Kind::Resource).is_ok());
    assert_eq!(
        problems(&document(8193 - bare), Kind::Resource),
        ": the policy has 8193 characters, more than 8192"
    );
    let pretty = serde_json::to_string_pretty(&document(8192 - bare)).unwrap();
    assert!(pretty.len() > 8192, "spaces do not count");
    assert!(Policy::parse(&json!(pretty), Kind::Resource).is_ok());
    let identity = json!({ "Statement": vec![statement("Allow", "*"); 1000] });
    assert!(problems(&identity, Kind::Identity).ends_with("characters, more than 32768"));
}

#[test]
fn an_apis_policy_may_be_a_text_as_aws_prints_it() {
    let document = json!({ "Statement": {
        "Sid": "\"quoted\" \u{e9}", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
    } });
    let expected = Policy::parse(&document, Kind::Resource).unwrap();
    let text = document.to_string();
    let quoted = json!(text).to_string();
    let escaped_again = quoted.trim_matches('"');
    for printed in [text.as_str(), escaped_again, &serde_json::to_string_pretty(&document).unwrap()] {
        assert_eq!(Policy::parse(&json!(printed), Kind::Resource).unwrap(), expected, "{printed}");
    }
    for broken in ["", "{", "{\\", "{\\\"", "Allow", "\"{}\"", &format!("{text}{text}")] {
        assert!(Policy::parse(&json!(broken), Kind::Resource).is_err(), "{broken}");
    }
    assert!(Policy::parse(&json!(text), Kind::Identity).is_err(), "an authorizer answers an object");
}

#[test]
fn a_name_that_stands_twice_is_refused_in_texts() {
    let deny_first = r#"{"Statement":[{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let problem = Policy::parse_text(deny_first.as_bytes(), Kind::Identity).unwrap_err();
    assert!(problem[0].problem.contains("`Effect` stands twice"), "{}", problem[0].problem);
    let escaped = r#"{"a":{"b":1,"\u0062":2}}"#;
    assert!(json_once::value(escaped.as_bytes()).is_err(), "the same name in another spelling");
    let all = r#"{"a":[1,-1,1.5,1e400,"x",null,true,{"a":{}}],"b":{"a":1}}"#;
    assert!(json_once::value(all.as_bytes()).is_err(), "a number without end is none");
    let all = all.replace("1e400,", "");
    assert_eq!(json_once::value(all.as_bytes()).unwrap(), serde_json::from_str::<Value>(&all).unwrap());
    for broken in ["", "{", "1 2", "{\"a\" 1}", "\u{feff}{}"] {
        assert!(json_once::value(broken.as_bytes()).is_err(), "{broken}");
    }
    assert!(json_once::value("[".repeat(1_000_000).as_bytes()).is_err(), "depth is bounded");
}

#[test]
fn evaluation_asks_for_the_address_only_where_a_condition_does() {
    let with = json!([statement("Allow", "*"), {
        "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": { "Null": { "aws:SourceIp": true } },
    }]);
    assert!(policy(with, Kind::Identity).wants_source_address());
    let without = policy(statement("Allow", "*"), Kind::Identity);
    assert!(!without.wants_source_address());
    let nowhere = World { address: "", ..World::default() }.request();
    assert_eq!(without.evaluate(&asked(ARN, None, &nowhere)), Verdict::Allow);
}
