use super::*;
use ProtocolType::{Http, Rest};
use std::hint::black_box;
use std::time::Instant;

mod naive;
mod properties;

fn keys(texts: &[&str], protocol: ProtocolType) -> Vec<RouteKey> {
    texts.iter().map(|text| RouteKey::parse(text, protocol).unwrap()).collect()
}

fn routes(protocol: ProtocolType, texts: &[&str]) -> Routes {
    Routes::build(protocol, keys(texts, protocol)).unwrap()
}

fn path(protocol: ProtocolType, raw: &str) -> RequestPath {
    RequestPath::parse(raw.as_bytes(), protocol).unwrap()
}

/// `GET /a?` → the key of the route and its captures as `x=1,y=2`.
fn ask(routes: &Routes, request: &str) -> Option<(String, String)> {
    let (method, raw) = request.split_once(' ').unwrap();
    let path = path(routes.protocol, raw);
    let selected = routes.select(method.as_bytes(), &path)?;
    let captures: Vec<_> = selected.captures.iter().map(|c| format!("{}={}", c.name, c.decoded)).collect();
    Some((routes.key(selected.route).unwrap().to_string(), captures.join(",")))
}

fn check(protocol: ProtocolType, texts: &[&str], cases: &[(&str, &str, &str)]) {
    let routes = routes(protocol, texts);
    for (request, key, captures) in cases {
        let expected = (!key.is_empty()).then(|| ((*key).to_owned(), (*captures).to_owned()));
        assert_eq!(ask(&routes, request), expected, "{request}");
    }
}

#[test]
fn the_example_of_aws_documentation() {
    check(
        Http,
        &["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default"],
        &[
            ("GET /pets/dog/1", "GET /pets/dog/1", ""),
            ("GET /pets/dog/2", "GET /pets/dog/{id}", "id=2"),
            ("GET /pets/cat/1", "GET /pets/{proxy+}", "proxy=cat/1"),
            ("POST /test/5", "ANY /{proxy+}", "proxy=test/5"),
            ("POST /pets/dog/1", "ANY /{proxy+}", "proxy=pets/dog/1"),
            ("GET /", "ANY /{proxy+}", "proxy="),
        ],
    );
    check(
        Http,
        &["GET /pets/{proxy+}", "$default"],
        &[("POST /pets/cat/1", "$default", ""), ("GET /pets", "$default", ""), ("BREW /pot", "$default", "")],
    );
}

#[test]
fn an_http_api_takes_the_most_specific_route_that_serves_the_method() {
    check(
        Http,
        &[
            "GET /a/b",
            "ANY /a/b",
            "POST /a/{x}",
            "ANY /a/{x}",
            "PUT /{x}/{y}",
            "GET /{x}/b/c",
            "GET /a/{x}/{y}",
            "GET /a/{p+}",
            "GET /a/{x}/{p+}",
            "GET /{x}/b/{p+}",
            "HEAD /h",
        ],
        &[
            ("GET /a/b", "GET /a/b", ""),
            ("POST /a/b", "ANY /a/b", ""),
            ("POST /a/c", "POST /a/{x}", "x=c"),
            ("GET /a/c", "ANY /a/{x}", "x=c"),
            ("PUT /b/c", "PUT /{x}/{y}", "x=b,y=c"),
            // A literal in an earlier segment weighs more than two in later ones.
            ("GET /a/b/c", "GET /a/{x}/{y}", "x=b,y=c"),
            ("GET /b/b/c", "GET /{x}/b/c", "x=b"),
            // Greedy variables only where nothing else matches, and the longest prefix of them.
            ("GET /a/b/c/d", "GET /a/{x}/{p+}", "x=b,p=c/d"),
            ("GET /z/b/c/d", "GET /{x}/b/{p+}", "x=z,p=c/d"),
            ("GET /a/", "GET /a/{p+}", "p="),
            ("GET /a", "", ""),
            ("GET /z/z", "", ""),
            // HEAD is not GET, methods and paths are case-sensitive.
            ("HEAD /h", "HEAD /h", ""),
            ("GET /h", "", ""),
            ("HEAD /b/b/c", "", ""),
            ("get /a/b", "ANY /a/b", ""),
            ("GET /A/B", "", ""),
        ],
    );
}

#[test]
fn trailing_slashes_of_an_http_api_count() {
    check(
        Http,
        &["GET /", "GET /metrics", "GET /logs/{proxy+}", "GET /users/{id}"],
        &[
            ("GET /", "GET /", ""),
            ("GET /metrics", "GET /metrics", ""),
            ("GET /metrics/", "", ""),
            ("GET /logs", "", ""),
            ("GET /logs/", "GET /logs/{proxy+}", "proxy="),
            ("GET /logs/a/", "GET /logs/{proxy+}", "proxy=a/"),
            ("GET /users/", "", ""),
            ("GET /users/7/", "", ""),
        ],
    );
    check(Http, &["GET /", "ANY /{proxy+}"], &[("GET /", "GET /", ""), ("PUT /", "ANY /{proxy+}", "proxy=")]);
}

