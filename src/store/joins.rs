//! `joins` and `joined_items`: which threads were joined into which, and what went over, so that it can go back.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::schema::{joined_items, joins};
use super::types::Named;
use crate::domain::cursor::Cursor;
use crate::domain::id::{Id, JoinId, SiteId, ThreadId};
use crate::domain::time::Time;
use crate::domain::word::JoinState;
use crate::error::Result;

/// What went over.
pub mod kind {
    /// A root with all that is beneath it; `other` is the passage that it was about, where it is about another since.
    pub const ROOT: &str = "root";
    /// A passage; `other` is the one that it is one with since.
    pub const PASSAGE: &str = "passage";
    /// A choice of somebody's; `other` is the weaker one that it changed places with.
    pub const SUBSCRIPTION: &str = "subscription";
    /// A choice that stayed behind, since the same mailbox has a stronger one (`other`) about the other thread.
    pub const PARKED: &str = "parked";
    /// A key.
    pub const KEY: &str = "key";
}

/// A thread's joining into another.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = joins)]
pub struct Join {
    /// Its id.
    pub id: JoinId,
    /// The site of both threads.
    pub site_id: SiteId,
    /// The thread that was joined.
    pub from_thread: ThreadId,
    /// The thread that has all that was in both.
    pub into_thread: ThreadId,
    /// How far it has come.
    pub state: Named<JoinState>,
    /// How many comments went over.
    pub comments: i64,
    /// How many passages.
    pub passages: i64,
    /// How many choices to be told of what happens.
    pub subscriptions: i64,
    /// How many keys.
    pub keys: i64,
    /// When it began, by the log of the thread that has all: later than every join before that the same things took part in.
    pub at: Time,
    /// Until when it can be undone.
    pub undo_until: Time,
    /// When that was asked for.
    pub undone_at: Option<Time>,
}

/// Something that went over, as it is remembered.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = joined_items)]
pub struct Item {
    /// With which join.
    pub join_id: JoinId,
    /// One of [`kind`].
    pub kind: String,
    /// Its id, or a key's text.
    pub item: Vec<u8>,
    /// See [`kind`].
    pub other: Option<Vec<u8>>,
}

impl Item {
    /// A thing with an id.
    pub fn new<K, L>(join: JoinId, kind: &str, item: Id<K>, other: Option<Id<L>>) -> Self {
        Self {
            join_id: join,
            kind: kind.to_owned(),
            item: item.bytes().to_vec(),
            other: other.map(|other| other.bytes().to_vec()),
        }
    }

    /// The id of it.
    pub fn id<K>(&self) -> Option<Id<K>> {
        id_of(&self.item)
    }

    /// The id of what it met.
    pub fn met<K>(&self) -> Option<Id<K>> {
        self.other.as_deref().and_then(id_of)
    }
}

fn id_of<K>(bytes: &[u8]) -> Option<Id<K>> {
    uuid::Uuid::from_slice(bytes).ok().map(Id::from_uuid)
}

/// Adds a join.
pub fn insert(conn: &mut Conn, join: &Join) -> Result<()> {
    diesel::insert_into(joins::table).values(join).run(conn)?;
    Ok(())
}

/// The join with that id.
pub fn by_id(conn: &mut Conn, id: JoinId) -> Result<Option<Join>> {
    Ok(joins::table.find(id).row(conn)?)
}

/// The last join of this thread into another.
pub fn last_of(conn: &mut Conn, from: ThreadId) -> Result<Option<Join>> {
    let query = joins::table
        .filter(joins::from_thread.eq(from))
        .order(joins::at.desc())
        .limit(1);
    Ok(query.row(conn)?)
}

