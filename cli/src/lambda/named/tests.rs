use super::Named;

#[test]
fn functions_are_named_in_all_of_aws_ways() {
    let arn = "arn:aws:lambda:eu-west-1:210987654321:function:login";
    for (text, outer, qualifier) in [
        ("login", None, None),
        ("login", Some("live"), Some("live")),
        ("login:7", None, Some("7")),
        ("login:live", Some("live"), Some("live")),
        ("210987654321:function:login", None, None),
        ("210987654321:function:login:$LATEST", None, Some("$LATEST")),
        (arn, None, None),
        (&format!("{arn}:live"), None, Some("live")),
    ] {
        let named = Named::parse(text, outer.map(str::to_owned)).unwrap();
        assert_eq!((named.name.as_str(), named.qualifier.as_deref()), ("login", qualifier), "{text}");
    }
}

#[test]
fn what_names_no_function_is_refused() {
    for (text, outer) in [
        ("", None),
        ("a/b", None),
        ("a b", None),
        ("a:b:c", None),
        ("arn:aws:s3:::bucket", None),
        ("login:live", Some("other")),
        ("login", Some("")),
        ("login", Some("a b")),
        (&*"n".repeat(129), None),
    ] {
        let refusal = Named::parse(text, outer.map(str::to_owned)).unwrap_err();
        assert_eq!(refusal.kind, "InvalidParameterValueException", "{text}");
    }
}
