//! `passages`: the words of an article that comments are about.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::schema::{comments, passages, verdicts};
use super::types::Named;
use crate::domain::id::{CommentId, PassageId, PersonId, ThreadId};
use crate::domain::moderation::Action;
use crate::domain::passage::selector::Selector;
use crate::domain::site::Policy;
use crate::domain::time::Time;
use crate::domain::visibility::{self, PassageFacts, Quotation};
use crate::domain::word::{FoundBy, Quotations, ThreadState};
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
    /// Who says that the words are the publisher's; `None`: nobody yet.
    pub found: Option<Named<FoundBy>>,
    /// Whether the publisher took the words back.
    pub struck: bool,
    /// The passage that this one is one with, since their threads were joined: its id leads there.
    pub joined_into: Option<PassageId>,
}

impl Passage {
    /// Whether the public sees that it is there: an author planted it, or something published is about it.
    pub fn is_public(&self) -> bool {
        visibility::passage(self.facts(Quotations::Found)).is_some()
    }

    /// What the public sees of it on a site with these rules; `None`: nothing.
    pub fn public(&self, policy: &Policy) -> Option<Quotation> {
        visibility::passage(self.facts(policy.quotations))
    }

    /// What may be shown of its words to whoever sees it.
    pub fn quotation(&self, policy: &Policy) -> Quotation {
        visibility::quotation(self.facts(policy.quotations))
    }

    fn facts(&self, quotations: Quotations) -> PassageFacts {
        PassageFacts {
            planted: self.planted,
            answers: self.answer_count,
            found: self.found.is_some(),
            struck: self.struck,
            trusted: quotations == Quotations::Trusted,
        }
    }

    /// What it is found again by.
    pub fn selector(&self) -> Selector {
        let start = self.position.and_then(|at| usize::try_from(at).ok());
        Selector::stored(&self.exact, &self.prefix, &self.suffix, start)
    }
}

/// What a passage is looked for by, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
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

/// The passage that an id leads to: its own, or the one that it is one with.
pub fn current(conn: &mut Conn, id: PassageId) -> Result<Option<Passage>> {
    let mut found = by_id(conn, id)?;
    while let Some(next) = found.as_ref().and_then(|passage| passage.joined_into) {
        found = by_id(conn, next)?;
    }
    Ok(found)
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
    /// Whether the publisher took the words back.
    pub struck: Option<bool>,
}

/// Changes what the author says.
pub fn set(conn: &mut Conn, id: PassageId, settings: &Settings, now: Time) -> Result<()> {
    diesel::update(passages::table.find(id))
        .set((settings, passages::updated_at.eq(now)))
        .run(conn)?;
    Ok(())
}

/// Takes a passage's key away, which was a reader's word alone.
pub fn unname(conn: &mut Conn, id: PassageId) -> Result<()> {
    diesel::update(passages::table.find(id))
        .set(passages::key.eq(None::<String>))
        .run(conn)?;
    Ok(())
}

/// The passages of a thread whose words nobody has found yet, the oldest first.
pub fn waiting(conn: &mut Conn, thread: ThreadId) -> Result<Vec<Passage>> {
    let query = passages::table
        .filter(passages::thread_id.eq(thread))
        .filter(passages::found.is_null())
        .filter(passages::planted.eq(false))
        .filter(passages::struck.eq(false))
        .order(passages::id);
    Ok(query.rows(conn)?)
}

/// Says that the words of a passage are the publisher's, and who says so; false when that was known.
pub fn set_found(conn: &mut Conn, id: PassageId, by: FoundBy, now: Time) -> Result<bool> {
    let waiting = passages::table.find(id).filter(passages::found.is_null());
    let found = diesel::update(waiting)
        .set((
            passages::found.eq(Some(Named(by))),
            passages::updated_at.eq(now),
        ))
        .run(conn)?;
    Ok(found == 1)
}

/// Takes back that a moderator approved the words; false when they are known by more than that.
pub fn unset_approved(conn: &mut Conn, id: PassageId, now: Time) -> Result<bool> {
    let approved = passages::table
        .find(id)
        .filter(passages::found.eq(Named(FoundBy::Moderator)));
    let waiting = diesel::update(approved)
        .set((
            passages::found.eq(None::<Named<FoundBy>>),
            passages::updated_at.eq(now),
        ))
        .run(conn)?;
    Ok(waiting == 1)
}

/// Whether a moderator approved another comment about a passage.
pub fn is_approved_by_another(conn: &mut Conn, id: PassageId, but: CommentId) -> Result<bool> {
    let others = comments::table
        // The first condition follows from the second, and names the index.
        .filter(comments::passage_id.is_not_null())
        .filter(comments::passage_id.eq(id))
        .filter(comments::id.ne(but))
        .select(comments::id);
    let approved = verdicts::table
        .filter(verdicts::comment_id.eq_any(others))
        .filter(verdicts::action.eq(Named(Action::Approve)));
    Ok(diesel::select(diesel::dsl::exists(approved)).get_result(conn)?)
}
