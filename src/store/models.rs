//! `models`: each site's spam model, as far as it was taught.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::fixed::Literal;
use super::schema::models;
use crate::domain::id::SiteId;
use crate::error::Result;

/// A model as stored: what it judges by, and what learning needs beside.
#[derive(Debug, Clone, Queryable)]
pub struct Stored {
    /// The number of the site's last lesson.
    pub told: i64,
    /// The last lesson that it knows.
    pub taught: i64,
    /// Grows whenever the model changes.
    pub version: i64,
    /// See [`crate::domain::judgement::spam::Model::to_bytes`]; `None`: as it comes with Postil.
    pub weights: Option<Vec<u8>>,
    /// See [`crate::domain::judgement::spam::pupil::Pupil::moved_bytes`].
    pub moved: Option<Vec<u8>>,
}

/// A site's model, with all that learning needs.
pub fn of(conn: &mut Conn, site: SiteId) -> Result<Option<Stored>> {
    let query = models::table.find(site).select((
        models::told,
        models::taught,
        models::version,
        models::weights,
        models::moved,
    ));
    Ok(query.row(conn)?)
}

/// Which state a site's model is in; 0 where there is none.
pub fn version(conn: &mut Conn, site: SiteId) -> Result<i64> {
    let query = models::table.find(site).select(models::version);
    let version: Option<i64> = query.row(conn)?;
    Ok(version.unwrap_or_default())
}

/// What a site's model judges by; `None`: it is as it comes with Postil.
pub fn weights(conn: &mut Conn, site: SiteId) -> Result<Option<Vec<u8>>> {
    let query = models::table.find(site).select(models::weights);
    let weights: Option<Option<Vec<u8>>> = query.row(conn)?;
    Ok(weights.flatten())
}

/// The number of a site's next lesson. The row stays locked until the transaction ends, so that numbers follow the
/// commits: whoever has seen one has seen all before it.
pub(super) fn next_lesson(conn: &mut Conn, site: SiteId) -> Result<i64> {
    let told: Option<i64> = diesel::update(models::table.find(site))
        .set(models::told.eq(models::told + 1))
        .returning(models::told)
        .returned(conn)?;
    if let Some(told) = told {
        return Ok(told);
    }
    // Whoever else tells the first lesson at the same time meets the key, and runs again.
    diesel::insert_into(models::table)
        .values((
            models::site_id.eq(site),
            models::told.eq(1),
            models::taught.eq(0),
            models::version.eq(1),
        ))
        .run(conn)?;
    Ok(1)
}

/// Says that a lesson was taken back: a model that knows it has to be taught anew, and what is being taught now does not count.
pub(super) fn unteach(conn: &mut Conn, site: SiteId, lesson: i64) -> Result<()> {
    diesel::update(models::table.find(site))
        .set(models::version.eq(models::version + 1))
        .run(conn)?;
    let knowing = models::table.find(site).filter(models::taught.ge(lesson));
    diesel::update(knowing)
        .set(models::taught.eq(0))
        .run(conn)?;
    Ok(())
}

/// Sites whose model does not know all of its lessons, at most `limit`.
pub fn behind(conn: &mut Conn, limit: i64) -> Result<Vec<SiteId>> {
    let query = models::table
        // Spelled out, so that SQLite sees that its partial index applies.
        .filter(Literal("told > taught"))
        .order(models::site_id)
        .limit(limit)
        .select(models::site_id);
    Ok(query.rows(conn)?)
}

/// Keeps a model that was taught up to a lesson, if it still is in the state in which it was read; tells whether it was.
pub fn keep(
    conn: &mut Conn,
    site: SiteId,
    read: i64,
    taught: i64,
    weights: &[u8],
    moved: &[u8],
) -> Result<bool> {
    let unchanged = models::table.find(site).filter(models::version.eq(read));
    let kept = diesel::update(unchanged)
        .set((
            models::taught.eq(taught),
            models::version.eq(models::version + 1),
            models::weights.eq(weights),
            models::moved.eq(moved),
        ))
        .run(conn)?;
    Ok(kept > 0)
}
