use super::{ARN, Kind, Policy, Verdict, World, asked, policy, problems};
use serde_json::{Value, json};

const ANN: &str = "arn:aws:iam::123456789012:user/ann";

fn statement(effect: &str, condition: Value) -> Value {
    json!({ "Effect": effect, "Action": "*", "Resource": "*", "Condition": condition })
}

fn verdict(effect: &str, condition: &Value, world: &World, caller: Option<&str>) -> Verdict {
    let policy = policy(statement(effect, condition.clone()), Kind::Identity);
    policy.evaluate(&asked(ARN, caller, &world.request()))
}

/// Whether a condition holds; a `Deny` and an `Allow` agree where everything can be read.
fn holds(condition: Value, world: &World, caller: Option<&str>) -> bool {
    let allowed = verdict("Allow", &condition, world, caller) == Verdict::Allow;
    let denied = verdict("Deny", &condition, world, caller) == Verdict::Deny;
    assert_eq!(allowed, denied, "{condition}");
    allowed
}

/// What cannot be told denies, and does not allow.
fn is_open(condition: Value, world: &World) {
    assert_eq!(verdict("Allow", &condition, world, None), Verdict::Silent, "{condition}");
    assert_eq!(verdict("Deny", &condition, world, None), Verdict::Deny, "{condition}");
}

fn with_header(name: &'static str, value: &'static str) -> World {
    World { headers: vec![(name, value)], ..World::default() }
}

#[test]
fn addresses_and_blocks() {
    for (address, block, expected) in [
        ("192.0.2.1:4711", json!("192.0.2.1"), true),
        ("192.0.2.1:4711", json!("192.0.2.1/32"), true),
        ("192.0.2.1:4711", json!("192.0.2.0/24"), true),
        ("192.0.2.1:4711", json!("192.0.2.77/24"), true),
        ("192.0.2.1:4711", json!("0.0.0.0/0"), true),
        ("192.0.2.1:4711", json!(["198.51.100.0/24", "192.0.2.0/24"]), true),
        ("192.0.2.1:4711", json!("192.0.2.2"), false),
        ("192.0.2.1:4711", json!("192.0.3.0/24"), false),
        ("192.0.2.1:4711", json!("::/0"), false),
        ("192.0.2.1:4711", json!("::ffff:192.0.2.0/120"), true),
        ("192.0.2.1:4711", json!("::ffff:192.0.2.1"), true),
        ("[2001:db8::1]:4711", json!("2001:db8::/32"), true),
        ("[2001:db8::1]:4711", json!("2001:DB8:0::1"), true),
        ("[2001:db8::1]:4711", json!("2001:db8:1::/48"), false),
        ("[2001:db8::1]:4711", json!("0.0.0.0/0"), false),
        ("[::ffff:192.0.2.1]:4711", json!("192.0.2.0/24"), true),
        ("[::ffff:192.0.2.1]:4711", json!("::/0"), false),
    ] {
        let world = World { address, ..World::default() };
        assert_eq!(
            holds(json!({ "IpAddress": { "aws:SourceIp": block } }), &world, None),
            expected,
            "{address} {block}"
        );
        assert_eq!(
            holds(json!({ "NotIpAddress": { "aws:sourceip": block } }), &world, None),
            !expected,
            "{address} {block}"
        );
    }
}

#[test]
fn an_address_that_cannot_be_read_denies_and_does_not_allow() {
    for address in [
        "",
        "not an address",
        "192.0.2:1",
        "@/var/run/envoy.sock",
        "[fe80::1%eth0]:1",
        "192.0.2.1, 10.0.0.1:1",
    ] {
        let world = World { address, ..World::default() };
        for operator in ["IpAddress", "NotIpAddress", "IpAddressIfExists", "NotIpAddressIfExists"] {
            is_open(json!({ operator: { "aws:SourceIp": "192.0.2.0/24" } }), &world);
        }
        is_open(json!({ "Null": { "aws:SourceIp": "true" } }), &world);
        is_open(json!({ "Null": { "aws:SourceIp": "false" } }), &world);
        // What fails for another reason fails.
        let both = json!({ "IpAddress": { "aws:SourceIp": "192.0.2.0/24" }, "Bool": { "aws:SecureTransport": "true" } });
        let plain = World { address, headers: vec![("x-forwarded-proto", "http")], ..World::default() };
        assert!(!holds(both, &plain, None));
    }
}

