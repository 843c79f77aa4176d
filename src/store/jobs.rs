//! `jobs`: long work, and how far each piece of it has come.

use std::collections::HashSet;

use diesel::prelude::*;
use serde_json::Value;

use super::board::Change;
use super::connection::Run;
use super::schema::jobs;
use super::types::{Json, Named};
use super::{Conn, Tx};
use crate::domain::id::{JobId, SiteId, WorkerId};
use crate::domain::job::{JobKind, JobState};
use crate::domain::time::Time;
use crate::domain::word::Word;
use crate::error::Result;

/// How many jobs that have not ended are looked at in one go.
const OPEN: i64 = 1000;

/// A job as it is stored.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = jobs)]
#[diesel(treat_none_as_null = true)]
pub struct Job {
    /// Its id; ids grow with time, and jobs of one site are done in their order.
    pub id: JobId,
    /// Its site; the whole service's, when `None`.
    pub site_id: Option<SiteId>,
    /// What it does.
    pub kind: Named<JobKind>,
    /// How it stands.
    pub state: Named<JobState>,
    /// What it was begun with.
    pub arguments: Json<Value>,
    /// Where the next step begins, in its kind's own words.
    pub cursor: Option<String>,
    /// How many pieces are done.
    pub done: i64,
    /// How many there are, where that is known.
    pub total: Option<i64>,
    /// What came of it.
    pub result: Option<Json<Value>>,
    /// Why it failed: a stable code.
    pub error: Option<String>,
    /// The same in words.
    pub detail: Option<String>,
    /// Whether its steps put back what it did.
    pub cancelling: bool,
    /// How many steps failed in a row.
    pub attempts: i32,
    /// Who takes its steps.
    pub holder: Option<WorkerId>,
    /// Nobody but the holder takes a step before this time.
    pub lease_until: Option<Time>,
    /// When it was begun.
    pub created_at: Time,
    /// When its first step was taken.
    pub started_at: Option<Time>,
    /// When anything about it last changed.
    pub changed_at: Time,
    /// When it ended.
    pub ended_at: Option<Time>,
}

impl Job {
    /// Whether this worker may take a step now, as far as other workers go.
    pub fn is_free_for(&self, worker: WorkerId, now: Time) -> bool {
        self.holder == Some(worker) || self.lease_until.is_none_or(|end| end <= now)
    }
}

/// Adds a job.
pub fn insert(tx: &mut Tx, job: &Job) -> Result<()> {
    tx.note(Change::Jobs);
    let conn: &mut Conn = tx;
    diesel::insert_into(jobs::table).values(job).run(conn)?;
    Ok(())
}

/// The job with that id.
pub fn by_id(conn: &mut Conn, id: JobId) -> Result<Option<Job>> {
    Ok(jobs::table.find(id).row(conn)?)
}

/// The same, locked until the transaction ends (SQLite's one writer locks by itself).
pub fn lock(tx: &mut Tx, id: JobId) -> Result<Option<Job>> {
    let query = jobs::table.find(id);
    let conn: &mut Conn = tx;
    Ok(match conn {
        Conn::Postgres(conn) => query.for_update().first(conn).optional()?,
        Conn::Sqlite(conn) => query.first(conn).optional()?,
    })
}

/// Writes down how a job stands that was read behind [`lock`].
pub fn save(tx: &mut Tx, job: &Job) -> Result<()> {
    if job.ended_at.is_some() {
        tx.note(Change::Jobs);
    }
    let conn: &mut Conn = tx;
    diesel::update(jobs::table.find(job.id))
        .set(job)
        .run(conn)?;
    Ok(())
}

/// The kinds that this program knows: a newer instance may have begun others.
fn known() -> impl Iterator<Item = &'static str> {
    JobKind::ALL.iter().map(|kind| kind.word())
}

/// The first job of each site that has not ended, where this worker may take a step of it now; the oldest first. Joins do not wait for
/// other work, since half of what is joined cannot be read, nor does other work wait for them.
pub fn runnable(conn: &mut Conn, worker: WorkerId, now: Time) -> Result<Vec<Job>> {
    let query = jobs::table
        .filter(jobs::ended_at.is_null())
        .filter(jobs::kind.eq_any(known()))
        .order(jobs::id)
        .limit(OPEN);
    let mut open: Vec<Job> = query.rows(conn)?;
    let mut sites = HashSet::new();
    open.retain(|job| {
        let is_first = sites.insert((job.site_id, *job.kind == JobKind::Join));
        is_first && job.is_free_for(worker, now)
    });
    Ok(open)
}

/// Whether no older job of the same site is under way that it has to wait for; see [`runnable`].
pub fn is_first(conn: &mut Conn, job: &Job) -> Result<bool> {
    let open = jobs::table
        .filter(jobs::ended_at.is_null())
        .filter(jobs::kind.eq_any(
            known().filter(|kind| (*kind == JobKind::Join.word()) == (*job.kind == JobKind::Join)),
        ))
        .filter(jobs::id.lt(job.id));
    let older: Option<JobId> = match job.site_id {
        Some(site) => open
            .filter(jobs::site_id.eq(site))
            .select(jobs::id)
            .row(conn)?,
        None => open
            .filter(jobs::site_id.is_null())
            .select(jobs::id)
            .row(conn)?,
    };
    Ok(older.is_none())
}

/// The jobs of a site that have not ended, the oldest first, at most `limit`.
pub fn open_of(conn: &mut Conn, site: Option<SiteId>, limit: i64) -> Result<Vec<Job>> {
    let open = jobs::table
        .filter(jobs::ended_at.is_null())
        .filter(jobs::kind.eq_any(known()))
        .order(jobs::id)
        .limit(limit);
    Ok(match site {
        Some(site) => open.filter(jobs::site_id.eq(site)).rows(conn)?,
        None => open.filter(jobs::site_id.is_null()).rows(conn)?,
    })
}

/// The jobs of these kinds before `before`, newest first, at most `limit`; of one site, or of all and of none.
pub fn page(
    conn: &mut Conn,
    site: Option<SiteId>,
    kinds: &[JobKind],
    before: Option<JobId>,
    limit: i64,
) -> Result<Vec<Job>> {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
    let mut query = jobs::table
        .filter(jobs::kind.eq_any(kinds))
        .order(jobs::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(site) = site {
        query = query.filter(jobs::site_id.eq(site));
    }
    if let Some(before) = before {
        query = query.filter(jobs::id.lt(before));
    }
    Ok(query.load(conn)?)
}

/// Lets others take the steps of what this worker has.
pub fn let_go(tx: &mut Tx, worker: WorkerId) -> Result<()> {
    tx.note(Change::Jobs);
    let held = jobs::table
        .filter(jobs::ended_at.is_null())
        .filter(jobs::holder.eq(worker));
    let conn: &mut Conn = tx;
    diesel::update(held)
        .set((
            jobs::holder.eq(None::<WorkerId>),
            jobs::lease_until.eq(None::<Time>),
        ))
        .run(conn)?;
    Ok(())
}

/// Forgets jobs that ended before `before`, at most `limit`; gives how many.
pub fn forget(conn: &mut Conn, before: Time, limit: i64) -> Result<usize> {
    let old: Vec<JobId> = jobs::table
        .filter(jobs::ended_at.lt(before))
        .order(jobs::ended_at)
        .select(jobs::id)
        .limit(limit)
        .rows(conn)?;
    Ok(diesel::delete(jobs::table.filter(jobs::id.eq_any(old))).execute(conn)?)
}
