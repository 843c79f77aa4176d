//! `api_tokens`: long-lived tokens for programs and moderators, kept as hashes.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::schema::api_tokens;
use super::types::Named;
use crate::domain::id::{ApiTokenId, PersonId, SiteId};
use crate::domain::time::Time;
use crate::domain::word::Role;
use crate::error::Result;

/// A token as stored.
#[derive(Clone, Queryable, Insertable)]
#[diesel(table_name = api_tokens)]
pub struct ApiToken {
    /// Its id, part of the token itself.
    pub id: ApiTokenId,
    /// What it is for, in its owner's words.
    pub name: String,
    /// What it may do.
    pub role: Named<Role>,
    /// Where; everywhere when `None`.
    pub site_id: Option<SiteId>,
    /// As whom it writes.
    pub person_id: Option<PersonId>,
    /// Whether it may only look.
    pub read_only: bool,
    /// SHA-256 of the token's secret.
    pub hash: Vec<u8>,
    /// When it was made.
    pub created_at: Time,
    /// When it ends by itself.
    pub expires_at: Option<Time>,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
}

/// The token with that id.
pub fn by_id(conn: &mut Conn, id: ApiTokenId) -> Result<Option<ApiToken>> {
    Ok(api_tokens::table.find(id).row(conn)?)
}

/// The tokens made before `before`, newest first (ids grow with time), at most `limit`.
pub fn page(conn: &mut Conn, before: Option<ApiTokenId>, limit: i64) -> Result<Vec<ApiToken>> {
    let mut query = api_tokens::table.into_boxed();
    if let Some(before) = before {
        query = query.filter(api_tokens::id.lt(before));
    }
    Ok(query.order(api_tokens::id.desc()).limit(limit).load(conn)?)
}

/// Adds a token.
pub fn insert(conn: &mut Conn, token: &ApiToken) -> Result<()> {
    diesel::insert_into(api_tokens::table)
        .values(token)
        .run(conn)?;
    Ok(())
}

/// Gives a token another secret.
pub fn set_hash(conn: &mut Conn, id: ApiTokenId, hash: &[u8]) -> Result<()> {
    diesel::update(api_tokens::table.find(id))
        .set(api_tokens::hash.eq(hash))
        .run(conn)?;
    Ok(())
}

/// Revokes a token; false when there is none. Revoking twice keeps the first time.
pub fn revoke(conn: &mut Conn, id: ApiTokenId, now: Time) -> Result<bool> {
    let unrevoked = api_tokens::table
        .find(id)
        .filter(api_tokens::revoked_at.is_null());
    let revoked = diesel::update(unrevoked)
        .set(api_tokens::revoked_at.eq(now))
        .run(conn)?;
    Ok(revoked == 1 || by_id(conn, id)?.is_some())
}