#[test]
fn matching_is_on_the_decoded_path() {
    check(
        Http,
        &["GET /admin/users", "GET /users/{id}", "GET /{a}/{b}/{c}", "GET /files/{p+}"],
        &[
            ("GET /%61dmin/users", "GET /admin/users", ""),
            ("GET /admin%2Fusers", "GET /admin/users", ""),
            ("GET /users/%E2%98%95", "GET /users/{id}", "id=☕"),
            ("GET /users/****%20Doe", "GET /users/{id}", "id=**** Doe"),
            ("GET /users/a%2Fb", "GET /{a}/{b}/{c}", "a=users,b=a,c=b"),
            ("GET /users/7%3Fadmin=1", "GET /users/{id}", "id=7"),
            // Encoded twice, decoded once.
            ("GET /users/a%252Fb", "GET /users/{id}", "id=a%2Fb"),
            ("GET /users/%252e%252e", "GET /users/{id}", "id=%2e%2e"),
            ("GET /files/x%2Fy/z", "GET /files/{p+}", "p=x/y/z"),
        ],
    );
}

#[test]
fn a_rest_api_takes_the_most_specific_resource_that_serves_the_method() {
    // As measured on AWS: a resource without the method hides neither a `{proxy+}` above it …
    check(
        Rest,
        &["ANY /{proxy+}", "GET /jobs/{operation_type}", "OPTIONS /cors_only", "POST /admin"],
        &[
            ("GET /jobs/reboot", "GET /jobs/{operation_type}", "operation_type=reboot"),
            ("GET /jobs", "ANY /{proxy+}", "proxy=jobs"),
            ("POST /jobs", "ANY /{proxy+}", "proxy=jobs"),
            ("POST /jobs/reboot", "ANY /{proxy+}", "proxy=jobs/reboot"),
            ("GET /cors_only", "ANY /{proxy+}", "proxy=cors_only"),
            ("GET /admin", "ANY /{proxy+}", "proxy=admin"),
            ("POST /admin", "POST /admin", ""),
            ("GET /", "", ""),
            // `ANY` is seven methods.
            ("TRACE /x", "", ""),
        ],
    );
    // … nor a variable, or a `{proxy+}`, beside it.
    check(
        Rest,
        &[
            "GET /users/{userId}",
            "PATCH /users/me",
            "POST /roles/provision",
            "GET /roles/{roleId}",
            "GET /things/real",
            "ANY /things/{proxy+}",
        ],
        &[
            ("GET /users/me", "GET /users/{userId}", "userId=me"),
            ("PATCH /users/me", "PATCH /users/me", ""),
            ("GET /users/abc123", "GET /users/{userId}", "userId=abc123"),
            ("POST /users/me", "", ""),
            ("POST /roles/provision", "POST /roles/provision", ""),
            ("GET /roles/provision", "GET /roles/{roleId}", "roleId=provision"),
            ("GET /things/real", "GET /things/real", ""),
            ("POST /things/real", "ANY /things/{proxy+}", "proxy=real"),
            ("POST /things/", "", ""),
            ("POST /things", "", ""),
        ],
    );
    // Segment by segment, greedy variables too.
    check(
        Rest,
        &["GET /{x}/b", "GET /a/{proxy+}", "PUT /a/b"],
        &[("GET /a/b", "GET /a/{proxy+}", "proxy=b"), ("GET /c/b", "GET /{x}/b", "x=c")],
    );
}

#[test]
fn slashes_and_encoding_of_a_rest_api() {
    let texts = &["GET /hardcoded", "GET /users/{id}", "GET /{proxy+}"];
    check(
        Rest,
        texts,
        &[
            ("GET /hardcoded/", "GET /hardcoded", ""),
            ("GET /hardcoded//", "GET /hardcoded", ""),
            ("GET //hardcoded", "GET /hardcoded", ""),
            ("GET /proxy-value/", "GET /{proxy+}", "proxy=proxy-value"),
            ("GET /proxy-value//double-slash", "GET /{proxy+}", "proxy=proxy-value//double-slash"),
            ("GET /users//7", "GET /{proxy+}", "proxy=users//7"),
            ("GET /users/", "GET /{proxy+}", "proxy=users"),
            // One segment never carries a slash.
            ("GET /users/a%2Fb", "GET /{proxy+}", "proxy=users/a/b"),
        ],
    );
    let routes = routes(Rest, texts);
    let staged = path(Rest, "//stage//hardcoded");
    let request = staged.strip_first_segment();
    assert_eq!(routes.select(b"GET", &request).unwrap().route, 0);

    let request = path(Rest, "/users/test%2Balias@gmail.com/");
    let captures = routes.select(b"GET", &request).unwrap().captures;
    assert_eq!(captures.get("id"), Some("test+alias@gmail.com"));
    assert_eq!(captures.raw("id"), Some("test%2Balias@gmail.com"));
    assert_eq!(captures.get("proxy"), None);
    let request = path(Rest, "/%75sers/a%2Fb%20//c/");
    let captures = routes.select(b"GET", &request).unwrap().captures;
    assert_eq!(captures.get("proxy"), Some("users/a/b //c"));
    assert_eq!(captures.raw("proxy"), Some("%75sers/a%2Fb%20//c"));
}

