//! The queue, as a moderator asks for it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::caller::Caller;
use crate::domain::cursor::Cursor;
use crate::domain::id::SiteId;
use crate::domain::moderation::QueueSort;
use crate::domain::time::Time;
use crate::domain::word::{Role, Status, Word};
use crate::error::{Error, Result};
use crate::store::comments::Comment;
use crate::store::queue::{self, Queue};
use crate::store::{Conn, sites, tallies, threads};
use crate::view::queue::{Queued, queued};
use crate::view::{self, List};

/// For how many sites at most the counts are told.
const SITES: i64 = 1000;

/// A page of the queue. `total` is there where it is known without counting.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`], `invalid_cursor`.
pub fn page(
    conn: &mut Conn,
    caller: &Caller,
    queue: &Queue,
    after: Option<&str>,
    limit: usize,
    now: Time,
) -> Result<List<Queued>> {
    let queue = reached(caller, queue)?;
    let queue = Queue {
        thread: match queue.thread {
            Some(thread) => Some(threads::current_id(conn, thread)?),
            None => None,
        },
        ..queue
    };
    let (rows, next) = rows(conn, &queue, after, limit)?;
    Ok(List {
        items: queued(conn, &rows, now)?,
        next,
        total: total(conn, &queue)?,
    })
}

/// The queue, narrowed to what the caller may see.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`].
pub fn reached(caller: &Caller, queue: &Queue) -> Result<Queue> {
    Ok(Queue {
        site: reached_in_place(caller, queue.site)?,
        ..queue.clone()
    })
}

/// The site that was asked for, or else the only one that the caller reaches; every site, when `None`.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`].
pub fn reached_site(caller: &Caller, role: Role, site: Option<SiteId>) -> Result<Option<SiteId>> {
    let own = caller.authority.ok_or(Error::Unauthorized)?.site;
    let site = site.or(own);
    caller.must_see(role, site)?;
    Ok(site)
}

/// The same of what is read in a page to decide there: the queue and its counts.
fn reached_in_place(caller: &Caller, site: Option<SiteId>) -> Result<Option<SiteId>> {
    let own = caller.authority.ok_or(Error::Unauthorized)?.site;
    let site = site.or(own);
    caller.in_place().must_see(Role::Moderator, site)?;
    Ok(site)
}

/// The rows of a queue's page, and the cursor of the next.
pub fn rows(
    conn: &mut Conn,
    queue: &Queue,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<Comment>, Option<String>)> {
    let name = format!("queue {queue:?}");
    let after = after
        .map(|text| Cursor::decode(text, &name).map_err(Error::Query))
        .transpose()?;
    let rows = queue::page(conn, queue, after, limit as i64 + 1)?;
    Ok(view::page_of(rows, limit, |row| {
        queue.cursor(row).encode(&name)
    }))
}

fn total(conn: &mut Conn, queue: &Queue) -> Result<Option<i64>> {
    let plain = Queue {
        status: queue.status,
        site: queue.site,
        ..Queue::pending()
    };
    let sorted = Queue {
        sort: QueueSort::Oldest,
        ..queue.clone()
    };
    let (Some(status), true) = (queue.status, sorted == plain) else {
        return Ok(None);
    };
    if queue.sort == QueueSort::Reports {
        return Ok(None);
    }
    let standing = tallies::standing(conn, queue.site)?;
    let own = standing
        .iter()
        .filter(|tally| tally.name == status.word())
        .map(|tally| tally.count);
    Ok(Some(own.sum()))
}

/// How much there is of everything, per site.
#[derive(Debug, Serialize)]
pub struct Counts {
    site: String,
    pending: i64,
    published: i64,
    rejected: i64,
    spam: i64,
    trash: i64,
    /// Comments with open reports, whatever their state.
    reported: i64,
}

/// The counts of a site, or of every site that the caller moderates, in the order of their slugs.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`].
pub fn counts(conn: &mut Conn, caller: &Caller, site: Option<SiteId>) -> Result<List<Counts>> {
    let site = reached_in_place(caller, site)?;
    let rows = match site {
        Some(site) => sites::by_id(conn, site)?.into_iter().collect(),
        None => sites::page(conn, "", SITES)?,
    };
    let mut known: BTreeMap<SiteId, BTreeMap<String, i64>> = BTreeMap::new();
    for tally in tallies::standing(conn, site)? {
        *known
            .entry(tally.site_id)
            .or_default()
            .entry(tally.name)
            .or_default() += tally.count;
    }
    let items = rows.into_iter().map(|row| {
        let of = |name: &str| {
            known
                .get(&row.id)
                .and_then(|names| names.get(name))
                .copied()
                .unwrap_or_default()
        };
        Counts {
            pending: of(Status::Pending.word()),
            published: of(Status::Published.word()),
            rejected: of(Status::Rejected.word()),
            spam: of(Status::Spam.word()),
            trash: of(Status::Trash.word()),
            reported: of("reported"),
            site: row.slug,
        }
    });
    Ok(List::whole(items.collect()))
}
