//! Functions that were written for API Gateway run unchanged: an app on Starlette under mangum and one on lambda_http, each under
//! its real runtime client in `sekisho lambda`, behind a real Envoy with the built module, told each kind of event.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod answers;
mod functions;
mod gateway;
mod golden;
mod requests;
mod stages;
