//! JSON pointers, followed while a document is walked. <https://www.rfc-editor.org/rfc/rfc6901>

use std::cmp::Ordering;

/// JSON pointers, ready to be followed: in order, so that those that lead to a place stand next to each other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pointers(Vec<Pointer>);

/// The steps from the root.
type Pointer = Vec<Box<[u8]>>;

/// A place of a document, as pointers see it. It is what stands in the walk's frame of each array or object: coming back
/// from one needs nothing undone.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p> {
    /// Which of them lead here, and further.
    alive: &'p [Pointer],
    /// How many steps from the root.
    depth: usize,
    /// Whether all from here on is looked at.
    pub inside: bool,
}

/// A step from an array or object to what it holds.
#[derive(Debug, Clone, Copy)]
pub enum Step<'k> {
    /// A key, without escapes.
    Key(&'k [u8]),
    /// The place in an array.
    Index(usize),
}

// === impl Pointers ===

impl Pointers {
    /// Those of a rule. `/` is to AWS a pointer of a kind of its own, and not only to the member whose key is empty: everything
    /// is looked at.
    #[must_use]
    pub fn new(written: &[String]) -> Self {
        let mut pointers: Vec<Pointer> = Vec::with_capacity(written.len());
        for pointer in written {
            let pointer = match pointer.as_str() {
                "/" => Pointer::new(),
                // What stands before the first slash is empty.
                pointer => pointer.split('/').skip(1).map(key).collect(),
            };
            // They are few, and a sort is much code.
            let at = pointers.partition_point(|known| {
                known.iter().map(|key| rank(key)).lt(pointer.iter().map(|key| rank(key)))
            });
            pointers.insert(at, pointer);
        }
        // One says all of what stands below it.
        pointers.dedup_by(|below, known| below.starts_with(known));
        Self(pointers)
    }
}

// === impl Place ===

impl<'p> Place<'p> {
    /// A place where everything is looked at.
    pub fn everywhere() -> Self {
        Self { alive: &[], depth: 0, inside: true }
    }

    /// The root.
    pub fn root(pointers: &'p Pointers) -> Self {
        Self::new(&pointers.0, 0)
    }

    /// The place one step further. What it costs depends neither on how deep it is nor, but for a logarithm, on how many pointers
    /// there are: a client chooses how many elements it sends.
    pub fn enter(self, step: Step<'_>) -> Self {
        self.enter_by(step, |known, key| rank(known).cmp(&rank(key)))
    }

    fn enter_by(self, step: Step<'_>, mut compare: impl FnMut(&[u8], &[u8]) -> Ordering) -> Self {
        if self.inside || self.alive.is_empty() {
            return self;
        }
        let mut room = [0; 20];
        let key = match step {
            Step::Key(key) => key,
            Step::Index(index) => digits(index, &mut room),
        };
        // Each has a key here: one that ended would have made all from there on inside.
        let alive =
            range(self.alive, |pointer| compare(pointer.get(self.depth).map_or(&[][..], |known| known), key));
        Self::new(alive, self.depth + 1)
    }

    /// A place that these lead to. The shortest of them is the first.
    fn new(alive: &'p [Pointer], depth: usize) -> Self {
        Self { alive, depth, inside: alive.first().is_some_and(|pointer| pointer.len() == depth) }
    }

    /// Whether nothing here or further is looked at.
    pub fn is_outside(self) -> bool {
        !self.inside && self.alive.is_empty()
    }
}

/// Where a key stands among others. Most differ in their lengths: this is seen without a look at their bytes.
fn rank(key: &[u8]) -> (usize, &[u8]) {
    (key.len(), key)
}

/// The key that a part of a pointer means: `~1` is a slash, `~0` is `~`.
fn key(part: &str) -> Box<[u8]> {
    let mut rest = part.bytes();
    std::iter::from_fn(|| match rest.next()? {
        b'~' if rest.next() == Some(b'1') => Some(b'/'),
        byte => Some(byte),
    })
    .collect()
}

/// A number as pointers have it: without a zero before it.
fn digits(mut number: usize, room: &mut [u8; 20]) -> &[u8] {
    let mut at = room.len();
    for byte in room.iter_mut().rev() {
        *byte = b'0' + (number % 10) as u8;
        number /= 10;
        at -= 1;
        if number == 0 {
            break;
        }
    }
    room.get(at..).unwrap_or_default()
}

/// Those that are equal to what is sought, of some in its order.
fn range<T>(sorted: &[T], mut order: impl FnMut(&T) -> Ordering) -> &[T] {
    let from = sorted.get(sorted.partition_point(|one| order(one).is_lt())..).unwrap_or_default();
    // Most elements are ones that nobody seeks.
    if !from.first().is_some_and(|one| order(one).is_eq()) {
        return &[];
    }
    from.get(..from.partition_point(|one| order(one).is_eq())).unwrap_or_default()
}

#[cfg(test)]
mod tests;