#[test]
fn routes_that_answer_the_same_requests_conflict() {
    let conflicts = |protocol, texts: &[&str]| -> Vec<(usize, usize, String)> {
        let built = Routes::build(protocol, keys(texts, protocol));
        built.err().unwrap_or_default().into_iter().map(|c| (c.first, c.second, c.problem)).collect()
    };
    assert_eq!(
        conflicts(Http, &["GET /a/{x}", "$default", "GET /a/{y}", "$default", "GET /a/{x}", "ANY /a/{x}"]),
        [
            (0, 2, "`GET /a/{y}` matches the same requests as `GET /a/{x}`".to_owned()),
            (1, 3, "the route `$default` exists already".to_owned()),
            (0, 4, "the route `GET /a/{x}` exists already".to_owned()),
        ]
    );
    // An HTTP API may name one place in several ways, and hold a variable beside a greedy one.
    let texts = &["GET /a/{x}", "POST /a/{y}", "GET /a/{y}/b", "GET /a/{z+}", "GET /a/{x}/{q+}", "GET /{r+}"];
    assert_eq!(conflicts(Http, texts), []);
    let sibling = |key: &str, name: &str, other: &str| {
        format!(
            "`{key}`: a sibling (`{other}`) of `{name}` already has a variable path part, and a REST API allows one"
        )
    };
    assert_eq!(
        conflicts(Rest, texts),
        [
            (0, 1, sibling("POST /a/{y}", "{y}", "{x}")),
            (0, 2, sibling("GET /a/{y}/b", "{y}", "{x}")),
            (0, 3, sibling("GET /a/{z+}", "{z+}", "{x}")),
        ]
    );
    assert_eq!(
        conflicts(Rest, &["GET /a/{x}", "ANY /a/{x}/b", "GET /a/{x}"]),
        [(0, 2, "the route `GET /a/{x}` exists already".to_owned())]
    );
}

#[test]
fn an_empty_list_answers_nothing() {
    for protocol in [Http, Rest] {
        check(protocol, &[], &[("GET /", "", ""), ("GET /a", "", "")]);
    }
}

/// Ten thousand routes: printed, not asserted, how long they take to build and to ask.
#[test]
fn ten_thousand_routes_cost_as_ten() {
    for protocol in [Http, Rest] {
        for services in [1, 1000] {
            let mut texts = Vec::new();
            for i in 0..services {
                for rest in ["", "/{id}", "/{id}/items", "/{id}/items/{item}", "/{id}/files/{path+}"] {
                    texts.push(format!("GET /v1/service-{i}{rest}"));
                    texts.push(format!("ANY /v1/service-{i}{rest}"));
                }
            }
            let texts: Vec<_> = texts.iter().map(String::as_str).collect();
            let keys = keys(&texts, protocol);
            let begun = Instant::now();
            let routes = Routes::build(protocol, &keys).unwrap();
            let built = begun.elapsed();
            for i in 0..services {
                let asked = [
                    ("GET", "", "GET", ""),
                    ("POST", "", "ANY", ""),
                    ("GET", "/7", "GET", "/{id}"),
                    ("PUT", "/7/items", "ANY", "/{id}/items"),
                    ("GET", "/7/items/x", "GET", "/{id}/items/{item}"),
                    ("PUT", "/7/files/x/y", "ANY", "/{id}/files/{path+}"),
                ];
                for (method, rest, key, template) in asked {
                    let found = ask(&routes, &format!("{method} /v1/service-{i}{rest}")).map(|(key, _)| key);
                    assert_eq!(found, Some(format!("{key} /v1/service-{i}{template}")));
                }
            }
            let last = services - 1;
            for rest in ["/7/items/x", "/7/files/x/y", "/7/none/x"] {
                let path = path(protocol, &format!("/v1/service-{last}{rest}"));
                let begun = Instant::now();
                for _ in 0..10_000 {
                    black_box(routes.select(b"GET", black_box(&path)));
                }
                let each = begun.elapsed() / 10_000;
                println!("{protocol:?}: {} routes built in {built:?}; GET …{rest}: {each:?}", texts.len());
            }
        }
    }
}
