//! Choices as their owner sees them: of one's own token, and of a letter's pages.

use std::collections::HashMap;

use serde::Serialize;

use crate::domain::id::{SubscriptionId, ThreadId};
use crate::domain::subscription::{Frequency, Scope, Standing};
use crate::domain::visibility::CommentSight;
use crate::error::Result;
use crate::store::sites::Site;
use crate::store::subscriptions::Subscription as Row;
use crate::store::{Conn, comments, threads};

/// A choice of one's own, about the thread that is at hand.
#[derive(Debug, Clone, Serialize)]
pub struct Subscription {
    id: SubscriptionId,
    scope: Scope,
    frequency: Frequency,
    state: Standing,
}

impl Subscription {
    /// A stored choice.
    pub fn stored(row: &Row) -> Self {
        Self {
            id: row.id,
            scope: *row.scope,
            frequency: *row.frequency,
            state: *row.state,
        }
    }
}

/// A choice with what it is about, for the pages that letters lead to.
#[derive(Debug, Clone, Serialize)]
pub struct Followed {
    /// Its id.
    pub id: SubscriptionId,
    /// What kind of thing is followed.
    pub scope: Scope,
    /// How soon one is told.
    pub frequency: Frequency,
    /// Where the choice stands.
    pub state: Standing,
    /// The thread's title, if its publisher gave one; never what a reader's browser told.
    pub title: Option<String>,
    /// The thread's page, once it is known.
    pub url: Option<String>,
    /// Who is followed, or whose comment it is; `None` where there is no name.
    pub name: Option<String>,
}

impl Followed {
    /// Stored choices of one site, in their order.
    pub fn stored(conn: &mut Conn, site: &Site, rows: &[Row]) -> Result<Vec<Self>> {
        let ids: Vec<ThreadId> = rows.iter().filter_map(|row| row.thread_id).collect();
        let known = threads::by_ids(conn, &ids)?;
        let threads: HashMap<_, _> = known
            .into_iter()
            .filter(|thread| thread.site_id == site.id)
            .map(|thread| (thread.id, thread))
            .collect();
        let targets = |scope: Scope| {
            let rows = rows.iter().filter(move |row| *row.scope == scope);
            rows.map(|row| row.target)
        };
        let answered: Vec<_> = targets(Scope::Comment).map(|id| id.cast()).collect();
        let mut names = HashMap::new();
        for target in targets(Scope::Author) {
            // The name that the public knows; the last one given may wait for a moderator.
            let latest = comments::latest_of_person(conn, target.cast())?;
            names.insert(target, latest.and_then(|comment| comment.author_name));
        }
        for comment in comments::by_ids(conn, &answered)? {
            let thread = threads.get(&comment.thread_id);
            if thread.is_some_and(|thread| comment.sight(thread) == CommentSight::Whole) {
                names.insert(comment.id.cast(), comment.author_name);
            }
        }
        let followed = rows.iter().map(|row| {
            let thread = row.thread_id.and_then(|id| threads.get(&id).cloned());
            let title = thread.as_ref().and_then(threads::Thread::title);
            let title = title.map(str::to_owned);
            let url = thread.filter(threads::Thread::has_address);
            Self {
                id: row.id,
                scope: *row.scope,
                frequency: *row.frequency,
                state: *row.state,
                title,
                url: url.map(|thread| thread.url),
                name: names.get(&row.target).cloned().flatten(),
            }
        });
        Ok(followed.collect())
    }
}
