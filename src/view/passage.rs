//! Passages as everybody sees them.

use serde::Serialize;

use crate::domain::id::{PassageId, PersonId, ThreadId};
use crate::domain::passage::anchor::Anchor;
use crate::domain::site::Policy;
use crate::domain::time::Time;
use crate::domain::visibility::Quotation;
use crate::domain::word::ThreadState;
use crate::error::Result;
use crate::store::Conn;
use crate::store::passages::{self, Passage as Row};

/// A passage.
#[derive(Debug, Clone, Serialize)]
pub struct Passage {
    id: PassageId,
    thread_id: ThreadId,
    key: Option<String>,
    planted: bool,
    question: Option<String>,
    state: ThreadState,
    quotation: &'static str,
    quote: Option<String>,
    selector: Option<Selector>,
    answer_count: i64,
    created_at: Time,
    updated_at: Time,
}

/// What a passage is found by, in the article's normalised text.
#[derive(Debug, Clone, Serialize)]
struct Selector {
    exact: String,
    prefix: String,
    suffix: String,
    start: Option<i64>,
    end: Option<i64>,
}

impl Passage {
    /// A passage as the public sees it; `None`: not at all.
    pub fn public(row: &Row, policy: &Policy) -> Option<Self> {
        let quotation = row.public(policy)?;
        Some(Self::new(row, quotation, quotation == Quotation::Found))
    }

    /// A passage with its words, for whoever made it and whoever decides about it.
    pub fn whole(row: &Row, policy: &Policy) -> Self {
        Self::new(row, row.quotation(policy), true)
    }

    /// A passage as the author of a remark about it sees it, whether the public does or not.
    pub fn own(row: &Row, policy: &Policy, person: PersonId) -> Self {
        let quotation = row.quotation(policy);
        let is_own = quotation == Quotation::Waiting && row.person_id == Some(person);
        Self::new(row, quotation, is_own || quotation == Quotation::Found)
    }

    /// Its words, its place and what a reader called it are all shown, or none of them.
    fn new(row: &Row, quotation: Quotation, is_shown: bool) -> Self {
        Self {
            id: row.id,
            thread_id: row.thread_id,
            key: row.key.clone().filter(|_| is_shown || row.planted),
            planted: row.planted,
            question: row.question.clone(),
            state: *row.state,
            quotation: match quotation {
                Quotation::Found => "found",
                Quotation::Waiting => "waiting",
                Quotation::Removed => "removed",
            },
            quote: is_shown.then(|| row.quote.clone()),
            selector: is_shown.then(|| Selector::of(row)),
            answer_count: row.answer_count,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl Selector {
    fn of(row: &Row) -> Self {
        // At most 2,000 of them.
        let length = row.exact.chars().count() as i64;
        Self {
            exact: row.exact.clone(),
            prefix: row.prefix.clone(),
            suffix: row.suffix.clone(),
            start: row.position,
            end: row.position.map(|start| start + length),
        }
    }
}

/// The passages of a thread that the public sees, in the order of the text as far as it is known.
pub fn of_thread(conn: &mut Conn, thread: ThreadId, policy: &Policy) -> Result<Vec<Passage>> {
    let mut rows = passages::of_thread(conn, thread)?;
    // Where its words may stand is nobody's business before they may be shown.
    let is_known = |row: &Row| row.public(policy) == Some(Quotation::Found);
    rows.sort_by_key(|row| {
        let place = row.position.filter(|_| is_known(row));
        (place.unwrap_or(i64::MAX), row.id)
    });
    let public = rows.iter().filter_map(|row| Passage::public(row, policy));
    Ok(public.collect())
}

/// Where passages are in a text.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Anchors {
    items: Vec<Anchored>,
}

/// Where one of them is, in code points of the normalised text.
#[derive(Debug, Clone, Serialize)]
struct Anchored {
    passage_id: PassageId,
    state: &'static str,
    start: Option<usize>,
    end: Option<usize>,
    similarity: Option<f64>,
}

impl FromIterator<(PassageId, Anchor)> for Anchors {
    fn from_iter<I: IntoIterator<Item = (PassageId, Anchor)>>(found: I) -> Self {
        let items = found.into_iter().map(|(passage_id, anchor)| {
            let (state, similarity) = match anchor {
                Anchor::Exact(_) => ("exact", Some(1.0)),
                Anchor::Moved(_) => ("moved", Some(1.0)),
                Anchor::Changed { similarity, .. } => ("changed", Some(rounded(similarity))),
                Anchor::Orphaned => ("orphaned", None),
            };
            let range = anchor.range();
            Anchored {
                passage_id,
                state,
                start: range.map(|range| range.start),
                end: range.map(|range| range.end),
                similarity,
            }
        });
        Self {
            items: items.collect(),
        }
    }
}

/// To three places; never 1, which is said of the very words alone.
fn rounded(similarity: f64) -> f64 {
    (similarity * 1000.0).floor() / 1000.0
}
