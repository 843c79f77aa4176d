//! What moderators may know of a person, and what role an administrator gives them.

use serde::Serialize;
use serde_json::json;

use super::audit::{self, Act};
use super::caller::Caller;
use crate::domain::id::{BanId, PersonId};
use crate::domain::time::Time;
use crate::domain::word::Role;
use crate::error::{Error, Result};
use crate::store::people::{self, Person as Row};
use crate::store::{Conn, Store, bans, sites};
use crate::view;
use crate::view::queue::Record;

/// A person with their record on the site.
#[derive(Debug, Serialize)]
pub struct Person {
    #[serde(flatten)]
    person: view::person::Person,
    record: Record,
    /// The bans that name this person and are in force.
    bans: Vec<BanId>,
}

/// A person of a site that the caller moderates.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Unauthorized`], [`Error::Forbidden`].
pub fn show(conn: &mut Conn, caller: &Caller, id: PersonId, now: Time) -> Result<Person> {
    caller.must_be(Role::Moderator)?;
    let row = people::by_id(conn, id)?
        .filter(|row| caller.has(Role::Moderator, row.site_id))
        .ok_or(Error::NotFound)?;
    render(conn, &row, now)
}

fn render(conn: &mut Conn, row: &Row, now: Time) -> Result<Person> {
    let site = sites::by_id(conn, row.site_id)?.ok_or(Error::NotFound)?;
    let named = bans::matching(conn, row.site_id, &[row.id.bytes().to_vec()])?;
    Ok(Person {
        person: view::person::Person::stored(row, &site),
        record: Record::of(row),
        bans: named
            .iter()
            .filter(|ban| ban.is_in_force(now))
            .map(|ban| ban.id)
            .collect(),
    })
}

/// Gives a person a role on their site. Nobody changes their own.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Conflict`], [`Error::Unauthorized`], [`Error::Forbidden`].
pub async fn set_role(
    store: &Store,
    caller: &Caller,
    id: PersonId,
    role: Role,
    now: Time,
) -> Result<Person> {
    let authority = caller.must_be(Role::Admin)?;
    caller.must_change(Role::Admin, authority.site)?;
    let caller = caller.clone();
    store
        .write(move |tx| {
            let row = people::by_id(tx, id)?
                .filter(|row| caller.has(Role::Admin, row.site_id))
                .ok_or(Error::NotFound)?;
            if caller.person.as_ref().is_some_and(|own| own.id == id) {
                return Err(Error::Conflict("Nobody changes their own role.".into()));
            }
            if *row.role != role {
                people::set_role(tx, id, role)?;
                // Badges are part of every page.
                sites::bump(tx, row.site_id)?;
                let act = Act {
                    site: Some(row.site_id),
                    action: "set_role",
                    object: "person",
                    reason: None,
                    note: None,
                    was: json!({"role": row.role.0}),
                    became: json!({"role": role}),
                };
                audit::record(tx, Some(&caller), id, &act, now)?;
            }
            let row = people::by_id(tx, id)?.ok_or(Error::NotFound)?;
            render(tx, &row, now)
        })
        .await
}
