//! Where the name of a stage stands, and what the author of an app does about it, as on AWS.

use crate::functions::STAGE;
use crate::gateway::{App, Kind, Pair, Request, World};
use serde_json::json;

/// HTTP APIs tell paths with their stage in front, in both formats, and REST APIs without. mangum takes the name away if it is
/// told it as `api_gateway_base_path`; lambda_http puts it in front of paths that have none, unless
/// `AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH` is set.
#[tokio::test(flavor = "multi_thread")]
async fn stages_stand_where_aws_puts_them() {
    let Some(world) = World::start("stages_stand_where_aws_puts_them").await else { return };
    let mut ran = 0;
    for pair in Pair::ALL {
        let request = Request::get("/pets/a%20b");
        let response = world.send_to(&pair.api_id(), &format!("/{STAGE}{}", request.path), &request).await;
        assert_eq!(response.status, 200, "{pair:?}: {}", response.text());
        let told: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
        let raw = match pair.kind {
            Kind::V2 => "/dev/pets/a b",
            Kind::V1 => "/dev/pets/a%20b",
            Kind::Rest => "/pets/a%20b",
        };
        let seen = match (pair.app, pair.kind) {
            (App::Mangum, _) => "/pets/a b",
            (App::LambdaHttp, Kind::V2 | Kind::V1) => "/dev/pets/a%20b",
            (App::LambdaHttp, Kind::Rest) => "/pets/a%20b",
        };
        assert_eq!((&told["rawPath"], &told["path"]), (&json!(raw), &json!(seen)), "{pair:?}");
        assert_eq!(told["stage"], STAGE, "{pair:?}");
        let id = if pair.kind == Kind::Rest { "a%20b" } else { "a b" };
        assert_eq!(told["pathParameters"], json!({ "id": [id] }), "{pair:?}");
        let function = told["stageVariables"]["function"][0].as_str().unwrap();
        assert!(function.ends_with("-told"), "{pair:?}: {function}");
        // Its own routes are found below the stage.
        let request = Request::get("/status/404");
        let response = world.send_to(&pair.api_id(), &format!("/{STAGE}{}", request.path), &request).await;
        assert_eq!((response.status, response.text().as_str()), (404, "status 404"), "{pair:?}");
        ran += 2;
    }
    world.end().await;
    println!("{ran} requests");
    assert_eq!(ran, 12);
}
