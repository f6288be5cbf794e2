use super::report::{Decision, Found, HeaderEdit, Report, Step};
use super::{Args, request};
use crate::Error;
use clap::Parser;
use sekisho::gateway::flow::{Answer, BodyWanted, Edits, Flow};

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
        Step::new("request headers", &wanted),
        Step::new("request body", &Flow::Forward(Edits::default())),
    ];
    let decision = Decision::new(Flow::Forward(edits), &request);
    let Decision::Forward { method, path, edits, .. } = &decision else { panic!("{decision:?}") };
    assert_eq!((method.as_str(), path.as_str()), ("GET", "/7"));
    assert_eq!(edits[1], HeaderEdit::Remove("x-a".to_owned()));
    assert_eq!(
        Report { request, found: Found::default(), steps, decision }.text(),
        "> :method: GET\n> :scheme: http\n> :authority: localhost\n> :path: /users/7\n\
         api: none\nstage: none\nroute: none\n\
         on request headers: read the body, up to 10 bytes\n\
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
