//! `idempotency`: what an `Idempotency-Key` led to, so that a request that is sent again is not
//! carried out again (draft-ietf-httpapi-idempotency-key-header).

use diesel::prelude::*;

use super::Conn;
use super::schema::idempotency;
use crate::domain::time::Time;
use crate::error::Result;

/// What a key led to.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = idempotency)]
pub struct Outcome {
    /// Whose key it is, as a hash.
    pub scope: Vec<u8>,
    /// The key.
    pub key: String,
    /// SHA-256 of the request it came with.
    pub fingerprint: Vec<u8>,
    /// What was made, as JSON; never a secret.
    pub outcome: String,
    /// When.
    pub created_at: Time,
}

/// What this key led to before, if anything.
pub fn find(conn: &mut Conn, scope: &[u8], key: &str) -> Result<Option<Outcome>> {
    Ok(idempotency::table
        .find((scope, key))
        .first(conn)
        .optional()?)
}

/// Remembers what a key led to.
pub fn insert(conn: &mut Conn, outcome: &Outcome) -> Result<()> {
    diesel::insert_into(idempotency::table)
        .values(outcome)
        .execute(conn)?;
    Ok(())
}

/// Forgets at most `limit` keys from before `before`; gives how many.
pub fn forget(conn: &mut Conn, before: Time, limit: i64) -> Result<usize> {
    let old: Vec<(Vec<u8>, String)> = idempotency::table
        .filter(idempotency::created_at.lt(before))
        .limit(limit)
        .select((idempotency::scope, idempotency::key))
        .load(conn)?;
    for (scope, key) in &old {
        diesel::delete(idempotency::table.find((scope, key))).execute(conn)?;
    }
    Ok(old.len())
}
