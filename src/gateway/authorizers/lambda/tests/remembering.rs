use super::{TOKEN, World, allow, http, no, raised, replied, rest, returned, with, yes};
use crate::gateway::authorizers::lambda::Allowed;
use crate::gateway::testing::{self, problems};
use serde_json::{Value, json};
use std::collections::HashSet;

fn cached(more: Value) -> Value {
    let mut document = http(json!({ "authorizerResultTtlInSeconds": 60 }));
    for (name, value) in more.as_object().unwrap() {
        document["apis"][0]["authorizers"][0][name] = value.clone();
    }
    document
}

#[test]
fn answers_are_remembered_as_long_as_the_document_says() {
    let world = World::new(&cached(json!({})));
    assert_eq!(world.status("/y", TOKEN, &yes()), (true, 200));
    assert_eq!(world.status("/y", TOKEN, &no()), (false, 200));
    assert_eq!(world.status("/y", &[("x-token", "u")], &no()), (true, 403));
    assert_eq!(world.status("/y", &[("x-token", "u")], &yes()), (false, 403));
    world.wall.set(super::NOW + 60_000);
    assert_eq!(world.status("/y", TOKEN, &no()), (true, 403));
    world.wall.set(super::NOW - 1);
    assert_eq!(world.status("/y", TOKEN, &yes()), (true, 200));

    let world = World::new(&http(json!({})));
    assert_eq!(world.status("/y", TOKEN, &yes()), (true, 200));
    assert_eq!(
        world.status("/y", TOKEN, &no()),
        (true, 403),
        "HTTP APIs ask each time unless told otherwise"
    );
    assert!(problems(&rest(json!({}))).is_empty(), "REST APIs remember for 300 seconds");
}

#[test]
fn no_failure_is_remembered() {
    let world = World::new(&cached(json!({})));
    for reply in [raised("Unauthorized"), raised("boom"), replied(500, &[], b""), replied(200, &[], b"x")] {
        let (asked, status) = world.status("/y", TOKEN, &reply);
        assert!(asked && status >= 400, "{reply:?}: {status}");
    }
    assert_eq!(world.status("/y", TOKEN, &yes()), (true, 200));
}

#[test]
fn one_answer_serves_all_routes_unless_the_route_is_a_source() {
    let world = World::new(&cached(json!({})));
    assert_eq!(world.status("/y", TOKEN, &yes()), (true, 200));
    assert_eq!(world.status("/x/1", TOKEN, &no()), (false, 200));
    let sources = json!(["$request.header.x-token", "$context.routeKey"]);
    let world = World::new(&cached(json!({ "identitySource": sources })));
    assert_eq!(world.status("/y", TOKEN, &yes()), (true, 200));
    assert_eq!(world.status("/x/1", TOKEN, &no()), (true, 403));
    assert_eq!(world.status("/x/2", TOKEN, &yes()), (false, 403));
}

#[test]
fn a_remembered_policy_is_about_arns() {
    let arn = "arn:aws:execute-api:us-east-1:123456789012:shop/prod/GET/y";
    let world = World::new(&rest(json!({})));
    assert_eq!(world.status("/prod/y", TOKEN, &allow(arn)), (true, 200));
    assert_eq!(world.status("/prod/x/1", TOKEN, &allow("*")), (false, 403));
    assert_eq!(world.status("/prod/y", TOKEN, &no()), (false, 200));
}

#[test]
fn requests_that_share_a_question_judge_its_answer_for_themselves() {
    let arn = "arn:aws:execute-api:us-east-1:123456789012:shop/prod/GET/y";
    let world = World::new(&rest(json!({})));
    let (mut one, first) = world.question("/prod/y", TOKEN);
    let (mut two, second) = world.question("/prod/x/1", TOKEN);
    assert_eq!(first.flight, second.flight);
    assert_eq!(first.flight.most, 256);
    let end = |exchange: &mut crate::gateway::Exchange, path| {
        let flow = exchange.on_callout(&allow(arn), &world.env());
        match world.end(flow, path, TOKEN) {
            super::End::Forwarded(_) => 200,
            super::End::Answered(status, ..) => status,
        }
    };
    assert_eq!((end(&mut one, "/prod/y"), end(&mut two, "/prod/x/1")), (200, 403));
}

