//! The JSON that leaves: built from stored rows, for whoever renders it (pages, streams, answers).
//! A row, a view and a domain type are three things.

pub mod annotation;
pub mod change;
pub mod comment;
pub mod job;
pub mod passage;
pub mod person;
pub mod queue;
pub mod session;
pub mod site;
pub mod submission;
pub mod subscription;
pub mod thread;

use serde::Serialize;

/// One page of a list.
#[derive(Debug, Clone, Serialize)]
pub struct List<T> {
    /// What is on this page.
    pub items: Vec<T>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
    /// How many there are in all, where that is known.
    pub total: Option<i64>,
}

impl<T> List<T> {
    /// A list that fits one page.
    pub fn whole(items: Vec<T>) -> Self {
        let total = i64::try_from(items.len()).ok();
        Self {
            items,
            next: None,
            total,
        }
    }
}

/// Takes `rows`, of which one more was asked for than the page holds, apart into the page and the
/// cursor that the next one begins with.
pub fn page_of<T>(
    mut rows: Vec<T>,
    limit: usize,
    cursor: impl Fn(&T) -> String,
) -> (Vec<T>, Option<String>) {
    if rows.len() <= limit {
        return (rows, None);
    }
    rows.truncate(limit);
    let next = rows.last().map(cursor);
    (rows, next)
}
