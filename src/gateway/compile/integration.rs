//! Compiles one integration for one stage: its stage variables in place, its cluster derived.

use super::aws_service;
use super::cluster::Clusters;
use super::lambda_proxy;
use super::scope::Scope;
use crate::gateway::config::{self, ConnectionType, IntegrationType, ProtocolType};
use crate::gateway::integrations::Integration;
use crate::gateway::integrations::backend_uri::BackendUri;
use crate::gateway::integrations::http_proxy::HttpProxy;
use crate::gateway::integrations::mock::Mock;
use crate::gateway::integrations::responses::Responses;
use crate::gateway::integrations::retry::Retry;
use crate::gateway::mapping::{Mapping, Side};
use std::collections::BTreeMap;

/// Milliseconds that a backend of an HTTP API may take: AWS's limit, and what it takes where nothing is said.
const HTTP_TIMEOUT: u32 = 30_000;
/// Milliseconds that a backend of a REST API may take: AWS's limit, and what it takes where nothing is said.
const REST_TIMEOUT: u32 = 29_000;
/// The fewest milliseconds that can be asked for.
const LEAST_TIMEOUT: u32 = 50;

/// The stage for which an integration is compiled.
pub(super) struct OfStage<'a> {
    pub(super) protocol: ProtocolType,
    pub(super) variables: &'a BTreeMap<String, String>,
    pub(super) binary_media_types: &'a [String],
}

