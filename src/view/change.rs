//! What happened in a thread, told by what is there now: a text that was withdrawn never comes back.

use std::collections::HashMap;

use serde::Serialize;

use super::comment::{self, Comment};
use super::passage::Passage;
use super::thread::Thread;
use crate::domain::id::{CommentId, PassageId, ThreadId};
use crate::domain::site::Policy;
use crate::domain::time::Time;
use crate::domain::visibility::CommentSight;
use crate::domain::word::{EventKind, Word};
use crate::error::{Error, Result};
use crate::store::events::{self, Event};
use crate::store::threads::PublicThread;
use crate::store::{Conn, comments, passages, sites, threads};

/// One event.
#[derive(Debug, Serialize)]
pub struct Change {
    /// Its number in the log.
    pub version: i64,
    /// What happened, as it looks now.
    #[serde(rename = "type")]
    pub kind: &'static str,
    at: Time,
    comment_id: Option<CommentId>,
    comment: Option<Comment>,
    passage_id: Option<PassageId>,
    passage: Option<Passage>,
    thread: Option<Thread>,
}

/// A page of a thread's log.
#[derive(Debug, Serialize)]
pub struct Changes {
    /// The events, oldest first.
    pub items: Vec<Change>,
    /// The `since` to go on from, if there is more.
    pub next: Option<String>,
    /// Not counted.
    pub total: Option<i64>,
    /// The version that the thread is at.
    pub version: i64,
}

/// The first `limit` events after `since`.
///
/// # Errors
/// [`Error::Resync`] when the log does not tell all that came after `since`.
pub fn since(
    conn: &mut Conn,
    thread: ThreadId,
    since: i64,
    limit: i64,
    now: Time,
) -> Result<Changes> {
    let Some(row) = threads::by_id(conn, thread)? else {
        // A page may be read, and its log followed, before its first comment.
        return match since {
            0 => Ok(Changes {
                items: Vec::new(),
                next: None,
                total: None,
                version: 0,
            }),
            _ => Err(Error::Resync),
        };
    };
    let version = row.version;
    let Some(row) = row.public() else {
        // Whoever read it before it was hidden reads it anew, as an empty one; of what happens in it meanwhile nothing is told.
        return match since == version {
            true => Ok(Changes {
                items: Vec::new(),
                next: None,
                total: None,
                version,
            }),
            false => Err(Error::Resync),
        };
    };
    if !events::reaches(conn, thread, since, version)? {
        return Err(Error::Resync);
    }
    let log = events::after(conn, thread, since, limit)?;
    let next = log
        .last()
        .filter(|last| last.version < version)
        .map(|last| last.version.to_string());
    let items = render(conn, &row, &log, now)?;
    Ok(Changes {
        items,
        next,
        total: None,
        version,
    })
}

fn render(conn: &mut Conn, row: &PublicThread, log: &[Event], now: Time) -> Result<Vec<Change>> {
    let site = sites::by_id(conn, row.site_id)?.ok_or(Error::NotFound)?;
    let mut ids: Vec<_> = log.iter().filter_map(|event| event.comment_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut rows = comments::by_ids(conn, &ids)?;
    rows.retain(|comment| comment.sight(row) != CommentSight::Nothing);
    let views: HashMap<CommentId, Comment> = comment::public(conn, row, &rows)?
        .into_iter()
        .map(|view| (view.id(), view))
        .collect();
    let passages = passages_of(conn, log, &site.policy)?;
    let changes = log.iter().map(|event| {
        let view = event.comment_id.and_then(|id| views.get(&id).cloned());
        let is_thread = matches!(
            *event.kind,
            EventKind::ThreadUpdated | EventKind::ThreadReset
        );
        Change {
            version: event.version,
            kind: event.kind.word(),
            at: event.at,
            comment_id: event.comment_id,
            comment: view,
            passage_id: event.passage_id,
            passage: event.passage_id.and_then(|id| passages.get(&id).cloned()),
            thread: (is_thread && row.has_address()).then(|| Thread::stored(row, &site, now)),
        }
    });
    Ok(changes.collect())
}

/// The passages that these events happened to, as far as the public sees them.
fn passages_of(
    conn: &mut Conn,
    log: &[Event],
    policy: &Policy,
) -> Result<HashMap<PassageId, Passage>> {
    let mut ids: Vec<_> = log.iter().filter_map(|event| event.passage_id).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    ids.sort_unstable();
    ids.dedup();
    let rows = passages::by_ids(conn, &ids)?;
    let public = rows.iter();
    Ok(public
        .filter_map(|row| Some((row.id, Passage::public(row, policy)?)))
        .collect())
}
