//! Where a mesh fetches the filter.

use std::str::FromStr;

/// An image of a registry, by the digest of what was put there: a tag may be another image tomorrow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    reference: String,
    digest: String,
}

// === impl Module ===

impl Module {
    /// `oci://REGISTRY/NAME@sha256:…`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("oci://{}@sha256:{}", self.reference, self.digest)
    }

    /// `REGISTRY/NAME@sha256:…`.
    #[must_use]
    pub fn image(&self) -> String {
        format!("{}@sha256:{}", self.reference, self.digest)
    }

    /// The digest: 64 hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

impl FromStr for Module {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            "expected an image by its digest, such as `oci://registry.example/sekisho@sha256:…`; `sekisho image` prints it"
                .to_owned()
        };
        let (reference, digest) =
            text.strip_prefix("oci://").and_then(|rest| rest.split_once("@sha256:")).ok_or_else(expected)?;
        let is_digest = digest.len() == 64
            && digest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'));
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':');
        let is_reference = reference.contains('/') && reference.chars().all(plain);
        if is_digest && is_reference {
            Ok(Self { reference: reference.to_owned(), digest: digest.to_owned() })
        } else {
            Err(expected())
        }
    }
}
