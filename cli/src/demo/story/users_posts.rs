//! Users and their posts: ten routes over one service.

use super::{Data, Request, Told, records};
use crate::demo::backend::Service;
use serde_json::json;

pub(super) const USERS_POSTS: Told = Told {
    document: "examples/users-posts/gateway.json",
    host: "127.0.0.1",
    ready: &["/users"],
    needs: &Service { package: "users-posts", place: "http://127.0.0.1:8081" },
    data: Data::Folder,
    requests,
};

fn requests(may_have_data: bool) -> Vec<Request> {
    let email = if may_have_data {
        format!("ann-{}@example.com", std::process::id())
    } else {
        "ann@example.com".to_owned()
    };
    records(
        json!({ "name": "Ann", "email": email }),
        "404 of the service: the route is there, the user is not",
    )
}
