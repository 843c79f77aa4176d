//! The people of a site: made by the operator's command line, never by being first to register.

use serde_json::json;

use super::audit::{self, Act};
use super::caller::Caller;
use super::tokens;
use crate::domain::id::PersonId;
use crate::domain::skeleton::skeleton;
use crate::domain::text::{Email, Name};
use crate::domain::time::Time;
use crate::domain::word::{Kind, Role};
use crate::error::Result;
use crate::store::Store;
use crate::store::people::{self, Person};
use crate::store::sites::{self, Site};
use crate::store::types::Named;

/// Adds a person with a role to a site, and gives an API token that is theirs, to be shown once.
///
/// # Errors
/// [`crate::error::Error::UnknownSite`].
pub async fn add(
    store: &Store,
    caller: &Caller,
    site: &str,
    name: Name,
    role: Role,
    email: Option<Email>,
    now: Time,
) -> Result<(Person, String)> {
    let (caller, site) = (caller.clone(), site.to_owned());
    store
        .write(move |tx| {
            let site = super::sites::named(tx, &site)?;
            caller.must_change(Role::Admin, Some(site.id))?;
            let person = Person {
                kind: Named(Kind::Staff),
                name: Some(name.as_str().to_owned()),
                skeleton: Some(skeleton(name.as_str())),
                email: email.as_ref().map(|email| email.as_str().to_owned()),
                verified: true,
                role: Named(role),
                ..Person::guest(site.id, now)
            };
            people::insert(tx, &person)?;
            let token = tokens::for_person(tx, &person, now)?;
            sites::bump(tx, site.id)?;
            let act = Act {
                site: Some(site.id),
                action: "add_person",
                object: "person",
                reason: None,
                note: None,
                was: json!({}),
                became: json!({"role": role}),
            };
            audit::record(tx, Some(&caller), person.id, &act, now)?;
            Ok((person, token))
        })
        .await
}

/// The people with a role who bear this name, or this id; on that site, or anywhere.
///
/// # Errors
/// [`crate::error::Error::UnknownSite`].
pub async fn find(store: &Store, site: Option<&str>, who: &str) -> Result<Vec<(Site, Person)>> {
    let (site, who) = (site.map(str::to_owned), who.trim().to_owned());
    store
        .read(move |conn| {
            let sites = match &site {
                Some(slug) => vec![super::sites::named(conn, slug)?],
                None => sites::page(conn, "", i64::MAX)?,
            };
            let id = who.parse::<PersonId>().ok();
            let mut found = Vec::new();
            for site in sites {
                for person in people::staff(conn, site.id)? {
                    let name = person.name.as_deref().unwrap_or_default();
                    if name.to_lowercase() == who.to_lowercase() || Some(person.id) == id {
                        found.push((site.clone(), person));
                    }
                }
            }
            // Who is called exactly so comes before who is called so in capitals.
            let is_exact = |person: &Person| person.name.as_deref() == Some(&who);
            if found.iter().any(|(_, person)| is_exact(person)) {
                found.retain(|(_, person)| is_exact(person));
            }
            Ok(found)
        })
        .await
}

/// The people with a role on a site.
///
/// # Errors
/// [`crate::error::Error::UnknownSite`].
pub async fn list(store: &Store, site: &str) -> Result<Vec<Person>> {
    let site = site.to_owned();
    store
        .read(move |conn| {
            let site = super::sites::named(conn, &site)?;
            people::staff(conn, site.id)
        })
        .await
}
