//! Where a thread's passages are in the text that somebody has before them.
//!
//! Anybody may ask, so what it costs is bounded: one text at a time, within a share of one processor, and each text once while
//! it is known. Authors and everybody else have a lane each, so that no crowd keeps an author from putting notes right.

mod known;
mod lane;

use std::sync::Arc;

use self::known::{Known, Placed};
use self::lane::Lane;
use super::caller::Caller;
use super::passages as passages_service;
use super::threads::may_be_unwritten;
use crate::domain::id::{PassageId, ThreadId};
use crate::domain::passage::anchor::{self, Anchor};
use crate::domain::passage::quoted::PageText;
use crate::domain::passage::selector::Selector;
use crate::domain::passage::text::{Text, TextHash};
use crate::domain::time::Time;
use crate::domain::visibility::Quotation;
use crate::domain::word::{FoundBy, Role};
use crate::error::{Error, Result};
use crate::store::events::{self, Locked};
use crate::store::passages::{self, Passage, Place};
use crate::store::sites::{self, Site};
use crate::store::threads::{self, Thread};
use crate::store::{Conn, Store};
use crate::view::passage::Anchors;

/// How many places are written in one transaction.
const STEP: usize = 250;

/// Who sends a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// Whoever reads the page.
    Reader,
    /// Its author, whose text is the text.
    Author,
}

impl Sender {
    /// Most bytes of a body with a text of theirs.
    pub fn most(self) -> usize {
        match self {
            Self::Reader => 256 * 1024,
            Self::Author => 1024 * 1024,
        }
    }
}

/// A page's passages, which are looked for.
pub struct Article {
    /// Its site.
    pub site: Site,
    thread: Thread,
    /// Those whose words the public sees, in the order of their ids.
    passages: Vec<Passage>,
    /// Those whose words nobody has found yet.
    waiting: Vec<Passage>,
}

impl Article {
    /// Reads it; `None` where nobody has written yet.
    ///
    /// # Errors
    /// [`Error::NotFound`] for what is no thread's id.
    pub fn read(conn: &mut Conn, id: ThreadId) -> Result<Option<Self>> {
        let Some(thread) = threads::current(conn, id)? else {
            may_be_unwritten(id)?;
            return Ok(None);
        };
        let site = sites::by_id(conn, thread.site_id)?.ok_or(Error::NotFound)?;
        let (mut passages, mut waiting) = (Vec::new(), Vec::new());
        let all = match thread.is_public() {
            true => passages::of_thread(conn, thread.id)?,
            false => Vec::new(),
        };
        for row in all {
            if row.public(&site.policy) == Some(Quotation::Found) {
                passages.push(row);
            } else if row.quotation(&site.policy) == Quotation::Waiting {
                waiting.push(row);
            }
        }
        Ok(Some(Self {
            site,
            thread,
            passages,
            waiting,
        }))
    }

    /// Its thread.
    pub fn thread(&self) -> ThreadId {
        self.thread.id
    }

    /// As what the caller sends a text of this page. Only an API token's text is an author's: who merely reads a page,
    /// whatever their role, changes nothing.
    pub fn sender(&self, caller: &Caller) -> Sender {
        let has_token = caller.authority.is_some_and(|own| own.token.is_some());
        let may_change = caller.must_change(Role::Author, Some(self.site.id)).is_ok();
        match has_token && may_change && caller.directs(&self.thread) {
            true => Sender::Author,
            false => Sender::Reader,
        }
    }

    /// Whether these are the places of the passages as they are now.
    fn is_of(&self, places: &[Placed]) -> bool {
        let known = places.iter().map(|place| (place.id, place.revision));
        known.eq(self.passages.iter().map(|own| (own.id, own.revision)))
    }

    fn find(&self, text: &Text) -> Arc<[Placed]> {
        let selectors: Vec<Selector> = self.passages.iter().map(Passage::selector).collect();
        let found = anchor::find(text, &selectors);
        let placed = |(passage, anchor): (&Passage, Anchor)| Placed {
            id: passage.id,
            revision: passage.revision,
            anchor,
        };
        self.passages.iter().zip(found).map(placed).collect()
    }

    /// The passages whose words, or what stands around them, are others in this text, or elsewhere.
    fn news(&self, places: &[Placed], text: &Text) -> Vec<New> {
        let passages = self.passages.iter().zip(places);
        let new = passages.filter_map(|(passage, place)| {
            let range = place.anchor.range()?;
            let now = Selector::at(text, range.start, range.end);
            (now != passage.selector()).then(|| New {
                id: passage.id,
                revision: passage.revision,
                place: Place::of(&now),
            })
        });
        new.collect()
    }
}

/// Where a passage is to be looked for from now on.
#[derive(Debug, Clone)]
struct New {
    id: PassageId,
    /// That of the passage which was found there.
    revision: i64,
    place: Place,
}

