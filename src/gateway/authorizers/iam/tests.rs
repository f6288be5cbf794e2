use super::proof::{Key, hex};
use super::refusal::Refusal;
use super::{Caller, IamAuthorizer, KnownCaller, Waiting};
use crate::gateway::authorizers::Opinion;
use crate::gateway::head::Head;
use crate::gateway::policy::Verdict;
use crate::gateway::rejection::Rejection;
use crate::gateway::request::Request;
use crate::gateway::surroundings::Secret;
use crate::gateway::testing::{env, gateway, http, proxy, rest};
use crate::gateway::{Env, Gateway, Millis};
use proptest::prelude::*;
use sekisho_cases::sigv4::{self, Sign};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

mod suite;

const ID: &str = "AKIATESTTESTTEST0001";
const NOW: u64 = 1_700_000_000;

/// A request as a client sends it.
#[derive(Debug, Clone)]
struct Sent {
    method: Vec<u8>,
    target: Vec<u8>,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

// === impl Sent ===

impl Sent {
    fn signed(request: &sekisho_cases::Request) -> Self {
        let signed = request.signed(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW));
        let mut headers = vec![(":authority".to_owned(), signed.host.into_bytes())];
        for (name, value) in signed.headers {
            headers.push((name.to_ascii_lowercase(), value.into_bytes()));
        }
        Self {
            method: signed.method.into_bytes(),
            target: signed.path.into_bytes(),
            headers,
            body: signed.body.unwrap_or_default().into_bytes(),
        }
    }

    fn head(&self) -> Head {
        let mut pairs: Vec<(&str, &[u8])> = vec![(":method", &self.method), (":path", &self.target)];
        pairs.extend(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())));
        Head::from_pairs(&pairs, self.body.is_empty())
    }

    fn value(&mut self, name: &str) -> &mut Vec<u8> {
        &mut self.headers.iter_mut().find(|(known, _)| known == name).unwrap().1
    }
}

fn authorizer(secret: &str, token: Option<&str>) -> IamAuthorizer {
    let caller = Rc::new(Caller {
        access_key_id: ID.to_owned(),
        account_id: "123456789012".to_owned(),
        user_arn: format!("arn:aws:iam::123456789012:user/{ID}"),
    });
    let key = Key::new(&Secret(secret.into())).unwrap();
    let token = token.map(|token| key.tag(token.as_bytes()));
    let known = Rc::new(KnownCaller { caller, key, token, policy: None });
    IamAuthorizer {
        region: "us-east-1".to_owned(),
        service: super::SERVICE,
        callers: [(ID.to_owned(), known)].into(),
    }
}

fn at(seconds: u64) -> Env<'static> {
    Env { wall: Millis(seconds * 1000), ..env() }
}

/// What becomes of a request, and whether its body was waited for.
fn judge(
    iam: &IamAuthorizer,
    sent: &Sent,
    env: &Env<'_>,
    document: &Value,
) -> (Result<String, Rejection>, bool) {
    judge_on(&gateway(document), iam, sent, env)
}

fn judge_on(
    gateway: &Rc<Gateway>,
    iam: &IamAuthorizer,
    sent: &Sent,
    env: &Env<'_>,
) -> (Result<String, Rejection>, bool) {
    let mut request = Request::new(Rc::clone(gateway), sent.head(), env);
    request.api = request.gateway.default_api().map(Rc::clone);
    let (opinion, waited) = match iam.begin(&request, env) {
        Ok(Opinion::Body(Waiting::Signature(pending))) => {
            (iam.finish_body(pending, &sent.body, &request, env), true)
        }
        opinion => (opinion, false),
    };
    let known = opinion.map(|opinion| match opinion {
        Opinion::Known(principal, Verdict::Silent) => principal.caller().unwrap().access_key_id.clone(),
        opinion => panic!("{opinion:?}"),
    });
    (known, waited)
}

fn document() -> Value {
    http(&["ANY /x"], proxy("http://b", json!({})))
}

fn verdict(sent: &Sent) -> Result<String, Rejection> {
    thread_local!(static GATEWAY: Rc<Gateway> = gateway(&document()));
    GATEWAY.with(|gateway| judge_on(gateway, &authorizer(sigv4::SECRET, None), sent, &at(NOW)).0)
}

fn refused(refusal: Refusal) -> Result<String, Rejection> {
    Err(Rejection::InvalidSignature(refusal))
}

