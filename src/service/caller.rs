//! Who is asking, and what they may do. Decided on the object that was loaded from the store, never on
//! what a client says that it is.

use crate::domain::id::{ApiTokenId, SessionId, SiteId};
use crate::domain::word::Role;
use crate::error::{Error, Result};
use crate::store::comments::Comment;
use crate::store::people::Person;
use crate::store::threads::Thread;

/// Whoever sent a request.
#[derive(Clone, Default)]
pub struct Caller {
    /// As whom they write.
    pub person: Option<Person>,
    /// The session that their token belongs to.
    pub session: Option<SessionId>,
    /// What their token lets them do.
    pub authority: Option<Authority>,
}

/// What a token lets its bearer do.
#[derive(Debug, Clone, Copy)]
pub struct Authority {
    /// As what.
    pub role: Role,
    /// Where; everywhere when `None`.
    pub site: Option<SiteId>,
    /// Whether it may only look.
    pub read_only: bool,
    /// The API token, if it is one.
    pub token: Option<ApiTokenId>,
}

impl Caller {
    /// Whoever may run the program on the data, and so may do everything.
    pub fn operator() -> Self {
        let authority = Authority {
            role: Role::Admin,
            site: None,
            read_only: false,
            token: None,
        };
        Self {
            authority: Some(authority),
            ..Self::default()
        }
    }

    /// Refuses whoever has not this role anywhere.
    pub fn must_be(&self, role: Role) -> Result<Authority> {
        let authority = self.authority.ok_or(Error::Unauthorized)?;
        self.must_see(role, authority.site)
    }

    /// Whether they have this role on that site, or a higher one.
    pub fn has(&self, role: Role, site: SiteId) -> bool {
        self.authority.is_some_and(|authority| {
            authority.role >= role && authority.site.is_none_or(|own| own == site)
        })
    }

    /// Refuses whoever may not look at what this role sees of a site (of all sites, when `None`).
    pub fn must_see(&self, role: Role, site: Option<SiteId>) -> Result<Authority> {
        let authority = self.authority.ok_or(Error::Unauthorized)?;
        let reaches = match (authority.site, site) {
            (None, _) => true,
            (Some(own), Some(site)) => own == site,
            (Some(_), None) => false,
        };
        if authority.role < role || !reaches {
            return Err(Error::Forbidden("Your role does not reach this."));
        }
        Ok(authority)
    }

    /// Refuses whoever may not change what this role changes on a site.
    pub fn must_change(&self, role: Role, site: Option<SiteId>) -> Result<Authority> {
        let authority = self.must_see(role, site)?;
        if authority.read_only {
            return Err(Error::Forbidden("This token may only read."));
        }
        Ok(authority)
    }

    /// Whether they may direct this thread: moderators any of their site, an author's person their own
    /// pages, and an author's token that is nobody's, such as a publishing system's, every page.
    pub fn directs(&self, thread: &Thread) -> bool {
        if self.has(Role::Moderator, thread.site_id) {
            return true;
        }
        let is_owner = match &self.person {
            None => true,
            Some(person) => thread.owner_id == Some(person.id),
        };
        is_owner && self.has(Role::Author, thread.site_id)
    }

    /// The person they write as on that site.
    pub fn person_on(&self, site: SiteId) -> Result<&Person> {
        if self.authority.is_none() {
            return Err(Error::Unauthorized);
        }
        if self.authority.is_some_and(|authority| authority.read_only) {
            return Err(Error::Forbidden("This token may only read."));
        }
        match &self.person {
            Some(person) if person.site_id == site => Ok(person),
            _ => Err(Error::Forbidden(
                "This token belongs to nobody on this site.",
            )),
        }
    }

    /// Whether they wrote this comment.
    pub fn wrote(&self, comment: &Comment) -> bool {
        self.person
            .as_ref()
            .is_some_and(|person| person.id == comment.person_id)
    }
}
