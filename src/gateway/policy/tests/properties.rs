//! Laws of policies, on random policies and requests.

use super::super::pattern::{Case, Pattern};
use super::naive::{self, Asked};
use super::{Kind, Policy, Verdict, World, asked, told};
use crate::gateway::arn;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use proptest::{collection, option, prop_assert, prop_assert_eq};
use serde_json::{Value, json};
use std::cell::Cell;

const CASES: u32 = 2000;
const ANN: &str = "arn:aws:iam::123456789012:user/ann";
const STRANGER: &str = "arn:aws:iam::999999999999:user/bob";

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

// === what is generated ===

/// Texts of few letters, so that they match often.
fn text(letters: &'static [&'static str], most: usize) -> impl Strategy<Value = String> + Clone {
    collection::vec(select(letters), 0..most).prop_map(|parts| parts.concat())
}

fn resource(kind: Kind) -> impl Strategy<Value = String> + Clone {
    let below = (
        select(vec!["prod", "*", "pro?", "test"]),
        select(vec!["GET", "*", "G?T", "POST", "get"]),
        text(&["a", "b", "/", "*", "?", "a/", ";"], 5),
    );
    let below = below.prop_map(|(stage, method, path)| format!("{stage}/{method}/{path}"));
    let full =
        below.clone().prop_map(|below| format!("arn:aws:execute-api:us-east-1:123456789012:shop/{below}"));
    let short = below.prop_map(move |below| match kind {
        Kind::Resource => format!("execute-api:/{below}"),
        Kind::Identity => format!("arn:aws:execute-api:*:*:*/{below}"),
    });
    prop_oneof![1 => Just("*".to_owned()), 4 => full, 3 => short]
}

fn one_or_more<T: Strategy<Value = String> + Clone + 'static>(of: T) -> impl Strategy<Value = Value> + Clone {
    collection::vec(of, 1..4).prop_map(|list| if list.len() == 1 { json!(list[0]) } else { json!(list) })
}

fn condition() -> impl Strategy<Value = Value> {
    let address = (
        select(vec!["IpAddress", "NotIpAddress", "IpAddressIfExists"]),
        one_or_more(
            select(vec!["192.0.2.0/24", "198.51.100.7", "0.0.0.0/0", "10.0.0.0/8"]).prop_map(str::to_owned),
        ),
    );
    let address = address.prop_map(|(operator, values)| json!({ operator: { "aws:SourceIp": values } }));
    let agent = (
        select(vec![
            "StringEquals",
            "StringNotEquals",
            "StringLike",
            "StringNotLike",
            "StringEqualsIfExists",
            "StringNotLikeIfExists",
        ]),
        one_or_more(text(&["a", "b", "*", "?"], 3)),
    );
    let agent = agent.prop_map(|(operator, values)| json!({ operator: { "aws:UserAgent": values } }));
    let caller =
        (select(vec!["ArnLike", "ArnNotLike"]), select(vec![ANN, "arn:aws:iam::*:user/*", STRANGER]));
    let caller = caller.prop_map(|(operator, value)| json!({ operator: { "aws:PrincipalArn": value } }));
    let null = (select(vec!["aws:SourceIp", "aws:UserAgent", "aws:PrincipalArn"]), any::<bool>());
    let null = null.prop_map(|(key, absent)| json!({ "Null": { key: absent } }));
    let both = (address.clone(), agent.clone()).prop_map(|(mut address, agent)| {
        address.as_object_mut().unwrap().extend(agent.as_object().unwrap().clone());
        address
    });
    prop_oneof![address, agent, caller, null, both]
}

fn statement(kind: Kind) -> impl Strategy<Value = Value> {
    let action = select(vec![
        ("Action", "execute-api:Invoke"),
        ("Action", "execute-api:Invoke"),
        ("Action", "*"),
        ("Action", "EXECUTE-API:inv*"),
        ("NotAction", "execute-api:ManageConnections"),
        ("NotAction", "execute-api:Invoke"),
    ]);
    let principal = select(vec![
        json!("*"),
        json!("*"),
        json!({ "AWS": ANN }),
        json!({ "AWS": [STRANGER, "123456789012"] }),
        json!({ "AWS": "*" }),
        json!({ "AWS": "arn:aws:iam::999999999999:root" }),
    ]);
    let spared = select(vec![
        json!([ANN, "123456789012"]),
        json!(ANN),
        json!([STRANGER, "arn:aws:iam::999999999999:root"]),
    ]);
    let parts = (
        select(vec!["Allow", "Allow", "Deny"]),
        action,
        select(vec!["Resource", "Resource", "Resource", "NotResource"]),
        one_or_more(resource(kind)),
        option::weighted(0.4, condition()),
        (principal, option::weighted(0.3, spared)),
    );
    parts.prop_map(
        move |(effect, (action_member, action), member, resources, condition, (principal, spared))| {
            let mut statement = json!({ "Effect": effect, action_member: action, member: resources });
            if let Some(condition) = condition {
                statement["Condition"] = condition;
            }
            match (kind, spared) {
                (Kind::Identity, _) => {}
                (Kind::Resource, Some(spared)) if effect == "Deny" => {
                    statement["NotPrincipal"] = json!({ "AWS": spared })
                }
                (Kind::Resource, _) => statement["Principal"] = principal,
            }
            statement
        },
    )
}

