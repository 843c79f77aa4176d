//! People as they see themselves.

use serde::Serialize;

use crate::domain::id::PersonId;
use crate::domain::sso::Remark;
use crate::domain::time::Time;
use crate::domain::word::{Kind, Role, SessionKind};
use crate::store::people::Person as Row;
use crate::store::sites::Site;

/// A person; the address stays here.
#[derive(Debug, Serialize)]
pub struct Person {
    id: PersonId,
    site: String,
    kind: Kind,
    name: Option<String>,
    website: Option<String>,
    role: Role,
    verified: bool,
}

impl Person {
    /// A stored person.
    pub fn stored(row: &Row, site: &Site) -> Self {
        Self {
            id: row.id,
            site: site.slug.clone(),
            kind: *row.kind,
            name: row.name.clone(),
            website: row.website.clone(),
            role: *row.role,
            verified: row.verified,
        }
    }
}

/// What signing in gives.
#[derive(Debug, Serialize)]
pub struct Identity {
    /// The access token.
    pub token: String,
    /// Until when it counts; it can be renewed while the session lives.
    pub expires_at: Time,
    /// How far it reaches.
    pub kind: SessionKind,
    /// Whose it is.
    pub person: Person,
}

/// What signing in by a site's own token gives.
#[derive(Debug, Serialize)]
pub struct SsoIdentity {
    /// Who it is.
    #[serde(flatten)]
    pub identity: Identity,
    /// The claims that were left out.
    pub dropped: Vec<Remark>,
    /// The claims that were kept in another form.
    pub changed: Vec<Remark>,
}
