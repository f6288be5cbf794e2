//! Compiles `AWS_PROXY` integrations of services: those with an `integrationSubtype`.

use super::aws::{ExecutionRole, settle};
use super::cluster::Clusters;
use super::integration::{OfStage, timeout};
use super::scope::Scope;
use crate::gateway::aws::is_region;
use crate::gateway::clusters::{Endpoint, endpoint};
use crate::gateway::config::{self, ConnectionType, PayloadFormatVersion, ProtocolType};
use crate::gateway::integrations::aws_service::subtype::{Kind, Parameter, SUBTYPES, Subtype};
use crate::gateway::integrations::aws_service::{AwsService, Value};
use crate::gateway::integrations::responses::Responses;
use crate::gateway::mapping::{Expression, Side};
use sha2::{Digest, Sha256};

/// Compiles the integration for a stage; what cannot be goes to the diagnostics.
pub(super) fn compile(
    written: &config::Integration,
    stage: &OfStage<'_>,
    at: &str,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Option<AwsService> {
    let subtype = subtype(written, stage, at, scope)?;
    check_foreign(written, at, scope);
    let timeout_millis = timeout(written, stage.protocol, at, scope);
    let parameters = parameters(written, subtype, stage, at, scope);
    let responses = Responses::compile(&written.response_parameters, at, scope);
    let endpoint = place(written, subtype, stage, at, clusters, scope)?;
    let digest = Sha256::digest(format!("{} {}", subtype.name, endpoint.url())).into();
    Some(AwsService { subtype, endpoint, parameters, responses, timeout_millis, digest })
}

fn subtype(
    written: &config::Integration,
    stage: &OfStage<'_>,
    at: &str,
    scope: &mut Scope<'_>,
) -> Option<&'static Subtype> {
    let at = format!("{at}.integrationSubtype");
    let name = written.integration_subtype.as_deref().unwrap_or_default();
    if stage.protocol == ProtocolType::Rest {
        scope
            .error(&at, "only HTTP APIs call services in this way")
            .help("a REST API does it by `AWS` integrations, which are not supported yet; make it an HTTP API, or let a function call the service");
        return None;
    }
    let found = SUBTYPES.iter().find(|subtype| subtype.name == name);
    if found.is_none() {
        let names = || SUBTYPES.iter().map(|subtype| subtype.name);
        let diagnostic = scope.error(&at, format!("no operation is named `{name}`"));
        diagnostic.help(format!("the operations are {}", names().collect::<Vec<_>>().join(", ")));
        diagnostic.suggest("an operation", name, names());
    }
    found
}

/// Members that say where a backend is, or how it is reached: a service is where `endpoints` or AWS says.
fn check_foreign(written: &config::Integration, at: &str, scope: &mut Scope<'_>) {
    let elsewhere = !matches!(written.connection_type, None | Some(ConnectionType::Internet));
    for (present, member) in [
        (written.integration_uri.is_some(), "integrationUri"),
        (written.integration_method.is_some(), "integrationMethod"),
        (elsewhere, "connectionType"),
        (written.connection_id.is_some(), "connectionId"),
        (written.cluster.is_some(), "cluster"),
        (written.tls_config.is_some(), "tlsConfig"),
        (written.credential.is_some(), "credential"),
        (written.protocol_version.is_some(), "protocolVersion"),
        (written.health_check.is_some(), "healthCheck"),
        (written.retry_policy.is_some(), "retryPolicy"),
    ] {
        if present {
            scope
                .error(&format!("{at}.{member}"), "an integration with `integrationSubtype` has none")
                .help("remove it: the operation says how the service is asked, and `endpoints` may say where it lives");
        }
    }
    if written.payload_format_version == Some(PayloadFormatVersion::V2) {
        scope
            .error(&format!("{at}.payloadFormatVersion"), "services have the format `1.0`")
            .help("write `\"1.0\"`, or remove it");
    }
}

