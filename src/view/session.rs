//! Sessions, as their owners and administrators see them.

use serde::Serialize;

use super::person::Person;
use crate::domain::id::SessionId;
use crate::domain::time::Time;
use crate::domain::word::SessionKind;
use crate::store::people::Person as PersonRow;
use crate::store::sessions::Session as Row;
use crate::store::sites::Site;

/// A session, without what lets anybody in.
#[derive(Debug, Serialize)]
pub struct Session {
    id: SessionId,
    kind: SessionKind,
    person: Person,
    /// Of the page where it began, as far as that is known.
    origin: Option<String>,
    created_at: Time,
    used_at: Time,
    expires_at: Time,
    /// Whether it is the one that asks.
    current: bool,
}

impl Session {
    /// A stored session.
    pub fn stored(row: &Row, person: &PersonRow, site: &Site, current: bool) -> Self {
        Self {
            id: row.id,
            kind: *row.kind,
            person: Person::stored(person, site),
            origin: row.origin.clone(),
            created_at: row.created_at,
            used_at: row.used_at,
            expires_at: row.expires_at,
            current,
        }
    }
}
