use super::{Exhausted, Limit, LimitKind, Nanos, Refused, Rest, Standing};

/// The headers' values: policy, standing, when to come again.
fn told(standing: &Standing) -> [String; 3] {
    let headers: Vec<_> = standing.headers().collect();
    ["ratelimit-policy", "ratelimit", "retry-after"].map(|name| {
        let found = headers.iter().find(|(known, _)| known.as_ref() == name.as_bytes());
        found.map_or_else(String::new, |(_, value)| String::from_utf8(value.to_vec()).unwrap())
    })
}

fn limit(rate: f64, burst: u32) -> Limit {
    Limit::new(rate, burst).unwrap()
}

fn plan(rate: f64, burst: u32) -> Standing {
    let mut standing = Standing::default();
    standing.limited(LimitKind::Plan, limit(rate, burst));
    standing
}

#[test]
fn a_request_without_limits_tells_nothing() {
    assert_eq!(Standing::default().headers().count(), 0);
}

#[test]
fn policies_are_told_in_one_order_and_how_they_stand() {
    let mut standing = Standing::default();
    standing.counted(10_000, (86_400, 3600));
    standing.limited(LimitKind::Route, limit(10.0, 5));
    standing.limited(LimitKind::PlanMethod, limit(1.0, 3));
    standing.limited(LimitKind::Plan, limit(20.0, 20));
    standing.limited(LimitKind::Account, limit(10_000.0, 5_000));
    standing.counted_now(Ok(9_999), 3600);
    for (kind, tokens) in
        [(LimitKind::Plan, 19), (LimitKind::PlanMethod, 2), (LimitKind::Route, 4), (LimitKind::Account, 9)]
    {
        standing.left(kind, Rest { tokens, next: Some(Nanos(50_000_000)) });
    }
    assert_eq!(
        told(&standing),
        [
            r#""plan";q=20;w=1, "method";q=3;w=3, "route";q=5;w=1, "quota";q=10000;w=86400"#,
            r#""plan";r=19;t=1, "method";r=2;t=1, "route";r=4;t=1, "quota";r=9999;t=3600"#,
            ""
        ]
    );
}

#[test]
fn a_refusal_tells_how_the_limit_stands_that_refused_and_no_other() {
    let mut standing = plan(20.0, 20);
    standing.limited(LimitKind::Route, limit(0.1, 1));
    standing.left(LimitKind::Plan, Rest { tokens: 19, next: None });
    standing.refused(LimitKind::Route, Refused::Empty(Nanos(9_500_000_001)), Nanos(500_000_000));
    assert_eq!(
        told(&standing),
        [r#""plan";q=20;w=1, "route";q=1;w=10"#, r#""route";r=0;t=10"#, "10"],
        "9.000000001 s are 10"
    );
}

#[test]
fn the_accounts_bucket_tells_only_when_to_come_again() {
    let mut standing = plan(20.0, 20);
    standing.refused(LimitKind::Account, Refused::Empty(Nanos(2_000_000_000)), Nanos(1_000_000_000));
    assert_eq!(told(&standing), [r#""plan";q=20;w=1"#, "", "1"]);
}

#[test]
fn waiting_is_rounded_up_and_at_least_a_second() {
    let now = 7_000_000_000;
    for (due, told_as) in
        [(now, "1"), (now - 5, "1"), (now + 1, "1"), (now + 1_000_000_000, "1"), (now + 1_000_000_001, "2")]
    {
        let mut standing = plan(1.0, 1);
        standing.refused(LimitKind::Plan, Refused::Empty(Nanos(due)), Nanos(now));
        assert_eq!(told(&standing)[2], told_as, "{due}");
    }
}

#[test]
fn what_never_comes_has_no_time() {
    let mut standing = plan(0.0, 5);
    standing.refused(LimitKind::Plan, Refused::Empty(Nanos(u64::MAX)), Nanos(1));
    assert_eq!(told(&standing), [r#""plan";q=0"#, r#""plan";r=0"#, ""]);
    let mut standing = plan(5.0, 0);
    standing.refused(LimitKind::Plan, Refused::Empty(Nanos(u64::MAX)), Nanos(1));
    assert_eq!(told(&standing), [r#""plan";q=0;w=1"#, r#""plan";r=0"#, ""]);
}

#[test]
fn contention_has_no_time() {
    let mut standing = plan(1.0, 1);
    standing.counted(5, (86_400, 10));
    standing.counted_now(Err(Exhausted::Contended), 10);
    assert_eq!(told(&standing), [r#""plan";q=1;w=1, "quota";q=5;w=86400"#, "", ""]);
    standing.refused(LimitKind::Plan, Refused::Contended, Nanos(1));
    assert_eq!(told(&standing)[1..], ["", ""]);
}

#[test]
fn a_used_up_quota_says_when_its_window_ends() {
    let mut standing = plan(1.0, 1);
    standing.counted(5, (86_400, 3600));
    standing.counted_now(Err(Exhausted::UsedUp), 3600);
    assert_eq!(told(&standing), [r#""plan";q=1;w=1, "quota";q=5;w=86400"#, r#""quota";r=0;t=3600"#, "3600"]);
    standing.counted_now(Err(Exhausted::UsedUp), 0);
    assert_eq!(told(&standing)[2], "1", "at the end of a window too");
}

#[test]
fn numbers_are_those_of_structured_fields() {
    let mut standing = plan(1_000_000.0, u32::MAX);
    standing.counted(u64::MAX, (u64::MAX, u64::MAX));
    standing.counted_now(Ok(u64::MAX), u64::MAX);
    standing.left(LimitKind::Plan, Rest { tokens: u32::MAX, next: Some(Nanos(u64::MAX)) });
    assert_eq!(
        told(&standing),
        [
            r#""plan";q=4294967295;w=4295, "quota";q=999999999999999;w=999999999999999"#,
            r#""plan";r=4294967295;t=18446744074, "quota";r=999999999999999;t=999999999999999"#,
            ""
        ]
    );
    let mut slow = plan(1e-9, u32::MAX);
    slow.refused(LimitKind::Plan, Refused::Empty(Nanos(u64::MAX - 1)), Nanos(0));
    assert_eq!(
        told(&slow),
        [r#""plan";q=4294967295"#, r#""plan";r=0;t=18446744074"#, "18446744074"],
        "what takes longer than a clock can tell is never full"
    );
}
