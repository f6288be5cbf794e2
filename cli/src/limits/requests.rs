//! Limits that a request, a message or an answer meets, and those without which a document is no good.

use super::Allowed::{self, Most, Untold, Within};
use super::Raised::{Hard, Soft, Unsaid};
use super::Unit::{Bytes, Characters, Milliseconds, PerSecond, Seconds, Things};
use super::{Aws, Number, Shown, source};
use super::{authorizers, documents, logs};

/// A limit that somebody meets.
#[derive(Debug)]
pub struct Limit {
    /// What is limited.
    pub item: &'static str,
    /// Amazon's.
    pub aws: Aws,
    /// Ours; none if we have no such limit.
    pub ours: &'static [Number],
    /// What happens beyond ours.
    pub beyond: &'static str,
    /// Where ours differs, and why; may be empty.
    pub differs: &'static str,
    /// How to set ours; empty if it cannot be.
    pub set: &'static str,
    /// Tests that show it.
    pub shown: &'static [Shown],
}

/// Requests a second of an account in a region.
pub static ACCOUNT_RATE: Limit = Limit {
    item: "Requests a second of an account",
    aws: Aws::all(Most(10_000, PerSecond, Soft)),
    ours: &[source(10_000, PerSecond, "src/gateway/compile/throttle.rs", "ACCOUNT_RATE")],
    beyond: "429 `Too Many Requests`",
    differs: "of each Envoy, not of a region; a ceiling, where AWS's is a target. Some newer regions of AWS have 2,500",
    set: "`accountThrottle.rateLimit`",
    shown: &[Shown(
        "src/gateway/compile/throttle/tests.rs",
        "the_account_has_awss_limit_unless_the_document_says_otherwise",
    )],
};

/// Requests at once of an account in a region.
pub static ACCOUNT_BURST: Limit = Limit {
    item: "Requests at once of an account",
    aws: Aws::all(Most(5_000, Things, Unsaid)),
    ours: &[source(5_000, Things, "src/gateway/compile/throttle.rs", "ACCOUNT_BURST")],
    beyond: "429 `Too Many Requests`",
    differs: "of each Envoy. Some newer regions of AWS have 1,250; AWS sets it by the rate",
    set: "`accountThrottle.burstLimit`",
    shown: &[Shown(
        "tests/cases/throttling-account.yaml",
        "all APIs, stages and routes share the account's bucket, and what another limit refuses takes nothing of it",
    )],
};

/// The body of a request.
pub static PAYLOAD: Limit = Limit {
    item: "Body of a request",
    aws: Aws { http: PAYLOAD_OF_AWS, rest: PAYLOAD_OF_AWS, websocket: Untold },
    ours: &[source(10_485_760, Bytes, "src/gateway/compile.rs", "PAYLOAD_BYTES")],
    beyond: "413: `Request Entity Too Large` (HTTP), `REQUEST_TOO_LARGE` (REST)",
    differs: "by `content-length` at once, and by count while a chunked body streams",
    set: "`limits.payloadBytes`, up to 1 GiB",
    shown: &[
        Shown("tests/cases/limits-http.yaml", "a body announced as larger than 10 MB is 413"),
        Shown("tests/cases/limits-rest.yaml", "a body announced as larger than 10 MB is 413"),
        Shown("tests/cases/limits-configured.yaml", "a body of one byte more is 413"),
        Shown(
            "wasm-tests/tests/bodies.rs",
            "a_chunked_body_over_ten_megabytes_is_413_and_never_ends_at_the_backend",
        ),
    ],
};

const PAYLOAD_OF_AWS: Allowed = Most(10_485_760, Bytes, Hard);

