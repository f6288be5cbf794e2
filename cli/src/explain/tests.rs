use super::answers::{Answers, parse};
use super::report::{Decision, Found, HeaderEdit, Report, Step};
use super::secrets::Secrets;
use super::world::{self, Environment};
use super::{Args, request};
use crate::Error;
use clap::Parser;
use sekisho::gateway::Millis;
use sekisho::gateway::config::load;
use sekisho::gateway::flow::{Answer, BodyWanted, Callout, CalloutReply, Edits, Flight, Flow};
use sekisho::gateway::head::Head;
use sekisho::gateway::notes::Note;
use sekisho::gateway::surroundings::Surroundings;
use serde_json::json;
use std::io::Write;

#[derive(Parser)]
struct Call {
    #[command(flatten)]
    args: Args,
}

fn args(line: &[&str]) -> Args {
    Call::try_parse_from(["explain", "f.json"].iter().chain(line)).unwrap().args
}

fn head(line: &[&str]) -> Vec<String> {
    request(&args(line)).unwrap().head.iter().map(|(name, value)| format!("{name}={value}")).collect()
}

#[test]
fn a_request_is_made_as_envoy_makes_it() {
    assert_eq!(
        head(&["POST /a?b=c", "-H", "X-Two:  1 ", "-H", "x-two: 2", "-H", "Host: h", "--body", "ä"]),
        [
            ":method=POST",
            ":scheme=http",
            ":authority=h",
            ":path=/a?b=c",
            "x-two=1",
            "x-two=2",
            "content-length=2"
        ]
    );
    assert_eq!(head(&["/a", "--host", "x"]), [":method=GET", ":scheme=http", ":authority=x", ":path=/a"]);
}

#[test]
fn what_is_no_request_is_a_wrong_call() {
    for line in [&["GET users"][..], &["GET /a b"], &[""], &["/a", "-H", "novalue"], &["/a", "-H", ": x"]] {
        assert!(matches!(request(&args(line)), Err(Error::Usage(_))), "{line:?}");
    }
}

#[test]
fn a_decision_is_shown_with_its_edits() {
    let request = request(&args(&["GET /users/7"])).unwrap();
    let mut edits = Edits::default();
    edits.set(&b":path"[..], &b"/7"[..]);
    edits.remove(&b"x-a"[..]);
    edits.add(&b"x-b"[..], &b"\x1b[2J"[..]);
    let wanted = Flow::Body(BodyWanted { bytes: 10 });
    let steps = vec![
        Step::new("request headers", &wanted, vec![Note::failed("kid", "none"), Note::fact("claims", "{}")]),
        Step::new("request body", &Flow::Forward(Edits::default()), Vec::new()),
    ];
    let decision = Decision::new(Flow::Forward(edits), &request);
    let Decision::Forward { method, path, edits, .. } = &decision else { panic!("{decision:?}") };
    assert_eq!((method.as_str(), path.as_str()), ("GET", "/7"));
    assert_eq!(edits[1], HeaderEdit::Remove("x-a".to_owned()));
    assert_eq!(
        Report { request, found: Found::default(), steps, decision }.text(),
        "> :method: GET\n> :scheme: http\n> :authority: localhost\n> :path: /users/7\n\
         api: none\nstage: none\nroute: none\n\
         on request headers: read the body, up to 10 bytes\n  FAILED  kid     none\n          claims  {}\n\
         on request body: forward\n\
         forward GET /7 to where Envoy's own routes lead\n  set    :path: /7\n  remove x-a\n  add    x-b: \\u{1b}[2J\n"
    );
}

#[test]
fn an_answer_is_shown_with_its_body_and_details() {
    let request = request(&args(&["/"])).unwrap();
    let answer = Answer {
        status: 403,
        headers: vec![(b"content-type".into(), b"application/json".into())],
        body: b"{\"message\":\"Forbidden\"}".into(),
        details: "no_api".into(),
    };
    let decision = Decision::new(Flow::Answer(answer), &request);
    let report = Report { request, found: Found::default(), steps: Vec::new(), decision };
    assert!(report.text().ends_with(
        "answer 403\n  content-type: application/json\n  | {\"message\":\"Forbidden\"}\n  details: no_api\n"
    ));
    let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
    assert_eq!(json["decision"]["answer"]["status"], 403);
}

#[test]
fn answers_are_a_status_and_a_body_or_a_file() {
    let answered =
        |status, body: &[u8]| CalloutReply::Answered { status, head: Head::default(), body: body.to_vec() };
    assert_eq!(parse("200 {\"a\": 1}").unwrap(), answered(200, b"{\"a\": 1}"));
    assert_eq!(parse("503").unwrap(), answered(503, b""));
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"{}").unwrap();
    let path = file.path().to_str().unwrap();
    assert_eq!(parse(path).unwrap(), answered(200, b"{}"));
    assert_eq!(parse(&format!("404 @{path}")).unwrap(), answered(404, b"{}"));
    for odd in ["", "no/such/file", "99 x", "2000 x", "200 @no/such/file"] {
        assert!(matches!(parse(odd), Err(Error::Usage(_))), "{odd}");
    }
}

