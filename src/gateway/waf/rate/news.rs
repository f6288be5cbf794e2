//! News: who was found to be above the limit, told by the worker that found it to all others. One value in shared data, in
//! which the latest take the place of the oldest: whoever misses one finds it out by itself, later.

/// Bytes of one: an origin, and the sub-window in which it is no longer above the limit.
const ITEM: usize = 12;
/// Bytes before them: how many there have ever been.
const HEAD: usize = 4;
/// How many there are: with what stands before them 4 KiB.
pub const ITEMS: usize = (4096 - HEAD) / ITEM;

/// An origin that is above the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Who.
    pub origin: u64,
    /// The sub-window in which it is no longer.
    pub until: u32,
}

/// The news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News(Vec<u8>);

// === impl News ===

impl News {
    /// What is kept; nothing new if there is nothing, or it is no news.
    #[must_use]
    pub fn read(kept: Option<Vec<u8>>) -> Self {
        let kept = kept.filter(|bytes| bytes.len() == HEAD + ITEMS * ITEM);
        Self(kept.unwrap_or_else(|| vec![0; HEAD + ITEMS * ITEM]))
    }

    /// What is kept.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// How many there have ever been.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.0.first_chunk().map_or(0, |count| u32::from_le_bytes(*count))
    }

    /// Those behind the first so many, as far as they are still there.
    pub fn since(&self, heard: u32) -> impl Iterator<Item = Item> {
        let new = self.count().wrapping_sub(heard).min(ITEMS as u32);
        (1..=new).rev().filter_map(|back| {
            let at = place(self.count().wrapping_sub(back));
            let [a, b, c, d, e, f, g, h, until @ ..] = *self.items().get(at)?;
            let origin = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
            Some(Item { origin, until: u32::from_le_bytes(until) })
        })
    }

    /// Adds one.
    pub fn add(&mut self, item: Item) {
        let count = self.count();
        let items = self.0.get_mut(HEAD..).unwrap_or_default().as_chunks_mut::<ITEM>().0;
        if let Some((origin, until)) =
            items.get_mut(place(count)).and_then(|item| item.split_first_chunk_mut())
        {
            *origin = item.origin.to_le_bytes();
            until.copy_from_slice(&item.until.to_le_bytes());
        }
        if let Some(head) = self.0.first_chunk_mut() {
            *head = count.wrapping_add(1).to_le_bytes();
        }
    }

    fn items(&self) -> &[[u8; ITEM]] {
        self.0.get(HEAD..).unwrap_or_default().as_chunks().0
    }
}

/// Where one is kept.
fn place(number: u32) -> usize {
    number as usize % ITEMS
}

#[cfg(test)]
mod tests {
    use super::{ITEMS, Item, News};

    fn item(n: usize) -> Item {
        Item { origin: n as u64 * 1_000_000_007, until: n as u32 }
    }

    #[test]
    fn the_latest_are_heard_once() {
        let mut news = News::read(None);
        assert_eq!((news.since(0).count(), news.as_bytes().len()), (0, 4096));
        for n in 0..3 {
            news.add(item(n));
        }
        assert_eq!(news.since(0).collect::<Vec<_>>(), [item(0), item(1), item(2)]);
        assert_eq!(news.since(2).collect::<Vec<_>>(), [item(2)]);
        assert_eq!(news.since(3).count(), 0);
        for n in 3..3 + ITEMS {
            news.add(item(n));
        }
        assert_eq!(news.since(0).collect::<Vec<_>>(), (3..3 + ITEMS).map(item).collect::<Vec<_>>());
        let read = News::read(Some(news.as_bytes().to_vec()));
        assert_eq!((read.count(), read == news), (3 + ITEMS as u32, true));
        assert_eq!(News::read(Some(vec![1; 100])).count(), 0);
    }

    #[test]
    fn strange_bytes_are_heard_without_harm() {
        let news = News::read(Some(vec![0xff; 4096]));
        assert_eq!((news.since(0).count(), news.since(u32::MAX).count()), (ITEMS, 0));
    }
}
