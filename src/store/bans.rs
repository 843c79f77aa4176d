//! `bans` and `comment_networks`: who may not write on a site, by exact values that nobody can read back.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::fixed::{Literal, among};
use super::schema::{bans, comment_networks};
use super::types::Named;
use crate::domain::id::{BanId, CommentId, SiteId};
use crate::domain::moderation::BanKind;
use crate::domain::time::Time;
use crate::error::Result;

/// A ban as stored.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = bans)]
pub struct Ban {
    /// Its id; ids grow with time.
    pub id: BanId,
    /// Where.
    pub site_id: SiteId,
    /// What it goes by.
    pub kind: Named<BanKind>,
    /// A person's id, or a keyed hash.
    pub value: Vec<u8>,
    /// Of a network: in which span of time its key was used.
    pub epoch: Option<i64>,
    /// The comment that it was made from.
    pub comment_id: Option<CommentId>,
    /// Why: a code of the site's list.
    pub reason: Option<String>,
    /// When it was made.
    pub created_at: Time,
    /// When it ends by itself.
    pub expires_at: Option<Time>,
    /// When somebody ended it.
    pub lifted_at: Option<Time>,
}

impl Ban {
    /// Whether it counts at a moment.
    pub fn is_in_force(&self, now: Time) -> bool {
        self.lifted_at.is_none() && self.expires_at.is_none_or(|end| end > now)
    }
}

/// The ban with that id.
pub fn by_id(conn: &mut Conn, id: BanId) -> Result<Option<Ban>> {
    Ok(bans::table.find(id).row(conn)?)
}

/// Adds a ban.
pub fn insert(conn: &mut Conn, ban: &Ban) -> Result<()> {
    diesel::insert_into(bans::table).values(ban).run(conn)?;
    Ok(())
}

/// Ends a ban; one that was ended keeps its time.
pub fn lift(conn: &mut Conn, id: BanId, now: Time) -> Result<()> {
    let open = bans::table.find(id).filter(bans::lifted_at.is_null());
    diesel::update(open)
        .set(bans::lifted_at.eq(now))
        .run(conn)?;
    Ok(())
}

/// The bans of a site that nobody has ended and that go by one of these values. Some may have expired.
pub fn matching(conn: &mut Conn, site: SiteId, values: &[Vec<u8>]) -> Result<Vec<Ban>> {
    let query = bans::table
        .filter(bans::site_id.eq(site))
        .filter(bans::kind.eq_any(BanKind::EACH.map(Named)))
        .filter(among(bans::value, values))
        // Spelled out, so that SQLite sees that its partial index applies.
        .filter(Literal("lifted_at IS NULL"));
    Ok(query.rows(conn)?)
}

/// Whether there is any ban on a site that nobody has ended.
pub fn any(conn: &mut Conn, site: SiteId) -> Result<bool> {
    let query = bans::table
        .filter(bans::site_id.eq(site))
        .filter(Literal("lifted_at IS NULL"))
        .select(bans::id);
    let found: Option<BanId> = query.row(conn)?;
    Ok(found.is_some())
}

/// Under which keys the networks are hashed that are banned on a site.
pub fn epochs(conn: &mut Conn, site: SiteId) -> Result<Vec<i64>> {
    let query = bans::table
        .filter(bans::site_id.eq(site))
        .filter(bans::kind.eq(Named(BanKind::Network)))
        .filter(Literal("lifted_at IS NULL"))
        .select(bans::epoch)
        .distinct();
    let epochs: Vec<Option<i64>> = query.rows(conn)?;
    Ok(epochs.into_iter().flatten().collect())
}

/// The bans before `before`, newest first, at most `limit`.
pub fn page(
    conn: &mut Conn,
    site: Option<SiteId>,
    before: Option<BanId>,
    limit: i64,
) -> Result<Vec<Ban>> {
    let mut query = bans::table.order(bans::id.desc()).limit(limit).into_boxed();
    if let Some(site) = site {
        query = query.filter(bans::site_id.eq(site));
    }
    if let Some(before) = before {
        query = query.filter(bans::id.lt(before));
    }
    Ok(query.load(conn)?)
}

/// Remembers, for a while, where a comment came from.
pub fn remember_network(
    conn: &mut Conn,
    comment: CommentId,
    epoch: i64,
    hash: &[u8],
    at: Time,
) -> Result<()> {
    diesel::insert_into(comment_networks::table)
        .values((
            comment_networks::comment_id.eq(comment),
            comment_networks::epoch.eq(epoch),
            comment_networks::hash.eq(hash),
            comment_networks::at.eq(at),
        ))
        .run(conn)?;
    Ok(())
}

/// Where a comment came from, and under which key that was hashed, while it is known.
pub fn network_of(conn: &mut Conn, comment: CommentId) -> Result<Option<(i64, Vec<u8>)>> {
    let query = comment_networks::table
        .find(comment)
        .select((comment_networks::epoch, comment_networks::hash));
    Ok(query.row(conn)?)
}

/// Forgets where at most `limit` comments from before `before` came from; gives how many.
pub fn forget_networks(conn: &mut Conn, before: Time, limit: i64) -> Result<usize> {
    let old: Vec<CommentId> = comment_networks::table
        .filter(comment_networks::comment_id.lt(CommentId::earliest(before)))
        .limit(limit)
        .select(comment_networks::comment_id)
        .rows(conn)?;
    let query = comment_networks::table.filter(comment_networks::comment_id.eq_any(&old));
    Ok(diesel::delete(query).run(conn)?)
}
