//! Kinds of requests whose cost is pinned.

use super::documents::{
    API_KEY, Buckets, routes, with_access_log, with_account, with_jwt, with_key_and_buckets,
    with_metrics_by_route, with_ten_rules,
};
use super::token::token;
use serde_json::Value;

/// A request, the document that it meets, and what must become of it.
#[derive(Debug, Clone)]
pub struct Kind {
    /// What it is called in the lists of what is pinned.
    pub name: &'static str,
    /// The configuration.
    pub document: Value,
    /// Its head as Envoy hands it to a filter.
    pub request: Vec<(String, String)>,
    /// The status that the client gets.
    pub status: u16,
}

/// The head of the backend's answer.
pub const RESPONSE: [(&str, &str); 6] = [
    (":status", "200"),
    ("content-type", "application/json"),
    ("content-length", "9"),
    ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ("server", "backend"),
    ("x-envoy-upstream-service-time", "0"),
];

/// The client's address, as the host tells it.
pub const SOURCE: &str = "203.0.113.7:40000";

/// All kinds, in the order of their lists.
#[must_use]
pub fn all() -> Vec<Kind> {
    let (plain, jwt, key) = (request("/r7/42?expand=lines&sort=-created"), token(1), API_KEY);
    let with_token = authorized(plain.clone(), &jwt);
    let with_key = keyed(plain.clone(), key);
    let kind = |name, document, request: &[(String, String)], status| Kind {
        name,
        document,
        request: request.to_vec(),
        status,
    };
    let http = |count| routes("HTTP", count);
    let everything = |buckets| {
        let document = with_key_and_buckets(with_jwt(with_ten_rules(http(300))), buckets);
        with_access_log(with_metrics_by_route(document))
    };
    let all = keyed(with_token.clone(), key);
    vec![
        kind("http", http(10), &plain, 200),
        kind("rest", routes("REST", 10), &request("/prod/r7/42?expand=lines&sort=-created"), 200),
        kind("300-routes", http(300), &plain, 200),
        kind("cached-jwt", with_jwt(http(10)), &with_token, 200),
        kind("key-3-leased", with_key_and_buckets(http(10), Buckets::Leased), &with_key, 200),
        kind("key-3-unleased", with_key_and_buckets(http(10), Buckets::Unleased), &with_key, 200),
        kind("ten-rules", with_ten_rules(http(10)), &plain, 200),
        kind("metrics-by-route", with_metrics_by_route(http(10)), &plain, 200),
        kind("access-log", with_access_log(http(10)), &plain, 200),
        kind("everything", everything(Buckets::Leased), &all, 200),
        kind("everything-unleased", everything(Buckets::Unleased), &all, 200),
        kind("refused-401", with_jwt(http(10)), &plain, 401),
        kind("refused-403-key", with_key_and_buckets(http(10), Buckets::Leased), &plain, 403),
        kind("refused-404", http(10), &request("/nowhere"), 404),
        kind("refused-429", with_account(http(10), Buckets::Empty), &plain, 429),
    ]
}

/// A browser's request as Envoy hands it to the filter: pseudo-headers, fourteen headers, and Envoy's own two.
#[must_use]
pub fn request(path: &str) -> Vec<(String, String)> {
    let pairs = [
        (":authority", "shop.example.com"),
        (":path", path),
        (":method", "GET"),
        (":scheme", "https"),
        ("accept", "application/json, text/plain, */*"),
        ("accept-encoding", "gzip, deflate, br"),
        ("accept-language", "en-GB,en;q=0.9,ja;q=0.8"),
        ("authorization", "Bearer 0123456789abcdef0123456789abcdef"),
        ("cache-control", "no-cache"),
        ("origin", "https://app.example.com"),
        ("pragma", "no-cache"),
        ("referer", "https://app.example.com/orders/42"),
        ("sec-ch-ua-mobile", "?0"),
        ("sec-ch-ua-platform", "\"Linux\""),
        ("sec-fetch-dest", "empty"),
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-site", "same-site"),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"),
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-proto", "https"),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// The same with a token.
#[must_use]
pub fn authorized(mut request: Vec<(String, String)>, token: &str) -> Vec<(String, String)> {
    let authorization = request.iter_mut().find(|(name, _)| name == "authorization").unwrap();
    authorization.1 = format!("Bearer {token}");
    request
}

/// The same with an API key.
fn keyed(mut request: Vec<(String, String)>, key: &str) -> Vec<(String, String)> {
    request.push(("x-api-key".to_owned(), key.to_owned()));
    request
}
