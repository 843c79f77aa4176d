//! `votes`: at most one for each person and comment.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::schema::votes;
use crate::domain::id::{CommentId, PersonId, ThreadId};
use crate::domain::time::Time;
use crate::error::Result;

/// A person's vote on a comment: 1, -1, or 0 when there is none.
pub fn value(conn: &mut Conn, comment: CommentId, person: PersonId) -> Result<i32> {
    let query = votes::table.find((comment, person)).select(votes::value);
    Ok(query.row(conn)?.unwrap_or(0))
}

/// Sets a person's vote; 0 takes it back. The caller holds the thread's lock.
pub fn set(
    conn: &mut Conn,
    comment: CommentId,
    person: PersonId,
    thread: ThreadId,
    value: i32,
    now: Time,
) -> Result<()> {
    let existing = votes::table.find((comment, person));
    if value == 0 {
        diesel::delete(existing).run(conn)?;
        return Ok(());
    }
    let changed = diesel::update(existing)
        .set((votes::value.eq(value), votes::at.eq(now)))
        .run(conn)?;
    if changed == 0 {
        diesel::insert_into(votes::table)
            .values((
                votes::comment_id.eq(comment),
                votes::person_id.eq(person),
                votes::thread_id.eq(thread),
                votes::value.eq(value),
                votes::at.eq(now),
            ))
            .run(conn)?;
    }
    Ok(())
}

/// A person's votes in a thread, the latest first, at most `limit`.
pub fn of_person(
    conn: &mut Conn,
    person: PersonId,
    thread: ThreadId,
    limit: i64,
) -> Result<Vec<(CommentId, i32)>> {
    let query = votes::table
        .filter(votes::person_id.eq(person))
        .filter(votes::thread_id.eq(thread))
        .order(votes::at.desc())
        .limit(limit)
        .select((votes::comment_id, votes::value));
    Ok(query.rows(conn)?)
}

/// Forgets the votes on a comment.
pub fn erase(conn: &mut Conn, comment: CommentId) -> Result<()> {
    diesel::delete(votes::table.filter(votes::comment_id.eq(comment))).run(conn)?;
    Ok(())
}
