//! `revisions`: the earlier texts of a comment.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::schema::revisions;
use crate::domain::id::CommentId;
use crate::domain::time::Time;
use crate::error::Result;

/// An earlier text.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = revisions)]
pub struct Revision {
    /// Of which comment.
    pub comment_id: CommentId,
    /// Which one, from 1.
    pub revision: i64,
    /// Its Markdown.
    pub body: String,
    /// Its HTML, as [`crate::domain::markdown`] made it.
    pub body_html: String,
    /// Whether it was what everybody read; if not, it was held all its life.
    pub public: bool,
    /// When it was written.
    pub created_at: Time,
}

/// Keeps a text that is about to be replaced.
pub fn insert(conn: &mut Conn, revision: &Revision) -> Result<()> {
    diesel::insert_into(revisions::table)
        .values(revision)
        .run(conn)?;
    Ok(())
}

/// The earlier texts, newest first, at most `limit`.
pub fn of(conn: &mut Conn, comment: CommentId, limit: i64) -> Result<Vec<Revision>> {
    let query = revisions::table
        .filter(revisions::comment_id.eq(comment))
        .order(revisions::revision.desc())
        .limit(limit);
    Ok(query.rows(conn)?)
}

/// One of the earlier texts.
pub fn one(conn: &mut Conn, comment: CommentId, revision: i64) -> Result<Option<Revision>> {
    let query = revisions::table.find((comment, revision));
    Ok(query.row(conn)?)
}

/// Forgets one of them.
pub fn forget(conn: &mut Conn, comment: CommentId, revision: i64) -> Result<()> {
    diesel::delete(revisions::table.find((comment, revision))).run(conn)?;
    Ok(())
}

/// Forgets them all.
pub fn erase(conn: &mut Conn, comment: CommentId) -> Result<()> {
    diesel::delete(revisions::table.filter(revisions::comment_id.eq(comment))).run(conn)?;
    Ok(())
}
