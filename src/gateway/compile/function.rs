//! Finds the Lambda function that an authorizer or an integration names.

use super::aws::{ExecutionRole, settle};
use super::cluster::Clusters;
use super::scope::Scope;
use crate::gateway::aws::LAMBDA;
use crate::gateway::clusters::Endpoint;
use crate::gateway::lambda::function::{Caller, Function, FunctionArn};

/// Where the function of an ARN is invoked; its cluster is made. What is wrong with it goes to the diagnostics, at `at`.
pub(super) fn function(
    arn: &str,
    at: &str,
    role: ExecutionRole<'_>,
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
    let caller =
        Caller { region: clusters.region, account_id: clusters.account_id, assumes_role: role.arn.is_some() };
    match Function::locate(&arn, clusters.endpoints, caller) {
        Ok(Function { mut endpoint, url }) => {
            settle(&mut endpoint, &url, (&LAMBDA, arn.region()), role, clusters, scope);
            Some(endpoint)
        }
        Err(problem) => {
            scope.error(at, problem);
            None
        }
    }
}
