use crate::gateway::testing::{http, problems, proxy, rest, set, spoiled};
use serde_json::{Value, json};

/// HTTP API `shop`, REST API `pets`, a domain of each, and a routing rule.
fn good() -> Value {
    let mut document = http(&["GET /x"], proxy("http://shop.test", json!({})));
    let mut pets = rest(&["GET /x"], proxy("http://pets.test", json!({})));
    pets["apis"][0]["apiId"] = json!("pets");
    document["apis"].as_array_mut().unwrap().push(pets["apis"][0].take());
    document["certificates"] = json!({ "arn:c": { "certificateFile": "c.pem", "privateKeyFile": "k.pem" } });
    document["domainNames"] = json!([
        { "domainName": "shop.example.com", "domainNameConfigurations": [{ "certificateArn": "arn:c" }] },
        { "domainName": "pets.example.com", "routingMode": "ROUTING_RULE_THEN_API_MAPPING" },
    ]);
    document["apiMappings"] = json!([
        { "domainName": "shop.example.com", "apiId": "shop", "stage": "$default" },
        { "domainName": "pets.example.com", "apiId": "pets", "stage": "prod", "apiMappingKey": "v1" },
    ]);
    document["routingRules"] = json!([{
        "domainName": "pets.example.com", "priority": 5,
        "conditions": [{ "matchHeaders": { "anyOf": [{ "header": "x-v", "valueGlob": "2*" }] }, "matchBasePaths": { "anyOf": ["v2"] } }],
        "actions": [{ "invokeApi": { "apiId": "pets", "stage": "prod" } }],
    }]);
    document
}

fn of(pointer: &str, value: Value) -> String {
    spoiled(good(), set(pointer, value))
}

fn more(list: &'static str, item: Value) -> String {
    spoiled(good(), |document| document[list].as_array_mut().unwrap().push(item))
}

#[test]
fn names_are_names_of_hosts() {
    let long = format!("{}.test", "a".repeat(64));
    let longest = "abcdefg.".repeat(32);
    for name in [
        "",
        ".",
        "*",
        "*.",
        "a b",
        "a_b.test",
        "-a.test",
        "a-.test",
        "a..test",
        ".a.test",
        "*a.test",
        "a.*.test",
        "*.*.test",
        "192.0.2.1",
        "[::1]",
        "a.test:443",
        "http://a.test",
        "caf\u{e9}.test",
        long.as_str(),
        longest.as_str(),
        "a.test..",
    ] {
        let found = of("/domainNames/0/domainName", json!(name));
        let expected = format!(
            "error: domainNames[0].domainName: `{name}` is not the name of a domain\n  help: as `api.example.com`, or `*.example.com` for every name with one label more"
        );
        assert!(found.starts_with(&expected), "{name}: {found}");
    }
    for name in ["A.Test", "a.test.", "*.test", "localhost", "xn--caf-dma.test", "1.test", "*.1-a.test"] {
        let found = of("/domainNames/0/domainName", json!(name));
        assert!(!found.contains("is not the name of a domain"), "{name}: {found}");
    }
}

#[test]
fn a_name_stands_once_however_it_is_written() {
    assert_eq!(
        more("domainNames", json!({ "domainName": "Shop.Example.COM." })).lines().next(),
        Some("error: domainNames[2].domainName: the domain `Shop.Example.COM.` exists twice")
    );
}

#[test]
fn certificates_have_one_place() {
    const PROBLEM: &str = "error: certificates[\"arn:c\"]: the certificate has not one place\n  help: `certificateFile` and `privateKeyFile`, or `sdsSecret` alone";
    for wrong in [
        json!({}),
        json!({ "certificateFile": "c.pem" }),
        json!({ "privateKeyFile": "k.pem" }),
        json!({ "certificateFile": "c.pem", "privateKeyFile": "" }),
        json!({ "sdsSecret": "" }),
        json!({ "certificateFile": "c.pem", "sdsSecret": "s" }),
        json!({ "certificateFile": "c.pem", "privateKeyFile": "k.pem", "sdsSecret": "s" }),
    ] {
        assert_eq!(of("/certificates/arn:c", wrong.clone()), PROBLEM, "{wrong}");
    }
    assert_eq!(of("/certificates/arn:c", json!({ "sdsSecret": "s" })), "");
    assert_eq!(
        of("/domainNames/0/domainNameConfigurations/0/certificateArn", json!("arn:d")),
        "error: domainNames[0].domainNameConfigurations[0].certificateArn: no certificate is named `arn:d`\n  help: a certificate with a similar name exists: `arn:c`"
    );
}

