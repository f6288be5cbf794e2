//! Sekisho: Amazon API Gateway's model as one proxy-wasm filter for a stock Envoy.
//!
//! Two rooms. [`gateway`] is the core: it decides, as pure functions of a configuration and a request, and makes no host
//! call. `filter` is the shell, for wasm only: it carries the decisions out and decides nothing.
//!
//! The path of a request, in the order of [`gateway::exchange`]:
//!
//! ```text
//! head → API and stage → route → authorizer → key, limits, quota → integration → Forward │ Call │ Answer   request
//! head → Envoy's own reply? → response mapping → request id → client         response
//! ```

#[forbid(unsafe_code)]
pub mod gateway;

#[cfg(target_family = "wasm")]
mod filter;
