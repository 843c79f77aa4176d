//! `site_keys`: public keys that sites publish at an address, as they were when it was last asked. Whoever asks takes the turn first,
//! so that all instances together ask once.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::schema::site_keys;
use super::types::Json;
use crate::domain::id::SiteId;
use crate::domain::sso::KeySet;
use crate::domain::time::Time;
use crate::error::Result;

/// The keys that a site publishes.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = site_keys)]
pub struct SiteKeys {
    /// Whose they are.
    pub site_id: SiteId,
    /// Where they are published.
    pub url: String,
    /// The keys.
    pub jwks: Json<KeySet>,
    /// When the address was last asked, whatever came of it.
    pub tried_at: Time,
    /// When it was asked for these keys.
    pub fetched_at: Time,
    /// When it was last asked for nothing; `None` when it answered since.
    pub failed_at: Option<Time>,
    /// What came instead of keys.
    pub failure: Option<String>,
    /// When it is asked again.
    pub due_at: Time,
}

impl SiteKeys {
    /// Keys that were asked for at `at`.
    pub fn new(site: SiteId, url: String, keys: KeySet, at: Time, due_at: Time) -> Self {
        Self {
            site_id: site,
            url,
            jwks: Json::new(keys),
            tried_at: at,
            fetched_at: at,
            failed_at: None,
            failure: None,
            due_at,
        }
    }

    /// Whether it is known what came of asking last.
    pub fn is_answered(&self) -> bool {
        self.fetched_at == self.tried_at || self.failed_at == Some(self.tried_at)
    }
}

/// The keys that a site publishes.
pub fn of(conn: &mut Conn, site: SiteId) -> Result<Option<SiteKeys>> {
    Ok(site_keys::table.find(site).row(conn)?)
}

/// Those of these sites, in no order.
pub fn of_sites(conn: &mut Conn, sites: &[SiteId]) -> Result<Vec<SiteKeys>> {
    let query = site_keys::table.filter(site_keys::site_id.eq_any(sites));
    Ok(query.rows(conn)?)
}

/// Those that are to be asked for again, the first due first, at most `limit`.
pub fn due(conn: &mut Conn, now: Time, limit: i64) -> Result<Vec<SiteKeys>> {
    let query = site_keys::table
        .filter(site_keys::due_at.le(now))
        .order(site_keys::due_at)
        .limit(limit);
    Ok(query.rows(conn)?)
}

/// Puts keys in the place of those before. The caller holds the site's lock.
pub fn put(conn: &mut Conn, keys: &SiteKeys) -> Result<()> {
    remove(conn, keys.site_id)?;
    diesel::insert_into(site_keys::table)
        .values(keys)
        .run(conn)?;
    Ok(())
}

/// Forgets a site's keys.
pub fn remove(conn: &mut Conn, site: SiteId) -> Result<()> {
    diesel::delete(site_keys::table.find(site)).run(conn)?;
    Ok(())
}

/// Takes the turn to ask, at `at`. False when somebody else was first, or the site publishes elsewhere now.
pub fn take_turn(conn: &mut Conn, before: &SiteKeys, at: Time) -> Result<bool> {
    let free = site_keys::table
        .find(before.site_id)
        .filter(site_keys::url.eq(&before.url))
        .filter(site_keys::tried_at.eq(before.tried_at));
    let taken = diesel::update(free)
        .set(site_keys::tried_at.eq(at))
        .run(conn)?;
    Ok(taken == 1)
}

/// Keeps what came in the turn that was taken at that time, unless the site's setting was made anew since.
pub fn keep(conn: &mut Conn, keys: &SiteKeys) -> Result<()> {
    let turn = site_keys::table
        .find(keys.site_id)
        .filter(site_keys::url.eq(&keys.url))
        .filter(site_keys::tried_at.eq(keys.tried_at));
    diesel::update(turn)
        .set((
            site_keys::jwks.eq(&keys.jwks),
            site_keys::fetched_at.eq(keys.fetched_at),
            site_keys::failed_at.eq(None::<Time>),
            site_keys::failure.eq(None::<String>),
            site_keys::due_at.eq(keys.due_at),
        ))
        .run(conn)?;
    Ok(())
}

/// Notes that nothing came in the turn that was taken at that time. The keys stay.
pub fn note_failure(
    conn: &mut Conn,
    site: SiteId,
    turn: Time,
    failure: &str,
    due_at: Time,
) -> Result<()> {
    let turn_of = site_keys::table
        .find(site)
        .filter(site_keys::tried_at.eq(turn));
    diesel::update(turn_of)
        .set((
            site_keys::failed_at.eq(turn),
            site_keys::failure.eq(failure),
            site_keys::due_at.eq(due_at),
        ))
        .run(conn)?;
    Ok(())
}
