//! Finds the Lambda function that an authorizer or an integration names.

use super::cluster::Clusters;
use super::scope::Scope;
use crate::gateway::clusters::Endpoint;
use crate::gateway::lambda::function::{Function, FunctionArn, Unplaced};

/// Where the function of an ARN is invoked; its cluster is made. What is wrong with it goes to the diagnostics, at `at`.
pub(super) fn function(
    arn: &str,
    at: &str,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Option<Endpoint> {
    let arn = match FunctionArn::parse(arn) {
        Ok(arn) => arn,
        Err(problem) => {
            scope.error(at, problem).help(
                "`arn:aws:lambda:REGION:ACCOUNT:function:NAME`, alone or in an invocation ARN as AWS prints it",
            );
            return None;
        }
    };
    match Function::locate(&arn, clusters.endpoints, clusters.region, clusters.account_id) {
        Ok(function) => {
            clusters.derive_plain(&function.url);
            Some(function.endpoint)
        }
        Err(Unplaced::Unknown) => {
            let problem = "nothing says where the function lives, and calling AWS itself, which needs signing, is not supported yet";
            scope
                .error(at, problem)
                .help("add `\"endpoints\": {\"lambda\": \"http://HOST:PORT\"}` to the document");
            None
        }
        Err(Unplaced::Endpoint(key, problem)) => {
            scope.error(at, format!("`endpoints[{key:?}]` is not a URL: {problem}"));
            None
        }
    }
}
