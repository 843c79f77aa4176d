//! `sessions`: what an access token stands for until it is ended.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::fixed::Literal;
use super::people::Person;
use super::schema::{people, sessions};
use super::types::Named;
use crate::domain::id::{PersonId, SessionId, SiteId};
use crate::domain::time::Time;
use crate::domain::word::SessionKind;
use crate::error::Result;

/// A session as stored.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = sessions)]
pub struct Session {
    /// Its id, named in every token of it.
    pub id: SessionId,
    /// Whose it is.
    pub person_id: PersonId,
    /// When it began.
    pub created_at: Time,
    /// When it ends unless renewed.
    pub expires_at: Time,
    /// When it was ended by hand.
    pub ended_at: Option<Time>,
    /// How far it reaches.
    pub kind: Named<SessionKind>,
    /// The origin of the page where it began, as far as a browser said it.
    pub origin: Option<String>,
    /// When it was last used, as far as that was written down.
    pub used_at: Time,
}

impl Session {
    /// Whether it was begun as that of one of the site's own people.
    pub fn is_of_staff(&self) -> bool {
        *self.kind != SessionKind::Reader
    }
}

/// The session with that id, be it over or not.
pub fn by_id(conn: &mut Conn, id: SessionId) -> Result<Option<Session>> {
    Ok(sessions::table.find(id).row(conn)?)
}

/// A session that goes on at `now`, and whose it is.
pub fn live(conn: &mut Conn, id: SessionId, now: Time) -> Result<Option<(Session, Person)>> {
    let query = sessions::table
        .inner_join(people::table)
        .filter(sessions::id.eq(id))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .select((sessions::all_columns, people::all_columns));
    Ok(query.row(conn)?)
}

/// Begins a session.
pub fn insert(conn: &mut Conn, session: &Session) -> Result<()> {
    diesel::insert_into(sessions::table)
        .values(session)
        .run(conn)?;
    Ok(())
}

/// Writes down that a session is used, and lets it go on until `expires_at`. One that has ended stays so.
pub fn extend(conn: &mut Conn, id: SessionId, expires_at: Time, now: Time) -> Result<()> {
    let live = sessions::table
        .find(id)
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now));
    diesel::update(live)
        .set((
            sessions::expires_at.eq(expires_at),
            sessions::used_at.eq(now),
        ))
        .run(conn)?;
    Ok(())
}

/// The sessions of a person that go on at `now`, which began before `before`, the latest first (ids grow with time).
pub fn of_person(
    conn: &mut Conn,
    person: PersonId,
    before: Option<SessionId>,
    limit: i64,
    now: Time,
) -> Result<Vec<(Session, Person)>> {
    let mut query = sessions::table
        .inner_join(people::table)
        .filter(sessions::person_id.eq(person))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(sessions::id.lt(before));
    }
    let query = query.order(sessions::id.desc()).limit(limit);
    Ok(query
        .select((sessions::all_columns, people::all_columns))
        .load(conn)?)
}

/// The same of everybody who has a role on a site.
pub fn of_staff(
    conn: &mut Conn,
    site: SiteId,
    before: Option<SessionId>,
    limit: i64,
    now: Time,
) -> Result<Vec<(Session, Person)>> {
    let mut query = sessions::table
        .inner_join(people::table)
        .filter(people::site_id.eq(site))
        // Spelled out, so that SQLite sees that its partial index applies.
        .filter(Literal("role <> 'reader'"))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(sessions::id.lt(before));
    }
    let query = query.order(sessions::id.desc()).limit(limit);
    Ok(query
        .select((sessions::all_columns, people::all_columns))
        .load(conn)?)
}

/// Ends one session.
pub fn end(conn: &mut Conn, id: SessionId, now: Time) -> Result<()> {
    diesel::update(sessions::table.find(id))
        .set(sessions::ended_at.eq(now))
        .run(conn)?;
    Ok(())
}

/// Ends all sessions of a person.
pub fn end_all(conn: &mut Conn, person: PersonId, now: Time) -> Result<()> {
    diesel::update(sessions::table.filter(sessions::person_id.eq(person)))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(now))
        .run(conn)?;
    Ok(())
}

/// Forgets at most `limit` sessions that ended before `before`; gives how many.
pub fn forget(conn: &mut Conn, before: Time, limit: i64) -> Result<usize> {
    let old: Vec<SessionId> = sessions::table
        .filter(sessions::expires_at.lt(before))
        .limit(limit)
        .select(sessions::id)
        .rows(conn)?;
    Ok(diesel::delete(sessions::table.filter(sessions::id.eq_any(&old))).run(conn)?)
}
