//! `sign_ins`: attempts to sign in by mail. Codes and links are made from the id by keys of the
//! service's, so nothing here lets anybody in.

use diesel::prelude::*;

use super::Conn;
use super::schema::sign_ins;
use crate::domain::id::{MailboxId, SignInId, SiteId};
use crate::domain::time::Time;
use crate::error::Result;

/// An attempt as stored.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = sign_ins)]
pub struct SignIn {
    /// Its id, which whoever asked knows.
    pub id: SignInId,
    /// The site to sign in to.
    pub site_id: SiteId,
    /// Whose mail is asked.
    pub mailbox_id: MailboxId,
    /// The page to come back to, on the site's origins.
    pub url: String,
    /// Wrong codes so far.
    pub tries: i64,
    /// When it was asked for.
    pub created_at: Time,
    /// When it ends.
    pub expires_at: Time,
    /// When the mailed link was followed and its button pressed.
    pub opened_at: Option<Time>,
    /// When somebody was signed in by it.
    pub redeemed_at: Option<Time>,
}

/// The attempt with that id.
pub fn by_id(conn: &mut Conn, id: SignInId) -> Result<Option<SignIn>> {
    Ok(sign_ins::table.find(id).first(conn).optional()?)
}

/// Adds an attempt.
pub fn insert(conn: &mut Conn, attempt: &SignIn) -> Result<()> {
    diesel::insert_into(sign_ins::table)
        .values(attempt)
        .execute(conn)?;
    Ok(())
}

/// Counts a try of a code; false when there were `most` already, or it led to its end. That the link was followed is no
/// end: it may have been in another browser, which then signed nobody in.
pub fn try_code(conn: &mut Conn, id: SignInId, most: i64) -> Result<bool> {
    let open = sign_ins::table
        .find(id)
        .filter(sign_ins::tries.lt(most))
        .filter(sign_ins::redeemed_at.is_null());
    let counted = diesel::update(open)
        .set(sign_ins::tries.eq(sign_ins::tries + 1))
        .execute(conn)?;
    Ok(counted == 1)
}

/// Says that the mailed link was followed; false when it was before, somebody is signed in already, or the attempt's time is
/// over.
pub fn open(conn: &mut Conn, id: SignInId, now: Time) -> Result<bool> {
    let unused = sign_ins::table
        .find(id)
        .filter(sign_ins::expires_at.gt(now))
        .filter(sign_ins::opened_at.is_null())
        .filter(sign_ins::redeemed_at.is_null());
    let opened = diesel::update(unused)
        .set(sign_ins::opened_at.eq(now))
        .execute(conn)?;
    Ok(opened == 1)
}

/// Says that somebody is signed in by it; false when somebody was before.
pub fn redeem(conn: &mut Conn, id: SignInId, now: Time) -> Result<bool> {
    let unused = sign_ins::table
        .find(id)
        .filter(sign_ins::redeemed_at.is_null());
    let redeemed = diesel::update(unused)
        .set(sign_ins::redeemed_at.eq(now))
        .execute(conn)?;
    Ok(redeemed == 1)
}

/// Forgets at most `limit` attempts that ended before `before`; gives how many.
pub fn forget(conn: &mut Conn, before: Time, limit: i64) -> Result<usize> {
    let old: Vec<SignInId> = sign_ins::table
        .filter(sign_ins::expires_at.lt(before))
        .limit(limit)
        .select(sign_ins::id)
        .load(conn)?;
    Ok(diesel::delete(sign_ins::table.filter(sign_ins::id.eq_any(&old))).execute(conn)?)
}

/// Forgets the attempts of a mailbox.
pub fn forget_all(conn: &mut Conn, mailbox: MailboxId) -> Result<()> {
    let all = sign_ins::table.filter(sign_ins::mailbox_id.eq(mailbox));
    diesel::delete(all).execute(conn)?;
    Ok(())
}
