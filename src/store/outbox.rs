//! `outbox`: later work, written in the transaction that calls for it and leased by workers. No
//! transaction stays open while the work is done.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use diesel::prelude::*;

use super::Conn;
use super::fixed::Literal;
use super::schema::outbox;
use super::types::{Json, Named};
use crate::domain::id::{DeliveryId, MailboxId, SiteId, SubjectId, ThreadId};
use crate::domain::subscription::{Cause, Frequency, Scope};
use crate::domain::time::Time;
use crate::error::{Error, Result};

/// A letter to a moderator: a comment is waiting.
pub const COMMENT_WAITING: &str = "comment.waiting";
/// A letter that asks whether its reader wants to be told; about a subscription.
pub const CONFIRM: &str = "confirm";
/// A letter with a link and a code to sign in; about a row of `sign_ins`.
pub const SIGN_IN: &str = "sign_in";
/// A letter with a new link to one's subscriptions; about a mailbox.
pub const SUBSCRIPTIONS_LINK: &str = "subscriptions_link";

/// A comment was published for the first time: whoever is to be told is yet to be found. About a comment.
pub const PUBLISHED: &str = "comment.published";
/// News of a comment, for one who follows it; about a comment.
pub const NEWS: &str = "comment.news";
/// A letter to a comment's author: it was approved.
pub const APPROVED: &str = "comment.approved";
/// A letter to a comment's author: it was not published, or is public no more; with the reasons.
pub const REJECTED: &str = "comment.rejected";

/// A letter to whoever gave a notice of illegal content: it has arrived. About a report.
pub const NOTICE_RECEIVED: &str = "notice.received";
/// A letter to them: what was decided, with its grounds. About a report.
pub const NOTICE_DECIDED: &str = "notice.decided";

/// After so many failures a piece of work is kept as dead, for the operator to look at. With [`delay`], about four days.
const TRIES: i32 = 30;

/// The longest time between two tries.
const LONGEST: Duration = Duration::from_secs(4 * 3600);

/// How many pieces of news one letter tells, at most; more make another.
const GATHERED: i64 = 500;

/// How many letters at once, about one thread and without a reply to their reader, go to one mailbox within [`HOUR`], and how many
/// about comments that wait; what comes after is gathered.
const AT_ONCE: usize = 3;

const HOUR: Duration = Duration::from_secs(3600);

/// Who asks for a letter waits for it, so it overtakes what is due since this long.
const HASTE: Duration = Duration::from_secs(24 * 3600);

/// How many rows one statement names.
const MANY: usize = 10_000;

/// Any number; instances on one PostgreSQL take turns at claiming by it, so that two never gather the same news.
const CLAIMING: i64 = 0x6d61_696c;

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
    if is_called_for(conn, call.kind, call.subject, call.recipient)? {
        return Ok(());
    }
    let due_at = match call.kind {
        CONFIRM | SIGN_IN | SUBSCRIPTIONS_LINK => now.minus(HASTE),
        _ => now,
    };
    insert(conn, call, due_at, now)
}

/// Whether that piece of work was called for, done or not, and is remembered.
pub fn is_called_for(
    conn: &mut Conn,
    kind: &str,
    subject: SubjectId,
    recipient: MailboxId,
) -> Result<bool> {
    let same = outbox::table
        .filter(outbox::kind.eq(kind))
        .filter(outbox::subject.eq(subject))
        .filter(outbox::recipient.eq(recipient));
    Ok(diesel::select(diesel::dsl::exists(same)).get_result(conn)?)
}

/// Calls for news to be told when it is due, to those recipients who have not been told, or called, before.
pub fn tell(conn: &mut Conn, calls: &[(Call, Time)], now: Time) -> Result<()> {
    let recipients = calls.iter().map(|(call, _)| call.recipient);
    let (Some((first, _)), Some(from), Some(to)) =
        (calls.first(), recipients.clone().min(), recipients.max())
    else {
        return Ok(());
    };
    // By range: named one by one, everybody who was told of this would be gone through for each part of them.
    let told: BTreeSet<MailboxId> = outbox::table
        .filter(outbox::kind.eq(first.kind))
        .filter(outbox::subject.eq(first.subject))
        .filter(outbox::recipient.between(from, to))
        .select(outbox::recipient)
        .load(conn)?
        .into_iter()
        .collect();
    for (call, due_at) in calls {
        if !told.contains(&call.recipient) {
            insert(conn, call, *due_at, now)?;
        }
    }
    Ok(())
}