fn parameters(
    written: &config::Integration,
    subtype: &'static Subtype,
    stage: &OfStage<'_>,
    at: &str,
    scope: &mut Scope<'_>,
) -> Vec<(&'static Parameter, Value)> {
    let at = format!("{at}.requestParameters");
    for name in written.request_parameters.keys().filter(|name| *name != "Region") {
        if !subtype.parameters.iter().any(|parameter| parameter.name == name) {
            let names = subtype.parameters.iter().map(|parameter| parameter.name).chain(["Region"]);
            let diagnostic =
                scope.error(&format!("{at}[{name:?}]"), format!("`{}` takes no `{name}`", subtype.name));
            diagnostic.help(format!("it takes {}", names.clone().collect::<Vec<_>>().join(", ")));
            diagnostic.suggest("a parameter", name, names);
        }
    }
    let mut compiled = Vec::with_capacity(written.request_parameters.len());
    // In the order of the table, which does not depend on the document.
    for parameter in subtype.parameters {
        // AWS removes a parameter by an empty value.
        let text = written.request_parameters.get(parameter.name).filter(|text| !text.is_empty());
        match text {
            None if parameter.required => {
                scope.error(&at, format!("`{}` needs `{}`", subtype.name, parameter.name)).help(format!(
                    "add `\"{}\": \"…\"`: {}",
                    parameter.name,
                    parameter.kind.words()
                ));
            }
            None => {}
            Some(text) => {
                let at = format!("{at}[{:?}]", parameter.name);
                let value = Value::compile(text, parameter.kind, &at, scope);
                if let Some(value) = value {
                    check(&value, parameter.kind, stage, &at, scope);
                    compiled.push((parameter, value));
                }
            }
        }
    }
    compiled
}

/// Checks what is the same for every request, and warns of what a client should not write.
fn check(value: &Value, kind: Kind, stage: &OfStage<'_>, at: &str, scope: &mut Scope<'_>) {
    let fixed = match value {
        Value::Text(expression) => expression.fixed(stage.variables),
        Value::Body | Value::Json(_) => None,
    };
    match fixed {
        Some(text) if kind.read(text.as_str().into()).is_none() => {
            scope.error(at, format!("`{text}` is not {}", kind.words()));
        }
        None if kind == Kind::Code => {
            scope
                .warning(at, "a client writes a part of the expression, and so decides what it means")
                .help("name what the client sends by `:placeholders`, and give those in `ExpressionAttributeValues`");
        }
        Some(_) | None => {}
    }
}

/// Where the service lives.
fn place(
    written: &config::Integration,
    subtype: &Subtype,
    stage: &OfStage<'_>,
    at: &str,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Option<Endpoint> {
    let region = match written.request_parameters.get("Region").filter(|text| !text.is_empty()) {
        None => clusters.region.to_owned(),
        Some(text) => {
            let at = format!("{at}.requestParameters[\"Region\"]");
            let expression = Expression::compile(text, Side::Request, &at, scope)?;
            let region = expression.fixed(stage.variables).filter(|region| is_region(region));
            if region.is_none() {
                scope.error(&at, format!("`{text}` is not a region")).help(
                    "a region's name, such as `eu-west-1`; stage variables may stand in it, nothing of a request: whom the gateway asks is known before",
                );
            }
            region?
        }
    };
    let url = subtype.service.url(&region, clusters.endpoints);
    let mut endpoint = match endpoint(&url) {
        Ok(endpoint) if !endpoint.path.contains('?') => endpoint,
        Ok(_) => {
            scope
                .error(at, format!("`{url}` of `endpoints` has a query string: a service cannot live there"));
            return None;
        }
        Err(problem) => {
            scope.error(at, format!("`{url}` of `endpoints` is not a URL: {problem}"));
            return None;
        }
    };
    let at_role = format!("{at}.credentialsArn");
    let role = ExecutionRole { arn: written.credentials_arn.as_deref(), at: &at_role };
    settle(&mut endpoint, &url, (&subtype.service, &region), role, clusters, scope);
    Some(endpoint)
}

#[cfg(test)]
mod tests;
