use crate::gateway::flow::Flow;
use crate::gateway::testing::{ask, gateway, http, problems, proxy, rest};
use serde_json::{Value, json};

fn document(cors: Value) -> Value {
    let mut document = http(&["GET /x"], proxy("http://backend.test", json!({})));
    document["apis"][0]["corsConfiguration"] = cors;
    document
}

/// `access-control-allow-origin` of the preflight from an origin.
fn allowed(cors: Value, origin: &str) -> Option<String> {
    let gateway = gateway(&document(cors));
    let headers = [("origin", origin), ("access-control-request-method", "PUT")];
    let Flow::Answer(answer) = ask(&gateway, "OPTIONS", "/nowhere", &headers).1 else { panic!("no answer") };
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    let found = answer.headers.iter().find(|(name, _)| name.as_ref() == b"access-control-allow-origin");
    found.map(|(_, value)| String::from_utf8(value.to_vec()).unwrap())
}

#[test]
fn origins_are_exact_or_any_of_a_scheme_or_any() {
    let listed = json!({ "allowOrigins": ["https://Shop.test", "http://localhost:3000"] });
    for (origin, fits) in [
        ("https://shop.test", true),
        ("http://localhost:3000", true),
        ("http://localhost", false),
        ("http://shop.test", false),
        ("https://shop.test:444", false),
        ("https://shop.test.evil.test", false),
        ("https://evilshop.test", false),
        ("null", false),
        ("", false),
    ] {
        let expected = fits.then(|| origin.to_owned());
        assert_eq!(allowed(listed.clone(), origin), expected, "{origin}");
    }
    let secure = json!({ "allowOrigins": ["https://*"] });
    assert_eq!(allowed(secure.clone(), "https://a.test:8443").as_deref(), Some("https://a.test:8443"));
    for wrong in ["http://a.test", "https://", "https://a b", "https://a/b", "https://a\",x", "null"] {
        assert_eq!(allowed(secure.clone(), wrong), None, "{wrong}");
    }
    assert_eq!(allowed(json!({ "allowOrigins": ["*"] }), "null").as_deref(), Some("*"));
}

#[test]
fn an_origin_that_is_sent_twice_is_none() {
    let gateway = gateway(&document(json!({ "allowOrigins": ["*"] })));
    let headers = [
        ("origin", "https://a.test"),
        ("origin", "https://b.test"),
        ("access-control-request-method", "PUT"),
    ];
    let Flow::Answer(answer) = ask(&gateway, "OPTIONS", "/x", &headers).1 else { panic!("no answer") };
    assert!(!answer.headers.iter().any(|(name, _)| name.starts_with(b"access-control-")), "{answer:?}");
}

#[test]
fn what_no_browser_would_read_is_an_error() {
    for (cors, expected) in [
        (
            json!({ "allowOrigins": ["*"], "allowCredentials": true }),
            "allowCredentials: allow-credentials is not supported if 'allow-origin' is *",
        ),
        (json!({ "allowOrigins": ["https://*.test"] }), "allowOrigins[0]: `https://*.test` is not an origin"),
        (json!({ "allowOrigins": ["https://a.test/"] }), "allowOrigins[0]"),
        (json!({ "allowOrigins": ["a.test"] }), "allowOrigins[0]"),
        (json!({ "allowOrigins": ["null"] }), "allowOrigins[0]"),
        (json!({ "allowOrigins": ["ftp://*"] }), "allowOrigins[0]"),
        (json!({ "allowOrigins": ["*"], "allowMethods": ["get"] }), "allowMethods[0]: `get` is not a method"),
        (json!({ "allowOrigins": ["*"], "allowHeaders": ["a b"] }), "allowHeaders[0]"),
        (json!({ "allowOrigins": ["*"], "exposeHeaders": ["a\nb"] }), "exposeHeaders[0]"),
        (json!({ "allowOrigins": ["*"], "maxAge": 86_401 }), "maxAge: 86401 is not from -1 to 86400"),
    ] {
        let problems = problems(&document(cors.clone()));
        assert!(problems.contains("error: apis[0].corsConfiguration."), "{cors}: {problems}");
        assert!(problems.contains(expected), "{cors}: {problems}");
    }
    assert!(problems(&document(json!({ "maxAge": 1 }))).contains("no origin is allowed"));
    let mut rest = rest(&["GET /x"], proxy("http://backend.test", json!({})));
    rest["apis"][0]["corsConfiguration"] = json!({ "allowOrigins": ["*"] });
    assert!(problems(&rest).contains("REST APIs have none"));
}

#[test]
fn a_configuration_that_says_nothing_is_none() {
    let document = document(json!({}));
    assert_eq!(problems(&document), "");
    let headers = [("origin", "https://a.test"), ("access-control-request-method", "PUT")];
    let Flow::Answer(answer) = ask(&gateway(&document), "OPTIONS", "/x", &headers).1 else {
        panic!("no answer")
    };
    assert_eq!(answer.status, 404);
}
