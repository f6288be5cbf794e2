//! Labels: what a rule tells the rules behind it.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-labels.html>

use std::rc::Rc;

/// Labels of one request, whole, in the order in which they were given, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels(Vec<Rc<str>>);

/// What a label must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelMatch {
    /// This, or its end behind a `:`.
    Label(String),
    /// In this namespace, or in one that ends in it; it ends in `:`.
    Namespace(String),
}

// === impl Labels ===

impl Labels {
    /// Adds one.
    pub fn add(&mut self, label: &Rc<str>) {
        if !self.0.contains(label) {
            self.0.push(Rc::clone(label));
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// Whether one of them fits.
    #[must_use]
    pub fn fit(&self, wanted: &LabelMatch) -> bool {
        self.iter().any(|label| wanted.fits(label))
    }
}

// === impl LabelMatch ===

impl LabelMatch {
    /// Whether a label fits.
    #[must_use]
    pub fn fits(&self, label: &str) -> bool {
        match self {
            Self::Label(key) => label
                .strip_suffix(key.as_str())
                .is_some_and(|before| before.is_empty() || before.ends_with(':')),
            Self::Namespace(key) => label
                .match_indices(key.as_str())
                .any(|(at, _)| at == 0 || label.as_bytes().get(at - 1) == Some(&b':')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LabelMatch;

    #[test]
    fn labels_fit_whole_or_from_a_colon_on() {
        let label = "awswaf:123456789012:webacl:acl:bad:bot";
        for (key, fits) in [
            (label, true),
            ("bad:bot", true),
            ("bot", true),
            ("ot", false),
            ("bad", false),
            ("webacl:acl:bad:bot", true),
        ] {
            assert_eq!(LabelMatch::Label(key.to_owned()).fits(label), fits, "{key}");
        }
        for (key, fits) in
            [("bad:", true), ("acl:bad:", true), ("awswaf:", true), ("ad:", false), ("bot:", false)]
        {
            assert_eq!(LabelMatch::Namespace(key.to_owned()).fits(label), fits, "{key}");
        }
    }
}
