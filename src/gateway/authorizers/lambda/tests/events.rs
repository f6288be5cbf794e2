use super::{TOKEN, World, http, rest};
use serde_json::json;

const HEADERS: &[(&str, &str)] = &[
    ("x-token", "t"),
    ("x-multi", "a"),
    ("x-multi", "b, c"),
    ("cookie", "c1=v1; c2=v2"),
    ("user-agent", "curl/8"),
    ("x-forwarded-for", "192.0.2.1"),
    ("x-forwarded-proto", "https"),
    ("content-length", "0"),
    ("connection", "keep-alive"),
    ("x-envoy-internal", "true"),
    ("x-amzn-trace-id", "Root=1-5"),
    ("x-amzn-requestid", "b0a1b2c3-0000-4000-8000-000000000000"),
];

#[test]
fn format_2_0_is_aws_s() {
    let event = World::new(&http(json!({}))).event("/x/a%20b%26c?a=1&b=x+y&a=%26&&c", HEADERS);
    assert_eq!(
        event,
        json!({
            "version": "2.0", "type": "REQUEST",
            "routeArn": "arn:aws:execute-api:us-east-1:123456789012:shop/$default/GET/x/a b&c",
            "identitySource": ["t"],
            "routeKey": "GET /x/{id}", "rawPath": "/x/a b&c", "rawQueryString": "a=1&b=x+y&a=%26&&c",
            "cookies": ["c1=v1", "c2=v2"],
            "headers": {
                "content-length": "0", "host": "shop.test", "user-agent": "curl/8", "x-amzn-requestid": "b0a1b2c3-0000-4000-8000-000000000000",
                "x-amzn-trace-id": "Root=1-5", "x-forwarded-for": "192.0.2.1", "x-forwarded-port": "443",
                "x-forwarded-proto": "https", "x-multi": "a,b, c", "x-token": "t",
            },
            "queryStringParameters": { "a": "1,&", "b": "x y", "c": "" },
            "requestContext": {
                "accountId": "123456789012", "apiId": "shop", "domainName": "shop.test", "domainPrefix": "shop",
                "http": { "method": "GET", "path": "/x/a b&c", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "curl/8" },
                "requestId": "AQEBAQEBAQEBAQE=", "routeKey": "GET /x/{id}", "stage": "$default",
                "time": "14/Nov/2023:22:13:20 +0000", "timeEpoch": 1_700_000_000_000_u64,
            },
            "pathParameters": { "id": "a b&c" },
            "stageVariables": { "color": "blue" },
        })
    );
}

#[test]
fn format_2_0_leaves_out_what_is_empty() {
    let mut document = http(json!({ "identitySource": [] }));
    document["apis"][0]["stages"] = json!([{ "stageName": "prod" }]);
    let event = World::new(&document).event("/prod/y", &[]);
    for name in ["cookies", "queryStringParameters", "pathParameters", "stageVariables"] {
        assert_eq!(event.get(name), None, "{name}");
    }
    assert_eq!(event["identitySource"], json!(null));
    assert_eq!(event["rawPath"], json!("/prod/y"));
    assert_eq!(event["requestContext"]["http"]["path"], json!("/prod/y"));
    assert_eq!(
        (&event["rawQueryString"], &event["requestContext"]["http"]["userAgent"]),
        (&json!(""), &json!(""))
    );
}

