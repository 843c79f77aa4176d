//! Comments as moderators see them: with what holds them, who wrote them, and what they answer.

use std::collections::HashMap;

use serde::Serialize;

use super::comment::{self, OwnComment};
use super::thread::Thread;
use crate::domain::id::{CommentId, Id, PersonId};
use crate::domain::judgement::Said;
use crate::domain::time::Time;
use crate::domain::word::Status;
use crate::error::Result;
use crate::store::comments::{self, Comment};
use crate::store::people::{self, Person};
use crate::store::{Conn, judgements, page_hints, sites, threads};

/// A comment of the queue.
#[derive(Debug, Serialize)]
pub struct Queued {
    #[serde(flatten)]
    comment: OwnComment,
    risk: i64,
    reports: i64,
    /// What every phase said when it was judged.
    opinions: Vec<Said>,
    record: Option<Record>,
    /// What it answers, if anything.
    answers: Option<Answered>,
    thread: Thread,
    /// What the browser that sent it said of its page, as far as nobody knows better.
    page_hint: Option<PageHint>,
}

/// What a browser said of its page.
#[derive(Debug, Serialize)]
struct PageHint {
    url: String,
    title: Option<String>,
}

/// What moderators decided about a person's comments on this site so far.
#[derive(Debug, Serialize)]
pub struct Record {
    person: PersonId,
    approved: i64,
    rejected: i64,
    rejected_at: Option<Time>,
    since: Time,
}

impl Record {
    /// A person's.
    pub fn of(person: &Person) -> Self {
        Self {
            person: person.id,
            approved: person.approved,
            rejected: person.rejected,
            rejected_at: person.rejected_at,
            since: person.created_at,
        }
    }
}

/// What a comment answers.
#[derive(Debug, Serialize)]
struct Answered {
    id: CommentId,
    name: Option<String>,
    status: Status,
    body_html: Option<String>,
}

impl Answered {
    fn of(row: &Comment) -> Self {
        let is_there = *row.status != Status::Deleted;
        Self {
            id: row.id,
            name: row.author_name.clone(),
            status: *row.status,
            body_html: is_there.then(|| row.body_html.clone()),
        }
    }
}

/// Renders rows, in their order, for moderators.
pub fn queued(conn: &mut Conn, rows: &[Comment], now: Time) -> Result<Vec<Queued>> {
    let threads = by_id(
        threads::by_ids(conn, &ids(rows, |row| Some(row.thread_id)))?,
        |row| row.id,
    );
    let sites = by_id(
        sites::by_ids(conn, &ids(rows, |row| Some(row.site_id)))?,
        |row| row.id,
    );
    let people = by_id(
        people::by_ids(conn, &ids(rows, |row| Some(row.person_id)))?,
        |row| row.id,
    );
    let answered = by_id(comments::by_ids(conn, &ids(rows, target))?, |row| row.id);
    let judgements = judgements::of(conn, &ids(rows, |row| Some(row.id)))?;
    let mut opinions: HashMap<CommentId, Vec<Said>> = judgements
        .into_iter()
        .map(|judgement| (judgement.comment_id, judgement.opinions.to_vec()))
        .collect();
    let mut hints = by_id(
        page_hints::of_all(conn, &ids(rows, |row| Some(row.id)))?,
        |hint| hint.comment_id,
    );
    let views = comment::moderated(conn, rows)?;
    let items = rows.iter().zip(views).filter_map(|(row, comment)| {
        let (thread, site) = (threads.get(&row.thread_id)?, sites.get(&row.site_id)?);
        Some(Queued {
            comment,
            risk: row.risk,
            reports: row.reports,
            opinions: opinions.remove(&row.id).unwrap_or_default(),
            record: people.get(&row.person_id).map(Record::of),
            answers: target(row)
                .and_then(|id| answered.get(&id))
                .map(Answered::of),
            thread: Thread::stored(thread, site, now),
            page_hint: hints.remove(&row.id).map(|hint| PageHint {
                url: hint.url,
                title: hint.title,
            }),
        })
    });
    Ok(items.collect())
}

/// What a comment answers: whom it says, or else the comment it is shown beneath.
fn target(row: &Comment) -> Option<CommentId> {
    row.reply_to.or(row.parent_id)
}

fn ids<K>(rows: &[Comment], of: impl Fn(&Comment) -> Option<Id<K>>) -> Vec<Id<K>> {
    let mut ids: Vec<_> = rows.iter().filter_map(of).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn by_id<K, T>(rows: Vec<T>, id: impl Fn(&T) -> Id<K>) -> HashMap<Id<K>, T> {
    rows.into_iter().map(|row| (id(&row), row)).collect()
}
