use super::{FUNCTION, World, base, http, rest, with};
use crate::gateway::testing::{self, problems};
use serde_json::json;

#[test]
fn which_members_go_with_which_kind() {
    let token = |more: serde_json::Value| {
        let mut document = rest(json!({ "authorizerType": "TOKEN" }));
        for (name, value) in more.as_object().unwrap() {
            document["apis"][0]["authorizers"][0][name] = value.clone();
        }
        document
    };
    for (document, expected) in [
        (
            http(json!({ "authorizerType": "TOKEN" })),
            "authorizers[0].authorizerType: `TOKEN` authorizers are those of REST",
        ),
        (
            http(json!({ "authorizerPayloadFormatVersion": null, "enableSimpleResponses": null })),
            "is required for a `REQUEST`",
        ),
        (
            http(json!({ "authorizerPayloadFormatVersion": "1.0" })),
            "enableSimpleResponses: only payload format 2.0",
        ),
        (http(json!({ "authorizerResultTtlInSeconds": 3601 })), "3601 is not from 0 to 3600"),
        (http(json!({ "authorizerResultTtlInSeconds": 1, "identitySource": [] })), "nothing says for whom"),
        (http(json!({ "identityValidationExpression": "a" })), "only a `TOKEN` authorizer"),
        (http(json!({ "authorizerUri": null })), "does not say whom to ask"),
        (http(json!({ "authorizerUri": "ftp://x" })), "cannot be asked"),
        (http(json!({ "authorizerUri": "login" })), "cannot be asked"),
        (http(json!({ "authorizerUri": "http://h/{id}" })), "it has a variable, `id`"),
        (http(json!({ "authorizerUri": "arn:aws:lambda:us-east-1:1:function:f" })), "`1` is not an account"),
        (
            http(json!({ "authorizerUri": "http://auth.test/" })),
            "warning: apis[0].authorizers[0].authorizerUri: `http://auth.test/` is not `https`",
        ),
        (
            http(json!({ "jwtConfiguration": { "issuer": "https://i" } })),
            "jwtConfiguration: a function is asked",
        ),
        (http(json!({ "providerARNs": ["arn"] })), "providerARNs: a function is asked"),
        (http(json!({ "authorizerCredentialsArn": "arn" })), "authorizerCredentialsArn: `arn` is not a role"),
        (
            http(json!({ "identitySource": ["$request.path.id"] })),
            "identitySource[0]: `$request.path.id` is not an identity source",
        ),
        (
            http(json!({ "identitySource": ["$request.header.a", "method.request.header.b"] })),
            "identitySource[1]: `method.request.header.b`",
        ),
        (http(json!({ "identitySource": ["$request.header.a b"] })), "is not an identity source"),
        (http(json!({ "identitySource": ["$request.body.x"] })), "is not an identity source"),
        (http(json!({ "identitySource": ["$stageVariables."] })), "is not an identity source"),
        (
            http(json!({ "identitySource": ["$context.routekey"] })),
            "a variable with a similar name exists: `routeKey`",
        ),
        (http(json!({ "identitySource": ["$context.authorizer.principalId"] })), "has no value before"),
        (http(json!({ "identitySource": ["$context.status"] })), "has no value before"),
        (
            rest(json!({ "enableSimpleResponses": true })),
            "enableSimpleResponses: only payload format 2.0 of HTTP",
        ),
        (rest(json!({ "authorizerPayloadFormatVersion": "1.0" })), "REST APIs have one payload format"),
        (rest(json!({ "identitySource": [] })), "answers are remembered for 300 seconds"),
        (token(json!({ "identitySource": [] })), "exactly one header"),
        (token(json!({ "identitySource": ["$request.querystring.t"] })), "exactly one header"),
        (
            token(json!({ "identitySource": ["$request.header.a", "$request.header.b"] })),
            "exactly one header",
        ),
        (token(json!({ "identityValidationExpression": "a)|(b" })), "is no expression that can be used"),
        (token(json!({ "identityValidationExpression": "(?=a)" })), "is no expression that can be used"),
        (
            token(json!({ "identityValidationExpression": "(((a{99}){99}){99}){99}" })),
            "is no expression that can be used",
        ),
        (token(json!({ "identityValidationExpression": "(?x)a # b" })), "is no expression that can be used"),
    ] {
        let problems = problems(&document);
        assert!(problems.contains(expected), "{expected}: {problems}\n{document}");
    }
    for fine in [
        http(json!({})),
        http(json!({ "enableSimpleResponses": false, "authorizerPayloadFormatVersion": "1.0" })),
        http(json!({ "identitySource": [] })),
        http(
            json!({ "identitySource": ["$request.header.A", "$request.querystring.b", "$context.routeKey", "$context.identity.sourceIp", "$stageVariables.color"] }),
        ),
        rest(json!({ "identitySource": [], "authorizerResultTtlInSeconds": 0 })),
        token(json!({ "identityValidationExpression": "Bearer [a-z]+|(?i)basic .*" })),
    ] {
        assert_eq!(problems(&fine), "", "{fine}");
    }
}