#[test]
fn mutual_tls_wants_a_truststore_and_a_certificate() {
    let at = "/domainNames/0/mutualTlsAuthentication";
    const AT: &str = "error: domainNames[0].mutualTlsAuthentication";
    let warning = "warning: apis[0]: without a certificate, the API can be called under other hosts\n  help: add `\"disableExecuteApiEndpoint\": true`: its custom domain wants certificates";
    assert_eq!(of(at, json!({ "truststoreUri": "file:ca.pem" })), warning);
    assert_eq!(
        of(at, json!({ "truststoreUri": "s3://bucket/ca.pem" })),
        format!(
            "{AT}.truststoreUri: `s3://bucket/ca.pem` is not `file:` and a path\n  help: copy the object to where Envoy can read it, and write `file:` and its path\n{warning}"
        )
    );
    for uri in ["ca.pem", "file:", "FILE:ca.pem", "https://ca.test/ca.pem"] {
        let found = of(at, json!({ "truststoreUri": uri }));
        let expected = format!(
            "{AT}.truststoreUri: `{uri}` is not `file:` and a path\n  help: write `file:` and the path of a PEM file with the authorities that certify clients\n"
        );
        assert!(found.starts_with(&expected), "{found}");
    }
    assert_eq!(
        of("/domainNames/1/mutualTlsAuthentication", json!({ "truststoreUri": "file:ca.pem" }))
            .lines()
            .next(),
        Some(
            "error: domainNames[1].mutualTlsAuthentication: the domain has no certificate of its own, so nobody can prove himself to it"
        )
    );
}

#[test]
fn what_leads_nowhere_is_told() {
    const NO_WAY: &str = "warning: domainNames[0]: nothing leads from the domain to an API, so it refuses every request\n  help: add it to `apiMappings`";
    assert_eq!(
        of("/apiMappings/0/domainName", json!("pets.example.com")).lines().last(),
        Some("  help: give the HTTP APIs a domain of their own")
    );
    assert_eq!(
        spoiled(good(), |document| {
            document["apiMappings"].as_array_mut().unwrap().remove(0);
        }),
        NO_WAY
    );
    let only_rules = of("/domainNames/0/routingMode", json!("ROUTING_RULE_ONLY"));
    assert_eq!(
        only_rules,
        format!(
            "warning: domainNames[0].routingMode: with `ROUTING_RULE_ONLY` nobody asks the API mappings of the domain\n  help: `ROUTING_RULE_THEN_API_MAPPING` asks both\n{NO_WAY}"
        )
    );
    for mode in [json!("API_MAPPING_ONLY"), json!(null)] {
        assert_eq!(
            of("/domainNames/1/routingMode", mode),
            "warning: domainNames[1].routingMode: with `API_MAPPING_ONLY` nobody asks the routing rules of the domain\n  help: `ROUTING_RULE_THEN_API_MAPPING` asks both"
        );
    }
    assert_eq!(
        spoiled(good(), |document| {
            document["apis"][0]["disableExecuteApiEndpoint"] = json!(true);
            document["apiMappings"][0]["apiId"] = json!("pets");
            document["apiMappings"][0]["stage"] = json!("prod");
        }),
        "warning: apis[0].disableExecuteApiEndpoint: nobody can call the API: no custom domain leads to it\n  help: add it to `apiMappings`"
    );
}

