//! The ARN under which policies and authorizers know a request.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html>

use super::request::Request;
use super::routes::RequestPath;

/// `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH` of a request whose route is known. The path is what routes
/// are compared with: another spelling of the same path must not walk round a policy that denies it.
#[must_use]
pub fn of_request(request: &Request) -> String {
    let gateway = &request.gateway;
    let api = request.api.as_ref().map_or("", |api| api.id.as_str());
    let stage = request.stage.as_ref().map_or("", |stage| stage.name.as_str());
    let method = String::from_utf8_lossy(request.method());
    let path = request.path.as_ref().map_or("", RequestPath::matched);
    let path = path.strip_prefix('/').unwrap_or(path);
    format!("arn:aws:execute-api:{}:{}:{api}/{stage}/{method}/{path}", gateway.region, gateway.account_id)
}
