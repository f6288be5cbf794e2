//! What a request says of its signature: in its `authorization` header, or, presigned, in its query string. Nothing of it is
//! believed here.

use super::canonical::SignedHeaders;
use super::moment::{Moment, number};
use super::query;
use super::refusal::{Missing, Refusal};
use crate::gateway::head::Head;
use std::borrow::Cow;

/// The only algorithm.
pub const ALGORITHM: &[u8] = b"AWS4-HMAC-SHA256";
/// What every credential ends with.
pub const TERMINATOR: &[u8] = b"aws4_request";
/// The longest life of a presigned request, in seconds: a week.
const LONGEST: u32 = 604_800;

/// What a request says of its signature.
#[derive(Debug)]
pub struct Claim<'a> {
    credential: Cow<'a, [u8]>,
    signed_headers: Cow<'a, [u8]>,
    /// The signature.
    pub signature: [u8; 32],
    /// When it was made.
    pub signed: Moment,
    /// The header that says when, unless the query string does.
    pub date_header: Option<&'static [u8]>,
    /// Seconds that a presigned request lives.
    pub expires: Option<i64>,
    /// The session token of temporary credentials.
    pub token: Option<Cow<'a, [u8]>>,
}

/// Whose signature it is said to be, and where it counts.
#[derive(Debug, Clone, Copy)]
pub struct Credential<'a> {
    /// The access key's id.
    pub access_key_id: &'a [u8],
    /// `20150830`
    pub day: &'a [u8],
    /// `us-east-1`
    pub region: &'a [u8],
    /// `execute-api`
    pub service: &'a [u8],
    /// `aws4_request`
    pub terminator: &'a [u8],
}

/// Parameters by name; one that stands twice is none.
#[derive(Debug, Default)]
struct Parameters<'a> {
    known: Vec<(&'static str, Cow<'a, [u8]>)>,
    twice: Vec<&'static str>,
}

const IN_HEADER: [&str; 3] = ["Credential", "Signature", "SignedHeaders"];
const IN_QUERY: [&str; 6] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
    "X-Amz-Date",
    "X-Amz-Expires",
];
const TOKEN: &str = "X-Amz-Security-Token";

// === impl Claim ===

impl<'a> Claim<'a> {
    /// Reads it; a request without any is `Ok(None)`.
    ///
    /// # Errors
    /// If it is incomplete, odd, or there twice.
    pub fn read(head: &'a Head) -> Result<Option<Self>, Refusal> {
        let target = head.first(b":path").unwrap_or_default();
        let at = target.iter().position(|byte| *byte == b'?').unwrap_or(target.len());
        let mut in_query = Parameters::default();
        for (name, value) in query::pairs(target.get(at + 1..).unwrap_or_default()) {
            let known = IN_QUERY.into_iter().chain([TOKEN]).find(|known| known.as_bytes() == name.as_ref());
            if let Some(name) = known {
                in_query.put(name, value);
            }
        }
        let presigned = IN_QUERY.iter().take(3).any(|name| in_query.mentions(name));
        let token = token(head, &mut in_query)?;
        let claim = match (authorization(head), presigned) {
            (None, false) => return Ok(None),
            (Some(_), true) => return Err(Refusal::Both),
            (Some(value), false) => Self::in_header(value, head)?,
            (None, true) => Self::in_query(in_query)?,
        };
        Ok(Some(Self { token, ..claim }))
    }

    fn in_header(value: Cow<'a, [u8]>, head: &Head) -> Result<Self, Refusal> {
        let mut parts = value.split(|byte| b" ,\t".contains(byte)).filter(|part| !part.is_empty());
        let algorithm = parts.next().unwrap_or_default();
        let mut parameters = Parameters::default();
        for part in parts {
            let at = part.iter().position(|byte| *byte == b'=').ok_or(Refusal::NotKeyValue)?;
            let (name, value) = part.split_at_checked(at).ok_or(Refusal::NotKeyValue)?;
            let known = IN_HEADER.into_iter().find(|known| known.as_bytes() == name);
            match known {
                Some(name) => parameters.put(name, Cow::Owned(value.get(1..).unwrap_or_default().to_vec())),
                // A parameter of AWS's algorithm that AWS does not have; of another scheme's, all is missing.
                None if algorithm == ALGORITHM => return Err(Refusal::NotKeyValue),
                None => {}
            }
        }
        let mut missing = parameters.missing(&IN_HEADER);
        let (date_header, written) = date(head)?;
        if date_header.is_none() {
            missing.add("Date");
        }
        if !missing.is_empty() {
            return Err(Refusal::Header(missing));
        }
        if algorithm != ALGORITHM {
            return Err(Refusal::Algorithm);
        }
        let http = if date_header == Some(b"date") { Moment::http(written) } else { None };
        let signed = http.or_else(|| Moment::basic(written)).ok_or(Refusal::Date)?;
        Self::new(&mut parameters, IN_HEADER, signed, date_header, None)
    }

