//! Threads as everybody sees them.

use serde::Serialize;

use crate::domain::id::ThreadId;
use crate::domain::site::{Policy, state_at};
use crate::domain::time::Time;
use crate::domain::word::ThreadState;
use crate::store::sites::Site;
use crate::store::threads::Thread as Row;

/// A thread.
#[derive(Debug, Serialize)]
pub struct Thread {
    id: ThreadId,
    site: String,
    key: String,
    url: String,
    title: Option<String>,
    state: ThreadState,
    closes_at: Option<Time>,
    comment_count: i64,
    version: i64,
    created_at: Option<Time>,
}

impl Thread {
    /// A stored thread at this moment.
    pub fn stored(row: &Row, site: &Site, now: Time) -> Self {
        let closes_at = site.policy.closes_at(row.created_at);
        Self {
            id: row.id,
            site: site.slug.clone(),
            key: row.key.clone(),
            url: row.url.clone(),
            title: row.title().map(str::to_owned),
            state: match row.is_public() {
                true => state_at(*row.state, closes_at, now),
                false => ThreadState::Closed,
            },
            closes_at,
            comment_count: if row.is_public() {
                row.comment_count
            } else {
                0
            },
            version: row.version,
            created_at: Some(row.created_at),
        }
    }

    /// The same, at the address that was asked for, where its own is no more than a reader's word, and as one that nobody has written
    /// on, where nothing was published yet.
    pub fn at(mut self, row: &Row, url: &str) -> Self {
        if !row.has_address() {
            url.clone_into(&mut self.url);
        }
        if row.version == 0 {
            // That something waits there is nobody's business.
            (self.created_at, self.closes_at) = (None, None);
        }
        self
    }

    /// The thread of a page that nobody has commented on.
    pub fn unwritten(id: ThreadId, site: &Site, key: &str, url: &str) -> Self {
        Self {
            id,
            site: site.slug.clone(),
            key: key.to_owned(),
            url: url.to_owned(),
            title: None,
            state: ThreadState::Open,
            closes_at: None,
            comment_count: 0,
            version: 0,
            created_at: None,
        }
    }
}

/// Whether a stored thread takes comments at this moment.
pub fn is_open(row: &Row, policy: &Policy, now: Time) -> bool {
    row.is_public()
        && state_at(*row.state, policy.closes_at(row.created_at), now) == ThreadState::Open
}

/// What tells one state of a thread's public pages from another: while this is the same, so are
/// their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stamp {
    version: i64,
    site: i64,
    /// A thread may close by the clock alone.
    open: bool,
}

impl Stamp {
    /// The stamp of a page's thread at this moment, whether it has a row yet or not.
    pub fn of(row: Option<&Row>, site: &Site, now: Time) -> Self {
        Self {
            version: row.map_or(0, |row| row.version),
            site: site.version,
            open: row.is_none_or(|row| is_open(row, &site.policy, now)),
        }
    }
}
