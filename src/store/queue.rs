//! The moderators' queue: comments by what they look for, in an order of theirs. Each order has an
//! index of its own; what else is asked for is looked at on the way.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::Conn;
use super::comments::Comment;
use super::fixed::Literal;
use super::schema::comments;
use super::types::Named;
use crate::domain::cursor::Cursor;
use crate::domain::id::{CommentId, PersonId, SiteId, ThreadId};
use crate::domain::moderation::QueueSort;
use crate::domain::time::Time;
use crate::domain::word::{Status, Word};
use crate::error::Result;

/// Which comments a moderator asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// In this state; in any but `deleted`, when `None`.
    pub status: Option<Status>,
    /// On this site only.
    pub site: Option<SiteId>,
    /// In this thread only.
    pub thread: Option<ThreadId>,
    /// By this person only.
    pub author: Option<PersonId>,
    /// Only what is reported.
    pub reported: bool,
    /// Only what is held for a reason of this code.
    pub reason: Option<String>,
    /// Only what has all of these words, as [`crate::domain::moderation::search_words`] gives them.
    pub words: Vec<String>,
    /// Sent at this time or later.
    pub since: Option<Time>,
    /// Sent before this time.
    pub until: Option<Time>,
    /// In this order.
    pub sort: QueueSort,
}

impl Queue {
    /// What waits, the longest waiting first.
    pub fn pending() -> Self {
        Self {
            status: Some(Status::Pending),
            site: None,
            thread: None,
            author: None,
            reported: false,
            reason: None,
            words: Vec::new(),
            since: None,
            until: None,
            sort: QueueSort::Oldest,
        }
    }

    /// What a cursor remembers of this comment.
    pub fn cursor(&self, row: &Comment) -> Cursor {
        let key = match self.sort {
            QueueSort::Newest | QueueSort::Oldest => row.created_at.micros(),
            QueueSort::Risk => row.risk,
            QueueSort::Reports => row.reports,
        };
        Cursor {
            key,
            id: row.id.bytes(),
        }
    }
}

/// Spelled out rather than bound, so that SQLite sees that its partial indexes apply.
const PENDING: &str = "comments.status = 'pending'";
const REPORTED: &str = "comments.reports > 0";

/// Among how many of the latest comments with these words SQLite looks: a word that is everywhere
/// would otherwise be looked up a million times.
const LATEST: i64 = 10_000;

/// The comments of a queue after a cursor, at most `limit`. What waits is comments that nobody has published, and published ones
/// of which a new text waits.
pub fn page(
    conn: &mut Conn,
    queue: &Queue,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Comment>> {
    let mut rows = part(conn, queue, Part::Comments, after, limit)?;
    let waits = match queue.sort {
        QueueSort::Newest | QueueSort::Oldest => queue.status == Some(Status::Pending),
        QueueSort::Risk => true,
        // What is reported is looked for wherever it stands.
        QueueSort::Reports => false,
    };
    if waits {
        rows.extend(part(conn, queue, Part::Texts, after, limit)?);
        let cursor = |row: &Comment| {
            let cursor = queue.cursor(row);
            (cursor.key, cursor.id)
        };
        rows.sort_by_key(cursor);
        if queue.sort != QueueSort::Oldest {
            rows.reverse();
        }
        rows.truncate(limit as usize);
    }
    Ok(rows)
}

/// Which part of a queue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Comments that stand where the queue says.
    Comments,
    /// Published comments of which a new text waits.
    Texts,
}

