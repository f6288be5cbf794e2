//! Limits of web ACLs.

use super::super::Unit::{Bytes, Characters, Things};
use super::super::source;
use super::{Own, own};

pub(super) const FIREWALL: &[Own] = &[
    own(
        "Capacity of a web ACL, in units (as AWS)",
        source(5_000, Things, "src/gateway/compile/waf.rs", "MOST_CAPACITY"),
        "an error of the document",
        "",
    ),
    own(
        "Networks of an IP set (as AWS)",
        source(10_000, Things, "src/gateway/waf/ip_set.rs", "MOST_NETWORKS"),
        "an error of the document",
        "",
    ),
    own(
        "Body that is inspected, where nothing is said (as AWS)",
        source(16_384, Bytes, "src/gateway/compile/waf.rs", "BODY_BYTES"),
        "`OversizeHandling`",
        "`AssociationConfig`, up to 64 KiB",
    ),
    own(
        "Blocks of what is inspected of a compressed body; what they mean is inflated as far as a body is inspected",
        source(256, Things, "src/gateway/waf/inflate.rs", "MOST_BLOCKS"),
        "415",
        "`wafSettings.compressedBodies`",
    ),
    own(
        "Headers, and cookies, that are inspected (as AWS)",
        source(200, Things, "src/gateway/waf/field.rs", "INSPECTED_ITEMS"),
        "`OversizeHandling`",
        "",
    ),
    own(
        "… their bytes",
        source(8_192, Bytes, "src/gateway/waf/field.rs", "INSPECTED_BYTES"),
        "`OversizeHandling`",
        "",
    ),
    own(
        "Regular expression (as AWS)",
        source(512, Characters, "src/gateway/waf/patterns/pcre.rs", "LONGEST"),
        "an error of the document",
        "",
    ),
    own(
        "… its automaton",
        source(32_768, Bytes, "src/gateway/waf/patterns/expressions.rs", "LARGEST"),
        "an error of the document",
        "",
    ),
    own(
        "Texts and expressions that look at one part of a request",
        source(2_048, Things, "src/gateway/waf/patterns.rs", "MOST"),
        "an error of the document",
        "",
    ),
    own(
        "States of all expressions, which are made as requests need them",
        source(1_048_576, Bytes, "src/gateway/waf/patterns/expressions.rs", "ROOM"),
        "they are made anew",
        "",
    ),
    own(
        "Pages of 4 KiB that a rate-based rule counts in",
        source(1_024, Things, "src/gateway/waf/rate/plan.rs", "PAGES"),
        "origins share a counter",
        "",
    ),
    own(
        "Bytes of a line of the log behind which no more of a client's headers is written",
        source(24_576, Bytes, "src/gateway/waf/log.rs", "MOST_OF_CLIENT"),
        "they are left out",
        "",
    ),
];
