use super::BackendUri;
use crate::gateway::config::ProtocolType;
use crate::gateway::routes::{RequestPath, RouteKey, Routes};

/// Path and query of a URI for a path that a route matched.
fn expand(uri: &str, route: &str, path: &str) -> (String, Option<String>) {
    let uri = BackendUri::parse(uri).unwrap();
    let routes = Routes::build(ProtocolType::Http, &[RouteKey::parse(route, ProtocolType::Http).unwrap()]);
    let routes = routes.unwrap();
    let path = RequestPath::parse(path.as_bytes(), ProtocolType::Http).unwrap();
    let captures = routes.select(b"GET", &path).unwrap().captures;
    (uri.path(Some(&captures)), uri.query(Some(&captures)))
}

#[test]
fn an_address_is_read_with_its_defaults() {
    for (text, tls, host, port, authority) in [
        ("http://users", false, "users", 80, "users"),
        ("https://Users.Internal/x", true, "users.internal", 443, "users.internal"),
        ("http://users:8080", false, "users", 8080, "users:8080"),
        ("http://users:443", false, "users", 443, "users:443"),
        ("https://users:443?a=b", true, "users", 443, "users"),
        ("http://[2001:DB8::1]", false, "2001:db8::1", 80, "[2001:db8::1]"),
        ("https://[::1]:8443/x", true, "::1", 8443, "[::1]:8443"),
        ("http://192.0.2.1:65535", false, "192.0.2.1", 65535, "192.0.2.1:65535"),
    ] {
        let uri = BackendUri::parse(text).unwrap();
        assert_eq!(
            (uri.tls, uri.host.as_str(), uri.port, uri.authority.as_str()),
            (tls, host, port, authority),
            "{text}"
        );
    }
}

#[test]
fn what_is_no_address_says_why() {
    for (text, problem) in [
        ("users:80", "it has no scheme: `http://` or `https://`"),
        ("", "it has no scheme: `http://` or `https://`"),
        ("ftp://users", "the scheme `ftp` is neither `http` nor `https`"),
        ("HTTP://users", "the scheme `HTTP` is neither `http` nor `https`"),
        ("http://a b", "it has a character that must be percent-encoded"),
        ("http://a/\r\nx", "it has a character that must be percent-encoded"),
        ("http://a/é", "it has a character that must be percent-encoded"),
        ("http://a/#b", "a fragment (`#`) has no meaning to a backend"),
        ("http://user:pass@a/", "credentials in a URI are sent to nobody: use `credential`"),
        ("http://{host}/", "a path variable may not stand in the host"),
        ("http://", "`` is not a host"),
        ("http://:80", "`:80` is not a host"),
        ("http://a,b/", "`a,b` is not a host"),
        ("http://::1/", "`::1` is not a host"),
        ("http://a:80:81/", "`80:81` is not a port"),
        ("http://a:0", "`0` is not a port"),
        ("http://a:", "`` is not a port"),
        ("http://a:+80", "`+80` is not a port"),
        ("http://a:65536", "`65536` is not a port"),
        ("http://[::1", "`]` is missing"),
        ("http://[::1]80", "`[::1]80` is not a host"),
        ("http://[a]", "`a` is not an IPv6 address"),
        ("http://[::1%25eth0]", "`::1%25eth0` is not an IPv6 address"),
        ("http://a/{b", "`{` is not closed in `/{b`"),
    ] {
        assert_eq!(BackendUri::parse(text), Err(problem.to_owned()), "{text}");
    }
}

#[test]
fn variables_of_path_and_query_are_named_without_their_plus_sign() {
    let uri = BackendUri::parse("http://a/x/{id}/{proxy+}?q={id}&r={s}").unwrap();
    assert_eq!(uri.variables().collect::<Vec<_>>(), ["id", "proxy", "id", "s"]);
}

#[test]
fn a_value_is_encoded_again_for_the_place_where_it_stands() {
    let both = |path| expand("http://a/x/{id}?q={id}&r=1", "GET /users/{id}", path);
    assert_eq!(both("/users/7"), ("/x/7".to_owned(), Some("q=7&r=1".to_owned())));
    assert_eq!(
        both("/users/a%20b%26c%3Fd%23e%25f+g"),
        // HTTP APIs read `%3F` as the end of the path.
        ("/x/a%20b&c".to_owned(), Some("q=a%20b%26c&r=1".to_owned()))
    );
    assert_eq!(
        both("/users/%23%25%0d%0a;=+"),
        ("/x/%23%25%0D%0A;=+".to_owned(), Some("q=%23%25%0D%0A%3B%3D%2B&r=1".to_owned()))
    );
    assert_eq!(both("/users/%e2%98%95").0, "/x/%E2%98%95");
}

#[test]
fn a_greedy_value_keeps_its_segments() {
    let path = |path| expand("http://a/x/{proxy}", "GET /{proxy+}", path).0;
    assert_eq!(path("/a/b%20c/"), "/x/a/b%20c/");
    assert_eq!(path("/a%2fb"), "/x/a/b");
    assert_eq!(path("/"), "/x/");
}

#[test]
fn a_path_begins_with_a_slash_whatever_the_uri_says() {
    assert_eq!(expand("http://a", "GET /x", "/x"), ("/".to_owned(), None));
    assert_eq!(expand("http://a?b=c", "GET /x", "/x"), ("/".to_owned(), Some("b=c".to_owned())));
}
