//! A page: the counts of some origins, as they are kept in shared data. Arithmetic on bytes.
//!
//! An origin has a slot, found by its fingerprint, in which its requests are counted by sub-windows: a tenth of the window
//! each. What a slot tells is never more than what was counted. Where all slots are taken, the one that counts least goes, and
//! the newcomer inherits its rank, not its counts ("Space-Saving", Metwally, Agrawal, El Abbadi 2005): so origins that come
//! once cannot turn out those that come often.

/// Sub-windows of a window. The running one and the nine before are counted: between nine tenths of the window and all of it.
pub const PARTS: u32 = 10;
const COUNTERS: usize = PARTS as usize;

/// Bytes of a slot: a fingerprint, a scale, a rank, and a counter for each sub-window.
const SLOT: usize = 28;
/// At this scale a sub-window holds 2⁴⁸ requests.
const COARSEST: u8 = 32;
/// Bytes before the slots: the sub-window, and where the search for a victim goes on.
const HEAD: usize = 8;

/// Slots of a page that is shared by many: with what stands before them 4 KiB.
pub const SLOTS: usize = (4096 - HEAD) / SLOT;

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page(Vec<u8>);

/// What is counted of an origin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Requests, at least.
    pub total: u64,
    /// The sub-window in which no more than the limit are left, if none are added; only where there are more.
    pub fits_in: u32,
    /// Of the requests that were to be added, those that the scale of the slot is too coarse for.
    pub left: u32,
}

/// A slot, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    fingerprint: [u8; 5],
    /// Counters are multiples of this power of two: 0 up to 65,535 requests in a sub-window.
    scale: u8,
    /// The rank of the slot's last owner, which halves with each sub-window. It protects a newcomer; it is never counted.
    inherited: u16,
    /// By sub-window, modulo their number.
    counters: [u16; COUNTERS],
}

// === impl Page ===

impl Page {
    /// A page on which nothing is counted.
    #[must_use]
    pub fn empty(slots: usize, part: u32) -> Self {
        let mut bytes = vec![0; HEAD + slots * SLOT];
        if let Some(head) = bytes.first_chunk_mut() {
            *head = part.to_le_bytes();
        }
        Self(bytes)
    }

    /// A page as it was kept; none if it is no such page.
    #[must_use]
    pub fn read(bytes: Vec<u8>, slots: usize) -> Option<Self> {
        (bytes.len() == HEAD + slots * SLOT).then_some(Self(bytes))
    }

    /// What is kept.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Slots that count something.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.slots().iter().filter(|slot| !Slot::is_free(slot)).count()
    }

    /// Goes on to a sub-window: what is older than the window is forgotten.
    pub fn advance(&mut self, part: u32) {
        let before = self.part();
        let steps = part.saturating_sub(before).min(PARTS);
        if steps == 0 {
            return;
        }
        if let Some(head) = self.0.first_chunk_mut() {
            *head = part.to_le_bytes();
        }
        for bytes in self.slots_mut() {
            if !Slot::is_free(bytes) {
                let mut slot = Slot::from_bytes(bytes);
                for step in 1..=steps {
                    if let Some(counter) = slot.counters.get_mut(place(before.wrapping_add(step))) {
                        *counter = 0;
                    }
                }
                slot.inherited >>= steps;
                *bytes = if slot.total() == 0 { [0; SLOT] } else { slot.to_bytes() };
            }
        }
    }

    /// Adds requests of an origin in a sub-window, and tells what is counted of it. What is older than the window is not
    /// added.
    pub fn add(&mut self, fingerprint: [u8; 5], part: u32, count: u32, limit: u64) -> Standing {
        let now = self.part();
        if now.saturating_sub(part) >= PARTS {
            return Standing::default();
        }
        let at = self.find(fingerprint);
        let Some(bytes) = self.slots_mut().get_mut(at) else { return Standing::default() };
        let mut slot = Slot::from_bytes(bytes);
        if slot.fingerprint != fingerprint {
            let inherited = u16::try_from(slot.rank()).unwrap_or(u16::MAX);
            slot = Slot { fingerprint, scale: 0, inherited, counters: [0; COUNTERS] };
        }
        let left = slot.add(part, count);
        if slot.total() > 0 {
            *bytes = slot.to_bytes();
        }
        Standing { total: slot.total(), fits_in: slot.fits_in(now, limit), left }
    }

    /// The sub-window that is running.
    fn part(&self) -> u32 {
        self.0.first_chunk().map_or(0, |part| u32::from_le_bytes(*part))
    }

    /// The slot of an origin, else a free one, else the one that is to go.
    fn find(&mut self, fingerprint: [u8; 5]) -> usize {
        let mut free = None;
        for (at, slot) in self.slots().iter().enumerate() {
            if slot.starts_with(&fingerprint) {
                return at;
            }
            if free.is_none() && Slot::is_free(slot) {
                free = Some(at);
            }
        }
        free.unwrap_or_else(|| self.victim())
    }

    /// The slot of the least rank. Those of one rank go in turn, so that the oldest goes first.
    fn victim(&mut self) -> usize {
        let hand =
            self.0.get(4..6).and_then(|bytes| bytes.first_chunk()).map_or(0, |at| u16::from_le_bytes(*at));
        let slots = self.slots();
        let (mut least, mut victim) = (u64::MAX, 0);
        let hand = usize::from(hand).min(slots.len());
        let (before, behind) = slots.split_at_checked(hand).unwrap_or_default();
        for (at, slot) in (hand..).zip(behind).chain((0..).zip(before)) {
            let rank = Slot::from_bytes(slot).rank();
            if rank < least {
                (least, victim) = (rank, at);
            }
        }
        if let Some(bytes) = self.0.get_mut(4..6).and_then(|bytes| bytes.first_chunk_mut()) {
            *bytes = u16::try_from(victim + 1).unwrap_or_default().to_le_bytes();
        }
        victim
    }

    fn slots(&self) -> &[[u8; SLOT]] {
        self.0.get(HEAD..).unwrap_or_default().as_chunks().0
    }

    fn slots_mut(&mut self) -> &mut [[u8; SLOT]] {
        self.0.get_mut(HEAD..).unwrap_or_default().as_chunks_mut().0
    }
}

