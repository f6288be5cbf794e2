//! What the document may say and a later capability will honour: an error until then, because silence would change
//! behaviour. A capability that is built takes its line away.

use crate::gateway::config::{
    Api, Authorizer, AuthorizerType, Config, Integration, IntegrationType, NotYet, ProtocolType,
};
use crate::gateway::diagnostics::Diagnostics;

pub(super) fn check(config: &Config, diagnostics: &mut Diagnostics) {
    let mut refuse = |present: bool, path: &str| {
        if present {
            diagnostics
                .error(path, NotYet::PROBLEM)
                .help("docs/compatibility.md lists what is, and what is not");
        }
    };
    for (i, written) in config.apis.iter().enumerate() {
        api(written, &mut |present, path| refuse(present, &format!("apis[{i}].{path}")));
    }
}

fn api(api: &Api, refuse: &mut dyn FnMut(bool, &str)) {
    refuse(api.protocol_type == ProtocolType::Websocket, "protocolType");
    refuse(api.minimum_compression_size.is_some(), "minimumCompressionSize");
    authorizers(&api.authorizers, refuse);
    refuse(
        differs(
            &api.route_selection_expression,
            &["$request.method $request.path", "${request.method} ${request.path}"],
        ),
        "routeSelectionExpression",
    );
    refuse(
        differs(&api.api_key_selection_expression, &["$request.header.x-api-key"]),
        "apiKeySelectionExpression",
    );
    lists(&api.integrations, refuse);
    for (i, deployment) in api.deployments.iter().enumerate() {
        authorizers(&deployment.authorizers, &mut |present, path| {
            refuse(present, &format!("deployments[{i}].{path}"));
        });
        lists(&deployment.integrations, &mut |present, path| {
            refuse(present, &format!("deployments[{i}].{path}"));
        });
    }
}

fn authorizers(authorizers: &[Authorizer], refuse: &mut dyn FnMut(bool, &str)) {
    for (i, authorizer) in authorizers.iter().enumerate() {
        // What a JWT authorizer or a user pool's has to do with a role, nobody knows.
        let of_function =
            matches!(authorizer.authorizer_type, AuthorizerType::Request | AuthorizerType::Token);
        let role = authorizer.authorizer_credentials_arn.is_some() && !of_function;
        refuse(role, &format!("authorizers[{i}].authorizerCredentialsArn"));
    }
}

fn lists(integrations: &[Integration], refuse: &mut dyn FnMut(bool, &str)) {
    for (i, integration) in integrations.iter().enumerate() {
        let known = match integration.integration_type {
            IntegrationType::HttpProxy | IntegrationType::AwsProxy | IntegrationType::Mock => true,
            IntegrationType::Aws | IntegrationType::Http => false,
        };
        refuse(!known, &format!("integrations[{i}].integrationType"));
        let passthrough = differs(&integration.passthrough_behavior, &["WHEN_NO_MATCH"]);
        refuse(passthrough, &format!("integrations[{i}].passthroughBehavior"));
        let of_aws = integration.integration_type == IntegrationType::AwsProxy;
        refuse(
            integration.credentials_arn.is_some() && !of_aws,
            &format!("integrations[{i}].credentialsArn"),
        );
    }
}

/// Whether a member says something else than AWS prints where nobody chose anything.
fn differs(written: &Option<String>, defaults: &[&str]) -> bool {
    written.as_deref().is_some_and(|written| !defaults.contains(&written))
}
