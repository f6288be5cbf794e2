//! Where clients come from: Envoy's own geoip filter, in front of the gateway's.
//!
//! It looks the address up that the connection manager trusts, and writes what it finds into headers that only it may write:
//! a client's own were removed before any filter ran, and the gateway's filter hands none on.

use super::Settings;
use sekisho::gateway::waf::client::{ASN, COUNTRY, REGION};
use serde_json::{Value, json};

/// Envoy's filter, if there is a database.
#[must_use]
pub fn filter(settings: &Settings) -> Option<Value> {
    let (places, systems) = (settings.geoip_db.as_ref(), settings.geoip_asn_db.as_ref());
    if places.is_none() && systems.is_none() {
        return None;
    }
    let mut keys = json!({});
    let mut provider = json!({
        "@type": "type.googleapis.com/envoy.extensions.geoip_providers.maxmind.v3.MaxMindConfig",
    });
    if let Some(file) = places {
        // A database of countries alone is read alike, and tells no region.
        insert(&mut provider, "city_db_path", file.to_string_lossy().into());
        insert(&mut keys, "country", name(COUNTRY));
        insert(&mut keys, "region", name(REGION));
    }
    if let Some(file) = systems {
        insert(&mut provider, "asn_db_path", file.to_string_lossy().into());
        insert(&mut keys, "asn", name(ASN));
    }
    insert(&mut provider, "common_provider_config", json!({ "geo_field_keys": keys }));
    Some(json!({
        "name": "envoy.filters.http.geoip",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.geoip.v3.Geoip",
            "provider": { "name": "envoy.geoip_providers.maxmind", "typed_config": provider },
        },
    }))
}

fn name(header: &[u8]) -> Value {
    String::from_utf8_lossy(header).into()
}

fn insert(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::filter;
    use crate::render::Settings;
    use serde_json::{Value, json};
    use std::net::SocketAddr;

    #[test]
    fn only_what_a_database_tells_is_asked_for() {
        let given = |places: Option<&str>, systems: Option<&str>| {
            let here = SocketAddr::from(([127, 0, 0, 1], 0));
            let mut settings = Settings::new(here, here, "sekisho.wasm".into());
            settings.geoip_db = places.map(Into::into);
            settings.geoip_asn_db = systems.map(Into::into);
            filter(&settings).map(|mut filter| filter["typed_config"]["provider"]["typed_config"].take())
        };
        let provider = |rest: Value| {
            let mut provider = json!({ "@type": "type.googleapis.com/envoy.extensions.geoip_providers.maxmind.v3.MaxMindConfig" });
            provider.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            Some(provider)
        };
        assert_eq!(given(None, None), None);
        let country = "x-sekisho-geo-country";
        let (region, asn) = ("x-sekisho-geo-region", "x-sekisho-geo-asn");
        let places = json!({
            "city_db_path": "/db/city.mmdb",
            "common_provider_config": { "geo_field_keys": { "country": country, "region": region } },
        });
        assert_eq!(given(Some("/db/city.mmdb"), None), provider(places));
        let systems = json!({
            "asn_db_path": "/db/asn.mmdb", "common_provider_config": { "geo_field_keys": { "asn": asn } },
        });
        assert_eq!(given(None, Some("/db/asn.mmdb")), provider(systems));
        let both = given(Some("/a.mmdb"), Some("/b.mmdb")).unwrap();
        assert_eq!(
            both["common_provider_config"]["geo_field_keys"],
            json!({ "country": country, "region": region, "asn": asn })
        );
    }
}
