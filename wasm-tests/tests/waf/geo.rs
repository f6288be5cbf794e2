//! Countries and systems, by Envoy's own geoip filter and a database that is made here.

use super::{document, rule};
use serde_json::json;
use std::path::{Path, PathBuf};
use wasm_tests::{Backend, Gateway, Options, Python, raw};

const MAKE: &str = r"
import sys
from netaddr import IPSet
from mmdb_writer import MMDBWriter, MmdbU32
def write(kind, file, value):
    writer = MMDBWriter(6, kind, languages=['en'], ipv4_compatible=True)
    writer.insert_network(IPSet(['127.0.0.0/8']), value)
    writer.to_db_file(file)
write('GeoLite2-City', sys.argv[1], {'country': {'iso_code': 'JP'}, 'subdivisions': [{'iso_code': '13'}]})
write('GeoLite2-ASN', sys.argv[2], {'autonomous_system_number': MmdbU32(64500)})
";

/// A database of cities and one of systems, in which 127.0.0.0/8 is in Tokyo and of AS 64500.
pub fn databases(test: &str, folder: &Path) -> Option<[PathBuf; 2]> {
    let python = Python::with(test, "mmdb", &["mmdb-writer==0.2.7", "netaddr==1.3.0"])?;
    let files = ["city.mmdb", "asn.mmdb"].map(|name| folder.join(name));
    let status = python.command("python3").args(["-c", MAKE]).args(&files).status().unwrap();
    assert!(status.success(), "the databases are written");
    Some(files)
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_come_from_where_the_database_says_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let test = "clients_come_from_where_the_database_says_and_nowhere_else";
    let Some([city, asn]) = databases(test, folder.path()) else { return };
    let country = |code: &str| json!({ "GeoMatchStatement": { "CountryCodes": [code] } });
    let region =
        json!({ "LabelMatchStatement": { "Scope": "LABEL", "Key": "awswaf:clientip:geo:region:JP-13" } });
    let system = |number: u32| json!({ "AsnMatchStatement": { "AsnList": [number] } });
    let rules = json!([
        rule("elsewhere", 0, country("US"), "Block"),
        rule("home", 1, country("JP"), "Count"),
        rule("unknown", 2, system(0), "Block"),
        rule("other", 3, system(1), "Block"),
        rule("tokyo", 4, json!({ "AndStatement": { "Statements": [region, system(64500)] } }), "Count"),
    ]);
    let file = folder.path().join("waf.log");
    let backend = Backend::start().await;
    let options = Options {
        geoip_db: Some(city),
        geoip_asn_db: Some(asn),
        waf_log: Some(file.clone()),
        ..Options::default()
    };
    let gateway = Gateway::start(&document(rules, json!({})), &backend, options).await;
    // A client's own word is nobody's.
    let request = "GET /prod/x HTTP/1.1\r\nhost: h.test\r\nx-sekisho-geo-country: US\r\nX-Sekisho-Geo-Asn: 1\r\n\
                   x-sekisho-geo-region: CA\r\nx-forwarded-for: 203.0.113.7\r\n\r\n";
    let response = raw::send(gateway.address(), request.as_bytes()).await.unwrap();
    assert_eq!(response.status, 200, "{response:?}");
    let seen = backend.only();
    for name in ["country", "region", "asn"] {
        let header = seen.header(&format!("x-sekisho-geo-{name}"));
        assert!(header.is_empty(), "{name}: {header:?}");
    }
    let line = wasm_tests::eventually("a line", async || {
        serde_json::from_str::<serde_json::Value>(std::fs::read_to_string(&file).ok()?.trim_end()).ok()
    })
    .await;
    let counted: Vec<_> =
        line["nonTerminatingMatchingRules"].as_array().unwrap().iter().map(|rule| &rule["ruleId"]).collect();
    assert_eq!(counted, ["home", "tokyo"], "{line}");
    assert_eq!(line["httpRequest"]["country"], "JP");
    gateway.assert_no_panic().await;
}
