use super::{alone, before, joined};
use crate::gateway::authorizers::iam::Caller;
use crate::gateway::authorizers::jwt::claims::Bearer;
use crate::gateway::authorizers::principal::Principal;
use crate::gateway::config::AuthorizationType;
use crate::gateway::flow::{Answer, Flow};
use crate::gateway::policy::Verdict::{self, Allow, Deny, Silent};
use crate::gateway::rejection::{Denial, Rejection};
use crate::gateway::request::Request;
use crate::gateway::testing::{ask, body, config, gateway, head, http, proxy, rest, with_request};
use serde_json::{Value, json};
use std::rc::Rc;

const OWN: &str = "123456789012";
const OTHER: &str = "999999999999";

const IMPLICIT: Result<(), Rejection> = Err(Rejection::AccessDenied(Denial::Implicit));
const EXPLICIT: Result<(), Rejection> = Err(Rejection::AccessDenied(Denial::Explicit));
const POLICY_SILENT: Result<(), Rejection> = Err(Rejection::ResourcePolicy(Denial::Implicit));
const POLICY_DENIES: Result<(), Rejection> = Err(Rejection::ResourcePolicy(Denial::Explicit));

fn statement(effect: &str, principal: Value, resource: &str) -> Value {
    json!({ "Effect": effect, "Principal": principal, "Action": "execute-api:Invoke", "Resource": resource })
}

