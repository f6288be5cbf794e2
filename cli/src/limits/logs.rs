//! Limits of what is logged of a request.

use super::Allowed::{Most, Untold};
use super::Raised::Hard;
use super::Unit::Bytes;
use super::requests::Limit;
use super::{Aws, Shown, source};

pub(super) static ENTRY: Limit = Limit {
    item: "Entry of an access log",
    aws: Aws { http: Most(1_048_576, Bytes, Hard), rest: Untold, websocket: Untold },
    ours: &[
        source(32_768, Bytes, "src/gateway/access_log.rs", "MOST_OF_LINE")
            .of("behind which every value is `-`"),
        source(4_096, Bytes, "src/gateway/access_log.rs", "MOST_OF_VALUE").of("a value"),
    ],
    beyond: "a value is cut, with `...`",
    differs: "on REST APIs too. With the format's own text a line has at most 64 KiB: so much a collector's logger holds",
    set: "",
    shown: &[Shown("src/gateway/access_log/tests.rs", "a_line_is_bounded")],
};

pub(super) static EVENT: Limit = Limit {
    item: "Event of an execution log",
    aws: Aws { http: Untold, rest: Most(1_024, Bytes, Hard), websocket: Most(1_024, Bytes, Hard) },
    ours: &[
        source(1_024, Bytes, "src/gateway/execution_log/line.rs", "MOST").of("REST"),
        source(32_768, Bytes, "src/gateway/execution_log/line.rs", "MOST_OF_ALL").of("all of a request"),
    ],
    beyond: "it is cut, with `[TRUNCATED]`; further ones are left out",
    differs: "AWS tells none of all that a request leaves",
    set: "",
    shown: &[Shown("src/gateway/execution_log/tests.rs", "a_client_forges_no_line")],
};
