use super::{ExpectBackend, File, Matcher};

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
    let case = &file.cases[0];
    assert_eq!(case.request.path, "/aaa");
    assert!(matches!(case.expect.headers["a"], Matcher::Absent));
    assert!(matches!(&case.expect.headers["b"], Matcher::Text(text) if text == "text"));
    assert!(matches!(&case.expect.headers["c"], Matcher::Pattern(pattern) if pattern == "^x$"));
    assert!(matches!(&case.expect.headers["d"], Matcher::List(list) if list.len() == 2));
    assert!(matches!(&case.expect.headers["e"], Matcher::Text(text) if text == "zz"));
    assert!(matches!(case.expect.backend, Some(ExpectBackend::None)));
}