/// Where a sub-window is counted.
fn place(part: u32) -> usize {
    (part % PARTS) as usize
}

// === impl Slot ===

impl Slot {
    /// No origin has this fingerprint.
    fn is_free(bytes: &[u8; SLOT]) -> bool {
        bytes.starts_with(&[0; 5])
    }

    fn from_bytes(bytes: &[u8; SLOT]) -> Self {
        let [a, b, c, d, e, scale, low, high, rest @ ..] = *bytes;
        let mut counters = [0; COUNTERS];
        for (counter, bytes) in counters.iter_mut().zip(rest.as_chunks().0) {
            *counter = u16::from_le_bytes(*bytes);
        }
        let scale = scale.min(COARSEST);
        Self { fingerprint: [a, b, c, d, e], scale, inherited: u16::from_le_bytes([low, high]), counters }
    }

    fn to_bytes(self) -> [u8; SLOT] {
        let ([a, b, c, d, e], [low, high]) = (self.fingerprint, self.inherited.to_le_bytes());
        let mut bytes = [0; SLOT];
        if let Some(head) = bytes.first_chunk_mut() {
            *head = [a, b, c, d, e, self.scale, low, high];
        }
        let rest = bytes.get_mut(HEAD..).unwrap_or_default().as_chunks_mut().0;
        for (to, counter) in rest.iter_mut().zip(self.counters) {
            *to = counter.to_le_bytes();
        }
        bytes
    }

    fn scaled(&self, counters: u64) -> u64 {
        counters << self.scale
    }

    fn total(&self) -> u64 {
        self.scaled(self.counters.iter().map(|counter| u64::from(*counter)).sum())
    }

    fn rank(&self) -> u64 {
        self.total() + u64::from(self.inherited)
    }

    /// Adds what the scale is fine enough for, and gives the rest.
    fn add(&mut self, part: u32, count: u32) -> u32 {
        let place = place(part);
        loop {
            let Some(counter) = self.counters.get_mut(place) else { return 0 };
            let sum = u64::from(*counter) + (u64::from(count) >> self.scale);
            match u16::try_from(sum) {
                Ok(sum) => *counter = sum,
                Err(_) if self.scale < COARSEST => {
                    self.scale += 1;
                    self.counters = self.counters.map(|counter| counter >> 1);
                    continue;
                }
                Err(_) => *counter = u16::MAX,
            }
            let fine = (1_u64 << self.scale) - 1;
            return (u64::from(count) & fine) as u32;
        }
    }

    /// The sub-window in which no more than the limit are left.
    fn fits_in(&self, now: u32, limit: u64) -> u32 {
        let (mut rest, mut part) = (self.total(), now);
        while rest > limit && part < now.saturating_add(PARTS) {
            // The next sub-window takes the place of the oldest.
            part += 1;
            let oldest = self.counters.get(place(part)).copied().unwrap_or_default();
            rest = rest.saturating_sub(self.scaled(oldest.into()));
        }
        part
    }
}

#[cfg(test)]
mod tests;
