//! Calls to AWS: signed by Envoy, with the credentials of its environment or of a role, or not sent at all.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>

use super::upstream::{header_mutation, lua};
use sekisho::gateway::aws::UNSIGNED_HEADER;
use sekisho::gateway::clusters::Signing;
use serde_json::{Value, json};

/// Names the gateway in CloudTrail.
const SESSION_NAME: &str = "sekisho";
/// Where nobody answers.
const NOWHERE: &str = "sekisho_nowhere";

/// What stands before the codec where Envoy signs: nothing that would be signed and changed on the way, or that claims to be a
/// signature already; the signer; and the guard.
#[must_use]
pub fn filters(signing: &Signing) -> [Value; 3] {
    [cleaner(), signer(signing), guard()]
}

/// Callouts get headers from Envoy that say nothing to AWS, the gateway's own address among them.
fn cleaner() -> Value {
    let mut removed = vec![json!({ "remove_on_match": { "key_matcher": { "prefix": "x-envoy-" } } })];
    removed.extend(
        ["x-forwarded-for", "authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"]
            .map(|name| json!({ "remove": name })),
    );
    header_mutation(&json!({ "request_mutations": removed }))
}

/// The body's digest is signed too, for every service: a body that was changed on the way is refused.
fn signer(signing: &Signing) -> Value {
    // As AWS's SDKs do: whoever carries a request may change them.
    let excluded =
        ["x-amzn-trace-id", "user-agent", "transfer-encoding", "expect"].map(|name| json!({ "exact": name }));
    let mut config = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.aws_request_signing.v3.AwsRequestSigning",
        "service_name": signing.service,
        "region": signing.region,
        "match_excluded_headers": excluded,
    });
    if let (Some(role), Some(map)) = (&signing.role, config.as_object_mut()) {
        map.insert(
            "credential_provider".into(),
            json!({
                // Nothing else: without the role's credentials nobody else's sign.
                "custom_credential_provider_chain": true,
                "assume_role_credential_provider": { "role_arn": role.arn, "role_session_name": SESSION_NAME },
            }),
        );
    }
    json!({ "name": "envoy.filters.http.aws_request_signing", "typed_config": config })
}

/// Without credentials Envoy would send the request unsigned. It is answered here, and nothing leaves. Not at once, because an
/// answer that comes while the filter is still asking is lost: a call to nowhere comes first.
fn guard() -> Value {
    lua(&format!(
        "function envoy_on_request(handle)\n  \
           if handle:headers():get(\"authorization\") == nil then\n    \
             local head = {{[\":method\"] = \"GET\", [\":path\"] = \"/\", [\":authority\"] = \"nowhere\"}}\n    \
             pcall(handle.httpCall, handle, \"{NOWHERE}\", head, nil, 100)\n    \
             handle:respond({{[\":status\"] = \"500\", [\"{UNSIGNED_HEADER}\"] = \"1\"}}, \"\")\n  \
           end\n\
         end\n"
    ))
}

/// A cluster whose connections are refused, for the guard.
#[must_use]
pub fn nowhere() -> Value {
    json!({
        "name": NOWHERE,
        "type": "STATIC",
        "connect_timeout": "0.1s",
        "load_assignment": { "cluster_name": NOWHERE, "endpoints": [{ "lb_endpoints": [{ "endpoint": {
            "address": { "socket_address": { "address": "127.0.0.1", "port_value": 1 } },
        } }] }] },
    })
}
