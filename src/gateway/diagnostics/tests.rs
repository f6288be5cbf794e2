use super::{Diagnostics, Severity, element, member, similar};

#[test]
fn names_that_are_no_identifiers_stand_in_brackets() {
    assert_eq!(member("", "apis"), "apis");
    assert_eq!(member("apis[0]", "apiId"), "apis[0].apiId");
    assert_eq!(member("routeSettings", "GET /x"), r#"routeSettings["GET /x"]"#);
    assert_eq!(member("", "a\"b"), r#"["a\"b"]"#);
    assert_eq!(member("x", "429"), r#"x["429"]"#);
    assert_eq!(member("x", ""), r#"x[""]"#);
    assert_eq!(member("x", "$default"), r#"x["$default"]"#);
    assert_eq!(element(&member("", "apis"), 3), "apis[3]");
}

#[test]
fn similar_is_near_or_differs_in_case() {
    assert_eq!(similar("jwtt", ["jwt", "login"]), Some("jwt"));
    assert_eq!(similar("http", ["REST", "HTTP"]), Some("HTTP"));
    assert_eq!(similar("rotues", ["stages", "routes"]), Some("routes"));
    assert_eq!(similar("x", ["login"]), None);
    assert_eq!(similar("completely", ["different"]), None);
    assert_eq!(similar("a", ["ü"]), Some("ü"), "distances are of characters");
    assert_eq!(similar("x", []), None);
}

#[test]
fn messages_are_printed_where_first_and_help_last() {
    let mut diagnostics = Diagnostics::default();
    diagnostics.error("routes[3].authorizer", "no authorizer is named `jwtt`").suggest(
        "an authorizer",
        "jwtt",
        ["jwt"],
    );
    diagnostics.warning("", "nothing answers");
    assert_eq!(
        diagnostics.to_string(),
        "error: routes[3].authorizer: no authorizer is named `jwtt`\n  \
         help: an authorizer with a similar name exists: `jwt`\n\
         warning: nothing answers"
    );
    assert!(diagnostics.has_errors());
    assert_eq!((diagnostics.count(Severity::Error), diagnostics.count(Severity::Warning)), (1, 1));
}