#[test]
fn texts() {
    let agent = with_header("user-agent", "Curl/8.0");
    for (operator, value, expected) in [
        ("StringEquals", json!("Curl/8.0"), true),
        ("StringEquals", json!("curl/8.0"), false),
        ("StringEquals", json!("Curl/*"), false),
        ("StringEquals", json!(["x", "Curl/8.0"]), true),
        ("StringNotEquals", json!("Curl/8.0"), false),
        ("StringNotEquals", json!(["x", "Curl/8.0"]), false),
        ("StringNotEquals", json!(["x", "y"]), true),
        ("StringEqualsIgnoreCase", json!("cURL/8.0"), true),
        ("StringNotEqualsIgnoreCase", json!("cURL/8.0"), false),
        ("StringLike", json!("Curl/*"), true),
        ("StringLike", json!("Curl/?.?"), true),
        ("StringLike", json!("curl/*"), false),
        ("StringNotLike", json!("Curl/*"), false),
        ("StringNotLike", json!(["x", "*"]), false),
        ("StringNotLike", json!("curl/*"), true),
    ] {
        assert_eq!(
            holds(json!({ operator: { "aws:UserAgent": value } }), &agent, None),
            expected,
            "{operator} {value}"
        );
    }
    assert!(holds(
        json!({ "StringLike": { "aws:Referer": "https://shop.test/*" } }),
        &with_header("referer", "https://shop.test/x"),
        None
    ));
}

#[test]
fn a_key_that_is_absent_follows_iam() {
    let world = World::default();
    for (operator, expected) in [
        ("StringEquals", false),
        ("StringLike", false),
        ("StringEqualsIgnoreCase", false),
        ("StringNotEquals", true),
        ("StringNotEqualsIgnoreCase", true),
        ("StringNotLike", true),
        ("StringEqualsIfExists", true),
        ("StringNotEqualsIfExists", true),
        ("StringLikeIfExists", true),
    ] {
        assert_eq!(holds(json!({ operator: { "aws:Referer": "x" } }), &world, None), expected, "{operator}");
    }
    for (operator, expected) in [
        ("ArnEquals", false),
        ("ArnLike", false),
        ("ArnNotEquals", true),
        ("ArnNotLike", true),
        ("ArnLikeIfExists", true),
    ] {
        assert_eq!(
            holds(json!({ operator: { "aws:PrincipalArn": ANN } }), &world, None),
            expected,
            "{operator}"
        );
    }
    let agent = with_header("user-agent", "x");
    assert!(
        !holds(json!({ "StringEqualsIfExists": { "aws:UserAgent": "y" } }), &agent, None),
        "what exists is compared"
    );
    assert!(holds(json!({ "Null": { "aws:Referer": "true" } }), &world, None));
    assert!(!holds(json!({ "Null": { "aws:Referer": false } }), &world, None));
    assert!(holds(json!({ "Null": { "aws:UserAgent": "false" } }), &agent, None));
    assert!(holds(json!({ "Null": { "aws:SourceIp": "false", "aws:CurrentTime": "false" } }), &world, None));
    assert!(holds(
        json!({ "Null": { "aws:PrincipalArn": true, "aws:PrincipalAccount": true } }),
        &world,
        None
    ));
}

#[test]
fn two_headers_and_bytes_are_not_to_be_told() {
    let twice = World {
        headers: vec![("referer", "https://good.test/"), ("referer", "https://evil.test/")],
        ..World::default()
    };
    is_open(json!({ "StringLike": { "aws:Referer": "https://good.test/*" } }), &twice);
    is_open(json!({ "StringNotLike": { "aws:Referer": "https://evil.test/*" } }), &twice);
    is_open(json!({ "Null": { "aws:Referer": "false" } }), &twice);
}

#[test]
fn tls() {
    for (proto, expected) in [("https", true), ("http", false)] {
        let world = with_header("x-forwarded-proto", proto);
        assert_eq!(holds(json!({ "Bool": { "aws:SecureTransport": "true" } }), &world, None), expected);
        assert_eq!(holds(json!({ "Bool": { "aws:SecureTransport": false } }), &world, None), !expected);
        assert!(holds(json!({ "Bool": { "aws:SecureTransport": [true, false] } }), &world, None));
    }
    let spoofed = World {
        headers: vec![("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")],
        ..World::default()
    };
    for world in [World::default(), with_header("x-forwarded-proto", "HTTPS,http"), spoofed] {
        is_open(json!({ "Bool": { "aws:SecureTransport": "true" } }), &world);
        is_open(json!({ "BoolIfExists": { "aws:SecureTransport": "false" } }), &world);
    }
}

