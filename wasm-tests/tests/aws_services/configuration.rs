//! AppConfig's `GetConfiguration`, which moto does not have: a backend stands in for the service, and botocore judges what it is
//! asked.

use crate::aws::{Aws, bytes_of};
use crate::wire::assert_same;
use crate::world::{Asks, World, route};
use sekisho_cases::Answer;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_is_asked_for_as_botocore_does() {
    let Some(aws) = Aws::shared() else { return };
    let parameters = json!({
        "Application": "shop-${stageVariables.color}", "Environment": "$request.path.environment",
        "Configuration": "$request.querystring.name", "ClientId": "$request.header.x-client",
        "ClientConfigurationVersion": "$request.querystring.version",
    });
    let routes = [route("GET /flags/{environment}", "AppConfig-GetConfiguration", parameters)];
    let world = World::recorded(aws, &routes).await;
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut ran = 0;
    for (line, version, environment, name) in [
        ("GET /flags/prod?name=flags", None, "prod", "flags"),
        (
            "GET /flags/a%20b%26c?name=x%2F..%2Fy%3Fz&version=7%26client_id=other",
            Some("7&client_id=other"),
            "a b&c",
            "x/../y?z",
        ),
        ("GET /flags/%C3%A9?name=%F0%9F%A6%80%23+1", None, "é", "\u{1f980}# 1"),
    ] {
        world.backend.forget();
        world.backend.answers(Answer {
            status: 200,
            headers: vec![
                header("configuration-version", "8"),
                header("content-type", "application/json"),
                header("x-own", "no"),
            ],
            body: r#"{"dark":true}"#.to_owned(),
        });
        let answer = world.ask(line, Asks { headers: &[("x-client", "me & you")], ..Asks::default() }).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"dark":true}"#), "{line}");
        assert_eq!(answer.header("configuration-version").as_deref(), Some("8"));
        assert_eq!(answer.header("x-own"), None);
        let mut with = json!({
            "Application": "shop-blue", "Environment": environment, "Configuration": name, "ClientId": "me & you",
        });
        if let Some(version) = version {
            with["ClientConfigurationVersion"] = json!(version);
        }
        let wire = world.aws.wire("appconfig", "get_configuration", &with);
        assert!(bytes_of(&wire["body"]).is_empty());
        assert_same(line, &world.backend.only(), &wire);
        ran += 1;
    }
    println!("{ran} questions were asked of a stand-in, because moto has no GetConfiguration");
    assert_eq!(ran, 3);
    world.gateway.assert_no_panic().await;
}