fn insert(conn: &mut Conn, call: &Call, due_at: Time, now: Time) -> Result<()> {
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
            outbox::due_at.eq(due_at),
            outbox::state.eq("waiting"),
            outbox::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// What goes out together: one letter, or a piece of work that is none.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The letter's id; for a piece of work that is no letter, its own.
    pub letter: DeliveryId,
    /// What it is made of, the oldest first: all of one kind and for one mailbox.
    pub rows: Vec<Delivery>,
}

/// How claiming goes about it.
#[derive(Debug, Clone, Copy)]
pub struct Claiming {
    /// Now.
    pub now: Time,
    /// How long what is claimed is the claimer's own.
    pub span: Duration,
    /// How long news waits for more of its kind.
    pub quiet: Duration,
    /// How many letters at most.
    pub limit: i64,
}

/// Takes what is due and in nobody's hands, the longest due first. What goes into one letter is fixed here, once: a second
/// try is the same letter.
pub fn claim(conn: &mut Conn, how: Claiming) -> Result<Vec<Claimed>> {
    if let Conn::Postgres(_) = conn {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<diesel::sql_types::BigInt, _>(CLAIMING)
            .execute(conn)?;
    }
    let mut claimed: Vec<Claimed> = Vec::new();
    // What was only put off is due no more, so whatever it stood before has its turn.
    while claimed.is_empty() {
        let due = due(conn, how.now, how.limit)?;
        if due.is_empty() {
            break;
        }
        take(conn, due, how, &mut claimed)?;
    }
    Ok(claimed)
}

fn take(
    conn: &mut Conn,
    due: Vec<Delivery>,
    how: Claiming,
    claimed: &mut Vec<Claimed>,
) -> Result<()> {
    let mut dealt_with = BTreeSet::new();
    for row in due {
        if dealt_with.contains(&row.id) {
            continue;
        }
        let rows = match &row.letter {
            Some(letter) => of_letter(conn, letter)?,
            None => match gathered(conn, &row, how)? {
                Turn::Now(rows) => rows,
                Turn::Later(ids) => {
                    dealt_with.extend(ids);
                    continue;
                }
            },
        };
        let letter = match rows.iter().find_map(|row| row.letter.as_ref()) {
            Some(letter) => letter_id(letter)?,
            None => DeliveryId::new(),
        };
        let ids: Vec<DeliveryId> = rows.iter().map(|row| row.id).collect();
        diesel::update(outbox::table.filter(outbox::id.eq_any(&ids)))
            .set((
                outbox::letter.eq(letter.bytes().to_vec()),
                outbox::lease_until.eq(how.now.plus(how.span)),
            ))
            .execute(conn)?;
        dealt_with.extend(ids);
        claimed.push(Claimed { letter, rows });
    }
    Ok(())
}

fn letter_id(bytes: &[u8]) -> Result<DeliveryId> {
    let uuid = uuid::Uuid::from_slice(bytes)
        .map_err(|_| Error::Internal("the outbox holds a letter without an id".into()))?;
    Ok(DeliveryId::from_uuid(uuid))
}

/// What is due at `now` and in nobody's hands, the longest due first, at most `limit`.
pub fn due(conn: &mut Conn, now: Time, limit: i64) -> Result<Vec<Delivery>> {
    by_index_alone(conn, true)?;
    let query = outbox::table
        .filter(is("waiting"))
        .filter(outbox::due_at.le(now))
        .filter(
            outbox::lease_until
                .is_null()
                .or(outbox::lease_until.lt(now)),
        )
        .order(outbox::due_at)
        .limit(limit);
    let due = query.load(conn)?;
    by_index_alone(conn, false)?;
    Ok(due)
}

