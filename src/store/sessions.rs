//! `sessions`: what an access token stands for until it is ended.

use diesel::prelude::*;

use super::Conn;
use super::connection::Run;
use super::people::Person;
use super::schema::{people, sessions};
use crate::domain::id::{PersonId, SessionId};
use crate::domain::time::Time;
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

/// Lets a session go on until `expires_at`.
pub fn extend(conn: &mut Conn, id: SessionId, expires_at: Time) -> Result<()> {
    diesel::update(sessions::table.find(id))
        .set(sessions::expires_at.eq(expires_at))
        .run(conn)?;
    Ok(())
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
