#![no_main]
//! A list of text transformations and a part of a request: the same comes out as of one after the other, within its bound, whatever
//! the room held before.

use libfuzzer_sys::fuzz_target;
use sekisho::gateway::waf::transform::{PreParse, Transformation as T, Transformed, pre_parse};

const ALL: [T; 31] = [
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

const STEPS: [PreParse; 5] = [
    PreParse::None,
    PreParse::UrlDecode,
    PreParse::UrlDecodeUni,
    PreParse::CombineDuplicateQueryArgsByComma,
    PreParse::ReplaceSemicolonsWithAmpersands,
];

fuzz_target!(|data: &[u8]| {
    let Some((count, rest)) = data.split_first() else { return };
    let Some((list, part)) = rest.split_at_checked(usize::from(count % 11)) else { return };
    let transformations: Vec<T> = list.iter().map(|byte| ALL[usize::from(*byte) % ALL.len()]).collect();

    let (mut room, mut one_by_one) = (Transformed::default(), part.to_vec());
    room.apply(&transformations, b"what was here \xc3\xa9 %41 before");
    for one in &transformations {
        let mut fresh = Transformed::default();
        let out = fresh.apply(&[*one], &one_by_one).to_vec();
        let bound = match one {
            T::Utf8ToUnicode => one_by_one.len() * 3,
            T::Md5 => 16,
            T::Sha256 => 32,
            _ => one_by_one.len(),
        };
        assert!(out.len() <= bound, "{one:?}");
        one_by_one = out;
    }
    assert_eq!(room.apply(&transformations, part), one_by_one);

    let steps: Vec<PreParse> = list.iter().map(|byte| STEPS[usize::from(*byte) % STEPS.len()]).collect();
    assert!(pre_parse(&steps, part).len() <= part.len());
});
