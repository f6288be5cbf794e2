//! Limits of what AWS has and Sekisho has not.

/// A limit without a counterpart.
#[derive(Debug)]
pub struct Absent {
    /// What is limited.
    pub item: &'static str,
    /// Amazon's words.
    pub aws: &'static str,
    /// Why there is none here.
    pub why: &'static str,
}

/// Every one of them.
pub static ABSENT: &[Absent] = &[
    Absent {
        item: "Response cache",
        aws: "REST: 0 to 3600 s, 300 s if nothing is said; an item has 1,048,576 bytes",
        why: "there is no cache yet",
    },
    Absent {
        item: "Streamed responses",
        aws: "REST: 15 min, 5 min of silence, 2 MB/s beyond 10 MB",
        why: "every response of a backend streams; its time is the integration's",
    },
    Absent {
        item: "WebSocket APIs: new connections a second",
        aws: "500 S",
        why: "connections pass through HTTP APIs, under the limits of requests",
    },
    Absent { item: "Models of an API", aws: "REST: 400 KB together", why: "there are no models yet" },
    Absent {
        item: "Client certificates towards backends",
        aws: "REST: 60 S; ACM: 500 H",
        why: "there are none yet",
    },
    Absent { item: "Documentation parts", aws: "REST: 2,000 S", why: "there are none" },
    Absent { item: "Tags of a stage", aws: "50 H", why: "read, and without effect" },
    Absent { item: "Subnets of a VPC link", aws: "10 S", why: "`endpoints` says where a link leads" },
    Absent {
        item: "File that is imported",
        aws: "6 MB",
        why: "a document is loaded, however large; Envoy holds it in memory once for each worker, and once more",
    },
    Absent {
        item: "Calls of the control plane",
        aws: "10 a second, 40 at once H, and less for single operations",
        why: "the document is a file",
    },
];
