#![no_main]
//! A client's certificate, as the header that carries it and as DER behind a good header: it is refused, or what is shown of it
//! ends no line.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use sekisho::gateway::client_cert::{ClientCert, MEMBERS, Member};
use sha2::{Digest, Sha256};

fuzz_target!(|data: &[u8]| {
    let _ = ClientCert::parse(data, &[b'0'; 64]);
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(data));
    let header = format!("Hash=0;Cert=\"{}\"", pem.replace('+', "%2B"));
    let digest: String = Sha256::digest(data).iter().map(|byte| format!("{byte:02x}")).collect();
    let Some(cert) = ClientCert::parse(header.as_bytes(), digest.as_bytes()) else { return };
    assert_eq!(cert.pem, pem);
    for (name, member) in MEMBERS {
        assert!(member == Member::Pem || !cert.member(member).contains(char::is_control), "{name}");
    }
});
