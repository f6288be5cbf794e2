//! The routes of one method, in `matchit`'s trees.

use super::template::{Segment, Template};
use matchit::{InsertError, Router};
use std::fmt::Write;

/// The routes of one method.
///
/// `matchit` finds the most specific of the templates without a greedy variable. It cannot hold `/a/{x}` beside
/// `/a/{rest+}`, nor `/a/{x}/{rest+}` beside `/a/{rest+}`, so a greedy template is kept as its prefix and looked up with
/// the request's prefixes of the lengths that templates have.
#[derive(Debug, Default)]
pub(super) struct Table {
    full: Router<usize>,
    greedy: Router<usize>,
    /// How many segments greedy templates have before their greedy variable; each number once.
    depths: Vec<usize>,
}

// === impl Table ===

impl Table {
    pub(super) fn insert(&mut self, template: &Template, route: usize) -> Result<(), InsertError> {
        if !template.is_greedy() {
            return self.full.insert(shape(template.segments()), route);
        }
        let prefix = template.segments().split_last().map_or(&[][..], |(_, prefix)| prefix);
        self.greedy.insert(shape(prefix), route)?;
        if !self.depths.contains(&prefix.len()) {
            self.depths.push(prefix.len());
        }
        Ok(())
    }

    /// The most specific route whose template has no greedy variable.
    pub(super) fn full(&self, path: &str) -> Option<usize> {
        self.full.at(path).ok().map(|found| *found.value)
    }

    /// The routes with a greedy variable, the most specific of each depth.
    pub(super) fn greedy<'a>(&'a self, path: &'a str) -> impl Iterator<Item = usize> + use<'a> {
        self.depths.iter().filter_map(move |depth| {
            let (separator, _) = path.match_indices('/').nth(*depth)?;
            let prefix = path.get(..separator.max(1))?;
            self.greedy.at(prefix).ok().map(|found| *found.value)
        })
    }
}

/// A template without the names of its variables: equal for templates that match the same paths, and in `matchit`'s
/// spelling.
pub(super) fn shape(segments: &[Segment]) -> String {
    let mut shape = String::new();
    for (i, segment) in segments.iter().enumerate() {
        // Writing to a `String` cannot fail.
        let _ = match segment {
            Segment::Literal(text) => write!(shape, "/{text}"),
            Segment::Variable(_) => write!(shape, "/{{{i}}}"),
            Segment::Greedy(_) => write!(shape, "/{{*{i}}}"),
        };
    }
    if shape.is_empty() { "/".to_owned() } else { shape }
}
