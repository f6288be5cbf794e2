use super::{Domain, Mapped};
use crate::gateway::compile::compile;
use crate::gateway::config::ProtocolType;
use crate::gateway::connection::Connection;
use crate::gateway::domains::custom::HeaderCondition;
use crate::gateway::flow::{Answer, Flow};
use crate::gateway::head::Head;
use crate::gateway::routes::RequestPath;
use crate::gateway::surroundings::Elsewhere;
use crate::gateway::testing::{self, body, config, gateway, http, proxy};
use crate::gateway::{Env, Exchange};
use proptest::prelude::{Strategy, any};
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use proptest::{collection, prop_assert_eq};
use serde_json::{Value, json};
use std::cell::Cell;
use std::rc::Rc;

/// An HTTP API `shop` and a REST API `rest`, each with a route for everything, and a domain.
fn document(domains: Value, mappings: Value) -> Value {
    let mut document = http(&["$default"], proxy("http://shop.test", json!({})));
    let mut rest = testing::rest(&["ANY /{proxy+}", "ANY /"], proxy("http://rest.test", json!({})));
    rest["apis"][0]["apiId"] = json!("rest");
    document["apis"].as_array_mut().unwrap().push(rest["apis"][0].take());
    document["domainNames"] = domains;
    document["apiMappings"] = mappings;
    document
}

fn mapping(domain: &str, api: &str, key: &str) -> Value {
    let stage = if api == "rest" { "prod" } else { "$default" };
    json!({ "domainName": domain, "apiId": api, "stage": stage, "apiMappingKey": key })
}

/// How a domain reads a path: the key that fits and what is behind it.
fn way(domain: &Domain, path: &RequestPath) -> Option<(String, String)> {
    let (way, rest) = domain.way(path, &Head::from_pairs::<&str, &str>(&[], true))?;
    Some((way.base_path.clone(), rest.decoded().to_owned()))
}

/// The longest key that the path's segments begin with.
fn naive(keys: &[String], path: &str) -> Option<(String, String)> {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let fits = |key: &&String| {
        let wanted: Vec<&str> = key.split('/').filter(|part| !part.is_empty()).collect();
        segments.starts_with(&wanted)
    };
    let key =
        keys.iter().filter(fits).max_by_key(|key| key.split('/').filter(|part| !part.is_empty()).count())?;
    let rest: Vec<&str> =
        segments.into_iter().skip(key.split('/').filter(|part| !part.is_empty()).count()).collect();
    Some((key.clone(), format!("/{}", rest.join("/"))))
}

#[test]
fn the_mapping_is_the_one_that_a_naive_reading_finds() {
    let part = || select(vec!["a", "b", "ab", "A", "a.b", "é", "a%62", "%61"]);
    let key =
        collection::vec(select(vec!["a", "b", "ab", "A", "a.b"]), 0..4).prop_map(|parts| parts.join("/"));
    let keys = collection::btree_set(key, 0..7);
    let path = (collection::vec(part(), 1..6), any::<bool>());
    let (found, missed) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config { cases: 600, failure_persistence: None, ..Config::default() });
    runner
        .run(&(keys, path), |(keys, (parts, slash))| {
            let keys: Vec<String> = keys.into_iter().collect();
            let mappings = keys.iter().map(|key| mapping("d.test", "shop", key)).collect();
            let gateway = gateway(&document(json!([{ "domainName": "d.test" }]), mappings));
            let domain = gateway.domains.of_host("d.test").unwrap();
            let raw = format!("/{}{}", parts.join("/"), if slash { "/" } else { "" });
            let path = RequestPath::parse(raw.as_bytes(), ProtocolType::Http).unwrap();
            let chosen = way(domain, &path);
            let count = if chosen.is_some() { &found } else { &missed };
            count.set(count.get() + 1);
            prop_assert_eq!(chosen, naive(&keys, path.decoded()), "{} of {:?}", raw, keys);
            Ok(())
        })
        .unwrap();
    assert!(found.get() > 100 && missed.get() > 50, "{found:?} {missed:?}");
}

