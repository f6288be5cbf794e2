//! A document's text, of which single members are changed: everything else stays as somebody wrote it.

use crate::Error;
use jsonc_parser::ast::{Array, Object, Value};
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

/// A step from a value to one that it holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'p> {
    Member(&'p str),
    Element(usize),
}

/// The text of a document.
#[derive(Debug, Clone)]
pub(super) struct Text(String);

/// How the members of an object are set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Layout {
    /// One behind the other.
    Line,
    /// Each on a line of its own: what the line begins with, and by how much that is more than where the object stands.
    Lines { indent: String, unit: String },
}

// === impl Text ===

impl Text {
    /// A text that is known to be JSON.
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// What is written at a place, word for word.
    pub(super) fn written(&self, path: &[Step<'_>]) -> Result<Option<&str>, Error> {
        Ok(self.value(path)?.and_then(|value| self.0.get(value.start()..value.end())))
    }

    /// How the members of the object at a place are set.
    pub(super) fn layout(&self, path: &[Step<'_>]) -> Result<Layout, Error> {
        Ok(self.layout_of(&self.object(path)?))
    }

    /// Gives a member of the object at a place a value, which may have lines; a new member stands behind `after`, or at the end.
    pub(super) fn set(
        &mut self,
        path: &[Step<'_>],
        name: &str,
        after: Option<&str>,
        json: &str,
    ) -> Result<(), Error> {
        let object = self.object(path)?;
        let layout = self.layout_of(&object);
        if let Some(member) = object.get(name) {
            let range = member.value.range();
            return self.replace(range, &layout.fit(json));
        }
        let member = format!("\"{name}\": {}", layout.fit(json));
        let before = after.and_then(|name| object.get(name)).or_else(|| object.properties.last());
        let Some(before) = before else {
            return self.replace(object.range, &format!("{{ {member} }}"));
        };
        let end = Range::from_byte_index(before.end());
        self.replace(end, &layout.next(&member))
    }

    /// Adds an element to the list that is a member of the object at a place; the list is made if there is none.
    pub(super) fn push(&mut self, path: &[Step<'_>], name: &str, json: &str) -> Result<(), Error> {
        let object = self.object(path)?;
        let list = object.get_array(name).filter(|list| !list.elements.is_empty());
        let Some(last) = list.and_then(|list: &Array<'_>| list.elements.last()) else {
            let layout = self.layout_of(&object);
            let list = match &layout {
                Layout::Line => format!("[{}]", one_line(json)),
                Layout::Lines { unit, .. } => format!("[\n{unit}{}\n]", indented(json, unit)),
            };
            return self.set(path, name, None, &list);
        };
        let layout = self.layout_at(last.start(), String::new());
        let end = Range::from_byte_index(last.end());
        self.replace(end, &layout.next(&layout.fit(json)))
    }

    /// Takes a member out of the object at a place.
    pub(super) fn remove(&mut self, path: &[Step<'_>], name: &str) -> Result<(), Error> {
        let object = self.object(path)?;
        let members = &object.properties;
        let Some(at) = members.iter().position(|member| member.name.as_str() == name) else { return Ok(()) };
        let Some(member) = members.get(at) else { return Ok(()) };
        let before = at.checked_sub(1).and_then(|before| members.get(before));
        let range = match (before, members.get(at + 1)) {
            (Some(before), _) => Range::new(before.end(), member.end()),
            (None, Some(next)) => Range::new(member.start(), next.start()),
            (None, None) => member.range,
        };
        self.replace(range, "")
    }

    fn replace(&mut self, range: Range, with: &str) -> Result<(), Error> {
        let (Some(before), Some(behind)) = (self.0.get(..range.start), self.0.get(range.end..)) else {
            return Err(broken());
        };
        self.0 = [before, with, behind].concat();
        Ok(())
    }

    fn object(&self, path: &[Step<'_>]) -> Result<Object<'_>, Error> {
        match self.value(path)? {
            Some(Value::Object(object)) => Ok(object),
            _ => Err(broken()),
        }
    }

    fn value(&self, path: &[Step<'_>]) -> Result<Option<Value<'_>>, Error> {
        let parsed = parse_to_ast(&self.0, &CollectOptions::default(), &ParseOptions::default())
            .map_err(|error| broken().because(error))?;
        let mut value = parsed.value.ok_or_else(broken)?;
        for step in path {
            let next = match (step, value) {
                (Step::Member(name), Value::Object(mut object)) => {
                    object.take(name).map(|member| member.value)
                }
                (Step::Element(at), Value::Array(mut array)) if *at < array.elements.len() => {
                    Some(array.elements.swap_remove(*at))
                }
                _ => None,
            };
            let Some(next) = next else { return Ok(None) };
            value = next;
        }
        Ok(Some(value))
    }

    fn layout_of(&self, object: &Object<'_>) -> Layout {
        let outer = self.line_start(object.start());
        object.properties.first().map_or(Layout::Line, |first| self.layout_at(first.start(), outer))
    }

    /// The layout of what stands at a place; `outer` is what the line of its owner begins with.
    fn layout_at(&self, at: usize, outer: String) -> Layout {
        let indent = self.line_start(at);
        let begins_line = self.0.get(..at).is_some_and(|before| {
            before.ends_with(indent.as_str()) && before.trim_end_matches([' ', '\t']).ends_with('\n')
        });
        if !begins_line {
            return Layout::Line;
        }
        let unit =
            indent.strip_prefix(outer.as_str()).filter(|unit| !unit.is_empty()).unwrap_or("  ").to_owned();
        Layout::Lines { indent, unit }
    }

    /// The white space that the line of a place begins with.
    fn line_start(&self, at: usize) -> String {
        let before = self.0.get(..at).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        line.chars().take_while(|c| [' ', '\t'].contains(c)).collect()
    }
}

// === impl Layout ===

impl Layout {
    /// A value's lines, as they stand among these members.
    fn fit(&self, json: &str) -> String {
        match self {
            Self::Line => one_line(json),
            Self::Lines { indent, .. } => indented(json, indent),
        }
    }

    /// A member behind another one.
    fn next(&self, member: &str) -> String {
        match self {
            Self::Line => format!(", {member}"),
            Self::Lines { indent, .. } => format!(",\n{indent}{member}"),
        }
    }
}

/// Lines behind more white space, but for the first. JSON has no line breaks in strings.
pub(super) fn indented(json: &str, by: &str) -> String {
    json.lines().collect::<Vec<_>>().join(&format!("\n{by}"))
}

/// Lines behind less white space.
pub(super) fn dedented(json: &str, by: &str) -> String {
    json.lines().map(|line| line.strip_prefix(by).unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

fn one_line(json: &str) -> String {
    json.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// The document was read before, so this is a fault of ours.
fn broken() -> Error {
    Error::failed("the document cannot be changed where it must be").help("this is a bug: please report it")
}

#[cfg(test)]
mod tests;
