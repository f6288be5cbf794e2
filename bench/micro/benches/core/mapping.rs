//! Requests that a document changes: without mapping, with parameter mapping, and the templates of a MOCK integration.

use super::requests;
use criterion::Criterion;
use sekisho_micro::core::{Core, serialized};
use sekisho_micro::documents::routes;
use sekisho_micro::kinds::request;
use serde_json::{Value, json};

pub(crate) fn writing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mapping");
    let (http, rest) = (request("/r7/42?expand=lines"), request("/prod/r7/42?expand=lines"));
    let parameters = json!({
        "append:header.x-request": "$context.requestId",
        "overwrite:header.x-id": "$request.path.id",
        "overwrite:header.x-origin": "from ${request.header.origin}",
        "append:querystring.stage": "$context.stage",
        "remove:header.sec-fetch-site": "",
    });
    let mock = json!({
        "integrationId": "up", "integrationType": "MOCK",
        "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
        "integrationResponses": [{ "statusCode": 200, "responseTemplates": { "application/json":
            "{\"id\":\"$input.params('id')\",\"expand\":\"$input.params('expand')\",\"stage\":\"$context.stage\",\
             \"method\":\"$context.httpMethod\",\"resource\":\"$context.resourcePath\"}" } }],
    });
    let kinds = [
        ("none", routes("HTTP", 10), &http),
        ("five parameters", changed(routes("HTTP", 10), "requestParameters", parameters), &http),
        ("none of a REST API", routes("REST", 10), &rest),
        ("templates of a MOCK", mocked(mock), &rest),
    ];
    for (name, document, pairs) in kinds {
        let mut core = Core::new(&document);
        let heads = [serialized(pairs)];
        group.bench_function(name, |bencher| requests(bencher, &mut core, &heads, 200));
    }
}

fn changed(mut document: Value, member: &str, value: Value) -> Value {
    document["apis"][0]["integrations"][0][member] = value;
    document
}

fn mocked(integration: Value) -> Value {
    let mut document = routes("REST", 10);
    document["apis"][0]["integrations"][0] = integration;
    document
}
