//! Limits of ours that AWS does not have, or does not tell: what bounds memory, time and what clients can make grow.

mod firewall;
mod memory;

use super::Unit::{Bytes, Characters, PerSecond, Seconds, Things};
use super::{Number, source};

/// A limit of ours.
#[derive(Debug)]
pub struct Own {
    /// What is limited.
    pub item: &'static str,
    /// How much.
    pub most: Number,
    /// What happens beyond.
    pub beyond: &'static str,
    /// How to set it; empty if it cannot be.
    pub set: &'static str,
}

/// Limits that belong together.
#[derive(Debug)]
pub struct Group {
    /// What they are about.
    pub title: &'static str,
    /// The limits.
    pub limits: &'static [Own],
}

/// Every limit of ours that is not in the other tables.
pub static OWN: &[Group] = &[
    Group { title: "Connections and requests, by Envoy as it is rendered", limits: EDGE },
    Group { title: "What a request may bring", limits: REQUEST },
    Group { title: "What is on its way, of each worker", limits: UNDER_WAY },
    Group { title: "What functions and services take and answer", limits: ANSWERS },
    Group { title: "What a worker remembers", limits: memory::MEMORY },
    Group { title: "Keys of issuers", limits: memory::KEYS },
    Group { title: "Statistics, which Envoy keeps for ever", limits: memory::STATISTICS },
    Group { title: "The firewall", limits: firewall::FIREWALL },
    Group { title: "The document", limits: DOCUMENT },
];

const fn own(item: &'static str, most: Number, beyond: &'static str, set: &'static str) -> Own {
    Own { item, most, beyond, set }
}

const LISTENER: &str = "cli/src/render/listener.rs";
const SETTINGS: &str = "cli/src/render/settings.rs";
const CLUSTER: &str = "cli/src/render/cluster.rs";

const EDGE: &[Own] = &[
    own(
        "Headers of a request",
        source(100, Things, LISTENER, "max_headers_count"),
        "431, in AWS's words",
        "",
    ),
    own("Time of a head", source(10, Seconds, LISTENER, "request_headers_timeout"), "408", ""),
    own(
        "Silence of a client within a request",
        source(60, Seconds, LISTENER, "stream_idle_timeout"),
        "408, or 504 if the request is complete",
        "",
    ),
    own(
        "Silence of a stream that is at its backend",
        source(300, Seconds, "cli/src/render/route.rs", "IDLE"),
        "the stream ends; the integration's time ends sooner, if no response has begun",
        "",
    ),
    own(
        "Streams of a connection of HTTP/2 or HTTP/3",
        source(100, Things, LISTENER, "STREAMS"),
        "the client waits",
        "",
    ),
    own(
        "Connections of clients",
        source(50_000, Things, SETTINGS, "max_connections"),
        "closed at once",
        "`render --max-connections`",
    ),
    own(
        "Heap, in MiB",
        source(1_024, Things, SETTINGS, "max_heap_mib"),
        "503, and more as it fills",
        "`render --max-heap-mib`",
    ),
    own(
        "Buffer of a client's connection, in KiB",
        source(64, Things, SETTINGS, "connection_buffer_kib"),
        "Envoy reads no further",
        "`render --connection-buffer-kib`",
    ),
    own(
        "Buffer of a backend's connection",
        source(65_536, Bytes, CLUSTER, "CONNECTION_BUFFER_BYTES"),
        "Envoy reads no further",
        "",
    ),
    own(
        "Connections, and requests, of a backend",
        source(10_000, Things, CLUSTER, "MOST"),
        "503 (HTTP), 500 (REST)",
        "a `cluster` of your own",
    ),
    own(
        "Further tries of a request",
        source(2, Things, "src/gateway/integrations/retry.rs", "DEFAULT_RETRIES"),
        "the failure is told",
        "`retryPolicy.maxRetries`",
    ),
    own(
        "… that can be asked for",
        source(10, Things, "src/gateway/compile/integration.rs", "MOST_RETRIES"),
        "an error of the document",
        "",
    ),
];

