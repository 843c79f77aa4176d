//! Sessions, listed and ended: one's own, and an administrator those of a site's own people.

use serde_json::json;

use super::audit::{self, Act};
use super::caller::Caller;
use crate::domain::id::{SessionId, SiteId};
use crate::domain::time::Time;
use crate::domain::word::Role;
use crate::error::{Error, Result};
use crate::store::people::{self, Person};
use crate::store::sessions::{self, Session};
use crate::store::sites;
use crate::store::{Conn, Store};
use crate::view;

/// A page of the sessions that go on: the caller's own or, of a site, those of everybody who has a role there; the latest first.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`].
pub fn page(
    conn: &mut Conn,
    caller: &Caller,
    site: Option<SiteId>,
    before: Option<SessionId>,
    limit: i64,
    now: Time,
) -> Result<Vec<(Session, Person)>> {
    match site {
        Some(site) => {
            caller.must_see(Role::Admin, Some(site))?;
            sessions::of_staff(conn, site, before, limit, now)
        }
        None => {
            caller.authority.ok_or(Error::Unauthorized)?;
            let person = caller.person.as_ref();
            let person = person.ok_or(Error::Forbidden("This token belongs to nobody."))?;
            sessions::of_person(conn, person.id, before, limit, now)
        }
    }
}

/// Such a page, rendered.
///
/// # Errors
/// Those of [`page`].
pub fn render(
    conn: &mut Conn,
    caller: &Caller,
    rows: &[(Session, Person)],
) -> Result<Vec<view::session::Session>> {
    let mut items = Vec::new();
    let mut known = None;
    for (session, person) in rows {
        let site = match known.take() {
            Some(site) => site,
            None => sites::by_id(conn, person.site_id)?.ok_or(Error::NotFound)?,
        };
        let is_current = caller.session == Some(session.id);
        items.push(view::session::Session::stored(
            session, person, &site, is_current,
        ));
        // All of them are of one site.
        known = Some(site);
    }
    Ok(items)
}

/// Ends a session at once. Ending it again changes nothing.
///
/// # Errors
/// [`Error::NotFound`] for a session that is neither the caller's nor of somebody with a role on a site that they administer.
pub async fn end(store: &Store, caller: &Caller, id: SessionId, now: Time) -> Result<()> {
    let authority = caller.authority.ok_or(Error::Unauthorized)?;
    if authority.read_only {
        return Err(Error::Forbidden("This token may only read."));
    }
    let caller = caller.clone();
    store
        .write(move |tx| {
            let session = sessions::by_id(tx, id)?.ok_or(Error::NotFound)?;
            let person = people::by_id(tx, session.person_id)?.ok_or(Error::NotFound)?;
            let own = caller.person.as_ref().map(|own| own.id) == Some(person.id);
            let is_staffs = session.is_of_staff() || *person.role > Role::Reader;
            let administers = is_staffs && caller.has(Role::Admin, person.site_id);
            if !own && !administers {
                return Err(Error::NotFound);
            }
            if session.ended_at.is_some() {
                return Ok(());
            }
            sessions::end(tx, id, now)?;
            if !is_staffs {
                return Ok(());
            }
            let act = Act {
                site: Some(person.site_id),
                action: "end_session",
                object: "session",
                reason: None,
                note: None,
                was: json!({"kind": session.kind.0, "person": person.id}),
                became: json!({"ended_at": now}),
            };
            audit::record(tx, Some(&caller), id, &act, now)
        })
        .await
}