/// Request line and headers.
pub static HEAD: Limit = Limit {
    item: "Request line and headers (HTTP), names and values of headers (REST)",
    aws: Aws { http: Most(10_240, Bytes, Hard), rest: Most(20_480, Bytes, Hard), websocket: Untold },
    ours: &[
        source(10_240, Bytes, "src/gateway/compile.rs", "HTTP_HEADER_BYTES").of("HTTP"),
        source(20_480, Bytes, "src/gateway/compile.rs", "REST_HEADER_BYTES").of("REST"),
    ],
    beyond: "431 `Request Header Fields Too Large`",
    differs: "what REST APIs answer is unknown: 431 too. There are no private APIs, which AWS gives 8,000",
    set: "`limits.headerBytes`, 1,024 to 65,536, for both",
    shown: &[
        Shown("tests/cases/limits-http.yaml", "a header over 10,240 bytes is 431"),
        Shown("tests/cases/limits-rest.yaml", "headers over 20,480 bytes are 431"),
        Shown("tests/cases/limits-configured.yaml", "headers over the limit are 431"),
        Shown("src/gateway/limits/tests.rs", "a_head_may_reach_its_limit_and_not_one_byte_more"),
    ],
};

/// The URL of a request.
pub static URL: Limit = Limit {
    item: "URL",
    aws: Aws {
        http: Untold,
        rest: Most(10_240, Characters, Hard),
        websocket: Most(4_096, Characters, Unsaid),
    },
    ours: &[
        source(10_240, Bytes, "src/gateway/compile.rs", "REST_URL_BYTES").of("REST"),
        source(4_096, Bytes, "src/gateway/compile.rs", "WEBSOCKET_URL_BYTES").of("WebSocket"),
    ],
    beyond: "414 `Request URI too long`",
    differs: "`https://` and host are counted; what AWS counts is *not verified*. There are no edge-optimised and private APIs, which AWS gives 8,192",
    set: "`limits.urlBytes`, 1,024 to 65,536",
    shown: &[
        Shown("tests/cases/limits-url.yaml", "a URL of 10,240 bytes passes"),
        Shown(
            "tests/cases/limits-url.yaml",
            "a URL of one byte more is 414, which no gateway response customises",
        ),
        Shown("tests/cases/limits-url-configured.yaml", "a URL of one byte more is 414"),
    ],
};

/// Every limit of this kind, in the order of the page.
pub static LIMITS: &[&Limit] = &[
    &ACCOUNT_RATE,
    &ACCOUNT_BURST,
    &HEAD,
    &URL,
    &METHOD_ARN,
    &PAYLOAD,
    &RESPONSE,
    &TIMEOUT,
    &IDLE,
    &MESSAGE,
    &WEBSOCKET_IDLE,
    &WEBSOCKET_LIFE,
    &authorizers::KEY_SET,
    &authorizers::KEY_SET_TIME,
    &authorizers::AUTHORIZER_TIME,
    &authorizers::AUTHORIZER_ANSWER,
    &authorizers::AUTHORIZER_ARN,
    &authorizers::AUTHORIZER_TTL,
    &authorizers::RESOURCE_POLICY,
    &documents::TEMPLATE,
    &documents::STAGE_VARIABLE_NAME,
    &documents::ACCESS_LOG,
    &documents::TRUSTSTORE,
    &logs::ENTRY,
    &logs::EVENT,
];

static METHOD_ARN: Limit = Limit {
    item: "ARN of a request, where somebody is asked",
    aws: Aws { http: Untold, rest: Most(1_600, Bytes, Hard), websocket: Untold },
    ours: &[source(1_600, Bytes, "src/gateway/authorizers/mod.rs", "METHOD_ARN_BYTES").of("REST")],
    beyond: "414 `Request URI too long`",
    differs: "",
    set: "",
    shown: &[
        Shown(
            "tests/cases/resource-policy-jwt.yaml",
            "an ARN of 1601 bytes is refused where somebody is asked",
        ),
        Shown("tests/cases/limits-url.yaml", "an ARN that is too long is 414 before anybody is asked"),
    ],
};

