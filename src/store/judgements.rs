//! `judgements`: what every phase said of a comment, for moderators, and what was known of its author then.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::schema::judgements;
use super::types::Json;
use crate::domain::id::CommentId;
use crate::domain::judgement::Said;
use crate::domain::judgement::spam::Author;
use crate::domain::time::Time;
use crate::error::Result;

/// A judgement.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = judgements)]
pub struct Judgement {
    /// Of which comment; its last text.
    pub comment_id: CommentId,
    /// What was said, in order.
    pub opinions: Json<Vec<Said>>,
    /// What was known of its author.
    pub author: Json<Author>,
    /// When.
    pub at: Time,
}

/// Keeps a judgement of a comment that has none.
pub fn insert(conn: &mut Conn, judgement: &Judgement) -> Result<()> {
    diesel::insert_into(judgements::table)
        .values(judgement)
        .run(conn)?;
    Ok(())
}

/// The judgements of these comments, in no order.
pub fn of(conn: &mut Conn, comments: &[CommentId]) -> Result<Vec<Judgement>> {
    Ok(judgements::table
        .filter(judgements::comment_id.eq_any(comments))
        .rows(conn)?)
}

/// Forgets what was said of a comment.
pub fn erase(conn: &mut Conn, comment: CommentId) -> Result<()> {
    diesel::delete(judgements::table.find(comment)).run(conn)?;
    Ok(())
}