/// Keeps PostgreSQL from sorting, or lets it again, for the rest of the transaction. A large burst is there before the
/// statistics know of it; taken for a small one, all of it would be read and sorted each time to find its first few.
fn by_index_alone(conn: &mut Conn, is_so: bool) -> Result<()> {
    if let Conn::Postgres(_) = conn {
        let value = if is_so { "off" } else { "on" };
        diesel::sql_query(
            "SELECT set_config('enable_sort', $1, true), set_config('enable_bitmapscan', $1, true)",
        )
        .bind::<diesel::sql_types::Text, _>(value)
        .execute(conn)?;
    }
    Ok(())
}

/// Spelled out, so that SQLite sees that its partial index applies.
fn is(state: &'static str) -> diesel::expression::SqlLiteral<diesel::sql_types::Bool> {
    diesel::dsl::sql(match state {
        "waiting" => "state = 'waiting'",
        "dead" => "state = 'dead'",
        _ => "state = 'done'",
    })
}

fn of_letter(conn: &mut Conn, letter: &[u8]) -> Result<Vec<Delivery>> {
    let query = outbox::table
        .filter(outbox::letter.eq(letter))
        .filter(outbox::state.eq("waiting"))
        .order(outbox::id);
    Ok(query.load(conn)?)
}

/// Whether what is due goes out.
enum Turn {
    /// These do, together.
    Now(Vec<Delivery>),
    /// These wait after all.
    Later(Vec<DeliveryId>),
}

/// What goes out with a row that is in no letter yet, or waits with it.
fn gathered(conn: &mut Conn, row: &Delivery, how: Claiming) -> Result<Turn> {
    let cadence = *row.cadence;
    let oldest = alike(row).order(outbox::id).limit(GATHERED);
    match (row.kind.as_str(), cadence) {
        (COMMENT_WAITING, _) => {
            let settled = row.created_at.plus(how.quiet);
            if how.now < settled {
                postpone(conn, &[row.id], settled, None)?;
                return Ok(Turn::Later(vec![row.id]));
            }
            match free_at(conn, row, how.now)? {
                Some(later) => put_off(conn, row, later),
                None => Ok(Turn::Now(oldest.load(conn)?)),
            }
        }
        (NEWS, Frequency::Instant) => {
            let rows: Vec<Delivery> = oldest.load(conn)?;
            match free_at(conn, row, how.now)? {
                Some(later) if !rows.iter().any(is_reply) => put_off(conn, row, later),
                _ => Ok(Turn::Now(rows)),
            }
        }
        (NEWS, _) => Ok(Turn::Now(
            oldest.filter(outbox::due_at.le(how.now)).load(conn)?,
        )),
        _ => Ok(Turn::Now(vec![row.clone()])),
    }
}

/// What may go into one letter with a row, and is in none.
fn alike(row: &Delivery) -> outbox::BoxedQuery<'static, <Conn as Connection>::Backend> {
    let query = outbox::table
        .filter(outbox::recipient.eq(row.recipient))
        .filter(outbox::state.eq("waiting"))
        .filter(outbox::kind.eq(row.kind.clone()))
        .filter(outbox::cadence.eq(Named(*row.cadence)))
        .filter(outbox::letter.is_null())
        .into_boxed();
    match (row.kind.as_str(), *row.cadence) {
        (NEWS, Frequency::Instant) => query.filter(outbox::thread_id.eq(row.thread_id)),
        _ => query,
    }
}

/// Lets all that may go into one letter with a row wait, however much it is; a part of it left due would stand before all else.
fn put_off(conn: &mut Conn, row: &Delivery, later: Time) -> Result<Turn> {
    let due = alike(row).filter(outbox::due_at.lt(later));
    let ids: Vec<DeliveryId> = due.select(outbox::id).load(conn)?;
    for part in ids.chunks(MANY) {
        postpone(conn, part, later, None)?;
    }
    Ok(Turn::Later(ids))
}

fn is_reply(row: &Delivery) -> bool {
    row.reason.iter().any(|cause| cause.scope == Scope::Replies)
}