static RESPONSE: Limit = Limit {
    item: "Body of a response",
    aws: Aws { http: PAYLOAD_OF_AWS, rest: PAYLOAD_OF_AWS, websocket: Untold },
    ours: &[
        source(6_291_556, Bytes, "src/gateway/lambda/invoke.rs", "LARGEST_OUTPUT").of("functions"),
        source(10_485_760, Bytes, "src/gateway/integrations/aws_service/answer.rs", "LARGEST").of("services"),
    ],
    beyond: "the integration has failed",
    differs: "what an HTTP backend answers streams through, however long it is: nothing is held",
    set: "",
    shown: &[
        Shown("tests/cases/lambda-proxy-hostile-rest.yaml", "what a function returns has Lambda's limit"),
        Shown(
            "tests/cases/aws-service-json.yaml",
            "an answer that is too large, or ends no exchange, is a failure",
        ),
        Shown("wasm-tests/tests/bodies.rs", "a_large_download_streams_with_bounded_memory"),
    ],
};

static TIMEOUT: Limit = Limit {
    item: "Time of an integration",
    aws: Aws {
        http: Most(30_000, Milliseconds, Hard),
        rest: Within(50, 29_000, Milliseconds, Soft),
        websocket: Within(50, 29_000, Milliseconds, Hard),
    },
    ours: &[
        source(30_000, Milliseconds, "src/gateway/compile/integration.rs", "HTTP_TIMEOUT").of("HTTP"),
        source(29_000, Milliseconds, "src/gateway/compile/integration.rs", "REST_TIMEOUT").of("REST"),
        source(50, Milliseconds, "src/gateway/compile/integration.rs", "LEAST_TIMEOUT").of("least"),
    ],
    beyond: "504 `Endpoint request timed out`",
    differs: "more than 29 s, which AWS grants regional REST APIs on request, is not to be had",
    set: "`timeoutInMillis` of an integration, within them",
    shown: &[
        Shown("tests/cases/failures-http.yaml", "a backend that does not answer in time is 504"),
        Shown("tests/cases/failures-rest.yaml", "a backend that does not answer in time is 504"),
        Shown("src/gateway/compile/tests.rs", "integrations_are_checked"),
    ],
};

static IDLE: Limit = Limit {
    item: "Idle connection",
    aws: Aws { http: Untold, rest: Most(310, Seconds, Unsaid), websocket: Untold },
    ours: &[source(310, Seconds, "cli/src/render/listener.rs", "idle_timeout")],
    beyond: "the connection is closed",
    differs: "on every API",
    set: "",
    shown: &[Shown("cli/tests/render.rs", "bootstraps_are_as_they_were")],
};

static MESSAGE: Limit = Limit {
    item: "Message",
    aws: Aws { http: Untold, rest: Untold, websocket: Most(131_072, Bytes, Hard) },
    ours: &[],
    beyond: "with `maxMessageBytes`: the connection is closed with 1009",
    differs: "connections through HTTP APIs, which AWS has not: no limit where none is set, and none of a frame (AWS: 32,768 bytes), because frames pass as they come",
    set: "`webSocketSettings.maxMessageBytes`, `messagesPerSecond`",
    shown: &[
        Shown(
            "wasm-tests/tests/websocket/limits.rs",
            "a_message_of_the_limit_passes_and_a_byte_more_is_1009",
        ),
        Shown("wasm-tests/tests/websocket/limits.rs", "more_messages_than_a_second_may_have_are_1008"),
    ],
};

static WEBSOCKET_IDLE: Limit = Limit {
    item: "Silence of a WebSocket connection",
    aws: Aws { http: Untold, rest: Untold, websocket: Most(600, Seconds, Hard) },
    ours: &[source(600, Seconds, "cli/src/render/route.rs", "UPGRADE_IDLE")],
    beyond: "the connection is closed",
    differs: "",
    set: "",
    shown: &[Shown("cli/tests/render.rs", "bootstraps_are_as_they_were")],
};

static WEBSOCKET_LIFE: Limit = Limit {
    item: "Life of a WebSocket connection",
    aws: Aws { http: Untold, rest: Untold, websocket: Most(7_200, Seconds, Hard) },
    ours: &[source(7_200, Seconds, "cli/src/render/route.rs", "UPGRADE_LIFE")],
    beyond: "the connection is closed",
    differs: "",
    set: "",
    shown: &[Shown("cli/tests/render.rs", "bootstraps_are_as_they_were")],
};
