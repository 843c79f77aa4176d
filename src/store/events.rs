//! `events`: a thread's log. Every visible change of a thread is one row here, in the transaction
//! that makes the change, numbered without a gap.

use std::time::Duration;

use diesel::prelude::*;

use super::board::Change;
use super::comments::{self, Comment};
use super::connection::Run;
use super::schema::events;
use super::threads::{self, Thread};
use super::types::Named;
use super::{Conn, Tx};
use crate::domain::id::{CommentId, PassageId, ThreadId};
use crate::domain::time::Time;
use crate::domain::word::EventKind;
use crate::error::{Error, Result};

/// One row of the log.
#[derive(Debug, Clone, Queryable)]
pub struct Event {
    /// The thread it belongs to.
    pub thread_id: ThreadId,
    /// Its number in the thread, from 1.
    pub version: i64,
    /// What happened.
    pub kind: Named<EventKind>,
    /// The comment it happened to.
    pub comment_id: Option<CommentId>,
    /// When; later than every event before it.
    pub at: Time,
    /// The passage it happened to.
    pub passage_id: Option<PassageId>,
}

/// A thread whose row this transaction has locked: the right to append to its log, and to rely on
/// what is read about its comments.
#[derive(Debug)]
pub struct Locked {
    thread: Thread,
}

impl std::ops::Deref for Locked {
    type Target = Thread;

    fn deref(&self) -> &Thread {
        &self.thread
    }
}

impl Locked {
    /// Locks the thread that an id leads to: its own, or the one that it was joined into.
    pub fn lock(tx: &mut Tx, id: ThreadId) -> Result<Self> {
        let mut locked = Self::lock_itself(tx, id)?;
        while let Some(next) = locked.joined_into {
            locked = Self::lock_itself(tx, next)?;
        }
        Ok(locked)
    }

    /// Locks the thread of that id, wherever that leads.
    pub fn lock_itself(tx: &mut Tx, id: ThreadId) -> Result<Self> {
        Ok(Self {
            thread: threads::lock(tx, id)?,
        })
    }

    /// Locks the thread that a comment is in, and reads the comment behind the lock: it may have been moved to another thread,
    /// or decided about, since somebody looked.
    pub fn around(tx: &mut Tx, id: CommentId) -> Result<(Self, Comment)> {
        let mut found = comments::by_id(tx, id)?.ok_or(Error::NotFound)?;
        loop {
            let thread = Self::lock_itself(tx, found.thread_id)?;
            found = comments::by_id(tx, id)?.ok_or(Error::NotFound)?;
            if found.thread_id == thread.id {
                return Ok((thread, found));
            }
        }
    }

    /// Has the log go on after whatever the other one has told, by number and by time: a number that was read of either then
    /// never stands for something else.
    pub fn skip_past(&mut self, tx: &mut Tx, other: &Self) -> Result<()> {
        threads::skip(tx, self.id, other.version, other.last_at)?;
        self.thread.version = self.version.max(other.version);
        self.thread.last_at = self.last_at.max(other.last_at);
        Ok(())
    }

    /// Notes where its page is, which the row says already.
    pub(super) fn set_url(&mut self, url: &str) {
        url.clone_into(&mut self.thread.url);
    }
}

/// Appends to the log, and gives the event's time: `now`, or just after the last event when the
/// clock says otherwise, so that a thread's times follow the order of its commits.
pub fn append(
    tx: &mut Tx,
    locked: &mut Locked,
    kind: EventKind,
    comment: Option<CommentId>,
    now: Time,
) -> Result<Time> {
    insert(tx, locked, kind, (comment, None), now)
}

/// The same for a passage; for many at once, when none is named.
pub fn append_passage(
    tx: &mut Tx,
    locked: &mut Locked,
    passage: Option<PassageId>,
    now: Time,
) -> Result<Time> {
    insert(tx, locked, EventKind::PassageUpdated, (None, passage), now)
}

fn insert(
    tx: &mut Tx,
    locked: &mut Locked,
    kind: EventKind,
    (comment, passage): (Option<CommentId>, Option<PassageId>),
    now: Time,
) -> Result<Time> {
    let next = locked.thread.last_at.plus(Duration::from_micros(1));
    let at = now.max(next);
    let version = threads::advance(tx, locked.id, at)?;
    diesel::insert_into(events::table)
        .values((
            events::thread_id.eq(locked.id),
            events::version.eq(version),
            events::kind.eq(Named(kind)),
            events::comment_id.eq(comment),
            events::at.eq(at),
            events::passage_id.eq(passage),
        ))
        .run(tx)?;
    locked.thread.last_at = at;
    locked.thread.version = version;
    tx.note(Change::Thread(locked.id, locked.site_id));
    Ok(at)
}

/// The events after `since`, oldest first, at most `limit`.
pub fn after(conn: &mut Conn, thread: ThreadId, since: i64, limit: i64) -> Result<Vec<Event>> {
    let query = events::table
        .filter(events::thread_id.eq(thread))
        .filter(events::version.gt(since))
        .order(events::version)
        .limit(limit);
    Ok(query.rows(conn)?)
}

/// Whether the log tells everything that came after `since`, for a thread that is at `version`.
pub fn reaches(conn: &mut Conn, thread: ThreadId, since: i64, version: i64) -> Result<bool> {
    if since == version {
        return Ok(true);
    }
    if since > version || since < 0 {
        return Ok(false);
    }
    // The log is gapless and forgets its oldest rows first, so the next row answers for the rest.
    let next = events::table.find((thread, since + 1));
    Ok(diesel::select(diesel::dsl::exists(next)).get_result(conn)?)
}

/// Forgets at most `limit` events from before `before`; gives how many.
pub fn forget(conn: &mut Conn, before: Time, limit: i64) -> Result<usize> {
    let old: Vec<(ThreadId, i64)> = events::table
        .filter(events::at.lt(before))
        .order(events::at)
        .limit(limit)
        .select((events::thread_id, events::version))
        .rows(conn)?;
    for row in &old {
        diesel::delete(events::table.find(*row)).run(conn)?;
    }
    Ok(old.len())
}
