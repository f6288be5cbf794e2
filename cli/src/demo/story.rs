//! The stories: which document, what it needs behind it, and the requests that are shown.

mod lambda_crud;
mod stack;
mod users_posts;

pub(super) use stack::STACK;

use super::backend::Needs;
use clap::ValueEnum;
use serde_json::{Value, json};

/// An example that can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Story {
    /// Users and their posts: ten routes over one service
    UsersPosts,
    /// The same ten routes as one Lambda function of Python, on DynamoDB
    LambdaCrud,
}

/// What there is to a story.
pub(super) struct Told {
    /// Its document, from the workspace's folder.
    pub(super) document: &'static str,
    /// The host that clients ask for.
    pub(super) host: &'static str,
    /// The paths that must answer 200 before anything is shown.
    pub(super) ready: &'static [&'static str],
    /// What is behind the gateway.
    pub(super) needs: &'static dyn Needs,
    /// What `--keep-data` keeps.
    pub(super) data: Data,
    /// The requests that are shown, in order. If they are told so, data of earlier runs must not be in their way.
    pub(super) requests: fn(may_have_data: bool) -> Vec<Request>,
}

/// What a story leaves.
pub(super) enum Data {
    /// A folder, which can be kept.
    Folder,
    /// Nothing.
    Nothing {
        /// For who wants to keep it.
        why: &'static str,
    },
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
    /// Whether it has a token.
    pub(super) bearer: bool,
    /// The status.
    pub(super) status: u16,
    /// What the answer's `id` is called in later requests.
    pub(super) gives: Option<&'static str>,
}

// === impl Request ===

impl Request {
    /// Its body, if it is a request of a route such as `PATCH /users/{id}`, with something for its placeholders.
    pub(super) fn body_of(&self, route_key: &str) -> Option<String> {
        let (method, path) = route_key.split_once(' ')?;
        let fits =
            |(known, own): (&str, &str)| known == own || (known.starts_with('{') && own.starts_with('{'));
        let is_its = self.method == method
            && self.path.split('/').count() == path.split('/').count()
            && path.split('/').zip(self.path.split('/')).all(fits);
        let body = self.body.as_ref().filter(|_| is_its)?.to_string();
        Some(body.replace("\"{user}\"", "1").replace("\"{post}\"", "1"))
    }
}

// === impl Story ===

impl Story {
    /// What there is to it.
    pub(super) fn told(self) -> &'static Told {
        match self {
            Self::UsersPosts => &users_posts::USERS_POSTS,
            Self::LambdaCrud => &lambda_crud::LAMBDA_CRUD,
        }
    }

    /// As it is named on the command line.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// A user and a post are made, read, changed and deleted. `not_there` is about the 404 that the backend gives.
fn records(user: Value, not_there: &'static str) -> Vec<Request> {
    let request = |about, method, path, status| Request {
        about,
        method,
        path,
        body: None,
        bearer: false,
        status,
        gives: None,
    };
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
        request(not_there, "GET", "/users/{user}", 404),
        request("404 of the gateway: there is no such route", "GET", "/nothing", 404),
    ]
}