#[test]
fn however_many_slashes_a_path_has_it_leads_where_its_segments_lead_or_nowhere() {
    let part = || select(vec!["a", "b", "ab", "", "%2F", "%61"]);
    let key = collection::vec(select(vec!["a", "b", "ab"]), 0..3).prop_map(|parts| parts.join("/"));
    let keys = collection::btree_set(key, 1..6);
    let (taken, refused) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config { cases: 600, failure_persistence: None, ..Config::default() });
    runner
        .run(&(keys, collection::vec(part(), 1..6)), |(keys, parts)| {
            let keys: Vec<String> = keys.into_iter().collect();
            let mappings = keys.iter().map(|key| mapping("shop.test", "rest", key)).collect();
            let gateway = gateway(&document(json!([{ "domainName": "shop.test" }]), mappings));
            let raw = format!("/{}", parts.join("/"));
            let mut exchange = Exchange::new(gateway);
            let head = testing::head("GET", &raw, &[], true);
            let _ = exchange.on_request_headers(Ok(head), &testing::env());
            let request = exchange.request().unwrap();
            let chosen = request.mapped.as_ref().map(|mapped| mapped.way.base_path.clone());
            let count = if chosen.is_some() { &taken } else { &refused };
            count.set(count.get() + 1);
            if let Some(chosen) = chosen {
                let decoded = raw.replace("%2F", "/").replace("%61", "a");
                let segments: Vec<&str> = decoded.split('/').filter(|part| !part.is_empty()).collect();
                let (key, _) = naive(&keys, &format!("/{}", segments.join("/"))).unwrap();
                prop_assert_eq!(chosen, key, "{} of {:?}", raw, keys);
            }
            Ok(())
        })
        .unwrap();
    assert!(taken.get() > 100 && refused.get() > 50, "{taken:?} {refused:?}");
}

#[test]
fn a_request_to_a_domain_tells_how_it_came_to_its_api() {
    let document =
        document(json!([{ "domainName": "shop.test" }]), json!([mapping("shop.test", "rest", "v1")]));
    let mut exchange = Exchange::new(gateway(&document));
    let _ = exchange.on_request_headers(Ok(testing::head("GET", "//v1/%61//b", &[], true)), &testing::env());
    let request = exchange.request().unwrap();
    let Some(Mapped { way, whole }) = &request.mapped else { panic!("{request:?}") };
    assert_eq!((way.base_path.as_str(), whole.raw()), ("v1", "/v1/%61//b"));
    assert_eq!(request.path.as_ref().map(RequestPath::raw), Some("/%61//b"));
    assert_eq!(request.stage.as_ref().map(|stage| stage.name.as_str()), Some("prod"));
}

#[test]
fn hosts_find_their_own_domain_before_a_wildcard() {
    let domains =
        json!([{ "domainName": "*.a.test" }, { "domainName": "x.a.test" }, { "domainName": "*.x.a.test" }]);
    let gateway = gateway(&document(domains, json!([])));
    for (host, expected) in [
        ("x.a.test", Some("x.a.test")),
        ("y.a.test", Some("*.a.test")),
        ("y.x.a.test", Some("*.x.a.test")),
        ("y.y.a.test", None),
        ("a.test", None),
        (".a.test", None),
        (".x.a.test", None),
        ("*.a.test", Some("*.a.test")),
        ("", None),
        (".", None),
        ("test", None),
        ("[::1]", None),
    ] {
        let found = gateway.domains.of_host(host).map(|domain| domain.name.as_str());
        assert_eq!(found, expected, "{host}");
    }
}

#[test]
fn headers_are_compared_between_the_stars() {
    let fits = |open_start, open_end, value: &str, line: &[u8]| {
        let condition = HeaderCondition { name: b"x"[..].into(), value: value.into(), open_start, open_end };
        condition.fits_line(line)
    };
    for (open_start, open_end, value, line, expected) in [
        (false, false, "a", &b"a"[..], true),
        (false, false, "a", b"ab", false),
        (false, true, "a", b"ab", true),
        (false, true, "a", b"ba", false),
        (true, false, "a", b"ba", true),
        (true, false, "a", b"ab", false),
        (true, true, "a", b"bab", true),
        (true, true, "a", b"b", false),
        (true, true, "", b"", true),
        (true, true, "abc", b"ab", false),
        (true, true, "a", b"\xff\xfea", true),
    ] {
        assert_eq!(fits(open_start, open_end, value, line), expected, "{value} {line:?}");
    }
}

