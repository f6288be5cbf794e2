//! Every call from both origins, and what the browser, the gateway and the backend saw of it.

use crate::cases::{self, Call, Comes, Reads};
use crate::chromium::{COOKIE, Origin};
use sekisho_cases::{Answer, needs, tokens};
use serde_json::{Value, json};
use wasm_tests::{Backend, Gateway, Options};

/// APIs that differ in what they tell browsers. `shop` names the origin.
fn document(origin: &str) -> Value {
    let cors = |origins: &[&str]| json!({ "allowOrigins": origins, "allowMethods": ["GET", "PUT"], "allowHeaders": ["x-known", "content-type", "authorization"] });
    let mut shop = cors(&[origin]);
    shop["allowCredentials"] = true.into();
    shop["exposeHeaders"] = json!(["x-shown"]);
    shop["maxAge"] = 600.into();
    let any = json!({ "allowOrigins": ["*"], "allowMethods": ["*"], "allowHeaders": ["*"] });
    let mut scheme = cors(&["http://*"]);
    scheme["allowCredentials"] = true.into();
    let mut plain = cors(&[origin]);
    plain["maxAge"] = (-1).into();
    let mut rest = api("rest", &Value::Null);
    rest["protocolType"] = "REST".into();
    rest["stages"] = json!([{ "stageName": "prod" }]);
    rest["authorizers"] = json!([]);
    rest["routes"] = json!(["GET", "PUT"].map(|method| route(method, "open")));
    rest.as_object_mut().unwrap().remove("corsConfiguration");
    json!({ "defaultApiId": "shop", "apis": [
        api("shop", &shop), api("any", &any), api("scheme", &scheme), api("plain", &plain),
        api("secure", &cors(&["https://*"])), rest,
    ] })
}

fn route(method: &str, path: &str) -> Value {
    json!({ "routeKey": format!("{method} /{path}/{{call}}"), "target": "integrations/backend" })
}

fn api(id: &str, cors: &Value) -> Value {
    let mut login = route("GET", "login");
    login["authorizationType"] = "JWT".into();
    login["authorizerId"] = "login".into();
    let mut scope = route("GET", "scope");
    scope["authorizationType"] = "JWT".into();
    scope["authorizerId"] = "login".into();
    scope["authorizationScopes"] = json!(["orders/write"]);
    let few = json!({ "GET /few/{call}": { "throttlingRateLimit": 0, "throttlingBurstLimit": 0 } });
    json!({
        "apiId": id,
        "protocolType": "HTTP",
        "corsConfiguration": cors,
        "stages": [{ "stageName": "$default", "routeSettings": few }],
        "routes": [route("GET", "open"), route("PUT", "open"), route("DELETE", "open"), route("GET", "few"), login, scope],
        "authorizers": [{
            "authorizerId": "login", "authorizerType": "JWT", "identitySource": ["$request.header.Authorization"],
            "jwtConfiguration": { "issuer": tokens::ISSUER, "audience": ["shop"], "jwks": tokens::jwks() },
        }],
        "integrations": [{
            "integrationId": "backend", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
            "integrationUri": "http://backend.test/{call}",
        }],
    })
}

/// What the backend says of CORS would shut every page out, or let another one in.
fn evil() -> Answer {
    let headers = [
        ("access-control-allow-origin", "http://evil.test"),
        ("access-control-allow-credentials", "false"),
        ("access-control-allow-methods", "TRACE"),
        ("access-control-expose-headers", "x-hidden"),
        ("x-shown", "1"),
        ("x-hidden", "1"),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Answer { status: 200, headers, body: "ok".to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_lets_scripts_read_what_the_document_allows_and_nothing_else() {
    needs!("chromium", "chromium");
    let (known, stranger) = (Origin::new().await, Origin::new().await);
    let backend = Backend::start().await;
    backend.answers(evil());
    let gateway = Gateway::start(&document(&known.name()), &backend, Options::default()).await;
    let calls = cases::all();
    let port = gateway.address().port();
    let written: Value = calls.iter().map(|call| call.written(port)).collect();
    let mut wrong = Vec::new();
    for (who, origin) in [("known", known), ("stranger", stranger)] {
        backend.forget();
        let results = origin.make(written.clone(), gateway.admin_address()).await;
        let results = results.as_array().expect("the page tells a list");
        assert_eq!(results.len(), calls.len(), "{results:?}");
        for (call, result) in calls.iter().zip(results) {
            let expected = if who == "known" { call.known } else { call.stranger };
            wrong.extend(check(call, expected, result, &backend).err().map(|what| format!("{who}: {what}")));
        }
    }
    println!("{} calls from two origins", calls.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(calls.len() > 20);
    gateway.assert_no_panic().await;
}

fn check(call: &Call, expected: Comes, result: &Value, backend: &Backend) -> Result<(), String> {
    let name = call.name;
    let is = |what: &str, is: bool| {
        if is { Ok(()) } else { Err(format!("{name}: {what}: {result}, expected {expected:?}")) }
    };
    is("name", result["name"] == name)?;
    let read = &result["read"];
    match expected.reads {
        Reads::Nothing => is("it is to be refused", read["refused"] == "TypeError")?,
        Reads::This(status, body) => {
            is("status and body", read["status"] == status && read["body"] == body)?;
            let reads = |header: &str| {
                read["headers"].as_array().is_some_and(|all| all.iter().any(|it| it == header))
            };
            // `shop` alone shows a header; every API would let its backend show another one.
            let shows = status == 200 && expected.asked > 0 && call.is_shops();
            is("`x-shown`", reads("x-shown") == shows)?;
            is("`x-hidden`", !reads("x-hidden"))?;
        }
    }
    is("requests to the gateway", result["requests"] == expected.requests)?;
    let seen: Vec<_> =
        backend.seen().into_iter().filter(|seen| seen.seen.path == format!("/{name}")).collect();
    is(&format!("{} requests to the backend", seen.len()), seen.len() == expected.asked)?;
    let cookies: Vec<_> = seen.iter().flat_map(|seen| seen.header("cookie")).collect();
    let wanted = if call.cookie { vec![COOKIE.to_owned(); expected.asked] } else { Vec::new() };
    is(&format!("cookies {cookies:?}"), cookies == wanted)
}