fn get(path: &str, sign: Sign) -> sekisho_cases::Request {
    sekisho_cases::Request { path: path.to_owned(), sign: Some(sign), ..Default::default() }
}

fn post(body: &str, sign: Sign) -> sekisho_cases::Request {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    sekisho_cases::Request {
        method: "POST".to_owned(),
        headers,
        body: Some(body.to_owned()),
        ..get("/prod/x?b=2&a=1", sign)
    }
}

#[test]
fn a_signed_request_is_of_its_caller() {
    for sign in [Sign::default(), Sign { presign: Some(60), ..Sign::default() }] {
        let sent = Sent::signed(&get("/prod/a%20b/%2F//c/?b=2&a=1&a=%20&a=", sign));
        let (known, waited) = judge(&authorizer(sigv4::SECRET, None), &sent, &at(NOW), &document());
        assert_eq!((known.as_deref(), waited), (Ok(ID), false), "{sent:?}");
    }
}

#[test]
fn a_body_is_waited_for_and_must_be_the_signed_one() {
    for digest in [true, false] {
        for presign in [None, Some(60)] {
            let mut sent = Sent::signed(&post(r#"{"a":1}"#, Sign { digest, presign, ..Sign::default() }));
            let (known, waited) = judge(&authorizer(sigv4::SECRET, None), &sent, &at(NOW), &document());
            assert_eq!((known.as_deref(), waited), (Ok(ID), true), "{sent:?}");
            sent.body = br#"{"a":2}"#.to_vec();
            assert_eq!(verdict(&sent), refused(Refusal::Mismatch), "{sent:?}");
            sent.body.clear();
            assert_eq!(verdict(&sent), refused(Refusal::Mismatch), "{sent:?}");
        }
    }
    // Nobody's body is held who cannot be known: a wrong signature over a told digest, an unknown key, a wrong time.
    for sign in [
        Sign { digest: true, secret: "wrong".to_owned(), ..Sign::default() },
        Sign { key: "AKIATESTTESTTEST0002".to_owned(), ..Sign::default() },
        Sign { age: 301, ..Sign::default() },
        Sign { token: Some("t".to_owned()), ..Sign::default() },
        Sign { region: "eu-west-1".to_owned(), ..Sign::default() },
    ] {
        let sent = Sent::signed(&post("{}", sign));
        let (known, waited) = judge(&authorizer(sigv4::SECRET, None), &sent, &at(NOW), &document());
        assert!(known.is_err() && !waited, "{sent:?}");
    }
}

#[test]
fn a_digest_that_is_none_is_refused() {
    let body = "{}";
    for told in [
        "UNSIGNED-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "",
        "e3b0",
    ] {
        let mut request = post(body, Sign::default());
        request.headers.push(("x-amz-content-sha256".to_owned(), told.to_owned()));
        assert_eq!(verdict(&Sent::signed(&request)), refused(Refusal::Mismatch), "{told}");
    }
    let mut request = post(body, Sign::default());
    request.headers.push(("x-amz-content-sha256".to_owned(), hex(&Sha256::digest(body)).to_uppercase()));
    assert_eq!(verdict(&Sent::signed(&request)), refused(Refusal::Mismatch));
    // Written into a header after signing, the right digest is not signed.
    let add = vec![("x-amz-content-sha256".to_owned(), hex(&Sha256::digest(body)))];
    let sent = Sent::signed(&post(body, Sign { add, ..Sign::default() }));
    assert_eq!(verdict(&sent), refused(Refusal::HeaderNotSigned));
}

#[test]
fn a_signature_counts_for_one_region_service_day_and_key() {
    let refusal = |sign: Sign| match verdict(&Sent::signed(&get("/x", sign))) {
        Err(Rejection::InvalidSignature(refusal)) => refusal,
        other => panic!("{other:?}"),
    };
    let text = str::to_owned;
    assert_eq!(refusal(Sign { region: text("eu-west-1"), ..Sign::default() }), Refusal::Region);
    assert_eq!(refusal(Sign { service: text("s3"), ..Sign::default() }), Refusal::Service);
    assert_eq!(refusal(Sign { key: text("AKIATESTTESTTEST0002"), ..Sign::default() }), Refusal::UnknownKey);
    assert_eq!(refusal(Sign { key: text("akiatesttesttest0001"), ..Sign::default() }), Refusal::UnknownKey);
    assert_eq!(refusal(Sign { secret: text("y"), ..Sign::default() }), Refusal::Mismatch);
    let replace = |from: &str, to: &str| Sign { replace: vec![(text(from), text(to))], ..Sign::default() };
    assert_eq!(refusal(replace("aws4_request", "aws5_request")), Refusal::Terminator);
    assert_eq!(refusal(replace("/20231114/", "/20231115/")), Refusal::Day);
    assert_eq!(refusal(replace("/aws4_request", "/aws4_request/x")), Refusal::Credential);
    assert_eq!(refusal(replace("/aws4_request", "")), Refusal::Credential);
    assert_eq!(refusal(replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512")), Refusal::Algorithm);
}

#[test]
fn five_minutes_either_way_and_no_second_more() {
    for (age, right) in [(0, true), (300, true), (301, false), (-300, true), (-301, false)] {
        let sent = Sent::signed(&get("/x", Sign { age, ..Sign::default() }));
        assert_eq!(verdict(&sent).is_ok(), right, "{age}");
    }
    let presigned = |age, seconds| {
        verdict(&Sent::signed(&get("/x", Sign { age, presign: Some(seconds), ..Sign::default() })))
    };
    for (age, seconds, right) in
        [(60, 60, true), (61, 60, false), (604_800, 604_800, true), (-300, 60, true), (-301, 60, false)]
    {
        assert_eq!(presigned(age, seconds).is_ok(), right, "{age} {seconds}");
    }
    assert_eq!(presigned(0, 604_801), refused(Refusal::Expires));
    assert_eq!(presigned(0, 0), refused(Refusal::Expires));
}

#[test]
fn a_date_header_serves_if_it_is_signed() {
    // The signer writes `x-amz-date` always; with another name, what was signed is the same but for that name.
    let signed = |name: &str, value: &str| {
        let mut sent = Sent::signed(&get("/x", Sign::default()));
        sent.headers.retain(|(name, _)| name != "x-amz-date");
        sent.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        resign(&mut sent, "date;host");
        verdict(&sent)
    };
    assert_eq!(signed("date", "Tue, 14 Nov 2023 22:13:20 GMT").as_deref(), Ok(ID));
    assert_eq!(signed("date", "20231114T221320Z").as_deref(), Ok(ID));
    assert_eq!(signed("date", "yesterday"), refused(Refusal::Date));
    let mut sent = Sent::signed(&get("/x", Sign::default()));
    sent.headers.retain(|(name, _)| name != "x-amz-date");
    assert!(matches!(verdict(&sent), Err(Rejection::InvalidSignature(Refusal::Header(_)))));
    sent.headers.push(("date".to_owned(), b"Tue, 14 Nov 2023 22:13:20 GMT".to_vec()));
    resign(&mut sent, "host");
    assert_eq!(verdict(&sent), refused(Refusal::HeaderNotSigned));
}

/// Signs again with other signed headers, by the code under test: for what AWS's signer does not write.
fn resign(sent: &mut Sent, list: &str) {
    let text = String::from_utf8(sent.value("authorization").clone()).unwrap();
    let (before, _) = text.split_once("SignedHeaders=").unwrap();
    let signature = {
        let head = sent.head();
        let signed = super::SignedHeaders::parse(list.as_bytes()).unwrap();
        let canonical = super::canonical::without_payload(&head, signed).unwrap();
        let canonical = canonical.chain_update(hex(&Sha256::digest(&sent.body))).finalize();
        let scope = "20231114/us-east-1/execute-api/aws4_request";
        let text = format!("AWS4-HMAC-SHA256\n20231114T221320Z\n{scope}\n{}", hex(&canonical));
        let key = ["20231114", "us-east-1", "execute-api", "aws4_request"]
            .iter()
            .fold(format!("AWS4{}", sigv4::SECRET).into_bytes(), |key, part| hmac(&key, part.as_bytes()));
        hex(&hmac(&key, text.as_bytes()))
    };
    *sent.value("authorization") =
        format!("{before}SignedHeaders={list}, Signature={signature}").into_bytes();
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    use hmac::{Hmac, KeyInit, Mac};
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes().to_vec()
}

#[test]
fn what_must_be_signed_is() {
    let mut sent = Sent::signed(&get("/x", Sign::default()));
    resign(&mut sent, "x-amz-date");
    assert_eq!(verdict(&sent), refused(Refusal::HostNotSigned));
    resign(&mut sent, ":authority;x-amz-date");
    assert_eq!(verdict(&sent).as_deref(), Ok(ID));
    let with = |name: &str, document: &Value| {
        let add = vec![(name.to_owned(), "DELETE".to_owned())];
        let sent = Sent::signed(&get("/x", Sign { add, ..Sign::default() }));
        judge(&authorizer(sigv4::SECRET, None), &sent, &at(NOW), document).0
    };
    let rest = rest(&["ANY /x"], proxy("http://b", json!({})));
    assert_eq!(with("x-amz-meta", &document()), refused(Refusal::HeaderNotSigned));
    assert_eq!(with("x-http-method-override", &rest), refused(Refusal::HeaderNotSigned));
    assert_eq!(with("x-http-method-override", &document()).as_deref(), Ok(ID));
    assert_eq!(with("x-amz-cf-id", &document()).as_deref(), Ok(ID));
    assert_eq!(with("x-amzn-trace-id", &document()).as_deref(), Ok(ID));
}

#[test]
fn a_listed_header_must_be_there_and_alone() {
    let signed = |headers: &[(&str, &str)]| {
        let mut request = get("/x", Sign::default());
        request.headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Sent::signed(&request)
    };
    let mut sent = signed(&[("x-tenant", "a")]);
    assert_eq!(verdict(&sent).as_deref(), Ok(ID));
    sent.headers.push(("x-tenant".to_owned(), b"b".to_vec()));
    assert_eq!(verdict(&sent), refused(Refusal::Mismatch), "a second line is signed too");
    sent.headers.retain(|(name, _)| name != "x-tenant");
    assert_eq!(verdict(&sent), refused(Refusal::Mismatch), "one that is gone is not an empty one");
    let mut sent = signed(&[("x-tenant", "")]);
    sent.headers.retain(|(name, _)| name != "x-tenant");
    assert_eq!(verdict(&sent), refused(Refusal::Mismatch));
}

#[test]
fn values_may_be_any_bytes_and_repeat() {
    let mut sent = Sent::signed(&get("/x", Sign::default()));
    sent.headers.push(("x-bytes".to_owned(), b"\xff\xfe  \x80 \xc3".to_vec()));
    sent.headers.push(("x-bytes".to_owned(), b" a  b ".to_vec()));
    resign(&mut sent, "host;x-amz-date;x-bytes");
    assert_eq!(verdict(&sent).as_deref(), Ok(ID));
    sent.value("x-bytes")[0] = 0xfd;
    assert_eq!(verdict(&sent), refused(Refusal::Mismatch));
}

#[test]
fn session_tokens_are_of_who_has_one() {
    let token = |token: Option<&str>, presign| {
        Sent::signed(&get("/x", Sign { token: token.map(str::to_owned), presign, ..Sign::default() }))
    };
    let temporary = authorizer(sigv4::SECRET, Some("token/+="));
    for presign in [None, Some(60)] {
        let judged = |sent: &Sent| judge(&temporary, sent, &at(NOW), &document()).0;
        assert_eq!(judged(&token(Some("token/+="), presign)).as_deref(), Ok(ID));
        assert_eq!(judged(&token(Some("token/+"), presign)), refused(Refusal::Token));
        assert_eq!(judged(&token(None, presign)), refused(Refusal::Token));
        assert_eq!(verdict(&token(Some("token/+="), presign)), refused(Refusal::Token), "none is expected");
    }
    let mut twice = token(Some("token/+="), None);
    twice.headers.push(("x-amz-security-token".to_owned(), b"token/+=".to_vec()));
    assert_eq!(judge(&temporary, &twice, &at(NOW), &document()).0, refused(Refusal::Token));
    let mut both = token(Some("token/+="), Some(60));
    both.headers.push(("x-amz-security-token".to_owned(), b"token/+=".to_vec()));
    assert_eq!(judge(&temporary, &both, &at(NOW), &document()).0, refused(Refusal::Token));
    let late = Sign { add: vec![("x-amz-security-token".into(), "token/+=".into())], ..Sign::default() };
    let late = Sent::signed(&get("/x", late));
    assert_eq!(judge(&temporary, &late, &at(NOW), &document()).0, refused(Refusal::HeaderNotSigned));
}

#[test]
fn an_upgrade_has_no_body_to_sign() {
    let mut request = get("/x", Sign::default());
    request.headers = vec![("connection".into(), "upgrade".into()), ("upgrade".into(), "websocket".into())];
    let mut sent = Sent::signed(&request);
    sent.body = b"frames".to_vec();
    assert_eq!(verdict(&sent), Err(Rejection::Upgrade));
}

#[test]
fn secrets_are_not_shown() {
    let shown = format!("{:?}", authorizer("very-secret", Some("very-secret-token")));
    assert!(!shown.contains("very-secret"), "{shown}");
    let key = Key::new(&Secret(b"very-secret".to_vec())).unwrap();
    assert_eq!(format!("{key:?}"), "Key(…)");
}

/// A signed request of each shape.
static SHAPES: LazyLock<Vec<Sent>> = LazyLock::new(|| {
    let shapes = shapes();
    assert!(shapes.iter().all(|sent| verdict(sent).is_ok()));
    shapes
});

fn shapes() -> Vec<Sent> {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut with_headers = post(r#"{"a": [1, 2]}"#, Sign::default());
    with_headers.headers.push(header("x-tenant", "blue  green"));
    let mut with_digest = with_headers.clone();
    with_digest.sign = Some(Sign { digest: true, ..Sign::default() });
    vec![
        Sent::signed(&get("/prod/a%20b/c?b=2&a=1&q=x%20y", Sign::default())),
        Sent::signed(&get("/prod/a%20b/c?b=2&a=1&q=x%20y", Sign { presign: Some(60), ..Sign::default() })),
        Sent::signed(&with_headers),
        Sent::signed(&with_digest),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// Whatever byte of the method, the target, the body or a header is changed into another, the request is refused; but for
    /// the letters of an escape, and for what parts the parameters of `authorization`: these say the same in another way.
    #[test]
    fn any_changed_byte_is_refused(shape in 0_usize..4, place in any::<prop::sample::Index>(), to in 0x21_u8..=0xff) {
        let good = &SHAPES[shape];
        let mut bad = good.clone();
        let parts = [("method", &mut bad.method), ("target", &mut bad.target), ("body", &mut bad.body)];
        let headers = bad.headers.iter_mut().map(|(name, value)| (name.as_str(), value));
        let mut bytes: Vec<(&str, &mut u8)> = parts.into_iter().chain(headers)
            .flat_map(|(name, value)| value.iter_mut().map(move |byte| (name, byte))).collect();
        let at = place.index(bytes.len());
        let (name, byte) = &mut bytes[at];
        let (name, from) = (name.to_owned(), std::mem::replace(*byte, to));
        let parting = name == "authorization" && b", ".contains(&from) && b", ".contains(&to);
        let escape = name == "target" && from.eq_ignore_ascii_case(&to) && {
            let canonical = |sent: &Sent| super::query::canonical(&sent.target);
            canonical(good) == canonical(&bad)
        };
        prop_assume!(from != to && !parting && !escape);
        prop_assert!(verdict(&bad).is_err(), "{} for {} in {name}: {bad:?}", char::from(to), char::from(from));
    }

    /// Whatever stands where a signature could, nothing panics and nobody is let in.
    #[test]
    fn nothing_that_is_sent_panics(
        authorization in proptest::option::of("AWS4-HMAC-SHA256[ ,]{0,2}((Credential|SignedHeaders|Signature|x)=?[a-z0-9/;,= ]{0,40}[ ,]{0,2}){0,5}|\\PC{0,60}"),
        target in "/[a-z]{0,3}(\\?(X-Amz-(Algorithm|Credential|Signature|SignedHeaders|Date|Expires|Security-Token)=[A-Za-z0-9%/;-]{0,40}&?){0,8})?",
        bytes in proptest::collection::vec(any::<u8>(), 0..40),
        date in proptest::option::of("[0-9TZ]{0,17}|\\PC{0,30}"),
    ) {
        let mut headers = vec![(":authority".to_owned(), bytes.clone())];
        headers.extend(authorization.map(|value| ("authorization".to_owned(), value.into_bytes())));
        headers.extend(date.map(|value| ("x-amz-date".to_owned(), value.into_bytes())));
        headers.push(("x-amz-security-token".to_owned(), bytes.clone()));
        let sent = Sent { method: b"GET".to_vec(), target: target.into_bytes(), headers, body: bytes };
        prop_assert!(verdict(&sent).is_err());
    }
}
