//! Moderators' decisions. The queue with reasons, rules and a record stand on this.

use std::collections::HashMap;

use serde::Serialize;

use super::caller::Caller;
use super::publishing;
use crate::domain::cursor::Cursor;
use crate::domain::id::{CommentId, Id};
use crate::domain::judgement::Reason;
use crate::domain::time::Time;
use crate::domain::word::{Role, Status, Word};
use crate::error::{Error, Result};
use crate::store::comments::{self, Comment, Queue};
use crate::store::events::Locked;
use crate::store::{Conn, Store, sites, threads};
use crate::view::comment::OwnComment;
use crate::view::{self, List};

/// What a moderator does with a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Everybody may see it.
    Approve,
    /// Nobody shall.
    Reject,
}

impl Word for Action {
    const ALL: &'static [Self] = &[Self::Approve, Self::Reject];

    fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }
}

/// A comment that is decided about.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Which.
    pub id: CommentId,
    /// The text that was read; when it was edited since, nothing is decided.
    pub revision: Option<i64>,
}

/// What became of one comment of a decision.
#[derive(Debug, Serialize)]
pub struct Decided {
    id: CommentId,
    /// Whether it is now as the action wants it.
    pub ok: bool,
    status: Option<Status>,
    code: Option<&'static str>,
    /// What was wrong.
    pub detail: Option<String>,
}

/// Carries a decision out on each of these comments, and tells what became of each, in their order.
/// One that fails does not stop the others.
///
/// # Errors
/// [`Error::Unauthorized`] or [`Error::Forbidden`] when the caller decides nowhere; an outage.
pub async fn decide(
    store: &Store,
    caller: &Caller,
    action: Action,
    targets: &[Target],
    reason: Option<Reason>,
    now: Time,
) -> Result<Vec<Decided>> {
    let authority = caller.must_be(Role::Moderator)?;
    caller.must_change(Role::Moderator, authority.site)?;
    let mut decided = Vec::new();
    for &Target { id, revision } in targets {
        let caller = caller.clone();
        let reason = reason.clone();
        let outcome = store.write(move |tx| {
            let found = comments::by_id(tx, id)?.ok_or(Error::NotFound)?;
            // A comment of another site is not there for this moderator.
            if !caller.has(Role::Moderator, found.site_id) {
                return Err(Error::NotFound);
            }
            caller.must_change(Role::Moderator, Some(found.site_id))?;
            let mut thread = Locked::lock(tx, found.thread_id)?;
            let mut comment = comments::by_id(tx, id)?.ok_or(Error::NotFound)?;
            if revision.is_some_and(|read| read != comment.revision) {
                return Err(Error::Changed);
            }
            match (action, *comment.status) {
                (_, Status::Deleted) => {
                    return Err(Error::Conflict("Its author has taken it back.".into()));
                }
                (Action::Approve, Status::Published) | (Action::Reject, Status::Rejected) => {}
                (Action::Approve, _) => publishing::publish(tx, &mut thread, &mut comment, now)?,
                (Action::Reject, Status::Published) => {
                    let reasons = reason.iter().cloned().collect();
                    publishing::withdraw(
                        tx,
                        &mut thread,
                        &mut comment,
                        Status::Rejected,
                        reasons,
                        now,
                    )?;
                }
                (Action::Reject, _) => {
                    let reasons = reason.iter().cloned().collect();
                    publishing::hold(tx, &mut comment, Status::Rejected, reasons)?;
                }
            }
            Ok(*comment.status)
        });
        decided.push(match outcome.await {
            Ok(status) => Decided {
                id,
                ok: true,
                status: Some(status),
                code: None,
                detail: None,
            },
            Err(error) if error.is_outage() => return Err(error),
            Err(error) => Decided {
                id,
                ok: false,
                status: None,
                code: Some(error.code()),
                detail: Some(error.to_string()),
            },
        });
    }
    Ok(decided)
}

/// A comment of the queue, with the thread it is in.
#[derive(Debug, Serialize)]
pub struct Queued {
    #[serde(flatten)]
    comment: OwnComment,
    thread: view::thread::Thread,
}

/// A page of the comments in a state, the longest waiting first.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`], `invalid_cursor`.
pub fn queue(
    conn: &mut Conn,
    caller: &Caller,
    queue: &Queue,
    after: Option<&str>,
    limit: usize,
    now: Time,
) -> Result<List<Queued>> {
    let (rows, next) = rows(conn, caller, queue, after, limit)?;
    let threads = by_id(
        threads::by_ids(conn, &ids(&rows, |row| row.thread_id))?,
        |row| row.id,
    );
    let sites = by_id(
        sites::by_ids(conn, &ids(&rows, |row| row.site_id))?,
        |row| row.id,
    );
    let comments = view::comment::own(conn, &rows)?;
    let items = rows.iter().zip(comments).filter_map(|(row, comment)| {
        let (thread, site) = (threads.get(&row.thread_id)?, sites.get(&row.site_id)?);
        let thread = view::thread::Thread::stored(thread, site, now);
        Some(Queued { comment, thread })
    });
    let items = items.collect();
    Ok(List {
        items,
        next,
        total: None,
    })
}

fn ids<K>(rows: &[Comment], of: impl Fn(&Comment) -> Id<K>) -> Vec<Id<K>> {
    let mut ids: Vec<_> = rows.iter().map(of).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn by_id<K, T>(rows: Vec<T>, id: impl Fn(&T) -> Id<K>) -> HashMap<Id<K>, T> {
    rows.into_iter().map(|row| (id(&row), row)).collect()
}

/// The rows of a queue's page, and the cursor of the next.
pub fn rows(
    conn: &mut Conn,
    caller: &Caller,
    queue: &Queue,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<Comment>, Option<String>)> {
    let own = caller.authority.ok_or(Error::Unauthorized)?.site;
    let site = queue.site.or(own);
    caller.must_see(Role::Moderator, site)?;
    let query = format!("queue {} {site:?} {:?}", queue.status.word(), queue.thread);
    let after = after
        .map(|text| Cursor::decode(text, &query).map_err(Error::Query))
        .transpose()?;
    let queue = Queue { site, ..*queue };
    let rows = comments::queue(conn, queue, after, limit as i64 + 1)?;
    Ok(view::page_of(rows, limit, |row| {
        Cursor {
            key: row.created_at.micros(),
            id: row.id.bytes(),
        }
        .encode(&query)
    }))
}
