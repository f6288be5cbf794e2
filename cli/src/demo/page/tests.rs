use super::{HTML, Page, describe, policy};
use crate::top::Source;
use sekisho::gateway::config;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

/// An address where nobody listens.
fn nobody() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// Status, head and body of an answer to these lines.
fn ask(page: &Page, lines: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(page.address()).unwrap();
    stream.write_all(format!("{lines}\r\nconnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_lowercase(), body.to_owned())
}

#[test]
fn only_its_own_name_is_answered() {
    let page = Page::start(0, &json!({ "secret": 1 }), Source::new(nobody())).unwrap();
    let port = page.address().port();
    for (host, status) in [
        (format!("host: 127.0.0.1:{port}"), 200),
        (format!("host: localhost:{port}"), 200),
        (format!("host: evil.test:{port}"), 403),
        (format!("host: 127.0.0.1.evil.test:{port}"), 403),
        (format!("host: evil@127.0.0.1:{port}"), 403),
        ("host: 127.0.0.1".to_owned(), 403),
        (format!("host: 127.0.0.1:{port}\r\nhost: evil.test"), 403),
        ("x-host: none".to_owned(), 403),
    ] {
        let (given, head, body) = ask(&page, &format!("GET /description HTTP/1.1\r\n{host}"));
        assert_eq!(given, status, "{host}");
        assert_eq!(body.contains("secret"), status == 200, "{host}");
        assert!(!head.contains("access-control-"), "{head}");
    }
    assert_eq!(ask(&page, &format!("POST /figures HTTP/1.1\r\nhost: localhost:{port}")).0, 405);
    assert_eq!(ask(&page, &format!("GET /other HTTP/1.1\r\nhost: localhost:{port}")).0, 404);
    let (status, _, body) = ask(&page, &format!("GET /figures HTTP/1.1\r\nhost: localhost:{port}"));
    let told: Value = serde_json::from_str(&body).unwrap();
    assert!(status == 200 && told["problem"].as_str().unwrap().contains("cannot ask its admin"), "{body}");
}

#[test]
fn a_browser_is_told_to_do_nothing_else() {
    let page = Page::start(0, &Value::Null, Source::new(nobody())).unwrap();
    let (status, head, body) =
        ask(&page, &format!("GET / HTTP/1.1\r\nhost: 127.0.0.1:{}", page.address().port()));
    assert_eq!((status, body.as_str()), (200, HTML));
    assert!(head.contains(&format!("content-security-policy: {}", policy().to_lowercase())), "{head}");
    assert!(policy().starts_with("default-src 'none'") && policy().matches("'sha256-").count() == 2);
    // Nothing of anybody else's, and nothing that makes markup of text.
    for forbidden in [
        "http://",
        "https://",
        "//cdn",
        "innerHTML",
        "outerHTML",
        "document.write",
        "insertAdjacent",
        "eval(",
    ] {
        assert!(!HTML.contains(forbidden), "{forbidden}");
    }
    assert!(head.contains("x-content-type-options: nosniff") && head.contains("cache-control: no-store"));
}

#[test]
fn what_a_route_needs_and_how_it_is_asked() {
    let document = json!({
        "apis": [{
            "apiId": "shop", "protocolType": "REST", "name": "Läden",
            "stages": [{ "stageName": "prod", "defaultRouteSettings": { "throttlingRateLimit": 5.5, "throttlingBurstLimit": 2 } }],
            "routes": [
                { "routeKey": "GET /it's/{id}", "target": "integrations/m", "apiKeyRequired": true },
                { "routeKey": "POST /users", "target": "integrations/m", "authorizationType": "AWS_IAM" },
                { "routeKey": "ANY /{proxy+}", "target": "integrations/m" },
            ],
            "integrations": [{ "integrationId": "m", "integrationType": "MOCK" }],
        }],
        "usagePlans": [{ "id": "gold", "apiStages": [{ "apiId": "shop", "stage": "prod" }],
            "throttle": { "rateLimit": 10.0 }, "quota": { "limit": 1000, "period": "DAY" } }],
    });
    let config = config::load(document.to_string().as_bytes()).unwrap();
    let body = |key: &str| (key == "POST /users").then(|| "{\"a\": \"it's\"}".to_owned());
    let told = describe(&config, "http://127.0.0.1:8080", &body);
    assert_eq!(told["apis"][0]["name"], "Läden");
    let routes = &told["apis"][0]["stages"][0]["routes"];
    let limits = ["at most 5.5 requests a second", "at most 2 at once"];
    assert_eq!(
        routes[0]["needs"],
        json!(["an API key", "plan gold: 10 requests a second 1000 in all", limits[0], limits[1]])
    );
    assert_eq!(routes[1]["needs"], json!(["a signature of AWS credentials", limits[0], limits[1]]));
    let curl = |at: usize| routes[at]["curl"].as_str().unwrap();
    assert_eq!(curl(0), r"curl -i -H 'x-api-key: …' -g 'http://127.0.0.1:8080/prod/it'\''s/1'");
    assert_eq!(
        curl(1),
        r#"curl -i -H 'authorization: Bearer …' -H 'content-type: application/json' -d '{"a": "it'\''s"}' -X POST -g http://127.0.0.1:8080/prod/users"#
    );
    assert_eq!(curl(2), "curl -i -g http://127.0.0.1:8080/prod/1");
}
