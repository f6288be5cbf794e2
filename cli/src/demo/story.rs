//! The stories: which document, which service, and the requests that are shown.

use clap::ValueEnum;
use serde_json::{Value, json};

/// An example that can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Story {
    /// Users and their posts: ten routes over one service
    UsersPosts,
}

/// A request of a story and the status it must have.
#[derive(Debug)]
pub(super) struct Request {
    /// What it shows.
    pub(super) about: &'static str,
    /// The method.
    pub(super) method: &'static str,
    /// The path; `{user}` and `{post}` stand for ids that earlier answers gave.
    pub(super) path: &'static str,
    /// The JSON body.
    pub(super) body: Option<Value>,
    /// The status.
    pub(super) status: u16,
    /// What the answer's `id` is called in later requests.
    pub(super) gives: Option<&'static str>,
}

// === impl Story ===

impl Story {
    /// Its document, from the workspace's folder.
    pub(super) fn document(self) -> &'static str {
        match self {
            Self::UsersPosts => "examples/users-posts/gateway.json",
        }
    }

    /// The crate of its service.
    pub(super) fn service(self) -> &'static str {
        match self {
            Self::UsersPosts => "users-posts",
        }
    }

    /// Where the document says that the service is; the demo puts the real address there.
    pub(super) fn origin(self) -> &'static str {
        match self {
            Self::UsersPosts => "http://127.0.0.1:8081",
        }
    }

    /// The requests that are shown, in order. Data of earlier runs must not be in their way.
    pub(super) fn requests(self, may_have_data: bool) -> Vec<Request> {
        match self {
            Self::UsersPosts => users_posts(may_have_data),
        }
    }
}

fn users_posts(may_have_data: bool) -> Vec<Request> {
    let email = if may_have_data {
        format!("ann-{}@example.com", std::process::id())
    } else {
        "ann@example.com".to_owned()
    };
    let request =
        |about, method, path, status| Request { about, method, path, body: None, status, gives: None };
    let user = json!({ "name": "Ann", "email": email });
    let post = json!({ "userId": "{user}", "title": "Hello", "body": "My first post" });
    vec![
        Request {
            body: Some(user),
            gives: Some("{user}"),
            ..request("create a user", "POST", "/users", 201)
        },
        Request {
            body: Some(post),
            gives: Some("{post}"),
            ..request("create a post of hers", "POST", "/posts", 201)
        },
        request("list users", "GET", "/users?limit=2", 200),
        request("read the user", "GET", "/users/{user}", 200),
        Request {
            body: Some(json!({ "about": "writes" })),
            ..request("change one field", "PATCH", "/users/{user}", 200)
        },
        request("list posts", "GET", "/posts?limit=2", 200),
        request("read the post", "GET", "/posts/{post}", 200),
        Request {
            body: Some(json!({ "title": "Hello, world" })),
            ..request("change its title", "PATCH", "/posts/{post}", 200)
        },
        request("delete the post", "DELETE", "/posts/{post}", 204),
        request("delete the user", "DELETE", "/users/{user}", 204),
        request("404 of the service: the route is there, the user is not", "GET", "/users/{user}", 404),
        request("404 of the gateway: there is no such route", "GET", "/nothing", 404),
    ]
}