/// When the next letter of its kind, for news about its thread, may go to this mailbox; `None`: now.
fn free_at(conn: &mut Conn, row: &Delivery, now: Time) -> Result<Option<Time>> {
    // No word of the kind, by which PostgreSQL may take another index and read all there are of it.
    let mut recent: Vec<Delivery> = outbox::table
        .filter(outbox::recipient.eq(row.recipient))
        .filter(outbox::state.eq_any(["done", "waiting", "dead"]))
        .filter(outbox::due_at.gt(now.minus(HOUR)))
        .filter(outbox::letter.is_not_null())
        .load(conn)?;
    recent.retain(|told| {
        let is_about_it = row.kind != NEWS || told.thread_id == row.thread_id;
        told.kind == row.kind && *told.cadence == *row.cadence && is_about_it
    });
    // A letter went out when its rows were settled, or, if it is still on its way, is about to.
    let mut letters: BTreeMap<Vec<u8>, (Time, bool)> = BTreeMap::new();
    for told in recent {
        let is_reply = is_reply(&told);
        if let Some(letter) = told.letter {
            let entry = letters.entry(letter).or_insert((told.due_at, false));
            entry.1 |= is_reply;
        }
    }
    let mut times: Vec<Time> = letters
        .into_values()
        .filter(|(_, is_reply)| !is_reply)
        .map(|(at, _)| at)
        .collect();
    times.sort_unstable();
    // With the third-last gone by, there is room for one more.
    let place = times.len().checked_sub(AT_ONCE);
    Ok(place.map(|place| times[place].plus(HOUR)))
}

/// Lets these wait until `at`, in nobody's hands; with the reason, where there is one. No try is counted.
pub fn postpone(conn: &mut Conn, ids: &[DeliveryId], at: Time, why: Option<&str>) -> Result<()> {
    let rows = outbox::table
        .filter(outbox::id.eq_any(ids))
        .filter(outbox::state.eq("waiting"));
    let free = outbox::lease_until.eq(None::<Time>);
    match why {
        Some(why) => diesel::update(rows)
            .set((outbox::due_at.eq(at), free, outbox::last_error.eq(why)))
            .execute(conn)?,
        None => diesel::update(rows)
            .set((outbox::due_at.eq(at), free))
            .execute(conn)?,
    };
    Ok(())
}

/// Keeps what was claimed for longer.
pub fn renew(conn: &mut Conn, letters: &[DeliveryId], until: Time) -> Result<()> {
    let letters: Vec<Vec<u8>> = letters
        .iter()
        .map(|letter| letter.bytes().to_vec())
        .collect();
    let rows = outbox::table
        .filter(outbox::letter.eq_any(letters))
        .filter(outbox::state.eq("waiting"));
    diesel::update(rows)
        .set(outbox::lease_until.eq(until))
        .execute(conn)?;
    Ok(())
}

