//! Why a request is refused, and the answer that says so: the only place with the statuses of refusals.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

/// What is wrong with one field.
#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    pub(crate) field: String,
    pub(crate) problem: String,
}

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the body is not valid")]
    Invalid(Vec<Problem>),
    #[error("{0}")]
    Malformed(String),
    #[error("there is no {kind} `{id}`")]
    NoSuchRecord { kind: &'static str, id: String },
    #[error("there is nothing at this path")]
    NoSuchPath,
    #[error("this path does not have that method")]
    NoSuchMethod,
    #[error("{0}")]
    Conflict(String),
    #[error("the body must not be longer than {} bytes", crate::BODY_LIMIT)]
    TooLarge,
    #[error("the body must be `application/json`")]
    NotJson,
    #[error("a kept record cannot be read")]
    Corrupt,
    #[error("a record cannot be written or read as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the database failed: {0}")]
    Database(Box<redb::Error>),
    #[error("the work was given up: {0}")]
    Work(#[from] tokio::task::JoinError),
}

// === impl Refusal ===

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::NoSuchRecord { .. } | Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::NoSuchMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Corrupt | Self::Json(_) | Self::Database(_) | Self::Work(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = match &self {
            Self::Invalid(problems) => json!({ "message": self.to_string(), "problems": problems }),
            _ if status.is_server_error() => {
                // The reason is for whoever runs the service, not for the client.
                eprintln!("error: {self}");
                json!({ "message": "the service failed" })
            }
            _ => json!({ "message": self.to_string() }),
        };
        (status, Json(body)).into_response()
    }
}

macro_rules! from_database_errors {
    ($($error:ty),* $(,)?) => { $(
        impl From<$error> for Refusal {
            fn from(error: $error) -> Self {
                Self::Database(Box::new(error.into()))
            }
        }
    )* };
}

from_database_errors!(redb::TransactionError, redb::TableError, redb::StorageError, redb::CommitError);
