//! The ARN under which policies and authorizers know a request.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html>

use super::request::Request;
use super::routes::RequestPath;
use std::borrow::Cow;

/// `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH` of a request whose route is known. Method and path are what
/// routes are compared with: another spelling of the same path must not walk round a policy that denies it.
#[must_use]
pub fn of_request(request: &Request) -> String {
    in_account(request, &request.gateway.account_id)
}

/// Bytes of [`of_request`], counted without writing it.
#[must_use]
pub fn length_of_request(request: &Request) -> usize {
    let (region, account) = (&request.gateway.region, &request.gateway.account_id);
    let (api, below) = names(request);
    let below: usize = below.iter().map(|name| 1 + name.len()).sum();
    "arn::execute-api:::".len() + partition(region).len() + region.len() + account.len() + api.len() + below
}

/// The ARN as refusals show it to clients: only the last four digits of the account.
#[must_use]
pub fn masked(request: &Request) -> String {
    let account = &request.gateway.account_id;
    let hidden = account.chars().count().saturating_sub(4);
    let shown = account.chars().skip(hidden);
    in_account(request, &"*".repeat(hidden).chars().chain(shown).collect::<String>())
}

/// What the ARN of each request to an API begins with.
#[must_use]
pub fn of_api(region: &str, account: &str, api: &str) -> String {
    format!("arn:{}:execute-api:{region}:{account}:{api}/", partition(region))
}

/// The ARN as a careless backend may read it, where that is another one: the method in capitals; of the path no empty segments
/// and nothing from a `;` on in a segment, which servlet containers cut off.
#[must_use]
pub fn plain(arn: &str) -> Option<String> {
    let below = below_api(arn)?;
    let (stage, rest) = below.split_once('/')?;
    let (method, path) = rest.split_once('/')?;
    let segments = path.split('/').map(|segment| segment.split(';').next().unwrap_or(segment));
    let segments: Vec<_> = segments.filter(|segment| !segment.is_empty()).collect();
    let prefix = arn.get(..arn.len() - below.len())?;
    let plain = format!("{prefix}{stage}/{}/{}", method.to_ascii_uppercase(), segments.join("/"));
    (plain != arn).then_some(plain)
}

/// What follows the API's id: `STAGE/METHOD/PATH`.
#[must_use]
pub fn below_api(arn: &str) -> Option<&str> {
    let resource = arn.splitn(6, ':').nth(5)?;
    resource.split_once('/').map(|(_, below)| below)
}

fn in_account(request: &Request, account: &str) -> String {
    let (api, below) = names(request);
    of_api(&request.gateway.region, account, api) + &below.join("/")
}

/// The API's id, and what follows it: stage, method, and path without its first slash.
fn names(request: &Request) -> (&str, [Cow<'_, str>; 3]) {
    let api = request.api.as_ref().map_or("", |api| api.id.as_str());
    let stage = request.stage.as_ref().map_or("", |stage| stage.name.as_str());
    let method = String::from_utf8_lossy(request.method());
    let path = request.path.as_ref().map_or("", RequestPath::matched);
    (api, [stage.into(), method, path.strip_prefix('/').unwrap_or(path).into()])
}

/// The part of AWS that a region belongs to.
fn partition(region: &str) -> &'static str {
    match region.split_once('-') {
        Some(("cn", _)) => "aws-cn",
        Some(("us", rest)) if rest.starts_with("gov-") => "aws-us-gov",
        Some(_) | None => "aws",
    }
}

#[cfg(test)]
mod tests;