#[test]
fn mappings_name_what_exists() {
    assert_eq!(
        of("/apiMappings/0/domainName", json!("shop.example.con")).lines().take(2).collect::<Vec<_>>(),
        [
            "error: apiMappings[0].domainName: no custom domain is named `shop.example.con`",
            "  help: a domain with a similar name exists: `shop.example.com`"
        ]
    );
    assert_eq!(
        of("/apiMappings/1/apiId", json!("pet")),
        "error: apiMappings[1].apiId: no API is named `pet`\n  help: an API with a similar name exists: `pets`"
    );
    assert_eq!(
        of("/apiMappings/1/stage", json!("prob")),
        "error: apiMappings[1].stage: no stage of `pets` is named `prob`\n  help: a stage with a similar name exists: `prod`"
    );
    assert_eq!(of("/apiMappings/0/domainName", json!("SHOP.example.com.")), "");
}

#[test]
fn keys_are_as_aws_takes_them_and_stand_once() {
    let key = |key: &str| {
        of("/apiMappings/1/apiMappingKey", json!(key)).replacen(
            "error: apiMappings[1].apiMappingKey: ",
            "",
            1,
        )
    };
    for wrong in ["a b", "a%2f", "a?b", "caf\u{e9}", "a\\b", "a{b}", "a,b", &"a".repeat(301)] {
        assert_eq!(key(wrong), format!("`{wrong}` is not 1 to 300 letters, digits and `$-_.+!*'()/`"));
    }
    for wrong in ["/", "/a", "a//b"] {
        assert_eq!(key(wrong), "API mapping key should not start with a '/' or have consecutive '/'s.");
    }
    assert_eq!(key("a/"), "API mapping key should not end with a '/'.");
    for wrong in [".", "..", "a/../b", "a/."] {
        assert_eq!(
            key(wrong),
            format!("`{wrong}` can never fit: a path with a segment `.` or `..` is refused")
        );
    }
    assert_eq!(
        key("(none)"),
        "`(none)` is how AWS prints that there is no key\n  help: leave `apiMappingKey` out"
    );
    for good in ["a", "A/b.c/$-_.+!*'()", "...", &"a".repeat(300)] {
        assert_eq!(key(good), "", "{good}");
    }
    assert_eq!(
        more(
            "apiMappings",
            json!({ "domainName": "pets.example.com", "apiId": "pets", "stage": "prod", "apiMappingKey": "v1" })
        ),
        "error: apiMappings[2].apiMappingKey: the domain has another mapping with the key `v1`"
    );
    assert_eq!(
        more(
            "apiMappings",
            json!({ "domainName": "shop.example.com", "apiId": "shop", "stage": "$default", "apiMappingKey": "" })
        ),
        "error: apiMappings[2].apiMappingKey: the domain has another mapping without a key"
    );
}

#[test]
fn rules_have_one_priority_and_one_action() {
    let rule = |pointer: &str, value: Value| {
        of(&format!("/routingRules/0/{pointer}"), value).replacen("error: routingRules[0].", "", 1)
    };
    assert_eq!(rule("priority", json!(0)), "priority: 0 is not from 1 to 1000000");
    assert_eq!(rule("priority", json!(1_000_001)), "priority: 1000001 is not from 1 to 1000000");
    assert_eq!(
        rule("domainName", json!("x.test")).lines().next(),
        Some("domainName: no custom domain is named `x.test`")
    );
    for (actions, count) in [
        (json!([]), 0),
        (json!([good()["routingRules"][0]["actions"][0], good()["routingRules"][0]["actions"][0]]), 2),
    ] {
        assert_eq!(
            rule("actions", actions),
            format!(
                "actions: a routing rule has one action, and this one has {count}\n  help: `[{{\"invokeApi\": {{\"apiId\": \"…\", \"stage\": \"…\"}}}}]`"
            )
        );
    }
    assert_eq!(
        rule("actions/0/invokeApi", json!({ "apiId": "shop", "stage": "$default" })),
        "actions[0].invokeApi: `shop` is no REST API, and routing rules lead to those alone\n  help: an API mapping leads to an HTTP API"
    );
    assert_eq!(
        rule("actions/0/invokeApi/stage", json!("test")),
        "actions[0].invokeApi.stage: no stage of `pets` is named `test`"
    );
    assert_eq!(
        spoiled(good(), |document| {
            let again = document["routingRules"][0].clone();
            document["routingRules"].as_array_mut().unwrap().push(again);
        }),
        "error: routingRules[1].priority: another rule of the domain has the priority 5"
    );
    assert_eq!(
        more(
            "apiMappings",
            json!({ "domainName": "pets.example.com", "apiId": "shop", "stage": "$default" })
        ),
        "error: domainNames[1]: the domain maps REST and HTTP APIs, so it can have no routing rules\n  help: give the HTTP APIs a domain of their own"
    );
}

