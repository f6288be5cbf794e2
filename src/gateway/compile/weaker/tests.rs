use super::*;
use crate::gateway::routes::{RouteKey, Routes};
use crate::gateway::testing::{gateway, problems, proxy, set};
use ProtocolType::{Http, Rest};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use proptest::{collection, prop_assert_eq};
use serde_json::{Value, json};
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// A route's key, and what it asks for: one of the [`ASKS`].
type Asking = (String, usize);

/// Ways to ask: nothing, an API key, a token, a token with a scope, with one of two scopes, a token and an API key. Numbers
/// beyond them are scopes of their own.
const ASKS: usize = 6;

fn route((key, asks): &Asking) -> Value {
    let jwt = |scopes: Value, key: bool| json!({ "authorizationType": "JWT", "authorizerId": "login", "authorizationScopes": scopes, "apiKeyRequired": key });
    let mut route = match asks {
        0 => json!({}),
        1 => json!({ "apiKeyRequired": true }),
        2 => jwt(json!([]), false),
        3 => jwt(json!(["s"]), false),
        4 => jwt(json!(["s", "t"]), false),
        5 => jwt(json!([]), true),
        many => jwt(json!([format!("s{many}")]), false),
    };
    set("/routeKey", json!(key))(&mut route);
    set("/target", json!("integrations/i"))(&mut route);
    route
}

/// A document with a deployment of each list, and a stage that serves it.
fn document(protocol: ProtocolType, sides: [&[Asking]; 2]) -> Value {
    let mut integration = proxy("http://backend.test", json!({}));
    integration["integrationId"] = json!("i");
    let authorizers = json!([{ "authorizerId": "login", "authorizerType": "JWT", "identitySource": ["$request.header.Authorization"],
        "jwtConfiguration": { "issuer": "https://idp.test", "audience": ["shop"] } }]);
    let deployment = |id: &str, list: &[Asking]| {
        let routes: Vec<_> = list.iter().map(route).collect();
        json!({ "deploymentId": id, "routes": routes, "integrations": [integration], "authorizers": authorizers })
    };
    json!({ "apis": [{
        "apiId": "shop", "protocolType": if protocol == Rest { "REST" } else { "HTTP" },
        "deployments": [deployment("d1", sides[0]), deployment("d2", sides[1])],
        "stages": [{ "stageName": "one", "deploymentId": "d1" }, { "stageName": "two", "deploymentId": "d2" }],
    }] })
}

fn tables(protocol: ProtocolType, sides: [&[Asking]; 2]) -> [Rc<RouteTable>; 2] {
    let gateway = gateway(&document(protocol, sides));
    let api = gateway.api("shop").unwrap();
    ["one", "two"].map(|stage| Rc::clone(&api.stage(stage).unwrap().table))
}

fn list(routes: &[(&str, usize)]) -> Vec<Asking> {
    routes.iter().map(|(key, asks)| ((*key).to_owned(), *asks)).collect()
}

/// What is found, as `ROUTE > ANSWERED BY: WHAT`.
fn found([base, other]: &[Rc<RouteTable>; 2], protocol: ProtocolType) -> Vec<String> {
    let found = weaker(base, other, protocol, &|_| true);
    let mut found: Vec<_> =
        found.iter().map(|it| format!("{} > {}: {}", it.route, it.answered_by, it.what)).collect();
    found.sort();
    found
}

// === what is generated ===

fn template() -> impl Strategy<Value = String> {
    let part = select(vec!["a", "a", "b", "", "", ""]);
    (collection::vec(part, 0..4), any::<bool>()).prop_map(|(parts, greedy)| {
        let mut text = String::new();
        for (i, part) in parts.iter().enumerate() {
            match *part {
                "" if greedy && i + 1 == parts.len() => text.push_str("/{p+}"),
                "" => text.push_str(&format!("/{{v{i}}}")),
                literal => text.push_str(&format!("/{literal}")),
            }
        }
        if text.is_empty() { "/".to_owned() } else { text }
    })
}

