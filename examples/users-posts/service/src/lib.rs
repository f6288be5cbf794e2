//! Users and their posts: the service behind the demo's gateway. It knows nothing of the gateway.
//!
//! A post belongs to a user that exists; a user who has posts cannot be deleted; an email address belongs to one user.

mod handlers;
mod posts;
mod record;
mod refusal;
mod store;
mod users;

pub use store::{DatabaseError, Store};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use handlers::{create, delete, list, no_such_method, no_such_path, patch, read};
use posts::Post;
use users::User;

/// The largest request body in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// The ten routes.
pub fn app(store: Store) -> Router {
    Router::new()
        .route("/users", post(create::<User>).get(list::<User>))
        .route("/users/{id}", get(read::<User>).patch(patch::<User>).delete(delete::<User>))
        .route("/posts", post(create::<Post>).get(list::<Post>))
        .route("/posts/{id}", get(read::<Post>).patch(patch::<Post>).delete(delete::<Post>))
        .method_not_allowed_fallback(no_such_method)
        .fallback(no_such_path)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(store)
}
