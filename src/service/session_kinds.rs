//! How far a session reaches: by where it began, which is its kind, and where a request comes from. What its person's role is, is
//! read each time.

use serde_json::json;

use super::audit::{self, Act};
use super::caller::{Authority, Caller};
use super::identity::{Minted, mint, new_session, session_span};
use crate::domain::page::Origin;
use crate::domain::time::Time;
use crate::domain::token::Keys;
use crate::domain::word::{Role, SessionKind};
use crate::error::{Error, Result};
use crate::store::people::Person;
use crate::store::sessions::{self, Session};
use crate::store::sites::{self, Site};
use crate::store::{Conn, Tx};

/// Where a request comes from, as a browser says it; from nowhere where none is involved.
#[derive(Debug, Clone, Default)]
pub struct Whence {
    /// The `Origin` of the page that sent it; none where no browser did, or a page asks its own server.
    pub origin: Option<String>,
    /// The origin at which browsers reach the service itself.
    pub service: Option<Origin>,
}

impl Whence {
    /// The one among a site's origins that it comes from and that stands for no other.
    pub(super) fn exact<'a>(&self, site: &'a Site) -> Option<&'a Origin> {
        exact(site, self.origin.as_deref()?)
    }

    /// Refuses a page that is not the service's own.
    pub(super) fn must_be_own(&self) -> Result<()> {
        let Some(said) = self.origin.as_deref() else {
            return Ok(());
        };
        match &self.service {
            Some(service) if service.matches_header(said) => Ok(()),
            _ => Err(Error::OriginNotAllowed),
        }
    }
}

/// Begins a session for one of the site's own people, in a page of that origin or else at the service itself, and says so in the
/// record.
pub(super) fn begin_staff_session(
    tx: &mut Tx,
    keys: &Keys,
    person: &Person,
    origin: Option<String>,
    now: Time,
) -> Result<Minted> {
    let kind = match origin {
        Some(_) => SessionKind::Page,
        None => SessionKind::Console,
    };
    let session = new_session(person, kind, origin, now);
    sessions::insert(tx, &session)?;
    let caller = Caller {
        person: Some(person.clone()),
        ..Caller::default()
    };
    let act = Act {
        site: Some(person.site_id),
        action: "begin_session",
        object: "session",
        reason: None,
        note: None,
        was: json!({}),
        became: json!({"kind": kind, "expires_at": session.expires_at}),
    };
    audit::record(tx, Some(&caller), session.id, &act, now)?;
    Ok(mint(keys, &session, person, now))
}

/// Until when a session lives that is used or renewed now.
pub(super) fn renewed(session: &Session, person: &Person, now: Time) -> Time {
    match *session.kind {
        SessionKind::Console => session.expires_at,
        kind => now.plus(session_span(kind, *person.kind)),
    }
}

/// Refuses a page that a session is not for: a reader's is for any page of its site, that of the site's own people for those whose
/// origin is listed as it is, and a console's for the service's own.
pub(super) fn admit(session: &Session, site: &Site, whence: &Whence) -> Result<()> {
    let Some(said) = whence.origin.as_deref() else {
        return Ok(());
    };
    let is_own = match *session.kind {
        SessionKind::Reader => site.origins.iter().any(|own| own.matches_header(said)),
        SessionKind::Page => whence.exact(site).is_some(),
        SessionKind::Console => whence.must_be_own().is_ok(),
    };
    match is_own {
        true => Ok(()),
        false => Err(Error::OriginNotAllowed),
    }
}

/// What a session lets its bearer do, from where the request comes.
pub(super) fn authority(
    conn: &mut Conn,
    session: &Session,
    person: &Person,
    whence: &Whence,
) -> Result<Authority> {
    let (kind, mut role, at) = (*session.kind, *person.role, person.site_id);
    // Most who ask are readers, of whom nothing depends on this but what each call asks for itself.
    if kind != SessionKind::Reader || role > Role::Reader {
        let site = sites::by_id(conn, at)?.ok_or(Error::TokenInvalid)?;
        if kind != SessionKind::Reader {
            admit(session, &site, whence)?;
        }
        // Where it began, and where it is used now, by what the site lists now.
        let places = [session.origin.as_deref(), whence.origin.as_deref()];
        let is_strangers = |said: &str| exact(&site, said).is_none();
        if kind != SessionKind::Console && places.into_iter().flatten().any(is_strangers) {
            role = Role::Reader;
        }
    }
    let mut authority = match kind {
        SessionKind::Console => Authority::full(role, Some(at)),
        // Who was made one of the site's people signs in as before, and decides in place.
        SessionKind::Reader | SessionKind::Page => Authority::in_page(role, at),
    };
    authority.session = Some(kind);
    Ok(authority)
}

/// The one among a site's origins that this is, and that stands for no other. Under a wildcard anybody who is given a subdomain has a
/// page.
fn exact<'a>(site: &'a Site, said: &str) -> Option<&'a Origin> {
    let mut exact = site.origins.iter().filter(|own| own.is_exact());
    exact.find(|own| own.matches_header(said))
}
