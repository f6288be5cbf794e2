//! Who may call a route. `NONE` is all there is yet: every other authorization type is an error of the document.

use super::config::AuthorizationType;
use super::rejection::Rejection;
use super::request::Request;

/// A request that passed its route's authorization. Only [`begin`] makes one.
#[derive(Debug)]
pub struct Authorized(());

/// Decides what can be decided now.
///
/// # Errors
/// If the route's authorization refuses the request, or cannot be carried out.
pub fn begin(request: &Request) -> Result<Authorized, Rejection> {
    let (_, route) = request.route.as_ref().ok_or(Rejection::Internal)?;
    match route.authorization {
        AuthorizationType::None => Ok(Authorized(())),
        // Compiling refuses these; a request that meets one all the same is refused too.
        AuthorizationType::Jwt
        | AuthorizationType::Custom
        | AuthorizationType::AwsIam
        | AuthorizationType::CognitoUserPools => Err(Rejection::Internal),
    }
}
