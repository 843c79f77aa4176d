//! `page_requests` and `page_turns`: pages that are to be asked what they say, and when each site was last asked for one.

use std::time::Duration;

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::schema::{page_requests, page_turns, threads};
use crate::domain::id::{SiteId, ThreadId};
use crate::domain::time::Time;
use crate::error::Result;

/// A page that is to be asked.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = page_requests)]
pub struct PageRequest {
    /// Its thread.
    pub thread_id: ThreadId,
    /// Its site.
    pub site_id: SiteId,
    /// Its address.
    pub url: String,
    /// From when on. While it is being asked: when it is asked again, should nobody say how that went.
    pub due_at: Time,
}

/// Has a page asked, by this request in the place of another about the same thread. The caller holds the thread's lock.
pub fn put(conn: &mut Conn, request: &PageRequest) -> Result<()> {
    diesel::delete(page_requests::table.find(request.thread_id)).run(conn)?;
    diesel::insert_into(page_requests::table)
        .values(request)
        .run(conn)?;
    Ok(())
}

/// The request about a thread's page.
pub fn of(conn: &mut Conn, thread: ThreadId) -> Result<Option<PageRequest>> {
    Ok(page_requests::table.find(thread).row(conn)?)
}

/// The sites after `after` that have a page to be asked, in the order of their ids, at most `limit`.
pub fn sites(conn: &mut Conn, after: Option<SiteId>, now: Time, limit: i64) -> Result<Vec<SiteId>> {
    let after = after.map_or_else(Vec::new, |site| site.bytes().to_vec());
    let query = page_requests::table
        .filter(page_requests::site_id.gt(after))
        .filter(page_requests::due_at.le(now))
        .select(page_requests::site_id)
        .distinct()
        .order(page_requests::site_id)
        .limit(limit);
    Ok(query.rows(conn)?)
}

/// The page of a site that is to be asked first.
pub fn first(conn: &mut Conn, site: SiteId, now: Time) -> Result<Option<PageRequest>> {
    let query = page_requests::table
        .filter(page_requests::site_id.eq(site))
        .filter(page_requests::due_at.le(now))
        .order(page_requests::due_at)
        .limit(1);
    Ok(query.row(conn)?)
}

/// Takes a site's turn, if the last is `pause` ago; whoever else takes it at the same time gets none.
pub fn take_turn(conn: &mut Conn, site: SiteId, pause: Duration, now: Time) -> Result<bool> {
    let free = page_turns::table
        .find(site)
        .filter(page_turns::asked_at.le(now.minus(pause)));
    let taken = diesel::update(free)
        .set(page_turns::asked_at.eq(now))
        .run(conn)?;
    if taken == 1 {
        return Ok(true);
    }
    let known = page_turns::table.find(site);
    if diesel::select(diesel::dsl::exists(known)).get_result(conn)? {
        return Ok(false);
    }
    // Of two who take the first one meets the key, and runs again.
    diesel::insert_into(page_turns::table)
        .values((page_turns::site_id.eq(site), page_turns::asked_at.eq(now)))
        .run(conn)?;
    Ok(true)
}

/// Takes a request up: nobody else does before `until`, and its thread knows when its page was asked. False when somebody else
/// was first.
pub fn take_up(conn: &mut Conn, request: &PageRequest, until: Time, now: Time) -> Result<bool> {
    let waiting = page_requests::table
        .find(request.thread_id)
        .filter(page_requests::due_at.eq(request.due_at));
    let taken = diesel::update(waiting)
        .set(page_requests::due_at.eq(until))
        .run(conn)?;
    if taken == 0 {
        return Ok(false);
    }
    diesel::update(threads::table.find(request.thread_id))
        .set(threads::page_asked_at.eq(now))
        .run(conn)?;
    Ok(true)
}

/// Forgets a request that was taken up until then and came to its end.
pub fn settle(conn: &mut Conn, thread: ThreadId, until: Time) -> Result<()> {
    let own = page_requests::table
        .find(thread)
        .filter(page_requests::due_at.eq(until));
    diesel::delete(own).run(conn)?;
    Ok(())
}
