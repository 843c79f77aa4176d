//! Passages as everybody sees them.

use serde::Serialize;

use crate::domain::id::{PassageId, ThreadId};
use crate::domain::passage::anchor::Anchor;
use crate::domain::time::Time;
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
    quote: String,
    selector: Selector,
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

impl From<&Row> for Passage {
    fn from(row: &Row) -> Self {
        // At most 2,000 of them.
        let length = row.exact.chars().count() as i64;
        Self {
            id: row.id,
            thread_id: row.thread_id,
            key: row.key.clone(),
            planted: row.planted,
            question: row.question.clone(),
            state: *row.state,
            quote: row.quote.clone(),
            selector: Selector {
                exact: row.exact.clone(),
                prefix: row.prefix.clone(),
                suffix: row.suffix.clone(),
                start: row.position,
                end: row.position.map(|start| start + length),
            },
            answer_count: row.answer_count,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// The passages of a thread that the public sees, in the order of the text as far as it is known.
pub fn of_thread(conn: &mut Conn, thread: ThreadId) -> Result<Vec<Passage>> {
    let mut rows = passages::of_thread(conn, thread)?;
    rows.retain(Row::is_public);
    rows.sort_by_key(|row| (row.position.unwrap_or(i64::MAX), row.id));
    Ok(rows.iter().map(Passage::from).collect())
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
