//! Objects are put, got, listed and deleted, whatever their bytes and whatever their keys.

use crate::aws::{Aws, bytes, bytes_of};
use crate::world::{Asks, Route, World, element, route};
use serde_json::{Value, json};

/// What a client asks for, and the key that it means. On an HTTP API a path ends at an encoded `?` too, as AWS's does: a key
/// with one comes in the query string.
const KEYS: [(&str, &str); 12] = [
    ("/files/plain.txt", "plain.txt"),
    ("/files/deep/er/and/er.txt", "deep/er/and/er.txt"),
    ("/files/a%20b", "a b"),
    ("/files/a+b", "a+b"),
    ("/files/50%25", "50%"),
    ("/files/part%23two", "part#two"),
    ("/files/%C3%A9/%F0%9F%A6%80", "é/\u{1f980}"),
    ("/files/a%26b=c;d,e", "a&b=c;d,e"),
    ("/files/it's(1)!*~@:$", "it's(1)!*~@:$"),
    ("/named?key=what%3Fversions%26x=%231", "what?versions&x=#1"),
    ("/named?key=one+two%2Bthree%2520", "one two+three%20"),
    ("/named?key=%2F%2Fslashes//at/both//", "//slashes//at/both//"),
];

/// Routes that put, get and delete by a key from somewhere.
fn by_key(path: &str, key: &str) -> [Route; 3] {
    [
        route(
            &format!("PUT {path}"),
            "S3-PutObject",
            json!({
                "Bucket": "files", "Key": key, "Body": "$request.body", "ContentType": "$request.header.content-type",
                "CacheControl": "max-age=60", "IfNoneMatch": "$request.header.x-new",
            }),
        ),
        route(
            &format!("GET {path}"),
            "S3-GetObject",
            json!({
                "Bucket": "files", "Key": key, "Range": "$request.header.range",
                "IfNoneMatch": "$request.header.if-none-match",
            }),
        ),
        route(&format!("DELETE {path}"), "S3-DeleteObject", json!({ "Bucket": "files", "Key": key })),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_of_any_bytes_under_any_key() {
    let Some(aws) = Aws::shared() else { return };
    aws.call("s3", "create_bucket", json!({ "Bucket": "files" }));
    let mut routes = vec![
        route(
            "GET /files",
            "S3-ListObjects",
            json!({
                "Bucket": "files", "Prefix": "$request.querystring.prefix", "Delimiter": "$request.querystring.delimiter",
                "MaxKeys": "$request.querystring.max",
            }),
        ),
        route("GET /missing", "S3-GetObject", json!({ "Bucket": "missing", "Key": "k" })),
    ];
    routes.extend(by_key("/files/{key+}", "$request.path.key"));
    routes.extend(by_key("/named", "$request.querystring.key"));
    let world = World::emulated(aws, &routes).await;
    let all: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    let headers: &[(&str, &str)] = &[("content-type", "image/png")];
    for (target, key) in KEYS {
        let line = |method: &str| format!("{method} {target}");
        let answer = world.ask(&line("PUT"), Asks { headers, body: &all }).await;
        assert_eq!(answer.status, 200, "{key}: {}", answer.text());
        let found = world.aws.call("s3", "get_object", json!({ "Bucket": "files", "Key": key }));
        assert!(bytes_of(&found["Body"]) == all, "{key}: other bytes");
        assert_eq!(
            (&found["ContentType"], &found["CacheControl"]),
            (&json!("image/png"), &json!("max-age=60"))
        );

        let answer = world.ask(&line("GET"), Asks::default()).await;
        assert!((answer.status, &answer.body) == (200, &all), "{key}: {}", answer.status);
        assert_eq!(answer.header("content-type").as_deref(), Some("image/png"), "{key}");
        assert_eq!(answer.header("cache-control").as_deref(), Some("max-age=60"), "{key}");
        assert_eq!(answer.header("etag").map(Value::from).as_ref(), Some(&found["ETag"]), "{key}");
    }
    let listed = world.aws.call("s3", "list_objects_v2", json!({ "Bucket": "files" }));
    assert_eq!(listed["KeyCount"], KEYS.len(), "{listed}");

    let etag =
        world.aws.call("s3", "head_object", json!({ "Bucket": "files", "Key": "plain.txt" }))["ETag"].clone();
    let known = Asks { headers: &[("if-none-match", etag.as_str().unwrap())], ..Asks::default() };
    let answer = world.ask("GET /files/plain.txt", known).await;
    assert_eq!((answer.status, answer.body.len()), (304, 0), "{}", answer.text());
    let range = Asks { headers: &[("range", "bytes=1-3")], ..Asks::default() };
    let answer = world.ask("GET /files/plain.txt", range).await;
    assert_eq!((answer.status, answer.body.as_slice()), (206, &[1, 2, 3][..]));
    assert_eq!(answer.header("content-range").as_deref(), Some("bytes 1-3/70000"));

    let answer = world.ask("GET /files?prefix=deep/&max=1", Asks::default()).await;
    assert_eq!((answer.status, element(&answer.text(), "Key").as_str()), (200, "deep/er/and/er.txt"));
    let answer = world.ask("GET /files?delimiter=/&prefix=%C3%A9/", Asks::default()).await;
    assert_eq!(element(&answer.text(), "KeyCount"), "1", "{}", answer.text());

    for (target, key) in KEYS {
        let answer = world.ask(&format!("DELETE {target}"), Asks::default()).await;
        assert_eq!((answer.status, answer.text().as_str()), (204, ""), "{key}");
    }
    let listed = world.aws.call("s3", "list_objects_v2", json!({ "Bucket": "files" }));
    assert_eq!(listed["KeyCount"], 0, "{listed}");
    for (line, code) in [("GET /files/plain.txt", "NoSuchKey"), ("GET /missing", "NoSuchBucket")] {
        let answer = world.ask(line, Asks::default()).await;
        assert_eq!((answer.status, element(&answer.text(), "Code").as_str()), (404, code), "{line}");
    }
    world.gateway.assert_no_panic().await;
}

/// A key is a client's, the bucket is not: nothing in a key leads out of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_does_not_leave_its_bucket() {
    let Some(aws) = Aws::shared() else { return };
    for bucket in ["shop", "other"] {
        aws.call("s3", "create_bucket", json!({ "Bucket": bucket }));
        aws.call(
            "s3",
            "put_object",
            json!({ "Bucket": bucket, "Key": "k", "Body": bytes(bucket.as_bytes()) }),
        );
    }
    let key = |source: &str| json!({ "Bucket": "shop", "Key": source });
    let routes = [
        route("GET /query", "S3-GetObject", key("$request.querystring.key")),
        route("DELETE /query", "S3-DeleteObject", key("$request.querystring.key")),
        route("PUT /query", "S3-PutObject", key("$request.querystring.key")),
        route("GET /user", "S3-GetObject", key("users/${request.querystring.key}")),
        route("GET /bucket", "S3-GetObject", json!({ "Bucket": "$request.querystring.bucket", "Key": "k" })),
    ];
    let world = World::emulated(aws, &routes).await;
    let asks = [
        "key=../other/k",
        "key=..%2Fother%2Fk",
        "key=a/../../other/k",
        "key=./k",
        "key=a/./k",
        "key=..",
        "key=.",
        "key=",
        "nothing=1",
    ];
    for ask in asks {
        for line in ["GET /query", "DELETE /query", "PUT /query"] {
            let answer = world.ask(&format!("{line}?{ask}"), Asks::default()).await;
            assert_eq!(answer.status, 400, "{line}?{ask}: {}", answer.text());
        }
    }
    for ask in ["key=../k", "key=../../other/k"] {
        assert_eq!(world.ask(&format!("GET /user?{ask}"), Asks::default()).await.status, 400, "{ask}");
    }
    for ask in ["other%2Fk%3F", "..", "a..b", "other/k?x=", "%0d%0a", "Other", ""] {
        let answer = world.ask(&format!("GET /bucket?bucket={ask}"), Asks::default()).await;
        assert_eq!(answer.status, 400, "{ask}: {}", answer.text());
    }
    // Signs that end a path or a query elsewhere are part of the key here.
    for ask in [
        "key=k%3Facl",
        "key=k?acl",
        "key=k%23",
        "key=%2Fk",
        "key=k%26versionId%3Dx",
        "key=%0d%0ax",
        "key=k%00",
    ] {
        let answer = world.ask(&format!("GET /query?{ask}"), Asks::default()).await;
        assert!(matches!(answer.status, 400 | 404), "{ask}: {} {}", answer.status, answer.text());
    }
    for bucket in ["shop", "other"] {
        let found = world.aws.call("s3", "get_object", json!({ "Bucket": bucket, "Key": "k" }));
        assert_eq!(bytes_of(&found["Body"]), bucket.as_bytes());
        let listed = world.aws.call("s3", "list_objects_v2", json!({ "Bucket": bucket }));
        assert_eq!(listed["KeyCount"], 1, "{listed}");
    }
    world.gateway.assert_no_panic().await;
}