/// What became of an article's passages in a text.
struct Found {
    text: TextHash,
    places: Arc<[Placed]>,
    /// What the author's text says otherwise than it was known.
    news: Vec<New>,
    /// What of the words that wait stands in the author's text.
    quoted: Vec<passages_service::Found>,
}

/// What is known, and what it may cost to know more.
pub struct Anchoring {
    known: Arc<Known>,
    readers: Lane,
    authors: Lane,
}

impl Anchoring {
    /// With that part of one processor, in per cent, for readers, and as much again for authors.
    pub fn new(percent: u32) -> Self {
        Self {
            known: Arc::new(Known::new()),
            readers: Lane::new(percent),
            authors: Lane::new(percent),
        }
    }

    /// Where the passages are in a text that was sent before.
    ///
    /// # Errors
    /// [`Error::TextUnknown`].
    pub fn known(&self, article: &Article, text: TextHash) -> Result<Anchors> {
        if article.passages.is_empty() {
            return Ok(Anchors::default());
        }
        let places = self.known.places(article, text);
        places
            .map(|places| anchors(&places))
            .ok_or(Error::TextUnknown)
    }

    /// Finds the passages in a text, and remembers where they are. If it is the author's, they are looked for there from now
    /// on, and the thread's log says so.
    ///
    /// # Errors
    /// [`Error::Spent`], [`Error::Busy`].
    pub async fn find(
        &self,
        store: &Store,
        article: Article,
        text: String,
        sender: Sender,
        now: Time,
    ) -> Result<Anchors> {
        let is_author = sender == Sender::Author;
        let finds_words = is_author && !article.waiting.is_empty();
        if article.passages.is_empty() && !finds_words {
            return Ok(Anchors::default());
        }
        let lane = match sender {
            Sender::Reader => &self.readers,
            Sender::Author => &self.authors,
        };
        let (site, thread) = (article.site.id, article.thread.id);
        let known = self.known.clone();
        let found = lane
            .run(now, move || known.find(&article, &text, sender))
            .await?;
        if !found.news.is_empty() {
            let kept = keep(store, thread, &found.news, now).await?;
            let places = after(&found.places, &kept);
            self.known.put(site, thread, found.text, places);
        }
        passages_service::keep_found(store, thread, found.quoted, FoundBy::Author, now).await?;
        Ok(anchors(&found.places))
    }
}

impl Known {
    /// Where an article's passages, as they are now, are in a text.
    fn places(&self, article: &Article, text: TextHash) -> Option<Arc<[Placed]>> {
        let places = self.get(article.site.id, article.thread.id, text);
        places.filter(|places| article.is_of(places))
    }

    /// The same, looked for if need be. Of many who ask at once about a text that is new, the first in the lane looks, and the
    /// others find it here.
    fn find(&self, article: &Article, text: &str, sender: Sender) -> Found {
        let text = Text::new(text);
        let hash = text.hash();
        let places = self.places(article, hash).unwrap_or_else(|| {
            let places = article.find(&text);
            self.put(article.site.id, article.thread.id, hash, places.clone());
            places
        });
        let news = match sender {
            Sender::Reader => Vec::new(),
            Sender::Author => article.news(&places, &text),
        };
        let quoted = match sender {
            Sender::Reader => Vec::new(),
            Sender::Author => {
                passages_service::found_in(&PageText::new(text), &article.waiting, None)
            }
        };
        Found {
            text: hash,
            places,
            news,
            quoted,
        }
    }
}

fn anchors(places: &[Placed]) -> Anchors {
    places
        .iter()
        .map(|place| (place.id, place.anchor))
        .collect()
}

/// Where passages are in the author's text, now that those which were `kept` are looked for there.
fn after(places: &[Placed], kept: &[PassageId]) -> Arc<[Placed]> {
    let placed = |place: &Placed| match place.anchor.range() {
        Some(range) if kept.contains(&place.id) => Placed {
            revision: place.revision + 1,
            anchor: Anchor::Exact(range),
            ..*place
        },
        _ => *place,
    };
    places.iter().map(placed).collect()
}

/// Looks for passages at their new places from now on. Gives those that nobody else has changed meanwhile.
async fn keep(store: &Store, thread: ThreadId, news: &[New], now: Time) -> Result<Vec<PassageId>> {
    let mut all = Vec::with_capacity(news.len());
    for step in news.chunks(STEP) {
        let step = step.to_vec();
        let kept = store.write(move |tx| {
            let mut thread = Locked::lock(tx, thread)?;
            let mut kept = Vec::with_capacity(step.len());
            for New {
                id,
                revision,
                place,
            } in &step
            {
                if passages::place(tx, *id, *revision, place, now)? {
                    kept.push(*id);
                }
            }
            let only = match kept.as_slice() {
                [] => return Ok(kept),
                [only] => Some(*only),
                _ => None,
            };
            events::append_passage(tx, &mut thread, only, now)?;
            Ok(kept)
        });
        all.extend(kept.await?);
    }
    Ok(all)
}