#[derive(Debug)]
struct Tls(&'static str, bool);

impl Connection for Tls {
    fn server_name(&self) -> Vec<u8> {
        self.0.into()
    }

    fn has_client_cert(&self) -> bool {
        self.1
    }
}

/// A connection that nothing may be asked about.
#[derive(Debug)]
struct Untouched;

impl Connection for Untouched {
    fn server_name(&self) -> Vec<u8> {
        panic!("SNI was read")
    }

    fn has_client_cert(&self) -> bool {
        panic!("the certificate was read")
    }
}

fn on(gateway: &Rc<crate::gateway::Gateway>, host: &str, connection: &dyn Connection) -> Option<Answer> {
    let pairs = [(":method", "GET"), (":path", "/"), (":authority", host), (":scheme", "https")];
    let env = Env { connection, ..testing::env() };
    match Exchange::new(Rc::clone(gateway)).on_request_headers(Ok(Head::from_pairs(&pairs, true)), &env) {
        Flow::Answer(answer) => Some(answer),
        Flow::Forward(_) => None,
        flow => panic!("{flow:?}"),
    }
}

#[test]
fn a_domain_with_mutual_tls_wants_a_certificate_that_was_presented_for_it() {
    let secure = |name: &str| {
        json!({ "domainName": name, "domainNameConfigurations": [{ "certificateArn": "c" }],
            "mutualTlsAuthentication": { "truststoreUri": "file:ca.pem" } })
    };
    let domains =
        json!([secure("a.test"), secure("*.w.test"), secure("x.w.test"), { "domainName": "open.test" }]);
    let names = ["a.test", "*.w.test", "x.w.test", "open.test"];
    let mappings = names.iter().map(|name| mapping(name, "shop", "")).collect();
    let mut document = document(domains, mappings);
    document["certificates"] = json!({ "c": { "sdsSecret": "c" } });
    document["apis"][0]["disableExecuteApiEndpoint"] = json!(true);
    let compiled = compile(&config(&document), &Elsewhere).unwrap();
    assert_eq!(compiled.warnings.to_string(), "");
    let gateway = Rc::new(compiled.gateway);

    for (host, server_name) in [
        ("a.test", "a.test"),
        ("A.test.:443", "a.test"),
        ("y.w.test", "y.w.test"),
        ("y.w.test", "z.w.test"),
        ("x.w.test", "x.w.test"),
    ] {
        assert_eq!(on(&gateway, host, &Tls(server_name, true)), None, "{host} {server_name}");
        let refused = on(&gateway, host, &Tls(server_name, false)).unwrap();
        assert_eq!((refused.status, body(&refused)), (403, r#"{"message":"Forbidden"}"#));
        assert_eq!(refused.details, "sekisho_mutual_tls");
    }
    for (host, server_name) in [
        ("a.test", ""),
        ("a.test", "open.test"),
        ("a.test", "unknown.test"),
        ("a.test", "x.w.test"),
        // No filter chain of Envoy's was chosen by these: it compares names as they are.
        ("a.test", "a.test."),
        ("a.test", "a.test:443"),
        ("a.test", "A.test"),
        ("y.w.test", "x.w.test"),
        ("x.w.test", "y.w.test"),
        ("y.w.test", "y.y.w.test"),
        ("y.w.test", "w.test"),
        ("y.w.test", ".w.test"),
    ] {
        let refused = on(&gateway, host, &Tls(server_name, true));
        assert_eq!(
            refused.map(|answer| answer.details),
            Some("sekisho_mutual_tls".into()),
            "{host} {server_name}"
        );
    }
    assert_eq!(on(&gateway, "open.test", &Untouched), None, "nothing is read where nothing is wanted");
    assert!(on(&gateway, "nobody.test", &Untouched).is_some());
}
