//! The real command with a real database, over real HTTP.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // A test that cannot go on fails.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

struct Service {
    child: Child,
    origin: String,
    agent: ureq::Agent,
}

struct Reply {
    status: u16,
    location: Option<String>,
    body: Value,
}

impl Service {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_users-posts"))
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let origin = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(10)))
            .build()
            .into();
        Self { child, origin, agent }
    }

    fn send(&self, method: &str, path: &str, media_type: &str, body: &str) -> Reply {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.origin));
        if !media_type.is_empty() {
            request = request.header("content-type", media_type);
        }
        let mut response = if body.is_empty() {
            self.agent.run(request.body(()).unwrap()).unwrap()
        } else {
            self.agent.run(request.body(body).unwrap()).unwrap()
        };
        let location = response.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        let text = response.body_mut().read_to_string().unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        Reply { status: response.status().as_u16(), location, body }
    }

    fn json(&self, method: &str, path: &str, body: &Value) -> Reply {
        self.send(method, path, "application/json", &body.to_string())
    }

    fn get(&self, path: &str) -> Reply {
        self.send("GET", path, "", "")
    }

    fn user(&self, email: &str) -> u64 {
        let reply = self.json("POST", "/users", &json!({ "name": "Ann", "email": email }));
        assert_eq!(reply.status, 201, "{}", reply.body);
        reply.body["id"].as_u64().unwrap()
    }

    fn post(&self, user: u64, title: &str) -> u64 {
        let reply = self.json("POST", "/posts", &json!({ "userId": user, "title": title, "body": "…" }));
        assert_eq!(reply.status, 201, "{}", reply.body);
        reply.body["id"].as_u64().unwrap()
    }

    /// Tells the service to stop and waits for it.
    fn stop(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn ten_routes_make_read_change_and_remove() {
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path());

    let made = service.json("POST", "/users", &json!({ "name": " Ann ", "email": "ann@example.com" }));
    assert_eq!((made.status, made.location.as_deref()), (201, Some("/users/1")));
    assert_eq!(made.body["name"], "Ann");
    assert_eq!(made.body["createdAt"], made.body["updatedAt"]);
    assert_eq!(service.get("/users/1").body, made.body);
    assert_eq!(service.get("/users").body, json!({ "items": [made.body] }));
    let changed = service.json("PATCH", "/users/1", &json!({ "about": "writes" }));
    assert_eq!((changed.status, &changed.body["about"]), (200, &json!("writes")));
    assert_eq!(changed.body["createdAt"], made.body["createdAt"]);

    let post = service.json("POST", "/posts", &json!({ "userId": 1, "title": "One", "body": "" }));
    assert_eq!((post.status, post.location.as_deref()), (201, Some("/posts/1")));
    assert_eq!(service.get("/posts").body, json!({ "items": [post.body] }));
    assert_eq!(service.json("PATCH", "/posts/1", &json!({ "title": "Two" })).status, 200);
    assert_eq!(service.get("/posts/1").body["title"], "Two");

    let refused = service.send("DELETE", "/users/1", "", "");
    assert_eq!((refused.status, &refused.body["message"]), (409, &json!("user 1 has posts")));
    assert_eq!(service.send("DELETE", "/posts/1", "", "").status, 204);
    assert_eq!(service.get("/posts/1").status, 404);
    assert_eq!(service.send("DELETE", "/users/1", "", "").status, 204);
    let gone = service.get("/users/1");
    assert_eq!((gone.status, &gone.body["message"]), (404, &json!("there is no user `1`")));
    assert_eq!(service.send("DELETE", "/users/1", "", "").status, 404);
    assert_eq!(service.user("next@example.com"), 2, "an id is not given twice");
}

