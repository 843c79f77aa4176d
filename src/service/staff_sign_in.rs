//! How a site's own people come to a session by mail: at the address that the operator gave for them. In a page that is so only on an
//! origin that the site lists as it is: under a wildcard anybody may have a page. Their links are `staff_links.rs`.

use super::caller::Caller;
use super::session_kinds::Whence;
use crate::domain::page::{Origin, PageUrl, TrailingSlash};
use crate::domain::text::Email;
use crate::domain::word::{Kind, Role, SessionKind};
use crate::error::Result;
use crate::store::mailboxes::{self, Mailbox};
use crate::store::people::{self, Person};
use crate::store::sign_ins::SignIn;
use crate::store::sites::Site;
use crate::store::{Conn, Tx};

/// The one of the site's own people whom an attempt to sign in by mail signs in, and the page's origin; nobody where the page is on no
/// origin of the site's own. Of several with one address it is the one with the highest role, and of those the one added first.
pub(super) fn of(
    tx: &mut Tx,
    site: &Site,
    attempt: &SignIn,
    whence: &Whence,
) -> Result<Option<(Person, String)>> {
    let Some(origin) = origin(site, &attempt.url, whence) else {
        return Ok(None);
    };
    let Some(mailbox) = mailboxes::by_id(tx, attempt.mailbox_id)? else {
        return Ok(None);
    };
    let mut staff = people::staff_with_email(tx, site.id, &mailbox.folded)?;
    // Its reader may have been given a role.
    if let Some(reader) = mailbox.person_id {
        staff.extend(people::by_id(tx, reader)?.filter(is_staff));
    }
    let highest = staff.iter().map(|person| *person.role).max();
    let found = staff
        .into_iter()
        .find(|person| Some(*person.role) == highest);
    Ok(found.map(|person| (person, origin)))
}

pub(super) fn is_staff(person: &Person) -> bool {
    *person.role > Role::Reader
}

/// The origin at which one of the site's own people is signed in who comes back to this page: the one that the request says, or else
/// the page's; if both are listed as they are.
pub(super) fn origin(site: &Site, page: &str, whence: &Whence) -> Option<String> {
    let of_page = exact(site, page)?;
    match whence.origin {
        Some(_) => whence.exact(site).map(Origin::to_string),
        None => Some(of_page.to_string()),
    }
}

/// Where a session begins that an attempt leads to: where the request says, but at the page that the letter was asked for on, if that
/// stands under a wildcard. Whoever has such a page could leave the `Origin` out.
pub(super) fn began(site: &Site, attempt: &SignIn, whence: &Whence) -> Whence {
    let page = url::Url::parse(&attempt.url).ok();
    let strangers = page.filter(|_| exact(site, &attempt.url).is_none());
    match strangers {
        Some(page) => Whence {
            origin: Some(page.origin().ascii_serialization()),
            ..whence.clone()
        },
        None => whence.clone(),
    }
}

/// The origin of a page, if the site lists it as it is.
pub(super) fn exact<'a>(site: &'a Site, page: &str) -> Option<&'a Origin> {
    let page = PageUrl::parse(page, TrailingSlash::Keep).ok()?;
    let mut exact = site.origins.iter().filter(|own| own.is_exact());
    exact.find(|own| own.matches(&page))
}

/// Whether this is a session of the site's own people in a page.
pub(super) fn is_in_page(caller: &Caller) -> bool {
    let authority = caller.authority;
    authority.is_some_and(|own| own.session == Some(SessionKind::Page))
}

/// The mailbox of one of the site's own people, once its choices count as theirs.
pub(super) fn mailbox(conn: &mut Conn, person: &Person) -> Result<Option<Mailbox>> {
    let email = person
        .email
        .as_deref()
        .filter(|_| *person.kind == Kind::Staff);
    let Some(Ok(email)) = email.map(Email::parse) else {
        return Ok(None);
    };
    let Some(mailbox) = mailboxes::by_email(conn, person.site_id, &email)? else {
        return Ok(None);
    };
    let is_theirs = mailboxes::is_confirmed(conn, mailbox.id, person.id)?;
    Ok(Some(mailbox).filter(|_| is_theirs))
}