/// A site's joins, the latest first, at most `limit`.
pub fn of_site(
    conn: &mut Conn,
    site: SiteId,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Join>> {
    let mut query = joins::table
        .filter(joins::site_id.eq(site))
        .order((joins::at.desc(), joins::id.desc()))
        .limit(limit)
        .into_boxed();
    if let Some(cursor) = after {
        let at = Time::from_micros(cursor.key);
        let id = JoinId::from_uuid(uuid::Uuid::from_bytes(cursor.id));
        query = query
            .filter(joins::at.le(at))
            .filter(joins::at.lt(at).or(joins::id.lt(id)));
    }
    Ok(query.load(conn)?)
}

/// Says how far a join has come.
pub fn set_state(conn: &mut Conn, id: JoinId, state: JoinState) -> Result<()> {
    diesel::update(joins::table.find(id))
        .set(joins::state.eq(Named(state)))
        .run(conn)?;
    Ok(())
}

/// Says that undoing begins.
pub fn undo(conn: &mut Conn, id: JoinId, now: Time) -> Result<()> {
    diesel::update(joins::table.find(id))
        .set((
            joins::state.eq(Named(JoinState::Undoing)),
            joins::undone_at.eq(now),
        ))
        .run(conn)?;
    Ok(())
}

/// Counts what went over.
pub fn count(conn: &mut Conn, id: JoinId, comments: i64, subscriptions: i64) -> Result<()> {
    diesel::update(joins::table.find(id))
        .set((
            joins::comments.eq(joins::comments + comments),
            joins::subscriptions.eq(joins::subscriptions + subscriptions),
        ))
        .run(conn)?;
    Ok(())
}

/// Remembers what went over.
pub fn remember(conn: &mut Conn, items: &[Item]) -> Result<()> {
    for part in items.chunks(200) {
        // One by one on SQLite, in one transaction either way.
        for item in part {
            diesel::insert_into(joined_items::table)
                .values(item)
                .run(conn)?;
        }
    }
    Ok(())
}

/// What went over with a join, of that kind, at most `limit`.
pub fn items(conn: &mut Conn, join: JoinId, kind: &str, limit: i64) -> Result<Vec<Item>> {
    let query = joined_items::table
        .filter(joined_items::join_id.eq(join))
        .filter(joined_items::kind.eq(kind))
        .order(joined_items::item)
        .limit(limit);
    Ok(query.load(conn)?)
}

/// Forgets of these things that they went over with this join, or with any later one: they are back where they were before it.
pub fn release(conn: &mut Conn, join: &Join, kind: &str, items: &[Vec<u8>]) -> Result<()> {
    for part in items.chunks(200) {
        let since: Vec<JoinId> = joined_items::table
            .inner_join(joins::table)
            .filter(joined_items::item.eq_any(part))
            .filter(joined_items::kind.eq(kind))
            .filter(joins::at.ge(join.at))
            .select(joins::id)
            .distinct()
            .load(conn)?;
        let of_them = joined_items::table
            .filter(joined_items::item.eq_any(part))
            .filter(joined_items::kind.eq(kind))
            .filter(joined_items::join_id.eq_any(since));
        diesel::delete(of_them).run(conn)?;
    }
    Ok(())
}

/// The choices that took the place of those that stayed behind, of these.
pub fn in_place_of<K>(conn: &mut Conn, parked: &[Id<K>]) -> Result<Vec<Id<K>>> {
    let parked: Vec<Vec<u8>> = parked.iter().map(|id| id.bytes().to_vec()).collect();
    let query = joined_items::table
        .filter(joined_items::item.eq_any(parked))
        .filter(joined_items::kind.eq(kind::PARKED))
        .select(joined_items::other);
    let found: Vec<Option<Vec<u8>>> = query.load(conn)?;
    Ok(found
        .iter()
        .filter_map(|other| other.as_deref().and_then(id_of))
        .collect())
}

/// Forgets joins that cannot be undone any more, with at most `limit` rows of what went over; gives how many rows that were.
pub fn forget(conn: &mut Conn, now: Time, limit: i64) -> Result<usize> {
    let over = joins::table
        .filter(joins::undo_until.lt(now))
        .filter(joins::state.eq_any([Named(JoinState::Joined), Named(JoinState::Undone)]))
        .order(joins::undo_until)
        .limit(1);
    let Some(join): Option<Join> = over.row(conn)? else {
        return Ok(0);
    };
    let old: Vec<(JoinId, String, Vec<u8>)> = joined_items::table
        .filter(joined_items::join_id.eq(join.id))
        .limit(limit)
        .select((
            joined_items::join_id,
            joined_items::kind,
            joined_items::item,
        ))
        .load(conn)?;
    for row in &old {
        diesel::delete(joined_items::table.find((row.0, &row.1, &row.2))).run(conn)?;
    }
    if old.len() as i64 == limit {
        return Ok(old.len());
    }
    Ok(old.len() + diesel::delete(joins::table.find(join.id)).run(conn)?)
}