fn statements(kind: Kind) -> impl Strategy<Value = Vec<Value>> {
    collection::vec(statement(kind), 1..5)
}

fn request() -> impl Strategy<Value = Asked> {
    let parts = (
        select(vec!["GET", "GET", "POST", "get"]),
        text(&["a", "b", "/", "a/", "//", ";", ";b"], 5),
        select(vec![None, None, Some(ANN), Some(STRANGER)]),
        select(vec!["192.0.2.1", "198.51.100.7", ""]),
        select(vec![vec![], vec!["a"], vec!["ab"], vec!["a", "b"]]),
    );
    parts.prop_map(|(method, path, caller, address, agents)| Asked { method, path, caller, address, agents })
}

fn document(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn verdict(statements: &[Value], kind: Kind, of: &Asked) -> Verdict {
    let policy =
        Policy::parse(&document(statements), kind).unwrap_or_else(|problems| panic!("{}", told(&problems)));
    let headers = of.agents.iter().map(|agent| ("user-agent", *agent)).collect();
    let request = World { headers, address: of.address, ..World::default() }.request();
    policy.evaluate(&asked(&of.arn(), of.caller, &request))
}

// === laws ===

#[test]
fn the_evaluator_agrees_with_a_naive_one() {
    for kind in [Kind::Resource, Kind::Identity] {
        let seen: [Cell<u32>; 3] = Default::default();
        runner(CASES)
            .run(&(statements(kind), request()), |(statements, request)| {
                let found = verdict(&statements, kind, &request);
                seen[found as usize].set(seen[found as usize].get() + 1);
                prop_assert_eq!(found, naive::verdict(&document(&statements), &request));
                Ok(())
            })
            .unwrap();
        let seen = seen.map(Cell::into_inner);
        assert!(seen.iter().all(|times| *times > CASES / 20), "each verdict is seen: {seen:?}");
    }
}

#[test]
fn order_does_not_count_and_more_denial_or_less_allowance_opens_nothing() {
    let opened = Cell::new(0);
    runner(CASES)
        .run(
            &(statements(Kind::Resource), statement(Kind::Resource), request()),
            |(statements, more, request)| {
                let verdict = |statements: &[Value]| verdict(statements, Kind::Resource, &request);
                let found = verdict(&statements);
                let mut turned = statements.clone();
                turned.reverse();
                prop_assert_eq!(found, verdict(&turned));
                let mut denying = statements.clone();
                let mut deny = more;
                deny["Effect"] = json!("Deny");
                denying.insert(statements.len() / 2, deny);
                prop_assert!(found == Verdict::Allow || verdict(&denying) != Verdict::Allow);
                prop_assert!(found != Verdict::Deny || verdict(&denying) == Verdict::Deny);
                opened.set(opened.get() + u32::from(found != verdict(&denying)));
                for (i, statement) in statements.iter().enumerate() {
                    let mut fewer = statements.clone();
                    fewer.remove(i);
                    if statement["Effect"] == "Allow" && !fewer.is_empty() {
                        prop_assert!(found == Verdict::Allow || verdict(&fewer) != Verdict::Allow);
                    }
                }
                Ok(())
            },
        )
        .unwrap();
    assert!(opened.get() > CASES / 50, "a denial changes something: {}", opened.get());
}

#[test]
fn what_a_request_leaves_open_never_helps_it() {
    let changed = Cell::new(0);
    runner(CASES)
        .run(&(statements(Kind::Resource), request()), |(statements, request)| {
            let verdict = |request: &Asked| verdict(&statements, Kind::Resource, request);
            let open = verdict(&Asked { address: "", ..request.clone() });
            let known =
                ["192.0.2.1", "198.51.100.7"].map(|address| verdict(&Asked { address, ..request.clone() }));
            for known in known {
                prop_assert!(open != Verdict::Allow || known == Verdict::Allow);
                prop_assert!(known != Verdict::Deny || open == Verdict::Deny);
            }
            changed.set(changed.get() + u32::from(known.iter().any(|known| *known != open)));
            Ok(())
        })
        .unwrap();
    assert!(changed.get() > CASES / 50, "an address matters: {}", changed.get());
}

#[test]
fn another_spelling_never_helps_a_request() {
    let changed = Cell::new(0);
    runner(CASES)
        .run(&(statements(Kind::Identity), request()), |(statements, request)| {
            let path = request.path.split('/').map(|segment| segment.split(';').next().unwrap());
            let path = path.filter(|segment| !segment.is_empty()).collect::<Vec<_>>().join("/");
            let plain = Asked {
                method: if request.method == "POST" { "POST" } else { "GET" },
                path,
                ..request.clone()
            };
            let spelled = verdict(&statements, Kind::Identity, &request);
            let plain = verdict(&statements, Kind::Identity, &plain);
            prop_assert!(plain != Verdict::Deny || spelled == Verdict::Deny);
            // Who is allowed as spelled only was named so, without wildcards.
            let named = statements
                .iter()
                .any(|statement| statement.to_string().contains(&format!("{}\"", request.arn())));
            prop_assert!(spelled != Verdict::Allow || plain == Verdict::Allow || named);
            changed.set(changed.get() + u32::from(spelled != plain));
            Ok(())
        })
        .unwrap();
    assert!(changed.get() > CASES / 50, "spelling matters: {}", changed.get());
}

#[test]
fn patterns_match_as_naive_ones_do() {
    let matched = Cell::new(0);
    let strategy =
        (text(&["a", "b", "*", "?", "\u{e9}", "/"], 8), text(&["a", "b", "\u{e9}", "/"], 8), 0..8_usize);
    runner(CASES * 4)
        .run(&strategy, |(pattern, text, at)| {
            let compiled = Pattern::new(&pattern, Case::Counts);
            let (pattern, chars): (Vec<_>, Vec<_>) = (pattern.chars().collect(), text.chars().collect());
            let expected = naive::matches(&pattern, &chars);
            prop_assert_eq!(compiled.matches(&text), expected);
            matched.set(matched.get() + u32::from(expected));
            // A text can begin with whatever one does that matches.
            let prefix: String = chars.iter().take(at).collect();
            prop_assert!(!expected || compiled.can_begin(&prefix));
            // The other way round: some end of few letters, or of many where a `*` is, makes it match.
            let begins = (0..=pattern.len()).any(|cut| {
                let (head, tail) = pattern.split_at(cut);
                let chars: Vec<_> = prefix.chars().collect();
                naive::matches(head, &chars)
                    || tail.first() == Some(&'*') && naive::matches(&[head, &['*']].concat(), &chars)
            });
            prop_assert_eq!(compiled.can_begin(&prefix), begins);
            Ok(())
        })
        .unwrap();
    assert!(matched.get() > CASES / 10, "some match: {}", matched.get());
}

/// JSON with the names of policies where they may stand, and where they may not.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        select(vec![
            "*",
            "Allow",
            "Deny",
            "execute-api:Invoke",
            "2012-10-17",
            "execute-api:/*",
            "arn:aws:execute-api:*",
            "192.0.2.0/24",
            "::/0",
            "true",
            "2020-01-01",
            "123456789012",
            ANN,
            "${a}",
            "",
        ])
        .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        let name = prop_oneof![
            6 => select(vec![
                "Version", "Id", "Statement", "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource",
                "Principal", "NotPrincipal", "Condition", "AWS", "StringLike", "IpAddress", "Bool", "Null", "DateEquals",
                "NumericEquals", "ArnLike", "aws:SourceIp", "aws:UserAgent", "aws:PrincipalArn", "aws:CurrentTime",
            ])
            .prop_map(str::to_owned),
            1 => any::<String>(),
        ];
        prop_oneof![
            collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            collection::vec((name, inner), 0..8).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

#[test]
fn nothing_that_is_json_makes_reading_fail_in_another_way_than_by_its_problems() {
    let read = Cell::new(0);
    let strategy = (
        any_json(),
        statements(Kind::Identity),
        any_json(),
        select(vec!["Condition", "Resource", "Action", "Sid"]),
    );
    runner(CASES)
        .run(&strategy, |(anything, mut statements, member, name)| {
            statements[0][name] = member;
            for document in [anything, document(&statements)] {
                for kind in [Kind::Resource, Kind::Identity] {
                    match Policy::parse(&document, kind) {
                        Err(problems) => prop_assert!(!problems.is_empty()),
                        Ok(policy) => {
                            let _ =
                                policy.evaluate(&asked(super::ARN, Some(ANN), &World::default().request()));
                            read.set(read.get() + 1);
                        }
                    }
                }
                let again = Policy::parse_text(document.to_string().as_bytes(), Kind::Identity);
                prop_assert_eq!(again, Policy::parse(&document, Kind::Identity));
            }
            Ok(())
        })
        .unwrap();
    assert!(read.get() > 5, "some are policies: {}", read.get());
}

#[test]
fn texts_and_arns_of_any_bytes_are_read() {
    runner(CASES)
        .run(&(collection::vec(any::<u8>(), 0..64), any::<String>()), |(bytes, text)| {
            let _ = Policy::parse_text(&bytes, Kind::Resource);
            let _ = Policy::parse(&json!(text), Kind::Resource);
            if let Some(plain) = arn::plain(&text) {
                prop_assert_eq!(arn::plain(&plain), None, "a plain ARN is plain");
            }
            Ok(())
        })
        .unwrap();
}