#[test]
fn answers_by_hand_come_first_and_nobody_is_asked_unless_told_to() {
    let callout = Callout {
        cluster: "elsewhere".to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout_millis: 1,
        then_body: false,
        flight: Flight { key: [0; 32], group: [0; 32], most: 1 },
    };
    let by_hand = || [parse("200 one").unwrap(), parse("200 two").unwrap()].into();
    let mut answers = Answers::new(by_hand(), false, Vec::new());
    let mut bodies = Vec::new();
    while let Some(answer) = answers.to(&callout) {
        bodies.push(answer.reply);
    }
    assert_eq!(bodies, [parse("200 one").unwrap(), parse("200 two").unwrap()]);
    let mut asking = Answers::new([].into(), true, Vec::new());
    let answer = asking.to(&callout).unwrap();
    assert_eq!(answer.reply, CalloutReply::Failed);
    assert_eq!(answer.failure.as_deref(), Some("the document does not say where this cluster is"));
    assert_eq!(Answers::new(by_hand(), true, Vec::new()).left(), 2);
}

#[test]
fn the_clock_is_set_as_people_write_times() {
    assert_eq!(world::time("1700000000"), Ok(Millis(1_700_000_000_000)));
    assert_eq!(world::time("2023-11-14T22:13:20Z"), Ok(Millis(1_700_000_000_000)));
    assert_eq!(world::time("2023-11-15T00:13:20.5+02:00"), Ok(Millis(1_700_000_000_500)));
    for odd in ["", "tomorrow", "-1", "2023-11-14", "1969-12-31T23:59:59Z"] {
        assert!(world::time(odd).is_err(), "{odd}");
    }
}

#[test]
fn a_secret_that_is_missing_is_told_and_does_not_stop_the_explanation() {
    let environment = Environment::default();
    assert_eq!(environment.secret("CARGO_PKG_NAME").unwrap().0, b"sekisho-cli");
    assert!(environment.missing().0.is_empty());
    for odd in ["SEKISHO_NO_SUCH_SECRET", "", "a=b", "a\0b"] {
        assert!(environment.secret(odd).is_some(), "{odd}");
    }
    let missing = environment.missing().to_string();
    assert!(missing.contains("`SEKISHO_NO_SUCH_SECRET` is not in the environment"), "{missing}");
}

#[test]
fn secrets_are_hidden_wherever_they_stand() {
    let document = json!({ "apis": [{
        "apiId": "a", "protocolType": "HTTP",
        "authorizers": [{
            "authorizerId": "f", "authorizerType": "REQUEST",
            "identitySource": ["$request.header.X-Token", "$request.querystring.key"],
        }],
    }] });
    let config = load(document.to_string().as_bytes()).unwrap();
    let head = [
        (":path", "/a?key=from%20the%20query&other=not-a-secret"),
        ("authorization", "Bearer header-part.payload.signature"),
        ("x-token", "an-opaque-token-of-somebody"),
        ("x-api-key", "0123456789abcdef0123"),
        ("cookie", "theme=dark; session=5e551017badc0ffee"),
        ("x-other", "not-a-secret"),
    ];
    let head: Vec<_> = head.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let secrets = Secrets::of(&head, &config);
    for (text, hidden) in [
        ("header-part.payload.signature", "header-part.payload.…"),
        ("[\"an-opaque-token-of-somebody\"]", "[\"an-o…\"]"),
        ("key 0123456789abcdef0123.", "key 0123…."),
        ("session=5e551017badc0ffee", "session=…"),
        ("from%20the%20query", "…"),
        ("from the query", "…"),
        ("theme=dark not-a-secret", "theme=dark not-a-secret"),
        ("x eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl y", "x eyJhbGciOi.eyJzdWIi.… y"),
        ("Signature=fedcba9876543210fedc", "Signature=…"),
        ("?X-Amz-Signature=fedcba9876543210fedc&a", "?X-Amz-Signature=…&a"),
        ("/a?X-Amz-Security-Token=abc%2Fdef&b=1", "/a?X-Amz-Security-Token=…&b=1"),
    ] {
        assert_eq!(secrets.hidden(text), hidden);
    }
    let signed = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/execute-api/aws4_request, \
                  SignedHeaders=host;x-amz-date, Signature=fedcba9876543210fedc";
    let secrets = Secrets::of(&[("authorization".to_owned(), signed.to_owned())], &config);
    assert_eq!(secrets.hidden(signed), signed.replace("fedcba9876543210fedc", "…"));
}
