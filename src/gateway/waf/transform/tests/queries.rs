use super::super::{PreParse, pre_parse};
use std::borrow::Cow;

const COMBINE: PreParse = PreParse::CombineDuplicateQueryArgsByComma;
const SEMICOLONS: PreParse = PreParse::ReplaceSemicolonsWithAmpersands;

#[test]
fn queries_are_read_as_backends_read_them() {
    let rows: &[(&[PreParse], &str, &str)] = &[
        (&[], "a=1&b=2", "a=1&b=2"),
        (&[PreParse::None], "a=%31;b", "a=%31;b"),
        // AWS's examples.
        (&[PreParse::UrlDecode], "a=1%26b%3D2", "a=1&b=2"),
        (&[COMBINE], "a=1&b=2&a=3", "a=1,3&b=2"),
        (&[PreParse::UrlDecode], "a=1+2%u0041", "a=1 2%u0041"),
        (&[PreParse::UrlDecodeUni], "a=1%u0026b%uff1d2", "a=1&b=2"),
        (&[SEMICOLONS], "a=1;b=2;;c", "a=1&b=2&&c"),
        (&[COMBINE], "a=1&a=2&a=3", "a=1,2,3"),
        (&[COMBINE], "b=0&a=1&a=2&b=3&c=4", "b=0,3&a=1,2&c=4"),
        (&[COMBINE], "a=1&A=2", "a=1&A=2"),
        (&[COMBINE], "a=1=2&a=3=4", "a=1=2,3=4"),
        (&[COMBINE], "a&a", "a=,"),
        (&[COMBINE], "a&a=1&a=2", "a=,1,2"),
        (&[COMBINE], "a=1&a", "a=1,"),
        (&[COMBINE], "=1&=2", "=1,2"),
        (&[COMBINE], "&&a=1&&b=2&", "&&a=1&&b=2&"),
        (&[COMBINE], "&a=1&&a=2&", "&a=1,2&&"),
        (&[COMBINE], "", ""),
        // In order: what one makes, the next reads.
        (&[SEMICOLONS, COMBINE], "q=<scr;q=ipt>", "q=<scr,ipt>"),
        (&[COMBINE, SEMICOLONS], "q=1;q=2", "q=1&q=2"),
        (&[PreParse::UrlDecode, COMBINE], "q=1%26q=2", "q=1,2"),
    ];
    for (steps, query, parsed) in rows {
        assert_eq!(
            String::from_utf8_lossy(&pre_parse(steps, query.as_bytes())),
            *parsed,
            "{steps:?} {query}"
        );
    }
}

#[test]
fn what_needs_no_change_is_borrowed() {
    for step in [PreParse::None, PreParse::UrlDecode, PreParse::UrlDecodeUni, COMBINE, SEMICOLONS] {
        assert!(matches!(pre_parse(&[step, step], b"a=1&b=2"), Cow::Borrowed(_)), "{step:?}");
    }
}
