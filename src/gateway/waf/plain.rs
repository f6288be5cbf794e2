//! Parts of a request that no transformation changes, as most are: known by one look at their bytes.

use super::transform::Transformation;

/// White space, and what some take for it.
const SPACE: &[u8] = b" \t\n\x0b\x0c\r\xa0";

/// The bytes that transformations may change, or may take for the beginning of what they change.
#[derive(Debug)]
pub struct Plain {
    changes: [bool; 256],
}

// === impl Plain ===

impl Plain {
    /// Those of all of these; none if one of them may change any byte, or if there is none of them.
    #[must_use]
    pub fn of(transformations: &[Transformation]) -> Option<Self> {
        let mut changes = [false; 256];
        let mut add = |bytes: &mut dyn Iterator<Item = u8>| {
            bytes.for_each(|byte| changes.get_mut(usize::from(byte)).into_iter().for_each(|it| *it = true));
        };
        for transformation in transformations {
            match transformation {
                Transformation::None => {}
                Transformation::Lowercase => add(&mut (b'A'..=b'Z')),
                Transformation::Uppercase => add(&mut (b'a'..=b'z')),
                Transformation::UrlDecode | Transformation::UrlDecodeUni => add(&mut b"%+".iter().copied()),
                Transformation::HtmlEntityDecode => add(&mut b"&".iter().copied()),
                Transformation::RemoveNulls | Transformation::ReplaceNulls => add(&mut [0].into_iter()),
                Transformation::CompressWhiteSpace
                | Transformation::RemoveWhitespace
                | Transformation::Trim
                | Transformation::TrimLeft
                | Transformation::TrimRight => add(&mut SPACE.iter().copied()),
                Transformation::CmdLine | Transformation::CmdLineUnix | Transformation::CmdLineWin => {
                    add(&mut SPACE.iter().chain(b"\\\"'^,;").copied().chain(b'A'..=b'Z'));
                }
                Transformation::SqlHexDecode => add(&mut b"xX".iter().copied()),
                Transformation::ReplaceComments => add(&mut b"*".iter().copied()),
                Transformation::RemoveCommentsChar => add(&mut b"#*-".iter().copied()),
                Transformation::EscapeSeqDecode
                | Transformation::CssDecode
                | Transformation::JsDecode
                | Transformation::JsDecodeExt => add(&mut b"\\".iter().copied()),
                Transformation::NormalizePath | Transformation::NormalizePathWin => {
                    add(&mut b"./\\".iter().copied());
                }
                Transformation::Utf8ToUnicode => add(&mut (0x80..=0xff)),
                Transformation::Base64Decode
                | Transformation::Base64DecodeExt
                | Transformation::HexDecode
                | Transformation::Md5
                | Transformation::Sha256 => return None,
            }
        }
        (!transformations.is_empty()).then_some(Self { changes })
    }

    /// Whether a part stays as it is.
    #[must_use]
    pub fn stays(&self, part: &[u8]) -> bool {
        !part.iter().any(|byte| self.changes.get(usize::from(*byte)).is_some_and(|changes| *changes))
    }
}

#[cfg(test)]
mod tests {
    use super::Plain;
    use crate::gateway::waf::transform::{Transformation, Transformed};
    use proptest::prelude::{any, prop};
    use proptest::{prop_assert_eq, prop_assume, proptest, sample};

    const ALL: [Transformation; 30] = [
        Transformation::None,
        Transformation::CompressWhiteSpace,
        Transformation::HtmlEntityDecode,
        Transformation::Lowercase,
        Transformation::Uppercase,
        Transformation::CmdLine,
        Transformation::CmdLineUnix,
        Transformation::CmdLineWin,
        Transformation::UrlDecode,
        Transformation::UrlDecodeUni,
        Transformation::Base64Decode,
        Transformation::Base64DecodeExt,
        Transformation::HexDecode,
        Transformation::SqlHexDecode,
        Transformation::Md5,
        Transformation::ReplaceComments,
        Transformation::RemoveCommentsChar,
        Transformation::EscapeSeqDecode,
        Transformation::CssDecode,
        Transformation::JsDecode,
        Transformation::JsDecodeExt,
        Transformation::NormalizePath,
        Transformation::NormalizePathWin,
        Transformation::RemoveNulls,
        Transformation::ReplaceNulls,
        Transformation::RemoveWhitespace,
        Transformation::Trim,
        Transformation::TrimLeft,
        Transformation::TrimRight,
        Transformation::Utf8ToUnicode,
    ];

    proptest! {
        /// Of any bytes those are left out that some transformation may change.
        #[test]
        fn what_is_plain_stays(
            steps in prop::collection::vec(sample::select(&ALL[..]), 1..4),
            bytes in prop::collection::vec(any::<u8>(), 0..60),
            text in "[ -~]{0,60}",
        ) {
            let plain = Plain::of(&steps);
            prop_assume!(plain.is_some());
            let plain = plain.unwrap();
            for mut part in [bytes, text.into_bytes()] {
                part.retain(|byte| plain.stays(&[*byte]));
                prop_assert_eq!(plain.stays(&part), true);
                let mut room = Transformed::default();
                prop_assert_eq!(room.apply(&steps, &part), &part[..]);
            }
        }
    }

    #[test]
    fn what_is_not_plain_is_known() {
        let plain = Plain::of(&[Transformation::UrlDecode, Transformation::Lowercase]).unwrap();
        assert!(plain.stays(b"a-b c;d"));
        assert!(["a%41", "a+b", "aB"].iter().all(|part| !plain.stays(part.as_bytes())));
        assert!(Plain::of(&[Transformation::Md5, Transformation::Lowercase]).is_none());
    }
}
