//! What is remembered: by a worker, and by Envoy's statistics.

use super::super::Unit::{Bytes, Milliseconds, Things};
use super::super::source;
use super::{Own, own};

const WORKER: &str = "src/gateway/worker.rs";

pub(super) const MEMORY: &[Own] = &[
    own(
        "Claims of verified tokens",
        source(4_194_304, Bytes, WORKER, "TOKEN_BYTES"),
        "the oldest are forgotten",
        "",
    ),
    own(
        "Answers of authorizers, of each kind",
        source(4_194_304, Bytes, "src/gateway/authorizers/lambda/cache.rs", "BYTES"),
        "the oldest are forgotten; refusals push out nobody who is allowed",
        "",
    ),
    own(
        "Leases of throttles",
        source(65_536, Things, WORKER, "MOST_LEASES"),
        "all are forgotten, with their tokens",
        "",
    ),
    own(
        "Keys of a fleet that have used up their quota",
        source(4_096, Things, WORKER, "MOST_USED_UP"),
        "the service is asked again",
        "",
    ),
    own(
        "Issuers of former documents",
        source(16, Things, WORKER, "MOST_OTHER_SOURCES"),
        "their keys are forgotten",
        "",
    ),
];

const LEDGER: &str = "src/gateway/authorizers/jwt/keys/ledger.rs";
const JWKS: &str = "src/gateway/authorizers/jwt/jwks.rs";

pub(super) const KEYS: &[Own] = &[
    own("Keys of a set", source(256, Things, JWKS, "MOST_KEYS"), "the set is refused", ""),
    own("Keys of one id that a token is tried with", source(4, Things, JWKS, "MOST_TRIES"), "401", ""),
    own(
        "How long keys are believed without asking (as AWS)",
        source(7_200_000, Milliseconds, LEDGER, "FRESH"),
        "the issuer is asked",
        "",
    ),
    own(
        "How long they serve while the issuer fails",
        source(86_400_000, Milliseconds, LEDGER, "STALE"),
        "401",
        "",
    ),
    own(
        "How long an issuer that fails is left alone",
        source(30_000, Milliseconds, LEDGER, "MOST_BACK_OFF"),
        "it is asked again",
        "",
    ),
    own("Questions that unknown key ids may ask in a row", source(4, Things, LEDGER, "EARLY"), "401", ""),
    own(
        "… and until one more is earned",
        source(5_000, Milliseconds, LEDGER, "COOL_DOWN"),
        "it may be asked",
        "",
    ),
];

pub(super) const STATISTICS: &[Own] = &[
    own(
        "Statistics of stages and routes of a document: three to nine counters and two histograms for each",
        source(10_000, Things, "src/gateway/metrics/mod.rs", "MOST_STATISTICS"),
        "further routes are counted at their stages; a warning",
        "`detailedMetricsEnabled`, where it matters",
    ),
    own(
        "Issuers whose keys are told of",
        source(256, Things, "src/gateway/metrics/state.rs", "MOST_SOURCES"),
        "further ones are not told of",
        "",
    ),
    own(
        "Keys of usage plans that are told of",
        source(5_000, Things, "src/gateway/usage.rs", "MOST_KEYS"),
        "further keys count, and are not told of",
        "",
    ),
    own(
        "Counters of canaries: six for each stage",
        source(1_536, Things, "src/gateway/canary/counts.rs", "MOST_COUNTERS"),
        "further stages are not told of",
        "",
    ),
    own(
        "Counters of web ACLs",
        source(4_096, Things, "src/gateway/waf/counts.rs", "MOST_COUNTERS"),
        "further rules are not told of",
        "",
    ),
];
