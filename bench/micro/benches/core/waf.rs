//! A request that web ACLs find nothing in: ten rules of a document, and all managed groups.

use criterion::Criterion;
use sekisho::gateway::head::Head;
use sekisho::gateway::waf::client::Client;
use sekisho::gateway::waf::view::{Body, View};
use sekisho::gateway::waf::{Decision, managed};
use sekisho_micro::core::{Core, serialized};
use sekisho_micro::documents::{routes, with_rules, with_ten_rules};
use sekisho_micro::kinds::request;
use serde_json::json;

pub(crate) fn judging(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("waf");
    // `IpReputation` has no patterns, but addresses that a document brings.
    let names = managed::names().filter(|name| *name != "IpReputation");
    let managed: Vec<_> = names
        .map(|name| json!({ "ManagedRuleGroupStatement": { "VendorName": "Sekisho", "Name": name } }))
        .collect();
    let documents = [
        ("ten rules", with_ten_rules(routes("HTTP", 10))),
        ("all managed groups", with_rules(routes("HTTP", 10), &managed)),
    ];
    let head = Head::parse(serialized(&request("/r7/42?expand=lines&sort=-created")), true).unwrap();
    for (name, document) in documents {
        let core = Core::new(&document);
        let stage = core.gateway.api("bench").unwrap().stage("$default").unwrap();
        let acl = stage.web_acl.as_ref().unwrap();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let body = Body::Seen { bytes: b"", more: false };
                let view =
                    View { head: &head, body, meaning: None, client: Client::new("203.0.113.7", &head) };
                assert!(matches!(acl.begin(&view, &core.env()), Decision::Done(_)));
            });
        });
    }
}
