//! Where the passages of threads are in texts that were looked through, kept for whoever has the same text before them.
//!
//! A site has a shelf of its own, so that no site, and none of its visitors, pushes out what another's readers use.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::domain::id::{PassageId, SiteId, ThreadId};
use crate::domain::passage::anchor::Anchor;
use crate::domain::passage::text::TextHash;

/// Sites that have a shelf. One that is asked for seldom makes room for another.
const SITES: usize = 64;

/// What a shelf may take in memory, in bytes: a dozen texts with a thousand passages, or some hundred with a few.
const SHELF: u64 = 1024 * 1024;

/// What became of a passage as it was at that revision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placed {
    /// The passage.
    pub id: PassageId,
    /// Its revision.
    pub revision: i64,
    /// Where it is.
    pub anchor: Anchor,
}

/// What a shelf's entries are found by.
type Name = (ThreadId, TextHash);

/// Weighs places by what they take in memory.
#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Name, Arc<[Placed]>> for ByBytes {
    fn weight(&self, _: &Name, places: &Arc<[Placed]>) -> u64 {
        // What the entry itself takes, roughly, so that many small ones cannot fill the memory.
        (size_of_val::<[Placed]>(places) + 256) as u64
    }
}

type Shelf = Cache<Name, Arc<[Placed]>, ByBytes>;

/// All the shelves.
pub struct Known(Cache<SiteId, Arc<Shelf>>);

impl Known {
    /// Nothing yet.
    pub fn new() -> Self {
        Self(Cache::new(SITES))
    }

    /// Where the passages of a thread are in a text, in the order of their ids, as far as it was looked through.
    pub fn get(&self, site: SiteId, thread: ThreadId, text: TextHash) -> Option<Arc<[Placed]>> {
        self.0.get(&site)?.get(&(thread, text))
    }

    /// Keeps where they are, in place of what was known of that text before.
    pub fn put(&self, site: SiteId, thread: ThreadId, text: TextHash, places: Arc<[Placed]>) {
        let shelf = self.0.get(&site).unwrap_or_else(|| {
            let shelf = Arc::new(Cache::with_weighter(SITES, SHELF, ByBytes));
            self.0.insert(site, Arc::clone(&shelf));
            shelf
        });
        shelf.insert((thread, text), places);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::passage::text::Text;

    fn text(n: usize) -> TextHash {
        Text::new(&format!("text {n}")).hash()
    }

    fn places(count: usize) -> Arc<[Placed]> {
        let place = |_| Placed {
            id: PassageId::new(),
            revision: 1,
            anchor: Anchor::Orphaned,
        };
        (0..count).map(place).collect()
    }

    #[test]
    fn a_text_is_known_on_its_own_site_and_thread() {
        let known = Known::new();
        let (site, thread, places) = (SiteId::new(), ThreadId::new(), places(3));
        known.put(site, thread, text(1), places.clone());
        assert_eq!(known.get(site, thread, text(1)), Some(places));
        assert_eq!(known.get(site, thread, text(2)), None);
        assert_eq!(known.get(site, ThreadId::new(), text(1)), None);
        assert_eq!(known.get(SiteId::new(), thread, text(1)), None);
    }

    #[test]
    fn memory_is_bounded_and_each_site_has_its_own() {
        let known = Known::new();
        let (quiet, loud, thread) = (SiteId::new(), SiteId::new(), ThreadId::new());
        known.put(quiet, thread, text(0), places(1000));
        for n in 0..200 {
            known.put(loud, thread, text(n), places(1000));
        }
        assert!(known.get(quiet, thread, text(0)).is_some());
        let kept = (0..200).filter_map(|n| known.get(loud, thread, text(n)));
        let bytes: Vec<u64> = kept.map(|places| size_of_val(&*places) as u64).collect();
        assert!(bytes.len() >= 12, "{}", bytes.len());
        assert!(bytes.iter().sum::<u64>() <= SHELF);
        for _ in 0..4 * SITES {
            known.put(SiteId::new(), thread, text(1), places(1));
        }
        assert!(known.0.len() <= SITES);
    }
}
