//! A table of inputs and outputs for each transformation, and laws that hold for any bytes.

mod escapes;
mod laws;
mod paths;
mod queries;
mod texts;
mod urls;

use super::{KEPT, Transformation, Transformed};
use Transformation as T;

/// A transformation, an input, its output, and who says so.
type Row = (Transformation, &'static [u8], &'static [u8], Source);

/// Who says what comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// AWS's guide: its example, or its words.
    Aws,
    /// libmodsecurity 3: its documentation or its code.
    ModSecurity,
    /// Nobody: it follows from what this code promises.
    Derived,
}

const ALL: [Transformation; 31] = [
    T::None,
    T::CompressWhiteSpace,
    T::HtmlEntityDecode,
    T::Lowercase,
    T::CmdLine,
    T::UrlDecode,
    T::Base64Decode,
    T::HexDecode,
    T::Md5,
    T::ReplaceComments,
    T::EscapeSeqDecode,
    T::SqlHexDecode,
    T::CssDecode,
    T::JsDecode,
    T::NormalizePath,
    T::NormalizePathWin,
    T::RemoveNulls,
    T::ReplaceNulls,
    T::Base64DecodeExt,
    T::UrlDecodeUni,
    T::Utf8ToUnicode,
    T::RemoveWhitespace,
    T::Trim,
    T::TrimLeft,
    T::TrimRight,
    T::RemoveCommentsChar,
    T::Uppercase,
    T::CmdLineWin,
    T::CmdLineUnix,
    T::JsDecodeExt,
    T::Sha256,
];

fn applied(transformations: &[Transformation], part: &[u8]) -> Vec<u8> {
    Transformed::default().apply(transformations, part).to_vec()
}

#[test]
fn each_row_of_the_table_holds() {
    let rows: Vec<&Row> =
        [texts::ROWS, urls::ROWS, escapes::ROWS, paths::ROWS].into_iter().flatten().collect();
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(transformation, input, output, source)| {
            let got = applied(&[*transformation], input);
            let shown = |bytes: &[u8]| bytes.escape_ascii().to_string();
            (got != *output).then(|| {
                format!(
                    "{transformation:?} {source:?} `{}`: `{}`, not `{}`",
                    shown(input),
                    shown(&got),
                    shown(output)
                )
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(rows.len() >= 250, "{} rows", rows.len());
    for transformation in ALL {
        let of_it = rows.iter().filter(|row| row.0 == transformation).count();
        assert!(of_it >= 3, "{transformation:?} has {of_it} rows");
    }
}

/// Attacks that hide behind several encodings, and the lists that AWS's managed rules are said to use against them.
#[test]
fn several_work_in_order() {
    let rows: &[(&[Transformation], &[u8], &[u8])] = &[
        (&[T::UrlDecode, T::HtmlEntityDecode, T::Lowercase], b"%26lt%3BSCRIPT%26gt%3B", b"<script>"),
        (&[T::UrlDecode, T::UrlDecode], b"%252e%252e%252f", b"../"),
        (&[T::UrlDecode, T::NormalizePath], b"/a/%2e%2e/%2E%2e/etc//passwd", b"/etc/passwd"),
        (&[T::Utf8ToUnicode, T::UrlDecodeUni], b"..\xc0\xaf..\xc0\xafetc", b"../../etc"),
        (&[T::Utf8ToUnicode, T::UrlDecodeUni], b"\xef\xbc\x9cscript\xef\xbc\x9e", b"<script>"),
        (
            &[T::UrlDecode, T::Utf8ToUnicode, T::UrlDecodeUni, T::NormalizePath],
            b"/a/..%c0%af..%c0%afetc",
            b"/etc",
        ),
        (&[T::Trim, T::Base64Decode, T::TrimLeft, T::Uppercase], b" IGFi ", b"AB"),
        (&[T::Base64Decode, T::HexDecode], b"NDE0Mg==", b"AB"),
        (&[T::None, T::Trim, T::TrimRight, T::None], b" ab ", b"ab"),
        (&[T::TrimLeft, T::Lowercase, T::TrimRight], b" AB ", b"ab"),
        (&[], b"ab", b"ab"),
    ];
    for (transformations, input, output) in rows {
        let got = applied(transformations, input);
        assert_eq!(got.escape_ascii().to_string(), output.escape_ascii().to_string(), "{transformations:?}");
    }
}

#[test]
fn nothing_to_change_takes_no_room() {
    let clean = b"/users/42?name=value.txt and words";
    let digests = [T::Md5, T::Sha256, T::Base64DecodeExt];
    for transformation in ALL.into_iter().filter(|one| !digests.contains(one) && *one != T::Uppercase) {
        // One slash before a dot or a run would be something to change.
        let part: &[u8] = if transformation == T::RemoveWhitespace { b"/users/42" } else { clean };
        let mut room = Transformed::default();
        let out = room.apply(&[transformation, transformation], part);
        assert!(std::ptr::eq(out, part), "{transformation:?}");
        assert_eq!((room.before.capacity(), room.after.capacity()), (0, 0), "{transformation:?}");
    }
}

#[test]
fn the_room_is_kept_but_not_without_end() {
    let mut room = Transformed::default();
    let upper = vec![b'A'; KEPT / 4];
    room.apply(&[T::Lowercase, T::Uppercase], &upper);
    let kept = (room.before.capacity(), room.after.capacity());
    assert!(kept.0 >= upper.len() && kept.1 >= upper.len());
    room.apply(&[T::Lowercase, T::Uppercase], b"Ab");
    assert_eq!((room.after.capacity(), room.before.capacity()), kept, "two steps swap it back");
    room.apply(&[T::Utf8ToUnicode], "\u{e9}".repeat(KEPT).as_bytes());
    assert!(room.before.capacity() > KEPT);
    room.apply(&[], b"");
    assert!(room.before.capacity() <= KEPT && room.after.capacity() <= KEPT);
}
