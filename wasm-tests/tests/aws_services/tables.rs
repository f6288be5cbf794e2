//! Items are put, got, updated, deleted, queried and scanned, and boto3 sees the same table.

use crate::aws::Aws;
use crate::world::{Asks, World, route};
use serde_json::{Value, json};

fn pets(aws: &Aws) {
    let attribute = |name, kind| json!({ "AttributeName": name, "AttributeType": kind });
    let key = |name, kind| json!({ "AttributeName": name, "KeyType": kind });
    let with = json!({
        "TableName": "pets", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [attribute("keeper", "S"), attribute("id", "N")],
        "KeySchema": [key("keeper", "HASH"), key("id", "RANGE")],
    });
    aws.call("dynamodb", "create_table", with);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_written_and_read() {
    let Some(aws) = Aws::shared() else { return };
    pets(aws);
    const KEY: &str = r#"{"keeper":{"S":"${request.path.keeper}"},"id":{"N":"${request.path.id}"}}"#;
    let item = r#"{"keeper":{"S":"${request.path.keeper}"},"id":{"N":"${request.path.id}"},"name":{"S":"${request.body.name}"},"tags":${request.body.tags}}"#;
    let owned = r#"{":o":{"S":"${request.path.keeper}"}}"#;
    let (one, all) = ("/pets/{keeper}/{id}", "/pets/{keeper}");
    let routes = [
        route(
            &format!("PUT {one}"),
            "DynamoDB-PutItem",
            json!({
                "TableName": "pets", "Item": item, "ConditionExpression": "attribute_not_exists(id)",
            }),
        ),
        route(
            &format!("GET {one}"),
            "DynamoDB-GetItem",
            json!({
                "TableName": "pets", "Key": KEY, "ConsistentRead": "true", "ProjectionExpression": "$request.querystring.fields",
            }),
        ),
        route(
            &format!("PATCH {one}"),
            "DynamoDB-UpdateItem",
            json!({
                "TableName": "pets", "Key": KEY, "UpdateExpression": "SET #n = :n", "ExpressionAttributeNames": r##"{"#n":"name"}"##,
                "ExpressionAttributeValues": r#"{":n":{"S":"${request.body.name}"}}"#, "ReturnValues": "UPDATED_NEW",
            }),
        ),
        route(
            &format!("DELETE {one}"),
            "DynamoDB-DeleteItem",
            json!({
                "TableName": "pets", "Key": KEY, "ReturnValues": "ALL_OLD",
            }),
        ),
        route(
            &format!("GET {all}"),
            "DynamoDB-Query",
            json!({
                "TableName": "pets", "KeyConditionExpression": "#o = :o", "ExpressionAttributeNames": r##"{"#o":"keeper"}"##,
                "ExpressionAttributeValues": owned, "Limit": "$request.querystring.limit", "ScanIndexForward": "false",
            }),
        ),
        route(
            "GET /pets",
            "DynamoDB-Scan",
            json!({
                "TableName": "pets", "Select": "COUNT", "Limit": "$request.querystring.limit",
            }),
        ),
        route("GET /missing", "DynamoDB-Scan", json!({ "TableName": "missing" })),
    ];
    let world = World::emulated(aws, &routes).await;
    let ask = async |line: &str, body: &Value| {
        let body = body.to_string();
        let answer = world.ask(line, Asks { body: body.as_bytes(), ..Asks::default() }).await;
        let said: Value =
            serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{line}: {}", answer.text()));
        (answer.status, said)
    };
    let stored = |id: &str| {
        let key = json!({ "keeper": { "S": "ann" }, "id": { "N": id } });
        world.aws.call("dynamodb", "get_item", json!({ "TableName": "pets", "Key": key }))["Item"].clone()
    };
    const NAME: &str = "\"},\"admin\":{\"BOOL\":true},\"x\":{\"S\":\"é\u{1f980}\\";
    let tags = json!({ "L": [{ "S": "old" }, { "N": "7" }] });
    for id in ["1", "2", "3"] {
        let (status, said) =
            ask(&format!("PUT /pets/ann/{id}"), &json!({ "name": NAME, "tags": tags })).await;
        assert_eq!((status, said), (200, json!({})), "{id}");
    }
    let item = json!({ "keeper": { "S": "ann" }, "id": { "N": "1" }, "name": { "S": NAME }, "tags": tags });
    assert_eq!(stored("1"), item, "what a client writes is a text, and no attribute");
    let (status, said) = ask("PUT /pets/ann/1", &json!({ "name": "other", "tags": tags })).await;
    assert_eq!(status, 400);
    assert!(said["__type"].as_str().unwrap().ends_with("ConditionalCheckFailedException"), "{said}");

    assert_eq!(ask("GET /pets/ann/1", &json!({})).await, (200, json!({ "Item": item })));
    let part = json!({ "Item": { "id": { "N": "1" }, "keeper": { "S": "ann" } } });
    assert_eq!(ask("GET /pets/ann/1?fields=id,keeper", &json!({})).await, (200, part));
    assert_eq!(ask("GET /pets/ann/9", &json!({})).await, (200, json!({})));

    let (status, said) = ask("PATCH /pets/ann/1", &json!({ "name": "Rex" })).await;
    assert_eq!((status, &said["Attributes"]), (200, &json!({ "name": { "S": "Rex" } })), "{said}");
    assert_eq!(stored("1")["name"]["S"], "Rex");

    let (status, said) = ask("GET /pets/ann?limit=2", &json!({})).await;
    let ids: Vec<_> = said["Items"].as_array().unwrap().iter().map(|item| &item["id"]["N"]).collect();
    assert_eq!((status, json!(ids)), (200, json!(["3", "2"])), "{said}");
    let (_, said) = ask("GET /pets/bob", &json!({})).await;
    assert_eq!(said["Count"], 0);
    let (_, said) = ask("GET /pets", &json!({})).await;
    assert_eq!(said["Count"], 3);

    let (status, said) = ask("DELETE /pets/ann/1", &json!({})).await;
    assert_eq!((status, &said["Attributes"]["name"]["S"]), (200, &json!("Rex")), "{said}");
    assert_eq!(stored("1"), Value::Null);

    let (status, said) = ask("GET /missing", &json!({})).await;
    assert_eq!(status, 400);
    assert!(said["__type"].as_str().unwrap().ends_with("ResourceNotFoundException"), "{said}");
    // What should be a number, and what should be a list, is not what a client likes.
    for (line, body) in [
        ("GET /pets?limit=1,\"x\":1", json!({})),
        ("PUT /pets/ann/7", json!({ "name": "n", "tags": "{},\"a\":1" })),
    ] {
        let (status, said) = ask(line, &body).await;
        assert_eq!(status, 400, "{line}: {said}");
    }
    assert_eq!(stored("7"), Value::Null);
    world.gateway.assert_no_panic().await;
}
