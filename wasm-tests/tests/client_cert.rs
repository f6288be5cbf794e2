//! Client certificates, verified by Envoy: what the filter believes of them, and what it does not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use http_body_util::{BodyExt, Empty};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, IsCa, Issuer, KeyPair, SanType,
    SerialNumber,
};
use serde_json::{Value, json};
use std::io::Result;
use std::net::SocketAddr;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use wasm_tests::client::Wire;
use wasm_tests::{Backend, Gateway, Options, Recorded, Source, raw, tls};

/// An authority that certifies servers and clients.
struct Authority {
    pem: String,
    der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

/// Somebody who was certified.
struct Certified {
    pem: String,
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name =
            name(&[(DnType::OrganizationName, "Example, Inc."), (DnType::CommonName, "CA")]);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { pem: certificate.pem(), der: certificate.der().clone(), issuer: Issuer::new(params, key) }
    }

    fn certify(&self, change: impl FnOnce(&mut CertificateParams)) -> Certified {
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name = name(&[(DnType::CountryName, "US"), (DnType::CommonName, "client")]);
        params.serial_number = Some(SerialNumber::from(77_u64));
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Certified { pem: certificate.pem(), chain: vec![certificate.der().clone()], key }
    }

    fn server(&self) -> Certified {
        self.certify(|params| params.subject_alt_names.push(dns("gateway.test")))
    }

    /// A listener's TLS that lets nobody in whom this authority does not know.
    fn tls(&self, server: &Certified) -> Value {
        let inline = |text: &str| json!({ "inline_string": text });
        json!({
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "require_client_certificate": true,
            "common_tls_context": {
                "alpn_protocols": ["h2", "http/1.1"],
                "tls_certificates": [{ "certificate_chain": inline(&server.pem), "private_key": inline(&server.key.serialize_pem()) }],
                "validation_context": { "trusted_ca": inline(&self.pem) },
            },
        })
    }
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(Ia5String::try_from(name).unwrap())
}

fn name(parts: &[(DnType, &str)]) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    for (kind, value) in parts {
        name.push(kind.clone(), DnValue::Utf8String((*value).to_owned()));
    }
    name
}

/// A client, and what it says of itself.
struct Client<'a> {
    authority: &'a Authority,
    certified: Option<&'a Certified>,
    wire: Wire,
    /// The name that it asks for in the handshake.
    server_name: &'static str,
    /// The host that it asks for in the request.
    host: &'static str,
}

impl<'a> Client<'a> {
    fn new(authority: &'a Authority, certified: Option<&'a Certified>, wire: Wire) -> Self {
        Self { authority, certified, wire, server_name: "gateway.test", host: "gateway.test" }
    }