/// Compiles an integration; what cannot be goes to the diagnostics.
pub(super) fn compile(
    written: &config::Integration,
    stage: &OfStage<'_>,
    at: &str,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Integration {
    warn_of_unused(written, at, scope);
    match written.integration_type {
        IntegrationType::Mock => Integration::Mock(Mock::compile(written, at, scope)),
        IntegrationType::AwsProxy if written.integration_subtype.is_some() => {
            let compiled = aws_service::compile(written, stage, at, clusters, scope);
            compiled.map_or(Integration::None, |service| Integration::AwsService(Box::new(service)))
        }
        IntegrationType::AwsProxy => {
            let compiled = lambda_proxy::compile(written, stage, at, clusters, scope);
            // Where it could not be compiled the document is refused.
            compiled.map_or(Integration::None, |proxy| Integration::Lambda(Box::new(proxy)))
        }
        IntegrationType::HttpProxy => {
            Integration::HttpProxy(Box::new(http_proxy(written, stage, at, clusters, scope)))
        }
        // They are refused as not supported yet.
        IntegrationType::Aws | IntegrationType::Http => Integration::None,
    }
}

/// Members that belong to another type of integration.
fn warn_of_unused(written: &config::Integration, at: &str, scope: &mut Scope<'_>) {
    let is_mock = written.integration_type == IntegrationType::Mock;
    if written.integration_subtype.is_some() && written.integration_type != IntegrationType::AwsProxy {
        scope
            .error(&format!("{at}.integrationSubtype"), "only `AWS_PROXY` integrations have one")
            .help("write `\"integrationType\": \"AWS_PROXY\"`, or remove it");
    }
    let (of_mock, of_backend) =
        ("is read of a MOCK integration only", "is read of an integration with a backend only");
    for (present, member, problem) in [
        (!is_mock && !written.request_templates.is_empty(), "requestTemplates", of_mock),
        (!is_mock && !written.integration_responses.is_empty(), "integrationResponses", of_mock),
        (is_mock && !written.request_parameters.is_empty(), "requestParameters", of_backend),
        (is_mock && !written.response_parameters.is_empty(), "responseParameters", of_backend),
    ] {
        if present {
            scope.warning(&format!("{at}.{member}"), problem);
        }
    }
}

fn http_proxy(
    written: &config::Integration,
    stage: &OfStage<'_>,
    at: &str,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> HttpProxy {
    if stage.protocol != ProtocolType::Rest {
        // The client's address stands in the Forwarded header.
        scope.want_source_address();
    }
    check_extensions(written, at, scope);
    let target = target(written, stage, at, clusters, scope);
    HttpProxy {
        cluster: target.cluster.map(String::into_bytes),
        uri: target.uri,
        with_stage: target.with_stage,
        method: method(written, at, scope),
        timeout: timeout(written, stage.protocol, at, scope).to_string().into_bytes(),
        retry: Retry::compile(written.retry_policy.as_ref()),
        request: Mapping::compile(
            &written.request_parameters,
            Side::Request,
            &format!("{at}.requestParameters"),
            scope,
        ),
        responses: Responses::compile(&written.response_parameters, at, scope),
    }
}

/// What goes into Envoy's hands as it is: a name that no header can carry would fail every request, a check that Envoy refuses
/// would keep it from starting, and tries without number multiply the load of a backend that is down.
fn check_extensions(written: &config::Integration, at: &str, scope: &mut Scope<'_>) {
    const MOST_RETRIES: u32 = 10;
    if let Some(retries) = written.retry_policy.as_ref().and_then(|policy| policy.max_retries)
        && retries > MOST_RETRIES
    {
        let problem = format!("{retries} is not from 0 to {MOST_RETRIES}");
        scope.error(&format!("{at}.retryPolicy.maxRetries"), problem);
    }
    let visible = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if written.cluster.as_deref().is_some_and(|cluster| !visible(cluster)) {
        scope.error(&format!("{at}.cluster"), "a cluster's name is visible ASCII characters");
    }
    let Some(check) = &written.health_check else { return };
    if check.path.as_deref().is_some_and(|path| !path.starts_with('/') || !visible(path)) {
        scope.error(
            &format!("{at}.healthCheck.path"),
            "a path begins with `/` and is visible ASCII characters",
        );
    }
    if check.interval_millis == Some(0) {
        scope.error(&format!("{at}.healthCheck.intervalMillis"), "0 would ask without a pause");
    }
}

/// Where an integration's requests go.
#[derive(Default)]
struct Target {
    cluster: Option<String>,
    uri: Option<BackendUri>,
    with_stage: bool,
}

fn target(
    written: &config::Integration,
    stage: &OfStage<'_>,
    at: &str,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Target {
    let connection = written.connection_type.unwrap_or(ConnectionType::Internet);
    let at_uri = format!("{at}.integrationUri");
    if connection == ConnectionType::EnvoyRoute {
        clusters.uses_envoy_routes = true;
        if written.integration_uri.is_some() || written.cluster.is_some() {
            scope
                .error(&at_uri, "with `ENVOY_ROUTE` Envoy's own routes choose the backend")
                .help("remove the URI and the cluster");
        }
        return Target { with_stage: true, ..Target::default() };
    }
    let Some(text) = written.integration_uri.as_deref() else {
        if written.cluster.is_none() {
            scope
                .error(&at_uri, "the integration has no URI")
                .help("add `\"integrationUri\": \"http://HOST:PORT/PATH\"`");
        }
        return Target { cluster: written.cluster.clone(), ..Target::default() };
    };
    let text = expand(text, stage.variables);
    let is_arn = text.starts_with("arn:");
    let located = if is_arn { clusters.endpoints.get(&text).cloned() } else { Some(text.clone()) };
    let Some(located) = located else {
        scope
            .error(&at_uri, format!("nothing says where `{text}` lives"))
            .help(format!("add it to `endpoints`: `{{\"{text}\": \"http://HOST:PORT\"}}`"));
        return Target::default();
    };
    // A VPC link speaks TLS when it is told whose name to verify.
    let verifies = written.tls_config.as_ref().is_some_and(|tls| tls.server_name_to_verify.is_some());
    let located = if is_arn && verifies { located.replacen("http://", "https://", 1) } else { located };
    let uri = match BackendUri::parse(&located) {
        Ok(uri) => uri,
        Err(problem) => {
            scope.error(&at_uri, format!("`{located}` is not the URI of a backend: {problem}"));
            return Target::default();
        }
    };
    if verifies && !uri.tls {
        scope
            .error(&format!("{at}.tlsConfig"), "there is nothing to verify: the URI is `http`")
            .help("write `https` in the URI");
    }
    let cluster = written.cluster.clone().unwrap_or_else(|| clusters.derive(&uri, written));
    Target { cluster: Some(cluster), uri: Some(uri), with_stage: is_arn }
}

/// Puts stage variables in place; AWS takes an unknown one as empty.
pub(super) fn expand(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${stageVariables.") {
        expanded.push_str(before);
        // Left as it is: a `{` that is not closed is an error of the URI.
        let Some((name, after)) = after.split_once('}') else {
            rest = rest.get(before.len()..).unwrap_or_default();
            break;
        };
        expanded.push_str(variables.get(name).map_or("", String::as_str));
        rest = after;
    }
    expanded.push_str(rest);
    expanded
}

fn method(written: &config::Integration, at: &str, scope: &mut Scope<'_>) -> Option<Vec<u8>> {
    let method = written.integration_method.as_deref()?;
    const METHODS: [&str; 8] = ["ANY", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    if !METHODS.contains(&method) {
        scope
            .error(&format!("{at}.integrationMethod"), format!("`{method}` is not a method"))
            .help(format!("the methods are {}", METHODS.join(", ")));
    }
    (method != "ANY").then(|| method.as_bytes().to_vec())
}

/// Milliseconds that the backend may take.
pub(super) fn timeout(
    written: &config::Integration,
    protocol: ProtocolType,
    at: &str,
    scope: &mut Scope<'_>,
) -> u32 {
    let most = match protocol {
        ProtocolType::Http | ProtocolType::Websocket => HTTP_TIMEOUT,
        ProtocolType::Rest => REST_TIMEOUT,
    };
    let millis = written.timeout_in_millis.unwrap_or(most);
    if !(LEAST_TIMEOUT..=most).contains(&millis) {
        let problem = format!("{millis} is not from {LEAST_TIMEOUT} to {most}");
        scope.error(&format!("{at}.timeoutInMillis"), problem);
    }
    millis
}
