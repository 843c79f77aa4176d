//! `suppressions`: addresses that nothing is sent to, on any site.

use diesel::prelude::*;

use super::Conn;
use super::schema::suppressions;
use super::types::Named;
use crate::domain::subscription::Suppressed;
use crate::domain::time::Time;
use crate::error::Result;

/// An address that nothing is sent to. `Debug` is absent: there is an address in it.
#[derive(Clone, Queryable, Insertable)]
#[diesel(table_name = suppressions)]
pub struct Suppression {
    /// The address, in lower case.
    pub email: String,
    /// Why.
    pub reason: Named<Suppressed>,
    /// What its server or its owner said, without addresses.
    pub detail: Option<String>,
    /// Since when.
    pub at: Time,
}

/// Why nothing is sent to an address (in lower case), if that is so.
pub fn of(conn: &mut Conn, folded: &str) -> Result<Option<Suppression>> {
    Ok(suppressions::table.find(folded).first(conn).optional()?)
}

/// Those of these addresses (in lower case) that nothing is sent to.
pub fn among(conn: &mut Conn, folded: &[&str]) -> Result<Vec<String>> {
    let query = suppressions::table
        .filter(suppressions::email.eq_any(folded))
        .select(suppressions::email);
    Ok(query.load(conn)?)
}

/// Sends nothing to an address from now on. The first reason stays.
pub fn add(conn: &mut Conn, suppression: &Suppression) -> Result<()> {
    if of(conn, &suppression.email)?.is_none() {
        diesel::insert_into(suppressions::table)
            .values(suppression)
            .execute(conn)?;
    }
    Ok(())
}

/// Lets an address (in lower case) be written to again; false when it could be all along.
pub fn lift(conn: &mut Conn, folded: &str) -> Result<bool> {
    let lifted = diesel::delete(suppressions::table.find(folded)).execute(conn)?;
    Ok(lifted == 1)
}

/// The addresses after `after`, in order, at most `limit`.
pub fn page(conn: &mut Conn, after: &str, limit: i64) -> Result<Vec<Suppression>> {
    let query = suppressions::table
        .filter(suppressions::email.gt(after))
        .order(suppressions::email)
        .limit(limit);
    Ok(query.load(conn)?)
}