fn asking(protocol: ProtocolType) -> impl Strategy<Value = Asking> {
    let method = select(vec!["GET", "POST", "PATCH", "ANY", "ANY", "ANY"]);
    let key = (method, template()).prop_map(|(method, template)| format!("{method} {template}"));
    let key = match protocol {
        Rest => key.boxed(),
        _ => prop_oneof![8 => key, 1 => Just("$default".to_owned())].boxed(),
    };
    // Open ones among closed ones.
    (key, select(vec![0, 0, 0, 1, 2, 2, 2, 3, 4, 5]))
}

/// What becomes of a route on the other side.
#[derive(Debug, Clone)]
enum Change {
    Remove(Index),
    Ask(Index, usize),
    /// Another variable's name: the same requests under another key.
    Rename(Index),
    Method(Index, &'static str),
    Add(Asking),
}

fn change(protocol: ProtocolType) -> impl Strategy<Value = Change> {
    prop_oneof![
        any::<Index>().prop_map(Change::Remove),
        (any::<Index>(), 0..ASKS).prop_map(|(at, asks)| Change::Ask(at, asks)),
        any::<Index>().prop_map(Change::Rename),
        (any::<Index>(), select(vec!["GET", "POST", "ANY"])).prop_map(|(at, to)| Change::Method(at, to)),
        asking(protocol).prop_map(Change::Add),
    ]
}

fn changed(list: &[Asking], changes: &[Change]) -> Vec<Asking> {
    let mut list = list.to_vec();
    for change in changes {
        let at = |index: &Index| (!list.is_empty()).then(|| index.index(list.len()));
        match change {
            Change::Remove(index) => drop(at(index).map(|at| list.remove(at))),
            Change::Ask(index, asks) => drop(at(index).map(|at| list[at].1 = *asks)),
            Change::Rename(index) => drop(at(index).map(|at| list[at].0 = list[at].0.replace("{v", "{w"))),
            Change::Method(index, to) => {
                if let Some(at) = at(index)
                    && let Some((_, path)) = list[at].0.clone().split_once(' ')
                {
                    list[at].0 = format!("{to} {path}");
                }
            }
            Change::Add(asking) => list.push(asking.clone()),
        }
    }
    list
}

/// A list without the routes that conflict with an earlier one.
fn accepted(protocol: ProtocolType, mut list: Vec<Asking>) -> Vec<Asking> {
    loop {
        let keys: Vec<_> = list.iter().map(|(key, _)| RouteKey::parse(key, protocol).unwrap()).collect();
        let Err(conflicts) = Routes::build(protocol, &keys) else { return list };
        let mut places = 0..;
        list.retain(|_| {
            let place = places.next().unwrap();
            conflicts.iter().all(|conflict| conflict.second != place)
        });
    }
}

// === laws ===

/// Every path of up to four segments: those that routes name, one that none names, and empty ones.
fn all_paths(protocol: ProtocolType) -> Vec<RequestPath> {
    let mut texts = vec![String::new()];
    let mut paths = Vec::<RequestPath>::new();
    for _ in 0..4 {
        let longer = texts.iter().flat_map(|text| ["a", "b", "c", ""].map(|it| format!("{text}/{it}")));
        texts = longer.collect();
        for path in texts.iter().filter_map(|text| RequestPath::parse(text.as_bytes(), protocol).ok()) {
            if paths.iter().all(|known| known.matched() != path.matched()) {
                paths.push(path);
            }
        }
    }
    paths
}

/// What is to be found: every request is sent past both tables.
fn expected([base, other]: &[Rc<RouteTable>; 2], paths: &[RequestPath]) -> Vec<String> {
    let mut answers: Vec<(usize, usize)> = Vec::new();
    for path in paths {
        for method in ["GET", "POST", "PATCH", "DELETE", "BREW"] {
            let select = |table: &RouteTable| Some(table.select(method.as_bytes(), path)?.0);
            if let (Some(before), Some(after)) = (select(base), select(other))
                && !answers.contains(&(before, after))
            {
                answers.push((before, after));
            }
        }
    }
    let mut found = Vec::new();
    for (before, after) in answers {
        let (before, after) = (base.iter().nth(before).unwrap(), other.iter().nth(after).unwrap());
        let Some(what) = less(before, after, &|_| true) else { continue };
        let of = |route: &Route| format!("{} > {}: {what}", route.key, after.key);
        let is_gone = other.iter().all(|route| route.key != before.key);
        let is_new = base.iter().all(|route| route.key != after.key);
        assert!(is_gone || is_new || before.key == after.key, "{} and {}", before.key, after.key);
        if is_gone {
            found.push(of(before));
        }
        if is_new || before.key == after.key {
            found.push(of(after));
        }
    }
    found.sort();
    found.dedup();
    found
}

#[test]
fn what_is_found_is_what_all_requests_together_tell() {
    for protocol in [Http, Rest] {
        let paths = all_paths(protocol);
        let lists = (
            collection::vec(asking(protocol), 0..12),
            collection::vec(asking(protocol), 0..12),
            collection::vec(change(protocol), 0..5),
            select(vec![true, true, false]),
        );
        let (weaker, handed, equal) = (Cell::new(0), Cell::new(0), Cell::new(0));
        let count = |cell: &Cell<u32>| cell.set(cell.get() + 1);
        let mut runner =
            TestRunner::new(Config { cases: 1000, failure_persistence: None, ..Config::default() });
        let ran = runner.run(&lists, |(before, after, changes, is_changed)| {
            let before = accepted(protocol, before);
            let after = accepted(protocol, if is_changed { changed(&before, &changes) } else { after });
            let tables = tables(protocol, [&before, &after]);
            let (found, expected) = (found(&tables, protocol), expected(&tables, &paths));
            prop_assert_eq!(&found, &expected, "{:?}: {:?} and {:?}", protocol, before, after);
            count(if found.is_empty() { &equal } else { &weaker });
            let is_handed = |line: &String| {
                let (route, rest) = line.split_once(" > ").unwrap();
                rest.split_once(": ").unwrap().0 != route
            };
            if expected.iter().any(is_handed) {
                count(&handed);
            }
            Ok(())
        });
        ran.unwrap_or_else(|error| panic!("{error}"));
        let (weaker, handed, equal) = (weaker.get(), handed.get(), equal.get());
        println!(
            "{protocol:?}: {} paths; weaker {weaker}, handed to another route {handed}, none {equal}",
            paths.len()
        );
        assert!(weaker > 200 && handed > 100 && equal > 200, "{weaker} {handed} {equal}");
    }
}

// === what was missed once ===

#[test]
fn routes_that_are_gone_hand_each_of_their_requests_to_others() {
    let check = |protocol, before: &[(&str, usize)], after: &[(&str, usize)], expected: &[&str]| {
        let tables = tables(protocol, [&list(before), &list(after)]);
        assert_eq!(found(&tables, protocol), expected, "{before:?} and {after:?}");
    };
    let open = "asks for no authorization";
    for protocol in [Http, Rest] {
        // A method of `ANY` that nobody answers now, beside one that another route does.
        let to_proxy = format!("ANY /admin > GET /{{proxy+}}: {open}");
        let before = [("ANY /admin", 2), ("GET /{proxy+}", 0)];
        check(protocol, &before, &[("POST /admin", 2), ("GET /{proxy+}", 0)], &[&to_proxy]);
        check(protocol, &before, &[("GET /{proxy+}", 0)], &[&to_proxy]);
        check(protocol, &before, &[("GET /admin", 2), ("GET /{proxy+}", 0)], &[]);
        // A value of a variable that another route has in its path.
        check(
            protocol,
            &[("GET /c/{d}", 2), ("GET /{a}/b", 0)],
            &[("GET /{a}/b", 0)],
            &[&format!("GET /c/{{d}} > GET /{{a}}/b: {open}")],
        );
        // A new route takes some of an old one's paths. A REST API compares segment by segment, so that it takes none.
        check(
            protocol,
            &[("ANY /c/{p+}", 2)],
            &[("ANY /c/{p+}", 2), ("PUT /{a}/x/{q}", 0)],
            if protocol == Http {
                &["PUT /{a}/x/{q} > PUT /{a}/x/{q}: asks for no authorization"]
            } else {
                &[]
            },
        );
    }
    // One method is left of `ANY`, whichever it is.
    for left in ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"] {
        let others = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"].into_iter();
        let keys: Vec<_> = others.filter(|it| *it != left).map(|it| format!("{it} /x")).collect();
        let side =
            |any| keys.iter().map(|key| (key.as_str(), 2)).chain([("ANY /x", any)]).collect::<Vec<_>>();
        check(Rest, &side(2), &side(0), &[&format!("ANY /x > ANY /x: {open}")]);
    }
    let every = [("ANY /x", 0), ("GET /x", 2), ("$default", 2)];
    check(Http, &[("$default", 2)], &every, &[&format!("ANY /x > ANY /x: {open}")]);
    // All that is left of `$default` is the root, and what ends with a slash.
    check(
        Http,
        &[("$default", 2), ("ANY /{a}", 0), ("ANY /{a}/{p+}", 0)],
        &[("$default", 0), ("ANY /{a}", 0), ("ANY /{a}/{p+}", 0)],
        &[&format!("$default > $default: {open}")],
    );
}

