//! The routes of one method, in `matchit`'s trees.

use super::template::{Segment, Template};
use matchit::{InsertError, Router};

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
    if segments.is_empty() {
        return "/".to_owned();
    }
    let length = |segment: &Segment| match segment {
        Segment::Literal(text) => text.len(),
        Segment::Variable(_) | Segment::Greedy(_) => "{*99}".len(),
    };
    let mut shape = String::with_capacity(segments.iter().map(|segment| 1 + length(segment)).sum());
    for (i, segment) in segments.iter().enumerate() {
        let open = match segment {
            Segment::Literal(text) => {
                shape.push('/');
                shape.push_str(text);
                continue;
            }
            Segment::Variable(_) => "/{",
            Segment::Greedy(_) => "/{*",
        };
        shape.push_str(open);
        // Nearly all have one digit, which is not worth a formatter: documents have thousands of them.
        match u32::try_from(i).ok().and_then(|i| char::from_digit(i, 10)) {
            Some(digit) => shape.push(digit),
            None => shape.push_str(&i.to_string()),
        }
        shape.push('}');
    }
    shape
}
