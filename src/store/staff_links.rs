//! `staff_links`: ways in for one of a site's own people, good once. Links and codes are kept as hashes.

use diesel::prelude::*;

use super::Conn;
use super::schema::staff_links;
use super::types::Named;
use crate::domain::id::{PersonId, SiteId, StaffLinkId};
use crate::domain::time::Time;
use crate::domain::word::SessionKind;
use crate::error::Result;

/// A way in as stored.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = staff_links)]
pub struct StaffLink {
    /// Its id.
    pub id: StaffLinkId,
    /// Where it leads.
    pub site_id: SiteId,
    /// Whose it is.
    pub person_id: PersonId,
    /// Of the session that it leads to.
    pub kind: Named<SessionKind>,
    /// The page to go to; none for a console.
    pub url: Option<String>,
    /// The link's hash, if there is one.
    pub link: Option<Vec<u8>>,
    /// The hash of the code that signs in, once there is one.
    pub code: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Time,
    /// When the link, or else the code, ends.
    pub expires_at: Time,
    /// When the link's button was pressed.
    pub opened_at: Option<Time>,
    /// When somebody was signed in by it.
    pub redeemed_at: Option<Time>,
}

/// The way in with that link.
pub fn by_link(conn: &mut Conn, link: &[u8; 32]) -> Result<Option<StaffLink>> {
    let query = staff_links::table.filter(staff_links::link.eq(link.as_slice()));
    Ok(query.first(conn).optional()?)
}

/// The way in that this code signs in by at `now`.
pub fn by_code(conn: &mut Conn, code: &[u8; 32], now: Time) -> Result<Option<StaffLink>> {
    let query = staff_links::table
        .filter(staff_links::code.eq(code.as_slice()))
        .filter(staff_links::redeemed_at.is_null())
        .filter(staff_links::expires_at.gt(now));
    Ok(query.first(conn).optional()?)
}

/// Adds a way in.
pub fn insert(conn: &mut Conn, link: &StaffLink) -> Result<()> {
    diesel::insert_into(staff_links::table)
        .values(link)
        .execute(conn)?;
    Ok(())
}

/// Says that the link's button was pressed, and which code that gave, good until `expires_at`; false when it was pressed before, or
/// the link's time is over.
pub fn open(
    conn: &mut Conn,
    id: StaffLinkId,
    code: &[u8; 32],
    expires_at: Time,
    now: Time,
) -> Result<bool> {
    let unused = staff_links::table
        .find(id)
        .filter(staff_links::opened_at.is_null())
        .filter(staff_links::expires_at.gt(now));
    let opened = diesel::update(unused)
        .set((
            staff_links::opened_at.eq(now),
            staff_links::code.eq(code.as_slice()),
            staff_links::expires_at.eq(expires_at),
        ))
        .execute(conn)?;
    Ok(opened == 1)
}

/// Says that somebody is signed in by it; false when somebody was before.
pub fn redeem(conn: &mut Conn, id: StaffLinkId, now: Time) -> Result<bool> {
    let unused = staff_links::table
        .find(id)
        .filter(staff_links::redeemed_at.is_null());
    let redeemed = diesel::update(unused)
        .set(staff_links::redeemed_at.eq(now))
        .execute(conn)?;
    Ok(redeemed == 1)
}

/// Forgets at most `limit` ways in that ended before `before`; gives how many.
pub fn forget(conn: &mut Conn, before: Time, limit: i64) -> Result<usize> {
    let old: Vec<StaffLinkId> = staff_links::table
        .filter(staff_links::expires_at.lt(before))
        .limit(limit)
        .select(staff_links::id)
        .load(conn)?;
    let query = staff_links::table.filter(staff_links::id.eq_any(&old));
    Ok(diesel::delete(query).execute(conn)?)
}