// === how much is done ===

/// Services with four routes each; every tenth route is open.
fn large(prefix: &str, count: usize, asks: impl Fn(usize) -> usize) -> Vec<Asking> {
    let of = |i: usize| {
        let rest = ["", "/{id}", "/{id}/items/{item}", "/{id}/files/{path+}"][i % 4];
        (format!("ANY /{prefix}/service-{}{rest}", i / 4), asks(i))
    };
    (0..count).map(of).collect()
}

#[test]
fn ten_thousand_routes_under_the_same_keys_are_compared_all() {
    let some = |i: usize| if i.is_multiple_of(10) { 0 } else { 2 };
    let scopes = |i: usize| i + ASKS;
    // The same; all open; a scope for each; and no key the same, where all ask for the same or there are fewer.
    let cases = [
        (large("v1", 10_000, some), large("v1", 10_000, some), 0),
        (large("v1", 10_000, some), large("v1", 10_000, |_| 0), 9_000),
        (large("v1", 10_000, scopes), large("v1", 10_000, scopes), 0),
        (large("v1", 10_000, |_| 2), large("v2", 10_000, |_| 2), 0),
        (large("v1", 2_000, some), large("v2", 2_000, some), 0),
    ];
    for (before, after, expected) in cases {
        for protocol in [Http, Rest] {
            let tables = tables(protocol, [&before, &after]);
            let began = Instant::now();
            let found = found(&tables, protocol);
            let took = began.elapsed();
            println!(
                "{protocol:?}: {} and {} routes, {} found in {took:?}",
                before.len(),
                after.len(),
                found.len()
            );
            assert_eq!(found.len(), expected);
            assert!(found.iter().all(|it| !it.contains(TOO_MANY)));
            // The bound is for what grows with the square of the routes.
            assert!(took < Duration::from_secs(10), "{took:?}");
        }
    }
}

#[test]
fn what_takes_too_long_to_compare_may_be_weaker() {
    let half = |i: usize| if i.is_multiple_of(2) { 0 } else { 2 };
    let (before, after) = (large("v1", 10_000, half), large("v2", 10_000, half));
    let mut document = document(Http, [&before, &after]);
    let tables = tables(Http, [&before, &after]);
    let found = found(&tables, Http);
    assert!(!found.is_empty() && found.iter().all(|it| it.contains(TOO_MANY)), "{found:?}");
    let settings =
        json!({ "deploymentId": "d2", "match": [{ "header": { "name": "x-canary", "exact": "on" } }] });
    document["apis"][0]["stages"][0]["canarySettings"] = settings;
    let problems = problems(&document);
    assert!(problems.contains("too many routes differ to compare them all"), "{problems}");
    assert!(problems.contains("let fewer routes differ from the stage's"), "{problems}");
}
