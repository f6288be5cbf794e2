use super::{load, syntax, typed};
use crate::gateway::config::{Config, ProtocolType};
use crate::gateway::diagnostics::Diagnostics;

fn problems(text: &str) -> Diagnostics {
    load(text.as_bytes()).expect_err("the document is refused")
}

#[test]
fn an_empty_object_has_a_good_form() {
    assert_eq!(load(b"{}"), Ok(Config::default()));
}

#[test]
fn a_document_comes_out_typed() {
    let config =
        load(br#"{"$schema": "x", "apis": [{"apiId": "a", "protocolType": "REST", "createdDate": "2026"}]}"#);
    assert_eq!(config.unwrap().apis[0].protocol_type, ProtocolType::Rest);
}

#[test]
fn a_document_of_everything_is_good() {
    let text = include_bytes!("../../../../tests/golden/config/complete.json");
    let config = load(text).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!((config.apis.len(), config.apis[0].integrations.len(), config.routing_rules.len()), (2, 5, 1));
}

#[test]
fn a_name_that_stands_twice_is_an_error_at_any_depth() {
    let text = r#"{"apis": [{"apiId": "a", "protocolType": "HTTP", "stages": [{"stageName": "s",
        "stageVariables": {"x": "1", "y": "2", "x": "3", "x": "4"},
        "routeSettings": {"GET /x": {}, "GET /x": {"throttlingRateLimit": 1, "throttlingRateLimit": 2}}}]}]}"#;
    let paths: Vec<_> = problems(text).0.into_iter().map(|d| (d.path, d.problem)).collect();
    assert_eq!(
        paths,
        [
            ("apis[0].stages[0].stageVariables.x", "`x` stands twice"),
            (
                r#"apis[0].stages[0].routeSettings["GET /x"].throttlingRateLimit"#,
                "`throttlingRateLimit` stands twice"
            ),
            (r#"apis[0].stages[0].routeSettings["GET /x"]"#, "`GET /x` stands twice"),
        ]
        .map(|(path, problem)| (path.to_owned(), problem.to_owned()))
    );
}

