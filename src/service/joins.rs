//! Who joins threads, and undoes that.

use super::caller::Caller;
use super::joining::{self, STEP};
use crate::domain::id::{JoinId, ThreadId};
use crate::domain::invalid::Invalid;
use crate::domain::time::Time;
use crate::domain::word::{JoinState, Role};
use crate::error::{Error, Result};
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
) -> Result<Join> {
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
            return Ok(join);
        }
        let join = joining::begin(tx, &caller, from, target.id, now)?;
        at_once(tx, &join, now)
    });
    finish(store, begun.await?, now).await
}

/// Takes all steps of a small join in this transaction.
fn at_once(tx: &mut Tx, join: &Join, now: Time) -> Result<Join> {
    if moving::weigh(tx, join, AT_ONCE)? < AT_ONCE {
        while !joining::step(tx, join.id, STEP, now)? {}
    }
    joins::by_id(tx, join.id)?.ok_or(Error::NotFound)
}

/// Takes what steps are left, each in a transaction of its own. Whoever asks again after this was cut short goes on where it ended.
async fn finish(store: &Store, join: Join, now: Time) -> Result<Join> {
    let id = join.id;
    if matches!(*join.state, JoinState::Joined | JoinState::Undone) {
        return Ok(join);
    }
    while !store
        .write(move |tx| joining::step(tx, id, STEP, now))
        .await?
    {}
    let read = store.read(move |conn| joins::by_id(conn, id)?.ok_or(Error::NotFound));
    read.await
}

/// Undoes a join. Asked again, it gives it as it is.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`], [`Error::NotFound`] also for one that is forgotten, and those of
/// [`joining::begin_undoing`].
pub async fn undo(store: &Store, caller: &Caller, id: JoinId, now: Time) -> Result<Join> {
    let authority = caller.must_be(Role::Moderator)?;
    caller.must_change(Role::Moderator, authority.site)?;
    let caller = caller.clone();
    let begun = store.write(move |tx| {
        let join = joins::by_id(tx, id)?
            .filter(|join| caller.has(Role::Moderator, join.site_id))
            .ok_or(Error::NotFound)?;
        let join = joining::begin_undoing(tx, &caller, &join, now)?;
        if join.comments + join.subscriptions < AT_ONCE {
            while !joining::step(tx, id, STEP, now)? {}
        }
        joins::by_id(tx, id)?.ok_or(Error::NotFound)
    });
    finish(store, begun.await?, now).await
}
