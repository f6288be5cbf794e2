use super::check;
use crate::local_ca::{Issued, LocalCa};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use sekisho::gateway::config::load;
use sekisho::gateway::diagnostics::Diagnostics;
use serde_json::json;
use std::path::Path;

fn said(certificate: &Path, key: &Path, domain: &str, truststore: Option<&Path>) -> String {
    let mutual = truststore.map(|path| json!({ "truststoreUri": format!("file:{}", path.display()) }));
    let document = json!({
        "certificates": { "c": { "certificateFile": certificate, "privateKeyFile": key } },
        "domainNames": [{
            "domainName": domain, "domainNameConfigurations": [{ "certificateArn": "c" }],
            "mutualTlsAuthentication": mutual,
        }],
    });
    let mut diagnostics = Diagnostics::default();
    check(&load(document.to_string().as_bytes()).unwrap(), &mut diagnostics);
    let errors = if diagnostics.has_errors() { "refused: " } else { "" };
    let problems: Vec<_> =
        diagnostics.0.into_iter().map(|it| format!("{}: {}", it.path, it.problem)).collect();
    errors.to_owned() + &problems.join("; ")
}

fn server(ca: &LocalCa, names: &[&str]) -> Issued {
    ca.server(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
}

#[test]
fn a_pair_is_for_its_key_its_domain_and_today() {
    let folder = tempfile::tempdir().unwrap();
    let ca = LocalCa::open(folder.path()).unwrap();
    let (one, wild) = (server(&ca, &["one.test"]), server(&ca, &["*.two.test"]));
    let good = |issued: &Issued, domain: &str| said(&issued.certificate, &issued.key, domain, None);
    assert_eq!(good(&one, "One.test"), "");
    assert_eq!(good(&wild, "*.two.test"), "");
    assert_eq!(good(&wild, "x.two.test"), "");
    for (issued, domain) in
        [(&one, "*.one.test"), (&one, "two.test"), (&wild, "two.test"), (&wild, "x.y.two.test")]
    {
        let problem = format!("domainNames[0].domainName: the certificate does not cover `{domain}`");
        assert_eq!(good(issued, domain), problem);
    }
    let torn = said(&one.certificate, &wild.key, "one.test", None);
    assert_eq!(torn, "refused: certificates.c.privateKeyFile: the certificate is not for this key");

    let mut params = CertificateParams::new(["one.test".to_owned()]).unwrap();
    for (from, to, problem) in [
        (2001, 2002, "certificates.c.certificateFile: the certificate has expired"),
        (3001, 3002, "certificates.c.certificateFile: the certificate is not valid yet"),
    ] {
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
        let key = KeyPair::generate().unwrap();
        std::fs::write(&one.certificate, params.self_signed(&key).unwrap().pem()).unwrap();
        std::fs::write(&one.key, key.serialize_pem()).unwrap();
        let said = good(&one, "one.test");
        assert!(said.starts_with(problem), "{said}");
    }
}

#[test]
fn what_is_not_here_is_not_refused_and_what_is_nothing_is() {
    let folder = tempfile::tempdir().unwrap();
    let ca = LocalCa::open(folder.path()).unwrap();
    let one = server(&ca, &["one.test"]);
    let nowhere = folder.path().join("nowhere.pem");
    let absent = said(&nowhere, &nowhere, "one.test", Some(&nowhere));
    assert_eq!(absent.matches("cannot read").count(), 3, "{absent}");
    assert!(!absent.starts_with("refused"), "{absent}");
    let unknown = said(Path::new("${env:CERTS}/c.pem"), Path::new("${env:CERTS}/k.pem"), "one.test", None);
    assert_eq!(unknown, "");

    let secret = "not a key at all";
    let nothing = folder.path().join("nothing.pem");
    std::fs::write(&nothing, secret).unwrap();
    for said in [
        said(&nothing, &one.key, "one.test", None),
        said(&one.certificate, &nothing, "one.test", None),
        said(&one.certificate, &one.key, "one.test", Some(&nothing)),
    ] {
        assert!(said.starts_with("refused: ") && !said.contains(secret), "{said}");
    }
    assert_eq!(said(&one.certificate, &one.key, "one.test", Some(&ca.certificate())), "");
}

#[test]
fn a_truststore_has_awss_size() {
    let folder = tempfile::tempdir().unwrap();
    let ca = LocalCa::open(folder.path()).unwrap();
    let one = server(&ca, &["one.test"]);
    let many = folder.path().join("many.pem");
    std::fs::write(&many, std::fs::read_to_string(ca.certificate()).unwrap().repeat(1001)).unwrap();
    let said = said(&one.certificate, &one.key, "one.test", Some(&many));
    assert!(said.contains("has 1001 certificates") && !said.starts_with("refused"), "{said}");
}