#[test]
fn requests_share_no_question_where_answers_are_not_kept() {
    let world = World::new(&http(json!({})));
    let ids = &[("x-token", "t"), ("x-amzn-requestid", "00000000-0000-0000-0000-000000000000")];
    let (first, second) = (world.question("/y", ids).1.flight, world.question("/y", ids).1.flight);
    assert_ne!(first.key, second.key);
    assert_eq!(first.group, second.group);
}

/// The key under which a request's answer is kept.
fn key(document: &Value, path: &str, headers: &[(&str, &str)]) -> [u8; 32] {
    World::new(document).question(path, headers).1.flight.key
}

#[test]
fn no_two_callers_authorizers_stages_or_apis_share_a_key() {
    let mut keys = Vec::new();
    let two = cached(json!({ "identitySource": ["$request.header.a", "$request.header.b"] }));
    for (a, b) in
        [("x", "y"), ("xy", "y"), ("x", "yy"), ("y", "x"), ("x,y", "y"), ("x", "y,y"), ("x\u{1}", "y")]
    {
        keys.push(key(&two, "/y", &[("a", a), ("b", b)]));
    }
    let swapped = cached(json!({ "identitySource": ["$request.header.b", "$request.header.a"] }));
    keys.push(key(&swapped, "/y", &[("a", "y"), ("b", "x")]));
    let query = cached(json!({ "identitySource": ["$request.querystring.x-token"] }));
    keys.push(key(&query, "/y?x-token=t", &[]));
    keys.push(key(&query, "/y?x-token=t%2Cu", &[]));
    keys.push(key(&query, "/y?x-token=t&x-token=u", &[]));
    for more in [
        json!({}),
        json!({ "authorizerId": "login", "name": "other" }),
        json!({ "authorizerResultTtlInSeconds": 61 }),
        json!({ "enableSimpleResponses": false }),
        json!({ "authorizerUri": "arn:aws:lambda:us-east-1:123456789012:function:other" }),
        json!({ "identitySource": ["$request.header.x-token"] }),
    ] {
        keys.push(key(&cached(more), "/y", TOKEN));
    }
    let mut moved = cached(json!({}));
    moved["endpoints"]["lambda"] = json!("http://elsewhere.test");
    keys.push(key(&moved, "/y", TOKEN));
    let mut renamed = cached(json!({}));
    renamed["apis"][0]["apiId"] = json!("other");
    keys.push(key(&renamed, "/y", TOKEN));
    let mut staged = cached(json!({}));
    staged["apis"][0]["stages"] = json!([
        { "stageName": "$default", "stageVariables": { "color": "blue" } }, { "stageName": "a" }, { "stageName": "b" },
        { "stageName": "c", "deploymentId": "d" }, { "stageName": "e", "deploymentId": "" },
    ]);
    let api = staged["apis"][0].clone();
    let deployment = |id: &str| json!({ "deploymentId": id, "routes": api["routes"], "integrations": api["integrations"], "authorizers": api["authorizers"] });
    staged["apis"][0]["deployments"] = json!([deployment("d"), deployment("")]);
    for path in ["/y", "/a/y", "/b/y", "/c/y", "/e/y"] {
        keys.push(key(&staged, path, TOKEN));
    }
    let different: HashSet<_> = keys.iter().collect();
    assert_eq!(different.len(), keys.len());
}

#[test]
fn the_same_request_has_the_same_key() {
    assert_eq!(key(&cached(json!({})), "/y", TOKEN), key(&cached(json!({})), "/x/1?a=b", TOKEN));
}

