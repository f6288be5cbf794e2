use super::{ExpectBackend, File, Matcher};
use crate::placeholders::{self, Moment};
use crate::services::ServiceAnswer;

fn problem(text: &str) -> String {
    File::parse(text).expect_err("the file must be refused")
}

#[test]
fn a_case_without_expectation_is_refused() {
    assert!(problem("config: {}\ncases:\n  - name: x\n").contains("missing field `expect`"));
    assert!(problem("config: {}\ncases:\n  - name: x\n    expect: {}\n").contains("missing field `status`"));
    assert!(
        problem("config: {}\ncases:\n  - name: x\n    expect: { status: 200, backend: {} }\n")
            .contains("expects nothing")
    );
}

#[test]
fn unknown_keys_are_refused_everywhere() {
    for case in [
        "name: x\n    extra: 1\n    expect: { status: 200 }",
        "name: x\n    request: { paht: / }\n    expect: { status: 200 }",
        "name: x\n    backend: { stauts: 200 }\n    expect: { status: 200 }",
        "name: x\n    expect: { status: 200, header: {} }",
        "name: x\n    expect: { status: 200, backend: { header: {} } }",
        "name: x\n    skip: { wasm: why }\n    expect: { status: 200 }",
        "name: x\n    services: [{ request: { hots: a }, answer: {} }]\n    expect: { status: 200 }",
        "name: x\n    services: [{ request: { host: a }, answer: { boyd: a } }]\n    expect: { status: 200 }",
        "name: x\n    steps: [{ requset: {}, expect: { status: 200 } }]",
    ] {
        let problem = problem(&format!("config: {{}}\ncases:\n  - {case}\n"));
        assert!(problem.contains("unknown field"), "{problem}");
    }
}

#[test]
fn a_header_that_could_never_match_is_refused() {
    assert!(
        problem("config: {}\ncases:\n  - name: x\n    expect: { status: 200, headers: { X-Id: a } }\n")
            .contains("lower case")
    );
    assert!(
        problem("config: {}\ncases:\n  - name: x\n    expect: { status: 200, headers: { x-id: 7 } }\n")
            .contains("quote it")
    );
}

#[test]
fn two_cases_of_one_name_are_refused() {
    let case = "  - name: x\n    expect: { status: 200 }\n";
    assert!(problem(&format!("config: {{}}\ncases:\n{case}{case}")).contains("two cases"));
}

#[test]
fn every_kind_of_expectation_is_read() {
    let file = File::parse(
        "config: {}\ncases:\n  - name: x\n    request: { path: '/<a*3>' }\n    expect:\n      status: 200\n      \
         headers: { a: null, b: text, c: /^x$/, d: [x, y], e: '<z*2>' }\n      backend: none\n",
    )
    .unwrap();
    let case = &file.cases[0].steps[0];
    assert_eq!(case.request.path, "/<a*3>", "requests are expanded when they are sent");
    let moment = Moment { now_millis: 0, secrets: &file.secrets };
    assert_eq!(placeholders::request(&case.request, &moment).path, "/aaa");
    assert!(matches!(case.expect.headers["a"], Matcher::Absent));
    assert!(matches!(&case.expect.headers["b"], Matcher::Text(text) if text == "text"));
    assert!(matches!(&case.expect.headers["c"], Matcher::Pattern(pattern) if pattern == "^x$"));
    assert!(matches!(&case.expect.headers["d"], Matcher::List(list) if list.len() == 2));
    assert!(matches!(&case.expect.headers["e"], Matcher::Text(text) if text == "zz"));
    assert!(matches!(case.expect.backend, Some(ExpectBackend::None)));
}

#[test]
fn a_case_is_one_step_or_several() {
    let one = "config: {}\ncases:\n  - name: x\n";
    let steps = "    steps:\n      - { request: { path: /a }, expect: { status: 200 } }\n      - { expect: { status: 201 } }\n";
    let file = File::parse(&format!("{one}{steps}")).unwrap();
    let statuses: Vec<u16> = file.cases[0].steps.iter().map(|step| step.expect.status).collect();
    assert_eq!(statuses, [200, 201]);
    assert!(problem(&format!("{one}{steps}    expect: {{ status: 200 }}\n")).contains("in them"));
    assert!(problem(&format!("{one}{steps}    request: {{}}\n")).contains("in them"));
    assert!(problem(&format!("{one}    steps: []\n")).contains("empty"));
    let later = "    steps: [{ later: 1, expect: { status: 200 } }]\n";
    assert!(problem(&format!("{one}{later}")).contains("skip"));
    File::parse(&format!("{one}    skip: {{ envoy: why }}\n{later}")).unwrap();
}

#[test]
fn questions_that_are_expected_say_whom() {
    let asked = |asked: &str| {
        format!("config: {{}}\ncases:\n  - name: x\n    expect: {{ status: 200, asked: [{asked}] }}\n")
    };
    assert!(problem(&asked("{ path: / }")).contains("which `host`"));
    assert!(problem(&asked("{ host: a.test, json: /(/ }")).contains("json"));
    assert!(problem(&asked("{ host: a.test, json: {}, partialJson: {} }")).contains("twice"));
    assert!(problem(&asked("{ host: a.test, port: 1 }")).contains("unknown field"));
    File::parse(&asked("{ host: a.test, partialJson: {} }")).unwrap();
}

#[test]
fn the_nearest_service_answers_and_every_services_host_is_none_of_the_backends() {
    let service = |host: &str, status: u16| {
        format!("[{{ request: {{ host: {host} }}, answer: {{ status: {status} }} }}]")
    };
    let file = File::parse(&format!(
        "config: {{}}\nsecrets: {{ KEY: value }}\nservices: {}\ncases:\n  - name: x\n    services: {}\n    steps:\n      - {{ \
         expect: {{ status: 200 }} }}\n      - {{ services: {}, expect: {{ status: 200 }} }}\n  - name: y\n    services: {}\n    \
         expect: {{ status: 200 }}\n",
        service("a.test", 201),
        service("a.test", 202),
        service("a.test", 203),
        service("b.test", 204),
    ))
    .unwrap();
    let said = |case: usize, step: usize, host: &str| {
        let case = &file.cases[case];
        match file.services(case, &case.steps[step]).answer(host, "GET", "/")? {
            ServiceAnswer::Given(answer) => Some(answer.status),
            ServiceAnswer::Hang | ServiceAnswer::Reset => None,
        }
    };
    assert_eq!([said(0, 0, "a.test"), said(0, 1, "a.test"), said(1, 0, "a.test")], [202, 203, 201].map(Some));
    assert_eq!(
        [said(0, 0, "b.test"), said(1, 0, "b.test"), said(1, 0, "c.test")],
        [Some(404), Some(204), None]
    );
    assert_eq!(file.secrets["KEY"], "value");
}

#[test]
fn keys_of_a_document_stand_there_as_hashes() {
    let file = File::parse(
        "config: { apiKeys: [{ id: <hash id, value: <hash abc> }, { value: a <hash abc> }] }\ncases:\n  - name: x\n    \
         expect: { status: 200 }\n",
    )
    .unwrap();
    assert_eq!(
        file.config["apiKeys"][0]["value"],
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(file.config["apiKeys"][0]["id"], "<hash id");
    assert_eq!(file.config["apiKeys"][1]["value"], "a <hash abc>");
}
