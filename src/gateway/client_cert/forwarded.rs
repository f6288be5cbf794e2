//! `x-forwarded-client-cert` as Envoy's `SANITIZE_SET` writes it: `Hash=…;Cert="…"`, one element, the PEM percent-encoded.
//! <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----\n";
const END: &str = "-----END CERTIFICATE-----\n";

/// The PEM of the only element's only `Cert`. Two elements are those of two proxies, and nothing says whose is the client's.
pub(super) fn pem(header: &[u8]) -> Option<String> {
    let mut rest = header;
    let mut found = None;
    loop {
        let at = rest.iter().position(|byte| matches!(byte, b'=' | b',' | b';' | b'"'))?;
        let (name, after) = (rest.get(..at)?, rest.get(at..)?);
        let (value, after) = value(after.strip_prefix(b"=")?)?;
        if name == b"Cert" && found.replace(value).is_some() {
            return None;
        }
        match after.split_first() {
            None => break,
            Some((b';', after)) => rest = after,
            Some(_) => return None,
        }
    }
    percent_decode(found?).decode_utf8().ok().map(Into::into)
}

/// A value, quoted or not, and what follows. What Envoy escapes within quotes stays so: no certificate has it.
fn value(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|byte| matches!(byte, b',' | b';')).unwrap_or(text.len());
        let (value, rest) = text.split_at_checked(end)?;
        return (!value.contains(&b'"')).then_some((value, rest));
    };
    let mut escaped = false;
    let end = quoted.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    })?;
    Some((quoted.get(..end)?, quoted.get(end + 1..)?))
}

/// The bytes of a PEM that is one certificate and nothing else (RFC 7468).
pub(super) fn der(pem: &str) -> Option<Vec<u8>> {
    let lines = pem.strip_prefix(BEGIN)?.strip_suffix(END)?;
    let text: Vec<u8> = lines.bytes().filter(|byte| *byte != b'\n').collect();
    STANDARD.decode(text).ok()
}
