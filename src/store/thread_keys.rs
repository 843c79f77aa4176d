//! `thread_keys`, walked through as a whole: what a change of a site's addresses does to each of them.

use diesel::prelude::*;

use super::board::Change;
use super::connection::Run;
use super::schema::{thread_keys, threads};
use super::threads::Thread;
use super::{Conn, Tx};
use crate::domain::id::{JobId, SiteId, ThreadId};
use crate::error::Result;

/// A site's keys after `after`, in their order, with the threads that they lead to; at most `limit`.
pub fn page(
    conn: &mut Conn,
    site: SiteId,
    after: &str,
    limit: i64,
) -> Result<Vec<(String, Thread)>> {
    let query = thread_keys::table
        .inner_join(threads::table)
        .filter(thread_keys::site_id.eq(site))
        .filter(thread_keys::key.gt(after))
        .order(thread_keys::key)
        .limit(limit)
        .select((thread_keys::key, threads::all_columns));
    Ok(query.rows(conn)?)
}

/// How many keys a site has.
pub fn count(conn: &mut Conn, site: SiteId) -> Result<i64> {
    let query = thread_keys::table
        .filter(thread_keys::site_id.eq(site))
        .select(diesel::dsl::count_star());
    Ok(query.rows(conn)?.into_iter().next().unwrap_or_default())
}

/// Where these keys lead; those that lead nowhere are left out.
pub fn leading(conn: &mut Conn, site: SiteId, keys: &[String]) -> Result<Vec<(String, ThreadId)>> {
    let query = thread_keys::table
        .filter(thread_keys::site_id.eq(site))
        .filter(thread_keys::key.eq_any(keys))
        .select((thread_keys::key, thread_keys::thread_id));
    Ok(query.rows(conn)?)
}

/// Makes a key that led nowhere lead to this thread as well, on behalf of a job if one is named. (Should somebody else be first, the unique index
/// has the transaction run again.)
pub fn add(
    tx: &mut Tx,
    site: SiteId,
    key: &str,
    thread: ThreadId,
    job: Option<JobId>,
) -> Result<()> {
    tx.note(Change::Keys(site));
    let conn: &mut Conn = tx;
    diesel::insert_into(thread_keys::table)
        .values((
            thread_keys::site_id.eq(site),
            thread_keys::key.eq(key),
            thread_keys::thread_id.eq(thread),
            thread_keys::job_id.eq(job),
        ))
        .run(conn)?;
    Ok(())
}

/// Takes keys away that a job added, at most `limit`; gives how many.
pub fn take_back(tx: &mut Tx, site: SiteId, job: JobId, limit: i64) -> Result<usize> {
    tx.note(Change::Keys(site));
    let conn: &mut Conn = tx;
    let added: Vec<String> = thread_keys::table
        .filter(thread_keys::job_id.eq(job))
        .select(thread_keys::key)
        .limit(limit)
        .rows(conn)?;
    let own = thread_keys::table
        .filter(thread_keys::site_id.eq(site))
        .filter(thread_keys::key.eq_any(added));
    Ok(diesel::delete(own).execute(conn)?)
}
