//! `prints`: by what a text is known again when somebody sends it to another page.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::fixed::{among, fixed};
use super::schema::prints;
use crate::domain::id::{CommentId, SiteId, ThreadId};
use crate::domain::time::Time;
use crate::error::Result;

/// A number of a text that was seen.
#[derive(Debug, Clone, Queryable)]
pub struct Seen {
    /// The number; see [`crate::domain::judgement::likeness::Print`].
    pub number: i64,
    /// The first comment that had it.
    pub comment_id: CommentId,
    /// Where that stands.
    pub thread_id: ThreadId,
}

/// Which of these numbers were seen on a site since a time, but those that are that comment's own.
pub fn seen(
    conn: &mut Conn,
    site: SiteId,
    numbers: &[i64],
    but: CommentId,
    since: Time,
) -> Result<Vec<Seen>> {
    let query = prints::table
        .filter(prints::site_id.eq(site))
        .filter(among(prints::number, numbers))
        .filter(prints::comment_id.ne(but))
        .filter(prints::at.ge(since))
        .select((prints::number, prints::comment_id, prints::thread_id));
    Ok(query.rows(conn)?)
}

/// Keeps the numbers of a comment's text in the place of those of its text before. A number that another comment had first stays that
/// one's: who sends a text again and takes it back has not taken the first away.
pub fn put(
    conn: &mut Conn,
    site: SiteId,
    comment: CommentId,
    thread: ThreadId,
    numbers: &[i64],
    now: Time,
) -> Result<()> {
    let mut numbers = numbers.to_vec();
    // In the same order in every transaction: two then never wait for each other in a circle.
    numbers.sort_unstable();
    for number in numbers {
        // Diesel's own is not there for two databases at once.
        fixed::<()>(
            "INSERT INTO prints (site_id, number, comment_id, thread_id, at) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (site_id, number) DO NOTHING",
        )
        .id(site)
        .number(number)
        .id(comment)
        .id(thread)
        .number(now.micros())
        .run(conn)?;
    }
    Ok(())
}

/// Forgets the numbers of a comment.
pub fn erase(conn: &mut Conn, comment: CommentId) -> Result<()> {
    diesel::delete(prints::table.filter(prints::comment_id.eq(comment))).run(conn)?;
    Ok(())
}

/// Forgets at most `limit` numbers from before `before` (and whatever else of that age those comments have); gives how many. A
/// comment's id grows with time, so that the old are found by it.
pub fn forget(conn: &mut Conn, before: Time, limit: i64) -> Result<usize> {
    let old: Vec<CommentId> = prints::table
        .filter(prints::comment_id.lt(CommentId::earliest(before)))
        .filter(prints::at.lt(before))
        .order(prints::comment_id)
        .limit(limit)
        .select(prints::comment_id)
        .rows(conn)?;
    let query = prints::table
        .filter(prints::comment_id.eq_any(&old))
        .filter(prints::at.lt(before));
    Ok(diesel::delete(query).run(conn)?)
}
