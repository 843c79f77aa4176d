//! The one way to do long work: a job is a row, done in steps.
//!
//! A step is one transaction. It locks the job's row, checks that nobody else takes its steps, does a bounded piece of
//! the work, and writes down how far it came. So a process that is killed at any point loses nothing and
//! repeats nothing, and any instance goes on where another stopped. Jobs of one site are done one after another.

mod addresses;
mod join;
mod rerender;
mod running;

use serde_json::{Value, json};

pub use addresses::{Plan, plan};
pub(super) use join::arguments as arguments_of_join;
pub use running::{follow, run, settle};

use super::audit::{self, Act};
use super::caller::Caller;
use crate::domain::id::{JobId, SiteId};
use crate::domain::job::{JobKind, JobState};
use crate::domain::time::Time;
use crate::domain::word::{Role, Word};
use crate::error::{Error, Result};
use crate::store::jobs::{self, Job};
use crate::store::types::{Json, Named};
use crate::store::{Conn, Store, Tx, sites};

/// How many jobs of a site may wait at a time.
const WAITING: i64 = 20;

/// A job that is to be begun.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// On which site; `None` for the whole service.
    pub site: Option<SiteId>,
    /// What it does.
    pub kind: JobKind,
    /// With what, for its kind to read.
    pub arguments: Value,
}

/// How far a step came.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// Where the next one begins.
    pub cursor: Option<String>,
    /// How many pieces are done, in all.
    pub done: i64,
    /// How many there are, where that is known.
    pub total: Option<i64>,
    /// What came of it so far; the last step's is the job's.
    pub result: Option<Value>,
    /// Whether nothing is left to do.
    pub is_over: bool,
}