/// Says that these are done: told, or not to be told any more. From then on they bear the time of it.
pub fn settle(conn: &mut Conn, ids: &[DeliveryId], now: Time) -> Result<()> {
    diesel::update(outbox::table.filter(outbox::id.eq_any(ids)))
        .set((
            outbox::state.eq("done"),
            outbox::lease_until.eq(None::<Time>),
            outbox::due_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Says how far a long piece of work has come.
pub fn progress(conn: &mut Conn, id: DeliveryId, progress: &[u8], until: Time) -> Result<()> {
    diesel::update(outbox::table.find(id))
        .set((outbox::progress.eq(progress), outbox::lease_until.eq(until)))
        .execute(conn)?;
    Ok(())
}

/// The piece of work with that id, as it is now.
pub fn by_id(conn: &mut Conn, id: DeliveryId) -> Result<Option<Delivery>> {
    Ok(outbox::table.find(id).first(conn).optional()?)
}

/// How long to wait before the next try: a minute, then twice as long each time, up to four hours.
pub fn delay(attempts: i32) -> Duration {
    let doubled = 60u64 << attempts.clamp(1, 16).saturating_sub(1);
    Duration::from_secs(doubled).min(LONGEST)
}

/// Says that these failed: they are tried again at `at`, and after the last try kept as dead. Gives whether they are.
pub fn fail(conn: &mut Conn, claimed: &Claimed, error: &str, at: Time) -> Result<bool> {
    let attempts = claimed
        .rows
        .iter()
        .map(|row| row.attempts)
        .max()
        .unwrap_or_default()
        + 1;
    let is_dead = attempts >= TRIES;
    end(
        conn,
        claimed,
        if is_dead { "dead" } else { "waiting" },
        error,
        at,
    )?;
    Ok(is_dead)
}

/// Keeps these as dead, at once.
pub fn bury(conn: &mut Conn, claimed: &Claimed, error: &str, at: Time) -> Result<()> {
    end(conn, claimed, "dead", error, at)
}

fn end(conn: &mut Conn, claimed: &Claimed, state: &str, error: &str, at: Time) -> Result<()> {
    let ids: Vec<DeliveryId> = claimed.rows.iter().map(|row| row.id).collect();
    let rows = outbox::table
        .filter(outbox::id.eq_any(&ids))
        .filter(outbox::state.eq("waiting"));
    diesel::update(rows)
        .set((
            outbox::attempts.eq(outbox::attempts + 1),
            outbox::state.eq(state),
            outbox::last_error.eq(error),
            outbox::lease_until.eq(None::<Time>),
            outbox::due_at.eq(at),
        ))
        .execute(conn)?;
    Ok(())
}

/// How many there are of a kind in a state, and since when the oldest.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Count {
    /// The kind.
    pub kind: String,
    /// The state.
    pub state: String,
    /// How many.
    pub count: i64,
    /// When the oldest was called for.
    pub oldest: Option<Time>,
}

/// What is in the outbox, and not done.
pub fn counts(conn: &mut Conn) -> Result<Vec<Count>> {
    let mut counts = Vec::new();
    for state in ["waiting", "dead"] {
        let query = outbox::table
            .filter(is(state))
            .group_by((outbox::kind, outbox::state))
            .select((
                outbox::kind,
                outbox::state,
                diesel::dsl::count_star(),
                diesel::dsl::sql::<diesel::sql_types::Nullable<diesel::sql_types::BigInt>>(
                    "MIN(created_at)",
                ),
            ))
            .order(outbox::kind);
        counts.extend(query.load::<Count>(conn)?);
    }
    Ok(counts)
}

/// Those of a state (`waiting`, `done` or `dead`) in the order of their ids, at most `limit`.
pub fn page(conn: &mut Conn, state: &'static str, limit: i64) -> Result<Vec<Delivery>> {
    let query = outbox::table
        .filter(is(state))
        .order(outbox::id)
        .limit(limit);
    Ok(query.load(conn)?)
}

/// Lets those that are dead be tried anew: all, or one with whatever goes out in the same letter, since a part of it would be
/// another letter. Gives how many.
pub fn retry(conn: &mut Conn, id: Option<DeliveryId>, now: Time) -> Result<usize> {
    let mut dead = outbox::table.filter(is("dead")).into_boxed();
    if let Some(id) = id {
        let letter = by_id(conn, id)?.and_then(|row| row.letter);
        dead = match letter {
            Some(letter) => dead.filter(outbox::letter.eq(letter)),
            None => dead.filter(outbox::id.eq(id)),
        };
    }
    let ids: Vec<DeliveryId> = dead.select(outbox::id).load(conn)?;
    let mut tried = 0;
    for part in ids.chunks(MANY) {
        tried += diesel::update(outbox::table.filter(outbox::id.eq_any(part)))
            .set((
                outbox::state.eq("waiting"),
                outbox::attempts.eq(0),
                outbox::due_at.eq(now),
                outbox::lease_until.eq(None::<Time>),
            ))
            .execute(conn)?;
    }
    Ok(tried)
}

/// What a letter to a mailbox was made of, known by the end of its id; nothing, if that is forgotten.
pub fn letter_to(conn: &mut Conn, recipient: MailboxId, end: [u8; 4]) -> Result<Vec<Delivery>> {
    let rows: Vec<Delivery> = outbox::table
        .filter(outbox::recipient.eq(recipient))
        .filter(outbox::letter.is_not_null())
        .load(conn)?;
    let is_it = |row: &Delivery| {
        row.letter
            .as_ref()
            .is_some_and(|letter| letter.ends_with(&end))
    };
    Ok(rows.into_iter().filter(is_it).collect())
}

/// Forgets at most `limit` pieces of work that were called for before `before` and are done; gives how
/// many.
pub fn forget(conn: &mut Conn, before: Time, limit: i64) -> Result<usize> {
    let done: Vec<DeliveryId> = outbox::table
        // Spelled out, so that SQLite sees that its partial index applies.
        .filter(Literal("state = 'done'"))
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
