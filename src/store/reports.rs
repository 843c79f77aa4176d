//! `reports`: what readers say about comments, and notices of illegal content.

use diesel::prelude::*;

use super::Conn;
use super::fixed::Literal;
use super::schema::reports;
use super::types::Named;
use crate::domain::id::{CommentId, PersonId, ReportId, SiteId};
use crate::domain::moderation::{ReportReason, ReportState};
use crate::domain::time::Time;
use crate::error::Result;

/// A report as stored. `Debug` is absent: there may be an address in it.
#[derive(Clone, Queryable, Insertable)]
#[diesel(table_name = reports)]
pub struct Report {
    /// Its id; ids grow with time.
    pub id: ReportId,
    /// The comment's site.
    pub site_id: SiteId,
    /// What is reported.
    pub comment_id: CommentId,
    /// By whom.
    pub person_id: PersonId,
    /// Whether somebody vouched for them, so that it counts towards the threshold.
    pub verified: bool,
    /// Why.
    pub reason: Named<ReportReason>,
    /// Why, in their words.
    pub detail: String,
    /// Of a notice: which law is broken.
    pub law: Option<String>,
    /// Of a notice: the address to answer to. Never shown.
    pub contact: Option<String>,
    /// What became of it.
    pub state: Named<ReportState>,
    /// Why that.
    pub grounds: Option<String>,
    /// When it was made.
    pub created_at: Time,
    /// When it was decided on.
    pub decided_at: Option<Time>,
}

/// The report with that id.
pub fn by_id(conn: &mut Conn, id: ReportId) -> Result<Option<Report>> {
    Ok(reports::table.find(id).first(conn).optional()?)
}

/// What this person said about this comment.
pub fn by_person(conn: &mut Conn, comment: CommentId, person: PersonId) -> Result<Option<Report>> {
    let query = reports::table
        .filter(reports::comment_id.eq(comment))
        .filter(reports::person_id.eq(person));
    Ok(query.first(conn).optional()?)
}

/// Adds a report.
pub fn insert(conn: &mut Conn, report: &Report) -> Result<()> {
    diesel::insert_into(reports::table)
        .values(report)
        .execute(conn)?;
    Ok(())
}

/// The open reports of a comment.
pub fn open_of(conn: &mut Conn, comment: CommentId) -> Result<Vec<Report>> {
    let query = reports::table
        .filter(reports::comment_id.eq(comment))
        .filter(reports::state.eq(Named(ReportState::Open)));
    Ok(query.load(conn)?)
}

/// How many people for whom somebody vouches have an open report of this comment.
pub fn verified_of(conn: &mut Conn, comment: CommentId) -> Result<i64> {
    let query = reports::table
        .filter(reports::comment_id.eq(comment))
        .filter(reports::state.eq(Named(ReportState::Open)))
        .filter(reports::verified)
        .count();
    Ok(query.get_result(conn)?)
}

/// Opens the reports of a comment again that were decided at this time; gives how many.
pub fn reopen(conn: &mut Conn, comment: CommentId, at: Time) -> Result<i64> {
    let settled = reports::table
        .filter(reports::comment_id.eq(comment))
        .filter(reports::decided_at.eq(at));
    let reopened = diesel::update(settled)
        .set((
            reports::state.eq(Named(ReportState::Open)),
            reports::grounds.eq(None::<String>),
            reports::decided_at.eq(None::<Time>),
        ))
        .execute(conn)?;
    Ok(reopened as i64)
}

/// Decides on a report.
pub fn decide(
    conn: &mut Conn,
    id: ReportId,
    state: ReportState,
    grounds: Option<&str>,
    now: Time,
) -> Result<()> {
    diesel::update(reports::table.find(id))
        .set((
            reports::state.eq(Named(state)),
            reports::grounds.eq(grounds),
            reports::decided_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Which reports are asked for.
#[derive(Debug, Clone)]
pub struct Filter {
    /// In this state.
    pub state: ReportState,
    /// Of this site only.
    pub site: Option<SiteId>,
    /// For this reason only.
    pub reason: Option<ReportReason>,
    /// Of this comment only.
    pub comment: Option<CommentId>,
}

/// The reports after `after`, the oldest first, at most `limit`.
pub fn page(
    conn: &mut Conn,
    filter: &Filter,
    after: Option<ReportId>,
    limit: i64,
) -> Result<Vec<Report>> {
    let mut query = reports::table
        .filter(reports::state.eq(Named(filter.state)))
        .order(reports::id.asc())
        .limit(limit)
        .into_boxed();
    if let Some(site) = filter.site {
        query = query.filter(reports::site_id.eq(site));
    }
    if let Some(reason) = filter.reason {
        query = query.filter(reports::reason.eq(Named(reason)));
    }
    if let Some(comment) = filter.comment {
        query = query.filter(reports::comment_id.eq(comment));
    }
    if let Some(after) = after {
        query = query.filter(reports::id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// Forgets the addresses of at most `limit` notices that were decided on before `before`; gives how many.
pub fn forget_contacts(conn: &mut Conn, before: Time, limit: i64) -> Result<usize> {
    let old: Vec<ReportId> = reports::table
        // Spelled out, so that SQLite sees that its partial index applies.
        .filter(Literal("contact IS NOT NULL"))
        .filter(reports::decided_at.lt(before))
        .limit(limit)
        .select(reports::id)
        .load(conn)?;
    Ok(
        diesel::update(reports::table.filter(reports::id.eq_any(&old)))
            .set(reports::contact.eq(None::<String>))
            .execute(conn)?,
    )
}