#[test]
fn times() {
    // 2020-04-21T15:08:21.067Z
    let world = World::default();
    for (operator, value, expected) in [
        ("DateLessThan", "2020-04-21T15:08:22Z", true),
        ("DateLessThan", "2020-04-21T15:08:21Z", false),
        ("DateLessThanEquals", "2020-04-21T15:08:21Z", true),
        ("DateGreaterThan", "2020-04-21T15:08:20Z", true),
        ("DateGreaterThan", "2020-04-21T15:08:21Z", false),
        ("DateGreaterThanEquals", "2020-04-21T17:08:21+02:00", true),
        ("DateEquals", "2020-04-21T15:08:21Z", true),
        ("DateEquals", "1587481701", true),
        ("DateNotEquals", "2020-04-21", true),
        ("DateNotEquals", "2020-04-21T15:08:21.999Z", false),
    ] {
        for key in ["aws:CurrentTime", "aws:EpochTime"] {
            assert_eq!(
                holds(json!({ operator: { key: value } }), &world, None),
                expected,
                "{operator} {key} {value}"
            );
        }
    }
    for (operator, value, expected) in [
        ("NumericEquals", json!(1_587_481_701), true),
        ("NumericNotEquals", json!("1587481701"), false),
        ("NumericLessThan", json!("1587481702"), true),
        ("NumericLessThanEquals", json!(1_587_481_700), false),
        ("NumericGreaterThan", json!(-5), true),
        ("NumericGreaterThanEquals", json!(1_587_481_701), true),
    ] {
        assert_eq!(
            holds(json!({ operator: { "aws:EpochTime": value } }), &world, None),
            expected,
            "{operator} {value}"
        );
    }
}

#[test]
fn callers() {
    let world = World::default();
    let session = "arn:aws:sts::123456789012:assumed-role/Reader/laptop";
    for (caller, condition, expected) in [
        (ANN, json!({ "ArnEquals": { "aws:PrincipalArn": ANN } }), true),
        (ANN, json!({ "ArnEquals": { "aws:PrincipalArn": "arn:aws:iam::*:user/*" } }), true),
        (ANN, json!({ "ArnLike": { "aws:PrincipalArn": "arn:aws:iam::123456789012:role/*" } }), false),
        (ANN, json!({ "ArnNotLike": { "aws:PrincipalArn": "arn:aws:iam::123456789012:role/*" } }), true),
        (ANN, json!({ "ArnLike": { "aws:PrincipalArn": "arn:aws:iam:*:user/ann" } }), false),
        (ANN, json!({ "StringEquals": { "aws:PrincipalArn": ANN } }), true),
        (ANN, json!({ "StringEquals": { "aws:PrincipalAccount": ["1", "123456789012"] } }), true),
        (ANN, json!({ "StringNotEquals": { "aws:PrincipalAccount": "123456789012" } }), false),
        (
            session,
            json!({ "ArnEquals": { "aws:PrincipalArn": "arn:aws:iam::123456789012:role/Reader" } }),
            true,
        ),
        (session, json!({ "ArnEquals": { "aws:PrincipalArn": session } }), false),
    ] {
        // The fifth has five fields: it is refused, and stands here to be seen.
        if condition["ArnLike"]["aws:PrincipalArn"] == "arn:aws:iam:*:user/ann" {
            let told = problems(&json!({ "Statement": statement("Deny", condition) }), Kind::Identity);
            assert!(told.ends_with("is no ARN"), "{told}");
            continue;
        }
        assert_eq!(holds(condition.clone(), &world, Some(caller)), expected, "{caller} {condition}");
    }
}

#[test]
fn all_operators_and_all_keys_must_hold() {
    let world = with_header("user-agent", "x");
    let condition = |agent: &str, block: &str| {
        json!({
            "StringEquals": { "aws:UserAgent": agent },
            "IpAddress": { "aws:SourceIp": block },
            "Null": { "aws:Referer": "true", "aws:UserAgent": "false" },
        })
    };
    assert!(holds(condition("x", "192.0.2.0/24"), &world, None));
    assert!(!holds(condition("y", "192.0.2.0/24"), &world, None));
    assert!(!holds(condition("x", "192.0.3.0/24"), &world, None));
    assert!(holds(json!({}), &world, None), "no condition is none");
}

