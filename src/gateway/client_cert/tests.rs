use super::{ClientCert, MEMBERS, Member};
use crate::gateway::Env;
use crate::gateway::flow::Flow;
use crate::gateway::testing::{self, body, gateway, head};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use proptest::prelude::*;
use serde_json::json;
use sha2::{Digest, Sha256};

/// Made by OpenSSL; the expectations are what `openssl x509 -nameopt sep_comma_plus,utf8,esc_2253,esc_ctrl` prints.
const PEM: &str = include_str!("tests/client.pem");

fn der_of(pem: &str) -> Vec<u8> {
    STANDARD.decode(pem.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap()
}

fn pem_of(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn digest(der: &[u8]) -> String {
    Sha256::digest(der).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As Envoy writes it.
fn header(pem: &str) -> String {
    format!("Hash=00;Cert=\"{}\"", percent_encode(pem.as_bytes(), NON_ALPHANUMERIC))
}

fn read(der: &[u8]) -> Option<ClientCert> {
    ClientCert::parse(header(&pem_of(der)).as_bytes(), digest(der).as_bytes())
}

/// A DER element.
fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let length = match contents.len() {
        short @ 0..0x80 => vec![short as u8],
        long @ 0x80..0x100 => vec![0x81, long as u8],
        long => vec![0x82, (long >> 8) as u8, long as u8],
    };
    [&[tag], length.as_slice(), &contents].concat()
}

fn attribute(oid: &[u8], tag: u8, value: &[u8]) -> Vec<u8> {
    element(0x31, &[&element(0x30, &[&element(0x06, &[oid]), &element(tag, &[value])])])
}

/// A certificate of these parts: serial number, subject's sets, validity.
fn certificate(serial: &[u8], subject: &[u8], times: [(u8, &str); 2]) -> Vec<u8> {
    let times = times.map(|(tag, text)| element(tag, &[text.as_bytes()]));
    let algorithm = element(0x30, &[&element(0x06, &[&[0x2a, 3]])]);
    let fields = element(
        0x30,
        &[
            &element(0xa0, &[&element(0x02, &[&[2]])]),
            &element(0x02, &[serial]),
            &algorithm,
            &element(0x30, &[&attribute(&[0x55, 4, 3], 0x0c, b"CA")]),
            &element(0x30, &[&times[0], &times[1]]),
            &element(0x30, &[subject]),
            &element(0x30, &[&algorithm]),
        ],
    );
    element(0x30, &[&fields, &algorithm, &element(0x03, &[&[0, 1, 2, 3]])])
}

const TIMES: [(u8, &str); 2] = [(0x17, "190528123002Z"), (0x17, "210805093604Z")];

fn subject_of(sets: &[u8]) -> String {
    read(&certificate(&[1], sets, TIMES)).unwrap().subject_dn
}

fn cn(tag: u8, value: &[u8]) -> String {
    let text = subject_of(&attribute(&[0x55, 4, 3], tag, value));
    text.strip_prefix("CN=").unwrap().to_owned()
}

#[test]
fn a_certificate_of_openssl_is_read_as_openssl_prints_it() {
    let cert = read(&der_of(PEM)).unwrap();
    assert_eq!(cert.pem, PEM);
    assert_eq!(
        cert.subject_dn,
        "C=US,DC=test,O=A\\+B\\, \\\"\\<Ünï\\>\\\"\\; \\\\,emailAddress=a@b.test,UID=7+CN=\\ #client\\ "
    );
    assert_eq!(cert.issuer_dn, "C=US,ST=Washington,L=Seattle,O=Example\\, Inc.,OU=Security,CN=My Private CA");
    assert_eq!(cert.serial_number, "a1:b2:c3:d4:e5:f6:07:18:29:3a:4b:5c:6d:7e:8f:90");
    assert!(cert.not_before.ends_with(" 2026 GMT") && cert.not_after.ends_with(" 2126 GMT"), "{cert:?}");
}

#[test]
fn only_the_certificate_of_the_connection_is_believed() {
    let der = der_of(PEM);
    let (told, digest) = (header(PEM), digest(&der));
    assert!(ClientCert::parse(told.as_bytes(), digest.as_bytes()).is_some());
    assert!(ClientCert::parse(told.as_bytes(), digest.to_uppercase().as_bytes()).is_some());
    let other = read(&certificate(&[1], &[], TIMES)).unwrap();
    assert_eq!(ClientCert::parse(header(&other.pem).as_bytes(), digest.as_bytes()), None);
    let (cut, odd) = (digest.get(..63).unwrap(), "g".repeat(64));
    for broken in ["", "0", cut, odd.as_str(), &format!("{digest}00")] {
        assert_eq!(ClientCert::parse(told.as_bytes(), broken.as_bytes()), None, "{broken}");
    }
}

#[test]
fn one_element_with_one_certificate_and_nothing_else() {
    let digest = digest(&der_of(PEM));
    let is_read = |text: &str| ClientCert::parse(text.as_bytes(), digest.as_bytes()).is_some();
    let cert = percent_encode(PEM.as_bytes(), NON_ALPHANUMERIC).to_string();
    for good in [
        format!("Cert=\"{cert}\""),
        format!("Cert={cert}"),
        format!("By=spiffe://a;Hash=0;Cert=\"{cert}\";Subject=\"CN=a,O=\\\"b;c\\\"\""),
        format!("Cert=\"{cert}\";DNS=a.test;DNS=b.test"),
    ] {
        assert!(is_read(&good), "{good}");
    }
    for bad in [
        String::new(),
        "Hash=0".to_owned(),
        "Cert=".to_owned(),
        format!("Cert=\"{cert}"),
        format!("cert=\"{cert}\""),
        format!("Cert=\"{cert}\";"),
        format!("Cert=\"{cert}\"x"),
        format!("Cert=\"{cert}\",Cert=\"{cert}\""),
        format!("Cert=\"{cert}\";Cert=\"{cert}\""),
        format!("Hash=0,Cert=\"{cert}\""),
        format!("Subject=\"a\\\";Cert=\"{cert}\""),
        format!("Cert=\"{cert}{cert}\""),
        format!("Cert=\"%0A{cert}\""),
        format!("Cert=\"{cert}%0A\""),
        format!("Cert=\"%FF{cert}\""),
        format!("Chain=\"{cert}\""),
        format!("Cert=\"{}\"", cert.replace("CERTIFICATE", "PUBLIC KEY")),
    ] {
        assert!(!is_read(&bad), "{bad}");
    }
}

#[test]
fn numbers_and_times_are_printed_as_openssl_prints_them() {
    let serial = |bytes: &[u8]| read(&certificate(bytes, &[], TIMES)).map(|cert| cert.serial_number);
    for (bytes, printed) in [
        (&[1][..], "1"),
        (&[0], "0"),
        (&[0, 0x80], "128"),
        (&[0x12, 0x34], "4660"),
        (&[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "18446744073709551615"),
        (&[1, 0, 0, 0, 0, 0, 0, 0, 0], "01:00:00:00:00:00:00:00:00"),
        (&[0xff], "ff"),
    ] {
        assert_eq!(serial(bytes).as_deref(), Some(printed), "{bytes:?}");
    }
    assert_eq!(serial(&[]), None);
    let times = |times| read(&certificate(&[1], &[], times)).map(|cert| (cert.not_before, cert.not_after));
    let printed = |before: &str, after: &str| Some((before.to_owned(), after.to_owned()));
    assert_eq!(times(TIMES), printed("May 28 12:30:02 2019 GMT", "Aug  5 09:36:04 2021 GMT"));
    assert_eq!(
        times([(0x17, "500101000000Z"), (0x18, "21200805002821Z")]),
        printed("Jan  1 00:00:00 1950 GMT", "Aug  5 00:28:21 2120 GMT")
    );
    for odd in [
        "",
        "Z",
        "190528123002",
        "1905281230Z",
        "190028123002Z",
        "191328123002Z",
        "19052812300aZ",
        "19052812300\u{e9}Z",
    ] {
        assert_eq!(times([(0x17, odd), TIMES[1]]), None, "{odd}");
    }
    assert_eq!(times([(0x16, TIMES[0].1), TIMES[1]]), None);
}

#[test]
fn no_character_of_a_name_reads_as_another_name_or_ends_a_line() {
    for (value, printed) in [
        ("client", "client"),
        ("a,O=root", "a\\,O=root"),
        ("a+O=root", "a\\+O=root"),
        ("a\"b;c<d>e\\f", "a\\\"b\\;c\\<d\\>e\\\\f"),
        (" a ", "\\ a\\ "),
        ("#a#", "\\#a#"),
        ("a\r\nb: c\0", "a\\0D\\0Ab: c\\00"),
        ("é漢\u{85}", "é漢\\C2\\85"),
        ("", ""),
    ] {
        assert_eq!(cn(0x0c, value.as_bytes()), printed, "{value:?}");
    }
    assert_eq!(cn(0x13, b"plain"), "plain");
    assert_eq!(cn(0x16, &[0xe9]), "#1601E9", "not ASCII");
    assert_eq!(cn(0x0c, &[0xff]), "#0C01FF", "not UTF-8");
    assert_eq!(cn(0x14, &[0xe9]), "é", "Latin-1");
    assert_eq!(cn(0x1e, &[0, b'a', 0x6f, 0x22]), "a漢");
    assert_eq!(cn(0x1e, &[0xd8, 0]), "#1E02D800", "half a pair");
    assert_eq!(cn(0x1e, &[0]), "#1E0100");
    assert_eq!(cn(0x02, &[7]), "#020107", "a number");
    let sets = [
        attribute(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 2], 0x0c, b"x"),
        attribute(&[0x88, 0x37], 0x0c, b"y"),
    ];
    assert_eq!(subject_of(&sets.concat()), "1.2.840.113549.1.9.2=x,2.999=y");
    assert_eq!(subject_of(&[]), "");
}

#[test]
fn what_is_not_der_is_refused() {
    let good = certificate(&[1], &attribute(&[0x55, 4, 3], 0x0c, b"a"), TIMES);
    assert!(read(&good).is_some());
    for cut in 0..good.len() {
        assert_eq!(read(&good[..cut]), None, "{cut}");
    }
    assert_eq!(read(&[good.as_slice(), &[0]].concat()), None, "something behind it");
    // Every length in another form than the shortest one.
    let long = |bytes: &[u8]| [&[0x30, 0x83, 0, (bytes.len() >> 8) as u8, bytes.len() as u8], bytes].concat();
    assert_eq!(read(&long(&good[4..])), None);
    let endless = [&[0x30, 0x80], &good[4..], &[0, 0]].concat();
    assert_eq!(read(&endless), None);
    for oid in [&[][..], &[0x80], &[0x55, 0x84], &[0xff; 11]] {
        let sets = attribute(oid, 0x0c, b"a");
        assert_eq!(read(&certificate(&[1], &sets, TIMES)), None, "{oid:?}");
    }
    let huge = attribute(&[0x55, 4, 3], 0x0c, &[b','; 20_000]);
    assert_eq!(subject_of(&huge).len(), 3 + 40_000);
}

#[test]
fn requests_learn_it_and_backends_do_not() {
    let mapped = MEMBERS
        .map(|(name, _)| (format!("overwrite:header.x-{}", name.len()), json!(format!("$context.{name}"))));
    // The PEM has line breaks: it can stand in no header.
    let mapped: serde_json::Map<_, _> = mapped.into_iter().skip(1).collect();
    let document =
        testing::http(&["GET /x"], testing::proxy("http://b.test/x", json!({ "requestParameters": mapped })));
    let gateway = gateway(&document);
    assert!(gateway.wants().client_cert);
    let der = der_of(PEM);
    let (told, digest) = (header(PEM), digest(&der));
    let ask = |headers: &[(&str, &str)], digest: &str| {
        let head = head("GET", "/x", headers, true);
        let env = Env { client_cert_digest: digest.as_bytes(), ..testing::env() };
        let mut exchange = crate::gateway::Exchange::new(gateway.clone());
        (exchange.on_request_headers(Ok(head.clone()), &env), head)
    };
    let name = |member: Member| {
        let name = MEMBERS.iter().find(|(_, known)| *known == member).unwrap().0;
        format!("x-{}", name.len())
    };
    let (Flow::Forward(edits), head) = ask(&[("x-forwarded-client-cert", &told)], &digest) else { panic!() };
    let sent = testing::apply(&head, edits);
    assert!(testing::first(&sent, &name(Member::SubjectDn)).unwrap().starts_with("C=US,DC=test"));
    assert!(testing::first(&sent, &name(Member::NotAfter)).unwrap().ends_with(" 2126 GMT"));
    assert_eq!(testing::first(&sent, "x-forwarded-client-cert"), None);

    // No certificate was presented: what a client says of itself is nothing.
    let (Flow::Forward(edits), head) = ask(&[("x-forwarded-client-cert", &told)], "") else { panic!() };
    let sent = testing::apply(&head, edits);
    assert_eq!(testing::first(&sent, &name(Member::SubjectDn)), None);
    assert_eq!(testing::first(&sent, "x-forwarded-client-cert"), None);

    // One was presented, and is not told: nobody passes as somebody without one.
    for headers in [
        vec![],
        vec![("x-forwarded-client-cert", "Hash=00")],
        vec![("x_forwarded_client_cert", told.as_str())],
        vec![("x-forwarded-client-cert", told.as_str()), ("x-forwarded-client-cert", told.as_str())],
    ] {
        let (Flow::Answer(answer), _) = ask(&headers, &digest) else { panic!("{headers:?}") };
        assert_eq!((answer.status, answer.details.as_ref()), (403, "sekisho_client_cert"));
        assert_eq!(body(&answer), r#"{"message":"Forbidden"}"#);
    }
    // Its size is not the client's head.
    let long = format!("Hash=00;By={};{}", "x".repeat(20_000), told);
    assert!(matches!(ask(&[("x-forwarded-client-cert", &long)], &digest).0, Flow::Forward(_)));
    assert!(
        !testing::gateway(&testing::http(&["GET /x"], testing::proxy("http://b.test/x", json!({}))))
            .wants()
            .client_cert
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(header in ".{0,300}", der in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = ClientCert::parse(header.as_bytes(), b"00");
        let _ = read(&der);
    }

    #[test]
    fn no_changed_byte_panics(at in 0..400_usize, byte: u8) {
        let mut der = der_of(PEM);
        if let Some(changed) = der.get_mut(at) {
            *changed = byte;
        }
        if let Some(cert) = read(&der) {
            prop_assert!(!cert.subject_dn.contains(char::is_control) && !cert.issuer_dn.contains(char::is_control));
        }
    }
}
