//! An issuer of tokens: what of OpenID Connect a gateway asks for, and the grant by which a program gets a token.
//!
//! It stands in for a real provider where somebody tries a gateway. Whoever reaches it gets a token: it has no clients'
//! secrets, and so none can be lost. Its key is made at its start, and is nowhere but in its memory.

mod key;

pub use key::Key;

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// For whom its tokens are.
pub const AUDIENCE: &str = "stack";
/// What its tokens allow, unless less is asked for.
pub const SCOPES: [&str; 1] = ["users.read"];
/// How long a token is good, in seconds.
pub const LIFETIME: u64 = 600;
/// The longest name of a client, in bytes.
const LONGEST_NAME: usize = 64;

/// An issuer.
#[derive(Debug)]
pub struct Issuer {
    /// `http://issuer:8090`: what tokens say who issued them, and where its keys are asked for.
    pub url: String,
    /// What it signs with.
    pub key: Key,
}

/// What a program asks for: RFC 6749, section 4.4.
#[derive(Debug, Deserialize)]
struct Asked {
    grant_type: String,
    client_id: Option<String>,
    scope: Option<String>,
}

/// Its pages.
pub fn app(issuer: Issuer) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(configuration))
        .route("/keys", get(keys))
        .route("/token", post(token))
        .with_state(Arc::new(issuer))
}

async fn configuration(State(issuer): State<Arc<Issuer>>) -> Json<Value> {
    let url = &issuer.url;
    Json(json!({
        "issuer": url,
        "jwks_uri": format!("{url}/keys"),
        "token_endpoint": format!("{url}/token"),
        "token_endpoint_auth_methods_supported": ["none"],
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "scopes_supported": SCOPES,
    }))
}

async fn keys(State(issuer): State<Arc<Issuer>>) -> Json<Value> {
    Json(json!({ "keys": [issuer.key.public()] }))
}

async fn token(State(issuer): State<Arc<Issuer>>, Form(asked): Form<Asked>) -> (StatusCode, Json<Value>) {
    let refused = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error })));
    if asked.grant_type != "client_credentials" {
        return refused("unsupported_grant_type");
    }
    let Some(client) = asked.client_id.filter(|name| is_name(name)) else {
        return refused("invalid_request");
    };
    let scope = asked.scope.unwrap_or_else(|| SCOPES.join(" "));
    if !scope.split(' ').all(|scope| SCOPES.contains(&scope)) {
        return refused("invalid_scope");
    }
    // A clock before 1970 gives tokens that have expired.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let token = issuer.key.token(&json!({
        "iss": issuer.url,
        "sub": client,
        "aud": AUDIENCE,
        "client_id": client,
        "scope": scope,
        "iat": now,
        "exp": now.saturating_add(LIFETIME),
    }));
    let answer =
        json!({ "access_token": token, "token_type": "Bearer", "expires_in": LIFETIME, "scope": scope });
    (StatusCode::OK, Json(answer))
}

fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}