#[test]
fn format_1_0_is_aws_s() {
    let sources = json!(["$request.header.x-token", "$request.header.X-Multi"]);
    let document = http(json!({
        "authorizerPayloadFormatVersion": "1.0", "enableSimpleResponses": null, "identitySource": sources,
    }));
    let event = World::new(&document).event("/x/a%20b?a=1&a=%26", HEADERS);
    assert_eq!(
        event,
        json!({
            "version": "1.0", "type": "REQUEST",
            "methodArn": "arn:aws:execute-api:us-east-1:123456789012:shop/$default/GET/x/a b",
            "identitySource": "t,a,b, c", "authorizationToken": "t,a,b, c",
            "resource": "/x/{id}", "path": "/x/a%20b", "httpMethod": "GET",
            "headers": {
                "Content-Length": "0", "Cookie": "c1=v1; c2=v2", "Host": "shop.test", "User-Agent": "curl/8",
                "X-Amzn-Requestid": "b0a1b2c3-0000-4000-8000-000000000000", "X-Amzn-Trace-Id": "Root=1-5",
                "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Port": "443", "X-Forwarded-Proto": "https",
                "X-Multi": "a,b, c", "X-Token": "t",
            },
            "queryStringParameters": { "a": "1,&" },
            "pathParameters": { "id": "a b" }, "stageVariables": { "color": "blue" },
            "requestContext": {
                "accountId": "123456789012", "apiId": "shop", "domainName": "shop.test", "domainPrefix": "shop",
                "extendedRequestId": "AQEBAQEBAQEBAQE=", "httpMethod": "GET",
                "identity": {
                    "accessKey": null, "accountId": null, "caller": null, "cognitoAmr": null,
                    "cognitoAuthenticationProvider": null, "cognitoAuthenticationType": null, "cognitoIdentityId": null, "cognitoIdentityPoolId": null,
                    "principalOrgId": null, "sourceIp": "192.0.2.1", "user": null, "userAgent": "curl/8", "userArn": null,
                },
                "path": "/x/a b", "protocol": "HTTP/1.1", "requestId": "AQEBAQEBAQEBAQE=",
                "requestTime": "14/Nov/2023:22:13:20 +0000", "requestTimeEpoch": 1_700_000_000_000_u64,
                "resourceId": "GET /x/{id}", "resourcePath": "/x/{id}", "stage": "$default",
            },
        })
    );
}

#[test]
fn a_rest_request_is_told_as_aws_does() {
    let document = rest(json!({ "identitySource": ["$request.header.x-Token"] }));
    let event = World::new(&document).event("/prod//x/a%20b?a=1&a=%26;b", HEADERS);
    assert_eq!(
        event,
        json!({
            "type": "REQUEST",
            "methodArn": "arn:aws:execute-api:us-east-1:123456789012:shop/prod/GET/x/a b",
            "resource": "/x/{id}", "path": "/x/a%20b", "httpMethod": "GET",
            "headers": {
                "Cookie": "c1=v1; c2=v2", "Host": "shop.test", "User-Agent": "curl/8",
                "X-Amzn-Requestid": "b0a1b2c3-0000-4000-8000-000000000000", "X-Amzn-Trace-Id": "Root=1-5",
                "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Port": "443", "X-Forwarded-Proto": "https",
                "X-Multi": "b, c", "x-Token": "t",
            },
            "multiValueHeaders": {
                "Cookie": ["c1=v1; c2=v2"], "Host": ["shop.test"], "User-Agent": ["curl/8"],
                "X-Amzn-Requestid": ["b0a1b2c3-0000-4000-8000-000000000000"], "X-Amzn-Trace-Id": ["Root=1-5"],
                "X-Forwarded-For": ["192.0.2.1"], "X-Forwarded-Port": ["443"], "X-Forwarded-Proto": ["https"],
                "X-Multi": ["a", "b, c"], "x-Token": ["t"],
            },
            "queryStringParameters": { "a": "&", "b": "" },
            "multiValueQueryStringParameters": { "a": ["1", "&"], "b": [""] },
            "pathParameters": { "id": "a%20b" }, "stageVariables": { "color": "blue" },
            "requestContext": {
                "accountId": "123456789012", "apiId": "shop", "deploymentId": null, "domainName": "shop.test",
                "domainPrefix": "shop", "extendedRequestId": "AQEBAQEBAQEBAQE=", "httpMethod": "GET",
                "identity": {
                    "accessKey": null, "accountId": null, "caller": null, "cognitoAuthenticationProvider": null,
                    "cognitoAuthenticationType": null, "cognitoIdentityId": null, "cognitoIdentityPoolId": null,
                    "principalOrgId": null, "sourceIp": "192.0.2.1", "user": null, "userAgent": "curl/8", "userArn": null,
                },
                "path": "/prod//x/a%20b", "protocol": "HTTP/1.1", "requestId": "b0a1b2c3-0000-4000-8000-000000000000",
                "requestTime": "14/Nov/2023:22:13:20 +0000", "requestTimeEpoch": 1_700_000_000_000_u64,
                "resourceId": null, "resourcePath": "/x/{id}", "stage": "prod",
            },
        })
    );
}