#[test]
fn what_identifies_the_caller_must_be_there() {
    let sources = json!({ "identitySource": ["$request.header.x-token", "$request.querystring.k", "$stageVariables.color"] });
    let missing: [(&str, &[(&str, &str)]); 8] = [
        ("/y", &[("x-token", "t")]),
        ("/y?k=", &[("x-token", "t")]),
        ("/y?K=1", &[("x-token", "t")]),
        ("/y?k=%20", &[("x-token", "t")]),
        ("/y?k=%ff", &[("x-token", "t")]),
        ("/y?k=1&k=", &[("x-token", "t")]),
        ("/y?k=1", &[]),
        ("/y?k=1", &[("x-token", "")]),
    ];
    for (document, prefix) in [
        (http(sources.clone()), ""),
        (http(json!({ "identitySource": ["$stageVariables.none"] })), ""),
        (rest(sources), "/prod"),
    ] {
        let world = World::new(&document);
        for (path, headers) in missing {
            assert_eq!(
                world.status(&format!("{prefix}{path}"), headers, &yes()),
                (false, 401),
                "{path} {headers:?}"
            );
        }
    }
    // A REST API that asks each time asks about whatever there is.
    let world = World::new(&rest(json!({ "authorizerResultTtlInSeconds": 0 })));
    assert!(world.status("/prod/y", &[], &yes()).0);
}

#[test]
fn a_token_is_one_header_that_matches_in_full() {
    let token = |more| {
        let mut document = rest(json!({ "authorizerType": "TOKEN" }));
        document["apis"][0]["authorizers"][0]["identityValidationExpression"] = more;
        World::new(&document)
    };
    let world = token(json!("a|ab"));
    for (headers, asks) in [
        (vec![("x-token", "a")], true),
        (vec![("x-token", "ab")], true),
        (vec![("x-token", "abc")], false),
        (vec![("x-token", "xa")], false),
        (vec![("x-token", "a\nb")], false),
        (vec![("x-token", "")], false),
        (vec![("x-token", "a"), ("x-token", "a")], false),
        (vec![("x-token", "a,a")], false),
        (vec![], false),
    ] {
        let (asked, status) = world.status("/prod/y", &headers, &raised("x"));
        assert_eq!((asked, status), (asks, if asks { 500 } else { 401 }), "{headers:?}");
    }
    let world = token(json!(".*"));
    for value in ["good, evil", "Bearer good,Bearer evil", "good,evil"] {
        assert_eq!(world.status("/prod/y", &[("x-token", value)], &yes()), (false, 401), "{value}");
    }
}

#[test]
fn the_time_that_the_function_took_is_told_once() {
    let world = World::new(&cached(json!({})));
    let (mut exchange, _) = world.question("/y", TOKEN);
    world.wall.set(super::NOW + 7);
    let end = world.end(exchange.on_callout(&yes(), &world.env()), "/y", TOKEN);
    assert_eq!(end.header("x-latency").as_deref(), Some("7"));
    let (asked, end) = world.send("/y", TOKEN, &no());
    assert_eq!((asked, end.header("x-latency").as_deref()), (false, Some("0")));
}

#[test]
fn the_api_key_of_an_answer_is_not_printed() {
    let allowed = Allowed { usage_identifier_key: Some("hush".to_owned()), ..Allowed::default() };
    assert!(!format!("{allowed:?}").contains("hush"));
}

#[test]
fn names_that_mean_something_elsewhere_are_names() {
    let mapping = json!({ "requestParameters": {
        "overwrite:header.x-proto": "$context.authorizer.__proto__",
        "overwrite:header.x-id": "$context.authorizer.principalId",
        "overwrite:header.x-claim": "$context.authorizer.claims.sub",
        "overwrite:header.x-latency": "$context.authorizer.integrationLatency",
    } });
    let document = with(
        testing::http(&["GET /y"], testing::proxy("http://b.test/", mapping)),
        super::base("2.0"),
        json!({}),
    );
    let context = json!({
        "__proto__": "p", "principalId": "i", "claims": { "sub": "root" }, "integrationLatency": "x", "constructor": {},
    });
    let answer = json!({ "isAuthorized": true, "context": context, "__proto__": { "isAuthorized": false } });
    let (_, end) = World::new(&document).send("/y", TOKEN, &returned(&answer));
    assert_eq!(end.header("x-proto").as_deref(), Some("p"));
    assert_eq!(end.header("x-id").as_deref(), Some("i"));
    assert_eq!(end.header("x-claim"), None, "claims are those of tokens that were verified");
    assert_eq!(end.header("x-latency").as_deref(), Some("0"));
}