fn part(
    conn: &mut Conn,
    queue: &Queue,
    part: Part,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Comment>> {
    let mut query = comments::table.limit(limit).into_boxed();
    let reported = queue.reported || queue.sort == QueueSort::Reports;
    query = match (queue.sort, queue.status) {
        _ if part == Part::Texts => query.filter(sql::<Bool>("comments.draft")),
        (QueueSort::Risk, _) => query.filter(sql::<Bool>(PENDING)),
        // A sum of texts has no index: few are reported, and few are by one person, but many may be in
        // one state, and SQLite cannot know.
        (_, Some(status)) if reported || queue.author.is_some() => {
            query.filter(sql::<Bool>("comments.status || '' = ").bind::<Text, _>(status.word()))
        }
        (_, Some(status)) => query.filter(comments::status.eq(Named(status))),
        (_, None) => query.filter(comments::status.ne(Named(Status::Deleted))),
    };
    if reported {
        query = query.filter(sql::<Bool>(REPORTED));
    }
    if let Some(site) = queue.site {
        query = query.filter(comments::site_id.eq(site));
    }
    if let Some(thread) = queue.thread {
        query = query.filter(comments::thread_id.eq(thread));
    }
    if let Some(author) = queue.author {
        query = query.filter(comments::person_id.eq(author));
    }
    if let Some(since) = queue.since {
        query = query.filter(comments::created_at.ge(since));
    }
    if let Some(until) = queue.until {
        query = query.filter(comments::created_at.lt(until));
    }
    if let Some(code) = &queue.reason {
        // Codes are of a-z, 0-9 and `_`, which is one of LIKE's own signs.
        let pattern = format!("%\"code\":\"{}\"%", code.replace('_', "\\_"));
        query = match part {
            Part::Comments => query.filter(comments::reasons.like(pattern).escape('\\')),
            Part::Texts => query.filter(
                // As a value, so that PostgreSQL goes on walking the order's own index.
                sql::<Bool>(
                    "(SELECT d.reasons FROM drafts d WHERE d.comment_id = comments.id) LIKE ",
                )
                .bind::<Text, _>(pattern)
                .sql(" ESCAPE '\\'"),
            ),
        };
    }
    if part == Part::Texts {
        // Few wait, so they are looked through rather than indexed. Words are letters and figures. SQLite knows of small letters
        // but in ASCII, so a word is also looked for as it begins a sentence.
        for word in &queue.words {
            let small = word.to_lowercase();
            let mut rest = small.chars();
            let capital: String = rest.next().map_or_else(String::new, |first| {
                first.to_uppercase().chain(rest).collect()
            });
            let text = "(SELECT lower(coalesce(comments.author_name, '') || ' ' || d.body) \
                        FROM drafts d WHERE d.comment_id = comments.id) LIKE ";
            let has = |word: String| sql::<Bool>(text).bind::<Text, _>(format!("%{word}%"));
            query = query.filter(has(small).or(has(capital)));
        }
    } else if !queue.words.is_empty() {
        query = match conn {
            Conn::Sqlite(_) => {
                let quoted: Vec<_> = queue.words.iter().map(|w| format!("\"{w}\"")).collect();
                query.filter(
                    sql::<Bool>(
                        "comments.id IN (SELECT n.comment_id FROM comment_words w \
                         JOIN comment_numbers n ON n.number = w.rowid WHERE w.words MATCH ",
                    )
                    .bind::<Text, _>(quoted.join(" "))
                    .sql(&format!(" ORDER BY w.rowid DESC LIMIT {LATEST})")),
                )
            }
            Conn::Postgres(_) => query.filter(
                sql::<Bool>("comments.words @@ plainto_tsquery('simple', ")
                    .bind::<Text, _>(queue.words.join(" "))
                    .sql(")"),
            ),
        };
    }
    let place = after.map(|cursor| {
        let id = CommentId::from_uuid(uuid::Uuid::from_bytes(cursor.id));
        (cursor.key, id)
    });
    // See `comments::roots` for the form of these conditions.
    let query = match queue.sort {
        QueueSort::Oldest => {
            let query = query.order((comments::created_at.asc(), comments::id.asc()));
            match place {
                None => query,
                Some((key, id)) => {
                    let at = Time::from_micros(key);
                    query
                        .filter(comments::created_at.ge(at))
                        .filter(comments::created_at.gt(at).or(comments::id.gt(id)))
                }
            }
        }
        QueueSort::Newest => {
            let query = query.order((comments::created_at.desc(), comments::id.desc()));
            match place {
                None => query,
                Some((key, id)) => {
                    let at = Time::from_micros(key);
                    query
                        .filter(comments::created_at.le(at))
                        .filter(comments::created_at.lt(at).or(comments::id.lt(id)))
                }
            }
        }
        QueueSort::Risk => {
            let query = query.order((comments::risk.desc(), comments::id.desc()));
            match place {
                None => query,
                Some((risk, id)) => query
                    .filter(comments::risk.le(risk))
                    .filter(comments::risk.lt(risk).or(comments::id.lt(id))),
            }
        }
        QueueSort::Reports => {
            let query = query.order((comments::reports.desc(), comments::id.desc()));
            match place {
                None => query,
                Some((reports, id)) => query
                    .filter(comments::reports.le(reports))
                    .filter(comments::reports.lt(reports).or(comments::id.lt(id))),
            }
        }
    };
    Ok(query.load(conn)?)
}

/// Says that moderators have to hear of a comment: it waits, was reported, edited or decided on.
pub fn note(conn: &mut Conn, id: CommentId, at: Time) -> Result<()> {
    diesel::update(comments::table.find(id))
        .set(comments::queued_at.eq(at))
        .execute(conn)?;
    Ok(())
}

/// What moderators had to hear of since that time, and when, the oldest first, at most `limit`.
pub fn noted_since(
    conn: &mut Conn,
    site: Option<SiteId>,
    since: Time,
    limit: i64,
) -> Result<Vec<(CommentId, Time)>> {
    let mut query = comments::table
        .select((comments::id, comments::queued_at.assume_not_null()))
        .filter(comments::queued_at.is_not_null())
        .filter(comments::queued_at.ge(since))
        .order((comments::queued_at.asc(), comments::id.asc()))
        .limit(limit)
        .into_boxed();
    if let Some(site) = site {
        query = query.filter(comments::site_id.eq(site));
    }
    Ok(query.load(conn)?)
}

/// A person's comments since a time which do not stand at `but`, or whose new text waits; the oldest first, at most `limit`.
pub fn of_person_since(
    conn: &mut Conn,
    person: PersonId,
    since: Option<Time>,
    but: &[Status],
    limit: i64,
) -> Result<Vec<CommentId>> {
    let but: Vec<_> = but.iter().copied().map(Named).collect();
    let mut query = comments::table
        .filter(comments::person_id.eq(person))
        .filter(comments::status.ne_all(but).or(comments::draft))
        .order((comments::created_at.asc(), comments::id.asc()))
        .limit(limit)
        .select(comments::id)
        .into_boxed();
    if let Some(since) = since {
        query = query.filter(comments::created_at.ge(since));
    }
    Ok(query.load(conn)?)
}

/// How many comments, and new texts of published ones, wait in each of these threads; those in which nothing waits are left out.
pub fn waiting_in(conn: &mut Conn, ids: &[ThreadId]) -> Result<Vec<(ThreadId, i64)>> {
    let pending = comments::table
        .filter(comments::thread_id.eq_any(ids))
        .filter(comments::status.eq(Named(Status::Pending)))
        .group_by(comments::thread_id)
        .select((comments::thread_id, diesel::dsl::count_star()));
    let mut waiting: Vec<(ThreadId, i64)> = pending.load(conn)?;
    let drafts = comments::table
        .filter(comments::thread_id.eq_any(ids))
        // Spelled out, so that SQLite sees that its partial index applies.
        .filter(Literal("draft"))
        .group_by(comments::thread_id)
        .select((comments::thread_id, diesel::dsl::count_star()));
    let drafts: Vec<(ThreadId, i64)> = drafts.load(conn)?;
    for (thread, count) in drafts {
        match waiting.iter_mut().find(|(id, _)| *id == thread) {
            Some((_, sum)) => *sum += count,
            None => waiting.push((thread, count)),
        }
    }
    Ok(waiting)
}