#[test]
fn an_authorizer_sees_empty_maps_and_a_token_alone() {
    let mut document = rest(json!({}));
    document["apis"][0]["stages"] = json!([{ "stageName": "prod" }]);
    let event = World::new(&document).event("/prod/y", TOKEN);
    for name in
        ["queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables"]
    {
        assert_eq!(event[name], json!({}), "{name}");
    }
    let event = World::new(&rest(json!({ "authorizerType": "TOKEN" }))).event("/prod/y", TOKEN);
    assert_eq!(
        event,
        json!({
            "type": "TOKEN", "authorizationToken": "t",
            "methodArn": "arn:aws:execute-api:us-east-1:123456789012:shop/prod/GET/y",
        })
    );
}

#[test]
fn what_a_client_sends_stays_inside_its_string() {
    let nasty = "\"},\"isAuthorized\":true,\"x\":{\"";
    let headers =
        [("x-token", nasty), ("x-a", "\\"), ("x-b", "\u{1}\t"), ("x-c", "é"), ("user-agent", "\"\\")];
    let path = "/x/%22%5B%7D%2C%22type%22?%22%7D=%22%0a%00";
    for document in [http(json!({})), rest(json!({})), rest(json!({ "authorizerType": "TOKEN" }))] {
        let is_rest = document["apis"][0]["protocolType"] == "REST";
        let path = if is_rest { format!("/prod{path}") } else { path.to_owned() };
        let world = World::new(&document);
        let token = nasty.replace(',', ";");
        let mut headers = headers;
        if document["apis"][0]["authorizers"][0]["authorizerType"] == "TOKEN" {
            headers[0].1 = &token;
        }
        let event = world.event(&path, &headers);
        assert!(event.get("isAuthorized").is_none() && event["type"] != "x", "{event}");
        if is_rest && event["type"] == "TOKEN" {
            assert_eq!(event["authorizationToken"], json!(token));
            continue;
        }
        let name = |lower: &str, title: &str| if is_rest { title.to_owned() } else { lower.to_owned() };
        assert_eq!(event["headers"][name("x-token", "X-Token")], json!(nasty));
        assert_eq!(event["headers"][name("x-a", "X-A")], json!("\\"));
        assert_eq!(event["headers"][name("x-b", "X-B")], json!("\u{1}\t"));
        assert_eq!(event["queryStringParameters"]["\"}"], json!("\"\n\u{0}"));
    }
}

#[test]
fn bytes_that_are_no_text_become_the_replacement_character() {
    use crate::gateway::Exchange;
    use crate::gateway::flow::Flow;
    use crate::gateway::head::Head;
    use std::rc::Rc;
    let head = |token: &[u8]| {
        let pairs: [(&[u8], &[u8]); 5] = [
            (b":method", b"GET"),
            (b":path", b"/y"),
            (b":authority", b"shop.test"),
            (b"x-token", token),
            (b"x-raw", b"a\xffb"),
        ];
        Head::from_pairs(&pairs, true)
    };
    let world = World::new(&http(json!({})));
    let send = |token: &[u8]| {
        Exchange::new(Rc::clone(&world.gateway)).on_request_headers(Ok(head(token)), &world.env())
    };
    let Flow::Call(callout) = send(b"t") else { panic!("nobody is asked") };
    let event: serde_json::Value = serde_json::from_slice(&callout.body).unwrap();
    assert_eq!(event["headers"]["x-raw"], json!("a\u{fffd}b"));
    assert!(matches!(send(b"t\xff"), Flow::Answer(answer) if answer.status == 401));
}

#[test]
fn the_invocation_is_lambda_s() {
    let callout = World::new(&http(json!({}))).question("/y", TOKEN).1;
    let header = |name: &str| {
        let found = callout.headers.iter().find(|(known, _)| known.as_ref() == name.as_bytes());
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
    };
    assert_eq!(callout.cluster, "http://lambda.test:9001");
    assert_eq!(header(":method"), "POST");
    assert_eq!(header(":authority"), "lambda.test:9001");
    assert_eq!(header(":path"), "/2015-03-31/functions/login/invocations");
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("x-amz-invocation-type"), "RequestResponse");
    assert!(header("x-amzn-trace-id").starts_with("Root=1-"));
    assert_eq!(callout.timeout_millis, 10_000);
}