/// What it takes to cancel a job that has begun.
enum Undoing {
    /// Steps of [`undo`].
    Steps,
    /// It cannot be stopped half-way, for this reason.
    Impossible(&'static str),
}

/// Takes a step of a job, whose row is locked: some hundred rows, or 50 ms of work.
fn step(tx: &mut Tx, job: &Job, now: Time) -> Result<Step> {
    match *job.kind {
        JobKind::Addresses => addresses::step(tx, job, now),
        JobKind::Join => join::step(tx, job, now),
        JobKind::Rerender => rerender::step(tx, job, now),
    }
}

/// Takes a step towards how things were before.
fn undo(tx: &mut Tx, job: &Job, now: Time) -> Result<Step> {
    match *job.kind {
        JobKind::Addresses => addresses::undo(tx, job, now),
        // Such a job is never cancelled.
        JobKind::Join => join::step(tx, job, now),
        JobKind::Rerender => rerender::undo(tx, job, now),
    }
}

fn undoing(job: &Job) -> Undoing {
    match *job.kind {
        JobKind::Addresses => addresses::undoing(job),
        JobKind::Join => Undoing::Impossible(
            "Threads that are half joined help nobody: undo the join once it is whole.",
        ),
        JobKind::Rerender => rerender::undoing(),
    }
}

/// Begins a job, in the caller's transaction. Whether the caller may is for whoever calls this to decide.
///
/// # Errors
/// [`Error::Conflict`] when too many jobs of the site wait.
pub fn begin(tx: &mut Tx, caller: &Caller, new: NewJob, now: Time) -> Result<Job> {
    let open = jobs::open_of(tx, new.site, WAITING)?;
    if i64::try_from(open.len()).unwrap_or(WAITING) >= WAITING {
        let detail = format!("{WAITING} jobs of this site wait already.");
        return Err(Error::Conflict(detail));
    }
    let job = Job {
        id: JobId::new(),
        site_id: new.site,
        kind: Named(new.kind),
        state: Named(JobState::Waiting),
        arguments: Json::new(new.arguments),
        cursor: None,
        done: 0,
        total: None,
        result: None,
        error: None,
        detail: None,
        cancelling: false,
        attempts: 0,
        holder: None,
        lease_until: None,
        created_at: now,
        started_at: None,
        changed_at: now,
        ended_at: None,
    };
    jobs::insert(tx, &job)?;
    record(tx, Some(caller), &job, "begin_job", now)?;
    Ok(job)
}

/// Whether a job of that kind is under way on a site.
pub(super) fn is_open(conn: &mut Conn, site: SiteId, kind: JobKind) -> Result<bool> {
    let open = jobs::open_of(conn, Some(site), WAITING)?;
    Ok(open.iter().any(|job| *job.kind == kind))
}

/// The job that is under way on a site with these arguments.
pub(super) fn open_with(conn: &mut Conn, site: SiteId, arguments: &Value) -> Result<Option<Job>> {
    let open = jobs::open_of(conn, Some(site), WAITING)?;
    Ok(open.into_iter().find(|job| *job.arguments == *arguments))
}

/// Cancels a job: at once, or in steps that put back what it did.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Unauthorized`], [`Error::Forbidden`], and [`Error::Conflict`] when it has ended or cannot be
/// stopped half-way.
pub async fn cancel(store: &Store, caller: &Caller, id: JobId, now: Time) -> Result<Job> {
    caller.must_be(Role::Moderator)?;
    let caller = caller.clone();
    store
        .write(move |tx| {
            let mut job = jobs::lock(tx, id)?
                .filter(|job| sees(&caller, job))
                .ok_or(Error::NotFound)?;
            caller.must_change(job.kind.role(), job.site_id)?;
            if job.ended_at.is_some() {
                return Err(Error::Conflict("This job has ended.".into()));
            }
            if job.cancelling {
                return Ok(job);
            }
            match undoing(&job) {
                // Of what has not begun there is no more to put back than one step does.
                Undoing::Steps if job.started_at.is_none() && undo(tx, &job, now)?.is_over => {
                    end(&mut job, JobState::Cancelled, now);
                }
                Undoing::Steps => {
                    job.cancelling = true;
                    job.changed_at = now;
                }
                Undoing::Impossible(why) => return Err(Error::Conflict(why.into())),
            }
            jobs::save(tx, &job)?;
            record(tx, Some(&caller), &job, "cancel_job", now)?;
            Ok(job)
        })
        .await
}

/// Whether they may see this job.
fn sees(caller: &Caller, job: &Job) -> bool {
    caller.must_see(job.kind.role(), job.site_id).is_ok()
}

/// The job with that id, and its site's name.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Unauthorized`], [`Error::Forbidden`].
pub async fn get(store: &Store, caller: &Caller, id: JobId) -> Result<(Job, Option<String>)> {
    caller.must_be(Role::Moderator)?;
    let caller = caller.clone();
    store
        .read(move |conn| {
            let job = jobs::by_id(conn, id)?
                .filter(|job| sees(&caller, job))
                .ok_or(Error::NotFound)?;
            let site = match job.site_id {
                Some(site) => sites::by_id(conn, site)?,
                None => None,
            };
            Ok((job, site.map(|site| site.slug)))
        })
        .await
}

/// The jobs of a site that they may see, newest first, at most `limit`; of all sites, and of the whole service, when `None`.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`].
pub async fn list(
    store: &Store,
    caller: &Caller,
    site: Option<SiteId>,
    before: Option<JobId>,
    limit: usize,
) -> Result<Vec<Job>> {
    caller.must_be(Role::Moderator)?;
    let caller = caller.clone();
    store
        .read(move |conn| {
            caller.must_see(Role::Moderator, site)?;
            let kinds = JobKind::ALL.iter().copied();
            let kinds: Vec<JobKind> = kinds
                .filter(|kind| caller.must_see(kind.role(), site).is_ok())
                .collect();
            jobs::page(conn, site, &kinds, before, limit as i64)
        })
        .await
}

fn end(job: &mut Job, state: JobState, now: Time) {
    job.state = Named(state);
    job.ended_at = Some(now);
    job.changed_at = now;
    (job.holder, job.lease_until) = (None, None);
}

/// Writes into the record what became of a job: no arguments, which may hold addresses.
fn record(tx: &mut Tx, caller: Option<&Caller>, job: &Job, action: &str, now: Time) -> Result<()> {
    let act = Act {
        site: job.site_id,
        action,
        object: "job",
        reason: None,
        note: None,
        was: json!({}),
        became: json!({"kind": job.kind.word(), "state": job.state.word(), "done": job.done, "error": job.error}),
    };
    audit::record(tx, caller, job.id, &act, now)
}
