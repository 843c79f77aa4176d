//! `used_links`: links of letters that are good once, and were used, on whichever instance.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::schema::used_links;
use crate::domain::time::Time;
use crate::error::Result;

/// Whether a link, by its hash, was used already.
pub fn is_used(conn: &mut Conn, link: &[u8; 32]) -> Result<bool> {
    let query = used_links::table
        .find(link.as_slice())
        .select(used_links::expires_at);
    let found: Option<Time> = query.row(conn)?;
    Ok(found.is_some())
}

/// Uses a link up that would be good until `expires_at`. Of two that do it at the same time one meets the key, and runs again.
pub fn use_up(conn: &mut Conn, link: &[u8; 32], expires_at: Time) -> Result<()> {
    diesel::insert_into(used_links::table)
        .values((
            used_links::link.eq(link.as_slice()),
            used_links::expires_at.eq(expires_at),
        ))
        .run(conn)?;
    Ok(())
}

/// Forgets at most `limit` links that were good until `now` or earlier; gives how many.
pub fn forget(conn: &mut Conn, now: Time, limit: i64) -> Result<usize> {
    let old: Vec<Vec<u8>> = used_links::table
        .filter(used_links::expires_at.le(now))
        .limit(limit)
        .select(used_links::link)
        .rows(conn)?;
    let query = used_links::table.filter(used_links::link.eq_any(&old));
    Ok(diesel::delete(query).run(conn)?)
}
