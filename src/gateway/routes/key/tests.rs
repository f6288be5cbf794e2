use super::*;
use crate::gateway::routes::Segment;
use ProtocolType::{Http, Rest, Websocket};

#[test]
fn route_keys_are_read_and_written_back() {
    let both = [
        "GET /",
        "ANY /{proxy+}",
        "DELETE /users/{id}",
        "HEAD /users/{id}/posts/{post.id}",
        "OPTIONS /a-b_c.d:e,f",
        "PATCH /{a}/{b}/{c+}",
        "POST /v1/users",
        "PUT /{user:id}/{a-b}",
    ];
    for text in both {
        for protocol in [Http, Rest] {
            assert_eq!(RouteKey::parse(text, protocol).unwrap().to_string(), text);
        }
    }
    for text in ["$default", "GET /$metadata", "GET /~me/@x"] {
        assert_eq!(RouteKey::parse(text, Http).unwrap().to_string(), text);
        assert!(RouteKey::parse(text, Rest).is_err(), "{text}");
    }
}

#[test]
fn a_template_knows_its_variables() {
    let RouteKey::Path { method, template } = RouteKey::parse("GET /a/{x}/{rest+}", Http).unwrap() else {
        panic!("not a path");
    };
    assert_eq!(method, MethodKey::Get);
    assert_eq!(template.names().collect::<Vec<_>>(), ["x", "rest"]);
    assert!(template.is_greedy());
    assert_eq!(
        template.segments(),
        [
            Segment::Literal("a".to_owned()),
            Segment::Variable("x".to_owned()),
            Segment::Greedy("rest".to_owned())
        ]
    );
}

#[test]
fn mistakes_are_explained() {
    let cases = [
        ("", "`` is not a route key", "a route key is a method"),
        ("$Default", "`$Default` is not a route key", "or `$default`"),
        ("/users", "`/users` is not a route key", "`GET /users` or `ANY /users`"),
        ("GET", "`GET` is not a route key", "`GET /`"),
        ("get /users", "cannot name the method `get`", "upper case: `GET`"),
        ("PSOT /users", "cannot name the method `PSOT`", "similar name exists: `POST`"),
        ("TRACE /users", "cannot name the method `TRACE`", "ANY, DELETE, GET, HEAD"),
        ("* /users", "cannot name the method `*`", "ANY, DELETE, GET, HEAD"),
        ("GET  /users", "` /users` does not begin with `/`", "write `//users`"),
        ("GET users", "`users` does not begin with `/`", "write `/users`"),
        ("GET /users/", "`/users/` ends with `/`", "write `/users`"),
        ("GET //", "`//` ends with `/`", "write `/`"),
        ("GET /a//b", "has an empty segment", "one `/`"),
        ("GET /{p+}/a", "`{p+}` is not the last segment", "`{p}` takes one segment"),
        ("GET /a/{x}/b/{x}", "two variables named `x`", "its own name"),
        ("GET /a/{x}/{x+}", "two variables named `x`", "its own name"),
        ("GET /a-{x}", "only partly a variable", "whole segment"),
        ("GET /{x}.json", "only partly a variable", "whole segment"),
        ("GET /{x", "only partly a variable", "whole segment"),
        ("GET /{a}{b}", "`a}{b` in the path", "letters, digits"),
        ("GET /{}", "`{}` of the path `/{}` has no name", "`{id}`"),
        ("GET /{+}", "has no name", "`{proxy+}`"),
        ("GET /{a b}", "`a b` in the path", "letters, digits"),
        ("GET /{proxy*}", "`proxy*` in the path", "`+` may follow"),
        ("GET /a b", "has the character ` `", "letters, digits"),
        ("GET /a%20b", "has the character `%`", "letters, digits"),
        ("GET /a?b", "has the character `?`", "letters, digits"),
        ("GET /caf\u{e9}", "has the character `\u{e9}`", "letters, digits"),
        ("GET /a/../b", "no request can match the segment `..`", "400"),
        ("GET /a/.", "no request can match the segment `.`", "400"),
        ("GET /a/..;x", "no request can match the segment `..;x`", "400"),
        ("GET /a/;x", "no request can match the segment `;x`", "400"),
    ];
    for (text, problem, help) in cases {
        let error = RouteKey::parse(text, Http).unwrap_err();
        assert!(error.problem.contains(problem), "{text}: {error}");
        let given = error.help.unwrap_or_default();
        assert!(given.contains(help), "{text}: {given}");
    }
    assert_eq!(cases.len(), 32);
}

#[test]
fn what_a_protocol_lacks_is_named() {
    let error = RouteKey::parse("$default", Rest).unwrap_err();
    assert_eq!(error.problem, "a REST API has no `$default` route");
    assert!(error.help.unwrap_or_default().contains("`ANY /{proxy+}`"));
    let error = RouteKey::parse("GET /$metadata", Rest).unwrap_err();
    assert_eq!(error.problem, "the path `/$metadata` has the character `$`");
    assert!(RouteKey::parse("$connect", Websocket).is_err());
}

#[test]
fn request_methods_are_case_sensitive_and_never_any() {
    for method in MethodKey::ALL.into_iter().filter(|method| *method != MethodKey::Any) {
        assert_eq!(MethodKey::of(method.as_str().as_bytes()), Some(method));
    }
    for stranger in ["ANY", "get", "Get", "TRACE", "CONNECT", ""] {
        assert_eq!(MethodKey::of(stranger.as_bytes()), None);
    }
    for (i, method) in MethodKey::ALL.into_iter().enumerate() {
        assert_eq!(method as usize, i);
    }
}
