//! `outbox`: later work, written in the transaction that calls for it and leased by workers. No
//! transaction stays open while the work is done.

use std::time::Duration;

use diesel::prelude::*;

use super::Conn;
use super::schema::outbox;
use super::types::{Json, Named};
use crate::domain::id::{DeliveryId, MailboxId, SiteId, SubjectId, ThreadId};
use crate::domain::subscription::{Cause, Frequency};
use crate::domain::time::Time;
use crate::error::Result;

/// A letter to a moderator: a comment is waiting.
pub const COMMENT_WAITING: &str = "comment.waiting";
/// A letter that asks whether its reader wants to be told; about a subscription.
pub const CONFIRM: &str = "confirm";
/// A letter with a link and a code to sign in; about a row of `sign_ins`.
pub const SIGN_IN: &str = "sign_in";
/// A letter with a new link to one's subscriptions; about a mailbox.
pub const SUBSCRIPTIONS_LINK: &str = "subscriptions_link";

/// After so many failures a piece of work is kept as dead, for the operator to look at.
const TRIES: i32 = 12;

/// A piece of later work.
#[derive(Debug, Clone, Queryable)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// What is to be done, such as [`COMMENT_WAITING`].
    pub kind: String,
    /// What it is about; `kind` says what that is.
    pub subject: SubjectId,
    /// Whom it is for.
    pub recipient: MailboxId,
    /// The site.
    pub site_id: SiteId,
    /// The thread, where it is about one.
    pub thread_id: Option<ThreadId>,
    /// How soon it is told.
    pub cadence: Named<Frequency>,
    /// The choices that call for it.
    pub reason: Json<Vec<Cause>>,
    /// The letter that it goes out in, once that is fixed.
    pub letter: Option<Vec<u8>>,
    /// How far a long piece of work has come.
    pub progress: Option<Vec<u8>>,
    /// When it is to be done.
    pub due_at: Time,
    /// Until when a worker has it.
    pub lease_until: Option<Time>,
    /// How often it failed.
    pub attempts: i32,
    /// `waiting`, `done` or `dead`.
    pub state: String,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was called for.
    pub created_at: Time,
}

/// A piece of work to be called for.
#[derive(Debug, Clone)]
pub struct Call {
    /// What is to be done.
    pub kind: &'static str,
    /// What it is about.
    pub subject: SubjectId,
    /// Whom it is for.
    pub recipient: MailboxId,
    /// The site.
    pub site: SiteId,
    /// The thread, where it is about one.
    pub thread: Option<ThreadId>,
    /// How soon it is told.
    pub cadence: Frequency,
    /// The choices that call for it.
    pub causes: Vec<Cause>,
}

/// Calls for a piece of work, unless the same is waiting already. One that was done, or given up,
/// makes room for a new one.
pub fn post(conn: &mut Conn, call: &Call, now: Time) -> Result<()> {
    let ended = outbox::table
        .filter(outbox::kind.eq(call.kind))
        .filter(outbox::subject.eq(call.subject))
        .filter(outbox::recipient.eq(call.recipient))
        .filter(outbox::state.ne("waiting"));
    diesel::delete(ended).execute(conn)?;
    let same = outbox::table
        .filter(outbox::kind.eq(call.kind))
        .filter(outbox::subject.eq(call.subject))
        .filter(outbox::recipient.eq(call.recipient));
    if diesel::select(diesel::dsl::exists(same)).get_result(conn)? {
        return Ok(());
    }
    diesel::insert_into(outbox::table)
        .values((
            outbox::id.eq(DeliveryId::new()),
            outbox::kind.eq(call.kind),
            outbox::subject.eq(call.subject),
            outbox::recipient.eq(call.recipient),
            outbox::site_id.eq(call.site),
            outbox::thread_id.eq(call.thread),
            outbox::cadence.eq(Named(call.cadence)),
            outbox::reason.eq(Json::new(call.causes.clone())),
            outbox::due_at.eq(now),
            outbox::state.eq("waiting"),
            outbox::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// What is due at `now` and in nobody's hands, the longest due first, at most `limit`.
pub fn due(conn: &mut Conn, now: Time, limit: i64) -> Result<Vec<Delivery>> {
    let query = outbox::table
        // Spelled out, so that SQLite sees that its partial index applies.
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>(
            "state = 'waiting'",
        ))
        .filter(outbox::due_at.le(now))
        .filter(
            outbox::lease_until
                .is_null()
                .or(outbox::lease_until.lt(now)),
        )
        .order(outbox::due_at)
        .limit(limit);
    Ok(query.load(conn)?)
}

/// Takes a piece of work for `span`; false when another worker was first.
pub fn lease(conn: &mut Conn, id: DeliveryId, now: Time, span: Duration) -> Result<bool> {
    let free = outbox::table
        .find(id)
        .filter(outbox::state.eq("waiting"))
        // Another worker may have failed with it since this one read that it is due.
        .filter(outbox::due_at.le(now))
        .filter(
            outbox::lease_until
                .is_null()
                .or(outbox::lease_until.lt(now)),
        );
    let taken = diesel::update(free)
        .set(outbox::lease_until.eq(now.plus(span)))
        .execute(conn)?;
    Ok(taken == 1)
}

/// Says that the work is done.
pub fn settle(conn: &mut Conn, id: DeliveryId) -> Result<()> {
    diesel::update(outbox::table.find(id))
        .set(outbox::state.eq("done"))
        .execute(conn)?;
    Ok(())
}

/// Says that the work failed: it is tried again later, twice as late each time, and in the end kept
/// as dead.
pub fn fail(conn: &mut Conn, delivery: &Delivery, error: &str, now: Time) -> Result<()> {
    let attempts = delivery.attempts + 1;
    let state = if attempts >= TRIES { "dead" } else { "waiting" };
    let minutes = 1u64 << attempts.clamp(0, 10);
    diesel::update(outbox::table.find(delivery.id))
        .set((
            outbox::attempts.eq(outbox::attempts + 1),
            outbox::state.eq(state),
            outbox::last_error.eq(error),
            outbox::lease_until.eq(None::<Time>),
            outbox::due_at.eq(now.plus(Duration::from_secs(60 * minutes))),
        ))
        .execute(conn)?;
    Ok(())
}

/// Forgets at most `limit` pieces of work that were called for before `before` and are done; gives how
/// many.
pub fn forget(conn: &mut Conn, before: Time, limit: i64) -> Result<usize> {
    let done: Vec<DeliveryId> = outbox::table
        // Spelled out, so that SQLite sees that its partial index applies.
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>(
            "state = 'done'",
        ))
        .filter(outbox::created_at.lt(before))
        .limit(limit)
        .select(outbox::id)
        .load(conn)?;
    Ok(diesel::delete(outbox::table.filter(outbox::id.eq_any(&done))).execute(conn)?)
}

/// Forgets all that was to be told to a mailbox.
pub fn forget_recipient(conn: &mut Conn, mailbox: MailboxId) -> Result<()> {
    let theirs = outbox::table.filter(outbox::recipient.eq(mailbox));
    diesel::delete(theirs).execute(conn)?;
    Ok(())
}
