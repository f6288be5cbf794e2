//! Bodies that are sent compressed.

use super::world;
use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};
use serde_json::{Value, json};
use wasm_tests::{Backend, Gateway, Options, raw};

const ATTACK: &[u8] = b"q=union select";
const HEADER: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

fn gzip(text: &[u8]) -> Vec<u8> {
    [HEADER, &compress_to_vec(text, 6), &[0; 8]].concat()
}

/// Harmless where it is inflated, and an attack where it is read as sent.
fn polyglot() -> Vec<u8> {
    const EXTRA: u8 = 4;
    let text = [b"&", ATTACK, b"&z="].concat();
    let mut body = HEADER.to_vec();
    body[3] = EXTRA;
    body.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
    [&body[..], &text, &compress_to_vec(b"q=1", 6), &[0; 8]].concat()
}

/// What comes of a body: the rule that blocks it, else the status; and whether the backend got it as it was sent.
async fn send(gateway: &Gateway, backend: &Backend, headers: &str, body: &[u8]) -> (String, bool) {
    backend.forget();
    let head = format!(
        "POST /prod/x HTTP/1.1\r\nhost: h.test\r\n{headers}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let response = raw::send(gateway.address(), &[head.as_bytes(), body].concat()).await.unwrap();
    let got = backend.seen().iter().any(|recorded| recorded.seen.body == body);
    assert_eq!(got, !backend.seen().is_empty(), "{headers}: the backend got something else");
    let status = || match response.status {
        415 => format!("415 {}", response.text()),
        status => status.to_string(),
    };
    (response.header("x-rule").unwrap_or_else(status), got)
}

fn document(setting: &Value) -> Value {
    let mut document = world::document();
    if !setting.is_null() {
        document["wafSettings"] = json!({ "compressedBodies": setting });
    }
    document
}

const REFUSED: &str = r#"415 {"message":"Unsupported Media Type"}"#;

/// Without a setting rules see what bodies mean.
#[tokio::test(flavor = "multi_thread")]
async fn compressed_bodies_are_looked_into() {
    let backend = Backend::start().await;
    let gateway = Gateway::start(&document(&Value::Null), &backend, Options::default()).await;
    let bomb = gzip(&vec![b'a'; 50_000_000]);
    let late = gzip(&[&vec![b'a'; 20_000][..], ATTACK].concat());
    let blocks = [HEADER, &[0, 0, 0, 255, 255].repeat(4_000), &gzip(ATTACK)[10..]].concat();
    let (good, attack, zlib) = (gzip(b"q=1"), gzip(ATTACK), compress_to_vec_zlib(ATTACK, 6));
    let rows: Vec<(&str, &str, Vec<u8>, &str)> = vec![
        ("harmless", "content-encoding: gzip", good.clone(), "200"),
        ("an attack", "content-encoding: gzip", attack.clone(), "body"),
        ("in large letters", "Content-Encoding: GZIP", attack.clone(), "body"),
        ("by its old name", "content-encoding: x-gzip", attack.clone(), "body"),
        ("`_` for `-`", "content_encoding: gzip", attack.clone(), "body"),
        ("beside `identity`", "content-encoding: identity, gzip", attack.clone(), "body"),
        ("deflate", "content-encoding: deflate", zlib.clone(), "body"),
        ("deflate without its frame", "content-encoding: deflate", compress_to_vec(ATTACK, 6), REFUSED),
        ("in the second member", "content-encoding: gzip", [&good[..], &attack].concat(), REFUSED),
        (
            "with members of nothing behind",
            "content-encoding: gzip",
            [&attack[..], &gzip(b""), &gzip(b"")].concat(),
            "body",
        ),
        // Who does not inflate reads what stands in the header.
        ("beside what it means", "content-encoding: gzip", polyglot(), "body"),
        ("twice", "content-encoding: gzip, gzip", gzip(&attack), REFUSED),
        ("twice, told once", "content-encoding: gzip", gzip(&attack), "200"),
        ("two headers", "content-encoding: gzip\r\ncontent-encoding: gzip", gzip(&attack), REFUSED),
        ("two spellings", "content-encoding: gzip\r\ncontent_encoding: gzip", gzip(&attack), REFUSED),
        ("brotli", "content-encoding: br", b"\x0b\x06\x80q=union select\x03".to_vec(), REFUSED),
        ("zstd", "content-encoding: zstd", b"\x28\xb5\x2f\xfd".to_vec(), REFUSED),
        ("a coding that nobody knows", "content-encoding: none", ATTACK.to_vec(), REFUSED),
        ("plain, told as gzip", "content-encoding: gzip", ATTACK.to_vec(), REFUSED),
        ("plain, told as `identity`", "content-encoding: identity", ATTACK.to_vec(), "body"),
        ("gzip, told as deflate", "content-encoding: deflate", attack.clone(), REFUSED),
        ("truncated", "content-encoding: gzip", attack[..attack.len() - 3].to_vec(), REFUSED),
        ("garbage behind", "content-encoding: gzip", [&good[..], ATTACK].concat(), REFUSED),
        ("a bomb", "content-encoding: gzip", bomb, "200"),
        ("behind what is inspected", "content-encoding: gzip", late, "200"),
        ("blocks of nothing", "content-encoding: gzip", blocks, REFUSED),
        // Nothing tells that it is compressed: so it is on AWS.
        ("told by nobody", "x-a: 1", attack.clone(), "200"),
    ];
    for (name, headers, body, expected) in &rows {
        let (told, got) = send(&gateway, &backend, headers, body).await;
        assert_eq!((told.as_str(), got), (*expected, *expected == "200"), "{name}");
    }
    assert_eq!(rows.len(), 27);
    chunked(&gateway, &attack).await;
    gateway.assert_no_panic().await;
}

/// In chunks of a byte, and with trailers.
async fn chunked(gateway: &Gateway, body: &[u8]) {
    let mut request = b"POST /prod/x HTTP/1.1\r\nhost: h.test\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for byte in body {
        request.extend([b"1\r\n", &[*byte][..], b"\r\n"].concat());
    }
    request.extend(b"0\r\nx-end: 1\r\n\r\n");
    let response = raw::send(gateway.address(), &request).await.unwrap();
    assert_eq!(response.header("x-rule").as_deref(), Some("body"));
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_bodies_are_refused_or_inspected_as_sent_where_the_document_says_so() {
    let backend = Backend::start().await;
    for (setting, compressed, plain) in [("REFUSE", REFUSED, "200"), ("INSPECT_AS_SENT", "200", "200")] {
        let gateway = Gateway::start(&document(&setting.into()), &backend, Options::default()).await;
        let told = send(&gateway, &backend, "content-encoding: gzip", &gzip(ATTACK)).await;
        assert_eq!(told, (compressed.to_owned(), compressed == "200"), "{setting}");
        assert_eq!(
            send(&gateway, &backend, "content-encoding: identity", b"q=1").await.0,
            plain,
            "{setting}"
        );
        assert_eq!(
            send(&gateway, &backend, "content-encoding: identity", ATTACK).await.0,
            "body",
            "{setting}"
        );
        gateway.assert_no_panic().await;
    }
}

/// What no rule looks at is nobody's business.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_no_rule_waits_for_passes_however_it_is_compressed() {
    let backend = Backend::start().await;
    let mut document = document(&"REFUSE".into());
    let rules = document["webAcls"][0]["Rules"].as_array_mut().unwrap();
    rules.retain(|rule| !matches!(rule["Name"].as_str(), Some("json" | "body")));
    let gateway = Gateway::start(&document, &backend, Options::default()).await;
    let told = send(&gateway, &backend, "content-encoding: br", b"\x0b\x06\x80q=union select\x03").await;
    assert_eq!(told, ("200".to_owned(), true));
}
