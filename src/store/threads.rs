//! `threads` and the keys that lead to them.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::board::Change;
use super::connection::Run;
use super::events::Locked;
use super::fixed::fixed;
use super::schema::{thread_keys, threads};
use super::types::Named;
use super::{Conn, Tx};
use crate::domain::cursor::Cursor;
use crate::domain::id::{PersonId, SiteId, ThreadId};
use crate::domain::time::Time;
use crate::domain::visibility;
use crate::domain::word::{Moderation, ThreadState, Word};
use crate::error::{Error, Result};

/// A thread as it is stored.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = threads)]
pub struct Thread {
    /// Its id, minted from its first key.
    pub id: ThreadId,
    /// Its site.
    pub site_id: SiteId,
    /// The key it is known by now.
    pub key: String,
    /// Where its page is.
    pub url: String,
    /// The publisher's title.
    pub title: Option<String>,
    /// As set by hand; see [`crate::domain::site::state_at`] for the state at a moment.
    pub state: Named<ThreadState>,
    /// Overrides the site's policy.
    pub moderation: Option<Named<Moderation>>,
    /// Published comments.
    pub comment_count: i64,
    /// How many events its log has had.
    pub version: i64,
    /// The time of the last event; the next one is later.
    pub last_at: Time,
    /// When its row was made.
    pub created_at: Time,
    /// Whether moderators keep it from the public.
    pub hidden: bool,
    /// The author whose page it is.
    pub owner_id: Option<PersonId>,
    /// The title in the page itself.
    pub page_title: Option<String>,
    /// When the page was last asked.
    pub page_asked_at: Option<Time>,
    /// Whether the address is more than a reader's word: the publisher or the page says so, or it is the key.
    pub url_known: bool,
    /// The thread that this one was joined into: its id leads there.
    pub joined_into: Option<ThreadId>,
    /// Whether rows are being moved into it or out of it just now; see [`super::joins`].
    pub joining: bool,
}

impl Thread {
    /// What its page is called, if its publisher or the page itself has said so. What a reader's browser said never counts.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref().or(self.page_title.as_deref())
    }

    /// Whether its address may be shown: one that is a reader's word alone is no more than a hint while nothing is published.
    pub fn has_address(&self) -> bool {
        self.url_known || self.comment_count > 0
    }

    /// Whether the public may look into it.
    pub fn is_public(&self) -> bool {
        visibility::thread(self.hidden)
    }

    /// The thread as the right to show what is in it; `None` when it is kept from the public.
    pub fn public(self) -> Option<PublicThread> {
        self.is_public().then_some(PublicThread(self))
    }

    /// A thread that nothing has happened in.
    pub fn empty(id: ThreadId, site: SiteId, key: &str, url: &str, now: Time) -> Self {
        Self {
            id,
            site_id: site,
            key: key.to_owned(),
            url: url.to_owned(),
            title: None,
            state: Named(ThreadState::Open),
            moderation: None,
            comment_count: 0,
            version: 0,
            last_at: now,
            created_at: now,
            hidden: false,
            owner_id: None,
            page_title: None,
            page_asked_at: None,
            url_known: key == url,
            joined_into: None,
            joining: false,
        }
    }
}

/// A thread into which the public may look: whatever shows the public something of a thread has to be handed this.
#[derive(Debug, Clone)]
pub struct PublicThread(Thread);

impl std::ops::Deref for PublicThread {
    type Target = Thread;

    fn deref(&self) -> &Thread {
        &self.0
    }
}

/// What publishers and moderators set.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = threads)]
pub struct Settings {
    /// Where its page is.
    pub url: Option<String>,
    /// The publisher's title.
    pub title: Option<String>,
    /// Open or closed.
    pub state: Option<Named<ThreadState>>,
    /// `Some(None)` takes the override away.
    pub moderation: Option<Option<Named<Moderation>>>,
    /// Whether moderators keep it from the public.
    pub hidden: Option<bool>,
    /// The author whose page it is.
    pub owner_id: Option<PersonId>,
    /// The key it is known by.
    pub key: Option<String>,
    /// The title in the page itself.
    pub page_title: Option<String>,
    /// Whether the address is more than a reader's word.
    pub url_known: Option<bool>,
}

/// Where the pages are of a site's threads that the public sees, the newest thread first, at most `limit`.
pub fn newest_pages(conn: &mut Conn, site: SiteId, limit: i64) -> Result<Vec<String>> {
    let query = threads::table
        .filter(threads::site_id.eq(site))
        .filter(threads::hidden.eq(false))
        .filter(threads::joined_into.is_null())
        .order(threads::created_at.desc())
        .limit(limit)
        .select(threads::url);
    Ok(query.load(conn)?)
}

/// The thread with that id.
pub fn by_id(conn: &mut Conn, id: ThreadId) -> Result<Option<Thread>> {
    Ok(threads::table.find(id).row(conn)?)
}