#[test]
fn a_name_stands_twice_however_many_there_are_and_however_it_is_spelt() {
    for (first, second) in [(0, 39), (0, 1), (15, 16), (16, 17), (20, 39)] {
        let names: Vec<_> = (0..40).map(|i| if i == second { first } else { i }).collect();
        // The second time a letter is escaped: it is the same name.
        let spelt = |(i, name): (usize, &usize)| {
            let letter = if i == second { "\\u006e" } else { "n" };
            format!(r#""{letter}{name}": "v""#)
        };
        let variables: Vec<_> = names.iter().enumerate().map(spelt).collect();
        let text = format!(
            r#"{{"apis": [{{"apiId": "a", "protocolType": "HTTP", "stages": [{{"stageName": "s", "stageVariables": {{{}}}}}]}}]}}"#,
            variables.join(",")
        );
        let found: Vec<_> = problems(&text).0.into_iter().map(|problem| problem.problem).collect();
        assert_eq!(found, [format!("`n{first}` stands twice")], "{first} {second}");
    }
}

#[test]
fn what_is_not_json_has_a_line_and_a_column() {
    for (text, expected) in [
        ("", "error: the document is empty\n  help: `sekisho schema --markdown` says what stands in one"),
        (" \n", "error: the document is empty\n  help: `sekisho schema --markdown` says what stands in one"),
        (
            "{\n \"apis\": [,]}",
            "error: line 2, column 11: a JSON value is expected here\n  help: JSON has no comments",
        ),
        (
            "{} {}",
            "error: line 1, column 4: text follows the document\n  help: one file holds one JSON object",
        ),
        ("{\"apis\": []", "error: line 1, column 11: EOF while parsing an object"),
        (
            "{\"apis\": [],}",
            "error: line 1, column 13: a comma stands before the end\n  help: JSON has none there; remove it",
        ),
        (
            "{apis: []}",
            "error: line 1, column 2: a name in double quotes is expected here\n  help: JSON has no comments, and no names without quotes",
        ),
        (
            "\u{feff}{}",
            "error: line 1, column 1: the document begins with a byte order mark\n  help: save the file as UTF-8 without it",
        ),
    ] {
        assert_eq!(problems(text).to_string(), expected, "{text:?}");
    }
    assert!(load(b"{\"region\": \"\xff\"}").is_err(), "not UTF-8");
    assert!(load("[".repeat(100_000).as_bytes()).is_err(), "too deep, and no overflow of the stack");
}

/// Whether a document is good when it is read once. Then `syntax` must have nothing against it: the filter does not ask.
fn is_read_once(text: &[u8]) -> bool {
    let mut diagnostics = Diagnostics::default();
    let is_json = syntax::check(text, &mut diagnostics);
    let is_read = typed(text).is_ok();
    assert!(!is_read || is_json && diagnostics.0.is_empty(), "{}", String::from_utf8_lossy(text));
    is_read
}

#[test]
fn what_is_read_once_needs_no_other_look() {
    let good = |text: &str| assert!(is_read_once(text.as_bytes()), "{text}");
    let bad = |text: &str| assert!(!is_read_once(text.as_bytes()), "{text}");
    let api = |members: &str| format!(r#"{{"apis": [{{"apiId": "a", "protocolType": "HTTP", {members}}}]}}"#);
    good("{} ");
    good(&api(r#""tags": {"a": [1, {"b": 2}], "c": {}}"#));
    good(
        r#"{"credentials": [{"accessKeyId": "a", "secretAccessKeyEnv": "E", "policy": {"a": [{"b": 1, "c": 2}]}}]}"#,
    );
    good(
        r#"{"ipSets": [{"LockToken": {"a": 1}, "IPSet": {"Name": "n", "ARN": "a", "IPAddressVersion": "IPV4", "Addresses": []}}]}"#,
    );
    // Members of a struct, of a map, of what is ignored, of what is kept as it is, and in lists of them.
    bad(r#"{"region": "a", "region": "a"}"#);
    bad(r#"{"region": "a", "r\u0065gion": "a"}"#);
    bad(r#"{"apis": [], "apis": []}"#);
    bad(r#"{"endpoints": {"a": "b", "a": "b"}}"#);
    bad(&api(r#""tags": {}, "tags": {}"#));
    bad(&api(r#""tags": {"a": 1, "a": 1}"#));
    bad(&api(r#""tags": [[{"a": {"b": 1, "b": 1}}]]"#));
    bad(r#"{"credentials": [{"accessKeyId": "a", "secretAccessKeyEnv": "E", "policy": {"a": 1, "a": 1}}]}"#);
    bad(
        r#"{"credentials": [{"accessKeyId": "a", "secretAccessKeyEnv": "E", "policy": [{"a": {"b": 1, "b": 1}}]}]}"#,
    );
    // What a command of AWS's prints around an object, and beside it.
    let set = r#""IPSet": {"Name": "n", "ARN": "a", "IPAddressVersion": "IPV4", "Addresses": []}"#;
    good(&format!(r#"{{"ipSets": [{{{set}}}]}}"#));
    bad(&format!(r#"{{"ipSets": [{{{set}, {set}}}]}}"#));
    bad(&format!(r#"{{"ipSets": [{{"LockToken": "", {set}, "LockToken": ""}}]}}"#));
    bad(&format!(r#"{{"ipSets": [{{"LockToken": {{"a": 1, "a": 1}}, {set}}}]}}"#));
    // What is no JSON, also where nothing of it is kept.
    for text in ["", " ", "{} {}", "\u{feff}{}", "{\"apis\": [],}"] {
        bad(text);
    }
    for ignored in ["01", "\"\\q\"", "\"\\ud800\"", "\"\n\"", "[1,]", "nul", "1e999"] {
        bad(&api(&format!(r#""tags": {ignored}"#)));
        bad(&format!(
            r#"{{"apis": [], "credentials": [{{"accessKeyId": "a", "secretAccessKeyEnv": "E", "policy": {ignored}}}]}}"#
        ));
    }
    assert!(!is_read_once(
        b"{\"apis\": [{\"apiId\": \"a\", \"protocolType\": \"HTTP\", \"tags\": \"\xff\"}]}"
    ));
    let deep = |depth| api(&format!(r#""tags": {}{}"#, "[".repeat(depth), "]".repeat(depth)));
    good(&deep(100));
    bad(&deep(200));
}

#[test]
fn what_is_read_once_is_good_however_a_document_is_broken() {
    let text = include_bytes!("../../../../tests/golden/config/complete.json");
    assert!(is_read_once(text));
    let mut good = 0;
    for at in (0..text.len()).step_by(5) {
        let without = [&text[..at], &text[at + 1..]].concat();
        let doubled = [&text[..at], &text[at.saturating_sub(40)..]].concat();
        good += [without, doubled].iter().filter(|text| is_read_once(text)).count();
    }
    // Blanks, and letters of texts: some are good still.
    assert!(good > 100, "{good}");
}

#[cfg(feature = "schema")]
mod with_schema {
    use super::{load, problems};
    use std::fmt::Write;
    use std::time::Instant;

    #[test]
    fn every_problem_is_reported_at_once_in_the_documents_order() {
        let text = r#"{"apis": [{"apiId": "a", "protocolType": "HTTPS", "routes": [{"target": 3}],
            "stages": [{"stageName": "s", "variables": {}, "clientCertificateId": "x"}]}], "regoin": "x"}"#;
        let problems: Vec<_> =
            problems(text).0.into_iter().map(|d| format!("{}: {}", d.path, d.problem)).collect();
        assert_eq!(
            problems,
            [
                "apis[0].protocolType: `protocolType` is `HTTPS`, not one of `HTTP`, `REST`, `WEBSOCKET`",
                "apis[0].routes[0]: missing field `routeKey`",
                "apis[0].routes[0].target: expected a string, found 3",
                "apis[0].stages[0].variables: unknown field `variables`",
                "apis[0].stages[0].clientCertificateId: `clientCertificateId` is not supported yet",
                "regoin: unknown field `regoin`",
            ]
        );
    }

    #[test]
    fn a_key_that_lacks_its_quotes_is_not_told() {
        let text = r#"{"apis": [], "apiKeys": [{"id": "k", "name": "k", "value": 12345678901234567890}]}"#;
        let problem = problems(text).0.into_iter().next().unwrap();
        assert_eq!(problem.problem, "expected a string, found a number");
        assert_eq!(problem.help.unwrap(), "write it in quotes");
    }

    #[test]
    fn names_of_digits_and_slashes_keep_their_paths() {
        let text = r#"{"apis": [{"apiId": "a", "protocolType": "HTTP", "integrations": [{"integrationId": "i",
            "integrationType": "MOCK", "responseParameters": {"200": {"": 1, "a/b~c": 2}}}]}]}"#;
        let paths: Vec<_> = problems(text).0.into_iter().map(|d| d.path).collect();
        let at = r#"apis[0].integrations[0].responseParameters["200"]"#;
        assert_eq!(paths, [format!(r#"{at}[""]"#), format!(r#"{at}["a/b~c"]"#)]);
    }

    #[test]
    fn bounds_give_both_numbers() {
        let text = r#"{"apis": [{"apiId": "", "protocolType": "HTTP", "name": "x", "corsConfiguration": {"maxAge": 90000},
            "stages": [{"stageName": "s", "stageVariables": {"my-var": "a b"}, "canarySettings": {"percentTraffic": -1}}]}],
            "trustedHops": 5000000000}"#;
        let problems: Vec<_> = problems(text).0.into_iter().map(|d| d.problem).collect();
        assert_eq!(
            problems,
            [
                "`apiId` is empty",
                "`maxAge` is 90000, more than 86400",
                "`my-var` may hold letters, digits and `-._~:/?#&=,` only",
                "the name may hold letters, digits and `_` only",
                "`percentTraffic` is -1, less than 0",
                "`trustedHops` is 5000000000, more than 4294967295",
            ]
        );
    }

    /// A document of `count` routes with an integration and settings for each.
    fn large(count: usize) -> String {
        let mut text = String::from(r#"{"apis": [{"apiId": "a", "protocolType": "HTTP", "routes": ["#);
        for i in 0..count {
            let comma = if i == 0 { "" } else { "," };
            write!(text, r#"{comma}{{"routeKey": "GET /r{i}/{{id}}", "target": "integrations/i{i}", "authorizationType": "NONE", "apiKeyRequired": true}}"#).unwrap();
        }
        text.push_str(r#"], "integrations": ["#);
        for i in 0..count {
            let comma = if i == 0 { "" } else { "," };
            write!(text, r#"{comma}{{"integrationId": "i{i}", "integrationType": "HTTP_PROXY", "integrationUri": "http://h{i}.internal:8080/{{id}}", "timeoutInMillis": 20000, "requestParameters": {{"append:header.x": "y"}}}}"#).unwrap();
        }
        text.push_str(r#"], "stages": [{"stageName": "$default", "routeSettings": {"#);
        for i in 0..count {
            let comma = if i == 0 { "" } else { "," };
            write!(
                text,
                r#"{comma}"GET /r{i}/{{id}}": {{"throttlingRateLimit": 10, "throttlingBurstLimit": 5}}"#
            )
            .unwrap();
        }
        text.push_str("}}]}]}");
        text
    }

    #[test]
    fn a_document_loads_in_a_time_that_grows_with_its_length() {
        let loading = |count: usize| {
            let text = large(count);
            let start = Instant::now();
            let config = load(text.as_bytes()).unwrap();
            let good = start.elapsed();
            assert_eq!(config.apis[0].routes.len(), count);

            let bad = text.replace(r#""apiKeyRequired": true"#, r#""apiKeyRequired": 1"#);
            let start = Instant::now();
            assert_eq!(problems(&bad).0.len(), count);
            [good, start.elapsed()]
        };
        // Ten times the routes take ten times as long, or a hundred times if each looks at all others. Both are measured on the
        // same machine, which may be busy in one of them: one good try of several is enough.
        let grows_as_it_should = || {
            let (few, many) = (loading(1_000), loading(10_000));
            println!("good, bad: 1,000 routes in {few:?}, 10,000 in {many:?}");
            few.iter().zip(many).all(|(few, many)| many < *few * 30)
        };
        assert!((0..5).any(|_| grows_as_it_should()));
    }
}
