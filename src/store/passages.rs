//! `passages`: the words of an article that comments are about.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::schema::passages;
use super::types::Named;
use crate::domain::id::{PassageId, PersonId, ThreadId};
use crate::domain::passage::selector::Selector;
use crate::domain::time::Time;
use crate::domain::word::ThreadState;
use crate::error::Result;

/// A passage as stored.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = passages)]
pub struct Passage {
    /// Its id.
    pub id: PassageId,
    /// Its thread.
    pub thread_id: ThreadId,
    /// What the page's HTML, or the author, calls it.
    pub key: Option<String>,
    /// Whether an author's token put it there, and not a reader's browser.
    pub planted: bool,
    /// What the author asks; nobody else's question is kept.
    pub question: Option<String>,
    /// Whether it takes answers.
    pub state: Named<ThreadState>,
    /// The words as they were first selected.
    pub quote: String,
    /// The words it is looked for by.
    pub exact: String,
    /// What stands before them.
    pub prefix: String,
    /// What stands behind them.
    pub suffix: String,
    /// Where they begin; `None` when nobody said.
    pub position: Option<i64>,
    /// Who made it.
    pub person_id: Option<PersonId>,
    /// Published roots about it.
    pub answer_count: i64,
    /// How often what it is looked for by has changed, from 1.
    pub revision: i64,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed, but for its answers.
    pub updated_at: Time,
}

impl Passage {
    /// Whether the public sees it: an author planted it, or something published is about it.
    pub fn is_public(&self) -> bool {
        self.planted || self.answer_count > 0
    }

    /// What it is found again by.
    pub fn selector(&self) -> Selector {
        let start = self.position.and_then(|at| usize::try_from(at).ok());
        Selector::stored(&self.exact, &self.prefix, &self.suffix, start)
    }
}

/// What a passage is looked for by, ready to be written.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = passages)]
#[diesel(treat_none_as_null = true)]
pub struct Place {
    /// The words.
    pub exact: String,
    /// What stands before them.
    pub prefix: String,
    /// What stands behind them.
    pub suffix: String,
    /// Where they begin.
    pub position: Option<i64>,
}

impl Place {
    /// What this selector says.
    pub fn of(selector: &Selector) -> Self {
        Self {
            exact: selector.exact().iter().collect(),
            prefix: selector.prefix().iter().collect(),
            suffix: selector.suffix().iter().collect(),
            // Positions are below 2^20.
            position: selector.start().map(|start| start as i64),
        }
    }
}

/// The passage with that id.
pub fn by_id(conn: &mut Conn, id: PassageId) -> Result<Option<Passage>> {
    Ok(passages::table.find(id).row(conn)?)
}

/// These passages, in no order.
pub fn by_ids(conn: &mut Conn, ids: &[PassageId]) -> Result<Vec<Passage>> {
    Ok(passages::table
        .filter(passages::id.eq_any(ids))
        .rows(conn)?)
}

/// The passages of a thread, the oldest first: a thread has a bounded number of them.
pub fn of_thread(conn: &mut Conn, thread: ThreadId) -> Result<Vec<Passage>> {
    let query = passages::table
        .filter(passages::thread_id.eq(thread))
        .order(passages::id);
    Ok(query.rows(conn)?)
}

/// The planted passage with that key.
pub fn planted(conn: &mut Conn, thread: ThreadId, key: &str) -> Result<Option<Passage>> {
    let query = passages::table
        .filter(passages::thread_id.eq(thread))
        .filter(passages::key.eq(key))
        .filter(passages::planted);
    Ok(query.row(conn)?)
}

/// Adds a passage.
pub fn insert(conn: &mut Conn, passage: &Passage) -> Result<()> {
    diesel::insert_into(passages::table)
        .values(passage)
        .run(conn)?;
    Ok(())
}

/// Counts published roots about a passage, and gives it as it is then.
pub fn count(conn: &mut Conn, id: PassageId, difference: i64) -> Result<Passage> {
    let counted = diesel::update(passages::table.find(id))
        .set(passages::answer_count.eq(passages::answer_count + difference))
        .returning(passages::all_columns)
        .get_result(conn)?;
    Ok(counted)
}

/// Looks for a passage by other words from now on, if it is still at that revision; says whether it was.
pub fn place(
    conn: &mut Conn,
    id: PassageId,
    revision: i64,
    place: &Place,
    now: Time,
) -> Result<bool> {
    let known = passages::table
        .find(id)
        .filter(passages::revision.eq(revision));
    let placed = diesel::update(known)
        .set((
            place,
            passages::revision.eq(passages::revision + 1),
            passages::updated_at.eq(now),
        ))
        .run(conn)?;
    Ok(placed == 1)
}

/// What an author says of a passage; `None` leaves it.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = passages)]
pub struct Settings {
    /// Whether it is the author's.
    pub planted: Option<bool>,
    /// Its question; `Some(None)` takes it away.
    pub question: Option<Option<String>>,
    /// Whether it takes answers.
    pub state: Option<Named<ThreadState>>,
    /// The words as they are shown.
    pub quote: Option<String>,
}

/// Changes what the author says.
pub fn set(conn: &mut Conn, id: PassageId, settings: &Settings, now: Time) -> Result<()> {
    diesel::update(passages::table.find(id))
        .set((settings, passages::updated_at.eq(now)))
        .run(conn)?;
    Ok(())
}
