//! The HTML of comments, of their earlier texts and of those that wait, and what it was made by (`comments.renderer`).

use diesel::dsl::{count_star, min};
use diesel::prelude::*;

use super::Conn;
use super::comments::Comment;
use super::connection::Run;
use super::revisions::Revision;
use super::schema::{comments, drafts, revisions};
use crate::domain::id::{CommentId, SiteId, ThreadId};
use crate::error::Result;

/// How many comments of a site were made HTML by something else than `renderer`.
pub fn count_others(conn: &mut Conn, site: SiteId, renderer: i32) -> Result<i64> {
    let query = comments::table
        .filter(comments::site_id.eq(site))
        .filter(comments::renderer.ne(renderer))
        .select(count_star());
    Ok(query.row(conn)?.unwrap_or_default())
}

/// What else than `renderer` the comments of a site were made HTML by: the index is asked once for each.
pub fn others(conn: &mut Conn, site: SiteId, renderer: i32) -> Result<Vec<i32>> {
    let (mut found, mut last) = (Vec::new(), -1);
    loop {
        let query = comments::table
            .filter(comments::site_id.eq(site))
            .filter(comments::renderer.gt(last))
            .select(min(comments::renderer));
        let next: Option<Option<i32>> = query.row(conn)?;
        let Some(next) = next.flatten() else {
            return Ok(found);
        };
        found.extend((next != renderer).then_some(next));
        last = next;
    }
}

/// The first thread of a site with a comment that was made HTML by that.
pub fn first_thread(conn: &mut Conn, site: SiteId, renderer: i32) -> Result<Option<ThreadId>> {
    let query = comments::table
        .filter(comments::site_id.eq(site))
        .filter(comments::renderer.eq(renderer))
        .order((comments::thread_id, comments::id))
        .select(comments::thread_id);
    Ok(query.row(conn)?)
}

/// The comments of a thread that were made HTML by that, at most `limit`.
pub fn of_thread(
    conn: &mut Conn,
    (site, thread): (SiteId, ThreadId),
    renderer: i32,
    limit: i64,
) -> Result<Vec<Comment>> {
    let query = comments::table
        .filter(comments::site_id.eq(site))
        .filter(comments::renderer.eq(renderer))
        .filter(comments::thread_id.eq(thread))
        .order(comments::id)
        .limit(limit);
    Ok(query.rows(conn)?)
}

/// Earlier texts of a comment below that number, the latest first, at most `limit`.
pub fn earlier(
    conn: &mut Conn,
    comment: CommentId,
    below: i64,
    limit: i64,
) -> Result<Vec<Revision>> {
    let query = revisions::table
        .filter(revisions::comment_id.eq(comment))
        .filter(revisions::revision.lt(below))
        .order(revisions::revision.desc())
        .limit(limit);
    Ok(query.rows(conn)?)
}

/// Gives a comment other HTML, and says what all its texts were made by. The caller holds the thread's lock.
pub fn set(conn: &mut Conn, id: CommentId, html: &str, renderer: i32) -> Result<()> {
    diesel::update(comments::table.find(id))
        .set((
            comments::body_html.eq(html),
            comments::renderer.eq(renderer),
        ))
        .run(conn)?;
    Ok(())
}

/// Gives an earlier text other HTML.
pub fn set_earlier(conn: &mut Conn, id: CommentId, revision: i64, html: &str) -> Result<()> {
    diesel::update(revisions::table.find((id, revision)))
        .set(revisions::body_html.eq(html))
        .run(conn)?;
    Ok(())
}

/// Gives the new text of a comment other HTML.
pub fn set_draft(conn: &mut Conn, id: CommentId, html: &str) -> Result<()> {
    diesel::update(drafts::table.find(id))
        .set(drafts::body_html.eq(html))
        .run(conn)?;
    Ok(())
}