#[test]
fn a_route_and_its_authorizer_are_of_one_kind() {
    let mut document = http(json!({}));
    document["apis"][0]["routes"][0]["authorizationType"] = json!("JWT");
    let problems = problems(&document);
    assert!(problems.contains("with this authorizer it is `CUSTOM`"), "{problems}");
}

#[test]
fn a_function_without_an_endpoint_lives_at_aws_and_is_signed_for() {
    let mut document = http(json!({}));
    document["endpoints"] = json!({ "lambda.eu-west-1": "http://eu.test" });
    let (cluster, path) = place(&document, "/x/1");
    assert!(cluster.starts_with("https://lambda.us-east-1.amazonaws.com:443#"), "{cluster}");
    assert_eq!(path, "/2015-03-31/functions/login/invocations");
    document["endpoints"] = json!({ "lambda": "lambda.test" });
    assert!(problems(&document).contains("`lambda.test` of `endpoints` is not a URL"));
}

#[test]
fn a_role_is_assumed_wherever_the_function_lives() {
    let with_role = |role: &str| http(json!({ "authorizerCredentialsArn": role }));
    let (cluster, _) = place(&with_role("arn:aws:iam::123456789012:role/ask"), "/x/1");
    assert!(cluster.starts_with("http://lambda.test:9001#"), "{cluster}");
    assert!(problems(&with_role("arn:aws:iam::*:user/*")).contains("is not a role"));
}

/// Cluster and path of the question.
fn place(document: &serde_json::Value, path: &str) -> (String, String) {
    let callout = World::new(document).question(path, super::TOKEN).1;
    let at = callout.headers.iter().find(|(name, _)| name.as_ref() == b":path").unwrap();
    (callout.cluster, String::from_utf8(at.1.to_vec()).unwrap())
}

#[test]
fn the_function_is_invoked_where_the_document_says() {
    let wrapped =
        format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}:live/invocations");
    for (uri, path) in [
        (FUNCTION, "/2015-03-31/functions/login/invocations"),
        (&wrapped, "/2015-03-31/functions/login/invocations?Qualifier=live"),
    ] {
        let found = place(&http(json!({ "authorizerUri": uri })), "/y");
        assert_eq!(found, ("http://lambda.test:9001".to_owned(), path.to_owned()));
    }
    let found = place(&http(json!({ "authorizerUri": "https://auth.test/a?b=c" })), "/y");
    assert_eq!(found, ("https://auth.test:443".to_owned(), "/a?b=c".to_owned()));
}

#[test]
fn a_stage_variable_may_name_the_function_of_each_stage_that_serves_it() {
    let uri = "arn:aws:lambda:us-east-1:123456789012:function:${stageVariables.login}";
    let mut document = with(
        testing::rest(&["GET /y"], super::backend()),
        base("2.0"),
        json!({
            "authorizerPayloadFormatVersion": null, "enableSimpleResponses": null, "authorizerUri": uri,
        }),
    );
    let api = &mut document["apis"][0];
    api["stages"] = json!([
        { "stageName": "a", "stageVariables": { "login": "one" } },
        { "stageName": "b", "stageVariables": { "login": "two" } },
        { "stageName": "c", "deploymentId": "d" },
    ]);
    api["deployments"] =
        json!([{ "deploymentId": "d", "routes": [], "integrations": [], "authorizers": [] }]);
    for (path, name) in [("/a/y", "one"), ("/b/y", "two")] {
        assert_eq!(place(&document, path).1, format!("/2015-03-31/functions/{name}/invocations"));
    }
    document["apis"][0]["stages"][1]["stageVariables"]["login"] = json!("a/b");
    assert!(problems(&document).contains("`a/b` is not the name of a function"));
    document["apis"][0]["stages"][1]["stageVariables"] = json!({});
    assert!(problems(&document).contains("`` is not the name of a function"));
}