/// The thread that an id leads to: its own, or the one that it was joined into.
pub fn current(conn: &mut Conn, id: ThreadId) -> Result<Option<Thread>> {
    let mut found = by_id(conn, id)?;
    // There are no circles: only a thread that was joined into no other is joined.
    while let Some(next) = found.as_ref().and_then(|thread| thread.joined_into) {
        found = by_id(conn, next)?;
    }
    Ok(found)
}

/// The id of the thread that an id leads to; the id itself where nobody has written yet.
pub fn current_id(conn: &mut Conn, id: ThreadId) -> Result<ThreadId> {
    Ok(current(conn, id)?.map_or(id, |thread| thread.id))
}

/// These threads, in no order.
pub fn by_ids(conn: &mut Conn, ids: &[ThreadId]) -> Result<Vec<Thread>> {
    Ok(threads::table.filter(threads::id.eq_any(ids)).rows(conn)?)
}

/// How a thread stands, by what was set by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It takes comments, unless the site's rules close it by its age.
    Open,
    /// It was closed.
    Closed,
    /// It is kept from the public.
    Hidden,
}

impl Word for Standing {
    const ALL: &'static [Self] = &[Self::Open, Self::Closed, Self::Hidden];

    fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Hidden => "hidden",
        }
    }
}

/// Which of a site's threads are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Filter<'a> {
    /// The site.
    pub site: SiteId,
    /// What the title or the address contains, in letters of whatever case.
    pub words: Option<&'a str>,
    /// How they stand.
    pub standing: Option<Standing>,
}

/// A site's threads after a cursor, the newest first, at most `limit`; without those that were joined into others. Words are looked for
/// by going through the site's threads in their order, which is what a moderator's search of some ten thousand titles may cost.
pub fn page(
    conn: &mut Conn,
    which: &Filter,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Thread>> {
    let mut query = threads::table
        .filter(threads::site_id.eq(which.site))
        .filter(threads::joined_into.is_null())
        .order((threads::created_at.desc(), threads::id.desc()))
        .limit(limit)
        .into_boxed();
    if let Some(cursor) = after {
        let at = Time::from_micros(cursor.key);
        let id = ThreadId::from_uuid(uuid::Uuid::from_bytes(cursor.id));
        query = query
            .filter(threads::created_at.le(at))
            .filter(threads::created_at.lt(at).or(threads::id.lt(id)));
    }
    query = match which.standing {
        None => query,
        Some(Standing::Hidden) => query.filter(threads::hidden),
        Some(Standing::Open) => query.filter(threads::state.eq(Named(ThreadState::Open))),
        Some(Standing::Closed) => query.filter(threads::state.eq(Named(ThreadState::Closed))),
    };
    if let Some(words) = which.words {
        // As the database's own `lower` has it: SQLite's knows no letters but those of ASCII.
        let words = match conn {
            Conn::Sqlite(_) => words.to_ascii_lowercase(),
            Conn::Postgres(_) => words.to_lowercase(),
        };
        let pattern = format!("%{}%", escaped(&words));
        let like = |pattern: &str| pattern.to_owned();
        query = query.filter(
            lower(threads::url)
                .like(like(&pattern))
                .escape('!')
                .or(lower_or_null(threads::title)
                    .like(like(&pattern))
                    .escape('!')
                    .assume_not_null()
                    .and(threads::title.is_not_null()))
                .or(lower_or_null(threads::page_title)
                    .like(like(&pattern))
                    .escape('!')
                    .assume_not_null()
                    .and(threads::page_title.is_not_null())),
        );
    }
    Ok(query.load(conn)?)
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn lower(text: Text) -> Text;
    #[sql_name = "lower"]
    fn lower_or_null(text: Nullable<Text>) -> Nullable<Text>;
}

/// A text as a pattern that matches nothing else.
fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern
}

/// The first of the keys that lead to a thread.
pub fn keys(conn: &mut Conn, thread: ThreadId, limit: i64) -> Result<Vec<String>> {
    let query = thread_keys::table
        .filter(thread_keys::thread_id.eq(thread))
        .order(thread_keys::key)
        .limit(limit)
        .select(thread_keys::key);
    Ok(query.load(conn)?)
}

/// The thread with that id, locked until the transaction ends (SQLite's one writer locks by itself).
pub(super) fn lock(conn: &mut Conn, id: ThreadId) -> Result<Thread> {
    let query = threads::table.find(id);
    Ok(match conn {
        Conn::Postgres(conn) => query.for_update().first(conn)?,
        Conn::Sqlite(conn) => query.first(conn)?,
    })
}

/// The id that a key leads to, and its thread where there is one.
pub fn by_key(conn: &mut Conn, site: SiteId, key: &str) -> Result<(ThreadId, Option<Thread>)> {
    let known: Option<Thread> = thread_keys::table
        .inner_join(threads::table)
        .filter(thread_keys::site_id.eq(site))
        .filter(thread_keys::key.eq(key))
        .select(threads::all_columns)
        .row(conn)?;
    if let Some(thread) = known {
        return Ok((thread.id, Some(thread)));
    }
    // A thread that was moved to another key keeps the id that this key would have had.
    for turn in 0..100 {
        let id = ThreadId::minted(site, key, turn);
        if by_id(conn, id)?.is_none() {
            return Ok((id, None));
        }
    }
    Err(Error::Internal("no id left for a key".into()))
}