    async fn get(&self, address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Result<(u16, String)> {
        let identity = self.certified.map(|Certified { chain, key, .. }| {
            (chain.clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        });
        let alpn = match self.wire {
            Wire::Http1 => "http/1.1",
            Wire::Http2 => "h2",
        };
        let config = tls::config([self.authority.der.clone()], identity, alpn)?;
        let stream = tls::connect(config, address, self.server_name).await?;
        assert_eq!(stream.get_ref().1.alpn_protocol().unwrap(), alpn.as_bytes());
        let response = tls::get(stream, self.host, path, headers).await?;
        Ok((response.status, String::from_utf8_lossy(&response.body).into_owned()))
    }
}

fn document() -> Value {
    let variable = |name: &str| format!("$context.identity.clientCert.{name}");
    let template =
        format!(r#"{{"pem":"{}","subject":"{}"}}"#, variable("clientCertPem"), variable("subjectDN"));
    json!({ "apis": [{
        "apiId": "mtls", "protocolType": "HTTP", "stages": [{ "stageName": "$default" }],
        "routes": [
            { "routeKey": "$default", "target": "integrations/backend" },
            { "routeKey": "GET /pem", "target": "integrations/told" },
        ],
        "integrations": [
            {
                "integrationId": "backend", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "http://backend.test",
                "requestParameters": {
                    "overwrite:header.x-subject": variable("subjectDN"), "overwrite:header.x-issuer": variable("issuerDN"),
                    "overwrite:header.x-serial": variable("serialNumber"), "overwrite:header.x-before": variable("validity.notBefore"),
                    "overwrite:header.x-after": variable("validity.notAfter"),
                },
            },
            {
                "integrationId": "told", "integrationType": "MOCK", "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
                "integrationResponses": [{ "statusCode": 200, "responseTemplates": { "application/json": template } }],
            },
        ],
    }] })
}

fn header(recorded: &Recorded, name: &str) -> String {
    recorded.header(name).join("|")
}

/// No spelling of the header reaches a backend.
fn assert_nothing_forwarded(recorded: &Recorded) {
    for (name, _) in &recorded.seen.headers {
        let plain = name.to_ascii_lowercase().replace('_', "-");
        assert_ne!(plain, "x-forwarded-client-cert", "{name}");
    }
}

/// What a client might write to be taken for somebody.
fn forged(certified: &Certified) -> Vec<(&'static str, String)> {
    let pem = certified.pem.replace('\n', "%0A").replace(' ', "%20").replace('+', "%2B").replace('=', "%3D");
    let value = format!("Hash=00;Cert=\"{pem}\";Subject=\"CN=root\"");
    vec![
        ("x-forwarded-client-cert", value.clone()),
        ("X-Forwarded-Client-Cert", value.clone()),
        ("x_forwarded_client_cert", value.clone()),
        ("x-forwarded_client-cert", value),
    ]
}

fn all<'a>(headers: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    headers.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

const WIRES: [Wire; 2] = [Wire::Http1, Wire::Http2];

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_known_by_its_certificate_and_not_by_what_it_says() {
    let authority = Authority::new();
    let server = authority.server();
    let (ann, root) = (authority.certify(|_| {}), authority.certify(|_| {}));
    let backend = Backend::start().await;
    let options = Options { tls: Some(authority.tls(&server)), ..Options::default() };
    let gateway = Gateway::start(&document(), &backend, options).await;
    let forged = forged(&root);
    for wire in WIRES {
        for headers in [Vec::new(), all(&forged)] {
            let client = Client::new(&authority, Some(&ann), wire);
            backend.forget();
            assert_eq!(client.get(gateway.address(), "/x", &headers).await.unwrap().0, 200, "{wire:?}");
            let recorded = backend.only();
            assert_eq!(header(&recorded, "x-subject"), "C=US,CN=client", "{wire:?}");
            assert_eq!(header(&recorded, "x-issuer"), "O=Example\\, Inc.,CN=CA");
            assert_eq!(header(&recorded, "x-serial"), "77");
            assert_eq!(header(&recorded, "x-before"), "Jan  1 00:00:00 1975 GMT");
            assert_eq!(header(&recorded, "x-after"), "Jan  1 00:00:00 4096 GMT");
            assert_nothing_forwarded(&recorded);
            let (status, body) = client.get(gateway.address(), "/pem", &headers).await.unwrap();
            assert_eq!(
                (status, body),
                (
                    200,
                    format!(
                        "{{\"pem\":\"{}\",\"subject\":\"C=US,CN=client\"}}",
                        ann.pem.replace("\r\n", "\n")
                    )
                )
            );
        }
    }

    backend.forget();
    let stranger = Authority::new().certify(|_| {});
    for certified in [None, Some(&stranger)] {
        for wire in WIRES {
            let client = Client::new(&authority, certified, wire);
            let refused = client.get(gateway.address(), "/x", &all(&forged)).await;
            assert!(refused.is_err(), "{wire:?}: {refused:?}");
        }
    }
    assert!(backend.seen().is_empty());
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_plain_text_nobody_has_a_certificate() {
    let root = Authority::new().certify(|_| {});
    let forged = forged(&root);
    let backend = Backend::start().await;
    // The rendered listener removes the header; one of somebody else's may let it pass.
    for forward_client_cert in [None, Some("ALWAYS_FORWARD_ONLY")] {
        let gateway =
            Gateway::start(&document(), &backend, Options { forward_client_cert, ..Options::default() })
                .await;
        for (name, value) in &forged {
            backend.forget();
            let request = format!(
                "GET /x HTTP/1.1\r\nhost: gateway.test\r\n{name}: {value}\r\nconnection: close\r\n\r\n"
            );
            assert_eq!(raw::send(gateway.address(), request.as_bytes()).await.unwrap().status, 200);
            let recorded = backend.only();
            assert_eq!(header(&recorded, "x-subject"), "", "{name}");
            assert_nothing_forwarded(&recorded);

            backend.forget();
            let mut sender = wasm_tests::client::http2(gateway.address()).await;
            let request = hyper::Request::get("http://gateway.test/x").header(*name, value);
            let response = sender.send_request(request.body(Empty::new().boxed()).unwrap()).await.unwrap();
            assert_eq!(response.status(), 200);
            let recorded = backend.only();
            assert_eq!(header(&recorded, "x-subject"), "", "{name}");
            assert_nothing_forwarded(&recorded);
        }
        gateway.assert_no_panic().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_believes_clients_makes_nobody_of_somebody() {
    let authority = Authority::new();
    let server = authority.server();
    let root = authority.certify(|params| params.distinguished_name = name(&[(DnType::CommonName, "root")]));
    let mallory = authority.certify(|_| {});
    let (forged, own, none) = (forged(&root), forged(&mallory), Vec::new());

    let backend = Backend::start().await;
    let mut ran = 0;
    // `SANITIZE` tells nothing, the others what the client says: alone, or before what Envoy says.
    for (details, headers, status) in [
        ("SANITIZE", &none, 403),
        ("SANITIZE", &own, 403),
        ("FORWARD_ONLY", &none, 403),
        ("FORWARD_ONLY", &forged, 403),
        ("FORWARD_ONLY", &own, 200),
        ("ALWAYS_FORWARD_ONLY", &forged, 403),
        ("APPEND_FORWARD", &none, 200),
        ("APPEND_FORWARD", &forged, 403),
        ("APPEND_FORWARD", &own, 403),
        ("SANITIZE_SET", &forged, 200),
    ] {
        let options = Options {
            tls: Some(authority.tls(&server)),
            forward_client_cert: Some(details),
            ..Options::default()
        };
        let gateway = Gateway::start(&document(), &backend, options).await;
        for wire in WIRES {
            backend.forget();
            let client = Client::new(&authority, Some(&mallory), wire);
            let headers: Vec<_> = all(headers).into_iter().take(1).collect();
            let (answered, body) = client.get(gateway.address(), "/x", &headers).await.unwrap();
            assert_eq!(answered, status, "{details} {wire:?}: {body}");
            match status {
                200 => {
                    let recorded = backend.only();
                    assert_eq!(header(&recorded, "x-subject"), "C=US,CN=client", "{details}");
                    assert_nothing_forwarded(&recorded);
                }
                _ => {
                    assert_eq!(body, r#"{"message":"Forbidden"}"#);
                    assert!(backend.seen().is_empty(), "{details}");
                }
            }
            ran += 1;
        }
        gateway.assert_no_panic().await;
    }
    println!("{ran} listeners ran");
    assert_eq!(ran, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_and_huge_certificates_harm_nobody() {
    let authority = Authority::new();
    let server = authority.server();
    let backend = Backend::start().await;
    let options = Options { tls: Some(authority.tls(&server)), ..Options::default() };
    let gateway = Gateway::start(&document(), &backend, options).await;
    let get = async |certified: &Certified, wire| {
        backend.forget();
        Client::new(&authority, Some(certified), wire).get(gateway.address(), "/x", &[]).await
    };

    let odd = "a, O=root + \"b\"\\;\r\nx-admin: yes\u{0}é漢";
    let certified = authority.certify(|params| {
        params.distinguished_name =
            name(&[(DnType::CustomDnType(vec![1, 2, 3, 4]), "#"), (DnType::CommonName, odd)]);
        params.serial_number = Some(SerialNumber::from_slice(&[0x7f; 20]));
    });
    for wire in WIRES {
        assert_eq!(get(&certified, wire).await.unwrap().0, 200);
        let recorded = backend.only();
        let expected = "1.2.3.4=\\#,CN=a\\, O=root \\+ \\\"b\\\"\\\\\\;\\0D\\0Ax-admin: yes\\00é漢";
        assert_eq!(header(&recorded, "x-subject"), expected);
        assert_eq!(header(&recorded, "x-serial"), ["7f"; 20].join(":"));
        assert!(recorded.header("x-admin").is_empty());
    }

    let of_names = |count| {
        authority.certify(|params| {
            params.subject_alt_names = (0..count).map(|i| dns(&format!("{i:025}.test"))).collect();
        })
    };
    // A certificate of 16 KB is told whole; it is not the client's head, whose limit is 10 KB.
    let large = of_names(500);
    for wire in WIRES {
        assert_eq!(get(&large, wire).await.unwrap().0, 200, "{wire:?}");
        assert_eq!(header(&backend.only(), "x-subject"), "C=US,CN=client");
        assert_nothing_forwarded(&backend.only());
    }

    // One of 60 KB fits into no session ticket of TLS 1.3: Envoy's TLS breaks the connection off.
    let huge = of_names(2_000);
    // A chain of half a megabyte does not get through the handshake.
    let mut endless = authority.certify(|_| {});
    endless.chain.extend(std::iter::repeat_n(large.chain[0].clone(), 32));
    for wire in WIRES {
        assert!(get(&huge, wire).await.is_err(), "{wire:?}");
        assert!(get(&endless, wire).await.is_err(), "{wire:?}");
        assert!(backend.seen().is_empty());
    }
    let plain = authority.certify(|_| {});
    assert_eq!(get(&plain, Wire::Http1).await.unwrap().0, 200);
    gateway.assert_no_panic().await;
}

/// Two domains with mutual TLS and one without, all of one API.
fn domains() -> Value {
    let secure = |name: &str| {
        json!({ "domainName": name, "domainNameConfigurations": [{ "certificateArn": "c" }],
            "mutualTlsAuthentication": { "truststoreUri": "file:ca.pem" } })
    };
    let mapping = |domain: &str| json!({ "domainName": domain, "apiId": "shop", "stage": "$default" });
    json!({
        "certificates": { "c": { "certificateFile": "c.pem", "privateKeyFile": "k.pem" } },
        "domainNames": [secure("secure.test"), secure("*.wild.test"), { "domainName": "open.test" }],
        "apiMappings": [mapping("secure.test"), mapping("*.wild.test"), mapping("open.test")],
        "apis": [{
            "apiId": "shop", "protocolType": "HTTP", "disableExecuteApiEndpoint": true, "stages": [{ "stageName": "$default" }],
            "routes": [{ "routeKey": "$default", "target": "integrations/backend" }],
            "integrations": [{
                "integrationId": "backend", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "http://backend.test",
            }],
        }],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_with_mutual_tls_believes_a_certificate_that_was_presented_for_it() {
    let authority = Authority::new();
    let server = authority.certify(|params| {
        let names = ["secure.test", "open.test", "a.wild.test"];
        params.subject_alt_names.extend(names.map(dns));
    });
    let ann = authority.certify(|_| {});
    let strict = authority.tls(&server);
    let mut optional = strict.clone();
    optional["require_client_certificate"] = json!(false);

    let backend = Backend::start().await;
    let mut ran = 0;
    // By hand, so that the listener is the test's: how `render` writes one is tested where it is written.
    let start = |tls| {
        let options = Options {
            tls,
            bootstrap: Source::ByHand,
            forward_client_cert: Some("SANITIZE_SET"),
            ..Options::default()
        };
        let (document, backend) = (domains(), &backend);
        async move { Gateway::start(&document, backend, options).await }
    };
    let requests: [(Value, &[_]); 2] = [
        (
            strict,
            &[
                (Some(&ann), "secure.test", "secure.test", 200),
                (Some(&ann), "secure.test", "SECURE.test.:443", 200),
                (Some(&ann), "a.wild.test", "a.wild.test", 200),
                (Some(&ann), "a.wild.test", "b.wild.test", 200),
                (Some(&ann), "open.test", "secure.test", 403),
                (Some(&ann), "a.wild.test", "secure.test", 403),
                (Some(&ann), "secure.test", "a.wild.test", 403),
                (Some(&ann), "open.test", "open.test", 200),
            ],
        ),
        (
            optional,
            &[
                (None, "secure.test", "secure.test", 403),
                (None, "open.test", "open.test", 200),
                (Some(&ann), "secure.test", "secure.test", 200),
            ],
        ),
    ];
    for (tls, requests) in requests {
        let gateway = start(Some(tls)).await;
        for (certified, server_name, host, expected) in requests.iter().copied() {
            for wire in WIRES {
                backend.forget();
                let client = Client { server_name, host, ..Client::new(&authority, certified, wire) };
                let (status, body) = client.get(gateway.address(), "/x", &[]).await.unwrap();
                assert_eq!(status, expected, "{server_name} {host} {wire:?}: {body}");
                assert_eq!(backend.seen().len(), usize::from(status == 200));
                if status == 403 {
                    assert_eq!(body, r#"{"message":"Forbidden"}"#);
                }
                ran += 1;
            }
        }
        gateway.assert_no_panic().await;
    }
    assert_eq!(ran, 22);

    // Without TLS, and whatever a client says of itself.
    let gateway = start(None).await;
    backend.forget();
    for (name, value) in forged(&ann) {
        let request =
            format!("GET /x HTTP/1.1\r\nhost: secure.test\r\n{name}: {value}\r\nconnection: close\r\n\r\n");
        assert_eq!(raw::send(gateway.address(), request.as_bytes()).await.unwrap().status, 403);
    }
    assert!(backend.seen().is_empty());
}
