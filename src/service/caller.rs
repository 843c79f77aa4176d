//! Who is asking, and what they may do. Decided on the object that was loaded from the store, never on
//! what a client says that it is.
//!
//! What is held in a page of a site can be taken by any script of that page. So a session that began in one has no more than a
//! reader's rights by all that is asked of a [`Caller`] here, whatever role its person has; the role counts in those few places
//! alone that ask [`Caller::in_place`].

use crate::domain::id::{ApiTokenId, SessionId, SiteId};
use crate::domain::word::{Role, SessionKind};
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
    role: Role,
    /// As what in the acts that are done in place, in a page.
    in_place: Role,
    /// Where; everywhere when `None`.
    pub site: Option<SiteId>,
    /// Whether it may only look.
    pub read_only: bool,
    /// The API token, if it is one.
    pub token: Option<ApiTokenId>,
    /// Of which kind the session is, if it is one.
    pub session: Option<SessionKind>,
}

impl Authority {
    /// All that a role gives on a site, or everywhere.
    pub fn full(role: Role, site: Option<SiteId>) -> Self {
        Self {
            role,
            in_place: role,
            site,
            read_only: false,
            token: None,
            session: None,
        }
    }

    /// A reader's on that site, and `role` for what is done in place.
    pub fn in_page(role: Role, site: SiteId) -> Self {
        Self {
            in_place: role,
            ..Self::full(Role::Reader, Some(site))
        }
    }
}

/// The role that counts for what a caller asks.
pub struct Rights<'a> {
    caller: &'a Caller,
    role: Option<Role>,
}

impl Caller {
    /// Whoever may run the program on the data, and so may do everything.
    pub fn operator() -> Self {
        Self {
            authority: Some(Authority::full(Role::Admin, None)),
            ..Self::default()
        }
    }

    /// Their rights in what moderators and authors do in the page itself: to decide about a comment, to close a thread, to ban by a
    /// comment, and to read what one has to read for it. Whoever asks this gives as much to every script of the page.
    pub fn in_place(&self) -> Rights<'_> {
        Rights {
            caller: self,
            role: self.authority.map(|authority| authority.in_place),
        }
    }

    /// Their rights in everything else, which are those that the methods beside this one ask.
    pub fn elsewhere(&self) -> Rights<'_> {
        Rights {
            caller: self,
            role: self.authority.map(|authority| authority.role),
        }
    }

    /// Refuses whoever has not this role anywhere.
    pub fn must_be(&self, role: Role) -> Result<Authority> {
        self.elsewhere().must_be(role)
    }

    /// Whether they have this role on that site, or a higher one.
    pub fn has(&self, role: Role, site: SiteId) -> bool {
        self.elsewhere().has(role, site)
    }

    /// Refuses whoever may not look at what this role sees of a site (of all sites, when `None`).
    pub fn must_see(&self, role: Role, site: Option<SiteId>) -> Result<Authority> {
        self.elsewhere().must_see(role, site)
    }

    /// Refuses whoever may not change what this role changes on a site.
    pub fn must_change(&self, role: Role, site: Option<SiteId>) -> Result<Authority> {
        self.elsewhere().must_change(role, site)
    }

    /// Whether they may direct this thread: moderators any of their site, an author's person their own
    /// pages, and an author's token that is nobody's, such as a publishing system's, every page.
    pub fn directs(&self, thread: &Thread) -> bool {
        self.elsewhere().directs(thread)
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

impl Rights<'_> {
    /// See [`Caller::must_be`].
    ///
    /// # Errors
    /// [`Error::Unauthorized`], [`Error::Forbidden`].
    pub fn must_be(&self, role: Role) -> Result<Authority> {
        let authority = self.caller.authority.ok_or(Error::Unauthorized)?;
        self.must_see(role, authority.site)
    }

    /// See [`Caller::has`].
    pub fn has(&self, role: Role, site: SiteId) -> bool {
        self.must_see(role, Some(site)).is_ok()
    }

    /// See [`Caller::must_see`].
    ///
    /// # Errors
    /// [`Error::Unauthorized`], [`Error::Forbidden`].
    pub fn must_see(&self, role: Role, site: Option<SiteId>) -> Result<Authority> {
        let authority = self.caller.authority.ok_or(Error::Unauthorized)?;
        let reaches = authority.site.is_none() || authority.site == site;
        if self.role < Some(role) || !reaches {
            return Err(Error::Forbidden("Your role does not reach this."));
        }
        Ok(authority)
    }

    /// See [`Caller::must_change`].
    ///
    /// # Errors
    /// [`Error::Unauthorized`], [`Error::Forbidden`].
    pub fn must_change(&self, role: Role, site: Option<SiteId>) -> Result<Authority> {
        let authority = self.must_see(role, site)?;
        if authority.read_only {
            return Err(Error::Forbidden("This token may only read."));
        }
        Ok(authority)
    }

    /// See [`Caller::directs`].
    pub fn directs(&self, thread: &Thread) -> bool {
        if self.has(Role::Moderator, thread.site_id) {
            return true;
        }
        let is_owner = match &self.caller.person {
            None => true,
            Some(person) => thread.owner_id == Some(person.id),
        };
        is_owner && self.has(Role::Author, thread.site_id)
    }
}
