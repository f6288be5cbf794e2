//! Compiles `AWS_PROXY` integrations of Lambda functions.

use super::aws::ExecutionRole;
use super::cluster::Clusters;
use super::function::function;
use super::integration::{OfStage, expand, timeout};
use super::scope::Scope;
use crate::gateway::clusters::Endpoint;
use crate::gateway::config::{self, PayloadFormatVersion, ProtocolType};
use crate::gateway::integrations::lambda_proxy::binary::MediaTypes;
use crate::gateway::integrations::lambda_proxy::{Format, LambdaProxy};
use sha2::{Digest, Sha256};

/// Compiles the integration for a stage; what cannot be goes to the diagnostics.
pub(super) fn compile(
    written: &config::Integration,
    stage: &OfStage<'_>,
    at: &str,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Option<LambdaProxy> {
    // Events tell it.
    scope.want_source_address();
    check_unread(written, at, scope);
    let timeout_millis = timeout(written, stage.protocol, at, scope);
    let format = format(written, stage, at, scope);
    let endpoint = place(written, stage, at, clusters, scope)?;
    let digest = Sha256::digest(endpoint.url()).into();
    Some(LambdaProxy { endpoint, format: format?, timeout_millis, digest })
}

/// Members that mean nothing to a function: AWS takes them, and ignores them.
fn check_unread(written: &config::Integration, at: &str, scope: &mut Scope<'_>) {
    for (present, member) in [
        (!written.request_parameters.is_empty(), "requestParameters"),
        (!written.response_parameters.is_empty(), "responseParameters"),
        (written.retry_policy.is_some(), "retryPolicy"),
        (written.connection_id.is_some(), "connectionId"),
    ] {
        if present {
            scope
                .warning(&format!("{at}.{member}"), "is not read where a function answers")
                .help("the function sees the client's request, and makes all of the answer");
        }
    }
    if written.integration_method.as_deref().is_some_and(|method| method != "POST") {
        scope
            .error(&format!("{at}.integrationMethod"), "functions are invoked by `POST`")
            .help("routes say which methods clients may use");
    }
}

fn format(
    written: &config::Integration,
    stage: &OfStage<'_>,
    at: &str,
    scope: &mut Scope<'_>,
) -> Option<Format> {
    match (stage.protocol, written.payload_format_version) {
        (ProtocolType::Rest, None) => {
            Some(Format::Rest { binary: MediaTypes(stage.binary_media_types.to_vec()) })
        }
        (ProtocolType::Rest, Some(_)) => {
            scope
                .error(&format!("{at}.payloadFormatVersion"), "REST APIs have one format of events")
                .help("remove it");
            None
        }
        (ProtocolType::Http | ProtocolType::Websocket, Some(PayloadFormatVersion::V2)) => {
            Some(Format::HttpV2)
        }
        (ProtocolType::Http | ProtocolType::Websocket, Some(PayloadFormatVersion::V1)) => {
            Some(Format::HttpV1)
        }
        (ProtocolType::Http | ProtocolType::Websocket, None) => {
            scope
                .error(&format!("{at}.payloadFormatVersion"), "it is required where a function answers")
                .help("`\"2.0\"` or `\"1.0\"`");
            None
        }
    }
}

/// Where the function is invoked. A name without more is one of the gateway's own region and account.
fn place(
    written: &config::Integration,
    stage: &OfStage<'_>,
    at: &str,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Option<Endpoint> {
    let (at, at_role) = (format!("{at}.integrationUri"), format!("{at}.credentialsArn"));
    let Some(uri) = written.integration_uri.as_deref() else {
        scope
            .error(&at, "the integration does not say which function answers")
            .help("a function's name, its ARN, or an invocation ARN as AWS prints it");
        return None;
    };
    let uri = expand(uri, stage.variables);
    let arn = if uri.starts_with("arn:") {
        uri
    } else {
        format!("arn:aws:lambda:{}:{}:function:{uri}", clusters.region, clusters.account_id)
    };
    let role = ExecutionRole { arn: written.credentials_arn.as_deref(), at: &at_role };
    function(&arn, &at, role, clusters, scope)
}
