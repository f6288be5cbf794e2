//! Who may not connect is answered before any 101, and the backend sees nothing.

use super::ends::{Server, counted, document, gateway, receive, refused, rest, try_connect};
use futures_util::SinkExt;
use sekisho_cases::tokens::{jwk, token};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use wasm_tests::{DEADLINE, Options};

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_a_key_or_time_there_is_no_connection() {
    let server = Server::start().await;
    let login = |id: &str, source: &str| {
        json!({ "authorizerId": id, "authorizerType": "JWT", "identitySource": [source],
            "jwtConfiguration": { "issuer": "https://idp.test", "audience": ["shop"], "jwks": { "keys": [jwk()] } } })
    };
    let route = |key: &str, authorizer: &str| json!({ "routeKey": key, "target": "integrations/chat", "authorizationType": "JWT", "authorizerId": authorizer });
    let mut document = document(&json!({
        "authorizers": [login("header", "$request.header.Authorization"), login("query", "$request.querystring.access_token")],
        "routes": [
            route("GET /by-header", "header"),
            route("GET /by-query", "query"),
            { "routeKey": "GET /by-key", "target": "integrations/chat", "apiKeyRequired": true },
            { "routeKey": "GET /slow", "target": "integrations/chat" },
        ],
        "stages": [{ "stageName": "$default", "routeSettings": { "GET /slow": { "throttlingRateLimit": 0.001, "throttlingBurstLimit": 1 } } }],
        "corsConfiguration": { "allowOrigins": ["https://shop.example"] },
    }));
    document["apiKeys"] = json!([{ "id": "k", "value": "a-key-of-twenty-characters", "enabled": true }]);
    document["usagePlans"] = json!([{ "id": "p", "apiStages": [{ "apiId": "chat", "stage": "$default" }] }]);
    document["usagePlanKeys"] = json!([{ "usagePlanId": "p", "keyId": "k", "keyType": "API_KEY" }]);
    let gateway = gateway(&server, &document, Options::default()).await;
    let origin = ("origin", "https://shop.example");
    let body = |body: &Option<Vec<u8>>| String::from_utf8(body.clone().unwrap()).unwrap();
    for (path, status, said) in [
        ("/by-header", 401, r#"{"message":"Unauthorized"}"#),
        ("/by-query?access_token=none", 401, r#"{"message":"Unauthorized"}"#),
        ("/by-key", 403, r#"{"message":"Forbidden"}"#),
        ("/nowhere", 404, r#"{"message":"Not Found"}"#),
    ] {
        let answer = refused(&gateway, path, &[origin]).await;
        assert_eq!((answer.status().as_u16(), body(answer.body()).as_str()), (status, said), "{path}");
        assert_eq!(answer.headers()["access-control-allow-origin"], "https://shop.example", "{path}");
    }
    assert!(server.told().heads.is_empty());
    let token = token(
        &json!({ "kid": "k1" }),
        &json!({ "iss": "https://idp.test", "aud": "shop", "exp": 4_102_444_800_u64 }),
    );
    let bearer = format!("Bearer {token}");
    let mut open = Vec::new();
    for (path, headers) in [
        ("/by-header".to_owned(), vec![("authorization", bearer.as_str())]),
        (format!("/by-query?access_token={token}"), vec![]),
        ("/by-key".to_owned(), vec![("x-api-key", "a-key-of-twenty-characters")]),
        ("/slow".to_owned(), vec![]),
    ] {
        let (mut client, _) = try_connect(&gateway, &path, &headers).await.unwrap();
        client.send(Message::text("let in")).await.unwrap();
        assert_eq!(receive(&mut client).await, Message::text("let in"));
        open.push(client);
    }
    let answer = refused(&gateway, "/slow", &[origin]).await;
    assert_eq!(
        (answer.status().as_u16(), body(answer.body()).as_str()),
        (429, r#"{"message":"Too Many Requests"}"#)
    );
    assert_eq!(server.told().heads.len(), 4);
    counted(&gateway, "connect_count", 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_protocol_passes_and_what_follows_is_no_request() {
    let server = Server::start().await;
    let gateway = gateway(&server, &document(&json!({})), Options::default()).await;
    let next = "GET /smuggled HTTP/1.1\r\nhost: chat.example\r\n\r\n";
    for upgrade in ["foo", "TLS/1.0", "websocket, foo", "websocket\r\nupgrade: foo", "websocketx"] {
        let head = format!(
            "GET /echo HTTP/1.1\r\nhost: chat.example\r\nconnection: upgrade\r\nupgrade: {upgrade}\r\n\r\n{next}"
        );
        let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with(b"HTTP/1.1 403 "), "{upgrade}: {}", answer.escape_ascii());
        assert_eq!(answer.windows(9).filter(|nine| *nine == b"HTTP/1.1 ").count(), 1, "{upgrade}");
    }
    assert!(server.told().heads.is_empty());
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_to_what_is_no_backend_is_answered_at_once() {
    let server = Server::start().await;
    let document =
        document(&json!({ "integrations": [{ "integrationId": "chat", "integrationType": "HTTP_PROXY",
        "integrationMethod": "ANY", "integrationUri": "http://dead.test" }] }));
    let gateway = gateway(&server, &document, Options::default()).await;
    let answer = refused(&gateway, "/x", &[]).await;
    assert_eq!(answer.status().as_u16(), 503);
    assert_eq!(answer.body().as_deref(), Some(br#"{"message":"Service Unavailable"}"#.as_slice()));
}

/// One frame of HTTP/2.
fn http2_frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_2_no_websocket_is_offered_and_who_asks_for_one_is_refused() {
    const SETTINGS: u8 = 4;
    const RESET: u8 = 3;
    const ENABLE_CONNECT: [u8; 2] = [0, 8];
    let server = Server::start().await;
    let gateway = gateway(&server, &document(&json!({})), Options::default()).await;
    let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
    let head = [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "http"),
        (":authority", "chat.example"),
        (":path", "/echo"),
        ("sec-websocket-version", "13"),
    ];
    let literal = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let head: Vec<_> =
        head.iter().flat_map(|(name, value)| [vec![0], literal(name), literal(value)].concat()).collect();
    let sent = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        http2_frame(SETTINGS, 0, 0, &[]),
        http2_frame(1, 4, 1, &head),
    ];
    stream.write_all(&sent.concat()).await.unwrap();
    let (mut settings, mut reset) = (None, None);
    while reset.is_none() {
        let mut start = [0; 9];
        tokio::time::timeout(DEADLINE, stream.read_exact(&mut start)).await.unwrap().unwrap();
        let length = u32::from_be_bytes([0, start[0], start[1], start[2]]) as usize;
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await.unwrap();
        assert_ne!(start[3], 1, "no answer: {}", payload.escape_ascii());
        match start[3] {
            SETTINGS if start[4] == 0 => settings = Some(payload),
            RESET => reset = Some(payload),
            _ => {}
        }
    }
    let offered =
        settings.unwrap().chunks(6).any(|setting| setting.starts_with(&ENABLE_CONNECT) && setting[5] != 0);
    assert!(!offered);
    assert!(server.told().heads.is_empty());
    gateway.assert_no_panic().await;
}
