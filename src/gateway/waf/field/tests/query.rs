//! Arguments.

use super::{Body, Field, Head, PreParseTextTransformationType, compare, seen_at, seen_in_head};

#[test]
fn every_argument_is_looked_at() {
    let rows: &[(&str, &[&str])] = &[
        ("/", &[]),
        ("/?", &[]),
        ("/?a=1", &["1"]),
        ("/?a=1&b=2", &["1", "2"]),
        ("/?a=1&a=2", &["1", "2"]),
        ("/?a=", &[""]),
        // No name, or no value.
        ("/?a", &["a"]),
        ("/?=1", &["1"]),
        ("/?=", &[""]),
        ("/?<script>", &["<script>"]),
        // No argument.
        ("/?&&", &[]),
        ("/?a=1&&b=2&", &["1", "2"]),
        // Only the first `=` separates, and `;` does not.
        ("/?a=b=c", &["b=c"]),
        ("/?a==", &["="]),
        ("/?a=1;b=2", &["1;b=2"]),
        ("/?a;b=2", &["2"]),
        // As sent.
        ("/?a=%3Cb%3e+c", &["%3Cb%3e+c"]),
        ("/?a=1%26b=2", &["1%26b=2"]),
        ("/?a=?b", &["?b"]),
    ];
    let count = compare(rows, |path| seen_in_head(&Field::AllQueryArguments, &[(":path", path)]));
    assert_eq!(count, 19);
}

#[test]
fn an_argument_is_found_however_its_name_is_written() {
    let rows: &[((&str, &str), &[&str])] = &[
        (("user", "/?user=1"), &["1"]),
        (("user", "/?UsEr=1"), &["1"]),
        (("user", "/?user=1&USER=2&other=3"), &["1", "2"]),
        (("user", "/?%75ser=1"), &["1"]),
        (("user", "/?%55%53%45%52=1"), &["1"]),
        (("user", "/?user"), &[""]),
        (("user", "/?user="), &[""]),
        (("user", "/?users=1&use=2&xuser=3"), &[]),
        (("user", "/?user%00=1"), &[]),
        (("user", "/?=user"), &[]),
        (("user", "/"), &[]),
        (("user", "/?a=1;user=2"), &[]),
        // A name with a percent sign of its own, and those that are broken.
        (("100%", "/?100%=1&100%25=2"), &["1", "2"]),
        (("a%4", "/?a%4=1"), &["1"]),
        (("a b", "/?a+b=1&a%20b=2&a%2Bb=3"), &["1", "2", "3"]),
        (("a+b", "/?a+b=1&a%2bb=2"), &["1", "2"]),
        (("id[]", "/?id[]=1&id%5B%5D=2"), &["1", "2"]),
        // Decoded once.
        (("user", "/?%2575ser=1"), &[]),
    ];
    let count = compare(rows, |(name, path)| {
        seen_in_head(&Field::SingleQueryArgument((*name).to_owned()), &[(":path", path)])
    });
    assert_eq!(count, 18);
}

#[test]
fn what_is_done_before_arguments_are_told_apart_is_done_first() {
    let head = Head::from_pairs(&[(":path", "/?a=1")], true);
    let none = [PreParseTextTransformationType::None];
    assert_eq!(seen_at(&Field::AllQueryArguments, &head, Body::NotYet, &none).0, ["1"]);

    use PreParseTextTransformationType::{
        CombineDuplicateQueryArgsByComma as Combine, ReplaceSemicolonsWithAmpersands as Semicolons,
        UrlDecode, UrlDecodeUni,
    };
    let id = || Field::SingleQueryArgument("id".to_owned());
    let all = || Field::AllQueryArguments;
    for (path, steps, field, expected) in [
        ("/?a=1%26id=2", &[UrlDecode][..], id(), &["2"][..]),
        ("/?id%3d2", &[UrlDecode], id(), &["2"]),
        ("/?id%u003d2", &[UrlDecode], id(), &[]),
        ("/?id%u003d2", &[UrlDecodeUni], id(), &["2"]),
        ("/?id=1&ID=3&id=2", &[Combine], id(), &["1,2", "3"]),
        ("/?id=1&%69d=2", &[Combine], id(), &["1", "2"]),
        ("/?id=1&%69d=2", &[UrlDecode, Combine], id(), &["1,2"]),
        ("/?a=1;id=2", &[Semicolons], id(), &["2"]),
        ("/?id=1;id=2", &[Semicolons, Combine], id(), &["1,2"]),
        ("/?id=1;id=2", &[Combine, Semicolons], id(), &["1", "2"]),
        ("/?a=1%3bb=2", &[UrlDecode, Semicolons], all(), &["1", "2"]),
        ("/?a=1%3bb=2", &[Semicolons, UrlDecode], all(), &["1;b=2"]),
    ] {
        let head = Head::from_pairs(&[(":path", path)], true);
        assert_eq!(seen_at(&field, &head, Body::NotYet, steps).0, expected, "{path} {steps:?}");
    }
}