/// Makes a thread and the key that leads to it.
pub fn insert(tx: &mut Tx, thread: &Thread) -> Result<()> {
    tx.note(Change::Keys(thread.site_id));
    let conn: &mut Conn = tx;
    diesel::insert_into(threads::table)
        .values(thread)
        .run(conn)?;
    diesel::insert_into(thread_keys::table)
        .values((
            thread_keys::site_id.eq(thread.site_id),
            thread_keys::key.eq(&thread.key),
            thread_keys::thread_id.eq(thread.id),
        ))
        .run(conn)?;
    Ok(())
}

/// Makes a key lead to this thread in the place of the one that it is known by; those of threads that were joined into it go on
/// leading to it. What the key led to before, if it led anywhere, is left without one.
pub fn rename(tx: &mut Tx, site: SiteId, key: &str, id: ThreadId) -> Result<()> {
    tx.note(Change::Keys(site));
    let conn: &mut Conn = tx;
    let known_by = threads::table.find(id).select(threads::key);
    let known_by: String = known_by.first(conn)?;
    let own = thread_keys::table
        .find((site, known_by))
        .filter(thread_keys::thread_id.eq(id));
    diesel::delete(own).run(conn)?;
    diesel::delete(thread_keys::table.find((site, key))).run(conn)?;
    diesel::insert_into(thread_keys::table)
        .values((
            thread_keys::site_id.eq(site),
            thread_keys::key.eq(key),
            thread_keys::thread_id.eq(id),
        ))
        .run(conn)?;
    Ok(())
}

/// Changes what `settings` names.
pub fn set(conn: &mut Conn, id: ThreadId, settings: &Settings) -> Result<()> {
    diesel::update(threads::table.find(id))
        .set(settings)
        .run(conn)?;
    Ok(())
}

/// Says where a thread's page is.
pub fn set_url(tx: &mut Tx, thread: &mut Locked, url: &str) -> Result<()> {
    let settings = Settings {
        url: Some(url.to_owned()),
        ..Settings::default()
    };
    set(tx, thread.id, &settings)?;
    thread.set_url(url);
    Ok(())
}

/// Counts published comments up or down.
pub fn count(conn: &mut Conn, id: ThreadId, difference: i64) -> Result<()> {
    fixed::<()>("UPDATE threads SET comment_count = comment_count + ? WHERE id = ?")
        .number(difference)
        .id(id)
        .run(conn)?;
    Ok(())
}

/// How many published comments a key leads to.
#[derive(Debug, Queryable)]
pub struct Counted {
    /// The key.
    pub key: String,
    /// The thread.
    pub thread: ThreadId,
    /// Whether moderators keep it from the public.
    pub hidden: bool,
    /// Its published comments.
    pub count: i64,
}

/// The counts of the threads that these keys lead to; keys that lead nowhere are left out.
pub fn counts(conn: &mut Conn, site: SiteId, keys: &[String]) -> Result<Vec<Counted>> {
    let query = thread_keys::table
        .inner_join(threads::table)
        .filter(thread_keys::site_id.eq(site))
        .filter(thread_keys::key.eq_any(keys))
        .select((
            thread_keys::key,
            threads::id,
            threads::hidden,
            threads::comment_count,
        ));
    Ok(query.rows(conn)?)
}

/// The versions of these threads, and where those lead that were joined into others; unknown ones are left out.
pub fn versions(
    conn: &mut Conn,
    ids: &[ThreadId],
) -> Result<Vec<(ThreadId, i64, Option<ThreadId>)>> {
    let query = threads::table.filter(threads::id.eq_any(ids)).select((
        threads::id,
        threads::version,
        threads::joined_into,
    ));
    Ok(query.rows(conn)?)
}

/// Has a thread's log go on at least after this version and this time; the numbers between are never given.
pub(super) fn skip(conn: &mut Conn, id: ThreadId, version: i64, at: Time) -> Result<()> {
    diesel::update(threads::table.find(id).filter(threads::version.lt(version)))
        .set(threads::version.eq(version))
        .run(conn)?;
    diesel::update(threads::table.find(id).filter(threads::last_at.lt(at)))
        .set(threads::last_at.eq(at))
        .run(conn)?;
    Ok(())
}

/// Moves the log's head on; [`super::events::append`] is the only one to call this.
pub(super) fn advance(conn: &mut Conn, id: ThreadId, at: Time) -> Result<i64> {
    let advanced = fixed::<BigInt>(
        "UPDATE threads SET version = version + 1, last_at = ? WHERE id = ? RETURNING version",
    );
    let version = advanced.number(at.micros()).id(id).returned(conn)?;
    version.ok_or(Error::NotFound)
}
