//! Bytes that are no frames: never a panic, and no memory.

use super::ends::{counted, frames, nothing_is_left, raw_client, rest, with_limits};
use serde_json::json;
use tokio::io::AsyncWriteExt;

/// Numbers without a pattern, the same each time.
fn noise(seed: u64) -> impl Iterator<Item = u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::from_fn(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        Some(state.to_le_bytes()[3])
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_after_the_upgrade_is_1002_where_there_are_limits() {
    let (_server, gateway) = with_limits(json!({ "messagesPerSecond": 1000 })).await;
    // Frames that are not masked, HTTP, and control frames that are too long.
    for sent in [&[0x81, 1, b'a'][..], b"GET / HTTP/1.1\r\n\r\n", &[0x89, 0xfe, 1, 0, 1, 2, 3, 4]] {
        let mut stream = raw_client(&gateway, "/rude", sent).await;
        assert_eq!(frames(&rest(&mut stream).await), [0x88, 2, 0x03, 0xea], "{}", sent.escape_ascii());
    }
    counted(&gateway, "closed_malformed", 3).await;
    nothing_is_left(&gateway).await;
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_costs_no_memory_and_no_worker_with_limits_or_without() {
    for settings in [json!({}), json!({ "maxMessageBytes": 1000, "messagesPerSecond": 10 })] {
        let (_server, gateway) = with_limits(settings).await;
        let round = async |rounds: std::ops::Range<u64>| {
            for seed in rounds {
                let bytes: Vec<u8> = noise(seed).take(50_000).collect();
                let mut stream = raw_client(&gateway, "/deaf", &[]).await;
                for part in bytes.chunks(1 + usize::try_from(seed % 9).unwrap() * 700) {
                    if part.len() == 1 && seed > 9 || stream.write_all(part).await.is_err() {
                        break;
                    }
                }
                drop(stream);
            }
            nothing_is_left(&gateway).await;
        };
        round(1..40).await;
        let before = gateway.resident_bytes();
        round(40..200).await;
        let grown = gateway.resident_bytes().saturating_sub(before);
        assert!(grown < 16 << 20, "{grown} bytes for 160 connections");
        gateway.assert_no_panic().await;
    }
}
