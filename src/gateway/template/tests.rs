use super::Template;
use crate::gateway::Wants;
use crate::gateway::compile::Scope;
use crate::gateway::diagnostics::Diagnostics;
use crate::gateway::request::{Facts, Problem};
use crate::gateway::surroundings::Elsewhere;
use crate::gateway::testing::{head, http, proxy, rest, with_request};
use serde_json::json;

fn compile(text: &str) -> Result<Template, String> {
    let (mut diagnostics, mut wants) = (Diagnostics::default(), Wants::default());
    let template = Template::compile(
        text,
        "t",
        &mut Scope::new(String::new(), &mut diagnostics, &mut wants, &Elsewhere),
    );
    template.ok_or_else(|| diagnostics.to_string())
}

/// Rendered for `GET /users/a%20b?q=1&q=2` with `X-Name: n`.
fn render(text: &str) -> String {
    let template = compile(text).unwrap_or_else(|problems| panic!("{text}: {problems}"));
    let document = http(&["GET /users/{id}"], proxy("http://b", json!({})));
    let head = head("GET", "/users/a%20b?q=1&q=2", &[("x-name", "n"), ("id", "header")], true);
    with_request(&document, head, |request| template.render(&request.facts()))
}

#[test]
fn every_reference_is_replaced() {
    assert_eq!(render("$context.routeKey"), "GET /users/{id}");
    assert_eq!(render("$stageVariables.color-"), "");
    assert_eq!(render("$stageVariables.color!"), "blue!");
    assert_eq!(render("$stageVariables.unknown"), "");
    assert_eq!(render("$input.params('id')"), "a b");
    assert_eq!(render("$input.params( \"q\" )"), "1,2");
    assert_eq!(render("$input.params('X-Name')"), "n");
    assert_eq!(render("$input.params('nothing')"), "");
    assert_eq!(render("$method.request.header.X-Name"), "n");
    assert_eq!(render("$method.request.querystring.q"), "1,2");
    assert_eq!(render("$method.request.path.id"), "a b");
}

#[test]
fn braces_and_exclamation_marks_name_the_same_reference() {
    assert_eq!(render("${context.stage}s"), "$defaults");
    assert_eq!(render("$!context.stage."), "$default.");
    assert_eq!(render("$!{stageVariables.color}ish"), "blueish");
    assert_eq!(render("${input.params('id')}"), "a b");
    assert_eq!(render("{\"a\":\"$context.apiId\",\"b\":$context.apiId}"), "{\"a\":\"shop\",\"b\":shop}");
}

#[test]
fn a_dollar_that_names_nothing_is_text() {
    for text in ["$", "a$", "$5.00", "$ {x}", "$$", "${}", "100% $, #1 #fff #endpoint {}"] {
        assert_eq!(render(text), text);
    }
    assert_eq!(render("$$context.apiId"), "$shop");
}

#[test]
fn what_a_client_sends_is_not_read_as_a_template_again() {
    let template = compile("[$method.request.header.x]").unwrap();
    let document = http(&["GET /"], proxy("http://b", json!({})));
    let head = head("GET", "/", &[("x", "$context.apiId #set ${context.stage}")], true);
    let rendered = with_request(&document, head, |request| template.render(&request.facts()));
    assert_eq!(rendered, "[$context.apiId #set ${context.stage}]");
}

#[test]
fn vtl_is_refused_by_name() {
    for (text, named) in [
        ("#set($a = 1)", "#set"),
        ("a #if(true) b #end", "#if"),
        ("#{else}", "#else"),
        ("#foreach($x in $y)", "#foreach"),
        ("text ## comment", "##"),
        ("#* comment *#", "#*"),
        ("#[[ $x ]]#", "#[["),
    ] {
        assert_eq!(
            compile(text).unwrap_err(),
            format!(
                "error: t: the VTL directive `{named}` is not supported yet\n  help: `$context.NAME`, \
                 `$stageVariables.NAME` and `$input.params('NAME')` are replaced"
            )
        );
    }
}

#[test]
fn references_that_would_be_computed_are_refused() {
    for (text, named) in [
        ("$input.body", "input.body"),
        ("$input.json('$.a')", "input.json"),
        ("$util.urlEncode($context.path)", "util.urlEncode"),
        ("$foo", "foo"),
        ("$context.path.substring(1)", "context.path.substring"),
        ("$input.params('a').toUpperCase()", "input.params"),
        ("$input.params('a')('b')", "input.params"),
        ("$context.path[0]", "context.path"),
        ("${context.path|'x'}", "context.path|'x'"),
        ("${input.params('a').length()}", "input.params('a').length()"),
        ("$input.params(a)", "input.params"),
        ("$input.params()", "input.params"),
        ("$input.params('')", "input.params"),
        ("$method.request.body", "method.request.body"),
    ] {
        let first = compile(text).unwrap_err().lines().next().unwrap_or_default().to_owned();
        assert_eq!(first, format!("error: t: the template reference `${named}` is not supported yet"));
    }
    assert_eq!(
        compile("$context.requestid").unwrap_err(),
        "error: t: no `$context` variable is named `requestid`\n  help: a variable with a similar name exists: `requestId`"
    );
}

#[test]
fn a_rest_api_keeps_the_encoding_of_path_variables() {
    let template = compile("$input.params('id')").unwrap();
    let document = rest(&["GET /users/{id}"], proxy("http://b", json!({})));
    let head = head("GET", "/prod/users/a%20b", &[], true);
    assert_eq!(with_request(&document, head, |request| template.render(&request.facts())), "a%20b");
}

#[test]
fn errors_are_told_in_gateway_responses_only() {
    let template = compile("$context.error.message|$context.error.messageString|$context.error.responseType");
    let template = template.unwrap();
    let document = http(&["GET /"], proxy("http://b", json!({})));
    let problem =
        Problem { response_type: "THROTTLED", message: Some("Too Many Requests".into()), status: 429 };
    let (with, without) = with_request(&document, head("GET", "/", &[], true), |request| {
        let facts = Facts { problem: Some(&problem), ..request.facts() };
        (template.render(&facts), template.render(&request.facts()))
    });
    assert_eq!(with, "Too Many Requests|\"Too Many Requests\"|THROTTLED");
    assert_eq!(without, "||");
}

#[test]
fn only_text_is_fixed() {
    assert_eq!(compile("{\"statusCode\": 200}").unwrap().fixed(), Some("{\"statusCode\": 200}"));
    assert_eq!(compile("").unwrap().fixed(), Some(""));
    assert_eq!(compile("$context.stage").unwrap().fixed(), None);
}
