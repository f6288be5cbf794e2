use super::super::{PreParse, pre_parse};
use super::{ALL, T, Transformed, applied};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;

/// Any bytes, and texts of what transformations look for.
fn part() -> impl Strategy<Value = Vec<u8>> {
    let tokens = prop::sample::select(vec![
        "%", "%u", "%41", "%uff1c", "+", "\\", "\\u", "\\x4", "\\0", "&", "&#", "&#x", "&lt", ";", "0x",
        "41", "f", "/", "/*", "*/", "--", "-->", "<!--", "#", ".", "..", " ", "\t", "\n", "\r", "^", "\"",
        "'", ",", "(", "=", "A", "é", "😀", "\0",
    ]);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80),
        prop::collection::vec(tokens, 0..40).prop_map(|tokens| tokens.concat().into_bytes()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_list_takes_any_bytes_and_the_bound_holds(
        list in prop::collection::vec(prop::sample::select(ALL.to_vec()), 0..10),
        parts in prop::collection::vec(part(), 1..4),
    ) {
        let mut room = Transformed::default();
        for part in parts {
            // The same as one after the other, whatever was in the room before.
            let mut expected = part.clone();
            for one in &list {
                let out = applied(&[*one], &expected);
                let bound = match one {
                    T::Utf8ToUnicode => expected.len() * 3,
                    T::Md5 => 16,
                    T::Sha256 => 32,
                    _ => expected.len(),
                };
                prop_assert!(out.len() <= bound, "{one:?}: {} of {}", out.len(), expected.len());
                expected = out;
            }
            prop_assert_eq!(room.apply(&list, &part), expected);
        }
    }

    #[test]
    fn none_changes_nothing(part in part()) {
        prop_assert_eq!(applied(&[T::None], &part), part);
    }

    #[test]
    fn twice_is_once(part in part()) {
        for one in [
            T::Lowercase, T::Uppercase, T::RemoveNulls, T::ReplaceNulls, T::CompressWhiteSpace, T::RemoveWhitespace, T::Trim,
            T::TrimLeft, T::TrimRight, T::NormalizePath, T::NormalizePathWin, T::CmdLine, T::CmdLineUnix,
            T::CmdLineWin,
            T::Utf8ToUnicode,
        ] {
            let once = applied(&[one], &part);
            prop_assert_eq!(applied(&[one], &once).escape_ascii().to_string(), once.escape_ascii().to_string(), "{:?}", one);
        }
    }

    #[test]
    fn what_is_encoded_is_decoded(part in part()) {
        let each = |code: &dyn Fn(&u8) -> String| part.iter().map(code).collect::<String>().into_bytes();
        let percent = each(&|byte| format!("%{byte:02x}"));
        prop_assert_eq!(applied(&[T::UrlDecode], &percent), part.as_slice());
        prop_assert_eq!(applied(&[T::UrlDecodeUni], &percent), part.as_slice());
        prop_assert_eq!(applied(&[T::UrlDecodeUni], &each(&|byte| format!("%u00{byte:02X}"))), part.as_slice());
        prop_assert_eq!(applied(&[T::HexDecode], &each(&|byte| format!("{byte:02x}"))), part.as_slice());
        prop_assert_eq!(applied(&[T::HtmlEntityDecode], &each(&|byte| format!("&#x{byte:x};"))), part.as_slice());
        prop_assert_eq!(applied(&[T::HtmlEntityDecode], &each(&|byte| format!("&#{byte};"))), part.as_slice());
        prop_assert_eq!(applied(&[T::EscapeSeqDecode], &each(&|byte| format!("\\x{byte:02x}"))), part.as_slice());
        prop_assert_eq!(applied(&[T::EscapeSeqDecode], &each(&|byte| format!("\\{byte:03o}"))), part.as_slice());
        for js in [T::JsDecode, T::JsDecodeExt] {
            prop_assert_eq!(applied(&[js], &each(&|byte| format!("\\u00{byte:02x}"))), part.as_slice());
            prop_assert_eq!(applied(&[js], &each(&|byte| format!("\\{byte:03o}"))), part.as_slice());
        }
        prop_assert_eq!(applied(&[T::CssDecode], &each(&|byte| format!("\\{byte:x} "))), part.as_slice());
        let base64 = BASE64_STANDARD.encode(&part).into_bytes();
        prop_assert_eq!(applied(&[T::Base64Decode], &base64), part.as_slice());
        prop_assert_eq!(applied(&[T::Base64DecodeExt], &base64), part.as_slice());
        if !part.is_empty() {
            let hex = each(&|byte| format!("{byte:02x}"));
            prop_assert_eq!(applied(&[T::SqlHexDecode], &[b"0x", hex.as_slice()].concat()), part.as_slice());
        }
    }

    #[test]
    fn characters_come_back_as_their_low_bytes(text in "\\PC{0,40}") {
        let ascii: String = text.chars().filter(char::is_ascii).collect();
        let wide: String =
            ascii.chars().map(|c| if ('!'..='~').contains(&c) { char::from_u32(c as u32 + 0xfee0).unwrap() } else { c }).collect();
        // What full-width letters spell, a rule sees in ASCII.
        prop_assert_eq!(applied(&[T::Utf8ToUnicode, T::UrlDecodeUni], wide.as_bytes()), ascii.as_bytes());
        prop_assert!(applied(&[T::Utf8ToUnicode], text.as_bytes()).is_ascii());
    }

    #[test]
    fn a_normal_path_has_no_dots_but_at_its_start(path in part()) {
        let normal = applied(&[T::NormalizePath], &path);
        let mut segments: Vec<&[u8]> = normal.split(|byte| *byte == b'/').skip_while(|one| **one == *b"..").collect();
        if segments.first().is_some_and(|first| first.is_empty()) {
            segments.remove(0);
        }
        if segments.last().is_some_and(|last| last.is_empty()) {
            segments.pop();
        }
        prop_assert!(!segments.iter().any(|one| matches!(*one, b"" | b"." | b"..")), "{}", normal.escape_ascii());
    }

    #[test]
    fn queries_never_grow(steps in prop::collection::vec(0..5_usize, 0..6), query in "[ab=&;%0-9,]{0,40}") {
        let kinds = [
            PreParse::None, PreParse::UrlDecode, PreParse::UrlDecodeUni, PreParse::CombineDuplicateQueryArgsByComma,
            PreParse::ReplaceSemicolonsWithAmpersands,
        ];
        let steps: Vec<PreParse> = steps.into_iter().map(|step| kinds[step]).collect();
        prop_assert!(pre_parse(&steps, query.as_bytes()).len() <= query.len());
    }
}