#[test]
fn what_cannot_be_evaluated_is_refused() {
    for (condition, expected) in [
        (
            json!({ "StringEqual": { "aws:Referer": "x" } }),
            "Condition.StringEqual: no operator is named `StringEqual`",
        ),
        (
            json!({ "BinaryEquals": { "aws:Referer": "x" } }),
            "Condition.BinaryEquals: no operator is named `BinaryEquals`",
        ),
        (
            json!({ "NullIfExists": { "aws:Referer": "true" } }),
            "Condition.NullIfExists: `NullIfExists` contradicts itself",
        ),
        (
            json!({ "ForAllValues:StringEquals": { "aws:Referer": "x" } }),
            "Condition[\"ForAllValues:StringEquals\"]: `ForAllValues:StringEquals` is for keys of several values, and here are none",
        ),
        (
            json!({ "ForAnyValue:StringLike": { "aws:Referer": "x" } }),
            "Condition[\"ForAnyValue:StringLike\"]: `ForAnyValue:StringLike` is for keys of several values, and here are none",
        ),
        (
            json!({ "StringEquals": { "aws:SourceVpc": "vpc-1" } }),
            "Condition.StringEquals[\"aws:SourceVpc\"]: `aws:SourceVpc` is known inside AWS's network only",
        ),
        (
            json!({ "StringEquals": { "aws:sourcevpce": "vpce-1" } }),
            "Condition.StringEquals[\"aws:sourcevpce\"]: `aws:sourcevpce` is known inside AWS's network only",
        ),
        (
            json!({ "IpAddress": { "aws:VpcSourceIp": "10.0.0.0/8" } }),
            "Condition.IpAddress[\"aws:VpcSourceIp\"]: `aws:VpcSourceIp` is known inside AWS's network only",
        ),
        (
            json!({ "StringEquals": { "aws:PrincipalOrgID": "o-1" } }),
            "Condition.StringEquals[\"aws:PrincipalOrgID\"]: the gateway knows no key `aws:PrincipalOrgID`",
        ),
        (
            json!({ "StringEquals": { "aws:userid": "x" } }),
            "Condition.StringEquals[\"aws:userid\"]: the gateway knows no key `aws:userid`",
        ),
        (
            json!({ "StringEquals": { "aws:SourceIp": "192.0.2.1" } }),
            "Condition.StringEquals[\"aws:SourceIp\"]: this operator does not compare `aws:SourceIp`",
        ),
        (
            json!({ "IpAddress": { "aws:Referer": "192.0.2.1" } }),
            "Condition.IpAddress[\"aws:Referer\"]: this operator does not compare `aws:Referer`",
        ),
        (
            json!({ "NumericLessThan": { "aws:CurrentTime": 1 } }),
            "Condition.NumericLessThan[\"aws:CurrentTime\"]: this operator does not compare `aws:CurrentTime`",
        ),
        (
            json!({ "IpAddress": { "aws:SourceIp": "192.0.2.0/33" } }),
            "Condition.IpAddress[\"aws:SourceIp\"]: `192.0.2.0/33` is no IP address or CIDR block",
        ),
        (
            json!({ "IpAddress": { "aws:SourceIp": ["192.0.2.1", "*"] } }),
            "Condition.IpAddress[\"aws:SourceIp\"][1]: `*` is no IP address or CIDR block",
        ),
        (
            json!({ "IpAddress": { "aws:SourceIp": [] } }),
            "Condition.IpAddress[\"aws:SourceIp\"]: expected a value, or a list of at least one",
        ),
        (
            json!({ "IpAddress": { "aws:SourceIp": null } }),
            "Condition.IpAddress[\"aws:SourceIp\"]: expected a value, or a list of at least one",
        ),
        (
            json!({ "IpAddress": {} }),
            "Condition.IpAddress: expected an object of keys: `{\"aws:SourceIp\": …}`",
        ),
        (
            json!({ "IpAddress": "192.0.2.1" }),
            "Condition.IpAddress: expected an object of keys: `{\"aws:SourceIp\": …}`",
        ),
        (json!([]), "Condition: expected an object of operators: `{\"IpAddress\": {…}}`"),
        (json!(null), "Condition: expected an object of operators: `{\"IpAddress\": {…}}`"),
        (
            json!({ "Bool": { "aws:SecureTransport": "yes" } }),
            "Condition.Bool[\"aws:SecureTransport\"]: `yes` is neither `true` nor `false`",
        ),
        (
            json!({ "DateLessThan": { "aws:CurrentTime": "tomorrow" } }),
            "Condition.DateLessThan[\"aws:CurrentTime\"]: `tomorrow` is no date such as `2030-01-31T12:00:00Z`",
        ),
        (
            json!({ "NumericLessThan": { "aws:EpochTime": 1.5 } }),
            "Condition.NumericLessThan[\"aws:EpochTime\"]: `1.5` is no whole number",
        ),
        (
            json!({ "ArnLike": { "aws:PrincipalArn": "*" } }),
            "Condition.ArnLike[\"aws:PrincipalArn\"]: `*` is no ARN",
        ),
        (
            json!({ "StringLike": { "aws:Referer": "${aws:username}" } }),
            "Condition.StringLike[\"aws:Referer\"]: `${aws:username}`: policy variables are not supported",
        ),
    ] {
        let document = json!({ "Statement": statement("Deny", condition) });
        assert_eq!(problems(&document, Kind::Identity), format!("Statement.{expected}"));
        assert!(Policy::parse(&document, Kind::Identity).is_err());
    }
}