    fn in_query(mut parameters: Parameters<'a>) -> Result<Self, Refusal> {
        let missing = parameters.missing(&IN_QUERY);
        if !missing.is_empty() {
            return Err(Refusal::Query(missing));
        }
        let [algorithm, credential, signature, signed_headers, date, expires] = IN_QUERY;
        if parameters.take(algorithm).as_ref() != ALGORITHM {
            return Err(Refusal::Algorithm);
        }
        let signed = Moment::basic(&parameters.take(date)).ok_or(Refusal::Date)?;
        let expires = number(&parameters.take(expires)).filter(|seconds| (1..=LONGEST).contains(seconds));
        let expires = i64::from(expires.ok_or(Refusal::Expires)?);
        Self::new(&mut parameters, [credential, signature, signed_headers], signed, None, Some(expires))
    }

    fn new(
        parameters: &mut Parameters<'a>,
        [credential, signature, signed_headers]: [&'static str; 3],
        signed: Moment,
        date_header: Option<&'static [u8]>,
        expires: Option<i64>,
    ) -> Result<Self, Refusal> {
        let claim = Self {
            credential: parameters.take(credential),
            signed_headers: parameters.take(signed_headers),
            signature: unhex(&parameters.take(signature)).ok_or(Refusal::Mismatch)?,
            signed,
            date_header,
            expires,
            token: None,
        };
        if claim.credential().is_none() {
            return Err(Refusal::Credential);
        }
        Ok(claim)
    }

    /// Whose signature it is said to be; always there once the claim is.
    pub fn credential(&self) -> Option<Credential<'_>> {
        let mut parts = self.credential.split(|byte| *byte == b'/');
        let mut next = || parts.next();
        let (access_key_id, day, region, service, terminator) = (next()?, next()?, next()?, next()?, next()?);
        let whole = next().is_none();
        whole.then_some(Credential { access_key_id, day, region, service, terminator })
    }

    /// What is signed, beside method, target and body.
    pub fn signed_headers(&self) -> Option<SignedHeaders<'_>> {
        SignedHeaders::parse(&self.signed_headers)
    }
}

/// The header's value; two are joined, as Envoy joins them, and then are no signature.
pub fn authorization(head: &Head) -> Option<Cow<'_, [u8]>> {
    let mut values = head.all(b"authorization");
    let first = values.next()?;
    let rest: Vec<_> = values.collect();
    if rest.is_empty() {
        return Some(Cow::Borrowed(first));
    }
    Some(Cow::Owned([&[first], rest.as_slice()].concat().join(&b',')))
}

/// `x-amz-date`, or else `date`: the name and the value.
fn date(head: &Head) -> Result<(Option<&'static [u8]>, &[u8]), Refusal> {
    for name in [&b"x-amz-date"[..], b"date"] {
        let mut values = head.all(name);
        match (values.next(), values.next()) {
            (None, _) => {}
            (Some(value), None) => return Ok((Some(name), value)),
            (Some(_), Some(_)) => return Err(Refusal::Date),
        }
    }
    Ok((None, b""))
}

/// The session token, from the only place where one may stand.
fn token<'a>(head: &'a Head, in_query: &mut Parameters<'a>) -> Result<Option<Cow<'a, [u8]>>, Refusal> {
    let mut in_head = head.all(b"x-amz-security-token");
    let (first, second) = (in_head.next(), in_head.next());
    match (first, second, in_query.mentions(TOKEN)) {
        (None, None, false) => Ok(None),
        (Some(value), None, false) => Ok(Some(Cow::Borrowed(value))),
        (None, None, true) if in_query.missing(&[TOKEN]).is_empty() => Ok(Some(in_query.take(TOKEN))),
        _ => Err(Refusal::Token),
    }
}

/// 64 hexadecimal digits in lower case, which is how they are signed.
pub fn unhex(text: &[u8]) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; 32];
    let (pairs, rest) = text.as_chunks::<2>();
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

// === impl Parameters ===

impl<'a> Parameters<'a> {
    fn put(&mut self, name: &'static str, value: Cow<'a, [u8]>) {
        if self.mentions(name) {
            self.twice.push(name);
        }
        self.known.push((name, value));
    }

    fn mentions(&self, name: &str) -> bool {
        self.known.iter().any(|(known, _)| *known == name)
    }

    /// Those of `names` that do not stand there exactly once.
    fn missing(&self, names: &[&'static str]) -> Missing {
        let mut missing = Missing::default();
        for name in names {
            if !self.mentions(name) || self.twice.contains(name) {
                missing.add(name);
            }
        }
        missing
    }

    fn take(&mut self, name: &str) -> Cow<'a, [u8]> {
        let found = self.known.iter_mut().find(|(known, _)| *known == name);
        found.map(|(_, value)| std::mem::take(value)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