/// A policy that says this of every request.
fn saying(verdict: Verdict) -> Value {
    let statements = match verdict {
        Allow => json!([statement("Allow", json!("*"), "*")]),
        Silent => json!([statement("Allow", json!("*"), "execute-api:/other/*")]),
        Deny => json!([statement("Allow", json!("*"), "*"), statement("Deny", json!("*"), "*")]),
    };
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn document(policy: Option<Value>) -> Value {
    let mut document = rest(&["ANY /{proxy+}"], proxy("http://b.test/{proxy}", json!({})));
    if let Some(policy) = policy {
        document["apis"][0]["policy"] = policy;
    }
    document
}

fn with<T>(policy: Option<Value>, read: impl FnOnce(&Request) -> T) -> T {
    with_request(&document(policy), head("GET", "/prod/users/7", &[], true), read)
}

fn bearer() -> Principal {
    Principal::Bearer(Rc::new(Bearer { claims: Vec::new(), scopes: Vec::new() }))
}

fn allowed() -> Principal {
    Principal::Allowed(Rc::default())
}

fn caller(account: &str) -> Principal {
    Principal::Caller(Rc::new(Caller {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        account_id: account.to_owned(),
        user_arn: format!("arn:aws:iam::{account}:user/ann"),
    }))
}

fn join(
    authorization: AuthorizationType,
    principal: &Principal,
    identity: Verdict,
    policy: Option<Verdict>,
) -> Result<(), Rejection> {
    with(policy.map(saying), |request| joined(request, authorization, principal, identity))
}

#[test]
fn within_an_account_one_of_the_two_is_enough() {
    let table = [
        (Allow, Allow, Ok(())),
        (Allow, Silent, Ok(())),
        (Allow, Deny, POLICY_DENIES),
        (Silent, Allow, Ok(())),
        (Silent, Silent, IMPLICIT),
        (Silent, Deny, POLICY_DENIES),
        (Deny, Allow, EXPLICIT),
        (Deny, Silent, EXPLICIT),
        (Deny, Deny, POLICY_DENIES),
    ];
    for (identity, policy, expected) in table {
        for (authorization, principal) in
            [(AuthorizationType::AwsIam, caller(OWN)), (AuthorizationType::Custom, allowed())]
        {
            let found = join(authorization, &principal, identity, Some(policy));
            assert_eq!(found, expected, "{authorization:?} {identity:?} {policy:?}");
        }
    }
}

#[test]
fn of_another_account_both_must_allow() {
    let table = [
        (Allow, Allow, Ok(())),
        (Allow, Silent, POLICY_SILENT),
        (Allow, Deny, POLICY_DENIES),
        (Silent, Allow, IMPLICIT),
        (Silent, Silent, IMPLICIT),
        (Silent, Deny, POLICY_DENIES),
        (Deny, Allow, EXPLICIT),
        (Deny, Silent, EXPLICIT),
        (Deny, Deny, POLICY_DENIES),
    ];
    for (identity, policy, expected) in table {
        let found = join(AuthorizationType::AwsIam, &caller(OTHER), identity, Some(policy));
        assert_eq!(found, expected, "{identity:?} {policy:?}");
    }
}

#[test]
fn tokens_need_an_allow_of_the_policy_besides() {
    let table = [
        (Allow, Allow, Ok(())),
        (Allow, Silent, POLICY_SILENT),
        (Allow, Deny, POLICY_DENIES),
        (Silent, Allow, IMPLICIT),
        (Silent, Silent, IMPLICIT),
        (Silent, Deny, IMPLICIT),
        (Deny, Allow, EXPLICIT),
        (Deny, Silent, EXPLICIT),
        (Deny, Deny, EXPLICIT),
    ];
    for (identity, policy, expected) in table {
        for authorization in [AuthorizationType::Jwt, AuthorizationType::CognitoUserPools] {
            let found = join(authorization, &bearer(), identity, Some(policy));
            assert_eq!(found, expected, "{authorization:?} {identity:?} {policy:?}");
        }
    }
}

#[test]
fn without_a_policy_the_identity_decides_within_the_account() {
    for (identity, expected) in [(Allow, Ok(())), (Silent, IMPLICIT), (Deny, EXPLICIT)] {
        for (authorization, principal) in [
            (AuthorizationType::AwsIam, caller(OWN)),
            (AuthorizationType::Custom, allowed()),
            (AuthorizationType::Jwt, bearer()),
            (AuthorizationType::CognitoUserPools, bearer()),
        ] {
            assert_eq!(
                join(authorization, &principal, identity, None),
                expected,
                "{authorization:?} {identity:?}"
            );
        }
    }
    assert_eq!(join(AuthorizationType::AwsIam, &caller(OTHER), Allow, None), POLICY_SILENT);
}

#[test]
fn a_principal_of_another_kind_than_the_routes_is_refused() {
    for (authorization, principal) in [
        (AuthorizationType::None, allowed()),
        (AuthorizationType::Jwt, allowed()),
        (AuthorizationType::Custom, bearer()),
        (AuthorizationType::AwsIam, bearer()),
        (AuthorizationType::CognitoUserPools, caller(OWN)),
    ] {
        assert_eq!(
            join(authorization, &principal, Allow, Some(Allow)),
            Err(Rejection::Internal),
            "{authorization:?}"
        );
    }
}

#[test]
fn functions_are_not_asked_about_what_the_policy_denies() {
    for (policy, expected) in [(Allow, Ok(())), (Silent, Ok(())), (Deny, POLICY_DENIES)] {
        let found = with(Some(saying(policy)), |request| before(request, AuthorizationType::Custom));
        assert_eq!(found, expected, "{policy:?}");
    }
    assert_eq!(with(None, |request| before(request, AuthorizationType::Custom)), Ok(()));
    // Who signs is not known before the signature is: a policy that spares somebody would deny everybody.
    for authorization in [
        AuthorizationType::None,
        AuthorizationType::Jwt,
        AuthorizationType::AwsIam,
        AuthorizationType::CognitoUserPools,
    ] {
        assert_eq!(
            with(Some(saying(Deny)), |request| before(request, authorization)),
            Ok(()),
            "{authorization:?}"
        );
    }
}

#[test]
fn where_nobody_is_asked_the_policy_must_allow() {
    for (policy, expected) in [(Allow, Ok(())), (Silent, POLICY_SILENT), (Deny, POLICY_DENIES)] {
        assert_eq!(with(Some(saying(policy)), alone), expected, "{policy:?}");
    }
    assert_eq!(with(None, alone), Ok(()));
}

#[test]
fn policies_name_callers() {
    let ann = json!({ "AWS": format!("arn:aws:iam::{OWN}:user/ann") });
    let stranger = json!({ "AWS": format!("arn:aws:iam::{OTHER}:user/ann") });
    let found = |principal: &Value, effect: &str, caller: Principal, identity: Verdict| {
        let policy = json!({ "Statement": statement(effect, principal.clone(), "*") });
        with(Some(policy), |request| joined(request, AuthorizationType::AwsIam, &caller, identity))
    };
    assert_eq!(found(&ann, "Allow", caller(OWN), Silent), Ok(()));
    assert_eq!(found(&ann, "Deny", caller(OWN), Allow), POLICY_DENIES);
    assert_eq!(found(&stranger, "Allow", caller(OWN), Silent), IMPLICIT);
    assert_eq!(found(&stranger, "Deny", caller(OWN), Allow), Ok(()));
    assert_eq!(found(&stranger, "Allow", caller(OTHER), Allow), Ok(()));
    assert_eq!(found(&ann, "Allow", caller(OTHER), Allow), POLICY_SILENT);
    // An account as a whole lets the policies of its callers speak, and says nothing in their place.
    assert_eq!(found(&json!({ "AWS": OWN }), "Allow", caller(OWN), Silent), IMPLICIT);
    assert_eq!(found(&json!({ "AWS": OWN }), "Allow", caller(OWN), Allow), Ok(()));
    assert_eq!(found(&json!({ "AWS": OTHER }), "Allow", caller(OTHER), Allow), Ok(()));
    assert_eq!(found(&json!({ "AWS": OTHER }), "Allow", caller(OTHER), Silent), IMPLICIT);
}

#[test]
fn http_apis_have_no_policy_and_their_callers_come_from_the_account() {
    let document = http(&["ANY /{proxy+}"], proxy("http://b.test/", json!({})));
    with_request(&document, head("GET", "/users/7", &[], true), |request| {
        assert_eq!(joined(request, AuthorizationType::AwsIam, &caller(OWN), Allow), Ok(()));
        assert_eq!(joined(request, AuthorizationType::AwsIam, &caller(OTHER), Allow), POLICY_SILENT);
        assert_eq!(joined(request, AuthorizationType::Custom, &allowed(), Silent), IMPLICIT);
    });
}

fn refused(policy: Value, method: &str, path: &str) -> Answer {
    match ask(&gateway(&document(Some(policy))), method, path, &[]).1 {
        Flow::Answer(answer) => answer,
        flow => panic!("{method} {path}: {flow:?}"),
    }
}

#[test]
fn refusals_are_told_in_aws_words_and_their_path_is_quoted() {
    let arn = "arn:aws:execute-api:us-east-1:********9012:shop/prod/GET/";
    let user = "User: anonymous is not authorized to perform: execute-api:Invoke on resource: ";
    for (policy, suffix) in [(Silent, ""), (Deny, " with an explicit deny")] {
        for (path, shown) in [
            ("/prod/users/7", "users/7"),
            ("/prod/%22,%22x%22:%22", "\\\",\\\"x\\\":\\\""),
            ("/prod/%0d%0ax:y", "\\r\\nx:y"),
            ("/prod/123456789012", "123456789012"),
            ("/prod/%c3%a9", "\u{e9}"),
        ] {
            let answer = refused(saying(policy), "GET", path);
            assert_eq!(answer.status, 403);
            assert_eq!(body(&answer), format!("{{\"Message\":\"{user}{arn}{shown}{suffix}\"}}"), "{path}");
            assert!(serde_json::from_str::<Value>(body(&answer)).is_ok(), "{path}");
        }
    }
}

#[test]
fn the_message_makes_no_header() {
    let mut document = document(Some(saying(Deny)));
    document["apis"][0]["gatewayResponses"] = json!([{
        "responseType": "ACCESS_DENIED",
        "responseParameters": { "gatewayresponse.header.x-why": "context.error.message" },
    }]);
    let answer = |path: &str| match ask(&gateway(&document), "GET", path, &[]).1 {
        Flow::Answer(answer) => answer,
        flow => panic!("{path}: {flow:?}"),
    };
    let why = |path: &str| crate::gateway::testing::answer_header(&answer(path), "x-why");
    assert!(why("/prod/x").is_some_and(|why| why.ends_with("/prod/GET/x with an explicit deny")));
    assert_eq!(why("/prod/x%0d%0aset-cookie:a=b"), None);
    assert_eq!(answer("/prod/x%0d%0aset-cookie:a=b").status, 403);
}

#[test]
fn policies_of_apis_are_compiled_with_the_rest() {
    use crate::gateway::testing::problems;
    let mut http_api = http(&["GET /x"], proxy("http://b.test/", json!({})));
    http_api["apis"][0]["policy"] = saying(Allow);
    assert!(
        problems(&http_api)
            .starts_with("error: apis[0].policy: only REST APIs have resource policies\n  help: ")
    );
    assert_eq!(problems(&document(Some(json!(saying(Allow).to_string())))), "");
    let broken =
        json!({ "Statement": [saying(Allow)["Statement"][0], { "Effect": "Deny", "Principal": "*" }] });
    assert_eq!(
        problems(&document(Some(broken))),
        "error: apis[0].policy.Statement[1]: missing `Action`\nerror: apis[0].policy.Statement[1]: missing `Resource`"
    );
    let elsewhere = statement("Deny", json!("*"), "arn:aws:execute-api:eu-west-1:*:*/*/GET/admin");
    assert_eq!(
        problems(&document(Some(json!({ "Statement": [elsewhere] })))),
        "error: apis[0].policy.Statement[0].Resource: `arn:aws:execute-api:eu-west-1:*:*/*/GET/admin` names no \
         request to this API, and would protect nothing\n  help: their ARNs begin with `arn:aws:execute-api:us-east-1:123456789012:shop/`; \
         `execute-api:/` stands for it"
    );
}

#[test]
fn the_address_is_wanted_where_a_policy_asks_for_it() {
    use crate::gateway::compile::compile;
    use crate::gateway::surroundings::Elsewhere;
    let wants = |policy: Value| {
        compile(&config(&document(Some(policy))), &Elsewhere).unwrap().gateway.wants().source_address
    };
    assert!(!wants(saying(Allow)));
    let mut statement = statement("Deny", json!("*"), "*");
    statement["Condition"] = json!({ "IpAddress": { "aws:SourceIp": "192.0.2.0/24" } });
    assert!(wants(json!({ "Statement": statement })));
}

#[test]
fn an_arn_that_is_too_long_is_told_where_somebody_is_asked() {
    let mut document = document(None);
    document["apis"][0]["routes"] = json!([
        { "routeKey": "GET /jwt/{proxy+}", "target": "integrations/i", "authorizationType": "JWT", "authorizerId": "login" },
        { "routeKey": "GET /open/{proxy+}", "target": "integrations/i" },
    ]);
    document["apis"][0]["authorizers"] = json!([{
        "authorizerId": "login", "authorizerType": "JWT", "identitySource": ["$request.header.Authorization"],
        "jwtConfiguration": { "issuers": [{ "issuer": "https://idp.test", "audiences": ["shop"] }] },
    }]);
    let gateway = gateway(&document);
    let status = |prefix: &str, length: usize| {
        let arn = "arn:aws:execute-api:us-east-1:123456789012:shop/prod/GET/".len() + prefix.len();
        let path = format!("/prod/{prefix}{}", "a".repeat(length - arn));
        match ask(&gateway, "GET", &path, &[]).1 {
            Flow::Answer(answer) => (answer.status, body(&answer).to_owned()),
            Flow::Forward(_) => (200, String::new()),
            flow => panic!("{flow:?}"),
        }
    };
    assert_eq!(status("jwt/", 1601), (414, "{\"message\":\"Request URI too long\"}".to_owned()));
    assert_eq!(status("jwt/", 1600).0, 401);
    assert_eq!(status("open/", 1601).0, 200);
}
