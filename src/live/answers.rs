//! Public answers at hand, by what was asked for: given again, without a look into the database, for as long as nothing that
//! they show has changed.
//!
//! What this process writes is seen at once, since the store's board knows of it before the writer does. What other instances
//! write is heard of within a moment ([`crate::store`]'s notices); should that fail, and for what the command line writes, an answer is
//! looked at again after [`TRUSTED`]. That look costs two rows: the bytes come from [`super::pages`] unless they are others now.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::pages::Ready;
use crate::error::Result;
use crate::store::Store;
use crate::store::board::{Subject, Tick};

/// How long an answer is given without asking the database whether it is still true.
const TRUSTED: Duration = Duration::from_secs(1);

/// An answer that everybody gets.
pub struct Answer {
    /// Its bytes.
    pub ready: Arc<Ready>,
    /// Its media type.
    pub kind: &'static str,
    /// All that it depends on.
    pub shows: Vec<Subject>,
}

/// An answer that was found to be true.
pub struct Known {
    answer: Answer,
    /// The board's time just before it was read.
    read_at: Tick,
    until: Instant,
}

impl std::ops::Deref for Known {
    type Target = Answer;

    fn deref(&self) -> &Answer {
        &self.answer
    }
}

/// Weighs an answer by what it takes in memory.
#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<String, Arc<Known>> for ByBytes {
    fn weight(&self, asked: &String, known: &Arc<Known>) -> u64 {
        let shows = known.shows.len() * size_of::<Subject>();
        // What the entry itself takes, roughly, so that many small ones cannot fill the memory.
        (asked.len() + shows + known.ready.bytes() + 256) as u64
    }
}

/// The answers at hand.
pub struct Answers {
    store: Store,
    cache: Cache<String, Arc<Known>, ByBytes>,
}

impl Answers {
    /// Room for answers of at most that many bytes.
    pub fn new(store: Store, bytes: u64) -> Self {
        let entries = usize::try_from(bytes / 8_192).unwrap_or(4096).max(64);
        Self {
            store,
            cache: Cache::with_weighter(entries, bytes, ByBytes),
        }
    }

    /// What is answered to `asked`, a path with its query: what is at hand while it is true, or what `make` reads. However
    /// many ask, it is read once; and whoever asks gets nothing that was read before a change that they can know of.
    ///
    /// # Errors
    /// Those of `make`; nothing is kept then.
    pub async fn get(
        &self,
        asked: &str,
        make: impl AsyncFn() -> Result<Answer>,
    ) -> Result<Arc<Known>> {
        let began = self.store.board().now();
        loop {
            if let Some(known) = self.cache.get(asked) {
                if self.is_true(&known) {
                    return Ok(known);
                }
                // Only what is there no more, not what another has put in its place meanwhile.
                self.cache.remove_if(asked, |known| !self.is_true(known));
            }
            let known = self
                .cache
                .get_or_insert_async(asked, self.read(&make))
                .await?;
            if known.read_at >= began || self.is_true(&known) {
                return Ok(known);
            }
        }
    }

    async fn read(&self, make: &impl AsyncFn() -> Result<Answer>) -> Result<Arc<Known>> {
        let read_at = self.store.board().now();
        let answer = make().await?;
        let until = Instant::now() + TRUSTED;
        Ok(Arc::new(Known {
            answer,
            read_at,
            until,
        }))
    }

    fn is_true(&self, known: &Known) -> bool {
        self.store
            .board()
            .is_unchanged(&known.answer.shows, known.read_at)
            && Instant::now() < known.until
    }
}
