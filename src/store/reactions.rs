//! `reactions`: at most one of each emoji for each person and comment, and how many there are.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::fixed::among;
use super::schema::{reaction_counts, reactions};
use crate::domain::id::{CommentId, PersonId, ThreadId};
use crate::domain::time::Time;
use crate::error::Result;

/// Adds a reaction; false when it was there. The caller holds the thread's lock.
pub fn add(
    conn: &mut Conn,
    comment: CommentId,
    person: PersonId,
    thread: ThreadId,
    emoji: &str,
    now: Time,
) -> Result<bool> {
    let there = reactions::table.find((comment, person, emoji));
    if diesel::select(diesel::dsl::exists(there)).get_result(conn)? {
        return Ok(false);
    }
    diesel::insert_into(reactions::table)
        .values((
            reactions::comment_id.eq(comment),
            reactions::person_id.eq(person),
            reactions::emoji.eq(emoji),
            reactions::thread_id.eq(thread),
            reactions::at.eq(now),
        ))
        .run(conn)?;
    let counted = diesel::update(reaction_counts::table.find((comment, emoji)))
        .set(reaction_counts::count.eq(reaction_counts::count + 1))
        .run(conn)?;
    if counted == 0 {
        diesel::insert_into(reaction_counts::table)
            .values((
                reaction_counts::comment_id.eq(comment),
                reaction_counts::emoji.eq(emoji),
                reaction_counts::count.eq(1),
            ))
            .run(conn)?;
    }
    Ok(true)
}

/// Takes a reaction back; false when there was none. The caller holds the thread's lock.
pub fn remove(conn: &mut Conn, comment: CommentId, person: PersonId, emoji: &str) -> Result<bool> {
    let removed = diesel::delete(reactions::table.find((comment, person, emoji))).run(conn)?;
    if removed == 1 {
        diesel::update(reaction_counts::table.find((comment, emoji)))
            .set(reaction_counts::count.eq(reaction_counts::count - 1))
            .run(conn)?;
    }
    Ok(removed == 1)
}

/// How many of each emoji these comments have.
pub fn counts(conn: &mut Conn, comments: &[CommentId]) -> Result<Vec<(CommentId, String, i64)>> {
    let query = reaction_counts::table
        .filter(among(reaction_counts::comment_id, comments))
        .filter(reaction_counts::count.gt(0));
    Ok(query.rows(conn)?)
}

/// A person's reactions to a comment.
pub fn mine(conn: &mut Conn, comment: CommentId, person: PersonId) -> Result<Vec<String>> {
    let query = reactions::table
        .filter(reactions::comment_id.eq(comment))
        .filter(reactions::person_id.eq(person))
        .order(reactions::at)
        .select(reactions::emoji);
    Ok(query.rows(conn)?)
}

/// A person's reactions in a thread, the latest first, at most `limit`.
pub fn of_person(
    conn: &mut Conn,
    person: PersonId,
    thread: ThreadId,
    limit: i64,
) -> Result<Vec<(CommentId, String)>> {
    let query = reactions::table
        .filter(reactions::person_id.eq(person))
        .filter(reactions::thread_id.eq(thread))
        .order(reactions::at.desc())
        .limit(limit)
        .select((reactions::comment_id, reactions::emoji));
    Ok(query.rows(conn)?)
}

/// Forgets the reactions to a comment.
pub fn erase(conn: &mut Conn, comment: CommentId) -> Result<()> {
    diesel::delete(reactions::table.filter(reactions::comment_id.eq(comment))).run(conn)?;
    let counts = reaction_counts::table.filter(reaction_counts::comment_id.eq(comment));
    diesel::delete(counts).run(conn)?;
    Ok(())
}
