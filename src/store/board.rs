//! What changed when, in memory: so that an answer that is at hand can be known to be true still, without a look into the
//! database.
//!
//! A clock counts changes. Each thing that answers show has a place on the board with the time of its last change; two things may
//! share a place, and then each is now and then thought changed when the other was. Changes are noted after their commit
//! and before whoever made them is answered. So an answer is true as long as nothing that it shows has changed since the
//! time at which reading it began.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::id::{SiteId, ThreadId};

/// How many places there are: 128 KiB, for some hundreds of pages that are read at a time.
const PLACES: usize = 1 << 14;

/// A change that the public can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// Something happened in a thread of a site.
    Thread(ThreadId, SiteId),
    /// A site says something else on each of its pages.
    Site(SiteId),
    /// A site's keys lead to other threads.
    Keys(SiteId),
    /// A job was begun, or ended: not for the public, but for whoever waits for it.
    Jobs,
}

/// Something that answers show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A thread, with all that is in it.
    Thread(ThreadId),
    /// What a site says on each of its pages.
    Site(SiteId),
    /// Which threads a site's keys lead to.
    Keys(SiteId),
    /// All that happens in a site's threads.
    Log(SiteId),
}

/// A time on the board's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick(u64);

/// The board.
pub struct Board {
    clock: AtomicU64,
    /// When everything was last thought changed.
    all: AtomicU64,
    places: Box<[AtomicU64]>,
}

impl Board {
    /// A board on which nothing has changed.
    pub(super) fn new() -> Self {
        Self {
            clock: AtomicU64::new(0),
            all: AtomicU64::new(0),
            places: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// What time it is: whatever is read from now on is at least as new.
    pub fn now(&self) -> Tick {
        Tick(self.clock.load(Ordering::SeqCst))
    }

    /// Whether none of these has changed since `then`.
    pub fn is_unchanged(&self, subjects: &[Subject], then: Tick) -> bool {
        let places = subjects.iter().map(|subject| &self.places[place(subject)]);
        std::iter::once(&self.all)
            .chain(places)
            .all(|last| last.load(Ordering::SeqCst) <= then.0)
    }

    /// Notes a change that was committed.
    pub(super) fn note(&self, change: Change) {
        match change {
            Change::Thread(thread, site) => {
                self.mark(&self.places[place(&Subject::Thread(thread))]);
                self.mark(&self.places[place(&Subject::Log(site))]);
            }
            Change::Site(site) => self.mark(&self.places[place(&Subject::Site(site))]),
            Change::Keys(site) => self.mark(&self.places[place(&Subject::Keys(site))]),
            Change::Jobs => {}
        }
    }

    /// Notes that anything may have changed.
    pub(super) fn note_all(&self) {
        self.mark(&self.all);
    }

    fn mark(&self, place: &AtomicU64) {
        let now = self.clock.fetch_add(1, Ordering::SeqCst) + 1;
        // Two may mark one place at once: the later time stays.
        place.fetch_max(now, Ordering::SeqCst);
    }
}

fn place(subject: &Subject) -> usize {
    let mut hasher = DefaultHasher::new();
    subject.hash(&mut hasher);
    hasher.finish() as usize % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_known_and_what_did_not_is_left_alone() {
        let board = Board::new();
        let (site, other) = (SiteId::new(), SiteId::new());
        let thread = ThreadId::minted(site, "a", 0);
        let then = board.now();
        let all = [
            Subject::Thread(thread),
            Subject::Log(site),
            Subject::Site(site),
            Subject::Keys(site),
            Subject::Site(other),
        ];
        let changed = |board: &Board| all.map(|one| !board.is_unchanged(&[one], then));
        assert_eq!(changed(&board), [false; 5]);
        board.note(Change::Thread(thread, site));
        assert_eq!(changed(&board), [true, true, false, false, false]);
        board.note(Change::Keys(site));
        assert_eq!(changed(&board), [true, true, false, true, false]);
        assert!(board.is_unchanged(&all, board.now()));
        board.note_all();
        assert_eq!(changed(&board), [true; 5]);
    }
}