const REQUEST: &[Own] = &[
    own(
        "JSON web token",
        source(16_384, Bytes, "src/gateway/authorizers/jwt/token.rs", "LONGEST"),
        "401, unread",
        "",
    ),
    own(
        "API key",
        source(1_024, Bytes, "src/gateway/api_keys.rs", "LONGEST"),
        "403, unread: AWS's have 128",
        "",
    ),
    own(
        "Origin that CORS echoes",
        source(512, Bytes, "src/gateway/cors.rs", "LONGEST_ORIGIN"),
        "it is not echoed",
        "",
    ),
    own(
        "Body that a mapping looks into (as AWS)",
        source(102_400, Bytes, "src/gateway/json_path.rs", "BODY_BYTES"),
        "the rest is not looked at",
        "",
    ),
    own(
        "Life of a presigned request (as AWS)",
        source(604_800, Seconds, "src/gateway/authorizers/iam/claim.rs", "LONGEST"),
        "403",
        "",
    ),
];

const UNDER_WAY: &[Own] = &[
    own(
        "Questions to an authorizer",
        source(256, Things, "src/gateway/authorizers/lambda/mod.rs", "MOST_QUESTIONS"),
        "500, `sekisho_authorizer_busy`",
        "",
    ),
    own(
        "Questions to the service that counts for a fleet",
        source(256, Things, "src/gateway/fleet/mod.rs", "MOST_QUESTIONS"),
        "as if it had not answered: `failureMode`",
        "",
    ),
    own(
        "Invocations of a function",
        source(1_000, Things, "src/gateway/integrations/lambda_proxy/mod.rs", "MOST_INVOCATIONS"),
        "503 (HTTP), 500 (REST)",
        "",
    ),
    own(
        "Calls of an operation of a service",
        source(1_000, Things, "src/gateway/integrations/aws_service/mod.rs", "MOST_CALLS"),
        "503 (HTTP), 500 (REST)",
        "",
    ),
];

const ANSWERS: &[Own] = &[
    own(
        "Event of a function (Lambda's)",
        source(6_291_456, Bytes, "src/gateway/integrations/lambda_proxy/mod.rs", "LARGEST_EVENT"),
        "413",
        "`limits.payloadBytes`, to refuse sooner",
    ),
    own(
        "Headers of a function's answer: Envoy's Wasm host sends none at all beyond 1,024",
        source(1_000, Things, "src/gateway/integrations/lambda_proxy/answer.rs", "MOST_HEADERS"),
        "the function has failed",
        "",
    ),
    own(
        "… their names and values",
        source(61_440, Bytes, "src/gateway/integrations/lambda_proxy/answer.rs", "LARGEST_HEADERS"),
        "the function has failed",
        "",
    ),
    own(
        "Any answer to a question of the gateway",
        source(10_485_760, Bytes, "src/filter/host.rs", "LARGEST_REPLY"),
        "who was asked has failed",
        "",
    ),
    own(
        "Body that is one parameter of a service among others",
        source(2_097_152, Bytes, "src/gateway/integrations/aws_service/value.rs", "LONGEST_TEXT"),
        "413",
        "",
    ),
    own(
        "List, or message attributes, of a service",
        source(262_144, Bytes, "src/gateway/integrations/aws_service/value.rs", "LONGEST_STRUCTURE"),
        "400",
        "",
    ),
    own(
        "Value in the head of a call of a service",
        source(8_192, Bytes, "src/gateway/integrations/aws_service/rest.rs", "LONGEST_IN_HEAD"),
        "400",
        "",
    ),
];

const DOCUMENT: &[Own] = &[
    own(
        "`limits.payloadBytes`",
        source(1_073_741_824, Bytes, "src/gateway/compile.rs", "MOST_PAYLOAD_BYTES"),
        "an error of the document",
        "",
    ),
    own(
        "Rate of a throttle",
        source(1_000_000, PerSecond, "src/gateway/throttle/bucket.rs", "MOST_PER_SECOND"),
        "an error of the document",
        "",
    ),
    own(
        "Policy of a caller",
        source(32_768, Characters, "src/gateway/policy/mod.rs", "IDENTITY_POLICY_CHARACTERS"),
        "an error of the document",
        "",
    ),
    own(
        "Regular expression",
        source(65_536, Bytes, "src/gateway/regex.rs", "LARGEST"),
        "an error of the document",
        "",
    ),
    own(
        "Key of an API mapping (as AWS)",
        source(300, Bytes, "src/gateway/compile/domain/way.rs", "KEY_BYTES"),
        "an error of the document",
        "",
    ),
    own(
        "Problems of a document that the filter tells in Envoy's log",
        source(20, Things, "src/filter/root.rs", "TOLD"),
        "`sekisho validate` tells all",
        "",
    ),
];
