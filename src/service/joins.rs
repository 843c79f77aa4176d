//! Who joins threads, and undoes that.

use super::caller::Caller;
use super::jobs::{self, NewJob};
use super::joining::{self, STEP};
use crate::domain::id::{JoinId, ThreadId};
use crate::domain::invalid::Invalid;
use crate::domain::job::JobKind;
use crate::domain::time::Time;
use crate::domain::word::{JoinState, Role};
use crate::error::{Error, Result};
use crate::store::jobs::Job;
use crate::store::joins::{self, Join};
use crate::store::{Store, Tx, moving, threads};

/// What goes over in the transaction that begins: as many comments, or choices. More takes several.
const AT_ONCE: i64 = 2000;

/// Joins one thread into another. Asked again, it gives the join that stands.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`], [`Error::NotFound`], `thread_unknown`, and those of [`joining::begin`].
pub async fn join(
    store: &Store,
    caller: &Caller,
    from: ThreadId,
    into: ThreadId,
    now: Time,
) -> Result<Begun> {
    let authority = caller.must_be(Role::Moderator)?;
    caller.must_change(Role::Moderator, authority.site)?;
    let caller = caller.clone();
    let begun = store.write(move |tx| {
        let found = threads::by_id(tx, from)?
            .filter(|found| caller.has(Role::Moderator, found.site_id))
            .ok_or(Error::Unwritten)?;
        let target = threads::current(tx, into)?.filter(|target| target.site_id == found.site_id);
        let target = target.ok_or_else(|| {
            let detail = "The site has no such thread; PUT /v1/moderation/threads makes one.";
            Error::field("/into", Invalid::new("thread_unknown", detail))
        })?;
        if found.joined_into.is_some()
            && threads::current_id(tx, from)? == target.id
            && let Some(join) = joins::last_of(tx, from)?
        {
            return resume(tx, &caller, join, now);
        }
        let join = joining::begin(tx, Some(&caller), from, target.id, now)?;
        let is_small = moving::weigh(tx, &join, AT_ONCE)? < AT_ONCE;
        finish(tx, &caller, join.id, is_small, now)
    });
    begun.await
}

/// A join as it is after the first transaction, and the job that goes on with it where more is to be done.
type Begun = (Join, Option<Job>);

/// Takes all steps of a small join in this transaction, and leaves those of a large one to a job.
fn finish(tx: &mut Tx, caller: &Caller, id: JoinId, is_small: bool, now: Time) -> Result<Begun> {
    let mut job = None;
    if is_small {
        while !joining::step(tx, id, STEP, now)? {}
    }
    let join = joins::by_id(tx, id)?.ok_or(Error::NotFound)?;
    if !is_small {
        let new = NewJob {
            site: Some(join.site_id),
            kind: JobKind::Join,
            arguments: jobs::arguments_of_join(id),
        };
        job = Some(jobs::begin(tx, caller, new, now)?);
    }
    Ok((join, job))
}

/// A join that is under way as it is; with a job, should nobody go on with it any more.
fn resume(tx: &mut Tx, caller: &Caller, join: Join, now: Time) -> Result<Begun> {
    let is_over = matches!(*join.state, JoinState::Joined | JoinState::Undone);
    if is_over || jobs::is_open(tx, join.site_id, JobKind::Addresses)? {
        return Ok((join, None));
    }
    let arguments = jobs::arguments_of_join(join.id);
    match jobs::open_with(tx, join.site_id, &arguments)? {
        Some(job) => Ok((join, Some(job))),
        None => finish(tx, caller, join.id, false, now),
    }
}

/// Undoes a join. Asked again, it gives it as it is.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`], [`Error::NotFound`] also for one that is forgotten, and those of
/// [`joining::begin_undoing`].
pub async fn undo(store: &Store, caller: &Caller, id: JoinId, now: Time) -> Result<Begun> {
    let authority = caller.must_be(Role::Moderator)?;
    caller.must_change(Role::Moderator, authority.site)?;
    let caller = caller.clone();
    let begun = store.write(move |tx| {
        let join = joins::by_id(tx, id)?
            .filter(|join| caller.has(Role::Moderator, join.site_id))
            .ok_or(Error::NotFound)?;
        if matches!(*join.state, JoinState::Undone | JoinState::Undoing) {
            return resume(tx, &caller, join, now);
        }
        let join = joining::begin_undoing(tx, Some(&caller), &join, now)?;
        let is_small = join.comments + join.subscriptions < AT_ONCE;
        finish(tx, &caller, id, is_small, now)
    });
    begun.await
}
