//! `models`: each site's spam model, as far as it was taught, and `model_states`: what it was before.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::fixed::{Literal, fixed};
use super::schema::{model_states, models};
use crate::domain::id::SiteId;
use crate::error::Result;

/// A model as stored.
#[derive(Debug, Queryable)]
pub struct Stored {
    /// The number of the last lesson.
    pub told: i64,
    /// The last lesson that the model knows; 0: it has to learn again, from one of its states.
    pub taught: i64,
    /// Grows whenever anything but `told` changes.
    pub version: i64,
    /// See [`crate::domain::judgement::spam::Model::to_bytes`]; `None`: it is as it comes with Postil.
    pub weights: Option<Vec<u8>>,
    /// See [`crate::domain::judgement::spam::pupil::Pupil::moved_bytes`].
    pub moved: Option<Vec<u8>>,
    /// Lessons up to this number are a part of sums for good. There is a state of this number, unless it is 0.
    pub base: i64,
}

/// A site's model, with all that learning needs.
pub fn of(conn: &mut Conn, site: SiteId) -> Result<Option<Stored>> {
    let query = models::table.find(site).select((
        models::told,
        models::taught,
        models::version,
        models::weights,
        models::moved,
        models::base,
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
            models::base.eq(0),
        ))
        .run(conn)?;
    Ok(1)
}

/// Locks a model, since lessons that were told change: what is being taught meanwhile does not count. Gives its `base`.
pub fn lock(conn: &mut Conn, site: SiteId) -> Result<i64> {
    let base: Option<i64> = diesel::update(models::table.find(site))
        .set(models::version.eq(models::version + 1))
        .returning(models::base)
        .returned(conn)?;
    Ok(base.unwrap_or_default())
}

/// Forgets all that a model learnt from a lesson on: that one stands no more, or stands again. The caller has [locked](lock)
/// the model, and the number is above its base.
pub fn unlearn(conn: &mut Conn, site: SiteId, lesson: i64) -> Result<()> {
    let knowing = models::table.find(site).filter(models::taught.ge(lesson));
    diesel::update(knowing)
        .set(models::taught.eq(0))
        .run(conn)?;
    let later = model_states::table
        .filter(model_states::site_id.eq(site))
        .filter(model_states::number.ge(lesson));
    diesel::delete(later).run(conn)?;
    Ok(())
}

/// Sites after that one whose model does not know all of its lessons, at most `limit`, in the order of their ids.
pub fn behind(conn: &mut Conn, after: Option<SiteId>, limit: i64) -> Result<Vec<SiteId>> {
    let query = models::table
        // Spelled out, so that SQLite sees that its partial index applies.
        .filter(Literal("told > taught"))
        .order(models::site_id)
        .limit(limit)
        .select(models::site_id);
    Ok(match after {
        Some(after) => query.filter(models::site_id.gt(after)).rows(conn)?,
        None => query.rows(conn)?,
    })
}

/// Says that something was learnt, if the model still is in the state in which it was read; tells whether it is.
pub fn claim(conn: &mut Conn, site: SiteId, read: i64) -> Result<bool> {
    let unchanged = models::table.find(site).filter(models::version.eq(read));
    let claimed = diesel::update(unchanged)
        .set(models::version.eq(models::version + 1))
        .run(conn)?;
    Ok(claimed > 0)
}

/// Keeps a model that was taught up to a lesson. The caller has [claimed](claim) it.
pub fn keep(
    conn: &mut Conn,
    site: SiteId,
    taught: i64,
    weights: &[u8],
    moved: &[u8],
) -> Result<()> {
    diesel::update(models::table.find(site))
        .set((
            models::taught.eq(taught),
            models::weights.eq(weights),
            models::moved.eq(moved),
        ))
        .run(conn)?;
    Ok(())
}

/// Moves the base of a model to one of its states; what was before that is forgotten.
pub fn rebase(conn: &mut Conn, site: SiteId, base: i64) -> Result<()> {
    diesel::update(models::table.find(site))
        .set(models::base.eq(base))
        .run(conn)?;
    let earlier = model_states::table
        .filter(model_states::site_id.eq(site))
        .filter(model_states::number.lt(base));
    diesel::delete(earlier).run(conn)?;
    Ok(())
}

/// The numbers of the lessons that each state of a model is the last to know, in order.
pub fn states(conn: &mut Conn, site: SiteId) -> Result<Vec<i64>> {
    let query = model_states::table
        .filter(model_states::site_id.eq(site))
        .order(model_states::number)
        .select(model_states::number);
    Ok(query.rows(conn)?)
}

/// What a model was when it had learnt all up to that lesson: its weights, and what learning needs beside them.
pub fn state(conn: &mut Conn, site: SiteId, number: i64) -> Result<Option<(Vec<u8>, Vec<u8>)>> {
    let query = model_states::table
        .find((site, number))
        .select((model_states::weights, model_states::moved));
    Ok(query.row(conn)?)
}

/// Keeps what a model is when it has learnt all up to a lesson. The caller has [claimed](claim) it.
pub fn keep_state(
    conn: &mut Conn,
    site: SiteId,
    number: i64,
    weights: &[u8],
    moved: &[u8],
) -> Result<()> {
    diesel::insert_into(model_states::table)
        .values((
            model_states::site_id.eq(site),
            model_states::number.eq(number),
            model_states::weights.eq(weights),
            model_states::moved.eq(moved),
        ))
        .run(conn)?;
    Ok(())
}

/// Keeps what a model is now, if it knows that lesson, which is about to be forgotten: what was learnt by it stays, whatever later
/// one is taken back. The caller has [locked](lock) the model.
pub fn keep_learnt(conn: &mut Conn, site: SiteId, lesson: i64) -> Result<()> {
    fixed::<()>(
        "INSERT INTO model_states (site_id, number, weights, moved)
         SELECT site_id, taught, weights, moved FROM models
         WHERE site_id = ? AND taught >= ? AND weights IS NOT NULL AND moved IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM model_states AS known
                           WHERE known.site_id = models.site_id AND known.number = models.taught)",
    )
    .id(site)
    .number(lesson)
    .run(conn)?;
    Ok(())
}

/// Forgets a state of a model.
pub fn forget_state(conn: &mut Conn, site: SiteId, number: i64) -> Result<()> {
    diesel::delete(model_states::table.find((site, number))).run(conn)?;
    Ok(())
}
