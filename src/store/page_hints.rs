//! `page_hints`: what the browser that sent a comment said of its page, while the comment waits. Moderators see it, and nobody else.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::schema::page_hints;
use super::threads::Thread;
use crate::domain::id::CommentId;
use crate::error::Result;

/// What a browser said.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = page_hints)]
pub struct PageHint {
    /// With this comment.
    pub comment_id: CommentId,
    /// Where the page is: on the site, but perhaps not the page that its key names.
    pub url: String,
    /// What the page is called.
    pub title: Option<String>,
}

/// Keeps a hint.
pub fn insert(conn: &mut Conn, hint: &PageHint) -> Result<()> {
    diesel::insert_into(page_hints::table)
        .values(hint)
        .run(conn)?;
    Ok(())
}

/// The hint that came with a comment.
pub fn of(conn: &mut Conn, comment: CommentId) -> Result<Option<PageHint>> {
    Ok(page_hints::table.find(comment).row(conn)?)
}

/// The thread as whoever decides about a comment that waits in it is to know it: at the address that came with the comment, where
/// nobody knows better.
pub fn placed(conn: &mut Conn, thread: Thread, comment: CommentId) -> Result<Thread> {
    if thread.has_address() {
        return Ok(thread);
    }
    Ok(match of(conn, comment)? {
        Some(hint) => Thread {
            url: hint.url,
            ..thread
        },
        None => thread,
    })
}

/// The hints that came with these comments, in no order.
pub fn of_all(conn: &mut Conn, comments: &[CommentId]) -> Result<Vec<PageHint>> {
    let query = page_hints::table.filter(page_hints::comment_id.eq_any(comments));
    Ok(query.rows(conn)?)
}

/// Forgets the hint that came with a comment.
pub fn erase(conn: &mut Conn, comment: CommentId) -> Result<()> {
    diesel::delete(page_hints::table.find(comment)).run(conn)?;
    Ok(())
}
