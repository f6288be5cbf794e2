use super::super::pattern::{Case, Pattern};
use super::{ARN, Kind, Policy, Verdict, World, asked, of, policy, problems, statement};
use serde_json::json;

const API: &str = "arn:aws:execute-api:us-east-1:123456789012:shop";

fn arn(below: &str) -> String {
    format!("{API}/{below}")
}

fn allows(resource: &str, arn: &str) -> bool {
    of(statement("Allow", resource), arn) == Verdict::Allow
}

fn denies(resource: &str, arn: &str) -> bool {
    of(statement("Deny", resource), arn) == Verdict::Deny
}

#[test]
fn wildcards_cross_slashes_and_colons_as_in_iam() {
    for resource in [
        "*",
        ARN,
        "arn:aws:execute-api:*",
        "arn:aws:execute-api:*:*:*",
        "arn:aws:execute-api:us-east-1:*:shop/prod/GET/*",
        "arn:aws:execute-api:us-east-1:123456789012:shop/*/7",
        "arn:aws:execute-api:us-east-1:123456789012:shop/prod/???/users/?",
        "arn:*/7",
        "arn:aws:execute-api:us-east-1:123456789012:shop/prod/GET/users/7*",
    ] {
        assert!(allows(resource, ARN), "{resource}");
        assert!(denies(resource, ARN), "{resource}");
    }
    for resource in [
        "arn:aws:execute-api:us-east-1:123456789012:shop/prod/GET/users",
        "arn:aws:execute-api:us-east-1:123456789012:shop/prod/GET/users/7?",
        "arn:aws:execute-api:us-east-1:123456789012:shop/prod/GET/USERS/7",
        "arn:aws:execute-api:us-east-1:123456789012:shop/prod/get/users/7",
        "arn:aws:execute-api:us-east-1:123456789012:shop/test/*",
        "arn:aws:execute-api:us-east-1:123456789013:*",
        "arn:aws:execute-api:eu-west-1:*",
        "arn:aws-cn:execute-api:*",
        "arn:aws:s3:::*",
    ] {
        assert!(!allows(resource, ARN), "{resource}");
        assert!(!denies(resource, ARN), "{resource}");
    }
    assert!(allows("arn:aws:execute-api:*:*:shop/*/GET/*", &arn("prod/POST/x/GET/y")), "so it is in IAM");
}

#[test]
fn an_apis_policy_may_leave_the_api_out() {
    let verdict = |resource: &str, arn: &str| {
        let statement = json!({
            "Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": resource,
        });
        policy(statement, Kind::Resource).evaluate(&asked(arn, None, &World::default().request()))
    };
    for resource in
        ["execute-api:/*", "execute-api:/prod/GET/users/7", "execute-api:/prod/*", "execute-api:/*/7"]
    {
        assert_eq!(verdict(resource, ARN), Verdict::Allow, "{resource}");
    }
    for resource in ["execute-api:/test/*", "execute-api:/GET/users/7", "execute-api:/", "execute-api://*"] {
        assert_eq!(verdict(resource, ARN), Verdict::Silent, "{resource}");
    }
    let document = json!({ "Statement": statement("Allow", "execute-api:/*") });
    let problem = "Statement.Resource: `execute-api:/*`: only a resource policy may leave the API out";
    assert_eq!(problems(&document, Kind::Identity), problem);
}

#[test]
fn what_is_no_arn_is_refused() {
    for resource in ["", "users", "/prod/GET/users", "execute-api:prod", "**", "aws:execute-api", "Arn:aws:x"]
    {
        let document = json!({ "Statement": statement("Allow", resource) });
        let problem = format!("Statement.Resource: `{resource}` is no ARN");
        assert_eq!(problems(&document, Kind::Identity), problem);
    }
    for resource in ["arn:aws:execute-api:*:*:*/prod/GET/${aws:username}", "${*}", "*${"] {
        let document = json!({ "Statement": statement("Deny", resource) });
        let problem = format!("Statement.Resource: `{resource}`: policy variables are not supported");
        assert_eq!(problems(&document, Kind::Identity), problem);
    }
    assert!(
        Policy::parse(&json!({ "Statement": statement("Allow", arn("$default/*")) }), Kind::Identity).is_ok()
    );
}

#[test]
fn an_arn_in_an_authorizers_policy_has_512_characters_at_most() {
    let with = |length: usize| {
        let bare = arn("prod/GET/");
        let resource = format!("{bare}{}", "\u{e9}".repeat(length - bare.len()));
        json!({ "Statement": statement("Allow", resource) })
    };
    assert!(Policy::parse(&with(512), Kind::Identity).is_ok());
    let problem = "Statement.Resource: the ARN has 513 characters, more than 512";
    assert_eq!(problems(&with(513), Kind::Identity), problem);
}

