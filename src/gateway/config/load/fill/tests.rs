use super::super::typed;

/// What the filter says, which has no schema.
fn said(text: &str) -> String {
    typed(text.as_bytes()).expect_err("the document is refused").to_string()
}

#[test]
fn the_filter_says_problems_in_the_same_words() {
    assert_eq!(
        said(r#"{"apis": [{"apiId": "a", "protocolType": "HTTP", "rotues": []}]}"#),
        "error: apis[0].rotues: unknown field `rotues`\n  help: a field with a similar name exists: `routes`"
    );
    assert_eq!(
        said(r#"{"apis": [{"apiId": "a", "protocolType": "http"}]}"#),
        "error: apis[0].protocolType: `http` is not one of `HTTP`, `REST`, `WEBSOCKET`\n  \
         help: a value with a similar name exists: `HTTP`"
    );
    assert_eq!(said(r#"{"apis": [{"apiId": "a"}]}"#), "error: apis[0]: missing field `protocolType`");
    assert_eq!(
        said(
            r#"{"apis": [{"apiId": "a", "protocolType": "HTTP", "stages": [{"stageName": "s", "tracingEnabled": true}]}]}"#
        ),
        "error: apis[0].stages[0].tracingEnabled: `tracingEnabled` is not supported yet"
    );
    assert_eq!(
        said(
            r#"{"apis": [{"apiId": "a", "protocolType": "HTTP", "stages": [{"stageName": "s", "routeSettings": {"GET /x": 3}}]}]}"#
        ),
        r#"error: apis[0].stages[0].routeSettings["GET /x"]: expected an object, found a number"#
    );
}

#[test]
fn what_is_not_supported_is_named_whatever_it_holds() {
    for value in ["true", "1", "-1", "1.5", "\"x\"", "[1]", "{\"a\": [1]}", "[]", "{}"] {
        let stage = format!(r#"{{"stageName": "s\"{{", "tracingEnabled": {value}, "stageVariables": {{}}}}"#);
        let text = format!(
            "{{\n \"apis\": [{{\"apiId\": \"a\", \"protocolType\": \"HTTP\",\n\"stages\": [{stage}]}}]}}"
        );
        assert_eq!(
            said(&text),
            "error: apis[0].stages[0].tracingEnabled: `tracingEnabled` is not supported yet",
            "{value}"
        );
    }
}

#[test]
fn numbers_out_of_range_are_refused_without_a_schema() {
    assert_eq!(said(r#"{"trustedHops": 5000000000}"#), "error: trustedHops: `trustedHops` is out of range");
    assert_eq!(said(r#"{"trustedHops": -1}"#), "error: trustedHops: `trustedHops` is out of range");
    assert_eq!(
        said(r#"{"trustedHops": 1.0}"#),
        "error: trustedHops: expected a whole number, found a number"
    );
    assert_eq!(
        said(r#"{"apis": [{"apiId": "a", "protocolType": 1}]}"#),
        "error: apis[0].protocolType: expected a string, found a number"
    );
}

#[test]
fn a_value_in_the_wrong_place_is_not_repeated() {
    let said = said(r#"{"apiKeys": [{"id": "k", "enabled": "a-secret-in-the-wrong-place"}]}"#);
    assert_eq!(said, "error: apiKeys[0].enabled: expected true or false, found a string");
}

#[test]
fn what_the_tools_of_aws_print_as_null_is_absent() {
    let text = r#"{"apis": [{"apiId": "a", "name": null, "protocolType": "HTTP", "apiKeySelectionExpression": null}]}"#;
    typed(text.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
}
