//! `spent_work`: challenges that were solved and used, so that none is used twice, on whichever instance.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::schema::spent_work;
use crate::domain::time::Time;
use crate::domain::work::Solved;
use crate::error::Result;

/// Whether a challenge was used already.
pub fn is_spent(conn: &mut Conn, solved: &Solved) -> Result<bool> {
    let query = spent_work::table
        .find(solved.nonce.as_slice())
        .select(spent_work::expires_at);
    let found: Option<Time> = query.row(conn)?;
    Ok(found.is_some())
}

/// Uses a challenge up. Of two that do it at the same time one meets the key, and runs again.
pub fn spend(conn: &mut Conn, solved: &Solved) -> Result<()> {
    diesel::insert_into(spent_work::table)
        .values((
            spent_work::nonce.eq(solved.nonce.as_slice()),
            spent_work::expires_at.eq(solved.expires_at),
        ))
        .run(conn)?;
    Ok(())
}

/// Forgets at most `limit` challenges that were good until `now` or earlier; gives how many.
pub fn forget(conn: &mut Conn, now: Time, limit: i64) -> Result<usize> {
    let old: Vec<Vec<u8>> = spent_work::table
        .filter(spent_work::expires_at.le(now))
        .limit(limit)
        .select(spent_work::nonce)
        .rows(conn)?;
    let query = spent_work::table.filter(spent_work::nonce.eq_any(&old));
    Ok(diesel::delete(query).run(conn)?)
}