#[test]
fn every_problem_of_a_body_is_told() {
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path());
    let reply =
        service.json("POST", "/users", &json!({ "name": "", "email": "no", "about": 1, "admin": true }));
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.body["problems"],
        json!([
            { "field": "name", "problem": "must have 1 to 100 characters and has 0" },
            { "field": "email", "problem": "must have 3 to 254 characters and has 2" },
            { "field": "about", "problem": "must be a string" },
            { "field": "admin", "problem": "is not a field" },
        ])
    );
    let reply = service.json("POST", "/posts", &json!({ "userId": 7, "title": "One", "body": "" }));
    assert_eq!(
        (reply.status, &reply.body["problems"]),
        (400, &json!([{ "field": "userId", "problem": "there is no user 7" }]))
    );

    let cases = [
        ("POST", "/users", "application/json", "{", 400),
        ("POST", "/users", "application/json", "[]", 400),
        ("POST", "/users", "application/json", "", 400),
        ("POST", "/users", "text/plain", "{}", 415),
        ("POST", "/users", "", "{}", 415),
        ("PATCH", "/users/1", "application/json", "{}", 404),
        ("GET", "/users/ann", "", "", 404),
        ("GET", "/users/%FF", "", "", 404),
        ("GET", "/users/18446744073709551616", "", "", 404),
        ("GET", "/nothing", "", "", 404),
        ("PUT", "/users", "application/json", "{}", 405),
        ("GET", "/users?limit=0", "", "", 400),
        ("GET", "/users?limit=101", "", "", 400),
        ("GET", "/users?after=x", "", "", 400),
        ("GET", "/users?after=18446744073709551615", "", "", 200),
    ];
    for (method, path, media_type, body, status) in cases {
        let reply = service.send(method, path, media_type, body);
        assert_eq!(reply.status, status, "{method} {path} {body}: {}", reply.body);
    }
    let long = format!("{{\"name\":\"{}\"}}", "a".repeat(users_posts::BODY_LIMIT));
    assert_eq!(service.send("POST", "/users", "application/json", &long).status, 413);
}

#[test]
fn a_patch_merges_and_null_removes() {
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path());
    service.user("ann@example.com");
    let patch =
        |body: Value| service.send("PATCH", "/users/1", "application/merge-patch+json", &body.to_string());

    assert_eq!(patch(json!({ "about": "writes", "name": "Anna" })).body["about"], "writes");
    let removed = patch(json!({ "about": null }));
    assert_eq!((removed.status, removed.body.get("about")), (200, None));
    assert_eq!(removed.body["name"], "Anna");
    let refused = patch(json!({ "email": null }));
    assert_eq!(
        (refused.status, &refused.body["problems"]),
        (400, &json!([{ "field": "email", "problem": "is missing" }]))
    );
    assert_eq!(patch(json!({ "id": 9 })).status, 400);
    assert_eq!(service.get("/users/1").body, removed.body, "a refused change changes nothing");
}

#[test]
fn an_email_address_belongs_to_one_user() {
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path());
    service.user("ann@example.com");
    let bob = service.user("bob@example.com");
    let taken = service.json("POST", "/users", &json!({ "name": "Eve", "email": "ANN@example.com" }));
    assert_eq!(taken.status, 409);
    assert_eq!(
        service.json("PATCH", &format!("/users/{bob}"), &json!({ "email": "ann@example.com" })).status,
        409
    );
    assert_eq!(
        service.json("PATCH", &format!("/users/{bob}"), &json!({ "email": "b@example.com" })).status,
        200
    );
    assert_eq!(service.user("bob@example.com"), 3, "the old address is free again");
}

#[test]
fn a_list_comes_in_pages_without_gaps() {
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path());
    let user = service.user("ann@example.com");
    let made: Vec<u64> = (0..7).map(|n| service.post(user, &format!("post {n}"))).collect();
    let (mut seen, mut after) = (Vec::new(), 0);
    loop {
        let page = service.get(&format!("/posts?limit=3&after={after}")).body;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 3);
        seen.extend(items.iter().map(|item| item["id"].as_u64().unwrap()));
        let Some(next) = page["next"].as_u64() else { break };
        after = next;
    }
    assert_eq!(seen, made);
}

#[test]
fn what_was_answered_is_there_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path());
    let user = service.user("ann@example.com");
    service.post(user, "kept");
    assert_eq!(service.stop(), Some(0), "SIGTERM ends it well");

    let service = Service::start(data.path());
    assert_eq!(service.get("/posts/1").body["title"], "kept");
    // Killed without a word: what was answered is on disk all the same.
    service.post(user, "kept too");
    drop(service);
    let service = Service::start(data.path());
    assert_eq!(service.get("/posts/2").body["title"], "kept too");
}

#[test]
fn patches_at_once_do_not_lose_one_another() {
    let data = tempfile::tempdir().unwrap();
    let service = Service::start(data.path());
    let user = service.user("ann@example.com");
    service.post(user, "title");
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(service.json("PATCH", "/posts/1", &json!({ "title": "new" })).status, 200));
        scope.spawn(|| assert_eq!(service.json("PATCH", "/posts/1", &json!({ "body": "new" })).status, 200));
    });
    let post = service.get("/posts/1").body;
    assert_eq!((&post["title"], &post["body"]), (&json!("new"), &json!("new")));
}

#[test]
fn a_database_that_is_in_use_is_named() {
    let data = tempfile::tempdir().unwrap();
    let _service = Service::start(data.path());
    let second = Command::new(env!("CARGO_BIN_EXE_users-posts"))
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    let text = String::from_utf8(second.stderr).unwrap();
    assert!(text.starts_with("error: cannot open the database in `"), "{text}");
}
