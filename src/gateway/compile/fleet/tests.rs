use crate::gateway::fleet::tests::{daily, document};
use crate::gateway::testing::problems;
use serde_json::{Value, json};

#[test]
fn what_cannot_be_counted_exactly_is_refused() {
    let quota = |period: &str, limit: u64| json!({ "limit": limit, "period": period, "scope": "FLEET" });
    let named = |engine: &str| json!({ "uri": "http://ratelimit.test", "engine": engine });
    for (quota, service, problem) in [
        (daily(), named("limitador"), None),
        (daily(), named("ratelimit"), None),
        (daily(), json!({ "cluster": "limits" }), None),
        (quota("MONTH", u64::MAX), named("limitador"), None),
        (
            quota("WEEK", 5),
            named("ratelimit"),
            Some("usagePlans[0].quota.period: envoyproxy/ratelimit cannot count it"),
        ),
        (
            quota("MONTH", 5),
            named("ratelimit"),
            Some("usagePlans[0].quota.period: envoyproxy/ratelimit cannot count it"),
        ),
        (
            quota("WEEK", 5),
            json!({ "cluster": "limits" }),
            Some("usagePlans[0].quota.period: not every engine"),
        ),
        (
            quota("DAY", 1 << 32),
            named("ratelimit"),
            Some("usagePlans[0].quota.limit: 4294967296 is more than"),
        ),
        (daily(), Value::Null, Some("usagePlans[0].quota.scope: nobody counts for a fleet")),
        (daily(), json!({}), Some("rateLimitService.uri: nothing says where the service is")),
        (
            daily(),
            json!({ "uri": "http://a.test", "cluster": "a" }),
            Some("rateLimitService.cluster: either"),
        ),
        (
            daily(),
            json!({ "uri": "grpc://a.test" }),
            Some("rateLimitService.uri: `grpc://a.test` cannot be asked"),
        ),
        (
            daily(),
            json!({ "uri": "http://a.test/x" }),
            Some("rateLimitService.uri: `http://a.test/x` cannot be asked"),
        ),
        (daily(), json!({ "uri": "http://{a}" }), Some("rateLimitService.uri: ")),
        (daily(), json!({ "cluster": "a b" }), Some("rateLimitService.cluster: ")),
        (
            daily(),
            json!({ "cluster": "a", "timeoutInMillis": 0 }),
            Some("rateLimitService.timeoutInMillis: 0 is not"),
        ),
        (
            daily(),
            json!({ "cluster": "a", "timeoutInMillis": 10_001 }),
            Some("rateLimitService.timeoutInMillis: "),
        ),
        (
            json!({ "limit": 1, "period": "DAY" }),
            named("limitador"),
            Some("warning: rateLimitService: the service is never asked"),
        ),
    ] {
        let found = problems(&document(quota, service));
        match problem {
            None => assert_eq!(found, ""),
            Some(problem) => assert!(found.contains(problem), "{problem}: {found}"),
        }
    }
}

#[test]
fn plans_whose_keys_envoys_own_service_would_count_together_are_refused() {
    let plans = |ids: [&str; 2], engine: &str| {
        let mut document = document(daily(), json!({ "uri": "http://ratelimit.test", "engine": engine }));
        document["usagePlans"] = ids.map(|id| json!({ "id": id, "quota": daily() })).into();
        document["usagePlanKeys"] = json!([]);
        document["apis"][0]["routes"][0]["apiKeyRequired"] = json!(false);
        problems(&document)
    };
    for ids in [["a", "a_api_key_b"], ["a_api_key", "a"], ["a", "a_api_key"]] {
        assert!(plans(ids, "ratelimit").contains("count keys of"), "{ids:?}: {}", plans(ids, "ratelimit"));
        assert_eq!(plans(ids, "limitador"), "");
    }
    assert!(plans(["a", "gold*"], "ratelimit").contains("usagePlans[1].id: envoyproxy/ratelimit takes"));
    for ids in [["a", "ab"], ["a", "a_api"], ["api_key", "api_key_1"], ["a_api_key_b", "c"]] {
        assert_eq!(plans(ids, "ratelimit"), "", "{ids:?}");
    }
}
