//! What an authorized request must pass before its integration: API key, usage plan, throttling and quota, once they are
//! supported.

use super::authorizers::Authorized;

/// A request that may go to its integration. Only [`admit`] makes one, and only of an [`Authorized`] request.
#[derive(Debug)]
pub struct Admitted(());

/// Admits an authorized request.
#[must_use]
pub fn admit(_: Authorized) -> Admitted {
    Admitted(())
}
