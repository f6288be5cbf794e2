//! A service that is gone, slow, busy or talks nonsense: what clients get, what the backend sees, and what is counted. More
//! answers that are none are in `tests/cases/fleet-quota.yaml`.

use crate::documents::{document, grpc, options, request, says};
use sekisho_cases::Answer;
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::task::JoinSet;
use wasm_tests::{Backend, Gateway, Protocol, eventually, raw};

const UNKNOWN: (u16, &str) = (500, r#"{"message":"Internal server error"}"#);

async fn send(gateway: &Gateway) -> (u16, String) {
    let response = raw::send(gateway.address(), request("k1").as_bytes()).await.unwrap();
    (response.status, response.text())
}

/// Waits until this is what the workers have told: asked, unanswered, and allowed all the same.
async fn counted(gateway: &Gateway, expected: [u64; 3]) {
    eventually(&format!("the workers tell {expected:?}"), async || {
        let mut told = [0; 3];
        for (told, name) in told.iter_mut().zip(["asked", "unanswered", "allowed_unanswered"]) {
            *told = gateway.admin_stat(&format!("wasmcustom.sekisho_fleet_quota_{name}_total")).await;
        }
        (told == expected).then_some(())
    })
    .await;
}

/// What becomes of one request where `denied`, and where not.
async fn judged(members: Value, service: SocketAddr) {
    for mode in ["deny", "allow"] {
        let backend = Backend::start().await;
        let mut members = members.clone();
        members["failureMode"] = json!(mode);
        let gateway = Gateway::start(&document(5, &members), &backend, options(service)).await;
        let (status, text) = send(&gateway).await;
        if mode == "deny" {
            assert_eq!(((status, text.as_str()), backend.seen().len()), (UNKNOWN, 0), "{members}");
            counted(&gateway, [1, 1, 0]).await;
        } else {
            assert_eq!((status, backend.seen().len()), (200, 1), "{members}: {text}");
            counted(&gateway, [1, 1, 1]).await;
        }
        gateway.assert_no_panic().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_gone_has_not_answered() {
    let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
    judged(json!({}), nobody).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_does_not_exist_has_not_answered() {
    let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
    judged(json!({ "uri": null, "cluster": "nowhere" }), nobody).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_slow_has_not_answered() {
    let service = Backend::start_with(Protocol::Http2).await;
    service.answers(says(1));
    service.hold();
    judged(json!({ "timeoutInMillis": 300 }), service.address()).await;
    assert_eq!(service.seen().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_talks_nonsense_has_not_answered() {
    let service = Backend::start_with(Protocol::Http2).await;
    let failed = Answer {
        headers: [("content-type", "application/grpc"), ("grpc-status", "14")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..grpc(b"")
    };
    // Longer than the filter takes at all, and longer than an answer ever is.
    let huge = |bytes: usize| {
        let length = u32::try_from(bytes).unwrap().to_be_bytes();
        // A length whose bytes are ASCII.
        assert!(length.is_ascii());
        grpc(&[&[0], &length[..], &vec![b'x'; bytes]].concat())
    };
    let nonsense = [
        ("failed", failed),
        ("compressed", grpc(&[1, 0, 0, 0, 2, 8, 1])),
        ("UNKNOWN", says(0)),
        ("huge", huge(0x0010_0000)),
        ("over all limits", huge(0x0100_0000)),
    ];
    for (what, answer) in nonsense {
        println!("{what}");
        service.answers(answer);
        judged(json!({}), service.address()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_speaks_http_1_has_not_answered() {
    // Its first bytes are no HTTP/2.
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answer = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await;
        }
    });
    judged(json!({}), address).await;
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_bounded_and_one_too_many_has_not_been_answered() {
    const MOST: usize = 256;
    const MORE: usize = 44;
    let (backend, service) = (Backend::start().await, Backend::start_with(Protocol::Http2).await);
    service.answers(says(1));
    service.hold();
    let gateway = Gateway::start(&document(5, &json!({})), &backend, options(service.address())).await;
    let address = gateway.address();
    let mut clients = JoinSet::new();
    for _ in 0..MOST + MORE {
        clients.spawn(async move { raw::send(address, request("k1").as_bytes()).await.unwrap().status });
    }
    // Those that are too many are answered at once; all others wait.
    for _ in 0..MORE {
        assert_eq!(clients.join_next().await.unwrap().unwrap(), 500);
    }
    eventually("the service is asked", async || (service.seen().len() >= MOST).then_some(())).await;
    assert_eq!((service.seen().len(), backend.seen().len()), (MOST, 0));
    service.release();
    assert!(clients.join_all().await.iter().all(|status| *status == 200));
    assert_eq!(backend.seen().len(), MOST);
    let all = (MOST + MORE) as u64;
    counted(&gateway, [all, MORE as u64, 0]).await;
    gateway.assert_no_panic().await;
}
