//! `drafts`: new texts of comments that everybody goes on reading as they were, until a moderator has decided.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::schema::{comments, drafts};
use super::types::Json;
use crate::domain::id::CommentId;
use crate::domain::judgement::Reason;
use crate::domain::time::Time;
use crate::error::Result;

/// A new text of a comment.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = drafts)]
pub struct Draft {
    /// Whose text.
    pub comment_id: CommentId,
    /// Which of its texts this becomes.
    pub revision: i64,
    /// Its Markdown.
    pub body: String,
    /// Its HTML, as [`crate::domain::markdown`] made it.
    pub body_html: String,
    /// Why it waits, or was turned down.
    pub reasons: Json<Vec<Reason>>,
    /// Whether it waits; if not, it was turned down, which may be taken back.
    pub waits: bool,
    /// When it was written.
    pub created_at: Time,
}

/// The new text of a comment, whether it waits or was turned down.
pub fn of(conn: &mut Conn, comment: CommentId) -> Result<Option<Draft>> {
    Ok(drafts::table.find(comment).row(conn)?)
}

/// The new texts of these comments that wait, in no order.
pub fn waiting(conn: &mut Conn, comments: &[CommentId]) -> Result<Vec<Draft>> {
    let query = drafts::table
        .filter(drafts::comment_id.eq_any(comments))
        .filter(drafts::waits);
    Ok(query.rows(conn)?)
}

/// Puts a new text in the place of the one before. The caller holds the thread's lock.
pub fn put(conn: &mut Conn, draft: &Draft) -> Result<()> {
    diesel::delete(drafts::table.find(draft.comment_id)).run(conn)?;
    diesel::insert_into(drafts::table).values(draft).run(conn)?;
    mark(conn, draft.comment_id, draft.waits)
}

/// Says whether a new text waits, and why; or why not.
pub fn set_waits(
    conn: &mut Conn,
    comment: CommentId,
    waits: bool,
    reasons: &Json<Vec<Reason>>,
) -> Result<()> {
    diesel::update(drafts::table.find(comment))
        .set((drafts::waits.eq(waits), drafts::reasons.eq(reasons)))
        .run(conn)?;
    mark(conn, comment, waits)
}

/// Forgets the new text of a comment.
pub fn erase(conn: &mut Conn, comment: CommentId) -> Result<()> {
    diesel::delete(drafts::table.find(comment)).run(conn)?;
    mark(conn, comment, false)
}

/// The comment says so too, for lists of what waits.
fn mark(conn: &mut Conn, comment: CommentId, waits: bool) -> Result<()> {
    diesel::update(comments::table.find(comment))
        .set(comments::draft.eq(waits))
        .run(conn)?;
    Ok(())
}