#[test]
fn conditions_are_as_aws_takes_them() {
    let conditions = |value: Value| {
        of("/routingRules/0/conditions", value).replacen("error: routingRules[0].conditions", "", 1)
    };
    let header = |name: &str, glob: &str| {
        conditions(json!([{ "matchHeaders": { "anyOf": [{ "header": name, "valueGlob": glob }] } }]))
            .replacen("[0].matchHeaders.anyOf[0].", "", 1)
    };
    assert_eq!(conditions(json!([])), "");
    assert_eq!(
        conditions(json!([{}])),
        "[0]: the condition says nothing\n  help: remove it: a rule without conditions always fits"
    );
    let one = json!({ "matchHeaders": { "anyOf": [{ "header": "a", "valueGlob": "b" }] } });
    assert_eq!(conditions(json!([one, one])), "");
    assert_eq!(
        conditions(json!([one, one, one])),
        "[2].matchHeaders.anyOf: a rule has at most two conditions about headers"
    );
    let path = json!({ "matchBasePaths": { "anyOf": ["a"] } });
    assert_eq!(
        conditions(json!([path, path])),
        "[1].matchBasePaths.anyOf: a rule has at most one condition about the path"
    );
    assert_eq!(
        conditions(json!([{ "matchBasePaths": { "anyOf": ["a", "b"] } }])),
        "[0].matchBasePaths.anyOf: AWS takes one element, and these are 2\n  help: write a rule for each of several"
    );
    assert_eq!(
        conditions(json!([{ "matchHeaders": { "anyOf": [] } }])),
        "[0].matchHeaders.anyOf: AWS takes one element, and these are 0\n  help: write a rule for each of several"
    );
    for wrong in ["", &"a".repeat(129)] {
        assert_eq!(
            conditions(json!([{ "matchBasePaths": { "anyOf": [wrong] } }])),
            format!(
                "[0].matchBasePaths.anyOf[0]: `{wrong}` is not 1 to 128 letters, digits and `$-_.+!*'()/`"
            )
        );
    }
    for name in [
        "Authorization",
        "x-amz-date",
        "X-Amzn-Trace-Id",
        "x-apigw-api-id",
        "x-restAPI",
        "Via",
        "apigw-x",
        "X-Forwarded-For",
    ] {
        assert_eq!(
            header(name, "a"),
            format!("header: the header `{name}` is reserved: a routing rule may not read it")
        );
    }
    for name in ["a*", &"a".repeat(41)] {
        assert_eq!(header(name, "a"), "header: a header's name is at most 40 characters, without `*`");
    }
    for name in ["", ":path", "a b", "a:b"] {
        assert_eq!(header(name, "a"), format!("header: `{name}` is not the name of a header"));
    }
    for glob in ["", "a*b", "**a", "a**", "***", "a b", "a,b", "\r\n", &"a".repeat(129)] {
        let found = header("a", glob);
        assert!(
            found
                .starts_with(&format!("valueGlob: `{glob}` is not a value that headers are compared with\n")),
            "{found}"
        );
    }
    assert_eq!(
        header("a", &format!("*{}*", "a".repeat(41))),
        "valueGlob: between two `*` stand at most 40 characters"
    );
    for glob in [
        "*",
        "a",
        "*a",
        "a*",
        "*a*",
        "**",
        "?.^_`|~!#$%&'+-",
        &"a".repeat(128),
        &format!("*{}*", "a".repeat(40)),
    ] {
        let found = header("X-Version", glob);
        assert_eq!(found, "", "{glob}");
    }
    assert_eq!(header("Host", "*8443"), "");
    assert!(problems(&good()).is_empty());
}
