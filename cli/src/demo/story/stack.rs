//! The whole stack: a service, a function, an issuer of tokens, and who looks at the gateway.

use super::{Data, Request, Told};
use crate::demo::backend::Stack;
use serde_json::json;

pub(in crate::demo) const STACK: Told = Told {
    document: "examples/stack/gateway.json",
    host: "localhost",
    ready: &["/users", "/functions/users"],
    needs: &Stack,
    data: Data::Nothing { why: "it is there to be looked at" },
    requests: |_| requests(),
};

/// Each part is asked, and some are asked through others.
fn requests() -> Vec<Request> {
    let request = |about, method, path, status| Request {
        about,
        method,
        path,
        body: None,
        bearer: false,
        status,
        gives: None,
    };
    let user = |name: &str| Some(json!({ "name": name, "email": format!("{name}@example.com") }));
    vec![
        Request {
            body: user("Ann"),
            gives: Some("{user}"),
            ..request("the service: create a user", "POST", "/users", 201)
        },
        request("the service: read the user", "GET", "/users/{user}", 200),
        Request {
            body: user("Bea"),
            gives: Some("{other}"),
            ..request("the function: create a user, in DynamoDB", "POST", "/functions/users", 201)
        },
        request("the function: read the user", "GET", "/functions/users/{other}", 200),
        request("without a token", "GET", "/private/users", 401),
        Request { bearer: true, ..request("with the issuer's token", "GET", "/private/users", 200) },
        request("there is no such route", "GET", "/nothing", 404),
    ]
}
