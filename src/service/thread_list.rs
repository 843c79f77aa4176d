//! A site's threads, as its moderators see them: all there are, with what waits in each.

use std::collections::HashMap;

use serde::Serialize;

use super::caller::Caller;
use crate::domain::cursor::Cursor;
use crate::domain::id::ThreadId;
use crate::domain::site::state_at;
use crate::domain::time::Time;
use crate::domain::word::{Role, ThreadState, Word};
use crate::error::{Error, Result};
use crate::store::sites::Site;
use crate::store::threads::{self, Standing, Thread};
use crate::store::{Conn, queue};
use crate::view::{self, List};

/// How many of a thread's keys are told.
const KEYS: i64 = 100;

/// Which threads are asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// What their title or address contains.
    pub words: Option<String>,
    /// How they stand.
    pub standing: Option<Standing>,
    /// Where the list goes on.
    pub after: Option<String>,
    /// How many at most.
    pub limit: usize,
}

/// A thread, as moderators see it.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// Its id.
    pub id: ThreadId,
    /// The slug of its site.
    pub site: String,
    /// What its page is called.
    pub title: Option<String>,
    /// Where its page is.
    pub url: String,
    /// The key that it is known by.
    pub key: String,
    /// The keys that lead to it; the first hundred.
    pub keys: Vec<String>,
    /// Whether it takes comments.
    pub state: ThreadState,
    /// Whether it is kept from the public.
    pub hidden: bool,
    /// Published comments.
    pub comment_count: i64,
    /// Comments, and new texts of comments, that wait for a moderator.
    pub waiting_count: i64,
    /// When it was first heard of.
    pub created_at: Time,
    /// When something last happened in it.
    pub last_at: Time,
}

/// A page of a site's threads, the newest first.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`], `invalid_cursor`.
pub fn page(
    conn: &mut Conn,
    caller: &Caller,
    site: &Site,
    wanted: &Wanted,
    now: Time,
) -> Result<List<Shown>> {
    caller.must_see(Role::Moderator, Some(site.id))?;
    let standing = wanted.standing.map(Word::word);
    let name = format!("threads {} {standing:?} {:?}", site.slug, wanted.words);
    let after = wanted.after.as_deref();
    let after = after
        .map(|text| Cursor::decode(text, &name).map_err(Error::Query))
        .transpose()?;
    let which = threads::Filter {
        site: site.id,
        words: wanted.words.as_deref(),
        standing: wanted.standing,
    };
    let rows = threads::page(conn, &which, after, wanted.limit as i64 + 1)?;
    let (rows, next) = view::page_of(rows, wanted.limit, |row| {
        Cursor {
            key: row.created_at.micros(),
            id: row.id.bytes(),
        }
        .encode(&name)
    });
    Ok(List {
        items: shown(conn, site, rows, now)?,
        next,
        total: None,
    })
}

/// These threads of a site, with what is counted of them.
pub fn shown(conn: &mut Conn, site: &Site, rows: Vec<Thread>, now: Time) -> Result<Vec<Shown>> {
    let ids: Vec<ThreadId> = rows.iter().map(|row| row.id).collect();
    let waiting: HashMap<ThreadId, i64> = queue::waiting_in(conn, &ids)?.into_iter().collect();
    let mut shown = Vec::with_capacity(rows.len());
    for row in rows {
        let keys = threads::keys(conn, row.id, KEYS)?;
        shown.push(Shown {
            id: row.id,
            site: site.slug.clone(),
            title: row.title().map(str::to_owned),
            state: state_at(*row.state, site.policy.closes_at(row.created_at), now),
            hidden: row.hidden,
            comment_count: row.comment_count,
            waiting_count: waiting.get(&row.id).copied().unwrap_or_default(),
            created_at: row.created_at,
            last_at: row.last_at,
            url: row.url,
            key: row.key,
            keys,
        });
    }
    Ok(shown)
}
