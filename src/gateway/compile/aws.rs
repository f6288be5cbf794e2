//! Who signs what goes to an AWS service.

use super::cluster::Clusters;
use super::scope::Scope;
use crate::gateway::aws::{Service, is_aws_host};
use crate::gateway::clusters::{Endpoint, Role, Signing};
use crate::gateway::integrations::backend_uri::BackendUri;

/// AWS's own Security Token Service.
const STS: Service = Service { name: "sts", alias: None, signing_name: "sts" };

/// The execution role that a document names, and where it does.
#[derive(Debug, Clone, Copy)]
pub(super) struct ExecutionRole<'a> {
    /// `credentialsArn` or `authorizerCredentialsArn`.
    pub(super) arn: Option<&'a str>,
    /// Its path.
    pub(super) at: &'a str,
}

/// Makes sure of the cluster of an endpoint that `url` gave, and names it there. What goes to AWS's own hosts is signed by the
/// credentials of Envoy's environment, or by those of the role; what goes to other endpoints is signed for a role only.
pub(super) fn settle(
    endpoint: &mut Endpoint,
    url: &str,
    (service, region): (&Service, &str),
    role: ExecutionRole<'_>,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) {
    let Ok(uri) = BackendUri::parse(url) else { return };
    let role = role.arn.and_then(|arn| assumed(arn, role.at, region, clusters, scope));
    if role.is_none() && !is_aws_host(&uri.host) {
        clusters.derive_plain(url);
        return;
    }
    let signing = Signing { service: service.signing_name.to_owned(), region: region.to_owned(), role };
    endpoint.cluster = clusters.derive_signing(&uri, signing);
}

fn assumed(
    arn: &str,
    at: &str,
    region: &str,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Option<Role> {
    if !is_role(arn) {
        scope.error(at, format!("`{arn}` is not a role")).help(
            "`arn:aws:iam::ACCOUNT:role/NAME`; the caller's own credentials (`arn:aws:iam::*:user/*`) are not passed on",
        );
        return None;
    }
    let url = STS.url(region, clusters.endpoints);
    let is_aws = match BackendUri::parse(&url) {
        Ok(uri) => is_aws_host(&uri.host),
        Err(problem) => {
            scope.error(at, format!("`{url}` of `endpoints` is not a URL: {problem}"));
            return None;
        }
    };
    Some(Role { arn: arn.to_owned(), sts: (!is_aws).then_some(url) })
}

/// Whether a text is the ARN of a role: `arn:aws:iam::123456789012:role/path/name`.
fn is_role(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [arn, partition, "iam", "", account, resource] = parts.as_slice() else { return false };
    let Some(name) = resource.strip_prefix("role/") else { return false };
    *arn == "arn"
        && partition.starts_with("aws")
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && !name.is_empty()
        && name.len() <= 512
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@-_/".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::is_role;

    #[test]
    fn a_role_is_named_by_its_arn() {
        assert!(is_role("arn:aws:iam::123456789012:role/invoke"));
        assert!(is_role("arn:aws-cn:iam::123456789012:role/service-role/invoke_it"));
        for wrong in [
            "",
            "invoke",
            "arn:aws:iam::*:user/*",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::12345678901:role/a",
            "arn:aws:iam:us-east-1:123456789012:role/a",
            "arn:aws:iam::123456789012:user/a",
            "arn:aws:iam::123456789012:role/a b",
        ] {
            assert!(!is_role(wrong), "{wrong}");
        }
    }
}