#[test]
fn all_but_some_resources() {
    let verdict = |effect: &str, arn: &str| {
        let not = json!([format!("{API}/prod/GET/admin"), format!("{API}/prod/GET/admin/*")]);
        of(json!({ "Effect": effect, "Action": "*", "NotResource": not }), arn)
    };
    assert_eq!(verdict("Allow", ARN), Verdict::Allow);
    assert_eq!(verdict("Allow", &arn("prod/GET/admin")), Verdict::Silent);
    assert_eq!(verdict("Deny", ARN), Verdict::Deny);
    assert_eq!(verdict("Deny", &arn("prod/GET/admin/x")), Verdict::Silent);
}

/// What a careless backend takes for `GET /admin/users`.
const OTHER_SPELLINGS: [&str; 9] = [
    "prod/GET/admin//users",
    "prod/GET/admin/users/",
    "prod/GET//admin/users",
    "prod/get/admin/users",
    "prod/Get/admin/users",
    "prod/GET/admin;a=b/users",
    "prod/GET/admin/users;",
    "prod/GET/admin/;x/users",
    "prod/gET//admin;x///users;y=z//",
];

#[test]
fn another_spelling_does_not_walk_round_a_deny() {
    for spelling in OTHER_SPELLINGS {
        for resource in
            ["prod/GET/admin/users", "*/GET/admin/users", "prod/GET/admin/user?", "prod/*/admin/users"]
        {
            assert!(denies(&arn(resource), &arn(spelling)), "{resource} {spelling}");
        }
        // And a `Deny` of that very spelling counts too.
        assert!(denies(&arn(spelling), &arn(spelling)), "{spelling}");
        let spared = json!({ "Effect": "Deny", "Action": "*", "NotResource": arn(spelling) });
        assert_eq!(of(spared, &arn(spelling)), Verdict::Deny, "{spelling}");
    }
}

#[test]
fn another_spelling_is_allowed_only_with_the_plain_one_or_by_its_own_name() {
    for spelling in OTHER_SPELLINGS {
        let not = json!({ "Effect": "Allow", "Action": "*", "NotResource": arn("prod/GET/admin/users") });
        assert_eq!(of(not, &arn(spelling)), Verdict::Silent, "{spelling}");
        assert!(!allows(&arn("prod/GET/admin/users"), &arn(spelling)), "{spelling}");
        assert!(allows(&arn("*"), &arn(spelling)), "{spelling}");
        // A function that answers the ARN it was asked about.
        assert!(allows(&arn(spelling), &arn(spelling)), "{spelling}");
    }
    assert!(!allows(&arn("prod/GET/*/*/public"), &arn("prod/GET/admin//public")));
    assert!(!allows(&arn("prod/get/*"), &arn("prod/get/admin")), "a backend may take `get` for `GET`");
}

#[test]
fn matching_takes_no_more_than_the_product_of_the_lengths() {
    // A pattern that is tried again at each star takes 2^250 steps here.
    let pattern = Pattern::new(&"a*".repeat(250), Case::Counts);
    let text = format!("{}b", "a".repeat(10_000));
    assert!(pattern.matches(&text));
    assert!(!Pattern::new(&format!("{}c", "a*".repeat(250)), Case::Counts).matches(&text));
    assert!(!Pattern::new(&format!("*{}c", "a?".repeat(250)), Case::Counts).matches(&text));
}

#[test]
fn resources_of_other_apis_are_found() {
    let statements = json!([
        { "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": ["*", "execute-api:/*", arn("*")] },
        { "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": [
            arn("test/*"), "arn:aws:execute-api:eu-west-1:*", "arn:*/x", "arn:aws:execute-api:us-east-1:*:shops/*",
            "arn:aws:execute-api:us-east-1:123456789012:sho", "arn:aws:execute-api:us-east-1:123456789012:sh*",
        ] },
    ]);
    let policy = policy(statements, Kind::Resource);
    let prefix = format!("{API}/");
    let found: Vec<_> = policy.unreachable(&prefix).map(|found| found.path.to_owned()).collect();
    assert_eq!(found, ["Statement[1].Resource[1]", "Statement[1].Resource[3]", "Statement[1].Resource[4]"]);
}

#[test]
fn what_would_protect_nothing_opens() {
    for (effect, member, opens) in [
        ("Deny", "Resource", true),
        ("Allow", "NotResource", true),
        ("Allow", "Resource", false),
        ("Deny", "NotResource", false),
    ] {
        let statement = json!({ "Effect": effect, "Principal": "*", "Action": "*", member: arn("test/*") });
        let policy = policy(statement, Kind::Resource);
        let found: Vec<_> = policy.unreachable("arn:aws:execute-api:eu-west-1:123456789012:shop/").collect();
        assert_eq!(found.len(), 1, "{effect} {member}");
        assert_eq!(found[0].opens, opens, "{effect} {member}");
    }
}
